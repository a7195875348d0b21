"""Rows of docs/rows.md about what rules and expressions mean. Two teams of up to four, seated by hand."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from muster_flexmatch import Player, RuleSet, Ticket, find_matches, parse_rule_set
from muster_flexmatch.evaluate import Judge
from muster_flexmatch.seating import Seating, entrant

row = pytest.mark.row
SKILL = "flatten(teams[*].players.attributes[skill])"
MODE = "flatten(teams[*].players.attributes[mode])"
MAPS = "flatten(teams[*].players.attributes[maps])"
AVERAGES = "avg(teams[*].players.attributes[skill])"
Players = Sequence[Mapping[str, Any]]


def rule_set(*rules: Mapping[str, Any], **more: Any) -> RuleSet:
    document = {
        "ruleLanguageVersion": "1.0",
        "playerAttributes": [
            {"name": "skill", "type": "number"},
            {"name": "mode", "type": "string"},
            {"name": "maps", "type": "string_list"},
            {"name": "ranks", "type": "string_number_map", "default": {}},
        ],
        "teams": [{"name": name, "minPlayers": 0, "maxPlayers": 4} for name in ("red", "blue")],
        "rules": [{"name": f"rule{number}", **rule} for number, rule in enumerate(rules)],
        **more,
    }
    return parse_rule_set(json.dumps(document))


def ticket(name: str, players: Players) -> Ticket:
    """Return a ticket; `latencies` among a player's attributes are its latencies."""
    return Ticket(
        name,
        tuple(
            Player(f"{name}-{place}", {k: v for k, v in each.items() if k != "latencies"}, each.get("latencies", {}))
            for place, each in enumerate(players)
        ),
        0.0,
    )


def verdicts(rules: RuleSet, red: Sequence[Players] = (), blue: Sequence[Players] = ()) -> dict[str, bool]:
    seating = Seating(rules.teams)
    for team, tickets in (("red", red), ("blue", blue)):
        for place, players in enumerate(tickets):
            one = entrant(ticket(f"{team}{place}", players), rules.teams)
            assert one is not None
            seating.add(one, team)
    return Judge(rules).verdicts(rules, seating)


def solo(**attributes: Any) -> Players:
    return [attributes]


def of(*skills: float) -> list[Players]:
    return [solo(skill=float(skill)) for skill in skills]


def near(**latencies: int) -> Players:
    return [{"latencies": latencies}]


@dataclass(frozen=True)
class Case:
    """A rule that holds for the first seating and fails for the second."""

    rule: Mapping[str, Any]
    holds: tuple[Sequence[Players], Sequence[Players]]
    fails: tuple[Sequence[Players], Sequence[Players]]


def comparison(operation: str, reference: object = None, measured: str = SKILL, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "comparison", "measurements": [measured], "operation": operation, **more}
    return found if reference is None else {**found, "referenceValue": reference}


def distance(reference: object, measured: str = SKILL, **more: Any) -> dict[str, Any]:
    return {"type": "distance", "measurements": [measured], "referenceValue": reference, **more}


def collection(operation: str, measured: str = MAPS, **more: Any) -> dict[str, Any]:
    return {"type": "collection", "measurements": [measured], "operation": operation, **more}


def latency(limit: int = 100, **more: Any) -> dict[str, Any]:
    return {"type": "latency", "maxLatency": limit, **more}


def wants(*maps: str) -> Players:
    return solo(maps=tuple(maps))


CLOSE = {"type": "batchDistance", "batchAttribute": "skill", "maxDistance": 10}
IDS = "flatten(teams[*].players[playerId])"
CASES: Mapping[str, Case] = {
    "1.5.comparison.<": Case(comparison("<", 10), (of(9), []), (of(10), [])),
    "1.5.comparison.<=": Case(comparison("<=", 10), (of(10), []), (of(11), [])),
    "1.5.comparison.=": Case(comparison("=", 10), (of(10), of(10)), (of(10), of(11))),
    "1.5.comparison.!=": Case(comparison("!=", 10), (of(9), of(11)), (of(9), of(10))),
    "1.5.comparison.>": Case(comparison(">", 10), (of(11), []), (of(10), [])),
    "1.5.comparison.>=": Case(comparison(">=", 10), (of(10), []), (of(9), [])),
    "1.5.comparison.all": Case(comparison(">", 10), (of(11, 12), of(13)), (of(11, 12), of(9))),
    "1.5.comparison.string": Case(comparison("=", "duel", MODE), ([solo(mode="duel")], []), ([solo(mode="race")], [])),
    "1.5.comparison.expression": Case(
        comparison(">=", "avg(teams[blue].players.attributes[skill])", "teams[red].players.attributes[skill]"),
        (of(10), of(5, 15)), (of(10), of(11)),
    ),
    "1.5.comparison.list": Case(
        comparison("<", "teams[blue].players.attributes[skill]", "teams[red].players.attributes[skill]"),
        (of(1, 11), of(2, 12)), (of(1, 11), of(12, 2)),
    ),
    "1.5.comparison.across.=": Case(comparison("="), (of(5), of(5)), (of(5), of(6))),
    "1.5.comparison.across.!=": Case(comparison("!="), (of(5), of(6, 7)), (of(5), of(6, 5))),
    "1.5.comparison.literal": Case(
        comparison("=", "avgs(", MODE), ([solo(mode="avgs(")], []), ([solo(mode="duel")], []),
    ),
    "1.5.distance.max": Case(distance(50, maxDistance=10), (of(40), of(60)), (of(40), of(61))),
    "1.5.distance.min": Case(distance(50, minDistance=10), (of(40), of(60)), (of(40), of(59))),
    "1.5.distance.every": Case(distance(50, minDistance=1, maxDistance=10), (of(45), of(55)), (of(45), of(50))),
    "1.5.distance.averages": Case(
        distance(f"avg({SKILL})", AVERAGES, maxDistance=300), (of(0), of(600)), (of(0), of(601)),
    ),
    "1.5.batchDistance.number": Case(CLOSE, (of(10), of(20)), (of(10), of(21))),
    "1.5.batchDistance.string": Case(
        {"type": "batchDistance", "batchAttribute": "mode"},
        ([solo(mode="a")], [solo(mode="a")]), ([solo(mode="a")], [solo(mode="b")]),
    ),
    "1.5.collection.intersection": Case(
        collection("intersection", minCount=2), ([wants("a", "b")], [wants("b", "a", "c")]),
        ([wants("a", "b")], [wants("b", "c")]),
    ),
    "1.5.collection.contains": Case(
        collection("contains", referenceValue="a", maxCount=1),
        ([wants("a", "a")], [wants("b")]), ([wants("a")], [wants("a")]),
    ),
    "1.5.collection.contains.minCount": Case(
        collection("contains", referenceValue="a", minCount=2), ([wants("a")], [wants("a")]), ([wants("a")], []),
    ),
    "1.5.collection.playerIds": Case(
        collection("contains", IDS, referenceValue="red0-0", minCount=1), ([wants()], []), ([], [wants()]),
    ),
    "1.5.collection.reference": Case(
        collection("reference_intersection_count", referenceValue=["a", "b"], minCount=1),
        ([wants("a")], [wants("b")]), ([wants("a", "b")], [wants("c")]),
    ),
    "1.5.collection.nobound": Case(
        collection("intersection"), ([wants("a")], [wants("a")]), ([wants("a")], [wants("b")]),
    ),
    "1.5.collection.blocklist": Case(
        collection("reference_intersection_count", referenceValue=IDS, maxCount=0),
        ([wants("x")], [wants("y")]), ([wants("blue0-0")], [wants("y")]),
    ),
    "1.5.collection.union": Case(
        collection("intersection", minCount=2), ([[*wants("a"), *wants("b")]], [wants("a", "b")]),
        ([[*wants("a"), *wants("a")]], [wants("a", "b")]),
    ),
    "1.5.collection.party.intersection": Case(
        collection("intersection", minCount=1, partyAggregation="intersection"),
        ([[*wants("a", "b"), *wants("a")]], [wants("a")]), ([[*wants("a"), *wants("b")]], [wants("a", "b")]),
    ),
    "1.5.latency.max": Case(latency(), ([near(eu=100)], [near(eu=1)]), ([near(eu=101)], [near(eu=1)])),
    "1.5.latency.common": Case(
        latency(), ([near(eu=90, us=200)], [near(eu=90)]), ([near(eu=90, us=200)], [near(us=90, eu=200)]),
    ),
    "1.5.latency.nodata": Case(latency(), ([near(eu=1)], []), ([near(eu=1)], [near()])),
    "1.5.latency.maxDistance.min": Case(
        latency(maxDistance=50), ([near(eu=10)], [near(eu=60)]), ([near(eu=10)], [near(eu=61)]),
    ),
    "1.5.latency.maxDistance.avg": Case(
        latency(maxDistance=25, distanceReference="avg"),
        ([near(eu=10)], [near(eu=60)]), ([near(eu=10)], [near(eu=61)]),
    ),
    "1.5.latency.any.region": Case(
        latency(), ([near(custom=5)], [near(custom=5)]), ([near(custom=5)], [near(other=5)]),
    ),
    "1.5.party.avg": Case(comparison("=", 15), ([[*solo(skill=10), *solo(skill=20)]], []), (of(10), of(20))),
    "1.5.party.min": Case(
        comparison("=", 10, partyAggregation="min"), ([[*solo(skill=10), *solo(skill=20)]], []),
        ([[*solo(skill=11), *solo(skill=20)]], []),
    ),
    "1.5.party.max": Case(
        comparison("=", 20, partyAggregation="max"), ([[*solo(skill=10), *solo(skill=20)]], []),
        ([[*solo(skill=10), *solo(skill=21)]], []),
    ),
    "1.5.party.latency": Case(
        latency(partyAggregation="max"), ([[*near(eu=100), *near(eu=90)]], []), ([[*near(eu=101), *near(eu=9)]], []),
    ),
    "1.5.party.weight": Case(
        comparison("=", 15, f"avg({SKILL})"), ([[*solo(skill=10), *solo(skill=10)], solo(skill=20)], []),
        ([[*solo(skill=10), *solo(skill=10)], solo(skill=25)], []),
    ),
    "1.5.party.count": Case(
        comparison("=", 3, "count(teams[red].players)"), ([[*solo(), *solo()], solo()], []), ([solo(), solo()], []),
    ),
    "1.5.party.strings": Case(
        comparison("=", None, MODE), ([[*solo(mode="a"), *solo(mode="a")]], []),
        ([[*solo(mode="a"), *solo(mode="b")]], []),
    ),
    "1.7.empty.average": Case(
        comparison(">", 0, "avg(teams[red].players.attributes[skill])"), (of(1), []), ([], of(1)),
    ),
    "1.7.empty.sum.count": Case(
        comparison("=", 0, "sum(teams[red].players.attributes[skill])"), ([], of(1)), (of(1), []),
    ),
    "1.7.spaces": Case(comparison("=", 1, "count ( teams[ red ].players )"), (of(1), []), (of(1, 2), [])),
}  # fmt: skip


@pytest.mark.parametrize("name", [pytest.param(name, marks=row(name), id=name) for name in CASES])
def test_the_rule_holds_for_the_one_and_fails_for_the_other(name: str) -> None:
    case = CASES[name]
    rules = rule_set(case.rule)

    assert verdicts(rules, *case.holds)["rule0"]
    assert not verdicts(rules, *case.fails)["rule0"]


VALUES: Mapping[str, tuple[str, float]] = {
    "1.7.one.team": ("sum(teams[red].players.attributes[skill])", 6.0),
    "1.7.min": ("min(teams[red].players.attributes[skill])", 1.0),
    "1.7.max": ("max(teams[red].players.attributes[skill])", 3.0),
    "1.7.avg": ("avg(teams[red].players.attributes[skill])", 2.0),
    "1.7.median": ("median(flatten(teams[*].players.attributes[skill]))", 4.5),
    "1.7.sum": ("sum(teams[blue].players.attributes[skill])", 45.0),
    "1.7.count": ("count(teams[blue].players)", 3.0),
    "1.7.stddev": ("stddev(teams[red].players.attributes[skill])", math.sqrt(2 / 3)),
    "1.7.nested": ("max(avg(teams[*].players.attributes[skill]))", 15.0),
    "1.7.several.teams": ("min(sum(teams[red,blue].players.attributes[skill]))", 6.0),
    "1.7.flatten": ("count(flatten(teams[*].players.attributes[skill]))", 6.0),
    "1.7.flatten.lists": ("max(count(flatten(teams[*].players.attributes[maps])))", 3.0),
    "1.7.set_intersection": ("count(set_intersection(flatten(teams[*].players.attributes[maps])))", 1.0),
    "1.7.set_intersection.nested": ("max(count(set_intersection(teams[*].players.attributes[maps])))", 2.0),
    "1.7.string_list": ("max(count(teams[red].players.attributes[maps]))", 2.0),
    "1.7.playerId": ("count(teams[red].players[playerId])", 3.0),
    "1.7.number": ("12.5", 12.5),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=row(name), id=name) for name in VALUES])
def test_the_expression_yields_the_value(name: str) -> None:
    expression, value = VALUES[name]
    red = [solo(skill=float(n), maps=("a", "b")) for n in (1, 2, 3)]
    blue = [solo(skill=float(n), maps=("b", "c", str(n))) for n in (6, 12, 27)]
    measured = comparison("=", 0, expression) if name != "1.7.number" else distance(expression, maxDistance=99)
    rules = rule_set({**distance(value, expression, maxDistance=1e-9)} if name != "1.7.number" else measured)

    assert verdicts(rules, red, blue)["rule0"]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [("and(A, B)", False), ("or(A, or(B, B))", True), ("not(B)", True), ("xor(A, B)", True), ("xor(A, A)", False)],
)
@row("1.5.compound.statement")
@row("1.5.compound.arguments")
def test_compound_combines_two_or_more(statement: str, *, expected: bool) -> None:
    rules = rule_set(
        {**comparison(">", 0), "name": "A"}, {**comparison("<", 0), "name": "B"},
        {"name": "C", "type": "compound", "statement": statement},
    )  # fmt: skip

    assert expected is verdicts(rules, of(5))["C"]


def made(rules: RuleSet, tickets: Sequence[Ticket]) -> int:
    return len(find_matches(rules, tickets, now_s=0.0, seed=1).matches)


TEAMS = [{"name": name, "minPlayers": 1, "maxPlayers": 1} for name in ("red", "blue")]


@row("1.5.all.rules.hold")
def test_every_rule_must_hold() -> None:
    pool = [ticket("a", solo(skill=1.0, mode="x")), ticket("b", solo(skill=1.0, mode="y"))]

    assert 1 == made(rule_set(CLOSE, teams=TEAMS), pool)
    assert 0 == made(rule_set(CLOSE, comparison("=", None, MODE), teams=TEAMS), pool)


@row("1.5.collection.finished")
def test_a_lower_bound_is_about_the_finished_match() -> None:
    medics = collection("contains", referenceValue="medic", minCount=2)
    teams = [{"name": "all", "minPlayers": 2, "maxPlayers": 3}]
    pool = [ticket("a", wants("tank")), ticket("b", wants("medic")), ticket("c", wants("medic"))]

    assert 1 == made(rule_set(medics, teams=teams), pool)
    assert 0 == made(rule_set(medics, teams=teams), pool[:2])


@row("1.5.collection.avoid")
def test_an_expansion_makes_an_avoid_of_a_block() -> None:
    block = collection("reference_intersection_count", referenceValue=IDS, maxCount=0)
    steps = [{"waitTimeSeconds": 30, "value": 1}]
    rules = rule_set(block, teams=TEAMS, expansions=[{"target": "rules[rule0].maxCount", "steps": steps}])
    pool = [ticket("a", wants("b-0")), ticket("b", wants("nobody"))]

    found = [len(find_matches(rules, pool, now_s=now_s, seed=1).matches) for now_s in (29.0, 30.0)]

    assert [0, 1] == found


@row("1.5.compound.inputs")
def test_rules_in_a_compound_rule_count_only_through_it() -> None:
    low, high = {**comparison("<", 5), "name": "Low"}, {**comparison(">", 50), "name": "High"}
    either = {"name": "Either", "type": "compound", "statement": "or(Low, High)"}
    pool = [ticket("a", solo(skill=1.0)), ticket("b", solo(skill=2.0))]

    assert 1 == made(rule_set(low, high, either, teams=TEAMS), pool)


@row("1.5.compound.several")
def test_all_compound_rules_must_hold() -> None:
    low = {**comparison("<", 5), "name": "Low"}
    both = [{"name": name, "type": "compound", "statement": f"{name}(Low)"} for name in ("not",)]
    pool = [ticket("a", solo(skill=1.0)), ticket("b", solo(skill=2.0))]
    yes = {"name": "yes", "type": "compound", "statement": "or(Low, Low)"}

    assert 1 == made(rule_set(low, yes, teams=TEAMS), pool)
    assert 0 == made(rule_set(low, yes, *both, teams=TEAMS), pool)


def first_partner(sort: Mapping[str, Any], anchor: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> str:
    """Return who is matched with the oldest ticket."""
    rules = rule_set({"type": "absoluteSort", "sortDirection": "ascending", **sort}, teams=TEAMS)
    pool = [
        Ticket("anchor", (Player("anchor", anchor),), -1.0),
        *(Ticket(name, (Player(name, each),), 0.0) for name, each in others.items()),
    ]
    match = find_matches(rules, pool, now_s=1.0, seed=1).matches[0]
    return next(name for name in match.ticket_ids if name != "anchor")


SORTS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Mapping[str, Any]], str]] = {
    "1.5.absoluteSort": (
        {"sortAttribute": "skill"}, {"skill": 50.0}, {"a": {"skill": 40.0}, "b": {"skill": 10.0}}, "b",
    ),
    "1.5.absoluteSort.descending": (
        {"sortAttribute": "skill", "sortDirection": "descending"}, {"skill": 50.0},
        {"a": {"skill": 40.0}, "b": {"skill": 90.0}}, "b",
    ),
    "1.5.absoluteSort.string": (
        {"sortAttribute": "mode"}, {"mode": "x"}, {"a": {"mode": "w"}, "b": {"mode": "x"}}, "b",
    ),
    "1.5.distanceSort": (
        {"type": "distanceSort", "sortAttribute": "skill"}, {"skill": 50.0},
        {"a": {"skill": 10.0}, "b": {"skill": 45.0}}, "b",
    ),
    "1.5.sort.mapKey": (
        {"sortAttribute": "ranks", "mapKey": "maxValue", "sortDirection": "descending"},
        {"ranks": {"x": 9.0, "y": 1.0}},
        {"a": {"ranks": {"x": 1.0, "y": 9.0}}, "b": {"ranks": {"x": 2.0}}}, "b",
    ),
    "1.5.sort.mapKey.lacking": (
        {"sortAttribute": "ranks", "mapKey": "minValue"}, {"ranks": {"x": 9.0, "y": 1.0}},
        {"a": {"ranks": {"x": 0.0}}, "b": {"ranks": {"y": 99.0}}}, "b",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", [pytest.param(name, marks=row(name), id=name) for name in SORTS])
def test_sort_rules_order_the_others(name: str) -> None:
    sort, anchor, others, expected = SORTS[name]

    assert expected == first_partner(sort, anchor, others)


@row("1.5.sort.order")
def test_the_first_sort_rule_comes_first_and_later_ones_break_ties() -> None:
    by_mode = {"name": "m", "type": "absoluteSort", "sortDirection": "ascending", "sortAttribute": "mode"}
    by_skill = {"name": "s", "type": "absoluteSort", "sortDirection": "ascending", "sortAttribute": "skill"}
    pool = [
        Ticket("anchor", (Player("anchor", {"mode": "x", "skill": 5.0}),), -1.0),
        *(
            Ticket(n, (Player(n, {"mode": m, "skill": s}),), 0.0)
            for n, m, s in (("a", "w", 1.0), ("b", "x", 9.0), ("c", "x", 2.0))
        ),
    ]

    partners = [
        find_matches(rule_set(*order, teams=TEAMS), pool, now_s=1.0, seed=1).matches[0].ticket_ids[1]
        for order in ((by_mode, by_skill), (by_skill, by_mode))
    ]

    assert ["c", "a"] == partners


@row("1.5.sort.filters.nothing")
def test_sort_rules_keep_nobody_apart() -> None:
    rules = rule_set({"type": "distanceSort", "sortDirection": "ascending", "sortAttribute": "skill"}, teams=TEAMS)

    assert 1 == made(rules, [ticket("a", solo(skill=0.0)), ticket("b", solo(skill=1e9))])
