import json

import pytest
from players_fakes import ARN

from muster_players.arena import frames
from muster_players.arena.fixture import fixture_of
from muster_players.arena.game import kick_off
from muster_players.arena.pitch import Goal, Intent


def test_every_frame_is_one_line() -> None:
    line = frames.encode(frames.state(kick_off(1), left_s=2.5, seated=(4,)))

    assert 1 == line.count(b"\n")
    assert line.endswith(b"\n")


def test_a_state_frame_is_far_below_the_longest_line() -> None:
    assert len(frames.encode(frames.state(kick_off(1), left_s=2.5, seated=tuple(range(10))))) < 600


def test_an_input_frame_becomes_an_intent() -> None:
    frame = frames.decode(b'{"type":"input","run":[1,0.5],"kick":[0,-1]}')

    assert Intent(run=(1.0, 0.5), kick=(0.0, -1.0)) == frames.intent_in(frame)


def test_an_input_without_directions_stands_still() -> None:
    assert Intent() == frames.intent_in({"type": "input"})


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"[1]",
        b"{}",
        b'{"type":3}',
        b'{"type":"input","run":[NaN,0]}',
        b"\xff\xfe",
        b"[" * 4000,
        b'{"type":"input","run":[Infinity,0]}',
    ],
)
def test_a_line_that_is_no_frame_is_refused(line: bytes) -> None:
    with pytest.raises(frames.BadFrame):
        frames.decode(line)


@pytest.mark.parametrize("run", [[1], [1, 2, 3], "ab", [True, 1], ["1", 2], 5, [1e999, 0], [10**400, 0], {"x": 1}])
def test_a_direction_that_is_not_two_finite_numbers_is_refused(run: object) -> None:
    with pytest.raises(frames.BadFrame):
        frames.intent_in({"type": "input", "run": run})


def test_frames_never_hold_player_ids() -> None:
    fixture = fixture_of(ARN, json.dumps({"matchId": "m", "teams": [{"name": "a", "players": [{"playerId": "ann"}]}]}))
    game = kick_off(1)
    told = [
        frames.welcome(fixture, footballer=4, lasts_s=3),
        frames.waiting(present=1, expected=2),
        frames.state(game, left_s=1, seated=(4,)),
        frames.goal(Goal(1, 0, 4), game),
        frames.end(fixture, game, reason="full_time", goals=0),
    ]

    assert "ann" not in json.dumps(told)
