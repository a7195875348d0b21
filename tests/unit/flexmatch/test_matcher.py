"""The matcher: who plays with whom, when, and on which team."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from muster_flexmatch import Evaluation, Match, Outcome, Player, Ticket, find_matches, parse_rule_set


def rules_of(teams: Mapping[str, tuple[int, int]], *rules: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "ruleLanguageVersion": "1.0",
        "playerAttributes": [
            {"name": "skill", "type": "number", "default": 50},
            {"name": "maps", "type": "string_number_map", "default": {}},
        ],
        "teams": [{"name": name, "minPlayers": low, "maxPlayers": high} for name, (low, high) in teams.items()],
        "rules": list(rules),
        **more,
    }


DUEL = {"red": (1, 1), "blue": (1, 1)}
ARENA = {"red": (1, 5), "blue": (1, 5)}


def ticket(number: int, at_s: float = 0.0, *, size: int = 1, **attributes: Any) -> Ticket:
    players = tuple(Player(f"p{number}-{place}", attributes, {"east": 20}) for place in range(size))
    return Ticket(f"t{number}", players, at_s)


def session(number: int, at_s: float = 0.0, **seats: int) -> Ticket:
    players = tuple(
        Player(f"s{number}-{team}{place}", {}, {}, team) for team, count in seats.items() for place in range(count)
    )
    return Ticket(f"b{number}", players, at_s)


def look(document: Mapping[str, Any], tickets: Sequence[Ticket], *, now_s: float = 100.0, seed: int = 0) -> Outcome:
    return find_matches(parse_rule_set(json.dumps(document)), tickets, now_s=now_s, seed=seed)


def ids(outcome: Outcome) -> list[tuple[str, ...]]:
    return [match.ticket_ids for match in outcome.matches]


def sizes(match: Match) -> list[int]:
    teams = list(match.teams.values())
    return sorted(teams.count(team) for team in set(teams))


def test_an_empty_pool_gives_nothing() -> None:
    assert look(rules_of(DUEL), []) == Outcome((), ())


def test_a_lone_ticket_waits_for_the_minimum() -> None:
    assert ids(look(rules_of(DUEL), [ticket(1)])) == []


def test_the_oldest_tickets_are_matched_first() -> None:
    outcome = look(rules_of(DUEL), [ticket(3, 30), ticket(1, 10), ticket(2, 20), ticket(4, 40), ticket(5, 50)])

    assert ids(outcome) == [("t1", "t2"), ("t3", "t4")]


def test_teams_are_filled_to_the_maximum_and_evenly() -> None:
    (match, rest) = look(rules_of(ARENA), [ticket(number, number) for number in range(13)]).matches

    assert match.ticket_ids == tuple(f"t{number}" for number in range(10))
    assert sizes(match) == [5, 5]
    assert sizes(rest) == [1, 2]


def test_a_party_stays_together_and_a_party_too_large_waits() -> None:
    pool = [ticket(1, 1, size=6), ticket(2, 2, size=5), ticket(3, 3, size=3), ticket(4, 4, size=2)]

    (match,) = look(rules_of(ARENA), pool).matches

    assert match.ticket_ids == ("t2", "t3", "t4")
    assert sizes(match) == [5, 5]
    teams = {each.ticket_id: {match.teams[player.player_id] for player in each.players} for each in pool[1:]}
    assert all(len(names) == 1 for names in teams.values())


def test_going_back_on_the_greedy_choice_finds_the_match_it_misses() -> None:
    # Greedily 3 and 2 share no team of 4 with another 3; only 3+1 against 2+2 is full.
    pool = [ticket(1, 1, size=3), ticket(2, 2, size=2), ticket(3, 3, size=2), ticket(4, 4)]

    (match,) = look(rules_of({"red": (4, 4), "blue": (4, 4)}), pool).matches

    assert len(match.teams) == 8


def test_a_rule_about_named_teams_finds_the_only_right_way_round() -> None:
    better = {
        "name": "Champion",
        "type": "comparison",
        "measurements": ["max(teams[red].players.attributes[skill])"],
        "operation": ">",
        "referenceValue": "max(teams[blue].players.attributes[skill])",
    }

    for seed in range(8):
        (match,) = look(rules_of(DUEL, better), [ticket(1, skill=10), ticket(2, skill=20)], seed=seed).matches
        assert match.teams == {"p1-0": "blue", "p2-0": "red"}


def test_teams_of_a_quantity_are_numbered() -> None:
    document = rules_of({})
    document["teams"] = [{"name": "trio", "minPlayers": 3, "maxPlayers": 3, "quantity": 3}]

    (match,) = look(document, [ticket(number) for number in range(9)]).matches

    assert set(match.teams.values()) == {"trio_1", "trio_2", "trio_3"}
    assert sizes(match) == [3, 3, 3]


def test_the_seed_decides_between_teams_that_are_equally_good() -> None:
    teams = {look(rules_of(DUEL), [ticket(1), ticket(2)], seed=seed).matches[0].teams["p1-0"] for seed in range(20)}

    assert teams == {"red", "blue"}


RELAXING = [
    {
        "target": "teams[all].minPlayers",
        "steps": [{"waitTimeSeconds": wait, "value": value} for wait, value in ((30, 3), (40, 2), (45, 1))],
    }
]


@pytest.mark.parametrize(
    ("age", "now_s", "expected"),
    [
        ("newest", 40, []),
        ("newest", 45, [("t1",)]),
        ("oldest", 39, []),
        ("oldest", 40, [("t1", "t2")]),
    ],
)
def test_the_age_of_the_newest_or_the_oldest_ticket_drives_expansions(
    age: str, now_s: float, expected: list[tuple[str, ...]]
) -> None:
    document = rules_of({"all": (4, 4)}, expansions=RELAXING, algorithm={"expansionAgeSelection": age})

    assert expected == ids(look(document, [ticket(1, 0), ticket(2, 10)], now_s=now_s))


def test_a_rule_relaxes_as_the_tickets_wait() -> None:
    near = {"name": "Near", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 10}
    wider = [{"target": "rules[Near].maxDistance", "steps": [{"waitTimeSeconds": 20, "value": 40}]}]
    document = rules_of(DUEL, near, expansions=wider)
    pool = [ticket(1, 0, skill=10), ticket(2, 5, skill=45)]

    assert ids(look(document, pool, now_s=24)) == []
    assert ids(look(document, pool, now_s=25)) == [("t1", "t2")]


def test_a_player_on_two_tickets_plays_once() -> None:
    twice = [Ticket(f"t{number}", (Player("same"),), float(number)) for number in range(2)]

    outcome = look(rules_of(DUEL), [*twice, ticket(5, 5), ticket(6, 6)])

    assert ids(outcome) == [("t0", "t5")]


def test_two_tickets_with_one_id_are_the_callers_fault() -> None:
    with pytest.raises(ValueError, match="two tickets have the same id"):
        look(rules_of(DUEL), [ticket(1), ticket(1)])


def test_a_ticket_that_can_be_in_no_match_harms_nobody() -> None:
    hopeless = [
        Ticket("empty", (), 0.0),
        Ticket("double", (Player("d"), Player("d")), 0.0),
        session(1, green=1),
    ]

    assert ids(look(rules_of(DUEL), [*hopeless, ticket(1), ticket(2)])) == [("t1", "t2")]


def test_evaluations_count_what_passed_and_what_failed() -> None:
    near = {"name": "Near", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 10}
    everyone = {
        "name": "Total",
        "type": "comparison",
        "measurements": ["sum(flatten(teams[*].players.attributes[skill]))"],
        "operation": "<=",
        "referenceValue": 100,
    }
    outcome = look(rules_of(DUEL, near, everyone), [ticket(1, skill=50), ticket(2, skill=90), ticket(3, skill=45)])

    assert outcome.matches[0].evaluations == (Evaluation("Near", 1, 0), Evaluation("Total", 1, 0))
    assert outcome.evaluations == (Evaluation("Near", 1, 1), Evaluation("Total", 1, 0))  # t2 is near nobody


def test_without_a_match_the_failures_are_still_counted() -> None:
    total = {
        "name": "Total",
        "type": "comparison",
        "measurements": ["sum(flatten(teams[*].players.attributes[skill]))"],
        "operation": ">",
        "referenceValue": 1000,
    }

    outcome = look(rules_of(DUEL, total), [ticket(1), ticket(2)])

    assert outcome.matches == ()
    assert outcome.evaluations == (Evaluation("Total", 0, 1),)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ({"type": "absoluteSort", "sortAttribute": "skill", "sortDirection": "ascending"}, "t2"),
        ({"type": "absoluteSort", "sortAttribute": "skill", "sortDirection": "descending"}, "t3"),
        ({"type": "distanceSort", "sortAttribute": "skill", "sortDirection": "ascending"}, "t4"),
        ({"type": "distanceSort", "sortAttribute": "skill", "sortDirection": "descending"}, "t2"),
        ({"type": "absoluteSort", "sortAttribute": "maps", "sortDirection": "descending", "mapKey": "maxValue"}, "t3"),
    ],
)
def test_sort_rules_choose_who_is_tried_first(sort: Mapping[str, Any], expected: str) -> None:
    pool = [
        ticket(1, 1, skill=50, maps={"hills": 9.0, "city": 1.0}),
        ticket(2, 2, skill=10, maps={"hills": 3.0, "city": 8.0}),
        ticket(3, 3, skill=70, maps={"hills": 5.0}),
        ticket(4, 4, skill=45, maps={"city": 9.0}),
    ]

    (first, *_) = ids(look(rules_of(DUEL, {"name": "Order", **sort}), pool))

    assert first == ("t1", expected)


def test_balanced_teams_are_evened_where_there_is_a_choice() -> None:
    document = rules_of(
        {"red": (2, 2), "blue": (2, 2)}, algorithm={"strategy": "balanced", "balancedAttribute": "skill"}
    )
    skills = (90, 10, 20, 80)

    (match,) = look(document, [ticket(number, number, skill=skill) for number, skill in enumerate(skills)]).matches

    strongest = match.teams["p0-0"]
    assert match.teams["p1-0"] != strongest
    assert match.teams["p2-0"] != strongest


def test_a_close_match_is_found_in_a_pool_too_large_to_search_through() -> None:
    even = {
        "name": "Even",
        "type": "distance",
        "measurements": ["teams[*].players.attributes[skill]"],
        "referenceValue": "avg(flatten(teams[*].players.attributes[skill]))",
        "maxDistance": 2,
    }
    teams = {"red": (3, 3), "blue": (3, 3)}
    # Six of ninety are near the oldest, and they are the youngest.
    pool = [ticket(0, 0, skill=500)]
    pool += [ticket(number, number, skill=number * 3) for number in range(1, 90)]
    pool += [ticket(number, number, skill=500 + number % 3) for number in range(90, 95)]

    matches = look(rules_of(teams, even), pool).matches

    assert ("t0", "t90", "t91", "t92", "t93", "t94") in [match.ticket_ids for match in matches]


def test_a_running_session_takes_new_players_and_keeps_the_seats_of_its_own() -> None:
    running = session(1, 5, red=2, blue=1)

    (match,) = look(rules_of({"red": (2, 2), "blue": (2, 2)}), [running, ticket(1, 6)]).matches

    assert match.ticket_ids == ("b1", "t1")
    assert match.teams == {"s1-red0": "red", "s1-red1": "red", "s1-blue0": "blue", "p1-0": "blue"}


def test_running_sessions_are_not_joined_with_each_other_nor_matched_alone() -> None:
    pool = [session(1, 1, red=1), session(2, 2, blue=1)]

    assert ids(look(rules_of(ARENA), pool)) == []


def test_the_newest_ticket_counts_for_a_running_session_too() -> None:
    document = rules_of(
        {"red": (3, 3), "blue": (2, 2)},
        expansions=[{"target": "teams[red].minPlayers", "steps": [{"waitTimeSeconds": 60, "value": 2}]}],
    )
    pool = [session(1, 0, red=2, blue=1), ticket(1, 100)]

    assert ids(look(document, pool, now_s=159)) == []
    assert ids(look(document, pool, now_s=160)) == [("b1", "t1")]


@pytest.mark.parametrize(
    ("priority", "expected"),
    [
        ("normal", [("t1", "t2"), ("b1", "t3")]),
        ("high", [("b1", "t1"), ("t2", "t3")]),
        ("low", [("t1", "t2"), ("b1", "t3")]),
    ],
)
def test_backfill_priority_decides_who_gets_the_oldest_new_players(
    priority: str, expected: list[tuple[str, ...]]
) -> None:
    pool = [ticket(1, 1), ticket(2, 2), session(1, 3, red=1), ticket(3, 4)]

    outcome = look(rules_of(DUEL, algorithm={"backfillPriority": priority}), pool)

    assert expected == [tuple(sorted(each)) for each in ids(outcome)]


def test_low_priority_lets_new_players_start_a_match_of_their_own_first() -> None:
    pool = [session(1, 0, red=1), ticket(1, 1), ticket(2, 2)]

    assert ids(look(rules_of(DUEL, algorithm={"backfillPriority": "low"}), pool)) == [("t1", "t2")]
    assert ids(look(rules_of(DUEL), pool)) == [("b1", "t1")]
