"""Matches of 41 to 200 players: who plays, on which team, and in which region."""

import json
import statistics
from collections import Counter
from typing import Any

import pytest

from muster_flexmatch import Match, Matchmaker, Outcome, Player, Ticket, parse_rule_set

FAST = {"name": "Fast", "type": "latency", "maxLatency": 100}
MODE = {"name": "Mode", "type": "batchDistance", "batchAttribute": "mode"}
NEAR = {"name": "Near", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 100}


def rules(
    teams: dict[str, tuple[int, ...]], *listed: dict[str, Any], batching: str = "largestPopulation", **more: Any
) -> Any:
    keys = ("minPlayers", "maxPlayers", "quantity")
    return parse_rule_set(
        json.dumps(
            {
                "ruleLanguageVersion": "1.0",
                "playerAttributes": [
                    {"name": "skill", "type": "number", "default": 50},
                    {"name": "mode", "type": "string", "default": "a"},
                ],
                "algorithm": {
                    "strategy": "balanced",
                    "balancedAttribute": "skill",
                    "batchingPreference": batching,
                },
                "teams": [{"name": name, **dict(zip(keys, each, strict=False))} for name, each in teams.items()],
                "rules": list(listed),
                **more,
            }
        )
    )


def ticket(
    number: int, *, size: int = 1, at_s: float = 0.0, ms: dict[str, int] | None = None, **attributes: Any
) -> Ticket:
    players = tuple(Player(f"p{number}-{place}", attributes, ms or {"east": 20}) for place in range(size))
    return Ticket(f"t{number}", players, at_s)


def look(rule_set: Any, *tickets: Ticket, now_s: float = 10.0, empty: int = 0) -> Outcome:
    matchmaker = Matchmaker(rule_set, additional_players=empty)
    for each in tickets:
        matchmaker.add(each)
    return matchmaker.tick(now_s, 1)


def sizes(match: Match) -> dict[str, int]:
    return dict(Counter(match.teams.values()))


THREE = {"red": (5, 10), "blue": (5, 10), "monsters": (2, 3)}
ROYALE = {"all": (30, 50)}


def test_teams_fill_below_their_minimum_first_and_then_where_most_seats_are_open() -> None:
    teams = {"red": (15, 30), "blue": (15, 30), "monsters": (2, 3)}

    assert look(rules(teams), *(ticket(number) for number in range(31))).matches == ()
    (least,) = look(rules(teams), *(ticket(number) for number in range(32))).matches
    (some,) = look(rules(teams), *(ticket(number) for number in range(42))).matches
    (full,) = look(rules(teams), *(ticket(number) for number in range(63))).matches

    assert sizes(least) == {"red": 15, "blue": 15, "monsters": 2}
    assert sizes(some) == {"red": 20, "blue": 20, "monsters": 2}
    assert sizes(full) == {"red": 30, "blue": 30, "monsters": 3}


def test_many_small_teams_of_parties_come_together() -> None:
    pool = [ticket(number, size=1 + number % 3) for number in range(60)]

    matches = look(rules({"trio": (3, 3, 20)}), *pool).matches

    assert len(matches) == 2
    assert all(count == 3 for match in matches for count in sizes(match).values())


@pytest.mark.row("1.8.balanced.even")
def test_teams_are_even_in_the_balanced_attribute() -> None:
    pool = [ticket(number, skill=float(number * number)) for number in range(60)]

    (match,) = look(rules({"red": (30, 30), "blue": (30, 30)}), *pool).matches

    skills = {f"p{number}-0": float(number * number) for number in range(60)}
    means = [
        statistics.fmean(skills[player] for player, team in match.teams.items() if team == name)
        for name in ("red", "blue")
    ]
    assert abs(means[0] - means[1]) < 20


def test_teams_of_parties_are_even_also_where_parties_leave_little_choice() -> None:
    parties = [10] * 6 + [5] * 4 + [2] * 10
    pool = [ticket(number, size=size, skill=float(number * 37 % 100)) for number, size in enumerate(parties)]
    matchmaker = Matchmaker(rules({"alliance": (30, 34, 3)}))
    for each in pool:
        matchmaker.add(each)
    skills = {player.player_id: player.attributes["skill"] for each in pool for player in each.players}

    for seed in range(6):
        (match,) = matchmaker.tick(10.0, seed).matches
        assert len(match.teams) == 100
        assert all(30 <= size <= 34 for size in sizes(match).values())
        assert all(len({match.teams[player.player_id] for player in each.players}) == 1 for each in pool)
        means = [
            statistics.fmean(skills[player] for player, team in match.teams.items() if team == name)
            for name in sizes(match)
        ]
        assert max(means) - min(means) < 4, (seed, means)


@pytest.mark.row("1.8.largestPopulation", "2.1.balanced")
def test_everyone_shares_a_region_and_the_largest_is_served_first() -> None:
    west = [ticket(number, ms={"west": 20, "east": 300}) for number in range(40)]
    both = [ticket(number, at_s=1.0, ms={"west": 60, "east": 20}) for number in range(40, 60)]
    east = [ticket(number, ms={"east": 20}) for number in range(60, 80)]

    (largest, *_) = look(rules(ROYALE, FAST), *west, *both, *east).matches

    assert len(largest.teams) == 50
    assert not {each.ticket_id for each in east} & set(largest.ticket_ids)


@pytest.mark.row("1.8.fastestRegion", "2.1.balanced")
def test_with_fastest_region_everyone_stays_in_the_region_that_is_fastest_for_them() -> None:
    west = [ticket(number, ms={"west": 20, "east": 300}) for number in range(40)]
    both = [ticket(number, at_s=1.0, ms={"west": 60, "east": 20}) for number in range(40, 60)]
    east = [ticket(number, ms={"east": 20}) for number in range(60, 80)]

    found = look(rules(ROYALE, FAST, batching="fastestRegion"), *west, *both, *east).matches

    assert sorted(len(match.teams) for match in found) == [40, 40]
    for match in found:
        assert len({int(name[1:]) < 40 for name in match.ticket_ids}) == 1


@pytest.mark.row("1.5.batchDistance.large")
def test_batches_have_one_mode_and_near_skills() -> None:
    pool = [
        ticket(number, mode="ab"[number % 2], skill=1_000.0 * (number % 4 >= 2) + number / 10) for number in range(240)
    ]

    found = look(rules(ROYALE, MODE, NEAR), *pool).matches

    by_id = {each.ticket_id: each.players[0].attributes for each in pool}
    assert len(found) == 4
    for match in found:
        assert len({by_id[name]["mode"] for name in match.ticket_ids}) == 1
        skills = [by_id[name]["skill"] for name in match.ticket_ids]
        assert max(skills) - min(skills) <= 100


@pytest.mark.row("1.8.backfill.first")
def test_running_sessions_are_filled_before_new_matches_begin() -> None:
    seated = tuple(Player(f"s{place}", {}, {}, "all") for place in range(45))
    running = Ticket("b1", seated, 5.0)

    first, *_ = look(rules(ROYALE, FAST), *(ticket(number) for number in range(60)), running).matches

    assert "b1" in first.ticket_ids
    assert len(first.teams) == 50


def test_sizes_and_limits_relax_by_the_age_of_the_newest_ticket() -> None:
    relaxing = [
        {"target": "teams[all].minPlayers", "steps": [{"waitTimeSeconds": 20, "value": 10}]},
        {"target": "rules[Fast].maxLatency", "steps": [{"waitTimeSeconds": 30, "value": 200}]},
    ]
    relaxed = rules(ROYALE, FAST, expansions=relaxing)
    near = [ticket(number) for number in range(12)]
    far = [ticket(number, ms={"east": 150}) for number in range(20, 25)]

    assert look(relaxed, *near, *far, now_s=19).matches == ()
    assert [len(match.teams) for match in look(relaxed, *near, *far, now_s=20).matches] == [12]
    assert [len(match.teams) for match in look(relaxed, *near, *far, now_s=30).matches] == [17]


def test_seats_for_additional_players_stay_empty_in_large_matches_too() -> None:
    (match, _) = look(rules(ROYALE), *(ticket(number) for number in range(80)), empty=5).matches

    assert len(match.teams) == 45


def test_the_same_pool_and_seed_give_the_same_large_matches() -> None:
    pool = [ticket(number, size=1 + number % 4, skill=float(number % 37)) for number in range(150)]

    assert look(rules(ROYALE, NEAR), *pool) == look(rules(ROYALE, NEAR), *reversed(pool))
