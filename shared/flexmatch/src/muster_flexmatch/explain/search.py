"""A search around one ticket: the first complete candidate, and the fullest incomplete one on the way.

The matcher looks for the best use of a whole pool; this looks for any match that holds one ticket, and keeps what it
saw when there is none. Like the matcher it judges rules on complete candidates, at the candidate's own age.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from muster_flexmatch.evaluate import Judge
from muster_flexmatch.expressions import Unmeasurable
from muster_flexmatch.lint.rules import used_attributes
from muster_flexmatch.prune import Pruner, enforced
from muster_flexmatch.rules import RuleSet
from muster_flexmatch.seating import Entrant, Seating

BUDGET: Final = 1_200
"""Steps of one search in one order."""
BATCH: Final = 100
"""Tickets that are tried with the anchor."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Tickets with their teams.

    Attributes:
        seats: each ticket with the team it sits on; None for one whose seats are fixed.
        age_s: the age that counts for expansions.
    """

    seats: tuple[tuple[Entrant, str | None], ...]
    age_s: float

    @property
    def players(self) -> int:
        """How many players it has."""
        return sum(one.size for one, _ in self.seats)

    def seating(self, rules: RuleSet) -> Seating:
        """Return the candidate ready to be judged."""
        made = Seating(rules.teams)
        for one, team in self.seats:
            made.add(one, team)
        return made


def age_of(rules: RuleSet, entrants: Sequence[Entrant], now_s: float) -> float:
    """Return the age that counts for expansions: of the newest ticket or of the oldest, as the rule set says."""
    starts = [one.ticket.started_at_s for one in entrants]
    start = max(starts) if rules.algorithm.expansion_age == "newest" else min(starts)
    return max(0.0, now_s - start)


class Around:
    """One search; `found` and `fullest` tell what it saw."""

    def __init__(self, rules: RuleSet, judge: Judge, anchor: Entrant, now_s: float) -> None:
        """Build a search around *anchor* at the time *now_s*."""
        self.found: Candidate | None = None
        self.fullest: Candidate | None = None
        self.blamed: Counter[str] = Counter()
        self._rules = rules
        self._judge = judge
        self._anchor = anchor
        self._now_s = now_s
        self._enforced = enforced(rules)
        self._seats: list[tuple[Entrant, str | None]] = []

    def run(self, others: Sequence[Entrant], *, orders: int | None = None) -> "Around":
        """Search among *others*, in several orders, *orders* at most; stop at the first match."""
        for order in itertools.islice(self._orders(others), orders):
            self._search(order)
            if self.found is not None or self._steps < BUDGET:
                break
        return self

    def _orders(self, others: Sequence[Entrant]) -> Iterator[Sequence[Entrant]]:
        names = dict.fromkeys(name for rule in self._rules.rules for name in used_attributes(rule))
        for name in names:
            yield sorted(others, key=lambda one, name=name: self._gap(one, name))[:BATCH]  # type: ignore[misc]  # bound
        yield others[:BATCH]

    def _gap(self, one: Entrant, name: str) -> float:
        try:
            value = self._judge.reduced(one.whole, name, "avg")[0]
            own = self._judge.reduced(self._anchor.whole, name, "avg")[0]
        except Unmeasurable:
            return float("inf")
        if isinstance(value, float) and isinstance(own, float):
            return abs(value - own)
        return 0.0 if value == own else 1.0

    def _search(self, others: Sequence[Entrant]) -> None:
        ages = {max(0.0, self._now_s - one.ticket.started_at_s) for one in (self._anchor, *others)}
        variants = [self._rules.expanded(each) for each in sorted({self._rules.reached(age) for age in ages})]
        self._pruner = Pruner(self._judge, variants)
        places = range(len(self._rules.teams))
        self._room = {self._rules.teams[at].name: max(v.teams[at].max_players for v in variants) for at in places}
        self._needed = {self._rules.teams[at].name: min(v.teams[at].min_players for v in variants) for at in places}
        self._others = others
        self._behind = [*itertools.accumulate((one.size for one in reversed(others)), initial=0)][::-1]
        self._steps = 0
        self._seating = Seating(self._rules.teams)
        self._try(self._anchor, 0)

    @property
    def _done(self) -> bool:
        return self.found is not None or self._steps >= BUDGET

    def _extend(self, start: int) -> None:
        widest = max(self._room[name] - size for name, size in self._seating.sizes.items())
        missing = sum(max(0, needed - self._seating.sizes[name]) for name, needed in self._needed.items())
        for index in range(start, len(self._others)):
            behind, fullest = self._behind[index], self.fullest
            nothing_new = fullest is not None and self._seating.players + behind <= fullest.players
            if self._done or not widest or (missing > behind and nothing_new):
                return
            one = self._others[index]
            if (one.size <= widest or one.seats is not None) and self._may_join(one):
                self._try(one, index + 1)

    def _may_join(self, one: Entrant) -> bool:
        if one.seats is not None and any(each.seats is not None for each in self._seating.entrants):
            return False
        return self._seating.player_ids.isdisjoint(one.player_ids)

    def _try(self, one: Entrant, following: int) -> None:
        for team in self._choices(one):
            if self._done:
                return
            self._steps += 1
            self._seating.add(one, team)
            self._seats.append((one, team))
            broken = self._pruner.broken(self._seating)
            if broken is None:
                self._judge_now()
                self._extend(following)
            else:
                self.blamed[broken] += 1
            self._seats.pop()
            self._seating.remove(one, team)

    def _choices(self, one: Entrant) -> Iterator[str | None]:
        sizes = self._seating.sizes
        if one.seats is not None:
            if all(sizes[name] + len(group.players) <= self._room[name] for name, group in one.seats.items()):
                yield None
            return
        open_teams = [name for name in sizes if sizes[name] + one.size <= self._room[name]]
        yield from sorted(open_teams, key=lambda name: (sizes[name] >= self._needed[name], sizes[name]))

    def _judge_now(self) -> None:
        seating, entrants = self._seating, self._seating.entrants
        age_s = age_of(self._rules, entrants, self._now_s)
        if self.fullest is None or seating.players > self.fullest.players:
            self.fullest = Candidate(tuple(self._seats), age_s)
        if all(each.seats is not None for each in entrants):
            return
        rules = self._rules.at_age(age_s)
        if not all(team.min_players <= seating.sizes[team.name] <= team.max_players for team in rules.teams):
            return
        verdicts = self._judge.verdicts(rules, seating)
        broken = [name for name, held in verdicts.items() if not held and name in self._enforced]
        self.blamed.update(broken)
        if not broken:
            self.found = Candidate(tuple(self._seats), age_s)
