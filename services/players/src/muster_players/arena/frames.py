"""What travels between the arena and its players: one line of JSON a frame, after two lines of plain text. Pure.

    player                                   arena
      | -- player session id, or WATCH ------> |
      | <- Your connection was accepted and token valid
      | <- {"type":"welcome", ...} ----------- |   who you are, how big the pitch is
      | <- {"type":"waiting", ...} ----------- |   until everybody is there
      | <- {"type":"state", ...} ------------- |   20 times a second
      | -- {"type":"input","run":[x,y],"kick":[x,y]} -> |
      | <- {"type":"goal", ...} -------------- |
      | <- {"type":"end", ...} --------------- |   the score; then the arena closes

The plain lines are those of the published sample game servers, so that their clients understand them.
"""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

from muster_players.arena.fixture import Fixture, scores_of
from muster_players.arena.game import Game
from muster_players.arena.pitch import GOAL_M, LENGTH_M, TICK_HZ, WIDTH_M, Goal, Intent, Vec

ACCEPTED = "Your connection was accepted and token valid"
REFUSED = "Your token is invalid"
WATCH = "WATCH"
"""Sent in place of a player session id by somebody who only looks on."""
MAX_LINE_BYTES = 4096


class BadFrame(Exception):
    """A line that is no frame of this protocol."""


def text_line(text: str) -> bytes:
    """Return a plain line as bytes."""
    return f"{text}\n".encode()


def encode(frame: Mapping[str, Any]) -> bytes:
    """Return a frame as one line of bytes."""
    return json.dumps(frame, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Return the frame in *line*.

    Raises:
        BadFrame: it is not one JSON object with a text `type`.
    """
    try:
        frame = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadFrame("not JSON") from None
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise BadFrame("not an object with a type")
    return frame


def intent_in(frame: Mapping[str, Any]) -> Intent:
    """Return what an `input` frame asks for.

    Raises:
        BadFrame: a direction is not a pair of finite numbers.
    """
    run, kick = frame.get("run"), frame.get("kick")
    return Intent(run=_vector([0.0, 0.0] if run is None else run), kick=None if kick is None else _vector(kick))


def welcome(fixture: Fixture, *, footballer: int | None, lasts_s: float) -> dict[str, Any]:
    """Return the first frame; *footballer* is the index of the receiver's own, None for a spectator."""
    return {
        "type": "welcome",
        "match_id": fixture.match_id,
        "sides": list(fixture.sides),
        "footballer": footballer,
        "pitch": [LENGTH_M, WIDTH_M],
        "goal": GOAL_M,
        "tick_hz": TICK_HZ,
        "lasts_s": lasts_s,
    }


def waiting(*, present: int, expected: int) -> dict[str, Any]:
    """Return the frame that says how many are there already."""
    return {"type": "waiting", "present": present, "expected": expected}


def state(game: Game, *, left_s: float, seated: tuple[int, ...]) -> dict[str, Any]:
    """Return what everybody sees; *seated* are the footballers led by people."""
    return {
        "type": "state",
        "tick": game.tick,
        "left_s": round(left_s, 2),
        "score": list(game.score),
        "ball": _rounded(game.ball.position),
        "footballers": [_rounded(footballer.position) for footballer in game.footballers],
        "seated": list(seated),
    }


def goal(scored: Goal, game: Game) -> dict[str, Any]:
    """Return the frame that says that a goal was scored, with the score after it."""
    return {
        "type": "goal",
        "tick": scored.tick,
        "side": scored.side,
        "footballer": scored.scorer,
        "score": list(game.score),
    }


def end(fixture: Fixture, game: Game, *, reason: str, goals: int | None) -> dict[str, Any]:
    """Return the last frame; *goals* are the receiver's own, None for a spectator."""
    return {"type": "end", "reason": reason, "scores": scores_of(fixture, game), "goals": goals}


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _vector(value: object) -> Vec:
    match value:
        case [int() | float() as x, int() | float() as y] if not isinstance(x, bool) and not isinstance(y, bool):
            try:
                pair = (float(x), float(y))
            except OverflowError:
                raise BadFrame("a direction is out of range") from None
            # Beyond this the squares in a length overflow; nobody runs that way by accident.
            if all(isfinite(part) and abs(part) < 1e6 for part in pair):
                return pair
    raise BadFrame("a direction is two finite numbers")


def _rounded(point: Vec) -> list[float]:
    return [round(point[0], 2), round(point[1], 2)]
