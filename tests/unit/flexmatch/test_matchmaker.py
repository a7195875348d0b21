"""The pool with state: who waits, what a tick leaves alone, seats that stay empty, switches."""

import json
from typing import Any

import pytest

from muster_flexmatch import Choices, Matchmaker, Player, RuleSetInvalid, Ticket, parse_rule_set
from muster_flexmatch.look import Limits

SKILL = {"name": "skill", "type": "number", "default": 50}
NEAR = {"name": "Near", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 20}
SKILLS = "flatten(teams[*].players.attributes[skill])"
FAST = {"name": "Fast", "type": "latency", "maxLatency": 100}


def body(teams: dict[str, tuple[int, int]], *rules: dict[str, Any], **more: Any) -> str:
    return json.dumps(
        {
            "ruleLanguageVersion": "1.0",
            "playerAttributes": [SKILL],
            "teams": [{"name": name, "minPlayers": low, "maxPlayers": high} for name, (low, high) in teams.items()],
            "rules": list(rules),
            **more,
        }
    )


def ticket(number: int, at_s: float = 0.0, *, size: int = 1, skill: float = 50.0, ms: int = 20) -> Ticket:
    players = tuple(Player(f"p{number}-{place}", {"skill": skill}, {"east": ms}) for place in range(size))
    return Ticket(f"t{number}", players, at_s)


def session(number: int, at_s: float = 0.0, **seats: int) -> Ticket:
    players = tuple(
        Player(f"s{number}-{team}{place}", {}, {}, team) for team, count in seats.items() for place in range(count)
    )
    return Ticket(f"b{number}", players, at_s)


DUEL = {"red": (1, 1), "blue": (1, 1)}
PAIRS = {"red": (1, 2), "blue": (1, 2)}


def waiting(text: str, *tickets: Ticket, **more: Any) -> Matchmaker:
    matchmaker = Matchmaker(parse_rule_set(text), **more)
    for each in tickets:
        matchmaker.add(each)
    return matchmaker


def test_a_tick_changes_nothing_and_says_the_same_again() -> None:
    matchmaker = waiting(body(DUEL), *(ticket(number, number) for number in range(5)))

    first, second = matchmaker.tick(10.0, 3), matchmaker.tick(10.0, 3)

    assert first == second
    assert len(matchmaker) == 5


def test_tickets_come_and_go_between_ticks() -> None:
    matchmaker = waiting(body(DUEL), ticket(1, 1), ticket(2, 2))
    (match,) = matchmaker.tick(10.0, 1).matches
    matchmaker.remove_all(match.ticket_ids)
    matchmaker.add(ticket(3, 3))

    assert matchmaker.tick(11.0, 1).matches == ()
    assert "t3" in matchmaker
    assert [each.ticket_id for each in matchmaker] == ["t3"]


def test_removing_a_ticket_twice_is_safe_and_adding_one_twice_is_not() -> None:
    matchmaker = waiting(body(DUEL), ticket(1))

    assert matchmaker.remove("t1") == ticket(1)
    assert matchmaker.remove("t1") is None
    matchmaker.add(ticket(1))
    with pytest.raises(ValueError, match="t1 waits already"):
        matchmaker.add(ticket(1))


def test_the_same_tickets_give_the_same_matches_whatever_happened_before() -> None:
    pool = [ticket(number, number, skill=number * 7 % 50) for number in range(30)]
    fresh = waiting(body(PAIRS, NEAR, FAST), *pool)
    used = waiting(body(PAIRS, NEAR, FAST), *(ticket(number, ms=99) for number in range(100, 120)))
    used.tick(10.0, 1)
    for number in range(100, 120):
        used.remove(f"t{number}")
    for each in reversed(pool):
        used.add(each)

    assert fresh.tick(40.0, 5) == used.tick(40.0, 5)


def test_a_hopeless_ticket_waits_and_counts_as_failed_by_its_rule() -> None:
    matchmaker = waiting(body(DUEL, FAST), ticket(1, ms=500), ticket(2), ticket(3))

    outcome = matchmaker.tick(1.0, 0)

    assert [match.ticket_ids for match in outcome.matches] == [("t2", "t3")]
    assert outcome.evaluations[0].failed == 1
    assert len(matchmaker) == 3


@pytest.mark.parametrize("whole", [0, 100])
@pytest.mark.parametrize(("empty", "expected"), [(0, 4), (1, 3), (2, 2)])
def test_seats_for_additional_players_stay_empty(whole: int, empty: int, expected: int) -> None:
    pool = [ticket(number, number) for number in range(4)]

    matchmaker = waiting(body(PAIRS), *pool, additional_players=empty, limits=Limits(whole=whole))

    assert len(matchmaker.tick(9.0, 0).matches[0].teams) == expected


@pytest.mark.parametrize("empty", [-1, 3])
def test_more_seats_than_the_minimums_leave_cannot_stay_empty(empty: int) -> None:
    with pytest.raises(ValueError, match="cannot keep"):
        Matchmaker(parse_rule_set(body(PAIRS)), additional_players=empty)


@pytest.mark.parametrize("whole", [0, 100])
@pytest.mark.parametrize(
    ("priority", "expected"),
    [
        ("normal", [("t1", "t2"), ("b1", "t3")]),
        ("high", [("b1", "t1"), ("t2", "t3")]),
        ("low", [("t1", "t2"), ("b1", "t3")]),
    ],
)
def test_backfill_priority_holds_in_pools_of_every_size(whole: int, priority: str, expected: list[Any]) -> None:
    text = body(DUEL, algorithm={"backfillPriority": priority})
    pool = [ticket(1, 1), ticket(2, 2), session(1, 3, red=1), ticket(3, 4)]

    outcome = waiting(text, *pool, limits=Limits(whole=whole)).tick(9.0, 0)

    assert expected == [tuple(sorted(match.ticket_ids)) for match in outcome.matches]


def test_an_expansion_of_the_priority_follows_the_age_of_the_oldest_ticket() -> None:
    high = {"target": "algorithm.backfillPriority", "steps": [{"waitTimeSeconds": 20, "value": "high"}]}
    rules = body(DUEL, expansions=[high])
    matchmaker = waiting(rules, ticket(1, 1), ticket(2, 2), session(1, 3, red=1))

    assert matchmaker.tick(20.9, 0).matches[0].ticket_ids == ("t1", "t2")
    assert matchmaker.tick(21.0, 0).matches[0].ticket_ids == ("t1", "b1")
    with pytest.raises(RuleSetInvalid, match="switched off"):
        parse_rule_set(rules, choices=Choices(algorithm_expansions=False))


def test_one_unmatchable_ticket_stops_nobody() -> None:
    pool = [ticket(0, 0, skill=9_000)] + [ticket(number, number, skill=number % 19) for number in range(1, 201)]

    outcome = waiting(body({"red": (5, 5), "blue": (5, 5)}, NEAR), *pool).tick(300.0, 0)

    assert len(outcome.matches) == 20


def test_many_unmatchable_tickets_stop_nobody_either() -> None:
    total = {
        "name": "Sum",
        "type": "comparison",
        "measurements": ["sum(flatten(teams[*].players.attributes[skill]))"],
        "operation": "<=",
        "referenceValue": 1000,
    }
    # Neighbours in skill of their own that no rule lets early out of the search.
    pool = [ticket(number, 0, skill=5_000 + number) for number in range(150)]
    pool += [ticket(number, 1, skill=number % 19) for number in range(1_000, 1_200)]

    outcome = waiting(body({"red": (5, 5), "blue": (5, 5)}, NEAR, total), *pool, limits=Limits(total=600)).tick(9.0, 0)

    assert len(outcome.matches) == 20


def test_a_lone_region_is_shared_only_where_that_is_wanted() -> None:
    far = Ticket("t9", (Player("p9", {}, {"west": 20}),), 0.0)

    assert waiting(body(DUEL, FAST), ticket(1), far).tick(1.0, 0).matches == ()
    apart = Matchmaker(parse_rule_set(body(DUEL, FAST), choices=Choices(common_region=False)))
    apart.add(ticket(1))
    apart.add(far)
    assert len(apart.tick(1.0, 0).matches) == 1


EITHER = [
    {"name": "Low", "type": "comparison", "measurements": [SKILLS], "operation": "<", "referenceValue": 10},
    {"name": "High", "type": "comparison", "measurements": [SKILLS], "operation": ">", "referenceValue": 40},
    {"name": "Either", "type": "compound", "statement": "or(Low, High)"},
]  # fmt: skip


def test_rules_in_a_compound_rule_count_alone_only_where_that_is_wanted() -> None:
    for alone, expected in ((False, 1), (True, 0)):
        rules = parse_rule_set(body(DUEL, *EITHER), choices=Choices(members_count_alone=alone))
        matchmaker = Matchmaker(rules)
        for number in range(2):
            matchmaker.add(ticket(number, skill=60))
        assert len(matchmaker.tick(1.0, 0).matches) == expected


def test_operands_come_in_pairs_only_where_that_is_wanted() -> None:
    three = [*EITHER[:2], {"name": "Either", "type": "compound", "statement": "or(Low, High, Low)"}]

    parse_rule_set(body(DUEL, *three))
    with pytest.raises(RuleSetInvalid, match="exactly two operands, got 3"):
        parse_rule_set(body(DUEL, *three), choices=Choices(pairs_only=True))


def test_comments_are_refused_where_that_is_wanted() -> None:
    text = "// mine\n" + body(DUEL)

    parse_rule_set(text)
    with pytest.raises(RuleSetInvalid, match="not JSON"):
        parse_rule_set(text, choices=Choices(comments=False))


@pytest.mark.parametrize(("deviation", "expected"), [("population", 1), ("sample", 0)])
def test_the_deviation_is_that_of_the_population_unless_the_other_is_wanted(deviation: Any, expected: int) -> None:
    even = {
        "name": "Even",
        "type": "comparison",
        "measurements": ["stddev(flatten(teams[*].players.attributes[skill]))"],
        "operation": "<=",
        "referenceValue": 5,
    }
    matchmaker = Matchmaker(parse_rule_set(body(DUEL, even), choices=Choices(deviation=deviation)))
    matchmaker.add(ticket(1, skill=40))
    matchmaker.add(ticket(2, skill=50))

    assert len(matchmaker.tick(1.0, 0).matches) == expected


def test_a_match_of_full_teams_is_found_by_changing_seats() -> None:
    fair = {
        "name": "Fair",
        "type": "distance",
        "measurements": ["avg(teams[*].players.attributes[skill])"],
        "referenceValue": "avg(flatten(teams[*].players.attributes[skill]))",
        "maxDistance": 0.5,
    }
    skills = (1, 2, 4, 8, 16, 31, 3, 5, 9, 19)  # five of them sum up to 49, as the others do

    pool = [ticket(number, number, skill=skill) for number, skill in enumerate(skills)]

    assert len(waiting(body({"red": (5, 5), "blue": (5, 5)}, fair), *pool).tick(20.0, 0).matches) == 1
