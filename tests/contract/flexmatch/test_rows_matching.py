"""Rows of docs/rows.md about how a pool is matched."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from muster_flexmatch import Match, Matchmaker, Player, RuleSet, Ticket, find_matches, parse_rule_set

row = pytest.mark.row


def relax(target: str, *steps: tuple[float, object]) -> dict[str, Any]:
    return {"target": target, "steps": [{"waitTimeSeconds": at, "value": value} for at, value in steps]}


def rule_set(*rules: Mapping[str, Any], teams: Mapping[str, tuple[int, int]], **more: Any) -> RuleSet:
    document = {
        "ruleLanguageVersion": "1.0",
        "playerAttributes": [{"name": "skill", "type": "number", "default": 50}],
        "teams": [{"name": name, "minPlayers": low, "maxPlayers": high} for name, (low, high) in teams.items()],
        "rules": list(rules),
        **more,
    }
    return parse_rule_set(json.dumps(document))


def ticket(name: str, at_s: float = 0.0, *, size: int = 1, **attributes: float) -> Ticket:
    return Ticket(name, tuple(Player(f"{name}-{place}", attributes) for place in range(size)), at_s)


def session(name: str, at_s: float = 0.0, **seats: int) -> Ticket:
    players = [Player(f"{name}-{team}{n}", {}, {}, team) for team, count in seats.items() for n in range(count)]
    return Ticket(name, tuple(players), at_s)


def look(rules: RuleSet, pool: Sequence[Ticket], now_s: float = 100.0, seed: int = 1) -> list[Match]:
    return list(find_matches(rules, pool, now_s=now_s, seed=seed).matches)


def ids(matches: Sequence[Match]) -> list[tuple[str, ...]]:
    return [match.ticket_ids for match in matches]


DUEL = {"red": (1, 1), "blue": (1, 1)}
PAIRS = {"red": (2, 2), "blue": (2, 2)}
ARENA = {"red": (1, 3), "blue": (1, 3)}
EVEN = {
    "name": "Even", "type": "comparison", "measurements": ["count(teams[red].players)"], "operation": "=",
    "referenceValue": "count(teams[blue].players)",
}  # fmt: skip
SPREAD = {"name": "Spread", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 10}


@row("1.4.fill")
@row("2.1.full")
def test_teams_are_filled_to_the_maximum() -> None:
    (match,) = look(rule_set(teams=ARENA), [ticket(f"t{n}", n) for n in range(6)])

    assert 6 == len(match.teams)


@row("1.4.minimum")
@row("2.1.minimum")
def test_a_match_is_made_with_fewer_but_not_below_the_minimum() -> None:
    rules = rule_set(teams=ARENA)

    assert [("a", "b", "c")] == ids(look(rules, [ticket("a", 1), ticket("b", 2), ticket("c", 3)]))
    assert [] == look(rules, [ticket("a")])


@row("1.4.zero.stays.empty")
def test_a_team_relaxed_to_nobody_may_stay_empty() -> None:
    rules = rule_set(teams=DUEL, expansions=[relax("teams[blue].minPlayers", (30, 0))])

    assert [] == look(rules, [ticket("a", 0)], now_s=29)
    assert {"a-0": "red"} == look(rules, [ticket("a", 0)], now_s=30)[0].teams


@pytest.mark.parametrize(("age", "times"), [("newest", [45.0, 55.0]), ("oldest", [40.0])])
@row("1.6.age")
@row("2.1.example.newest")
def test_two_players_are_matched_apart_with_newest_and_together_with_oldest(age: str, times: list[float]) -> None:
    rules = rule_set(
        teams={"all": (4, 4)},
        algorithm={"expansionAgeSelection": age},
        expansions=[relax("teams[all].minPlayers", (30, 3), (40, 2), (45, 1))],
    )
    pool = Matchmaker(rules)
    pool.add(ticket("p1", 0))
    pool.add(ticket("p2", 10))
    matched: list[float] = []
    for now_s in range(10, 60):
        for match in pool.tick(now_s, 1).matches:
            matched.append(float(now_s))
            pool.remove_all(match.ticket_ids)

    assert times == matched


@row("1.6.per.candidate")
def test_a_fresh_ticket_undoes_an_expansion_for_the_candidate_it_is_in() -> None:
    rules = rule_set(SPREAD, teams=DUEL, expansions=[relax("rules[Spread].maxDistance", (30, 100))])
    old, other, fresh = ticket("a", 0, skill=0), ticket("b", 1, skill=60), ticket("c", 99, skill=60)

    assert [] == look(rules, [old, fresh])
    assert [("a", "b")] == ids(look(rules, [old, other, fresh]))


@row("2.1.anchor")
def test_the_oldest_ticket_is_the_anchor() -> None:
    pool = [ticket("c", 3), ticket("a", 1), ticket("b", 2)]

    assert [("a", "b")] == ids(look(rule_set(teams=DUEL), pool))


@row("2.1.next.anchor")
def test_an_anchor_without_a_match_stays_and_the_next_is_tried() -> None:
    pool = [ticket("odd", 0, skill=900), ticket("a", 1), ticket("b", 2)]

    assert [("a", "b")] == ids(look(rule_set(SPREAD, teams=DUEL), pool))


@row("2.1.skipped")
def test_a_ticket_that_does_not_fit_is_passed_over_and_the_next_is_tried() -> None:
    pool = [ticket("a", 0), ticket("odd", 1, skill=900), ticket("b", 2)]

    assert [("a", "b")] == ids(look(rule_set(SPREAD, teams=DUEL), pool))


@row("2.1.sorted")
def test_sorted_batches_bring_similar_tickets_together() -> None:
    rules = rule_set(teams=DUEL, algorithm={"batchingPreference": "sorted", "sortByAttributes": ["skill"]})

    pool = [ticket(f"t{n}", n, skill=float(n * 7919 % 1000)) for n in range(300)]
    matches = look(rules, pool)
    skills = {each.ticket_id: each.players[0].attributes["skill"] for each in pool}
    gaps = [abs(skills[a] - skills[b]) for a, b in ids(matches)]  # type: ignore[operator]

    assert 150 == len(matches)
    assert sum(gaps) / len(gaps) < 333  # strangers at random lie a third of the range apart


@row("2.1.lone.player")
def test_with_a_minimum_of_one_a_lone_ticket_is_matched_at_once() -> None:
    rules = rule_set(teams={"all": (1, 4)}, algorithm={"backfillPriority": "high"})

    assert [("a",)] == ids(look(rules, [ticket("a")]))


@row("2.1.backfill.minimum")
def test_a_newcomer_waits_for_the_minimum_to_relax_before_joining_a_running_session() -> None:
    teams = {"red": (3, 3), "blue": (3, 3)}
    rules = rule_set(teams=teams, expansions=[relax("teams[red,blue].minPlayers", (60, 2))])
    pool = [session("s", 0, red=2, blue=2), ticket("a", 100)]

    assert [] == look(rules, pool, now_s=159)
    assert [("s", "a")] == ids(look(rules, pool, now_s=160))


@row("2.2.party.kept")
def test_a_party_is_never_split() -> None:
    (match,) = look(rule_set(teams=PAIRS), [ticket("a", size=2), ticket("b"), ticket("c")])

    assert 1 == len({team for player, team in match.teams.items() if player.startswith("a-")})


@row("2.2.party.too.large")
def test_a_party_larger_than_every_team_never_matches_and_stops_nobody() -> None:
    pool = [ticket("wide", 0, size=3), ticket("a", 1, size=2), ticket("b", 2, size=2)]

    assert [("a", "b")] == ids(look(rule_set(teams=PAIRS), pool))


@row("2.2.one.team")
def test_every_player_of_a_match_has_exactly_one_team() -> None:
    (match,) = look(rule_set(teams=PAIRS), [ticket(f"t{n}") for n in range(4)])

    assert sorted(match.teams.values()) == ["blue", "blue", "red", "red"]


@row("2.2.one.backfill")
def test_two_running_sessions_never_share_a_match() -> None:
    assert [] == look(rule_set(teams=DUEL), [session("s1", red=1), session("s2", blue=1)])


@row("2.2.backfill.seats")
def test_seated_players_stay_on_their_teams() -> None:
    for seed in range(5):
        (match,) = look(rule_set(teams=DUEL), [session("s", blue=1), ticket("a")], seed=seed)
        assert {"s-blue0": "blue", "a-0": "red"} == match.teams


@row("2.2.backfill.someone.new")
def test_a_running_session_is_not_matched_with_nobody() -> None:
    assert [] == look(rule_set(teams=ARENA), [session("s", red=1, blue=1)])


@row("2.2.no.player.twice")
def test_no_player_plays_twice() -> None:
    twin = Ticket("twin", (Player("a-0"),), 1.0)

    assert [] == look(rule_set(teams=DUEL), [ticket("a"), twin])
    assert [("a", "b")] == ids(look(rule_set(teams=DUEL), [ticket("a"), twin, ticket("b", 2)]))


@row("2.2.complete")
def test_rules_with_lower_bounds_do_not_block_a_match_under_construction() -> None:
    medics = {
        "name": "Medics", "type": "comparison", "measurements": ["sum(teams[*].players.attributes[skill])"],
        "operation": ">=", "referenceValue": 100,
    }  # fmt: skip

    assert 4 == len(look(rule_set(EVEN, medics, teams=PAIRS), [ticket(f"t{n}", n) for n in range(4)])[0].teams)


@row("2.2.exhaustive")
def test_a_match_that_the_greedy_way_misses_is_found() -> None:
    pool = [ticket("a", 0, skill=50), ticket("b", 1, skill=58), ticket("c", 2, skill=42), ticket("d", 3, skill=44)]

    assert [("a", "c")] == ids(look(rule_set({**SPREAD, "maxDistance": 8}, EVEN, teams=DUEL), [pool[0], pool[2]]))
    three = rule_set(SPREAD, teams={"all": (3, 3)})
    assert [("a", "c", "d")] == ids(look(three, pool))


@row("2.2.largest")
def test_the_largest_match_comes_first() -> None:
    (match,) = look(rule_set(EVEN, teams=ARENA), [ticket("a", 0, size=2), ticket("b", 1), ticket("c", 2, size=2)])

    assert ("a", "c") == match.ticket_ids


@row("2.2.seed")
def test_the_seed_decides_between_equal_teams_and_repeats() -> None:
    pool = [ticket("a", 0), ticket("b", 1)]
    teams = [look(rule_set(teams=DUEL), pool, seed=seed)[0].teams["a-0"] for seed in range(20)]

    assert {"red", "blue"} == set(teams)
    assert teams == [look(rule_set(teams=DUEL), pool, seed=seed)[0].teams["a-0"] for seed in range(20)]


@row("2.2.additional.players")
def test_seats_for_additional_players_stay_empty() -> None:
    pool = Matchmaker(rule_set(teams=ARENA), additional_players=2)
    for number in range(6):
        pool.add(ticket(f"t{number}", number))

    assert 4 == len(pool.tick(10, 1).matches[0].teams)


@pytest.mark.parametrize(("priority", "expected"), [("high", ("s", "a")), ("normal", ("a", "b")), ("low", ("a", "b"))])
@row("2.3.priority")
def test_the_priority_says_when_running_sessions_come(priority: str, expected: tuple[str, ...]) -> None:
    rules = rule_set(teams=DUEL, algorithm={"backfillPriority": priority})
    pool = [ticket("a", 0), ticket("b", 1), session("s", 5, blue=1)]

    assert set(expected) == set(look(rules, pool)[0].ticket_ids)


@row("2.3.manual.latency")
def test_a_running_session_without_latencies_fits_where_its_newcomers_do() -> None:
    rules = rule_set({"name": "Fast", "type": "latency", "maxLatency": 50}, teams=DUEL)
    newcomer = Ticket("a", (Player("a", {}, {"eu": 20}),), 0.0)

    assert 1 == len(look(rules, [session("s", blue=1), newcomer]))


@row("1.8.fill")
def test_large_teams_fill_below_their_minimum_first_and_then_where_most_seats_are_open() -> None:
    document = {
        "ruleLanguageVersion": "1.0",
        "playerAttributes": [{"name": "skill", "type": "number", "default": 50}],
        "algorithm": {"strategy": "balanced", "balancedAttribute": "skill"},
        "teams": [
            {"name": "large", "minPlayers": 20, "maxPlayers": 40, "quantity": 2},
            {"name": "small", "minPlayers": 2, "maxPlayers": 3},
        ],
    }
    rules = parse_rule_set(json.dumps(document))

    (least,) = look(rules, [ticket(f"t{n}", n) for n in range(42)])
    (full,) = look(rules, [ticket(f"t{n}", n) for n in range(83)])

    def sizes(match: Match) -> list[int]:
        teams = list(match.teams.values())
        return [teams.count(name) for name in ("large_1", "large_2", "small")]

    assert [20, 20, 2] == sizes(least)
    assert [40, 40, 3] == sizes(full)


def large(*teams: Mapping[str, Any]) -> RuleSet:
    document = {
        "ruleLanguageVersion": "1.0",
        "playerAttributes": [{"name": "skill", "type": "number", "default": 50}],
        "algorithm": {"strategy": "balanced", "balancedAttribute": "skill"},
        "teams": list(teams),
    }
    return parse_rule_set(json.dumps(document))


def sizes_of(match: Match) -> dict[str, int]:
    teams = list(match.teams.values())
    return {name: teams.count(name) for name in sorted(set(teams))}


@row("1.8.fill.walk")
def test_twenty_three_players_fill_two_teams_of_ten_and_one_of_three() -> None:
    rules = large(
        {"name": "blue", "minPlayers": 5, "maxPlayers": 10},
        {"name": "green", "minPlayers": 2, "maxPlayers": 3},
        {"name": "red", "minPlayers": 5, "maxPlayers": 10},
        {"name": "crowd", "minPlayers": 0, "maxPlayers": 40},
    )
    balanced = {"strategy": "balanced", "balancedAttribute": "skill"}
    alone = rule_set(teams={"blue": (5, 10), "red": (5, 10), "green": (2, 3)}, algorithm=balanced)

    (match,) = look(alone, [ticket(f"t{n}", n) for n in range(23)])
    assert {"blue": 10, "green": 3, "red": 10} == sizes_of(match)
    (match,) = look(rules, [ticket(f"t{n}", n) for n in range(63)])
    assert {"blue": 10, "green": 3, "red": 10, "crowd": 40} == sizes_of(match)


@row("1.8.hunters")
def test_ten_teams_of_hunters_meet_a_team_of_monsters() -> None:
    rules = large(
        {"name": "hunters", "minPlayers": 12, "maxPlayers": 15, "quantity": 10},
        {"name": "monsters", "minPlayers": 5, "maxPlayers": 5},
    )

    (least,) = look(rules, [ticket(f"t{n}", n) for n in range(125)])
    (full,) = look(rules, [ticket(f"t{n}", n) for n in range(155)])

    assert {"monsters": 5, **{f"hunters_{n}": 12 for n in range(1, 11)}} == sizes_of(least)
    assert {"monsters": 5, **{f"hunters_{n}": 15 for n in range(1, 11)}} == sizes_of(full)


@row("1.8.backfill.first")
def test_large_matches_prefer_running_sessions() -> None:
    document = {
        "ruleLanguageVersion": "1.0",
        "playerAttributes": [{"name": "skill", "type": "number", "default": 50}],
        "algorithm": {"strategy": "balanced", "balancedAttribute": "skill"},
        "teams": [{"name": "all", "minPlayers": 41, "maxPlayers": 50}],
    }
    pool = [session("s", 50, all=45), *(ticket(f"t{n}", n) for n in range(42))]

    assert "s" in look(parse_rule_set(json.dumps(document)), pool)[0].ticket_ids


@row("2.7.rule.counts")
def test_evaluations_are_counted_for_each_rule() -> None:
    outcome = find_matches(rule_set(SPREAD, EVEN, teams=DUEL), [ticket("a"), ticket("b", 1)], now_s=2, seed=1)

    assert ["Spread", "Even"] == [each.rule_name for each in outcome.evaluations]
    assert all(each.passed >= 1 for each in outcome.matches[0].evaluations)
