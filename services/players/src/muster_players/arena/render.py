"""Draws a match as text, for people who watch in a terminal. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from muster_players.arena.pitch import GOAL_M, LENGTH_M, SIDE_SIZE, WIDTH_M

COLUMNS, ROWS = 72, 20
CLEAR = "\x1b[2J"
HOME = "\x1b[H"
_RED, _BLUE, _BALL, _GRASS, _BOLD, _RESET = "\x1b[91m", "\x1b[94m", "\x1b[97;1m", "\x1b[32m", "\x1b[1m", "\x1b[0m"
_GOAL_SHOWN_TICKS = 20


@dataclass(frozen=True, slots=True)
class View:
    """What a watcher has seen so far.

    Attributes:
        sides: names of the two sides.
        state: the last `state` frame; empty before the first.
        goal: the last `goal` frame; empty before the first.
        note: a line for below the pitch.
    """

    sides: tuple[str, str] = ("red", "blue")
    state: Mapping[str, Any] = field(default_factory=dict)
    goal: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


def seen(view: View, frame: Mapping[str, Any]) -> View:
    """Return *view* after *frame*; unknown frames change nothing."""
    match frame:
        case {"type": "welcome", "sides": [left, right]}:
            return View(sides=(str(left), str(right)), note="waiting for the players")
        case {"type": "waiting", "present": present, "expected": expected}:
            return View(sides=view.sides, note=f"{present} of {expected} players are here")
        case {"type": "state"}:
            return View(sides=view.sides, state=frame, goal=view.goal)
        case {"type": "goal"}:
            return View(sides=view.sides, state=view.state, goal=frame)
        case {"type": "end", "scores": dict(scores), "reason": reason}:
            score = ", ".join(f"{side} {goals}" for side, goals in scores.items())
            return View(sides=view.sides, state=view.state, note=f"{str(reason).replace('_', ' ')}: {score}")
        case _:
            return view


def draw(view: View, *, colour: bool = True) -> str:
    """Return the picture: a head line, the pitch, and a note; no trailing newline.

    Args:
        view: what was seen.
        colour: use ANSI colours.
    """
    grid = _empty()
    state = view.state
    for index, position in enumerate(state.get("footballers") or ()):
        led = index in (state.get("seated") or ())
        _put(grid, position, _footballer(index, led=led, colour=colour))
    if "ball" in state:
        _put(grid, state["ball"], _paint("●", _BALL, colour=colour))
    lines = ["".join(row) for row in grid]
    return "\n".join([_head(view, colour=colour), *_framed(lines, colour=colour), _foot(view, colour=colour)])


def _empty() -> list[list[str]]:
    middle, half = COLUMNS // 2, ROWS // 2
    return [
        ["·" if column == middle or (row == half and abs(column - middle) < 2) else " " for column in range(COLUMNS)]
        for row in range(ROWS)
    ]


def _put(grid: list[list[str]], position: Any, mark: str) -> None:  # noqa: ANN401 - JSON as it comes
    column = min(COLUMNS - 1, max(0, int(float(position[0]) / LENGTH_M * COLUMNS)))
    row = min(ROWS - 1, max(0, int(float(position[1]) / WIDTH_M * ROWS)))
    grid[row][column] = mark


def _footballer(index: int, *, led: bool, colour: bool) -> str:
    side, number = divmod(index, SIDE_SIZE)
    # People are letters in a circle's weight, the house is small; without colour the side must still show.
    mark = ("ABCDE" if side == 0 else "VWXYZ")[number] if led else ("o" if side == 0 else "x")
    return _paint(mark, (_RED if side == 0 else _BLUE) + (_BOLD if led else ""), colour=colour)


def _framed(lines: list[str], *, colour: bool) -> list[str]:
    edge = _paint("+" + "-" * COLUMNS + "+", _GRASS, colour=colour)
    mouth = int(GOAL_M / WIDTH_M * ROWS / 2)
    wall = _paint("|", _GRASS, colour=colour)
    walls = [" " if abs(row - (ROWS - 1) / 2) <= mouth else wall for row in range(ROWS)]
    return [edge, *(f"{wall}{line}{wall}" for wall, line in zip(walls, lines, strict=True)), edge]


def _head(view: View, *, colour: bool) -> str:
    left, right = view.state.get("score") or (0, 0)
    clock = f"{float(view.state.get('left_s') or 0):5.1f} s"
    return (
        f"{_paint(view.sides[0], _RED, colour=colour)} {left} : {right} {_paint(view.sides[1], _BLUE, colour=colour)}"
        f"   {clock}"
    )


def _foot(view: View, *, colour: bool) -> str:
    if view.goal and int(view.state.get("tick") or 0) - int(view.goal["tick"]) < _GOAL_SHOWN_TICKS:
        return _paint(f"GOAL for {view.sides[int(view.goal['side'])]}!", _BOLD, colour=colour)
    return view.note


def _paint(text: str, code: str, *, colour: bool) -> str:
    return f"{code}{text}{_RESET}" if colour else text
