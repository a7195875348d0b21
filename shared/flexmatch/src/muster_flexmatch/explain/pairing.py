"""Two tickets and no more: what keeps them out of one match, whoever else joins."""

import itertools
from collections.abc import Iterator, Sequence

from muster_flexmatch.evaluate import Judge
from muster_flexmatch.explain.changes import dropped
from muster_flexmatch.explain.search import age_of
from muster_flexmatch.prune import Pruner, enforced
from muster_flexmatch.rules import RuleSet
from muster_flexmatch.seating import Entrant, Seating


class Pairing:
    """Judges pairs at one instant."""

    def __init__(self, rules: RuleSet, judge: Judge, now_s: float) -> None:
        """Build it for a rule set and a time."""
        self._rules = rules
        self._judge = judge
        self._now_s = now_s
        self._enforced = enforced(rules)
        self._waits = sorted({0.0, *(step.wait_s for each in rules.expansions for step in each.steps)})
        self._variants: dict[tuple[tuple[int, ...], ...], list[RuleSet]] = {}
        self._pruners: dict[tuple[tuple[int, ...], ...], Pruner] = {}

    def broken(self, anchor: Entrant, other: Entrant | None = None) -> frozenset[str]:
        """Return the rules that keep *anchor* and *other* out of one match; *anchor* out of any, without *other*.

        Only ages that a match of both can have are considered: with `newest` none above the younger one's, with
        `oldest` none below the older one's.
        """
        both = [anchor] if other is None else [anchor, other]
        key = self._ages(both)
        found: frozenset[str] | None = None
        for seats in _placings(self._rules, both):
            seating = Seating(self._rules.teams)
            for one, team in zip(both, seats, strict=True):
                seating.add(one, team)
            broken = self._of_seating(seating, key)
            found = broken if found is None or len(broken) < len(found) else found
            if not found:
                break
        return found or frozenset()

    def _ages(self, both: Sequence[Entrant]) -> tuple[tuple[int, ...], ...]:
        """Return the reached steps of every age that a match of these tickets can have."""
        ages = [max(0.0, self._now_s - one.ticket.started_at_s) for one in both]
        if self._rules.algorithm.expansion_age == "newest":
            bound = min(ages)
            waits = [wait for wait in self._waits if wait <= bound]
        else:
            bound = max(ages)
            waits = [bound, *(wait for wait in self._waits if wait > bound)]
        key = tuple(sorted({self._rules.reached(wait) for wait in waits}))
        if key not in self._variants:
            self._variants[key] = [self._rules.expanded(each) for each in key]
            self._pruners[key] = Pruner(self._judge, self._variants[key])
        return key

    def _of_seating(self, seating: Seating, key: tuple[tuple[int, ...], ...]) -> frozenset[str]:
        variants = self._variants[key]
        new = [one for one in seating.entrants if one.seats is None]
        if new and seating.players >= max(each.max_players for each in variants):
            age_s = age_of(self._rules, seating.entrants, self._now_s)
            verdicts = self._judge.verdicts(self._rules.at_age(age_s), seating)  # nobody else can join
            return frozenset(name for name, held in verdicts.items() if not held and name in self._enforced)
        broken: set[str] = set()
        name = self._pruners[key].broken(seating)
        while name is not None:
            broken.add(name)
            variants = [dropped(each, {name}) for each in variants]
            name = Pruner(self._judge, variants).broken(seating)
        return frozenset(broken)


def _placings(rules: RuleSet, both: Sequence[Entrant]) -> Iterator[tuple[str | None, ...]]:
    """Yield the ways in which one or two tickets can sit, of teams of one kind no more than two."""
    kinds: dict[str, int] = {}
    names: list[str] = []
    for team in rules.teams:
        kinds[team.base] = kinds.get(team.base, 0) + 1
        if kinds[team.base] <= 2:
            names.append(team.name)
    choices: list[list[str | None]] = [[None] if one.seats is not None else [*names] for one in both]
    yield from itertools.product(*choices)
