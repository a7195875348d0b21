"""Single rules: what they let through. Two teams of up to four; tickets are seated by hand."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from muster_flexmatch import Player, RuleSet, Ticket, parse_rule_set
from muster_flexmatch.evaluate import Judge
from muster_flexmatch.seating import Seating, entrant

ATTRIBUTES = [
    {"name": "skill", "type": "number", "default": 50},
    {"name": "mode", "type": "string"},
    {"name": "maps", "type": "string_list"},
    {"name": "blocked", "type": "string_list", "default": []},
]


def rule_set(*rules: Mapping[str, Any]) -> RuleSet:
    return parse_rule_set(
        json.dumps(
            {
                "ruleLanguageVersion": "1.0",
                "playerAttributes": ATTRIBUTES,
                "teams": [{"name": name, "minPlayers": 0, "maxPlayers": 4} for name in ("red", "blue")],
                "rules": [{"name": f"rule{number}", **rule} for number, rule in enumerate(rules)],
            }
        )
    )


def verdict(rule: Mapping[str, Any], red: Sequence[Ticket] = (), blue: Sequence[Ticket] = ()) -> bool:
    rules = rule_set(rule)
    seating = Seating(rules.teams)
    for team, tickets in (("red", red), ("blue", blue)):
        for ticket in tickets:
            one = entrant(ticket, rules.teams)
            assert one is not None
            seating.add(one, team)
    return Judge(rules).verdicts(rules, seating)["rule0"]


_numbers = iter(range(1_000_000))


def ticket(*players: Mapping[str, Any], latencies: Sequence[Mapping[str, int]] = ()) -> Ticket:
    number = next(_numbers)
    seated = tuple(
        Player(f"p{number}-{place}", attributes, latencies[place] if latencies else {})
        for place, attributes in enumerate(players)
    )
    return Ticket(f"t{number}", seated, 0.0)


def skilled(*skills: float) -> Ticket:
    return ticket(*({"skill": skill} for skill in skills))


def playing(*modes: str) -> Ticket:
    return ticket(*({"mode": mode} for mode in modes))


def wanting(*maps: Sequence[str]) -> Ticket:
    return ticket(*({"maps": tuple(each)} for each in maps))


def near(*latencies: Mapping[str, int]) -> Ticket:
    return ticket(*({} for _ in latencies), latencies=latencies)


SKILL = "flatten(teams[*].players.attributes[skill])"
MODE = "flatten(teams[*].players.attributes[mode])"
MAPS = "flatten(teams[*].players.attributes[maps])"


@pytest.mark.parametrize(
    ("operation", "reference", "expected"),
    [
        ("<", 21, True), ("<", 20, False), ("<=", 20, True), (">", 10, False), (">=", 10, True),
        ("=", 10, False), ("!=", 15, True), ("!=", 20, False), ("<", "21", True),
        ("<=", "max(flatten(teams[*].players.attributes[skill]))", True),
        ("<", "max(flatten(teams[*].players.attributes[skill]))", False),
    ],
)  # fmt: skip
def test_comparison_holds_when_every_value_does(operation: str, reference: object, *, expected: bool) -> None:
    rule = {"type": "comparison", "measurements": [SKILL], "operation": operation, "referenceValue": reference}

    assert expected is verdict(rule, [skilled(10)], [skilled(20)])


def test_comparison_with_a_list_as_long_goes_one_by_one() -> None:
    rule = {
        "type": "comparison",
        "measurements": ["teams[red].players.attributes[skill]"],
        "operation": ">",
        "referenceValue": "teams[blue].players.attributes[skill]",
    }

    assert verdict(rule, [skilled(2), skilled(20)], [skilled(1), skilled(10)])
    assert not verdict(rule, [skilled(2), skilled(20)], [skilled(10), skilled(1)])
    assert not verdict(rule, [skilled(2), skilled(20)], [skilled(5)])


def test_comparison_among_players_wants_all_equal_or_all_different() -> None:
    equal = {"type": "comparison", "measurements": [MODE], "operation": "="}
    different = {"type": "comparison", "measurements": [MODE], "operation": "!="}

    assert verdict(equal, [playing("a")], [playing("a", "a")])
    assert not verdict(equal, [playing("a")], [playing("a", "b")])
    assert verdict(different, [playing("a")], [playing("b", "c")])
    assert not verdict(different, [playing("a")], [playing("b", "a")])


def test_comparison_with_a_literal_string() -> None:
    rule = {"type": "comparison", "measurements": [MODE], "operation": "=", "referenceValue": "duel"}

    assert verdict(rule, [playing("duel")])
    assert not verdict(rule, [playing("duel")], [playing("race")])


def test_distance_is_absolute_and_has_two_limits() -> None:
    rule = {"type": "distance", "measurements": [SKILL], "referenceValue": 50, "minDistance": 5, "maxDistance": 10}

    assert verdict(rule, [skilled(40)], [skilled(55)])
    assert not verdict(rule, [skilled(39)], [skilled(55)])
    assert not verdict(rule, [skilled(40)], [skilled(54)])


def test_distance_of_team_averages_allows_twice_the_gap_between_two_players() -> None:
    rule = {
        "type": "distance",
        "measurements": ["avg(teams[*].players.attributes[skill])"],
        "referenceValue": "avg(flatten(teams[*].players.attributes[skill]))",
        "maxDistance": 300,
    }

    assert verdict(rule, [skilled(0)], [skilled(600)])
    assert not verdict(rule, [skilled(0)], [skilled(601)])


def test_an_average_of_an_empty_team_fails_the_rule() -> None:
    rule = {
        "type": "distance",
        "measurements": ["avg(teams[blue].players.attributes[skill])"],
        "referenceValue": 0,
        "maxDistance": 1000,
    }

    assert verdict(rule, [], [skilled(1)])
    assert not verdict(rule, [skilled(1)])


@pytest.mark.parametrize(("party", "expected"), [("avg", 30.0), ("min", 10.0), ("max", 50.0)])
def test_a_party_counts_once_with_its_aggregate(party: str, expected: float) -> None:
    rule = {
        "type": "comparison",
        "measurements": ["sum(teams[red].players.attributes[skill])"],
        "operation": "=",
        "referenceValue": expected + 1,
        "partyAggregation": party,
    }

    assert verdict(rule, [skilled(10, 50), skilled(1)])


def test_counting_players_counts_every_member_of_a_party() -> None:
    rule = {
        "type": "comparison",
        "measurements": ["count(teams[red].players)"],
        "operation": "=",
        "referenceValue": "count(teams[blue].players)",
    }

    assert verdict(rule, [skilled(1, 1)], [skilled(1), skilled(1)])
    assert not verdict(rule, [skilled(1, 1)], [skilled(1)])


def test_a_player_without_the_attribute_has_its_default_or_fails_the_rule() -> None:
    below = {"type": "comparison", "measurements": [SKILL], "operation": "=", "referenceValue": 50}
    same = {"type": "comparison", "measurements": [MODE], "operation": "="}

    assert verdict(below, [ticket({})])
    assert not verdict(same, [ticket({})])


def test_batch_distance_spans_the_whole_match() -> None:
    rule = {"type": "batchDistance", "batchAttribute": "skill", "maxDistance": 10}

    assert verdict(rule, [skilled(40)], [skilled(50), skilled(44)])
    assert not verdict(rule, [skilled(40)], [skilled(51)])
    assert verdict(rule, [skilled(40)], [skilled(20, 80)])  # a party counts with its average


def test_batch_distance_of_strings_means_equal() -> None:
    rule = {"type": "batchDistance", "batchAttribute": "mode"}

    assert verdict(rule, [playing("a")], [playing("a")])
    assert not verdict(rule, [playing("a")], [playing("b")])


def test_collections_share_members() -> None:
    rule = {"type": "collection", "measurements": [MAPS], "operation": "intersection", "minCount": 2}

    assert verdict(rule, [wanting("ab"), wanting("abc")], [wanting("bac")])
    assert not verdict(rule, [wanting("ab")], [wanting("bc")])


@pytest.mark.parametrize(("party", "expected"), [("union", True), ("intersection", False)])
def test_a_party_has_the_union_or_the_intersection_of_its_lists(party: str, *, expected: bool) -> None:
    rule = {
        "type": "collection",
        "measurements": [MAPS],
        "operation": "intersection",
        "minCount": 2,
        "partyAggregation": party,
    }

    assert expected is verdict(rule, [wanting("ab", "b")], [wanting("ab")])


def test_contains_counts_collections_and_not_repetitions() -> None:
    rule = {
        "type": "collection",
        "measurements": [MAPS],
        "operation": "contains",
        "referenceValue": "a",
        "minCount": 1,
        "maxCount": 2,
    }

    assert not verdict(rule, [wanting("b")])
    assert verdict(rule, [wanting(["a", "a", "a"])], [wanting("ab")])
    assert not verdict(rule, [wanting("a"), wanting("a")], [wanting("a")])


def test_contains_counts_players_where_the_attribute_is_a_single_string() -> None:
    rule = {
        "type": "collection",
        "measurements": [MODE],
        "operation": "contains",
        "referenceValue": "medic",
        "maxCount": 1,
    }

    assert verdict(rule, [playing("medic", "tank")], [playing("tank")])
    assert not verdict(rule, [playing("medic", "tank")], [playing("medic")])


def test_a_block_list_keeps_players_apart() -> None:
    rule = {
        "type": "collection",
        "measurements": ["flatten(teams[*].players.attributes[blocked])"],
        "operation": "reference_intersection_count",
        "referenceValue": "flatten(teams[*].players[playerId])",
        "maxCount": 0,
    }
    liked, other = skilled(1), skilled(1)
    grudge = ticket({"blocked": (other.players[0].player_id,)})

    assert verdict(rule, [grudge], [liked])
    assert not verdict(rule, [grudge], [liked, other])


def test_each_collection_meets_the_reference_on_its_own() -> None:
    rule = {
        "type": "collection",
        "measurements": [MAPS],
        "operation": "reference_intersection_count",
        "referenceValue": ["a", "b"],
        "minCount": 1,
    }

    assert verdict(rule, [wanting("ax")], [wanting("b")])
    assert not verdict(rule, [wanting("ab")], [wanting("x")])


def test_a_collection_without_bounds_wants_at_least_one() -> None:
    rule = {"type": "collection", "measurements": [MAPS], "operation": "intersection"}

    assert verdict(rule, [wanting("ab")], [wanting("b")])
    assert not verdict(rule, [wanting("a")], [wanting("b")])


def test_latency_wants_one_region_that_is_fast_for_everyone() -> None:
    rule = {"type": "latency", "maxLatency": 100}

    assert verdict(rule, [near({"e": 20, "w": 200})], [near({"e": 100})])
    assert not verdict(rule, [near({"e": 20, "w": 200})], [near({"w": 20})])
    assert not verdict(rule, [near({"e": 101})])


def test_players_without_latencies_are_not_matched_under_a_latency_rule() -> None:
    rule = {"type": "latency", "maxLatency": 100}

    assert not verdict(rule, [near({"e": 20})], [near({})])
    assert not verdict(rule, [near({"e": 20}, {})])


@pytest.mark.parametrize(("party", "expected"), [("avg", True), ("max", False), ("min", True)])
def test_a_party_has_one_latency_for_each_region(party: str, *, expected: bool) -> None:
    rule = {"type": "latency", "maxLatency": 100, "partyAggregation": party}

    assert expected is verdict(rule, [near({"e": 50}, {"e": 150})])


@pytest.mark.parametrize(("reference", "limit", "expected"), [("min", 60, True), ("min", 59, False), ("avg", 30, True)])
def test_latencies_in_a_region_are_near_each_other(reference: str, limit: int, *, expected: bool) -> None:
    rule = {"type": "latency", "maxLatency": 100, "maxDistance": limit, "distanceReference": reference}

    assert expected is verdict(rule, [near({"e": 20})], [near({"e": 80})])


def test_seated_players_of_a_running_session_need_no_latency() -> None:
    rules = rule_set({"type": "latency", "maxLatency": 100})
    seating = Seating(rules.teams)
    for each in (Ticket("b", (Player("s", team="red"),), 0.0), near({"e": 20})):
        one = entrant(each, rules.teams)
        assert one is not None
        seating.add(one, "blue")

    assert Judge(rules).verdicts(rules, seating) == {"rule0": True}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("and(low, high)", False),
        ("or(low, high)", True),
        ("or(low, low, high)", True),
        ("not(high)", True),
        ("xor(low, high)", True),
        ("xor(low, low)", False),
        ("xor(low, xor(low, high))", False),
        ("and ( low , not( and(low,high) ) )", True),
    ],
)
def test_compound_rules_combine_earlier_ones(statement: str, *, expected: bool) -> None:
    compare = {"type": "comparison", "measurements": [SKILL], "referenceValue": 50}
    rules = rule_set(
        {**compare, "name": "low", "operation": "<"},
        {**compare, "name": "high", "operation": ">"},
        {"name": "both", "type": "compound", "statement": statement},
    )
    seating = Seating(rules.teams)
    one = entrant(skilled(10), rules.teams)
    assert one is not None
    seating.add(one, "red")

    assert Judge(rules).verdicts(rules, seating) == {"low": True, "high": False, "both": expected}
