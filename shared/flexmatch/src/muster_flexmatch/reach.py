"""Who can be in a match at all, as far as counting tells: enough players whose numbers, strings and regions agree.

Cheap, and on the safe side. A match of a level lies within a window of every span of that level, shares its strings
and a region, and has the level's least number of players. Who is in no such group is in no match, whatever else the
rules say, and need not be searched for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from muster_flexmatch.compiled import Compiled
from muster_flexmatch.prospects import Prospects
from muster_flexmatch.waiting import EVERY_REGION, Waiting

MOST_LEVELS: Final = 8
"""Levels that are told apart; when more occur, one group is formed with the loosest limits of all."""

Group = list[Waiting]


class _Range(NamedTuple):
    """Levels that a match may have.

    Attributes:
        levels: the lowest and the highest.
        needed: players that it has at least.
        exact: ids of tickets of these levels themselves; the others only can be in such a match.
    """

    levels: tuple[int, int]
    needed: int
    exact: set[str]


Fills = Callable[[Group, _Range], bool]


class Reach:
    """Those of some tickets who can be in a match with each other.

    Attributes:
        kept: ids of those who can.
    """

    def __init__(
        self,
        compiled: Compiled,
        tickets: Sequence[Waiting],
        levels: Mapping[str, int],
        anchor: Waiting | None = None,
        prospects: Prospects | None = None,
    ) -> None:
        """Sift tickets.

        Args:
            compiled: the rule set.
            tickets: who may play; with the anchor.
            levels: how many expansion ages each has reached.
            anchor: who must be in the match; None when nobody must.
            prospects: tells whether those who agree can fill the teams; None when nobody is to ask.
        """
        self.kept: set[str] = set()
        self._compiled = compiled
        self._tickets = tickets
        self._levels = levels
        self._anchor = anchor
        self._prospects = prospects
        self._stage: dict[str, int] = {}
        self._names = [
            *(each.rule for each in compiled.sames[:1]),
            *(each.rule for each in compiled.regions[:1]),
            *(each.rule for each in compiled.spans),
        ]
        for low, high in self._ranges():
            self._sift(low, high)

    def broken(self, one: Waiting) -> str | None:
        """Return the rule that leaves too few players for someone who was not kept; None when all are too few."""
        stage = self._stage.get(one.ticket_id)
        return None if stage is None else self._names[stage]

    def _ranges(self) -> Iterator[tuple[int, int]]:
        """Yield the lowest and highest levels that matches may have: each alone, unless they are many."""
        found = sorted({self._levels[one.ticket_id] for one in self._tickets})
        newest = self._compiled.newest
        own = None if self._anchor is None else self._levels[self._anchor.ticket_id]
        if own is not None:  # who joins can only lower the level where the newest counts, and only raise it otherwise
            found = [level for level in found if (level <= own if newest else level >= own)]
        if len(found) > MOST_LEVELS:
            yield found[0], found[-1]
        else:
            # Most are kept at the loosest limits; nothing is left to do then.
            yield from ((level, level) for level in reversed(found))

    def _sift(self, low: int, high: int) -> None:
        if len(self.kept) == len(self._tickets):
            return
        levels, newest = self._levels, self._compiled.newest
        some = [
            one for one in self._tickets if (levels[one.ticket_id] >= low if newest else levels[one.ticket_id] <= high)
        ]
        scope = self._compiled.scope(low, high)
        needed = sum(scope.needed.values())
        exact = {one.ticket_id for one in some if low <= levels[one.ticket_id] <= high}
        range_ = _Range((low, high), needed, exact)
        if _players(some) < needed:
            return
        stages = len(self._compiled.sames[:1]), len(self._compiled.regions[:1])
        for alike in self._alike(some):
            if _players(alike) < needed:
                self._note(alike, 0)
                continue
            for near in self._regional(alike, scope.regions):
                if _players(near) < needed:
                    self._note(near, stages[0])
                    continue
                group = near
                for at, limit in enumerate(scope.spans):
                    last = at == len(scope.spans) - 1
                    within = self._windows(group, at, limit, range_, self._fills if last else _certainly)
                    if len(within) < len(group):
                        self._note(group, sum(stages) + at)
                    group = within
                if scope.spans or (any(one.ticket_id in exact for one in group) and self._fills(group, range_)):
                    self.kept.update(one.ticket_id for one in group)

    def _fills(self, group: Group, range_: _Range) -> bool:
        """Whether a group can fill the teams, where that is asked."""
        return self._prospects is None or self._prospects.enough(group, range_.levels)

    def _note(self, group: Iterable[Waiting], stage: int) -> None:
        for one in group:
            if self._stage.get(one.ticket_id, -1) < stage:
                self._stage[one.ticket_id] = stage

    def _alike(self, some: Group) -> Iterable[Group]:
        """Return those who share their strings, together."""
        if not self._compiled.sames:
            return [some]
        if self._anchor is not None:
            return [[one for one in some if one.strings == self._anchor.strings]]
        found: dict[tuple[str, ...], Group] = {}
        for one in some:
            found.setdefault(one.strings, []).append(one)
        return found.values()

    def _regional(self, some: Group, places: Sequence[int]) -> Iterable[Group]:
        """Return those who share a region of the first rule about regions, together; one may be in several groups."""
        if not places:
            return [some]
        place = places[0]
        everywhere = [one for one in some if one.masks[0][place] == EVERY_REGION]
        found: dict[int, Group] = {}
        wanted = EVERY_REGION if self._anchor is None else self._anchor.masks[0][place]
        for one in some:
            mask = one.masks[0][place]
            if mask != EVERY_REGION:
                mask &= wanted
                while mask:
                    bit = mask & -mask
                    found.setdefault(bit, []).append(one)
                    mask ^= bit
        return [[*each, *everywhere] for each in found.values()] if found else [everywhere]

    def _windows(self, group: Group, at: int, limit: float, range_: _Range, fills: Fills) -> Group:
        """Return those who stand in a window with enough players, and with the anchor if there is one.

        A match has the level of one of its own, so one of those must be among them. Those in a window must be able to
        fill the teams as well.
        """
        needed, exact = range_.needed, range_.exact
        line = sorted((one.values[at], place, one) for place, one in enumerate(group))
        own = None if self._anchor is None else self._anchor.values[at]
        kept: Group = []
        players = first = done = telling = 0
        for end, (value, _, one) in enumerate(line):
            players += one.size
            telling += one.ticket_id in exact
            while value - line[first][0] > limit:
                players -= line[first][2].size
                telling -= line[first][2].ticket_id in exact
                first += 1
            if end + 1 < len(line) and line[end + 1][0] - line[first][0] <= limit:
                continue  # the next one stands in this window too
            if players >= needed and telling and (own is None or line[first][0] <= own <= value):
                window = [each for _, _, each in line[first : end + 1]]
                if fills(window, range_):
                    kept += window[max(0, done - first) :]
                    done = end + 1
        return kept


def _players(group: Iterable[Waiting]) -> int:
    return sum([one.size for one in group])


def _certainly(_group: Group, _range: _Range) -> bool:
    return True
