"""One rule on one candidate, in numbers: what was measured, what is demanded, who stands on the far side."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping

from muster_flexmatch import compound, expressions
from muster_flexmatch.evaluate import Judge, View, pairs, resolved, scalars
from muster_flexmatch.explain.answer import Check
from muster_flexmatch.expressions import Unmeasurable, Value
from muster_flexmatch.rules import (
    BatchDistance,
    Collection,
    Comparison,
    Compound,
    Distance,
    Latency,
    Rule,
    RuleSet,
    Sort,
)
from muster_flexmatch.seating import Entrant, Seating


def checks(judge: Judge, rules: RuleSet, seating: Seating, anchor: Entrant) -> tuple[Check, ...]:
    """Judge every rule that can hold or fail on a candidate, as the candidate is."""
    verdicts = judge.verdicts(rules, seating)
    found: list[Check] = []
    for rule in rules.rules:
        if isinstance(rule, Sort):
            continue
        try:
            found.append(_check(judge, rule, seating, anchor, verdicts))
        except Unmeasurable:
            text = "nothing to measure: a team is empty, or a value lacks"
            found.append(Check(f"rules[{rule.name}].measurements", verdicts[rule.name], None, None, text))
    return tuple(found)


def rule_of(check: Check) -> str:
    """Return the name of the rule that a check is about."""
    return check.element[len("rules[") :].rpartition("]")[0]


def _check(judge: Judge, rule: Rule, seating: Seating, anchor: Entrant, verdicts: Mapping[str, bool]) -> Check:
    held = verdicts[rule.name]
    view = View(judge, seating, getattr(rule, "party", "avg"))
    match rule:
        case Distance():
            said = _distance(rule, view, held=held)
        case BatchDistance():
            said = _batch(rule, judge, seating, anchor, held=held)
        case Comparison():
            said = _comparison(rule, view, held=held)
        case Collection():
            said = _collection(rule, view, held=held)
        case Latency():
            said = _latency(rule, seating, anchor, held=held)
        case Compound():
            names = dict.fromkeys(compound.names(rule.statement))
            inputs = ", ".join(f"{name} {'holds' if verdicts[name] else 'fails'}" for name in names)
            said = Check(f"rules[{rule.name}].statement", held, inputs, None, inputs)
        case Sort():
            said = Check(f"rules[{rule.name}]", held, None, None, "only orders")
    return said


def number(value: float) -> str:
    """Return a number as people write it."""
    return f"{round(value, 2):,.10g}"


def _pairs(rule: Distance | Comparison, view: View) -> list[tuple[float | str, float | str]]:
    assert rule.reference is not None
    reference = resolved(rule.reference, view)
    return [pair for one in rule.measurements for pair in pairs(expressions.evaluate(one, view), reference)]


def _distance(rule: Distance, view: View, *, held: bool) -> Check:
    gaps = [
        (abs(value - other), value, other)
        for value, other in _pairs(rule, view)
        if isinstance(value, float | int) and isinstance(other, float | int)
    ]
    where = f"rules[{rule.name}]"
    if not gaps:
        return Check(f"{where}.measurements", held, None, None, "nothing to measure")
    low, high = min(gaps), max(gaps)
    if rule.min_distance is not None and low[0] < rule.min_distance:
        gap, limit, field, sign = low, rule.min_distance, "minDistance", "<" if not held else "at least"
    elif rule.max_distance is not None:
        gap, limit, field = high, rule.max_distance, "maxDistance"
        sign = ">" if high[0] > limit else "<="
    else:
        gap, limit, field, sign = low, rule.min_distance or 0.0, "minDistance", ">="
    text = f"distance {number(gap[0])} {sign} {number(limit)} ({number(gap[1])} from {number(gap[2])})"
    return Check(f"{where}.{field}", held, gap[0], limit, text)


def _batch(rule: BatchDistance, judge: Judge, seating: Seating, anchor: Entrant, *, held: bool) -> Check:
    values = [
        (each, one.ticket.ticket_id)
        for one in seating.entrants
        for each in judge.reduced(one.whole, rule.attribute, rule.party)
    ]
    numbers = [(each, name) for each, name in values if isinstance(each, float)]
    own = next(iter(judge.reduced(anchor.whole, rule.attribute, rule.party)))
    if numbers and len(numbers) == len(values) and isinstance(own, float):
        limit = math.inf if rule.max_distance is None else rule.max_distance
        low, high = min(numbers), max(numbers)
        spread = high[0] - low[0]
        sign = "<=" if spread <= limit else ">"
        text = (
            f"{rule.attribute} from {number(low[0])} to {number(high[0])}: {number(spread)} {sign} {number(limit)}, "
            f"this ticket has {number(own)}"
        )
        far = {name for each, name in numbers if abs(each - own) > limit} or (
            {low[1], high[1]} - {anchor.ticket.ticket_id} if not held else set()
        )
        return Check(f"rules[{rule.name}].maxDistance", held, spread, rule.max_distance, text, tuple(sorted(far)))
    counts = Counter(str(each) for each, _ in values)
    shown = ", ".join(f"{count} of {value}" for value, count in counts.most_common(5))
    others = tuple(sorted({name for each, name in values if each != own}))
    return Check(f"rules[{rule.name}].batchAttribute", held, str(own), None, f"{rule.attribute}: {shown}", others)


def _comparison(rule: Comparison, view: View, *, held: bool) -> Check:
    where = f"rules[{rule.name}]"
    if rule.reference is None:
        values = [each for one in rule.measurements for each in scalars(expressions.evaluate(one, view))]
        counts = Counter(number(each) if isinstance(each, float) else str(each) for each in values)
        shown = ", ".join(f"{count} of {value}" for value, count in counts.most_common(5))
        wanted = "all equal" if rule.operation == "=" else "all different"
        return Check(f"{where}.operation", held, shown, wanted, f"wants {wanted}, has {shown}")
    pairs = _pairs(rule, view)
    failing = [pair for pair in pairs if not _compares(rule.operation, *pair)]
    value, other = (failing or pairs or [("nothing", "nothing")])[0]
    said = [number(each) if isinstance(each, float | int) else each for each in (value, other)]
    verb = "fails" if failing else "holds"
    more = f", and so {len(failing) - 1} more" if len(failing) > 1 else ""
    return Check(f"{where}.referenceValue", held, value, other, f"{said[0]} {rule.operation} {said[1]} {verb}{more}")


def _compares(operation: str, value: float | str, other: float | str) -> bool:
    if operation in {"=", "!="}:
        return (value == other) is (operation == "=")
    if isinstance(value, str) or isinstance(other, str):
        return False
    return {"<": value < other, "<=": value <= other, ">": value > other, ">=": value >= other}[operation]


def _collection(rule: Collection, view: View, *, held: bool) -> Check:
    low = 0 if rule.min_count is None else rule.min_count
    high = math.inf if rule.max_count is None else rule.max_count
    found = [
        each
        for one in rule.measurements
        for each in _lists(expressions.evaluate(one, view), expressions.depth(one), spread=rule.operation == "contains")
    ]
    match rule.operation:
        case "intersection":
            count = len(frozenset.intersection(*found)) if found else 0
            what = f"{count} in common"
        case "contains":
            count = sum(rule.reference in each for each in found)
            what = f"{count} of {len(found)} contain {rule.reference!r}"
        case "reference_intersection_count":
            wanted = frozenset(scalars(resolved(rule.reference or (), view)))
            counts = [len(each & wanted) for each in found] or [0]
            count = min(counts) if min(counts) < low else max(counts)
            what = f"one list meets the reference {count} times"
    field, limit = ("minCount", float(low)) if count < low else ("maxCount", high)
    if count >= low and rule.max_count is None:
        field, limit = "minCount", float(low)
    words = "at least" if field == "minCount" else "at most"
    text = f"{what}, wants {words} {number(limit)}"
    return Check(f"rules[{rule.name}].{field}", held, float(count), limit, text)


def _lists(value: Value, nested: int, *, spread: bool) -> Iterator[frozenset[float | str]]:
    if nested > 2 and isinstance(value, tuple):
        for each in value:
            yield from _lists(each, nested - 1, spread=spread)
    elif nested == 1 and not spread:
        yield frozenset(scalars(value))
    elif isinstance(value, tuple):
        yield from (frozenset(scalars(each)) for each in value)


def regions(one: Entrant, party: str) -> dict[str, float]:
    """Return a ticket's latency in each region that all its players measured."""
    measured = [player for player in one.whole.players if player.latencies or player.team is None]
    if not measured:
        return {}
    shared = [name for name in measured[0].latencies if all(name in each.latencies for each in measured)]
    values = {name: [float(each.latencies[name]) for each in measured] for name in shared}
    reduce = {"min": min, "max": max}.get(party)
    return {name: reduce(each) if reduce else math.fsum(each) / len(each) for name, each in values.items()}


def _latency(rule: Latency, seating: Seating, anchor: Entrant, *, held: bool) -> Check:
    limit = math.inf if rule.max_latency is None else rule.max_latency
    own = regions(anchor, rule.party)
    tables = {one.ticket.ticket_id: regions(one, rule.party) for one in seating.entrants if not one.seats}
    best = {
        name: max(table.get(name, math.inf) for table in tables.values())
        for name in {region for table in tables.values() for region in table}
    }
    where = f"rules[{rule.name}].maxLatency"
    if not best:
        return Check(where, held, None, limit, "no ticket has latencies")
    region = min(best, key=lambda name: (best[name], name))
    worst = best[region]
    near = ", ".join(f"{name} {number(value)} ms" for name, value in sorted(own.items(), key=lambda each: each[1])[:3])
    against = tuple(sorted(name for name, table in tables.items() if not _share(own, table, limit)))
    if worst <= limit and rule.max_distance is not None:
        values = [table[region] for table in tables.values()]
        base = min(values) if rule.distance_reference == "min" else math.fsum(values) / len(values)
        gap = max(abs(each - base) for each in values)
        text = f"in {region} latencies lie {number(gap)} ms apart, wants at most {number(rule.max_distance)}"
        return Check(f"rules[{rule.name}].maxDistance", held, gap, rule.max_distance, text, against)
    slow = f"{number(worst)} ms" if math.isfinite(worst) else "someone without a measurement"
    text = (
        f"best common region {region}: {slow}, wants at most {number(limit)} ms; this ticket: {near or 'no latencies'}"
    )
    return Check(where, held, worst if math.isfinite(worst) else None, limit, text, against)


def _share(own: Mapping[str, float], other: Mapping[str, float], limit: float) -> bool:
    return any(value <= limit and other.get(name, math.inf) <= limit for name, value in own.items())
