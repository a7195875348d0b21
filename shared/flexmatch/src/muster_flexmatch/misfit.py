"""How far a candidate is from meeting the rules: a number that becomes smaller on the way to a match.

It only guides the search from one full candidate to the next; whether a rule holds is for `evaluate` to say.
"""

import math
from collections.abc import Mapping
from typing import Final

from muster_flexmatch.compound import Combination, Statement
from muster_flexmatch.evaluate import Judge, View, collections_of, pairs, resolved, scalars
from muster_flexmatch.expressions import Unmeasurable, depth, evaluate
from muster_flexmatch.rules import Collection, Comparison, Compound, Distance, Rule, RuleSet, Sort
from muster_flexmatch.seating import Seating

FAR: Final = 10.0
"""For a rule that has nothing to measure."""


def misfit(judge: Judge, rules: RuleSet, enforced: frozenset[str], seating: Seating) -> float:
    """Return how far a seating is from meeting the enforced rules: 0 when it meets all."""
    amounts: dict[str, float] = {}
    for rule in rules.rules:
        if isinstance(rule, Compound):
            amounts[rule.name] = _of_statement(rule.statement, amounts)
        elif not isinstance(rule, Sort):
            amounts[rule.name] = _of_rule(judge, rule, seating)
    return math.fsum(amount for name, amount in amounts.items() if name in enforced)


def _of_statement(statement: Statement, amounts: Mapping[str, float]) -> float:
    if not isinstance(statement, Combination):
        return amounts[statement]
    parts = [_of_statement(each, amounts) for each in statement.operands]
    match statement.operator:
        case "and":
            return math.fsum(parts)
        case "or":
            return min(parts)
        case "not":
            return 0.0 if parts[0] else 1.0
        case "xor":
            return 0.0 if sum(not each for each in parts) == 1 else 1.0


def _of_rule(judge: Judge, rule: Rule, seating: Seating) -> float:
    if judge.holds(rule, seating):
        return 0.0
    view = View(judge, seating, getattr(rule, "party", "avg"))
    try:
        match rule:
            case Distance():
                amount = _of_distance(rule, view)
            case Comparison():
                amount = _of_comparison(rule, view)
            case Collection():
                amount = _of_collection(rule, view)
            case _:
                amount = 1.0
    except Unmeasurable:
        return FAR
    return max(amount, 1e-6)


def _of_distance(rule: Distance, view: View) -> float:
    reference = resolved(rule.reference, view)
    low = 0.0 if rule.min_distance is None else rule.min_distance
    high = math.inf if rule.max_distance is None else rule.max_distance
    scale = 1.0 + (low if high == math.inf else high)
    return math.fsum(
        max(abs(value - other) - high, low - abs(value - other), 0.0) / scale
        for one in rule.measurements
        for value, other in pairs(evaluate(one, view), reference)
        if not isinstance(value, str) and not isinstance(other, str)
    )


def _of_comparison(rule: Comparison, view: View) -> float:
    if rule.reference is None:
        values = [each for one in rule.measurements for each in scalars(evaluate(one, view))]
        different = len(set(values))
        return float(different - 1 if rule.operation == "=" else len(values) - different)
    reference = resolved(rule.reference, view)
    return math.fsum(
        abs(value - other) / (1.0 + abs(other)) if not isinstance(value, str) and not isinstance(other, str) else 1.0
        for one in rule.measurements
        for value, other in pairs(evaluate(one, view), reference)
    )


def _of_collection(rule: Collection, view: View) -> float:
    low = 0 if rule.min_count is None else rule.min_count
    high = math.inf if rule.max_count is None else rule.max_count
    spread = rule.operation == "contains"
    lists = [
        each for one in rule.measurements for each in collections_of(evaluate(one, view), depth(one), spread=spread)
    ]

    def off(count: int) -> float:
        return float(max(low - count, count - high, 0))

    match rule.operation:
        case "intersection":
            return off(len(frozenset.intersection(*lists)) if lists else 0)
        case "contains":
            return off(sum(rule.reference in each for each in lists))
        case "reference_intersection_count":
            wanted = frozenset(scalars(resolved(rule.reference or (), view)))
            return math.fsum(off(len(each & wanted)) for each in lists)
