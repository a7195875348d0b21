"""The search for one match around one ticket, the anchor.

First greedily, as AWS describes it: tickets are added one at a time, each to the team that needs it most. Where that
gives no match, or not a full one, by going back on decisions, the latest first, until the budget is spent. A pool of
few tickets is so searched to its end, a large one as far as the budget goes.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from muster_flexmatch.compiled import Compiled
from muster_flexmatch.counts import Counts
from muster_flexmatch.guards import Guard
from muster_flexmatch.prospects import Prospects
from muster_flexmatch.repair import weight
from muster_flexmatch.seating import Seating
from muster_flexmatch.verify import Candidate, Verifier
from muster_flexmatch.waiting import Waiting

FEW_TICKETS: Final = 6
FEW_TICKETS_BUDGET: Final = 20_000
BUDGET: Final = 2_000
IMPROVEMENT_BUDGET: Final = 300
"""Steps: one ticket put on one team, or one full judgement. The README says what they cost and what they buy."""

LOOKS_OF_STEP: Final = 8
"""Tickets that can be asked whether they may join at all, for the price of a step."""

REPAIRS: Final = 3
"""Full candidates of one search that fail and are then tried with other teams for the same tickets."""


class Search:
    """One search; used once."""

    def __init__(  # noqa: PLR0913 - what a look at a pool holds
        self,
        compiled: Compiled,
        verifier: Verifier,
        prospects: Prospects,
        *,
        now_s: float,
        teams: Sequence[str],
        counts: Counts,
        budget: int = BUDGET,
    ) -> None:
        """Build a search.

        Args:
            compiled: the rule set.
            verifier: judges complete candidates.
            prospects: tells whether enough players are left.
            now_s: the present, on the clock of the tickets.
            teams: their names, the one first that is preferred of two that are equally good.
            counts: takes what is evaluated.
            budget: steps.
        """
        self._compiled = compiled
        self._verifier = verifier
        self._prospects = prospects
        self._now_s = now_s
        self._counts = counts
        self._most_steps = budget
        rules = compiled.rules
        self._rank = {name: place for place, name in enumerate(teams)}
        self._signature = compiled.signatures
        self._balanced = rules.algorithm.balanced_attribute
        self._best: Candidate | None = None
        self._steps = 0
        self._limit = 0
        self._budget = 0
        self._repairs = REPAIRS

    @property
    def steps(self) -> int:
        """How many steps the latest `run` took."""
        return self._steps

    @property
    def exhausted(self) -> bool:
        """Whether the latest `run` ended because its budget was spent, and so may have missed something."""
        return self._steps >= self._budget

    def run(self, anchor: Waiting, others: Sequence[Waiting]) -> Candidate | None:
        """Return the largest valid candidate found with *anchor* and any of *others*, tried in their order."""
        everyone = [anchor, *others]
        thresholds = self._compiled.thresholds
        self._levels = {
            one.ticket_id: bisect_right(thresholds, max(0.0, self._now_s - one.order[0])) for one in everyone
        }
        low, high = min(self._levels.values()), max(self._levels.values())
        scope = self._compiled.scope(low, high)
        self._range = (low, high)
        self._room, self._needed = scope.room, scope.needed
        waiting = sum(one.size for one in everyone)
        self._limit = min(sum(self._room.values()) - self._compiled.empty_seats, waiting)
        self._dead_ends = 0
        self._few = len(everyone) <= FEW_TICKETS
        self._sessions = any(one.is_backfill for one in everyone)
        single = all(one.size == 1 and not one.is_backfill for one in everyone)
        # Then one seating of the same tickets is as good as another, and filling the neediest team finds it.
        self._any_team = single and self._compiled.sizes_stay and not self._compiled.teams_matter
        self._budget = FEW_TICKETS_BUDGET if self._few else self._most_steps
        self._steps = 0
        self._seating = Seating(self._compiled.rules.teams)
        self._seated: list[tuple[Waiting, str | None]] = []
        self._guard = Guard(self._compiled, self._seating, low=low, high=high, singly=False)
        if anchor.size <= self._limit:
            self._try(anchor, others, 0)
        return self._best

    @property
    def _done(self) -> bool:
        full = self._best is not None and self._best.players >= self._limit
        return full or self._steps >= self._budget

    def _extend(self, others: Sequence[Waiting], start: int) -> None:
        """Try every ticket from *start* on as the next one to join.

        The first way down looks at one ticket after the other. Once that way was a dead end, those who cannot join
        any more are left out first, and a way on which too few are left is not gone.
        """
        players = self._seating.players
        missing = self._missing()
        widest = max(self._room[name] - size for name, size in self._seating.sizes.items())
        left = self._limit - players
        if not widest or not left:
            return
        checked = self._dead_ends > 0
        if checked:
            others, start = self._admitted(others[start:], left), 0
            if not self._prospects.enough(others, self._range, self._seated):
                return
        behind = sum(one.size for one in others[start:])
        for index in range(start, len(others)):
            enough = players + behind > (self._best.players if self._best else 0) and missing <= behind
            if not enough or self._done:
                break
            one = others[index]
            behind -= one.size
            if one.size > left or (one.size > widest and not one.is_backfill) or not self._may_join(one):
                continue
            if not checked:
                broken = self._guard.admits(one, self._levels[one.ticket_id])
                if broken is not None:
                    self._counts.failed[broken] += 1
                    continue
            self._try(one, others, index + 1)
        self._dead_ends += 1

    def _admitted(self, others: Sequence[Waiting], left: int) -> list[Waiting]:
        """Return those who could still join whatever team; costs steps by how many are looked at."""
        self._steps += len(others) // LOOKS_OF_STEP
        levels, admits, failed = self._levels, self._guard.admits, self._counts.failed
        found: list[Waiting] = []
        for one in others:
            if one.size > left:
                continue
            broken = admits(one, levels[one.ticket_id])
            if broken is None:
                found.append(one)
            else:
                failed[broken] += 1
        return found

    def _try(self, one: Waiting, others: Sequence[Waiting], following: int) -> None:
        """Seat a ticket on each team in turn, go on from there, and judge what stands."""
        level = self._levels[one.ticket_id]
        for team in self._choices(one):
            if self._done:
                return
            self._steps += 1
            self._seating.add(one.entrant, team)
            self._seated.append((one, team))
            broken = self._guard.join(one, level, team)
            if broken is None:
                self._extend(others, following)
                self._judge_now()
            else:
                self._counts.failed[broken] += 1
            self._guard.leave()
            self._seated.pop()
            self._seating.remove(one.entrant, team)

    def _may_join(self, one: Waiting) -> bool:
        if one.is_backfill and any(each.is_backfill for each, _ in self._seated):
            return False  # two running sessions cannot become one
        return self._seating.player_ids.isdisjoint(one.entrant.player_ids)

    def _choices(self, one: Waiting) -> Iterator[str | None]:
        """Yield the teams that a ticket may join, the neediest first; of empty teams that are alike only one."""
        sizes = self._seating.sizes
        seats = one.entrant.seats
        if seats is not None:
            if all(sizes[name] + len(group.players) <= self._room[name] for name, group in seats.items()):
                yield None
            return
        tried: set[tuple[object, ...]] = set()
        open_to = self._prospects.teams(one, self._range)
        names = [name for name in sizes if sizes[name] + one.size <= self._room[name] and name in open_to]
        for name in sorted(names, key=self._need):
            # Seats of a running session that joins later tell empty teams apart that are alike now.
            if not sizes[name] and not self._sessions:
                if self._signature[name] in tried:
                    continue
                tried.add(self._signature[name])
            yield name
            if self._any_team:
                return

    def _need(self, name: str) -> tuple[float, float, float, int]:
        size = self._seating.sizes[name]
        heavy = weight(self._compiled.judge, self._seating, name, self._balanced) if self._balanced else 0.0
        return (min(0, size - self._needed[name]), size - self._room[name], heavy, self._rank[name])

    def _missing(self) -> int:
        """Return how many players are missing to the lowest minimums that may come to apply."""
        sizes = self._seating.sizes
        return sum(max(0, needed - sizes[name]) for name, needed in self._needed.items())

    def _may_sit(self, one: Waiting, team: str) -> bool:
        return team in self._prospects.teams(one, self._range)

    def _judge_now(self) -> None:
        """Judge the candidate as it stands, if it is complete and larger than the best so far."""
        players = self._seating.players
        if self._best is not None and players <= self._best.players:
            return
        if players < self._limit or self._few:
            found, costs = self._verifier.check(self._seated, self._now_s, self._counts), int(not self._few)
        else:
            mends = self._repairs > 0 and self._compiled.teams_matter
            repair = self._may_sit if mends else None
            found, costs = self._verifier.mend(self._seated, self._now_s, self._counts, repair=repair)
            self._repairs -= found is None
        self._steps += costs
        if found is not None:
            self._best = found
            if not self._few:
                self._budget = min(self._budget, self._steps + IMPROVEMENT_BUDGET)
