"""What a rule wants, in words: "the average skill of red is at most 5 away from the average skill of blue"."""

from typing import Final

from muster_flexmatch.compound import Statement
from muster_flexmatch.explain import Check
from muster_flexmatch.expressions import Call, Expression, Number, Players
from muster_flexmatch.rules import BatchDistance, Collection, Comparison, Compound, Distance, Latency, Reference, Rule
from muster_gamelift.explain.answer import number

_FUNCTIONS: Final = {
    "avg": "the average",
    "min": "the lowest",
    "max": "the highest",
    "sum": "the sum of",
    "median": "the median",
    "stddev": "the standard deviation of",
}
_COMPARES: Final = {
    "<": "less than",
    "<=": "at most",
    "=": "the same as",
    "!=": "different from",
    ">": "more than",
    ">=": "at least",
}


def wanted(rule: Rule) -> str:
    """Return what *rule* wants of a match; nothing for a rule that only orders."""
    match rule:
        case Distance():
            away = _bounds(rule.min_distance, rule.max_distance)
            said = f"{_subjects(rule.measurements)} is {away} away from {_reference(rule.reference)}"
        case BatchDistance():
            limit = rule.max_distance
            same = "is the same for everybody"
            said = f"{rule.attribute} {same if limit is None else f'differs by at most {number(limit)} in all'}"
        case Comparison():
            said = f"{_subjects(rule.measurements)} is {_compared(rule)}"
        case Collection():
            said = _collection(rule)
        case Latency():
            said = _latency(rule)
        case Compound():
            said = _statement(rule.statement).removeprefix("(").removesuffix(")")
        case _:
            said = ""
    return said


def measured(rule: Rule, check: Check) -> str:
    """Return what was measured of a candidate, in the words of `wanted`."""
    field = check.element.rpartition(".")[2]
    match rule, check.value:
        case Distance(), float() | int() as value:
            _, _, sides = check.text.partition(" (")  # "(30 from 12)"
            return f"{number(value)} away{f' ({sides}' if sides else ''}"
        case BatchDistance(), float() | int() as value:
            return f"differs by {number(value)}"
        case Latency(), float() | int() as value:
            what = "apart" if field == "maxDistance" else "in the best region that all share"
            return f"{number(value)} ms {what}"
        case Collection(operation="intersection"), float() | int() as value:
            return f"{number(value)} in common"
        case _:
            return check.text


def _subjects(measurements: tuple[Expression, ...]) -> str:
    return ", and so ".join(subject(one) for one in measurements)


def subject(expression: Expression) -> str:
    """Return what an expression stands for."""
    match expression:
        case Number():
            return number(expression.value)
        case Players():
            return _players(expression)
        case Call(function="flatten"):
            return subject(expression.argument)
        case Call(function="count"):
            return f"the number of {_counted(expression.argument)}"
        case Call(function="set_intersection"):
            return f"what is common to {subject(expression.argument)}"
        case _:
            return f"{_FUNCTIONS.get(expression.function, expression.function)} {subject(expression.argument)}"


def _players(players: Players) -> str:
    where = "all teams" if players.teams is None else " and ".join(players.teams)
    return f"{'the players' if players.attribute is None else players.attribute} of {where}"


def _counted(argument: Expression) -> str:
    return subject(argument).removeprefix("the ")


def _reference(reference: Reference | None) -> str:
    match reference:
        case Number() | Players() | Call():
            return subject(reference)
        case float() | int():
            return number(reference)
        case tuple():
            return ", ".join(reference)
        case _:
            return str(reference)


def _compared(rule: Comparison) -> str:
    if rule.reference is None:
        return f"{'the same' if rule.operation == '=' else 'different'} for everybody"
    return f"{_COMPARES[rule.operation]} {_reference(rule.reference)}"


def _bounds(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"between {number(low)} and {number(high)}"
    return f"at most {number(high)}" if high is not None else f"at least {number(low or 0)}"


def _collection(rule: Collection) -> str:
    low, high = rule.min_count, rule.max_count
    if low is None and high is None:
        low = 1
    count = "no" if high == 0 else _bounds(low, high)
    what = _subjects(rule.measurements)
    match rule.operation:
        case "intersection":
            return f"{what}: {count} in common to all"
        case "contains":
            return f"{what}: {count} with {_reference(rule.reference)}"
        case _:
            return f"each one of {what} has {count} of {_reference(rule.reference)}"


def _latency(rule: Latency) -> str:
    parts: list[str] = []
    if rule.max_latency is not None:
        parts.append(f"there is a region where everybody has at most {number(rule.max_latency)} ms")
    if rule.max_distance is not None:
        parts.append(f"latencies there lie at most {number(rule.max_distance)} ms apart")
    return ", and ".join(parts) or "everybody has a region in common"


def _statement(statement: Statement | str) -> str:
    if isinstance(statement, str):
        return statement
    parts = [_statement(one) for one in statement.operands]
    match statement.operator:
        case "not":
            return f"not {parts[0]}"
        case "xor":
            return f"exactly one of {', '.join(parts)}"
        case operator:
            return f"({f' {operator} '.join(parts)})"
