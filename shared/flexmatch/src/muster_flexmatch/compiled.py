"""A rule set made ready for the search, once: what every part of a valid candidate meets, for each range of ages.

Rules are judged on complete candidates by `evaluate`. What is here only saves work: it tells early that a candidate
cannot become a match, and who is near whom. Three kinds of rules give cheap tests on numbers and bits, and order the
pool: values that must lie within a span, strings that must be the same, regions that must be shared. All others are
weakened as `prune` says, where they can be.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from muster_flexmatch.evaluate import Judge
from muster_flexmatch.expressions import grows
from muster_flexmatch.measured import evened, signatures, spread_allowed, teams_of, tells_teams_apart, the_same
from muster_flexmatch.prune import enforced, weakened
from muster_flexmatch.rules import Collection, Comparison, Distance, Latency, Rule, RuleSet, Team

SLACK: Final = 1e-9
"""Sums of floats round; a limit that only prunes is this much wider than the rule's own."""

MOST_FORMS: Final = 8
"""Forms of one rule, from expansions, that are asked early; with more it is judged on complete candidates only."""


@dataclass(frozen=True, slots=True)
class Span:
    """All values of a number lie within a span.

    Attributes:
        rule: name.
        attribute: what is measured.
        party: how a ticket's players become one value.
        limits: the widest span, by level.
    """

    rule: str
    attribute: str
    party: str
    limits: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Same:
    """All values of a string are the same."""

    rule: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Regions:
    """All tickets share a region that is fast enough.

    Attributes:
        rule: name.
        party: how the latencies of a ticket's players become one.
        limits: the highest latency in ms, by level.
        distinct: the different limits, rising.
    """

    rule: str
    party: str
    limits: tuple[float, ...]
    distinct: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Weak:
    """A rule as every part of a candidate meets it.

    Attributes:
        rule: name.
        forms: one of them must hold; different ones where expansions change the rule.
        teams: who joins elsewhere cannot break it; None when every team counts.
        singly: whether a part meets it when each of its tickets does, alone on its team.
    """

    rule: str
    forms: tuple[Rule, ...]
    teams: frozenset[str] | None
    singly: bool


@dataclass(frozen=True, slots=True)
class Least:
    """A lower bound on how many collections contain a string: so many must still find a seat.

    Attributes:
        rule: the rule with the lowest minimum that may come to apply.
        teams: the teams that count.
    """

    rule: Collection
    teams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """What holds of every part of a candidate whose level will be one of a range.

    Attributes:
        spans: the widest span for each of `Compiled.spans`.
        regions: place among the distinct limits for each of `Compiled.regions`.
        weak: the other rules, weakened.
        least: the lower bounds.
        room: the highest maximum by team.
        needed: the lowest minimum by team.
    """

    spans: tuple[float, ...]
    regions: tuple[int, ...]
    weak: tuple[Weak, ...]
    least: tuple[Least, ...]
    room: dict[str, int]
    needed: dict[str, int]


class Compiled:
    """A rule set, its forms at every level, and what they have in common.

    A level is how many of the ages at which something expands a candidate has reached.
    """

    def __init__(self, rules: RuleSet, *, empty_seats: int = 0) -> None:
        """Compile a rule set.

        Args:
            rules: the rule set.
            empty_seats: seats of a full match that stay empty.
        """
        self.rules = rules
        self.empty_seats = empty_seats
        self.judge = Judge(rules)
        self.enforced = enforced(rules)
        self.thresholds = rules.thresholds
        self.variants = tuple(rules.at_age(age) for age in (-1.0, *self.thresholds))
        self.newest = rules.algorithm.expansion_age == "newest"
        self._most = self._by_level(lambda team: team.max_players)
        self._fewest = self._by_level(lambda team: team.min_players)
        self.signatures = signatures(rules)
        self.top = len(self.thresholds)
        self._numbers = frozenset(each.name for each in rules.attributes if each.type == "number")
        self.strings = frozenset(each.name for each in rules.attributes if each.type == "string")
        self.lists = frozenset(each.name for each in rules.attributes if each.type == "string_list")
        self.spans: tuple[Span, ...] = ()
        self.sames: tuple[Same, ...] = ()
        self.regions: tuple[Regions, ...] = ()
        self._others: list[tuple[Rule, ...]] = []
        self._bits: dict[str, int] = {}
        self._regions: list[str] = []
        self._scopes: dict[tuple[int, int], Scope] = {}
        for place, rule in enumerate(rules.rules):
            if rule.name in self.enforced:
                self._classify(tuple(variant.rules[place] for variant in self.variants))
        self.teams_matter = any(map(tells_teams_apart, rules.rules))
        self.sizes_stay = all(variant.teams == rules.teams for variant in self.variants)
        self.line = self._line()
        self.even = self._even()

    def level(self, age_s: float) -> int:
        """Return how many ages at which something expands are reached."""
        return bisect_right(self.thresholds, age_s)

    def bit(self, region: str) -> int:
        """Return the bit that stands for a region in masks."""
        found = self._bits.get(region)
        if found is None:
            found = self._bits[region] = 1 << len(self._bits)
            self._regions.append(region)
        return found

    def region(self, bit: int) -> str:
        """Return the region that a bit stands for; nothing for no bit."""
        return self._regions[bit.bit_length() - 1] if bit else ""

    def scope(self, low: int, high: int) -> Scope:
        """Return what holds of every part of a candidate whose level will be from *low* to *high*, both included."""
        found = self._scopes.get((low, high))
        if found is None:
            found = self._scopes[low, high] = self._scope(low, high)
        return found

    def _line(self) -> tuple[str, str] | None:
        """Return the attribute and aggregation by which the pool stands in line; None for age alone.

        The attribute that batches are sorted by, or the first that must lie within a span, or the first on which
        teams are to be alike.
        """
        algorithm = self.rules.algorithm
        if algorithm.batching == "sorted" and algorithm.sort_by[0] in self._numbers | self.strings:
            return algorithm.sort_by[0], "avg"
        if self.spans:
            return self.spans[0].attribute, self.spans[0].party
        return next(filter(None, map(evened, self.rules.rules)), None)

    def _even(self) -> tuple[str, str] | None:
        """Return the attribute and aggregation on which teams are evened, where there is a choice."""
        if self.rules.algorithm.balanced_attribute is not None:
            return self.rules.algorithm.balanced_attribute, "avg"
        return next(filter(None, map(evened, self.rules.rules)), self.line)

    def _classify(self, forms: tuple[Rule, ...]) -> None:
        rule = forms[0]
        spans = [spread_allowed(each, self._numbers) for each in forms]
        if all(each is not None for each in spans):
            first = spans[0]
            assert first is not None
            limits = tuple(each.limit for each in spans if each is not None)
            self.spans += (Span(rule.name, first.attribute, first.party, limits),)
        same = {the_same(each, self.strings) for each in forms}
        attribute = same.pop() if len(same) == 1 else None
        if attribute is not None:
            self.sames += (Same(rule.name, attribute),)
            return
        if isinstance(rule, Latency) and self.rules.choices.common_region:
            limits = tuple(_or(each.max_latency, math.inf) for each in forms if isinstance(each, Latency))
            if math.inf not in limits:
                self.regions += (Regions(rule.name, rule.party, limits, tuple(sorted(set(limits)))),)
                return
        if not any(span.rule == rule.name for span in self.spans):
            self._others.append(forms)

    def _scope(self, low: int, high: int) -> Scope:
        after = high + 1
        weak: list[Weak] = []
        least: list[Least] = []
        for forms in self._others:
            here = _distinct(forms[low:after])
            if here is None:
                continue
            loose = [weakened(each, self.lists) for each in here]
            if all(each is not None for each in loose):
                singly = all(form == forms[0] for form in forms) and _judges_singly(forms[0])
                teams = self._affected(here[0])
                weak.append(Weak(here[0].name, tuple(each for each in loose if each), teams, singly))
            least.extend(self._least(here))
        return Scope(
            spans=tuple(max(span.limits[low:after]) + SLACK for span in self.spans),
            regions=tuple(each.distinct.index(max(each.limits[low:after])) for each in self.regions),
            weak=tuple(weak),
            least=tuple(least),
            room={name: max(sizes[low:after]) for name, sizes in self._most.items()},
            needed={name: min(sizes[low:after]) for name, sizes in self._fewest.items()},
        )

    def _by_level(self, of: Callable[[Team], int]) -> dict[str, tuple[int, ...]]:
        return {
            team.name: tuple(of(variant.teams[at]) for variant in self.variants)
            for at, team in enumerate(self.rules.teams)
        }

    def _affected(self, rule: Rule) -> frozenset[str] | None:
        selectors = teams_of(rule)
        if selectors is None:
            return None
        return frozenset(team for name in selectors for team in self.judge.names(name))

    def _least(self, forms: Sequence[Rule]) -> Iterable[Least]:
        """Yield the lower bound of a `contains` rule, if all its forms have the same string and a minimum."""
        found = [each for each in forms if isinstance(each, Collection) and each.operation == "contains"]
        if len(found) < len(forms) or len({each.reference for each in found}) > 1 or len(found[0].measurements) > 1:
            return
        lowest = min(found, key=lambda each: each.min_count or 0)
        if not lowest.min_count or not all(map(grows, lowest.measurements)):
            return
        affected = self._affected(lowest)
        yield Least(lowest, tuple(team.name for team in self.rules.teams if affected is None or team.name in affected))


def _judges_singly(rule: Rule) -> bool:
    """Whether a rule that `prune` keeps compares each value of a team on its own with a literal."""
    return isinstance(rule, Comparison | Distance) and rule.reference is not None


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _distinct(forms: Sequence[Rule]) -> list[Rule] | None:
    """Return the different forms of a rule; None when there are too many to ask them all."""
    found: list[Rule] = []
    for form in forms:
        if not any(form is each or form == each for each in found):
            if len(found) == MOST_FORMS:
                return None
            found.append(form)
    return found
