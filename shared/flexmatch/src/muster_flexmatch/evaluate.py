"""Does a rule hold for a candidate? Pure: a rule and a seating in, yes or no out."""

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from muster_flexmatch import compound
from muster_flexmatch.expressions import Call, Number, Players, Unmeasurable, Value, depth, evaluate
from muster_flexmatch.rules import (
    BatchDistance,
    Collection,
    Comparison,
    Compound,
    Distance,
    Latency,
    Reference,
    Rule,
    RuleSet,
    Sort,
)
from muster_flexmatch.seating import Group, Seating
from muster_flexmatch.values import Attribute

_OPERATIONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_REDUCTIONS: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "avg": lambda values: math.fsum(values) / len(values),
    "min": min,
    "max": max,
}


class Judge:
    """Judges candidates by the rules of one rule set and its expansions."""

    def __init__(self, rules: RuleSet) -> None:
        """Build a judge; *rules* gives the teams and the defaults of attributes."""
        self._common_region = rules.choices.common_region
        self._defaults = {each.name: each.default for each in rules.attributes}
        self._by_name = {
            name: tuple(team.name for team in rules.teams if team.answers_to(name))
            for each in rules.teams
            for name in (each.name, each.base)
        }
        self._all = tuple(team.name for team in rules.teams)

    def verdicts(self, rules: RuleSet, seating: Seating) -> dict[str, bool]:
        """Return, for each rule that can hold or fail, whether it holds for the seating as it is.

        Args:
            rules: the rule set as it is at the candidate's age.
            seating: the candidate.
        """
        found: dict[str, bool] = {}
        for rule in rules.rules:
            if isinstance(rule, Compound):
                found[rule.name] = compound.holds(rule.statement, found.__getitem__)
            elif not isinstance(rule, Sort):
                found[rule.name] = self.holds(rule, seating)
        return found

    def holds(self, rule: Rule, seating: Seating) -> bool:
        """Tell whether one rule holds; a rule with nothing to measure fails.

        Compound rules need the verdicts on others and are judged in `verdicts`.
        """
        view = View(self, seating, getattr(rule, "party", "avg"))
        try:
            match rule:
                case Comparison():
                    held = _comparison(rule, view)
                case Distance():
                    held = _distance(rule, view)
                case BatchDistance():
                    held = self._batch_distance(rule, seating)
                case Collection():
                    held = _collection(rule, view)
                case Latency():
                    held = _latency(rule, seating, common_region=self._common_region)
                case Sort() | Compound():
                    held = True
        except Unmeasurable:
            return False
        return held

    def names(self, selector: str | None) -> Sequence[str]:
        """Return the teams that a name in an expression stands for."""
        return self._all if selector is None else self._by_name[selector]

    def reduced(self, group: Group, attribute: str | None, party: str) -> tuple[Value, ...]:
        """Return what a group contributes to a list: one number, each member's string, or one list of strings.

        Raises:
            Unmeasurable: a player has no value, and there is no default.
        """
        key = (attribute, party)
        if key not in group.reduced:
            group.reduced[key] = self._reduce(group, attribute, party)
        return group.reduced[key]

    def value(self, attributes: Mapping[str, Attribute], name: str) -> Attribute:
        """Return one player's attribute, or its default.

        Raises:
            Unmeasurable: there is neither.
        """
        found = attributes.get(name, self._defaults.get(name))
        if found is None:
            raise Unmeasurable
        return found

    def _reduce(self, group: Group, attribute: str | None, party: str) -> tuple[Value, ...]:
        if attribute is None:
            return tuple(player.player_id for player in group.players)
        values = [self.value(player.attributes, attribute) for player in group.players]
        numbers = [each for each in values if isinstance(each, int | float)]
        if len(numbers) == len(values):
            return (float(_REDUCTIONS[party](numbers)),)
        lists = [each for each in values if isinstance(each, tuple)]
        if len(lists) == len(values):
            first = dict.fromkeys(each for one in lists for each in one)
            if party == "intersection":
                return (tuple(each for each in first if all(each in one for one in lists)),)
            return (tuple(first),) if len(lists) > 1 else (lists[0],)
        strings = [each for each in values if isinstance(each, str)]
        if len(strings) == len(values):
            return tuple(strings)
        raise Unmeasurable

    def _batch_distance(self, rule: BatchDistance, seating: Seating) -> bool:
        values = [each for one in seating.entrants for each in self.reduced(one.whole, rule.attribute, rule.party)]
        numbers = [each for each in values if isinstance(each, float)]
        if len(numbers) == len(values) and numbers:
            return rule.max_distance is None or max(numbers) - min(numbers) <= rule.max_distance
        return len(set(values)) <= 1


class View:
    """A seating as expressions see it under one party aggregation."""

    def __init__(self, judge: Judge, seating: Seating, party: str) -> None:
        self._judge = judge
        self._seating = seating
        self._party = party

    def team_names(self, selector: str | None) -> Sequence[str]:
        """Return the teams that a name stands for, all teams for None."""
        return self._judge.names(selector)

    def values(self, team: str, attribute: str | None) -> Sequence[Value]:
        """Return what a team's tickets hold of an attribute; player ids for None."""
        groups = self._seating.groups[team]
        return [each for group in groups for each in self._judge.reduced(group, attribute, self._party)]


def scalars(value: Value) -> list[float | str]:
    """Return the numbers and strings in a value, however nested."""
    if not isinstance(value, tuple):
        return [value]
    found: list[float | str] = []
    for each in value:
        if isinstance(each, tuple):
            found += scalars(each)
        else:
            found.append(each)
    return found


def resolved(reference: Reference, view: View) -> Value:
    """Return a reference as a value."""
    return evaluate(reference, view) if isinstance(reference, Number | Players | Call) else reference


def pairs(measured: Value, reference: Value) -> list[tuple[float | str, float | str]]:
    """Pair measured values with the reference: one by one where the lists are as long, else each with each."""
    values, references = scalars(measured), scalars(reference)
    if isinstance(reference, tuple) and len(values) == len(references):
        return list(zip(values, references, strict=True))
    return [(value, other) for value in values for other in references]


def _comparison(rule: Comparison, view: View) -> bool:
    if rule.reference is None:
        values = [each for one in rule.measurements for each in scalars(evaluate(one, view))]
        different = len(set(values))
        return different <= 1 if rule.operation == "=" else different == len(values)
    reference = resolved(rule.reference, view)
    for one in rule.measurements:
        for value, other in pairs(evaluate(one, view), reference):
            if not _compares(rule.operation, value, other):
                return False
    return True


def _compares(operation: str, value: float | str, other: float | str) -> bool:
    if operation == "=":
        return value == other
    if operation == "!=":
        return value != other
    if isinstance(value, str) or isinstance(other, str):
        return False
    return _OPERATIONS[operation](value, other)


def _distance(rule: Distance, view: View) -> bool:
    reference = resolved(rule.reference, view)
    low = 0.0 if rule.min_distance is None else rule.min_distance
    high = math.inf if rule.max_distance is None else rule.max_distance
    for one in rule.measurements:
        for value, other in pairs(evaluate(one, view), reference):
            if isinstance(value, str) or isinstance(other, str) or not low <= abs(value - other) <= high:
                return False
    return True


def _latency(rule: Latency, seating: Seating, *, common_region: bool) -> bool:
    tables = [table for one in seating.entrants if (table := latencies(rule.party, one.whole)) is not None]
    if not tables:
        return True
    limit = math.inf if rule.max_latency is None else rule.max_latency
    if not common_region:
        return all(any(each <= limit for each in table.values()) for table in tables)
    common = [
        region
        for region, latency in tables[0].items()
        if latency <= limit
        and all(table.get(region, math.inf) <= limit for table in tables)
        # Infinity is within an infinite limit, but a region that somebody did not measure is no common one.
        and (limit < math.inf or all(region in table for table in tables))
    ]
    if rule.max_distance is None:
        return bool(common)
    return any(_close(rule, rule.max_distance, [table[region] for table in tables]) for region in common)


def _close(rule: Latency, limit: float, measured: Sequence[float]) -> bool:
    reference = _REDUCTIONS[rule.distance_reference](measured)
    return all(abs(each - reference) <= limit for each in measured)


def latencies(party: str, group: Group) -> Mapping[str, float] | None:
    """Return a ticket's latency in ms by region; None for players who are seated already.

    A region counts when every player of the ticket measured it.

    Args:
        party: how the latencies of a ticket's players become one: avg, min or max.
        group: the ticket's players.
    """
    if party not in group.latencies:
        group.latencies[party] = _measured(party, group)
    return group.latencies[party]


def _measured(party: str, group: Group) -> Mapping[str, float] | None:
    measured = [player for player in group.players if player.latencies or player.team is None]
    if not measured:
        return None  # a running session: its region was chosen when it began
    first = measured[0].latencies
    if len(measured) == 1:
        return first
    regions = [region for region in first if all(region in each.latencies for each in measured)]
    return {region: _REDUCTIONS[party]([float(each.latencies[region]) for each in measured]) for region in regions}


def _collection(rule: Collection, view: View) -> bool:
    low = 0 if rule.min_count is None else rule.min_count
    high = math.inf if rule.max_count is None else rule.max_count
    spread = rule.operation == "contains"
    collections = [
        each for one in rule.measurements for each in collections_of(evaluate(one, view), depth(one), spread=spread)
    ]
    match rule.operation:
        case "intersection":
            common = frozenset.intersection(*collections) if collections else frozenset()
            return low <= len(common) <= high
        case "contains":
            return low <= sum(rule.reference in each for each in collections) <= high
        case "reference_intersection_count":
            wanted = frozenset(scalars(resolved(rule.reference or (), view)))
            return all(low <= len(each & wanted) <= high for each in collections)


def collections_of(value: Value, nested: int, *, spread: bool) -> Iterator[frozenset[float | str]]:
    """Yield the string lists in a value; a flat list is one of them, or with *spread* as many as it has strings."""
    if nested > 2 and isinstance(value, tuple):
        for each in value:
            yield from collections_of(each, nested - 1, spread=spread)
    elif nested == 1 and not spread:
        yield frozenset(scalars(value))
    elif isinstance(value, tuple):
        yield from (frozenset(scalars(each)) for each in value)
