"""In which order tickets are tried with the anchor, the ticket that a search starts from."""

import math
from collections.abc import Mapping, Sequence

from muster_flexmatch import expressions
from muster_flexmatch.choices import BATCH
from muster_flexmatch.evaluate import Judge
from muster_flexmatch.expressions import Unmeasurable
from muster_flexmatch.rules import BatchDistance, Collection, Comparison, Distance, RuleSet, Sort
from muster_flexmatch.seating import Entrant
from muster_flexmatch.values import Attribute
from muster_flexmatch.waiting import Waiting


def batch(rules: RuleSet, judge: Judge, anchor: Waiting, others: Sequence[Waiting]) -> list[Waiting]:
    """Return the tickets that are tried with *anchor*, in the order in which they are tried.

    Args:
        rules: the rule set, whose sort rules order the batch; ties keep the order of *others*.
        judge: reads attributes.
        anchor: the ticket that the search starts from.
        others: the tickets that may join, the first to be tried first.
    """
    chosen = list(others[:BATCH])
    for rule in reversed(rules.rules):
        if isinstance(rule, Sort):
            chosen = _sorted(judge, rule, anchor, chosen)
    return chosen


def closest(judge: Judge, attribute: str, anchor: Waiting, others: Sequence[Waiting]) -> list[Waiting]:
    """Return *others* by how near their value of a number or string attribute is to the anchor's."""
    return _sorted(judge, Sort("", attribute, distance=True, descending=False), anchor, others)


def measured_attributes(rules: RuleSet) -> tuple[str, ...]:
    """Return the attributes that rules measure, each once, in the order of the rules."""
    found: dict[str, None] = {}
    for rule in rules.rules:
        match rule:
            case BatchDistance(attribute=name):
                found[name] = None
            case Comparison() | Distance() | Collection():
                for measurement in rule.measurements:
                    found.update(dict.fromkeys(expressions.attributes(measurement)))
    return tuple(found)


def _sorted(judge: Judge, rule: Sort, anchor: Waiting, others: Sequence[Waiting]) -> list[Waiting]:
    key = _map_key(judge, rule, anchor.entrant)
    own = _value(judge, anchor.entrant, rule.attribute, rule.party, key)
    found = {id(one): _value(judge, one.entrant, rule.attribute, rule.party, key) for one in others}
    have = [one for one in others if found[id(one)] is not None]
    lack = [one for one in others if found[id(one)] is None]  # last, whatever the direction

    def place(one: Waiting) -> float:
        value = found[id(one)]
        if isinstance(value, float):
            return abs(value - own) if rule.distance and isinstance(own, float) else value
        return 0.0 if value == own else 1.0

    # A stable sort keeps the older of equals first; reversed() would not, so the key is turned round instead.
    have.sort(key=lambda one: -place(one) if rule.descending else place(one))
    return have + lack


def _value(judge: Judge, one: Entrant, name: str, party: str, key: str | None) -> float | str | None:
    """Return what a ticket is sorted by; None when it has nothing of the kind."""
    if key is not None:
        return _map_value(judge, one, name, party, key)
    try:
        value = judge.reduced(one.whole, name, party)[0]
    except Unmeasurable:
        return None
    return None if isinstance(value, tuple) else value


def _map_value(judge: Judge, one: Entrant, name: str, party: str, key: str) -> float | None:
    numbers = [found[key] for found in _maps(judge, one, name) if key in found]
    if not numbers:
        return None
    match party:
        case "min":
            return min(numbers)
        case "max":
            return max(numbers)
        case _:
            return math.fsum(numbers) / len(numbers)


def _map_key(judge: Judge, rule: Sort, anchor: Entrant) -> str | None:
    """Return the key at which the anchor's map is lowest or highest."""
    if rule.map_key is None:
        return None
    totals: dict[str, list[float]] = {}
    for found in _maps(judge, anchor, rule.attribute):
        for name, value in found.items():
            totals.setdefault(name, []).append(value)
    if not totals:
        return ""
    choose = min if rule.map_key == "minValue" else max
    return choose(sorted(totals), key=lambda name: math.fsum(totals[name]) / len(totals[name]))


def _maps(judge: Judge, one: Entrant, name: str) -> list[Mapping[str, float]]:
    found: list[Mapping[str, float]] = []
    for player in one.whole.players:
        try:
            value: Attribute = judge.value(player.attributes, name)
        except Unmeasurable:
            continue
        if isinstance(value, Mapping):
            found.append(value)
    return found
