"""What earlier looks at a pool searched in vain, so that the same search is not made again.

A search depends on the anchor, on who is tried with it in which order, on how many expansion ages each has reached,
and on the order of the teams that the seed gives. When all of that is what it was, the answer is what it was. What
is remembered therefore changes no match; it only saves time.
"""

import math
from dataclasses import dataclass
from typing import Final

from muster_flexmatch.counts import Counts
from muster_flexmatch.waiting import Waiting

MOST: Final = 500
"""Searches of one pool that are remembered; a few kilobytes each."""

NEVER: Final = (-math.inf, 0)


@dataclass(frozen=True, slots=True)
class Vain:
    """A search that found nothing.

    Attributes:
        asked: everything that it depended on.
        budget: how many steps it might take.
        whole: whether it ended before that, in one order, so that another budget that suffices changes nothing.
        steps: what it cost, and is charged again whenever it is remembered.
        counts: what it evaluated, likewise.
    """

    asked: object
    budget: int
    whole: bool
    steps: int
    counts: Counts


class Memory:
    """The latest searches in vain, one around each ticket."""

    def __init__(self) -> None:
        """Remember nothing."""
        self._found: dict[Waiting, Vain] = {}
        self._cut: dict[Waiting, tuple[float, int]] = {}

    def recall(self, anchor: Waiting, asked: object, budget: int) -> Vain | None:
        """Return the latest search around a ticket, if it was the same and in vain."""
        found = self._found.get(anchor)
        if found is None or not (found.budget == budget or (found.whole and found.steps < budget)):
            return None
        return found if found.asked == asked else None

    def keep(self, anchor: Waiting, vain: Vain) -> None:
        """Remember a search in vain; the one that was remembered first is forgotten where there are too many."""
        self._found.pop(anchor, None)
        if len(self._found) >= MOST:
            del self._found[next(iter(self._found))]
        self._found[anchor] = vain

    def note_cut(self, anchor: Waiting, now_s: float) -> None:
        """Note that a search ended by its budget, and in vain."""
        self._cut[anchor] = now_s, self._cut.get(anchor, NEVER)[1] + 1

    def cut(self, anchor: Waiting) -> tuple[float, int]:
        """Return when the latest search around a ticket ended by its budget, in vain, and how many did before."""
        return self._cut.get(anchor, NEVER)

    def forget(self, anchor: Waiting) -> None:
        """Forget a ticket that left."""
        self._found.pop(anchor, None)
        self._cut.pop(anchor, None)


class Account:
    """How many steps a pool may spend in vain at a look; a second look at the same time begins with as many."""

    def __init__(self, total: int, per_second: float) -> None:
        """Open it.

        Args:
            total: the most, and what the first look has.
            per_second: what comes back; infinite for everything at once.
        """
        self._total = total
        self._per_second = per_second
        self._at_s: float | None = None
        self._opening = self._closing = total

    def open(self, now_s: float) -> int:
        """Return what a look at a time may spend."""
        if self._at_s is not None and now_s != self._at_s:
            back = self._closing + max(0.0, now_s - self._at_s) * self._per_second
            self._opening = self._total if back >= self._total else int(back)
        self._at_s = now_s
        return self._opening

    def close(self, left: int) -> None:
        """Note what a look left."""
        self._closing = left
