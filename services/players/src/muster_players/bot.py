"""How a virtual player plays: runs at the ball, shoots at the right goal. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot
from typing import Any

REACH_M = 0.9
SHOOTING_M = 16.0
GOAL_EDGE = 0.36
"""How far off the middle to aim, as a share of the goal's width."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What the `welcome` frame told.

    Attributes:
        footballer: index of the player's own; below 5 plays from left to right.
        length_m: of the pitch.
        width_m: of the pitch.
        goal_m: width of the goal.
        sides: names of the sides.
    """

    footballer: int
    length_m: float
    width_m: float
    goal_m: float
    sides: tuple[str, str]

    @property
    def side(self) -> int:
        """0 from left to right, 1 from right to left."""
        return self.footballer // 5


def kit_in(frame: Mapping[str, Any]) -> Kit:
    """Return what a `welcome` frame tells.

    Raises:
        ValueError: it does not have the documented shape.
    """
    match frame:
        case {
            "type": "welcome",
            "footballer": int(footballer),
            "pitch": [int() | float() as length, int() | float() as width],
            "goal": int() | float() as goal,
            "sides": [str(left), str(right)],
        }:
            return Kit(footballer, float(length), float(width), float(goal), (left, right))
    raise ValueError("not a welcome")


def answer(kit: Kit, frame: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `input` frame with which the player answers a `state` frame.

    Raises:
        ValueError: the frame does not have the documented shape.
    """
    try:
        ball, footballers = frame["ball"], frame["footballers"]
        me = footballers[kit.footballer]
        keeper = footballers[(1 - kit.side) * 5]
        bx, by, x, y, keeper_y = float(ball[0]), float(ball[1]), float(me[0]), float(me[1]), float(keeper[1])
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError("not a state") from error
    mouth = (kit.length_m if kit.side == 0 else 0.0, kit.width_m / 2)
    if hypot(bx - x, by - y) > REACH_M:
        return {"type": "input", "run": _direction(bx - x, by - y), "kick": None}
    away = -1 if keeper_y > mouth[1] else 1
    aim = _direction(mouth[0] - x, mouth[1] + away * kit.goal_m * GOAL_EDGE - y)
    close = hypot(mouth[0] - x, mouth[1] - y) < SHOOTING_M
    return {"type": "input", "run": aim, "kick": aim if close else None}


def _direction(x: float, y: float) -> list[float]:
    length = hypot(x, y)
    return [0.0, 0.0] if length < 1e-9 else [round(x / length, 3), round(y / length, 3)]
