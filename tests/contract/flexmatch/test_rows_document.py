"""Rows of docs/rows.md about what a rule set may say."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from muster_flexmatch import AttributeInvalid, RuleSet, RuleSetInvalid, parse_rule_set

row = pytest.mark.row
SKILL = "flatten(teams[*].players.attributes[skill])"
SPREAD = {"name": "Spread", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 10}
FLOOR = {"name": "Floor", "type": "comparison", "measurements": [SKILL], "operation": ">", "referenceValue": 1}
NEAR = {"name": "Near", "type": "distance", "measurements": [SKILL], "referenceValue": 1, "maxDistance": 10}
LIST = {
    "name": "Maps",
    "type": "collection",
    "measurements": ["flatten(teams[*].players.attributes[maps])"],
    "operation": "intersection",
}
FAST = {"name": "Fast", "type": "latency", "maxLatency": 100}
ORDER = {"name": "Order", "type": "absoluteSort", "sortDirection": "ascending", "sortAttribute": "skill"}
BOTH = {"name": "Both", "type": "compound", "statement": "and(Floor, Near)"}
FLOOR_OF_TWO = {**FLOOR, "name": "Two", "measurements": ["count(teams[red].players)"]}
DUEL = [{"name": "red", "minPlayers": 1, "maxPlayers": 2}, {"name": "blue", "minPlayers": 1, "maxPlayers": 2}]
LARGE = {"strategy": "balanced", "balancedAttribute": "skill"}


def document(*rules: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "ruleLanguageVersion": "1.0",
        "playerAttributes": [
            {"name": "skill", "type": "number", "default": 50},
            {"name": "mode", "type": "string", "default": "duel"},
            {"name": "maps", "type": "string_list", "default": ["a"]},
            {"name": "ranks", "type": "string_number_map", "default": {"a": 1}},
        ],
        "teams": DUEL,
        "rules": list(rules),
        **more,
    }


def team(low: object, high: object, name: str = "red", **more: object) -> dict[str, Any]:
    return {"name": name, "minPlayers": low, "maxPlayers": high, **more}


def relax(target: str, *steps: tuple[float, object]) -> dict[str, Any]:
    return {"target": target, "steps": [{"waitTimeSeconds": at, "value": value} for at, value in steps]}


def parsed(given: Mapping[str, Any]) -> RuleSet:
    return parse_rule_set(json.dumps(given))


def refusals(given: Mapping[str, Any] | str) -> tuple[str, ...]:
    with pytest.raises(RuleSetInvalid) as caught:
        parse_rule_set(given if isinstance(given, str) else json.dumps(given))
    return caught.value.problems


def said(problems: Sequence[str], start: str) -> bool:
    return any(each.startswith(start) for each in problems)


def attributes(**change: Any) -> list[dict[str, Any]]:
    return [{"name": "skill", "type": "number", **change}]


ACCEPTED: Mapping[str, Mapping[str, Any]] = {
    "1.1.name": document(name=""),
    "1.1.rules.optional": {"ruleLanguageVersion": "1.0", "teams": DUEL},
    "1.1.rules.empty": document(),
    "1.1.expansions": document(expansions=[]),
    "1.1.playerAttributes": {"ruleLanguageVersion": "1.0", "teams": DUEL, "rules": []},
    "1.1.algorithm": {"ruleLanguageVersion": "1.0", "teams": DUEL, "rules": [FLOOR_OF_TWO]},
    "1.3.absent": document(),
    "1.3.strategy": document(algorithm={"strategy": "exhaustiveSearch"}),
    "1.3.batchingPreference": document(algorithm={"batchingPreference": "sorted", "sortByAttributes": ["skill"]}),
    "1.3.batchingPreference.balanced": document(algorithm={**LARGE, "batchingPreference": "fastestRegion"}),
    "1.3.expansionAgeSelection": document(algorithm={"expansionAgeSelection": "oldest"}),
    "1.3.backfillPriority": document(algorithm={"backfillPriority": "low"}),
    "1.3.balanced.small": document(FLOOR, NEAR, BOTH, algorithm=LARGE),
    "1.4.minPlayers.zero": document(teams=[team(0, 1)]),
    "1.4.match.of.one": document(teams=[team(1, 1)]),
    "1.5.description": document({**FLOOR, "description": "only the good"}),
    "1.5.measurements.text": document({**FLOOR, "measurements": SKILL}),
    "1.5.name": document({**FLOOR, "name": "no-beginners 2"}),
    "1.5.distance.quoted": document({**NEAR, "maxDistance": "10"}),
    "1.6.several.names": document(expansions=[relax("teams[red, blue].minPlayers", (9, 0))]),
    "1.6.large": document(
        {**SPREAD}, FAST, teams=[team(50, 60)], algorithm=LARGE,
        expansions=[relax("rules[Spread].maxDistance", (5, 20)), relax("rules[Fast].maxLatency", (5, 200)),
                    relax("teams[red].minPlayers", (5, 45))],
    ),
    "1.6.compound.inputs": document(FLOOR, NEAR, BOTH, expansions=[relax("rules[Near].maxDistance", (5, 20))]),
    "1.5.batchDistance.large": document(SPREAD, teams=[team(50, 60)], algorithm=LARGE),
    "1.8.rules": document(FAST, SPREAD, teams=[team(50, 60)], algorithm=LARGE),
}  # fmt: skip


@pytest.mark.parametrize("name", [pytest.param(name, marks=row(name), id=name) for name in ACCEPTED])
def test_it_may_be_said(name: str) -> None:
    assert parsed(ACCEPTED[name]).teams


REFUSED: Mapping[str, tuple[Mapping[str, Any] | str, str]] = {
    "1.1.body.length": (" " * 65_536, "body: must have 1 to 65,535 characters"),
    "1.1.ruleLanguageVersion": (document(ruleLanguageVersion="2.0"), "ruleLanguageVersion"),
    "1.1.teams": (document(teams=[]), "teams"),
    "1.1.required.keys": (document({"name": "a", "type": "distance"}), "rules[a].measurements"),
    "1.2.name.unique": (document(playerAttributes=attributes() * 2), "playerAttributes[skill].name"),
    "1.2.name.required": (document(playerAttributes=[{"type": "number"}]), "playerAttributes[0].name"),
    "1.2.type": (document(playerAttributes=attributes(type="text")), "playerAttributes[skill].type"),
    "1.2.default": (document(playerAttributes=attributes(default="ten")), "playerAttributes[skill].default"),
    "1.3.sorted.needs": (document(algorithm={"batchingPreference": "sorted"}), "algorithm.sortByAttributes"),
    "1.3.sortByAttributes": (
        document(algorithm={"batchingPreference": "sorted", "sortByAttributes": ["x"]}), "algorithm.sortByAttributes",
    ),
    "1.3.balancedAttribute": (
        document(algorithm={"strategy": "balanced", "balancedAttribute": "mode"}), "algorithm.balancedAttribute",
    ),
    "1.3.large.needs.balanced": (document(teams=[team(1, 41)]), "algorithm.strategy"),
    "1.3.values": (document(algorithm={"expansionAgeSelection": "middle"}), "algorithm.expansionAgeSelection"),
    "1.4.size": (document(teams=[team(1, 101, quantity=2)], algorithm=LARGE), "teams"),
    "1.4.name.unique": (document(teams=[*DUEL, DUEL[0]]), "teams[red].name"),
    "1.4.quantity.clash": (document(teams=[team(1, 2, quantity=2), team(1, 2, "red_1")]), "teams[red_1].name"),
    "1.4.required": (document(teams=[{"name": "red"}, *DUEL[1:]]), "teams[red].minPlayers: is missing"),
    "1.5.compound.small": (
        document(FAST, {**BOTH, "statement": "not(Fast)"}, teams=[team(50, 60)], algorithm=LARGE), "rules[Both]",
    ),
    "1.5.compound.earlier": (document(BOTH, FLOOR, NEAR), "rules[Both].statement"),
    "1.5.compound.batchDistance": (
        document(SPREAD, {**BOTH, "statement": "not(Spread)"}), "rules[Both].statement",
    ),
    "1.5.compound.sort": (document(ORDER, {**BOTH, "statement": "not(Order)"}), "rules[Both].statement"),
    "1.5.comparison.reference.needed": (
        document({k: v for k, v in FLOOR.items() if k != "referenceValue"}), "rules[Floor].referenceValue",
    ),
    "1.6.compound.target": (
        document(FLOOR, NEAR, BOTH, expansions=[relax("rules[Both].statement", (1, "not(Near)"))]),
        "expansions[0].target",
    ),
    "1.6.quantity": (document(expansions=[relax("teams[red].quantity", (5, 2))]), "expansions[0].target"),
    "1.6.value.type": (document(NEAR, expansions=[relax("rules[Near].maxDistance", (5, "far"))]), "expansions[0]"),
    "1.8.no.other.rules": (document(FLOOR, teams=[team(50, 60)], algorithm=LARGE), "rules[Floor]"),
    "1.8.balancedAttribute": (
        document(teams=[team(50, 60)], algorithm={"strategy": "balanced"}), "algorithm.balancedAttribute",
    ),
    "1.9.1": ("[]", "body: must be a JSON object"),
    "1.9.2": ({"teams": DUEL}, "ruleLanguageVersion: is missing"),
    "1.9.3": (document(teams=[team(3, 2)]), "teams[red].minPlayers"),
    "1.9.4": (document(playerAttributes=attributes(type="int")), "playerAttributes[skill].type"),
    "1.9.5": (document(algorithm={"strategy": "fast"}), "algorithm.strategy"),
    "1.9.6.type": (document({"name": "a", "type": "near"}), "rules[a].type"),
    "1.9.6.required": (
        document({"name": "a", "type": "latency"}, {"name": "b", "type": "compound"}), "rules[b].statement",
    ),
    "1.9.6.operation": (document({**FLOOR, "operation": "=="}), "rules[Floor].operation"),
    "1.9.6.large": (document(LIST, teams=[team(50, 60)], algorithm=LARGE), "rules[Maps]"),
    "1.7.union": (document({**FLOOR, "measurements": ["union(teams[*].players.attributes[maps])"]}), "rules[Floor]"),
    "1.9.6.duplicate": (document(FLOOR, FLOOR), "rules[Floor].name"),
    "1.9.6.bound": (document({k: v for k, v in NEAR.items() if k != "maxDistance"}), "rules[Near].maxDistance"),
    "1.9.6.sort": (document({**ORDER, "sortDirection": "up"}), "rules[Order].sortDirection"),
    "1.9.6.mapKey": (document({**ORDER, "mapKey": "minValue"}), "rules[Order].mapKey"),
    "1.9.6.expression": (
        document({**FLOOR, "measurements": ["mean(teams[red].players)"]}), "rules[Floor].measurements",
    ),
    "1.9.6.unknown.team": (
        document({**FLOOR, "measurements": ["count(teams[green].players)"]}), "rules[Floor].measurements",
    ),
    "1.9.6.unknown.attribute": (
        document({**FLOOR, "measurements": ["max(teams[red].players.attributes[age])"]}), "rules[Floor].measurements",
    ),
    "1.9.6.numbers.of.strings": (
        document({**FLOOR, "measurements": ["avg(teams[red].players.attributes[mode])"]}), "rules[Floor].measurements",
    ),
    "1.9.7": (document(FLOOR, {**BOTH, "statement": "and(Floor"}), "rules[Both].statement"),
    "1.9.7.exists": (document(FLOOR, {**BOTH, "statement": "and(Floor, Gone)"}), "rules[Both].statement"),
    "1.9.7.large": (
        document(FAST, {**BOTH, "statement": "not(Fast)"}, teams=[team(50, 60)], algorithm=LARGE), "rules[Both]",
    ),
    "1.9.8.property": (document(NEAR, expansions=[relax("rules[Near].maxLatency", (1, 9))]), "expansions[0].target"),
    "1.9.8.target": (document(expansions=[relax("rules[Gone].maxDistance", (1, 1))]), "expansions[0].target"),
    "1.9.8.rising": (
        document(NEAR, expansions=[relax("rules[Near].maxDistance", (5, 1), (5, 2))]), "expansions[0].steps[1]",
    ),
    "1.9.8.steps": (document(NEAR, expansions=[relax("rules[Near].maxDistance")]), "expansions[0].steps"),
    "1.9.8.still.fits": (document(expansions=[relax("teams[red].minPlayers", (5, 3))]), "teams[red].minPlayers"),
    "2.6.match.size": (document(teams=[team(1, 201)], algorithm=LARGE), "teams"),
}  # fmt: skip


@pytest.mark.parametrize("name", [pytest.param(name, marks=row(name), id=name) for name in REFUSED])
def test_it_is_refused_and_the_element_is_named(name: str) -> None:
    given, element = REFUSED[name]

    problems = refusals(given)

    assert said(problems, element), problems


@row("1.1.name.unrelated")
def test_the_name_in_the_body_is_only_a_label() -> None:
    assert "any label at all" == parsed(document(name="any label at all")).name


@row("1.1.unknown.keys")
def test_unknown_keys_are_ignored_and_named() -> None:
    assert ("colour: is not known and was ignored",) == parsed(document(colour="red")).warnings


@row("1.1.comments")
@row("1.1.trailing.commas")
def test_comments_and_trailing_commas_are_read_over() -> None:
    plain = json.dumps(document(FLOOR))
    body = "// a\n" + plain[:-1] + ", /* b */ }"

    assert parse_rule_set(plain).rules == parse_rule_set(body).rules


@row("1.1.duplicate.keys")
def test_of_duplicate_keys_the_last_counts() -> None:
    assert "b" == parse_rule_set('{"name": "a", "name": "b", ' + json.dumps(document())[1:]).name


@row("1.1.key.order")
def test_the_order_of_keys_is_free() -> None:
    turned = dict(reversed(document(FLOOR).items()))

    assert parsed(document(FLOOR)).rules == parsed(turned).rules


@pytest.mark.parametrize(
    ("kind", "value", "wrong"),
    [
        ("string", "a", 1.0), ("number", 1.0, "a"), ("string_list", ("a",), "a"),
        ("string_number_map", {"a": 1.0}, ("a",)),
    ],
)  # fmt: skip
@row("1.2.types")
@row("1.2.wrong.type")
def test_each_type_takes_its_own_values(kind: str, value: Any, wrong: Any) -> None:
    rules = parsed(document(playerAttributes=attributes(type=kind)))

    assert {"skill": value} == rules.check_player({"skill": value})
    with pytest.raises(AttributeInvalid, match="skill"):
        rules.check_player({"skill": wrong})


@row("1.2.missing")
def test_a_missing_attribute_without_default_is_refused() -> None:
    with pytest.raises(AttributeInvalid, match="skill"):
        parsed(document(playerAttributes=attributes())).check_player({})


@row("1.2.undeclared")
def test_an_undeclared_attribute_is_kept() -> None:
    assert 7.0 == parsed(document()).check_player({"age": 7})["age"]


@pytest.mark.parametrize(
    "given",
    [
        {f"a{n}": 1.0 for n in range(11)}, {"maps": ("a",) * 101}, {"maps": ("a" * 101,)},
        {"ranks": {f"k{n}": 1.0 for n in range(11)}}, {"mode": "a" * 1025},
    ],
)  # fmt: skip
@row("1.2.limits")
def test_the_limits_of_attributes_are_kept(given: dict[str, Any]) -> None:
    with pytest.raises(AttributeInvalid):
        parsed(document()).check_player(given)


@row("1.3.defaults")
def test_the_first_value_of_each_choice_is_the_default() -> None:
    algorithm = parsed(document()).algorithm

    assert ("exhaustiveSearch", "random", "newest", "normal") == (
        algorithm.strategy, algorithm.batching, algorithm.expansion_age, algorithm.backfill_priority,
    )  # fmt: skip


@row("1.4.quantity")
@row("1.4.quantity.one")
def test_a_quantity_gives_numbered_teams_and_one_the_plain_name() -> None:
    teams = parsed(document(teams=[team(1, 2, "trio", quantity=3), team(1, 2, quantity=1)])).teams

    assert ["trio_1", "trio_2", "trio_3", "red"] == [each.name for each in teams]


@row("1.4.base.name")
def test_a_base_name_stands_for_all_its_teams_and_an_instance_for_one() -> None:
    teams = [team(1, 2, "trio", quantity=2)]
    counting = {**FLOOR, "measurements": ["count(teams[trio].players)", "count(teams[trio_2].players)"]}

    assert parsed(document(counting, teams=teams)).rules


@row("1.4.base.expansion")
def test_an_expansion_of_a_base_name_changes_all_its_teams() -> None:
    rules = parsed(
        document(teams=[team(2, 2, "trio", quantity=2)], expansions=[relax("teams[trio].minPlayers", (9, 1))])
    )

    assert [1, 1] == [each.min_players for each in rules.at_age(9).teams]


@pytest.mark.parametrize(
    ("rule", "target", "field", "value"),
    [
        (NEAR, "maxDistance", "max_distance", 20), (NEAR, "minDistance", "min_distance", 2),
        (FAST, "maxLatency", "max_latency", 200), (LIST, "minCount", "min_count", 2),
        (LIST, "maxCount", "max_count", 3),
        (FLOOR, "referenceValue", "reference", 0), (SPREAD, "maxDistance", "max_distance", 20),
    ],
)  # fmt: skip
@row("1.6.targets")
def test_these_properties_of_rules_expand(rule: dict[str, Any], target: str, field: str, value: int) -> None:
    rules = parsed(document(rule, expansions=[relax(f"rules[{rule['name']}].{target}", (10, value))]))

    assert value == getattr(rules.at_age(10).rules[0], field)
    assert value != getattr(rules.at_age(9).rules[0], field)


@row("1.6.team.targets")
def test_sizes_of_teams_expand() -> None:
    rules = parsed(
        document(expansions=[relax("teams[red].minPlayers", (5, 0)), relax("teams[blue].maxPlayers", (5, 4))])
    )

    assert [(0, 2), (1, 4)] == [(each.min_players, each.max_players) for each in rules.at_age(5).teams]


@row("1.6.absolute")
@row("1.6.last.step")
def test_waits_count_from_the_start_and_the_last_step_reached_wins() -> None:
    rules = parsed(document(NEAR, expansions=[relax("rules[Near].maxDistance", (10, 20), (15, 30))]))

    assert [10, 20, 30, 30] == [rules.at_age(age).rules[0].max_distance for age in (9, 10, 15, 99)]  # type: ignore[union-attr]


@row("1.6.algorithm")
def test_the_priority_of_running_sessions_may_expand_with_a_warning() -> None:
    assert parsed(document(expansions=[relax("algorithm.backfillPriority", (9, "high"))])).warnings


@row("1.9.problems.together")
def test_all_problems_are_told_at_once() -> None:
    assert 3 <= len(refusals({"ruleLanguageVersion": "0", "teams": [], "rules": [{"name": "a", "type": "b"}]}))


@pytest.mark.parametrize("member", ["name", "minPlayers", "maxPlayers"])
@row("1.4.required")
def test_a_team_says_its_name_and_its_sizes(member: str) -> None:
    red = {name: value for name, value in DUEL[0].items() if name != member}
    where = "teams[0]" if member == "name" else "teams[red]"

    assert said(refusals(document(teams=[red, DUEL[1]])), f"{where}.{member}")
