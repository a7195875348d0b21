"""One look at the pool of a small match: what every kind of look has in common."""

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from muster_flexmatch.choices import BATCH
from muster_flexmatch.compiled import Compiled
from muster_flexmatch.counts import Counts
from muster_flexmatch.memory import Memory
from muster_flexmatch.prospects import Prospects
from muster_flexmatch.reach import Reach
from muster_flexmatch.search import BUDGET, Search
from muster_flexmatch.values import Match, Outcome
from muster_flexmatch.verify import Candidate, Verifier
from muster_flexmatch.waiting import Hopeless, Waiting


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one look at a pool may cost. Steps: one ticket put on one team; the README says what one costs.

    Attributes:
        whole: up to so many tickets the pool is one batch, tried by age; a larger one is put into lines first.
        anchor: steps around one anchor of a small pool, for each order in which the others are tried.
        near: the same in a large pool.
        total: steps of one look that gave nothing; in a large pool half of them are for the oldest anchors, and half
            for others, drawn by the seed.
        per_second: what a pool regains of the total for each second since its last look. The default gives the whole
            total to every look; with less, what is found may depend on what earlier looks searched in vain.
    """

    whole: int = BATCH
    anchor: int = BUDGET
    near: int = 120
    total: int = 12_000
    per_second: float = math.inf


LIMITS: Final = Limits()


class Look:
    """One look; used once."""

    def __init__(  # noqa: PLR0913 - state, time and seed
        self,
        compiled: Compiled,
        pool: Sequence[Waiting],
        hopeless: Iterable[Hopeless],
        *,
        now_s: float,
        seed: int,
        limits: Limits,
        memory: Memory,
        prospects: Prospects,
        steps: int,
    ) -> None:
        """Begin a look.

        Args:
            compiled: the rule set.
            pool: everyone who waits, the oldest first.
            hopeless: those who can be in no match; they only count as failed.
            now_s: the present, on the clock of the tickets.
            seed: decides between what is equally good.
            limits: how much it may cost.
            memory: what earlier looks at the same pool searched in vain.
            prospects: of the same pool.
            steps: what it may spend in vain, at most `limits.total`.
        """
        self._memory = memory
        self._prospects = prospects
        self._levels = (
            {one.ticket_id: compiled.level(max(0.0, now_s - one.order[0])) for one in pool}
            if compiled.top
            else dict.fromkeys((one.ticket_id for one in pool), 0)
        )
        self._compiled = compiled
        self._pool = pool
        self._now_s = now_s
        self._seed = seed
        self._limits = limits
        self._verifier = Verifier(compiled)
        self._taken: set[str] = set()
        self._players: set[str] = set()
        players = [player for one in pool for player in one.entrant.player_ids]
        self._repeated = len(set(players)) < len(players)  # somebody is on two tickets
        self._matches: list[Match] = []
        self._left = steps
        self.counts = Counts(compiled.rules)
        for one in hopeless:
            if one.rule is not None:
                self.counts.failed[one.rule] += 1

    @property
    def left(self) -> int:
        """How many steps were not spent."""
        return max(0, self._left)

    def _outcome(self) -> Outcome:
        return Outcome(tuple(self._matches), self.counts.evaluations())

    def _anchors(self) -> list[tuple[list[Waiting], list[Waiting]]]:
        """Return the lines of anchors: each anchor is tried with those behind it in its line, and all who are free."""
        sessions = [one for one in self._pool if one.is_backfill]
        new = [one for one in self._pool if not one.is_backfill]
        if not sessions:
            return [(new, new)]
        age_s = max(0.0, self._now_s - self._pool[0].start_s)
        match self._compiled.variants[self._compiled.level(age_s)].algorithm.backfill_priority:
            case "high":
                return [([*sessions, *new], new)]
            case "low":
                return [(new, new), ([*new, *sessions], new)]
            case "normal":
                return [(list(self._pool), new)]

    def _free(self, one: Waiting) -> bool:
        if one.ticket_id in self._taken:
            return False
        return not self._repeated or self._players.isdisjoint(one.entrant.player_ids)

    def _keep(self, found: Candidate, counts: Counts) -> None:
        tickets = sorted(found.tickets, key=lambda one: one.order)
        ids = tuple(one.ticket_id for one in tickets)
        self._matches.append(Match(ids, found.teams, counts.evaluations()))
        self._taken.update(ids)
        self._players.update(found.teams)

    def _rng(self, anchor: Waiting) -> random.Random:
        return random.Random(f"{self._seed} {anchor.ticket_id}")  # noqa: S311 - teams, not secrets

    def _alone(self, anchor: Waiting, reach: Reach) -> None:
        """Count the rule that leaves too few players for a match with *anchor*."""
        broken = reach.broken(anchor)
        if broken is not None:
            self.counts.failed[broken] += 1

    def _asked(self, anchor: Waiting, orders: Sequence[Sequence[Waiting]]) -> tuple[list[str], object]:
        """Return the teams in the order that the seed gives, and all that a search around *anchor* depends on."""
        teams = [team.name for team in self._compiled.rules.teams]
        self._rng(anchor).shuffle(teams)
        levels = tuple([self._levels[one.ticket_id] for each in ([anchor], *orders) for one in each])
        return teams, (teams, orders, levels if self._compiled.top else ())

    def _in_vain(self, anchor: Waiting, asked: object, budget: int) -> bool:
        """Whether the same search was in vain before; it is charged and counted all the same."""
        vain = self._memory.recall(anchor, asked, budget)
        if vain is None or vain.steps + budget > self._left:
            return False
        self._left -= vain.steps
        self.counts.add(vain.counts)
        return True

    def _search(self, teams: Sequence[str], counts: Counts, budget: int) -> Search:
        return Search(
            self._compiled,
            self._verifier,
            self._prospects,
            now_s=self._now_s,
            teams=teams,
            counts=counts,
            budget=budget,
        )
