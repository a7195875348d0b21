"""The matcher against an independent reference that tries every set of tickets and every seating."""

from collections.abc import Sequence
from typing import Any

from flexmatch_reference import (
    NOW_S,
    Game,
    age_order,
    games,
    largest_with_the_oldest,
    pools,
    seats_of,
    sessions,
    slowly,
)
from hypothesis import given
from hypothesis import strategies as st

from muster_flexmatch import Match, Matchmaker, RuleSet, Ticket, find_matches, parse_rule_set
from muster_flexmatch.look import Limits

IN_LINES = Limits(whole=0)
"""Treats every pool like a large one: lines, blocks and neighbours."""


def look(game: Game, pool: Sequence[Ticket], seed: int = 0) -> tuple[RuleSet, tuple[Match, ...]]:
    rules = parse_rule_set(game.body())
    return rules, find_matches(rules, pool, now_s=NOW_S, seed=seed).matches


@slowly(40)
@given(game=games(), pool=pools(most=9), seed=st.integers(0, 3))
def test_whatever_is_formed_satisfies_every_rule(game: Game, pool: list[Ticket], seed: int) -> None:
    _, matches = look(game, pool, seed)

    for match in matches:
        assert game.allows(seats_of(game, match, pool))


@slowly(40)
@given(game=games(), pool=pools(most=5))
def test_a_match_with_the_oldest_ticket_is_found_when_there_is_one_and_it_is_the_largest(
    game: Game, pool: list[Ticket]
) -> None:
    expected = largest_with_the_oldest(game, pool)
    oldest = min(pool, key=age_order).ticket_id

    _, matches = look(game, pool)

    sizes = [len(match.teams) for match in matches if oldest in match.ticket_ids]
    assert ([expected] if expected else []) == sizes


@slowly(15)
@given(game=games(), pool=pools(most=6).filter(lambda pool: len(pool) == 6))
def test_in_a_pool_of_six_a_match_with_the_oldest_ticket_is_found_when_there_is_one(
    game: Game, pool: list[Ticket]
) -> None:
    expected = largest_with_the_oldest(game, pool)
    oldest = min(pool, key=age_order).ticket_id

    _, matches = look(game, pool)

    assert bool(expected) == any(oldest in match.ticket_ids for match in matches)


@slowly(40)
@given(game=games(), pool=pools(most=9), seed=st.integers(0, 3), shuffled=st.randoms(use_true_random=False))
def test_the_same_pool_time_and_seed_give_the_same_matches_in_whatever_order_the_tickets_come(
    game: Game, pool: list[Ticket], seed: int, shuffled: Any
) -> None:
    other = list(pool)
    shuffled.shuffle(other)

    assert look(game, pool, seed)[1] == look(game, other, seed)[1]


@slowly(40)
@given(game=games(), pool=pools(most=9))
def test_no_ticket_and_no_player_is_in_two_matches(game: Game, pool: list[Ticket]) -> None:
    _, matches = look(game, pool)

    tickets = [ticket_id for match in matches for ticket_id in match.ticket_ids]
    seated = [player_id for match in matches for player_id in match.teams]
    assert len(tickets) == len(set(tickets))
    assert len(seated) == len(set(seated))
    expected = {player.player_id for ticket in pool if ticket.ticket_id in tickets for player in ticket.players}
    assert expected == set(seated)


def look_in_lines(game: Game, pool: Sequence[Ticket], seed: int = 0) -> tuple[Match, ...]:
    matchmaker = Matchmaker(parse_rule_set(game.body()), limits=IN_LINES)
    for ticket in pool:
        matchmaker.add(ticket)
    return matchmaker.tick(NOW_S, seed).matches


@slowly(60)
@given(game=games(), pool=pools(most=12), seed=st.integers(0, 3))
def test_whatever_is_formed_from_lines_satisfies_every_rule_and_nobody_plays_twice(
    game: Game, pool: list[Ticket], seed: int
) -> None:
    matches = look_in_lines(game, pool, seed)

    for match in matches:
        assert game.allows(seats_of(game, match, pool))
    seated = [ticket_id for match in matches for ticket_id in match.ticket_ids]
    assert len(seated) == len(set(seated))


@slowly(60)
@given(game=games(), pool=pools(most=5))
def test_in_lines_a_match_with_the_oldest_ticket_is_found_when_there_is_one(game: Game, pool: list[Ticket]) -> None:
    expected = largest_with_the_oldest(game, pool)
    oldest = min(pool, key=age_order).ticket_id

    matches = look_in_lines(game, pool)

    assert bool(expected) == any(oldest in match.ticket_ids for match in matches)


@slowly(40)
@given(game=games(), pool=pools(most=12), seed=st.integers(0, 3), shuffled=st.randoms(use_true_random=False))
def test_in_lines_the_order_in_which_tickets_come_does_not_matter(
    game: Game, pool: list[Ticket], seed: int, shuffled: Any
) -> None:
    other = list(pool)
    shuffled.shuffle(other)

    assert look_in_lines(game, pool, seed) == look_in_lines(game, other, seed)


@slowly(60)
@given(game=games(), new=pools(most=6), running=sessions(), whole=st.sampled_from([0, 100]))
def test_running_sessions_keep_their_seats_and_whatever_is_formed_satisfies_every_rule(
    game: Game, new: list[Ticket], running: list[Ticket], whole: int
) -> None:
    pool = [*new, *running]
    matchmaker = Matchmaker(parse_rule_set(game.body()), limits=Limits(whole=whole))
    for ticket in pool:
        matchmaker.add(ticket)

    for match in matchmaker.tick(NOW_S, 0).matches:
        assert game.allows(seats_of(game, match, pool))


@slowly(60)
@given(game=games(), new=pools(most=3), running=sessions())
def test_a_match_with_the_oldest_is_found_among_running_sessions_too(
    game: Game, new: list[Ticket], running: list[Ticket]
) -> None:
    pool = [*new, *running]
    expected = largest_with_the_oldest(game, pool)
    oldest = min(pool, key=age_order).ticket_id

    _, matches = look(game, pool)

    assert ([expected] if expected else []) == [len(each.teams) for each in matches if oldest in each.ticket_ids]


@slowly(40)
@given(
    game=games(),
    pool=pools(most=10),
    whole=st.sampled_from([0, 100]),
    seeds=st.lists(st.integers(0, 1), min_size=6, max_size=6),
)
def test_a_pool_that_lives_on_gives_the_matches_that_a_fresh_one_gives(
    game: Game, pool: list[Ticket], whole: int, seeds: list[int]
) -> None:
    rules, limits = parse_rule_set(game.body()), Limits(whole=whole)
    lived, coming = Matchmaker(rules, limits=limits), list(pool)

    for place, seed in enumerate(seeds):
        for ticket in coming[:2] if place else coming[: len(coming) // 2]:
            coming.remove(ticket)
            lived.add(ticket)
        fresh = Matchmaker(rules, limits=limits)
        for ticket in lived:
            fresh.add(ticket)
        now_s = NOW_S + 7.0 * place

        outcome = lived.tick(now_s, seed)

        assert fresh.tick(now_s, seed) == outcome
        if place % 2:
            for match in outcome.matches:
                lived.remove_all(match.ticket_ids)
