"""A simulation: arrivals, a pool, and a clock that is only a number."""

import heapq
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from muster_flexmatch.look import Limits
from muster_flexmatch.matchmaker import Matchmaker
from muster_flexmatch.rules import RuleSet
from muster_flexmatch.simulate.arrivals import Arrival
from muster_flexmatch.simulate.log import Ended, Log
from muster_flexmatch.simulate.options import Options
from muster_flexmatch.simulate.result import Result
from muster_flexmatch.values import Match, Ticket

EFFORT: Final = Limits(per_second=200)
"""A simulated hour makes some 3,600 looks; so many steps a second in vain keep it within half a minute."""

Progress = Callable[[float, float, int], None]
"""Takes the simulated seconds that are done, all of them, and how many tickets wait."""


def simulate(
    rules: RuleSet,
    arriving: Sequence[Arrival],
    options: Options,
    *,
    progress: Progress | None = None,
) -> Result:
    """Let people arrive and be matched until all are matched or gone.

    Args:
        rules: the rule set.
        arriving: who comes, with the attributes that the rule set wants (see `arrivals.complete`).
        options: how it is run.
        progress: is told how far it is, once for each look.

    Returns:
        What came of it. The same arguments give the same result.
    """
    return _Run(rules, arriving, options, Matchmaker(rules, limits=EFFORT)).go(progress)


class _Run:
    """One simulation."""

    def __init__(self, rules: RuleSet, arriving: Sequence[Arrival], options: Options, pool: Matchmaker) -> None:
        self._rules = rules
        self._options = options
        self._pool = pool
        self._coming = [(each.ticket.started_at_s, place, each) for place, each in enumerate(arriving)]
        heapq.heapify(self._coming)
        self._seconds = options.seconds or max((each.ticket.started_at_s for each in arriving), default=0.0) + 1.0
        self._waits = sorted({step.wait_s for each in rules.expansions for step in each.steps})
        self._due: list[float] = []
        self._leaving: list[tuple[float, str]] = []
        self._waiting: dict[str, Arrival] = {}
        self._rng = random.Random(f"{options.seed} returns")  # noqa: S311 - a simulation, no secrets
        self._log = Log(rules, self._seconds, options)

    def go(self, progress: Progress | None) -> Result:
        now_s, changed = 0.0, True
        while self._coming or self._waiting:
            now_s = self._next_time(now_s, changed=changed)
            changed = self._leave(now_s) | self._arrive(now_s) | self._relax(now_s)
            if changed:
                changed = self._look(now_s)
            self._log.sample(now_s, len(self._waiting))
            if progress is not None:
                progress(min(now_s, self._seconds), self._seconds, len(self._waiting))
        return self._log.result(now_s)

    def _next_time(self, now_s: float, *, changed: bool) -> float:
        """Return the time of the next look: the next tick, or the first one at which anything can have changed."""
        tick = self._options.tick_s
        if changed:
            return now_s + tick
        ahead = [heap[0][0] for heap in (self._coming, self._leaving) if heap]
        soonest = min([*ahead, *self._due[:1]], default=now_s)
        ticks = max(1, -int(-(soonest - now_s) // tick))
        return now_s + ticks * tick

    def _arrive(self, now_s: float) -> bool:
        came = False
        while self._coming and self._coming[0][0] <= now_s:
            arrival = heapq.heappop(self._coming)[2]
            ticket = arrival.ticket
            self._pool.add(ticket)
            self._waiting[ticket.ticket_id] = arrival
            heapq.heappush(self._leaving, (ticket.started_at_s + arrival.leaves_after_s, ticket.ticket_id))
            for wait_s in self._waits:
                heapq.heappush(self._due, ticket.started_at_s + wait_s)
            self._log.arrived(arrival)
            came = True
        return came

    def _relax(self, now_s: float) -> bool:
        relaxed = False
        while self._due and self._due[0] <= now_s:
            heapq.heappop(self._due)
            relaxed = True
        return relaxed

    def _leave(self, now_s: float) -> bool:
        left = False
        while self._leaving and self._leaving[0][0] <= now_s:
            at_s, ticket_id = heapq.heappop(self._leaving)
            arrival = self._waiting.get(ticket_id)
            if arrival is None or arrival.ticket.started_at_s + arrival.leaves_after_s != at_s:
                continue
            self._log.left(arrival, at_s, (each.ticket for each in self._waiting.values()))
            self._drop((ticket_id,))
            left = True
        return left

    def _drop(self, ticket_ids: Iterable[str]) -> None:
        for ticket_id in ticket_ids:
            self._pool.remove(ticket_id)
            del self._waiting[ticket_id]

    def _look(self, now_s: float) -> bool:
        outcome = self._pool.tick(now_s, self._options.seed)
        self._log.looked(outcome.evaluations)
        for match in outcome.matches:
            self._matched(match, now_s)
        return bool(outcome.matches)

    def _matched(self, match: Match, now_s: float) -> None:
        arrivals = [self._waiting[ticket_id] for ticket_id in match.ticket_ids]
        self._log.matched(match, [Ended(each, now_s - each.ticket.started_at_s) for each in arrivals], now_s)
        self._drop(match.ticket_ids)
        returns = self._options.returns
        if returns is None:
            return
        for each in arrivals:
            if self._rng.random() < returns.share:
                self._come_again(each, now_s + max(0.0, returns.after.draw(self._rng)))

    def _come_again(self, arrival: Arrival, at_s: float) -> None:
        if at_s >= self._seconds:
            return
        base, _, times = arrival.ticket.ticket_id.partition("~")
        ticket = Ticket(f"{base}~{int(times or 1) + 1}", arrival.ticket.players, at_s)
        again = replace(arrival, ticket=ticket)
        heapq.heappush(self._coming, (at_s, len(self._log.waits) + len(self._coming) + 1_000_000, again))
