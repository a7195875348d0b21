"""Matches of 41 to 200 players: the balanced strategy.

The pool is split by region, so that everyone in a batch shares one that is fast enough: the region of most waiting
players first, or each ticket in its fastest region only. Around the oldest ticket of a batch, running sessions before
new matches, tickets fill the teams: those below their minimum first, then the one with most open seats. Then the
tickets are dealt out again over the same numbers of seats, and parties change sides, so that the teams are even in
`balancedAttribute`.

Source: FlexMatch guide, large matches.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

from muster_flexmatch.blocks import seats_for
from muster_flexmatch.compiled import Compiled
from muster_flexmatch.counts import Counts
from muster_flexmatch.evaluate import latencies
from muster_flexmatch.guards import Guard
from muster_flexmatch.lines import Line, Lines
from muster_flexmatch.rules import LARGE_MATCH, RuleSet
from muster_flexmatch.seating import Seating
from muster_flexmatch.swaps import swapped
from muster_flexmatch.values import Match, Outcome
from muster_flexmatch.verify import Candidate, Verifier
from muster_flexmatch.waiting import Hopeless, Waiting

LOOKED_AT: Final = 5 * LARGE_MATCH
"""Tickets that are looked at for one match."""

SCANS: Final = 60_000
"""Tickets that may be looked at in vain in one look at a pool; a tenth of a second or two."""


class LargeLook:
    """One look at the pool of a large match; used once."""

    def __init__(
        self,
        compiled: Compiled,
        pool: Sequence[Waiting],
        hopeless: Iterable[Hopeless],
        *,
        now_s: float,
        seed: int,
    ) -> None:
        """Begin a look; the arguments are those of `look.Look`."""
        self._compiled = compiled
        self._pool = pool
        self._now_s = now_s
        self._seed = seed
        self._verifier = Verifier(compiled)
        self._levels = {one.ticket_id: compiled.level(max(0.0, now_s - one.start_s)) for one in pool}
        self._top = max(self._levels.values(), default=0)
        self._taken: set[str] = set()
        self._players: set[str] = set()
        self._matches: list[Match] = []
        self._left = SCANS
        self._counts = Counts(compiled.rules)
        for one in hopeless:
            if one.rule is not None:
                self._counts.failed[one.rule] += 1

    def outcome(self) -> Outcome:
        """Find the matches and return them."""
        new = [one for one in self._pool if not one.is_backfill]
        sessions = [one for one in self._pool if one.is_backfill]
        self._lines = Lines(self._compiled, self._in_regions(new), self._levels, self._top)
        for session in sessions:
            for line in self._lines.of(session):
                if self._free(session):
                    self._around(session, line)
        for line in self._batches():
            if not self._has_enough(line):
                continue
            for anchor in sorted(line.tickets, key=lambda one: one.order):
                if self._left <= 0:
                    break
                if self._free(anchor):
                    self._around(anchor, line)
        return Outcome(tuple(self._matches), self._counts.evaluations())

    def _batches(self) -> list[Line]:
        """Return the lines in the order in which they are served: the most players first."""
        lines = list(self._lines.lines.values())
        return sorted(lines, key=lambda line: (-sum(one.size for one in line.tickets), line.tickets[0].order))

    def _has_enough(self, line: Line) -> bool:
        """Whether a line has the players of a match at any age."""
        return any(
            sum(one.size for one in line.tickets if self._may_play(level, one)) >= rules.min_players
            for level, rules in enumerate(self._compiled.variants[: self._top + 1])
        )

    def _may_play(self, level: int, one: Waiting) -> bool:
        """Whether a ticket's age lets it play in a match of a level."""
        mine = self._levels[one.ticket_id]
        return mine >= level if self._compiled.newest else mine <= level

    def _in_regions(self, new: Sequence[Waiting]) -> list[Waiting]:
        """Return the tickets as they stand in regions: with `fastestRegion` each in its fastest alone."""
        if not self._pool:
            return list(new)
        age_s = max(0.0, self._now_s - self._pool[0].start_s)
        algorithm = self._compiled.variants[self._compiled.level(age_s)].algorithm
        if algorithm.batching != "fastestRegion" or not self._compiled.regions:
            return list(new)
        return [self._in_fastest(one) for one in new]

    def _in_fastest(self, one: Waiting) -> Waiting:
        table = latencies(self._compiled.regions[0].party, one.entrant.whole)
        if not table:
            return one
        bit = self._compiled.bit(min(sorted(table), key=table.__getitem__))
        first = tuple((mask & bit) or mask for mask in one.masks[0])
        masks = (first, *one.masks[1:])
        return Waiting(one.entrant, one.values, one.strings, masks, place=one.place, worth=one.worth)

    def _free(self, one: Waiting) -> bool:
        return one.ticket_id not in self._taken and self._players.isdisjoint(one.entrant.player_ids)

    def _around(self, anchor: Waiting, line: Line) -> None:
        """Make the largest match with an anchor that any level allows; of equals the one with the stricter rules."""
        reach = self._compiled.scope(0, self._top).spans[0] if self._compiled.spans else float("inf")
        near = [one for one in islice(line.near(anchor, reach=reach, taken=self._taken), LOOKED_AT) if self._free(one)]
        best: Candidate | None = None
        for level in self._attainable(anchor, near):
            rules = self._compiled.variants[level]
            if not anchor.is_backfill and self._most_players(level, anchor, near) < rules.min_players:
                continue
            self._left -= len(near)
            if best is not None and best.players >= rules.max_players - self._compiled.empty_seats:
                break
            found = self._filled(rules, level, anchor, near)
            if found is None and any(one.size > 1 for one in near):
                # Single players may have taken the seats that parties need; once more, the largest party first.
                found = self._filled(rules, level, anchor, sorted(near, key=lambda one: -one.size))
            if found is not None and (best is None or found.players > best.players):
                best = found
        if best is not None:
            self._left += len(near)
            self._keep(best)

    def _attainable(self, anchor: Waiting, near: Sequence[Waiting]) -> Sequence[int]:
        own = self._levels[anchor.ticket_id]
        if self._compiled.newest:
            return range(min((self._levels[one.ticket_id] for one in near), default=own), own + 1)
        return range(own, max((self._levels[one.ticket_id] for one in near), default=own) + 1)

    def _most_players(self, level: int, anchor: Waiting, near: Iterable[Waiting]) -> int:
        """Return how many players a match with an anchor has at most, by age and by the first span of the rules."""
        found = [one for one in near if self._may_play(level, one)]
        if not self._compiled.spans:
            return anchor.size + sum(one.size for one in found)
        widest, here = self._compiled.scope(level, level).spans[0], anchor.values[0]
        line = sorted([(one.values[0], one.size) for one in found] + [(here, anchor.size)])
        most = players = lowest = 0
        for value, size in line:
            players += size
            while value - line[lowest][0] > widest:
                players -= line[lowest][1]
                lowest += 1
            if line[lowest][0] <= here <= value:
                most = max(most, players)
        return most

    def _filled(self, rules: RuleSet, level: int, anchor: Waiting, near: Sequence[Waiting]) -> Candidate | None:
        """Fill the teams around an anchor as the rules of one level allow."""
        seating = Seating(rules.teams)
        guard = Guard(self._compiled, seating, low=level, high=level)
        teams = _Teams(rules, random.Random(f"{self._seed} {anchor.ticket_id}"))  # noqa: S311 - teams, not secrets
        left = rules.max_players - self._compiled.empty_seats
        chosen: list[tuple[Waiting, str | None]] = []
        for one in (anchor, *near):
            if not left:
                break
            if (
                not self._may_play(level, one)
                or one.size > left
                or not seating.player_ids.isdisjoint(one.entrant.player_ids)
            ):
                continue
            broken = guard.admits(one, level)
            if broken is not None:
                self._counts.failed[broken] += 1
                continue
            team = teams.take(one)
            if team is None and not one.is_backfill:
                continue
            seating.add(one.entrant, team)
            guard.join(one, level, team)
            chosen.append((one, team))
            left -= one.size
        if not teams.complete:
            return None
        evened = chosen if anchor.is_backfill else _evened(chosen, teams.sizes)
        return self._verifier.check(evened, self._now_s, self._counts)

    def _keep(self, found: Candidate) -> None:
        tickets = sorted(found.tickets, key=lambda one: one.order)
        ids = tuple(one.ticket_id for one in tickets)
        self._matches.append(Match(ids, found.teams, self._counts.evaluations()))
        self._taken.update(ids)
        self._players.update(found.teams)


class _Teams:
    """Open seats, and whose turn it is."""

    def __init__(self, rules: RuleSet, rng: random.Random) -> None:
        self._teams = rng.sample(rules.teams, len(rules.teams))
        self.sizes = dict.fromkeys((team.name for team in rules.teams), 0)
        self._worth = dict.fromkeys(self.sizes, 0.0)

    def take(self, one: Waiting) -> str | None:
        """Seat a ticket and return its team; None for a running session, and where it fits nowhere."""
        seats = one.entrant.seats
        if seats is not None:
            for name, group in seats.items():
                self.sizes[name] += len(group.players)
            return None
        fitting = [team for team in self._teams if self.sizes[team.name] + one.size <= team.max_players]
        if not fitting:
            return None
        sizes = self.sizes
        chosen = min(
            fitting,
            key=lambda team: (
                min(0, sizes[team.name] - team.min_players),
                sizes[team.name] - team.max_players,
                self._worth[team.name],
            ),
        )
        self.sizes[chosen.name] += one.size
        self._worth[chosen.name] += one.worth * one.size
        return chosen.name

    @property
    def complete(self) -> bool:
        """Whether every team has its minimum."""
        return all(self.sizes[team.name] >= team.min_players for team in self._teams)


def _evened(chosen: Sequence[tuple[Waiting, str | None]], sizes: Mapping[str, int]) -> list[tuple[Waiting, str | None]]:
    """Deal the tickets out again, so that teams of the same sizes are even; parties leave something to swap."""
    dealt = seats_for([one for one, _ in chosen], sizes)
    if dealt is not None and all(one.size == 1 for one, _ in chosen):
        return list(dealt)
    return swapped(chosen if dealt is None else dealt)


def look_at_large(
    compiled: Compiled, pool: Sequence[Waiting], hopeless: Iterable[Hopeless], *, now_s: float, seed: int
) -> Outcome:
    """Find the matches of a large-match rule set; the arguments are those of `look.Look`."""
    return LargeLook(compiled, pool, hopeless, now_s=now_s, seed=seed).outcome()
