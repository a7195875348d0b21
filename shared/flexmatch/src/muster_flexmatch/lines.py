"""The pool in lines: those who could share a match, ordered so that near ones stand near each other.

Tickets with different strings where a rule wants the same ones never meet, so each combination has its own line; so
does each region where a rule wants a common one. A ticket with several good regions stands in several lines.
"""

import math
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator, Mapping

from muster_flexmatch.compiled import Compiled
from muster_flexmatch.waiting import EVERY_REGION, Waiting

Key = tuple[tuple[str, ...], int]
"""The strings, and the bit of the region; 0 where regions do not matter."""


class Line:
    """Tickets in order of place, then of age; those who left are skipped.

    Attributes:
        tickets: everyone who stood in it at first.
        next: index of the next, by index, over those who are known to have left; the length at the end.
        before: index of the one before, likewise; -1 at the start.
        rank: sorts lines, the longest first.
    """

    __slots__ = ("_at", "before", "by_age", "next", "rank", "tickets")

    def __init__(self, tickets: list[Waiting], *, by_age: bool, label: tuple[tuple[str, ...], str] = ((), "")) -> None:
        """Sort tickets into a line.

        Args:
            tickets: the oldest first.
            by_age: whether age alone orders them.
            label: the strings and the region that they share.
        """
        self.rank = (-len(tickets), label)
        self.by_age = by_age
        self.tickets = tickets if by_age else sorted(tickets, key=_place)
        self.next = list(range(1, len(tickets) + 1))
        self.before = list(range(-1, len(tickets) - 1))
        self._at: dict[str, int] | None = None

    def near(self, one: Waiting, *, reach: float, taken: Container[str]) -> Iterator[Waiting]:
        """Yield those who stand nearest to a ticket first, or those behind it in age first where age orders.

        Args:
            one: the anchor; it need not stand in the line itself.
            reach: farthest distance.
            taken: ids of tickets that have left; they are taken out as they are met.
        """
        tickets, place = self.tickets, one.place
        if self._at is None:
            self._at = {each.ticket_id: index for index, each in enumerate(tickets)}
        index = self._at.get(one.ticket_id)
        at = index
        if at is None:  # a running session: those nearest to it, or the oldest of all
            at = 0 if self.by_age else bisect_left(tickets, place, key=_place)
        up = self._standing(at if index is None else at + 1, self.next, taken)
        down = self._standing(at - 1, self.before, taken)
        while True:
            above = tickets[up].place - place if up < len(tickets) else math.inf
            below = place - tickets[down].place if down >= 0 else math.inf
            if up < len(tickets) and above <= reach and (self.by_age or above <= below or down < 0):
                yield tickets[up]
                up = self._standing(self.next[up], self.next, taken)
            elif down >= 0 and below <= reach:
                yield tickets[down]
                down = self._standing(self.before[down], self.before, taken)
            else:
                return

    def _standing(self, index: int, pointers: list[int], taken: Container[str]) -> int:
        """Return the first from *index* on who has not left, and let those on the way point there."""
        passed = []
        while 0 <= index < len(self.tickets) and self.tickets[index].ticket_id in taken:
            passed.append(index)
            index = pointers[index]
        for each in passed:
            pointers[each] = index
        return index


class Lines:
    """All lines of one look at a pool."""

    def __init__(self, compiled: Compiled, tickets: Iterable[Waiting], levels: Mapping[str, int], top: int) -> None:
        """Sort the pool into lines.

        Args:
            compiled: the rule set.
            tickets: the oldest first; without running sessions.
            levels: how many expansion ages each has reached.
            top: the highest of the levels.
        """
        self._compiled = compiled
        self._levels = levels
        self._top = top
        found: dict[Key, list[Waiting]] = {}
        if compiled.regions:
            for one in tickets:
                for bit in _bits(self._mask(one)):
                    found.setdefault((one.strings, bit), []).append(one)
        else:
            for one in tickets:
                found.setdefault((one.strings, 0), []).append(one)
        by_age = compiled.line is None
        self.lines: dict[Key, Line] = {
            key: Line(each, by_age=by_age, label=(key[0], compiled.region(key[1]))) for key, each in found.items()
        }

    def of(self, one: Waiting) -> list[Line]:
        """Return the lines in which those stand who could play with a ticket, the longest first."""
        if not self._compiled.regions:
            keys: Iterable[Key] = [(one.strings, 0)]
        elif one.masks[0][-1] == EVERY_REGION:
            keys = [key for key in self.lines if key[0] == one.strings]
        else:
            keys = [(one.strings, bit) for bit in _bits(self._mask(one))]
        found = [self.lines[key] for key in keys if key in self.lines]
        return sorted(found, key=lambda line: line.rank) if len(found) > 1 else found

    def _mask(self, one: Waiting) -> int:
        level = self._levels[one.ticket_id]
        scope = self._compiled.scope(0, level) if self._compiled.newest else self._compiled.scope(level, self._top)
        return one.masks[0][scope.regions[0]]


def _place(one: Waiting) -> float:
    return one.place


def _bits(mask: int) -> Iterator[int]:
    while mask:
        bit = mask & -mask
        yield bit
        mask ^= bit


def parties_first(anchor: Waiting, near: list[Waiting]) -> list[Waiting]:
    """Return neighbours with a party as if it stood nearer: single players are needed to fill up beside parties."""
    if all(one.size == 1 for one in near):
        return near
    return sorted(near, key=lambda one: abs(one.place - anchor.place) / one.size**2)
