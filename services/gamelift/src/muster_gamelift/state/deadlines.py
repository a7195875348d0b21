"""Which row of a table falls due first: a heap that follows the table, so that nobody has to look at every row."""

import heapq
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from muster_gamelift.state.tables import Table

V = TypeVar("V")
SLACK: Final = 1000
"""So many outdated entries are kept before the heap is built anew."""


class Deadlines(Generic[V]):
    """The deadlines of a table's rows: derived from the rows alone, and right again after a change was undone."""

    def __init__(self, table: Table[V], of: Callable[[V], float | None]) -> None:
        """Follow *table*.

        Args:
            table: whose rows fall due.
            of: returns when a row falls due, in seconds since the epoch, or None when it does not.
        """
        self._table = table
        self._of = of
        self._written = table.follow()
        self._at_s: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []

    def due(self, now_s: float) -> V | None:
        """Return the row that is due the longest, or None; it is returned again until it is written or removed."""
        first_s = self.first_s
        return self._table.get(self._heap[0][1]) if first_s is not None and first_s <= now_s else None

    @property
    def first_s(self) -> float | None:
        """When the first row falls due, in seconds since the epoch; None when none does."""
        self._follow()
        while self._heap:
            at_s, key = self._heap[0]
            if self._at_s.get(key) == at_s:
                return at_s
            heapq.heappop(self._heap)
        return None

    def _follow(self) -> None:
        for key in self._written:
            row = self._table.get(key)
            at_s = None if row is None else self._of(row)
            if at_s is None:
                self._at_s.pop(key, None)
            elif self._at_s.get(key) != at_s:
                self._at_s[key] = at_s
                heapq.heappush(self._heap, (at_s, key))
        self._written.clear()
        if len(self._heap) > 2 * len(self._at_s) + SLACK:
            self._heap = sorted((at_s, key) for key, at_s in self._at_s.items())
