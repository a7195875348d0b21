from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster_players.arena.game import KICK_OFF_PAUSE, KICK_REST, Game, kick_off, step
from muster_players.arena.house import house_intents
from muster_players.arena.pitch import (
    GOAL_M,
    LEFT,
    LENGTH_M,
    RIGHT,
    SIDE_SIZE,
    WIDTH_M,
    Ball,
    Footballer,
    Goal,
    Intent,
    home_of,
)


def played(seed: int, ticks: int) -> Game:
    game = kick_off(seed)
    for _ in range(ticks):
        game = step(game, house_intents(game, seated=()))
    return game


def with_ball(x: float, y: float, vx: float = 0.0, vy: float = 0.0, **changes: object) -> Game:
    """A game in which everybody stands far from the ball, which moves."""
    corner = tuple(replace(each, position=(LENGTH_M / 2, WIDTH_M)) for each in kick_off(1).footballers)
    return replace(kick_off(1), ball=Ball((x, y), (vx, vy)), footballers=corner, **changes)  # type: ignore[arg-type]


def test_the_same_seed_gives_the_same_match() -> None:
    assert played(7, 200) == played(7, 200)


def test_different_seeds_give_different_matches() -> None:
    assert played(7, 200).ball != played(8, 200).ball


def test_a_match_led_by_the_house_sees_goals_on_both_sides() -> None:
    sides: set[int] = set()
    for seed in range(6):
        sides |= {goal.side for goal in played(seed, 1200).goals}
        if len(sides) == 2:
            return

    pytest.fail(f"goals on side {sides} alone")


def test_a_ball_over_the_right_line_between_the_posts_counts_for_left() -> None:
    game = step(with_ball(LENGTH_M - 0.1, WIDTH_M / 2, vx=20.0, last_touch=4), {})

    assert (1, 0) == game.score
    assert (Goal(tick=1, side=LEFT, scorer=4),) == game.goals
    assert 1 == game.goals_of(4)


def test_a_ball_over_the_left_line_counts_for_right() -> None:
    assert (0, 1) == step(with_ball(0.1, WIDTH_M / 2, vx=-20.0, last_touch=7), {}).score


def test_an_own_goal_counts_for_the_other_side_and_for_nobody() -> None:
    game = step(with_ball(0.1, WIDTH_M / 2, vx=-20.0, last_touch=2), {})

    assert (Goal(tick=1, side=RIGHT, scorer=None),) == game.goals
    assert 0 == game.goals_of(2)


def test_a_ball_beside_the_post_bounces_off_the_wall() -> None:
    game = step(with_ball(LENGTH_M - 0.1, WIDTH_M / 2 + GOAL_M, vx=20.0), {})

    assert (0, 0) == game.score
    assert LENGTH_M == game.ball.position[0]
    assert game.ball.velocity[0] < 0


def test_a_fast_ball_is_judged_where_it_crosses_the_line() -> None:
    """It ends up behind the mouth, but crossed the line outside of it."""
    outside = WIDTH_M / 2 + GOAL_M / 2 + 0.3

    assert (0, 0) == step(with_ball(LENGTH_M - 0.05, outside, vx=24.0, vy=-24.0), {}).score


def test_after_a_goal_everybody_stands_in_formation_and_pauses() -> None:
    game = step(with_ball(LENGTH_M - 0.1, WIDTH_M / 2, vx=20.0), {})

    paused = step(game, {4: Intent(run=(1.0, 0.0))})

    assert (LENGTH_M / 2, WIDTH_M / 2) == paused.ball.position
    assert home_of(LEFT, 4) == paused.footballers[4].position
    assert KICK_OFF_PAUSE - 1 == paused.paused


def test_a_kick_needs_the_ball_in_reach() -> None:
    game = kick_off(1)

    assert game.ball == step(game, {0: Intent(kick=(1.0, 0.0))}).ball


def test_a_kick_sends_the_ball_and_tires_the_footballer() -> None:
    near = replace(with_ball(10.0, 8.0), footballers=(Footballer(LEFT, 0, (10.2, 8.0)), *kick_off(1).footballers[1:]))

    game = step(near, {0: Intent(kick=(1.0, 0.0))})

    assert game.ball.velocity[0] > 20
    assert KICK_REST == game.footballers[0].resting
    assert 0 == game.last_touch


def test_a_direction_longer_than_one_is_no_faster() -> None:
    game = kick_off(1)

    fast = step(game, {3: Intent(run=(1000.0, 0.0))})

    assert step(game, {3: Intent(run=(1.0, 0.0))}).footballers[3] == fast.footballers[3]


def test_the_formations_mirror_each_other() -> None:
    for number in range(SIDE_SIZE):
        (lx, ly), (rx, ry) = home_of(LEFT, number), home_of(RIGHT, number)
        assert (round(LENGTH_M - lx, 9), round(WIDTH_M - ly, 9)) == (round(rx, 9), round(ry, 9))


directions = st.tuples(st.floats(-2, 2), st.floats(-2, 2))
intents = st.dictionaries(st.integers(0, 9), st.builds(Intent, run=directions, kick=st.none() | directions))


@given(st.integers(), st.lists(intents, min_size=1, max_size=30))
def test_whatever_people_do_everything_stays_on_the_pitch(seed: int, wishes: list[dict[int, Intent]]) -> None:
    game = kick_off(seed)
    for wish in wishes:
        game = step(game, {**house_intents(game, seated=wish.keys()), **wish})

        for x, y in (game.ball.position, *(each.position for each in game.footballers)):
            assert 0.0 <= x <= LENGTH_M
            assert 0.0 <= y <= WIDTH_M
        assert sum(game.score) == len(game.goals)
