"""What every view is made from, and the small steps that many share."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from muster_gamelift.page.chronicle import Chronicle
from muster_gamelift.page.question import ROWS, Question
from muster_gamelift.state.world import World

View = dict[str, Any]
"""JSON-compatible; times are seconds since the epoch."""
V = TypeVar("V")
SHOWN: Final = 13
"""Characters shown of a player session id: enough to tell two apart, too few to take a seat with."""


@dataclass(frozen=True, slots=True)
class Source:
    """One question and everything that can answer it.

    Attributes:
        world: the state of the question's region.
        told: what notices said.
        question: what is asked.
        now_s: seconds since the epoch.
    """

    world: World
    told: Chronicle
    question: Question
    now_s: float


def part(rows: Iterable[V], start: int, show: Callable[[V], View]) -> View:
    """Return the rows of one page with how many there are in all."""
    ordered: Sequence[V] = list(rows)
    first = min(start, max(0, len(ordered) - 1) // ROWS * ROWS)
    shown = ordered[first : first + ROWS]
    return {"total": len(ordered), "start": first, "most": ROWS, "rows": [show(one) for one in shown]}


def contains(text: str, names: Iterable[str | None]) -> bool:
    """Tell whether one of *names* contains *text*, whatever the case; empty text is in all."""
    wanted = text.casefold()
    return not wanted or any(wanted in name.casefold() for name in names if name)


def short(seat_id: str) -> str:
    """Return the beginning of a player session id: who knows the whole may take the seat."""
    return f"{seat_id[:SHOWN]}…"


def shortened(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a notice's document with its player session ids shortened."""
    match value:
        case dict():
            return {
                name: short(str(one)) if name.casefold() == "playersessionid" else shortened(one)
                for name, one in value.items()
            }
        case list() | tuple():
            return [shortened(one) for one in value]
        case _:
            return value
