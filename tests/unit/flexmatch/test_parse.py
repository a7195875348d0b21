"""Rule sets: what is accepted, and what is said about the rest."""
# ruff: noqa: E501 - a table with one line for each message reads best

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster_flexmatch import AttributeInvalid, RuleSetInvalid, Team, parse_rule_set

ARENA: dict[str, Any] = {
    "name": "arena",
    "ruleLanguageVersion": "1.0",
    "playerAttributes": [
        {"name": "skill", "type": "number", "default": 10},
        {"name": "mode", "type": "string"},
        {"name": "maps", "type": "string_list", "default": ["hills"]},
        {"name": "rank", "type": "string_number_map"},
    ],
    "algorithm": {"expansionAgeSelection": "oldest"},
    "teams": [
        {"name": "red", "minPlayers": 1, "maxPlayers": 5},
        {"name": "trio", "minPlayers": 0, "maxPlayers": 3, "quantity": 2},
    ],
    "rules": [
        {
            "name": "Fair",
            "type": "distance",
            "measurements": ["avg(teams[red].players.attributes[skill])"],
            "referenceValue": "avg(flatten(teams[*].players.attributes[skill]))",
            "maxDistance": "500",
        },
        {"name": "Near", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 50},
        {
            "name": "OneMode",
            "type": "comparison",
            "measurements": "flatten(teams[*].players.attributes[mode])",
            "operation": "=",
        },
        {"name": "Fast", "type": "latency", "maxLatency": 150},
        {
            "name": "Maps",
            "type": "collection",
            "measurements": ["flatten(teams[*].players.attributes[maps])"],
            "operation": "intersection",
        },
        {"name": "ByRank", "type": "distanceSort", "sortDirection": "ascending", "sortAttribute": "rank", "mapKey": "minValue"},
        {"name": "Either", "type": "compound", "statement": "or( OneMode , not(Maps))"},
    ],
    "expansions": [
        {"target": "rules[Fair, Near].maxDistance", "steps": [{"waitTimeSeconds": 5, "value": 50}, {"waitTimeSeconds": 15, "value": 100}]},
        {"target": "teams[red].minPlayers", "steps": [{"waitTimeSeconds": 30, "value": 0}]},
    ],
}  # fmt: skip


def changed(path: str, value: object) -> str:
    """Return the arena as text with one place set to *value*; a value of ... takes the place away."""
    document = copy.deepcopy(ARENA)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: Any = document
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    elif isinstance(last, int) and last == len(place):
        place.append(value)
    else:
        place[last] = value
    return json.dumps(document)


def problems(body: str) -> tuple[str, ...]:
    with pytest.raises(RuleSetInvalid) as caught:
        parse_rule_set(body)
    return caught.value.problems


def test_a_rule_set_with_everything_is_read() -> None:
    rules = parse_rule_set(json.dumps(ARENA))

    assert rules.name == "arena"
    assert rules.teams == (
        Team("red", 1, 5, "red"),
        Team("trio_1", 0, 3, "trio"),
        Team("trio_2", 0, 3, "trio"),
    )
    assert rules.max_players == 11
    assert [(each.name, each.type, each.default) for each in rules.attributes] == [
        ("skill", "number", 10.0),
        ("mode", "string", None),
        ("maps", "string_list", ("hills",)),
        ("rank", "string_number_map", None),
    ]
    assert [rule.name for rule in rules.rules] == [each["name"] for each in ARENA["rules"]]
    assert rules.algorithm.expansion_age == "oldest"
    assert rules.warnings == ()


def test_the_smallest_rule_set_has_a_version_and_a_team() -> None:
    rules = parse_rule_set('{"ruleLanguageVersion":"1.0","teams":[{"name":"all","minPlayers":1,"maxPlayers":1}]}')

    assert (rules.name, rules.max_players, rules.rules) == ("", 1, ())


def test_comments_and_trailing_commas_are_read_over_but_not_inside_strings() -> None:
    rules = parse_rule_set(
        """{ // a label
          "name": "a // b /* c */, }", /* over
          two lines, ] */ "ruleLanguageVersion": "1.0",
          "teams": [ {"name": "all\\"//", "minPlayers": 1, "maxPlayers": 2,}, ],
        }"""
    )

    assert rules.name == "a // b /* c */, }"
    assert rules.teams[0].name == 'all"//'


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "body: must have 1 to 65,535 characters, has 0"),
        (" " * 65_536, "body: must have 1 to 65,535 characters, has 65,536"),
        ("[]", "body: must be a JSON object"),
        ('{"a":1 "b":2}', "body: not JSON (line 1, column 8): Expecting ',' delimiter"),
        ('{\n// x\n"a" 1}', "body: not JSON (line 3, column 5): Expecting ':' delimiter"),
        ('{"a": NaN}', "body: not JSON: NaN is not a number"),
        ("{/* never", "body: the comment at character 2 is never closed"),
        ('{"a": "open', "body: not JSON (line 1, column 7): Unterminated string starting at"),
        ("[" * 60_000, "body: nested too deeply"),
    ],
)  # fmt: skip
def test_what_is_not_json_is_told_with_its_place(body: str, problem: str) -> None:
    assert (problem,) == problems(body)


DISTANCE = "rules.0"
BATCH = "rules.1"
COMPARISON = "rules.2"
LATENCY = "rules.3"
COLLECTION = "rules.4"
SORT = "rules.5"
COMPOUND = "rules.6"


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("ruleLanguageVersion", ..., "ruleLanguageVersion: is missing"),
        ("ruleLanguageVersion", 1.0, "ruleLanguageVersion: must be '1.0', got 1.0"),
        ("name", 7, "name: must be a text, got 7"),
        ("teams", [], "teams: is missing; there must be at least one team"),
        ("teams", {}, "teams: must be a list, got {}"),
        ("teams.0", "red", "teams[0]: must be an object, got 'red'"),
        ("teams.0.name", ..., "teams[0].name: is missing"),
        ("teams.0.maxPlayers", ..., "teams[red].maxPlayers: is missing"),
        ("teams.0.maxPlayers", 0, "teams[red].maxPlayers: must be at least 1, got 0"),
        ("teams.0.maxPlayers", 2.5, "teams[red].maxPlayers: must be a whole number, got 2.5"),
        ("teams.0.maxPlayers", True, "teams[red].maxPlayers: must be a number, got True"),
        ("teams.0.minPlayers", -1, "teams[red].minPlayers: must be at least 0, got -1"),
        ("teams.0.minPlayers", 6, "teams[red].minPlayers: 6 is above maxPlayers 5"),
        ("teams.1.quantity", 0, "teams[trio].quantity: must be at least 1, got 0"),
        ("teams.1.name", "red", "teams[red].name: is used by an earlier team"),
        ("teams.2", {"name": "trio_2", "minPlayers": 1, "maxPlayers": 1}, "teams[trio_2].name: clashes with an earlier team: both give 'trio_2'"),
        ("teams.0.name", "a,b", "teams[a,b].name: must be without [ ] , *"),
        ("teams.0.maxPlayers", 41, "algorithm.strategy: must be balanced for more than 40 players"),
        ("teams.0.maxPlayers", 42, "rules[Fair].type: matches of more than 40 players, as these teams take 48, know only latency and batchDistance rules"),
        ("teams.0.maxPlayers", 201, "teams: a match has at most 200 players, these teams take 207"),
        ("playerAttributes.0.type", "float", "playerAttributes[skill].type: must be one of string, number, string_list, string_number_map; got 'float'"),
        ("playerAttributes.0.default", "ten", "playerAttributes[skill].default: must be a number, got 'ten'"),
        ("playerAttributes.2.default", ["a", 1], "playerAttributes[maps].default: must be a string_list, got ['a', 1]"),
        ("playerAttributes.1.name", "skill", "playerAttributes[skill].name: is declared twice"),
        ("algorithm.strategy", "fast", "algorithm.strategy: must be one of exhaustiveSearch, balanced; got 'fast'"),
        ("algorithm.strategy", "balanced", "algorithm.balancedAttribute: is missing; strategy balanced needs it"),
        ("algorithm.balancedAttribute", "mode", "algorithm.balancedAttribute: must be a declared number"),
        ("algorithm.batchingPreference", "sorted", "algorithm.sortByAttributes: is missing; batchingPreference sorted needs it"),
        ("algorithm.sortByAttributes", ["luck"], "algorithm.sortByAttributes: attribute 'luck' is not declared in playerAttributes"),
        ("algorithm.backfillPriority", "urgent", "algorithm.backfillPriority: must be one of normal, high, low; got 'urgent'"),
        ("algorithm", [], "algorithm: must be an object, got []"),
        ("rules.0.name", ..., "rules[0].name: is missing"),
        ("rules.1.name", "Fair", "rules[Fair].name: is used by an earlier rule"),
        ("rules.0.type", "closeness", "rules[Fair].type: must be one of comparison, distance, batchDistance, collection, latency, absoluteSort, distanceSort, compound; got 'closeness'"),
        (f"{DISTANCE}.measurements", ..., "rules[Fair].measurements: is missing"),
        (f"{DISTANCE}.measurements", [], "rules[Fair].measurements: is missing"),
        (f"{DISTANCE}.measurements", ["avg(teams[blue].players.attributes[skill])"], "rules[Fair].measurements: there is no team 'blue' (in 'avg(teams[blue].players.attributes[skill])')"),
        (f"{DISTANCE}.measurements", ["avg(teams[red].players.attributes[luck])"], "rules[Fair].measurements: attribute 'luck' is not declared in playerAttributes (in 'avg(teams[red].players.attributes[luck])')"),
        (f"{DISTANCE}.measurements", ["avg(teams[red].players.attributes[mode])"], "rules[Fair].measurements: avg needs numbers (in 'avg(teams[red].players.attributes[mode])')"),
        (f"{DISTANCE}.measurements", ["teams[red].players.attributes[rank]"], "rules[Fair].measurements: attribute 'rank' is a string_number_map, which expressions cannot measure (in 'teams[red].players.attributes[rank]')"),
        (f"{DISTANCE}.measurements", ["teams[red].players.attributes[mode]"], "rules[Fair].measurements: must yield numbers, not so 'teams[red].players.attributes[mode]'"),
        (f"{DISTANCE}.measurements", ["avg(teams[red].players.attributes[skill]"], "rules[Fair].measurements: the parenthesis of avg is not closed (in 'avg(teams[red].players.attributes[skill]')"),
        (f"{DISTANCE}.referenceValue", ..., "rules[Fair].referenceValue: is missing"),
        (f"{DISTANCE}.referenceValue", "much", "rules[Fair].referenceValue: must be a number, got 'much'"),
        (f"{DISTANCE}.maxDistance", ..., "rules[Fair].maxDistance: is missing, and so is minDistance; one of them is needed"),
        (f"{DISTANCE}.maxDistance", "wide", "rules[Fair].maxDistance: must be a number, got 'wide'"),
        (f"{DISTANCE}.minDistance", 501, "rules[Fair].minDistance: 501 is above maxDistance 500"),
        (f"{DISTANCE}.partyAggregation", "median", "rules[Fair].partyAggregation: must be one of avg, min, max; got 'median'"),
        (f"{BATCH}.batchAttribute", ..., "rules[Near].batchAttribute: is missing"),
        (f"{BATCH}.batchAttribute", "maps", "rules[Near].batchAttribute: attribute 'maps' is a string_list; only numbers and strings have distances"),
        (f"{BATCH}.maxDistance", ..., "rules[Near].maxDistance: is missing; 'skill' is a number"),
        (f"{COMPARISON}.operation", "<", "rules[OneMode].referenceValue: is missing; without it only = and != compare, not <"),
        (f"{COMPARISON}.operation", "==", "rules[OneMode].operation: must be one of <, <=, =, !=, >, >=; got '=='"),
        (f"{COMPARISON}.referenceValue", 3, "rules[OneMode].referenceValue: must be a string or an expression, got 3"),
        (f"{LATENCY}.maxLatency", ..., "rules[Fast].maxLatency: is missing"),
        (f"{LATENCY}.maxLatency", -1, "rules[Fast].maxLatency: must be at least 0, got -1"),
        (f"{COLLECTION}.operation", "contains", "rules[Maps].referenceValue: is missing; contains needs it"),
        (f"{COLLECTION}.measurements", "avg(teams[red].players.attributes[skill])", "rules[Maps].measurements: must yield strings, not so 'avg(teams[red].players.attributes[skill])'"),
        (f"{COLLECTION}.minCount", 1.5, "rules[Maps].minCount: must be a whole number, got 1.5"),
        (f"{SORT}.mapKey", ..., "rules[ByRank].mapKey: is missing; 'rank' is a map"),
        (f"{SORT}.sortAttribute", "mode", "rules[ByRank].mapKey: is for maps; 'mode' is none"),
        (f"{SORT}.sortDirection", ..., "rules[ByRank].sortDirection: is missing"),
        (f"{COMPOUND}.statement", ..., "rules[Either].statement: is missing"),
        (f"{COMPOUND}.statement", "or(OneMode)", "rules[Either].statement: or takes two operands or more, got 1"),
        (f"{COMPOUND}.statement", "not(Maps, OneMode)", "rules[Either].statement: not takes one operand, got 2"),
        (f"{COMPOUND}.statement", "OneMode", "rules[Either].statement: must begin with and, or, not or xor"),
        (f"{COMPOUND}.statement", "or(OneMode, Maps", "rules[Either].statement: the parenthesis of or is not closed"),
        (f"{COMPOUND}.statement", "or(OneMode, Maps) x", "rules[Either].statement: unexpected 'x' after the statement"),
        (f"{COMPOUND}.statement", "or(OneMode, Later)", "rules[Either].statement: 'Later' is not a rule that comes earlier in the list"),
        (f"{COMPOUND}.statement", "or(OneMode, Near)", "rules[Either].statement: 'Near' is a batchDistance rule, which cannot be part of a compound rule"),
        (f"{COMPOUND}.statement", "or(OneMode, ByRank)", "rules[Either].statement: 'ByRank' is a sort rule, which neither holds nor fails"),
        ("expansions.0.target", ..., "expansions[0].target: is missing"),
        ("expansions.0.target", "rules.Fair", "expansions[0].target: must be rules[NAME].PROPERTY or teams[NAME].PROPERTY, got 'rules.Fair'"),
        ("expansions.0.target", "rules[Fare].maxDistance", "expansions[0].target: there is no rule 'Fare'"),
        ("expansions.0.target", "rules[Fair].partyAggregation", "expansions[0].target: partyAggregation of rule 'Fair' cannot be expanded; minDistance and maxDistance and referenceValue can"),
        ("expansions.0.target", "rules[Either].statement", "expansions[0].target: 'Either' is a compound rule; expand the rules that it combines"),
        ("expansions.0.target", "teams[blue].minPlayers", "expansions[0].target: there is no team 'blue'"),
        ("expansions.0.target", "teams[red].quantity", "expansions[0].target: quantity of a team cannot be expanded; minPlayers and maxPlayers can"),
        ("expansions.0.target", "algorithm.strategy", "expansions[0].target: strategy of the algorithm cannot be expanded; backfillPriority and batchingPreference can"),
        ("expansions.0.steps", [], "expansions[0].steps: is missing; there must be at least one"),
        ("expansions.0.steps.1.waitTimeSeconds", 5, "expansions[0].steps[1].waitTimeSeconds: must rise from step to step, got 5 after 5"),
        ("expansions.0.steps.0.value", ..., "expansions[0].steps[0].value: is missing"),
        ("expansions.0.steps.0.value", "far", "expansions[0].steps[0].value: must be a number, got 'far'"),
        ("expansions.1.steps.0.value", 6, "teams[red].minPlayers: 6 is above maxPlayers 5 (from 30 s on)"),
    ],
)  # fmt: skip
def test_every_problem_names_its_element(path: str, value: object, problem: str) -> None:
    assert problem in problems(changed(path, value))


def test_all_problems_are_told_at_once() -> None:
    found = problems('{"teams":[{"name":"a","minPlayers":1}],"rules":[{"name":"r"}],"expansions":[{}]}')

    assert found == (
        "ruleLanguageVersion: is missing",
        "teams[a].maxPlayers: is missing",
        "rules[r].type: is missing",
        "expansions[0].target: is missing",
        "expansions[0].steps: is missing; there must be at least one",
    )


def test_unknown_keys_are_ignored_with_a_warning() -> None:
    rules = parse_rule_set(changed("rules.3.colour", "blue"))

    assert rules.warnings == ("rules[Fast].colour: is not known and was ignored",)


def test_a_batching_preference_for_large_matches_is_named_as_without_effect() -> None:
    algorithm = {"strategy": "balanced", "balancedAttribute": "skill", "batchingPreference": "fastestRegion"}

    assert parse_rule_set(changed("algorithm", algorithm)).warnings == (
        "algorithm.batchingPreference: fastestRegion is for large matches and changes nothing here",
    )


def test_null_counts_as_absent() -> None:
    assert parse_rule_set(changed("expansions", None)).expansions == ()


def test_a_deep_expression_or_statement_is_refused_and_does_no_harm() -> None:
    deep = "avg(" * 5_000 + "1" + ")" * 5_000
    nested = "not(" * 5_000 + "Maps" + ")" * 5_000

    assert "more than 32 functions" in problems(changed("rules.0.measurements", [deep]))[0]
    assert "more than 32 statements" in problems(changed("rules.6.statement", nested))[0]


def test_the_last_step_reached_counts_and_names_reach_every_instance_of_a_team() -> None:
    rules = parse_rule_set(changed("expansions.1.target", "teams[trio].maxPlayers").replace('"value": 0', '"value": 4'))

    def limits(age_s: float) -> tuple[object, ...]:
        expanded = rules.at_age(age_s)
        fair, near = expanded.rules[:2]
        return (getattr(fair, "max_distance", None), getattr(near, "max_distance", None), expanded.max_players)

    assert [limits(age_s) for age_s in (0, 4.9, 5, 15, 30)] == [
        (500.0, 50.0, 11),
        (500.0, 50.0, 11),
        (50.0, 50.0, 11),
        (100.0, 100.0, 11),
        (100.0, 100.0, 13),
    ]


def test_a_player_gets_the_defaults_and_keeps_what_is_not_declared() -> None:
    rules = parse_rule_set(json.dumps(ARENA))

    checked = rules.check_player({"mode": "duel", "rank": {"a": 1}, "colour": "blue"})

    assert checked == {"skill": 10.0, "maps": ("hills",), "mode": "duel", "rank": {"a": 1.0}, "colour": "blue"}


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"rank": {}}, "attribute mode: is missing, and the rule set declares no default"),
        ({"mode": 3.0, "rank": {}}, "attribute mode: must be a string"),
        ({"mode": "a", "rank": {"b": "c"}}, "attribute rank: must be a string_number_map"),
        ({"mode": "a", "rank": {}, "skill": True}, "attribute skill: must be a number"),
        ({"mode": "a", "rank": {}, "skill": float("nan")}, "attribute skill: must be a number"),
        ({"mode": "a" * 1025, "rank": {}}, "attribute mode: has more than 1,024 characters"),
        ({"mode": "a", "rank": {}, "maps": ("x",) * 101}, "attribute maps: has more than 100 strings"),
        ({"mode": "a", "rank": {}, "maps": ("x" * 101,)}, "attribute maps: has a string of more than 100 characters"),
        ({"mode": "a", "rank": {str(n): 1.0 for n in range(11)}}, "attribute rank: has more than 10 keys"),
        ({f"a{n:02}": 1.0 for n in range(11)}, "attribute a10: a player has at most 10 attributes"),
        ({"mode": "a", "rank": {}, "odd": None}, "attribute odd: is of no attribute type"),
    ],
)  # fmt: skip
def test_a_player_who_cannot_be_matched_is_told_why(attributes: dict[str, Any], message: str) -> None:
    with pytest.raises(AttributeInvalid) as caught:
        parse_rule_set(json.dumps(ARENA)).check_player(attributes)

    assert message == str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def places(node: Any, path: str = "") -> list[str]:
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [found for key, each in entries for found in (f"{path}{key}", *places(each, f"{path}{key}."))]


@given(path=st.sampled_from(places(ARENA)), value=json_values)
def test_whatever_stands_in_a_rule_set_it_is_read_or_refused_and_nothing_else_is_raised(
    path: str, value: object
) -> None:
    try:
        parse_rule_set(changed(path, value))
    except RuleSetInvalid as refused:
        told = refused.problems
    else:
        told = ("nothing",)

    assert all(told)
