"""What the linter finds: one rule set for each code, and none in a rule set that is as it should be."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from muster_flexmatch import parse_rule_set
from muster_flexmatch.lint import CODES, Context, Finding, lint

SKILL = "flatten(teams[*].players.attributes[skill])"
AVERAGES = "avg(teams[*].players.attributes[skill])"
SPREAD = {"name": "Spread", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 100}
FAST = {"name": "Fast", "type": "latency", "maxLatency": 100}
FLOOR = {"name": "Floor", "type": "comparison", "measurements": [SKILL], "operation": ">", "referenceValue": 1}
ROLES = {"name": "Roles", "type": "collection", "measurements": ["flatten(teams[*].players.attributes[mode])"]}
DUEL = [{"name": "red", "minPlayers": 1, "maxPlayers": 1}, {"name": "blue", "minPlayers": 1, "maxPlayers": 1}]


def team(low: int, high: int, name: str = "red", **more: int) -> dict[str, Any]:
    return {"name": name, "minPlayers": low, "maxPlayers": high, **more}


def relax(target: str, *steps: tuple[float, object]) -> dict[str, Any]:
    return {"target": target, "steps": [{"waitTimeSeconds": at, "value": value} for at, value in steps]}


def document(*rules: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "ruleLanguageVersion": "1.0",
        "playerAttributes": [
            {"name": "skill", "type": "number", "default": 1000},
            {"name": "mode", "type": "string", "default": "duel"},
        ],
        "teams": DUEL,
        "rules": list(rules),
        **more,
    }


def found(document: Mapping[str, Any], context: Context | None = None) -> tuple[Finding, ...]:
    body = json.dumps(document)
    return lint(parse_rule_set(body), body, context)


LARGE = {"strategy": "balanced", "balancedAttribute": "skill"}
OLDEST = {"expansionAgeSelection": "oldest"}
CASES: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "lone-player-match": (document(teams=[team(1, 4)]), "teams"),
    "backfill-loses-to-lone-player": (
        document(teams=[team(1, 4)], algorithm={"backfillPriority": "high"}), "algorithm.backfillPriority",
    ),
    "small-matches-at-once": (document(teams=[team(2, 4)]), "teams"),
    "uneven-teams": (document(teams=[team(1, 4), team(1, 4, "blue")]), "teams"),
    "many-players-needed": (document(teams=[team(20, 20)]), "teams"),
    "many-small-teams": (document(teams=[team(1, 2, quantity=30)], algorithm=LARGE), "teams"),
    "backfill-priority-ignored": (
        document(teams=[team(1, 50)], algorithm={**LARGE, "backfillPriority": "high"}), "algorithm.backfillPriority",
    ),
    "quantity-is-fixed": (document(teams=[team(3, 3, quantity=4)]), "teams[red].quantity"),
    "empty-match": (document(teams=[team(0, 4)]), "teams"),
    "sort-attributes-ignored": (document(algorithm={"sortByAttributes": ["skill"]}), "algorithm.sortByAttributes"),
    "balanced-attribute-ignored": (
        document(algorithm={"balancedAttribute": "skill"}), "algorithm.balancedAttribute",
    ),
    "attribute-without-default": (
        document(playerAttributes=[{"name": "skill", "type": "number"}]), "playerAttributes[skill]",
    ),
    "unused-attribute": (document(), "playerAttributes[skill]"),
    "no-rules": (document(), "rules"),
    "many-rules": (document(*({**FLOOR, "name": f"Floor{n}"} for n in range(51))), "rules"),
    "always-true": (document({**ROLES, "operation": "contains", "referenceValue": "a", "minCount": 0}), "rules[Roles]"),
    "compound-always-true": (
        document(FLOOR, {"name": "Both", "type": "compound", "statement": "or(Floor, not(Floor))"}),
        "rules[Both].statement",
    ),
    "compound-never-true": (
        document(FLOOR, {"name": "Both", "type": "compound", "statement": "and(Floor, not(Floor))"}),
        "rules[Both].statement",
    ),
    "impossible-count": (
        document({**ROLES, "operation": "contains", "referenceValue": "a", "minCount": 3}), "rules[Roles].minCount",
    ),
    "latency-without-data": (document(FAST), "rules[Fast]"),
    "latency-never-relaxes": (document(FAST), "rules[Fast].maxLatency"),
    "distance-never-relaxes": (document(SPREAD), "rules[Spread].maxDistance"),
    "exact-number": (document({**SPREAD, "maxDistance": 0}), "rules[Spread].maxDistance"),
    "equality-is-slow": (document({**ROLES, "type": "comparison", "operation": "="}), "rules[Roles]"),
    "average-of-empty-team": (
        document({**FLOOR, "measurements": [AVERAGES]}, teams=[team(1, 2), team(0, 2, "blue")]), "rules[Floor]",
    ),
    "reference-is-literal": (
        document({**ROLES, "type": "comparison", "operation": "=", "referenceValue": "mean(teams[red].players)"}),
        "rules[Roles].referenceValue",
    ),
    "list-reference": (
        document({**FLOOR, "measurements": [AVERAGES], "operation": "<=", "referenceValue": SKILL}),
        "rules[Floor].referenceValue",
    ),
    "average-gap-doubles": (
        document({"name": "Fair", "type": "distance", "measurements": [AVERAGES], "referenceValue": f"avg({SKILL})",
                  "maxDistance": 10}),
        "rules[Fair].maxDistance",
    ),
    "count-above-minimum": (
        document({**ROLES, "operation": "contains", "referenceValue": "a", "minCount": 3}, teams=[team(2, 4)]),
        "rules[Roles].minCount",
    ),
    "newest-restarts-minimum": (
        document(teams=[team(4, 4)], expansions=[relax("teams[red].minPlayers", (30, 2))]),
        "algorithm.expansionAgeSelection",
    ),
    "newest-restarts-expansions": (
        document(SPREAD, expansions=[relax("rules[Spread].maxDistance", (30, 200))]),
        "algorithm.expansionAgeSelection",
    ),
    "backfill-waits-for-minimum": (
        document(teams=[team(4, 4)], expansions=[relax("teams[red].minPlayers", (30, 2))]), "teams[red].minPlayers",
    ),
    "expansion-beyond-timeout": (
        document(SPREAD, expansions=[relax("rules[Spread].maxDistance", (50_000, 200))]), "rules[Spread].maxDistance",
    ),
    "expansion-tightens": (
        document(SPREAD, expansions=[relax("rules[Spread].maxDistance", (10, 50))]), "rules[Spread].maxDistance",
    ),
    "expansion-changes-nothing": (
        document(SPREAD, expansions=[relax("rules[Spread].maxDistance", (10, 100))]), "rules[Spread].maxDistance",
    ),
    "expansion-at-once": (
        document(SPREAD, expansions=[relax("rules[Spread].maxDistance", (0, 200))]), "rules[Spread].maxDistance",
    ),
    "expansion-overrides": (
        document(SPREAD, expansions=[relax("rules[Spread].maxDistance", (9, 200))] * 2), "rules[Spread].maxDistance",
    ),
    "unknown-key": (document(colour="red"), "colour"),
    "quoted-number": (document({**SPREAD, "maxDistance": "100"}), "maxDistance (line 1)"),
}  # fmt: skip


@pytest.mark.parametrize("code", CASES)
def test_each_code_names_its_element_and_how_to_mend_it(code: str) -> None:
    rules, element = CASES[code]

    hits = [each for each in found(rules) if each.code == code and each.element == element]

    assert hits, [(each.code, each.element) for each in found(rules)]
    assert all(each.problem and each.mend for each in hits)


def test_a_duplicate_key_and_a_trailing_comma_are_seen_in_the_text() -> None:
    body = '{"ruleLanguageVersion": "1.0", "name": "a", "name": "b",\n "teams": [' + json.dumps(DUEL[0]) + ",]}"

    codes = {(each.code, each.element) for each in lint(parse_rule_set(body), body)}

    assert {("duplicate-key", "name"), ("trailing-comma", "line 2")} <= codes


def test_what_the_configuration_says_is_compared_with_the_rule_set() -> None:
    rules = document(SPREAD, expansions=[relax("rules[Spread].maxDistance", (60, 200))])

    assert "expansion-beyond-timeout" not in {each.code for each in found(rules)}
    assert "expansion-beyond-timeout" in {each.code for each in found(rules, Context(request_timeout_s=60))}
    assert "party-fits-no-team" in {each.code for each in found(rules, Context(largest_party=2))}


def test_warnings_come_before_advice() -> None:
    severities = [each.severity for each in found(document(FAST))]

    assert ["warning", "advice"] == sorted(set(severities), key=severities.index)


def test_a_rule_set_that_is_as_it_should_be_gives_no_warning() -> None:
    rules = document(
        SPREAD,
        FAST,
        algorithm=OLDEST,
        expansions=[relax("rules[Spread].maxDistance", (10, 200)), relax("rules[Fast].maxLatency", (20, 200))],
    )

    assert [] == [each for each in found(rules) if each.severity == "warning"]


def test_every_code_is_documented_and_tried() -> None:
    page = (Path(__file__).parents[3] / "shared/flexmatch/docs/lint.md").read_text()
    elsewhere: Sequence[str] = ("duplicate-key", "trailing-comma", "party-fits-no-team")

    assert [] == [code for code in CODES if f"`{code}`" not in page]
    assert set(CODES) == {*CASES, *elsewhere}
