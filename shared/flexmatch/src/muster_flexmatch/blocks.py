"""Full matches cut from the lines: neighbours who fill all teams, one block after the other, without gaps between.

Cutting leaves nobody out between two blocks, where growing matches around single tickets would. What is cut is only a
proposal: every block is judged like any other candidate before it becomes a match.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from muster_flexmatch.compiled import Compiled
from muster_flexmatch.lines import Line
from muster_flexmatch.waiting import Waiting

LOOK_AHEAD: Final = 3
"""Times the seats of a match: how far along a line parties are sought that fill it."""

Block = list[Waiting]


class Cutter:
    """Cuts lines into blocks."""

    def __init__(self, compiled: Compiled, levels: Mapping[str, int], top: int, capacities: Sequence[int]) -> None:
        """Build a cutter.

        Args:
            compiled: the rule set.
            levels: how many expansion ages each ticket has reached.
            top: the highest of the levels.
            capacities: seats of each team in a full match.
        """
        self._compiled = compiled
        self._levels = levels
        self._top = top
        self._capacities = tuple(sorted(capacities, reverse=True))
        self._seats = sum(capacities)
        self._used: set[str] = set()
        self._reach = compiled.scope(0, top).spans[0] if self._first_span_orders else None

    @property
    def _first_span_orders(self) -> bool:
        spans = self._compiled.spans
        return bool(spans) and self._compiled.line == (spans[0].attribute, spans[0].party)

    def cut(self, lines: Iterable[Line]) -> list[Block]:
        """Return blocks of full matches; no ticket is in two."""
        blocks: list[Block] = []
        for line in sorted(lines, key=lambda each: each.rank, reverse=True):
            free = line.tickets
            if self._used:
                free = [one for one in free if one.ticket_id not in self._used]
            single = all(one.size == 1 for one in free)
            cut = self._evenly(free) if single else self._packed(free)
            for block in cut:
                blocks.append(block)
                self._used.update(one.ticket_id for one in block)
        return blocks

    def _evenly(self, free: Sequence[Waiting]) -> Iterator[Block]:
        """Cut a line of single players: block beside block, moved on by one where a block spans too much."""
        seats, at = self._seats, 0
        while at + seats <= len(free):
            if self._reach is None or free[at + seats - 1].place - free[at].place <= self._reach:
                block = list(free[at : at + seats])
                if self._hangs_together(block):
                    yield block
                    at += seats
                    continue
            at += 1

    def _packed(self, free: Sequence[Waiting]) -> Iterator[Block]:
        """Cut a line with parties: from each first ticket on, those that still fit the teams."""
        taken = bytearray(len(free))
        for at in range(len(free)):
            if not taken[at]:
                indices = self._pack(free, taken, at)
                if indices:
                    block = [free[each] for each in indices]
                    if self._hangs_together(block):
                        for each in indices:
                            taken[each] = 1
                        yield block

    def _pack(self, free: Sequence[Waiting], taken: bytearray, at: int) -> list[int]:
        """Return the indices of tickets from *at* on that fill the teams to the last seat; nothing if they do not."""
        first = free[at]
        indices, left = [at], self._seats - first.size
        sizes: tuple[int, ...] = (first.size,)
        if left < 0 or not fits(sizes, self._capacities):
            return []
        reach = float("inf") if self._reach is None else self._reach
        for index in range(at + 1, min(len(free), at + LOOK_AHEAD * self._seats)):
            if not left:
                break
            one = free[index]
            if one.place - first.place > reach:
                return []
            if taken[index] or one.size > left:
                continue
            larger = tuple(sorted((*sizes, one.size), reverse=True))
            if fits(larger, self._capacities):
                indices.append(index)
                sizes, left = larger, left - one.size
        return [] if left else indices

    def _hangs_together(self, block: Block) -> bool:
        """Whether what is cheap to ask of a block holds: every span, every common region, at its own level."""
        compiled = self._compiled
        if compiled.top:
            levels = [self._levels[one.ticket_id] for one in block]
            level = min(levels) if compiled.newest else max(levels)
        else:
            level = 0
        scope = compiled.scope(level, level)
        for at, limit in enumerate(scope.spans):
            values = [one.values[at] for one in block]
            if max(values) - min(values) > limit:
                return False
        for at, place in enumerate(scope.regions):
            shared = -1
            for one in block:
                shared &= one.masks[at][place]
            if not shared:
                return False
        return True


@lru_cache(maxsize=20_000)
def fits(sizes: tuple[int, ...], capacities: tuple[int, ...]) -> bool:
    """Whether parties of these sizes, the largest first, can be put into teams with so many seats."""
    if not sizes:
        return True
    first, rest = sizes[0], sizes[1:]
    for at, room in enumerate(capacities):
        if room >= first and room not in capacities[:at]:
            left = tuple(sorted((*capacities[:at], room - first, *capacities[at + 1 :]), reverse=True))
            if fits(rest, left):
                return True
    return False


def seats_for(block: Block, capacities: Mapping[str, int]) -> list[tuple[Waiting, str]] | None:
    """Put the tickets of a block on teams, each time the team that is behind in worth; None when that goes wrong.

    Args:
        block: who is to be seated.
        capacities: free seats by team; of two that are equal the first is preferred.
    """
    names = list(capacities)
    room = list(capacities.values())
    share = [1.0 / max(1, seats) for seats in room]
    total = [0.0] * len(names)
    lowest = min(one.worth for one in block)
    seated: list[tuple[Waiting, str]] = []
    for one in sorted(block, key=_heaviest):
        size = one.size
        best = -1
        least = 0.0
        for at, left in enumerate(room):
            if left >= size and (best < 0 or total[at] * share[at] < least):
                best, least = at, total[at] * share[at]
        if best < 0:
            return None
        room[best] -= size
        total[best] += (one.worth - lowest) * size + 1e-9 * size
        seated.append((one, names[best]))
    return seated


def _heaviest(one: Waiting) -> tuple[int, float]:
    return (-one.size, -one.worth)
