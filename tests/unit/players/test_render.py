import re
from dataclasses import replace

from muster_players.arena import frames
from muster_players.arena.fixture import fixture_of
from muster_players.arena.game import kick_off
from muster_players.arena.pitch import LENGTH_M, WIDTH_M, Ball, Goal
from muster_players.arena.render import COLUMNS, ROWS, View, draw, seen


def watched(*told: dict[str, object]) -> View:
    view = View()
    for frame in told:
        view = seen(view, frame)
    return view


STATE = frames.state(kick_off(1), left_s=2.5, seated=(4, 9))


def test_the_pitch_shows_ten_footballers_and_the_ball() -> None:
    picture = draw(watched(STATE), colour=False)

    assert 1 == picture.count("●")
    assert 4 == picture.count("o")
    assert 4 == picture.count("x")
    assert 1 == picture.count("E")
    assert 1 == picture.count("Z")
    assert "red 0 : 0 blue" in picture


def test_every_line_of_the_pitch_is_equally_wide_also_with_the_ball_in_a_corner() -> None:
    for corner in ((0.0, 0.0), (LENGTH_M, WIDTH_M)):
        game = replace(kick_off(1), ball=Ball(corner))
        lines = draw(watched(frames.state(game, left_s=1, seated=())), colour=False).split("\n")

        assert {COLUMNS + 2} == {len(line) for line in lines[1 : ROWS + 3]}


def test_colour_changes_nothing_but_colour() -> None:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", draw(watched(STATE)))

    assert draw(watched(STATE), colour=False) == plain


def test_a_goal_is_called_out_for_a_moment() -> None:
    game = replace(kick_off(1), tick=100, goals=(Goal(100, 1, None),))
    view = watched(STATE, frames.goal(game.goals[0], game), frames.state(game, left_s=1, seated=()))
    later = seen(view, frames.state(replace(game, tick=130), left_s=1, seated=()))

    assert "GOAL for blue!" in draw(view, colour=False)
    assert "GOAL" not in draw(later, colour=False)


def test_the_end_shows_the_score() -> None:
    view = watched(STATE, frames.end(fixture_of("arn", ""), kick_off(1), reason="full_time", goals=None))

    assert draw(view, colour=False).endswith("full time: red 0, blue 0")


def test_before_the_first_state_there_is_a_picture_too() -> None:
    assert "1 of 2 players are here" in draw(watched(frames.waiting(present=1, expected=2)), colour=False)


def test_frames_from_the_future_change_nothing() -> None:
    assert watched(STATE) == watched(STATE, {"type": "firework"})
