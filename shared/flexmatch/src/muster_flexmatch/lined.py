"""A look at a large pool: blocks cut from lines, then anchors by age, each with its neighbours in line."""

import random
from collections.abc import Sequence
from itertools import islice
from typing import Final

from muster_flexmatch.blocks import Block, Cutter, seats_for
from muster_flexmatch.choices import BATCH
from muster_flexmatch.counts import Counts
from muster_flexmatch.lines import Lines, parties_first
from muster_flexmatch.look import Look
from muster_flexmatch.memory import Vain
from muster_flexmatch.order import batch
from muster_flexmatch.reach import Reach
from muster_flexmatch.rules import Sort
from muster_flexmatch.values import Outcome
from muster_flexmatch.verify import Candidate
from muster_flexmatch.waiting import Waiting

BLOCK_FAILURES: Final = 1_000
"""Blocks of one look that may fail before no more are judged; some tens of milliseconds."""

SIFTED: Final = 1_000
"""Tickets of a pool that is sifted as a whole first; in larger ones there are enough of everybody."""

FREE_STEPS: Final = 60
"""Steps of a search that found a match and are not charged to the look."""

FETCH_STEPS: Final = 3
"""What it costs to find the neighbours of an anchor, in steps."""

LINES_OF_ANCHOR: Final = 3
"""Lines of one anchor, one for each of its regions, that are searched."""


class LineLook(Look):
    """One look at a large pool."""

    def outcome(self) -> Outcome:
        """Find the matches and return them."""
        if self._pool:
            self._find()
        return self._outcome()

    def _find(self) -> None:
        compiled = self._compiled
        if len(self._pool) <= SIFTED:
            self._sift()
        self._top = max(self._levels.values())
        for anchors, new in self._anchors():
            free = [one for one in new if self._free(one)] if self._taken else new
            self._lines = Lines(compiled, free, self._levels, self._top)
            blocks = self._blocks()
            self._block_failures = 0
            later = self._pass(anchors, blocks, reserve=self._left // 2)
            random.Random(self._seed).shuffle(later)  # noqa: S311 - whom to try, not a secret
            self._pass(later, {}, reserve=0)

    def _sift(self) -> None:
        """Treat those who can be in no match as if they had left."""
        reach = Reach(self._compiled, self._pool, self._levels, None, self._prospects)
        for one in self._pool:
            if one.ticket_id not in reach.kept:
                self._alone(one, reach)
                self._taken.add(one.ticket_id)

    def _pass(self, anchors: Sequence[Waiting], blocks: dict[str, Block], *, reserve: int) -> list[Waiting]:
        """Make each ticket the anchor in turn; return those who were not searched because that was spent."""
        passed_over: list[Waiting] = []
        for anchor in anchors:
            if not self._free(anchor):
                continue
            block = blocks.get(anchor.ticket_id)
            if block is not None and self._take_block(block):
                continue
            if self._left <= reserve:
                passed_over.append(anchor)
            else:
                self._around_near(anchor)
        return passed_over

    def _blocks(self) -> dict[str, Block]:
        """Return the block of each ticket that has one; none where sort rules say who is tried first."""
        rules = self._compiled.rules
        if any(isinstance(rule, Sort) for rule in rules.rules):
            return {}
        rng = random.Random(self._seed)  # noqa: S311 - teams, not secrets
        names = rng.sample(rules.teams, len(rules.teams))
        self._capacities = {team.name: team.max_players for team in names}
        for _ in range(self._compiled.empty_seats):
            widest = max(names, key=lambda team: self._capacities[team.name] - team.min_players)
            self._capacities[widest.name] -= 1
        cutter = Cutter(self._compiled, self._levels, self._top, list(self._capacities.values()))
        found = cutter.cut(self._lines.lines.values())
        return {one.ticket_id: block for block in found for one in block}

    def _take_block(self, block: Block) -> bool:
        """Make a match of a block, if it still stands and is valid."""
        if self._block_failures >= BLOCK_FAILURES:
            return False
        if not all(self._free(one) for one in block):
            return False
        seated = seats_for(block, self._capacities)
        if seated is None:
            return False
        counts = Counts(self._compiled.rules)
        found = self._verifier.check(seated, self._now_s, counts)
        self.counts.add(counts)
        if found is None:
            self._block_failures += 1
            return False
        self._keep(found, counts)
        return True

    def _around_near(self, anchor: Waiting) -> None:
        """Search around one anchor among its neighbours in line."""
        own = self._levels[anchor.ticket_id]
        newest = self._compiled.newest
        # Who is older had its turn already; with `oldest` it would only bring limits that are not the anchor's.
        scope = self._compiled.scope(0 if newest else own, own)
        farthest = self._reach(scope.spans)
        orders: list[list[Waiting]] = []
        fetches = 0
        for line in self._lines.of(anchor)[:LINES_OF_ANCHOR]:
            fetches += FETCH_STEPS
            near = [
                one
                for one in islice(line.near(anchor, reach=farthest, taken=self._taken), BATCH)
                if self._free(one) and (newest or self._levels[one.ticket_id] <= own)
            ]
            reach = Reach(self._compiled, [anchor, *near], self._levels, anchor)
            if anchor.ticket_id not in reach.kept:
                continue
            near = parties_first(anchor, [one for one in near if one.ticket_id in reach.kept])
            orders.append(batch(self._compiled.rules, self._compiled.judge, anchor, near))
        self._left -= fetches
        if orders:
            self._along(anchor, orders)

    def _along(self, anchor: Waiting, orders: Sequence[Sequence[Waiting]]) -> None:
        """Search around one anchor among its neighbours, line by line."""
        teams, asked = self._asked(anchor, orders)
        if self._in_vain(anchor, asked, self._limits.near):
            return
        counts = Counts(self._compiled.rules)
        best: Candidate | None = None
        steps = 0
        for order in orders:
            search = self._search(teams, counts, self._limits.near)
            found = search.run(anchor, order)
            steps += search.steps if found is None else max(0, search.steps - FREE_STEPS)
            if found is not None and (best is None or found.players > best.players):
                best = found
            if best is not None and not search.exhausted:
                break
        self._left -= steps
        self.counts.add(counts)
        if best is not None:
            self._keep(best, counts)
        else:
            self._memory.keep(anchor, Vain(asked, self._limits.near, whole=False, steps=steps, counts=counts))

    def _reach(self, spans: tuple[float, ...]) -> float:
        first = self._compiled.spans[0] if self._compiled.spans else None
        if first is None or self._compiled.line != (first.attribute, first.party):
            return float("inf")
        return spans[0]
