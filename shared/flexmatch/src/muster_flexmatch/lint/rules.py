"""Attributes and rules as a whole: what never holds, what always holds, what nobody reads."""

from collections.abc import Iterator
from itertools import product
from typing import Final

from muster_flexmatch import compound, expressions
from muster_flexmatch.expressions import Call, Number, Players
from muster_flexmatch.lint.finding import Context, Finding, advice, warning
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

CODES: Final = (
    "attribute-without-default",
    "unused-attribute",
    "no-rules",
    "many-rules",
    "always-true",
    "compound-always-true",
    "compound-never-true",
    "impossible-count",
    "latency-without-data",
    "latency-never-relaxes",
    "distance-never-relaxes",
    "exact-number",
    "equality-is-slow",
)
METRICS: Final = 50
"""Rules that AWS publishes metrics for. Source: FlexMatch guide, metrics."""
TRUTH_TABLE: Final = 10
"""Operands up to which every combination is tried."""


def used_attributes(rule: Rule) -> set[str]:
    """Return the attributes that a rule reads."""
    match rule:
        case BatchDistance(attribute=name) | Sort(attribute=name):
            return {name}
        case (
            Comparison(measurements=measured, reference=reference)
            | Distance(measurements=measured, reference=reference)
        ):
            pass
        case Collection(measurements=measured, reference=reference):
            pass
        case _:
            return set()
    parts = [*measured, *([reference] if isinstance(reference, Players | Call | Number) else [])]
    return {name for part in parts for name in expressions.attributes(part)}


def _attributes(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    used = {name for rule in rules.rules for name in used_attributes(rule)}
    used |= {*rules.algorithm.sort_by, rules.algorithm.balanced_attribute or ""}
    for each in rules.attributes:
        where = f"playerAttributes[{each.name}]"
        if each.default is None:
            yield (warning if each.name in used else advice)(
                "attribute-without-default",
                where,
                "a request in which any player lacks it is refused, or on AWS never fulfilled",
                "declare a default, or make sure that every client sends it",
            )
        if each.name not in used:
            yield advice(
                "unused-attribute",
                where,
                "no rule reads it; it is only passed on to the game server",
                "leave it out if the game server does not need it",
            )


def _number_of_rules(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    if all(isinstance(rule, Sort) for rule in rules.rules):
        yield advice(
            "no-rules",
            "rules",
            "anyone plays with anyone, in the order in which they came",
            "add a distance rule on skill or a latency rule, if that is not what you want",
        )
    if len(rules.rules) > METRICS:
        yield advice(
            "many-rules",
            "rules",
            f"{len(rules.rules)} rules, and AWS publishes pass and fail counts for {METRICS}",
            "put the rules you want to watch first, and join others",
        )


def _always_true(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    for rule in rules.rules:
        said = None
        match rule:
            case Distance(min_distance=low, max_distance=None) if not low:
                said = "every distance is at least 0"
            case Collection(min_count=low, max_count=None) if not low:
                said = "every count is at least 0"
            case Distance(measurements=measured, reference=reference, min_distance=low) if not low and measured == (
                reference,
            ):
                said = "it measures and compares with the same expression"
        if said:
            yield warning("always-true", f"rules[{rule.name}]", f"never keeps anyone apart: {said}", "set a bound")


def _compounds(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    for rule in rules.rules:
        if not isinstance(rule, Compound):
            continue
        operands = sorted(set(compound.names(rule.statement)))
        if len(operands) > TRUTH_TABLE:
            continue
        results = {
            compound.holds(rule.statement, dict(zip(operands, values, strict=True)).__getitem__)
            for values in product((False, True), repeat=len(operands))
        }
        where = f"rules[{rule.name}].statement"
        if results == {True}:
            yield warning("compound-always-true", where, "holds whatever its rules say", "correct the statement")
        if results == {False}:
            yield warning("compound-never-true", where, "never holds: there will be no match", "correct the statement")


def _counts(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    seats = rules.max_players
    for rule in rules.rules:
        match rule:
            case Collection(operation="contains", min_count=int(low)) if low > seats:
                problem = f"wants {low} collections that contain {rule.reference!r}, and a match has {seats} seats"
            case Collection(operation="reference_intersection_count", reference=tuple(wanted), min_count=int(low)) if (
                low > len(set(wanted))
            ):
                problem = f"wants {low} values out of a list of {len(set(wanted))}"
            case _:
                continue
        steps = [each for each in rules.expansions if rule.name in each.names]
        if not steps:
            yield warning("impossible-count", f"rules[{rule.name}].minCount", problem, "lower minCount")


def _relaxed(rules: RuleSet, rule: Rule) -> bool:
    return any(each.target == "rules" and rule.name in each.names for each in rules.expansions)


def _limits(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    for rule in rules.rules:
        where = f"rules[{rule.name}]"
        match rule:
            case Latency(max_latency=limit):
                yield advice(
                    "latency-without-data",
                    where,
                    "players who send no latencies are never matched",
                    "send LatencyInMs with every request",
                )
                if limit is not None and not _relaxed(rules, rule):
                    yield warning(
                        "latency-never-relaxes",
                        f"{where}.maxLatency",
                        f"players with no region within {limit:g} ms wait until they time out",
                        f"add an expansion of {where}.maxLatency",
                    )
            case Distance(max_distance=float(limit)) | BatchDistance(max_distance=float(limit)):
                yield from _distance(rules, rule, limit)


def _distance(rules: RuleSet, rule: Rule, limit: float) -> Iterator[Finding]:
    where = f"rules[{rule.name}].maxDistance"
    text = isinstance(rule, BatchDistance) and any(
        each.name == rule.attribute and each.type == "string" for each in rules.attributes
    )
    if _relaxed(rules, rule) or text:
        return
    if limit == 0:
        yield advice(
            "exact-number", where, "a distance of 0 wants exactly equal numbers", "allow a distance, or use a string"
        )
    yield advice(
        "distance-never-relaxes",
        where,
        f"players at the edges of the range find nobody within {limit:g} and wait until they time out",
        f"add an expansion of {where}",
    )


def _slow(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    for rule in rules.rules:
        match rule:
            case Comparison(operation="=", reference=None, measurements=(Call("flatten", Players(None, str(name))),)):
                yield advice(
                    "equality-is-slow",
                    f"rules[{rule.name}]",
                    f"looks at every candidate to keep different {name!r} apart",
                    f"a batchDistance rule on {name!r} says the same and sorts the pool beforehand",
                )


CHECKS: Final = (_attributes, _number_of_rules, _always_true, _compounds, _counts, _limits, _slow)
