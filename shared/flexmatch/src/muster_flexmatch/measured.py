"""What rules say about whole matches, read from their expressions: spans, equal strings, teams that are evened."""

from collections.abc import Iterable
from dataclasses import dataclass

from muster_flexmatch import expressions
from muster_flexmatch.expressions import Call, Expression, Number, Players
from muster_flexmatch.rules import BatchDistance, Collection, Comparison, Distance, Rule, RuleSet, Team


@dataclass(frozen=True, slots=True)
class Spread:
    """The values of a number over a whole match are at most *limit* apart."""

    attribute: str
    party: str
    limit: float


def reference_of(rule: Rule) -> Expression | None:
    """Return the expression that a rule compares with; None for a literal, or where there is nothing."""
    reference = getattr(rule, "reference", None)
    return reference if isinstance(reference, Number | Players | Call) else None


def teams_of(rule: Rule) -> frozenset[str] | None:
    """Return the team names that a rule's expressions mention; None when it looks at all teams."""
    if not isinstance(rule, Comparison | Distance | Collection):
        return None
    reference = reference_of(rule)
    paths = [path for each in (*rule.measurements, *([reference] if reference else ())) for path in _paths(each)]
    if not paths or any(path.teams is None for path in paths):
        return None
    return frozenset(name for path in paths for name in path.teams or ())


def spread_allowed(rule: Rule, numbers: frozenset[str]) -> Spread | None:
    """Return the span that a rule allows over the whole match; None when it allows any.

    The rule may demand more than the span. *numbers* are the attributes that are numbers.
    """
    match rule:
        case BatchDistance(attribute=name, max_distance=float(limit)) if name in numbers:
            return Spread(name, rule.party, limit)
        case Comparison(operation="=", reference=None):
            whole = _of_everyone(rule.measurements)
            return Spread(whole, rule.party, 0.0) if whole in numbers and whole is not None else None
        case Distance(max_distance=float(limit)):
            return _spread_of_distance(rule, limit, numbers)
        case _:
            return None


def _spread_of_distance(rule: Distance, limit: float, numbers: frozenset[str]) -> Spread | None:
    reference = rule.reference
    ends = [_end(each) for each in rule.measurements]
    everyone = _of_everyone(rule.measurements)
    if isinstance(reference, Call):
        function, whole = _end(reference)
        if whole is None or whole not in numbers:
            return None
        both = {"min", "max"} <= {end[0] for end in ends if end[1] == whole}
        if (_other_end(function), whole) in ends or (function in {"min", "max"} and everyone == whole):
            return Spread(whole, rule.party, limit)  # the highest, or all, against the lowest
        if function in {"avg", "median"} and (everyone == whole or both):
            return Spread(whole, rule.party, 2 * limit)
    elif isinstance(reference, float | Number) and everyone is not None and everyone in numbers:
        return Spread(everyone, rule.party, 2 * limit)
    return None


def the_same(rule: Rule, strings: frozenset[str]) -> str | None:
    """Return the attribute whose strings a rule wants to be the same over the whole match.

    *strings* are the attributes that are strings.
    """
    match rule:
        case BatchDistance(attribute=name) if name in strings:
            return name
        case Comparison(operation="=", reference=None):
            whole = _of_everyone(rule.measurements)
            return whole if whole in strings else None
        case _:
            return None


def evened(rule: Rule) -> tuple[str, str] | None:
    """Return the attribute and aggregation on which a rule wants teams to be alike, such as their averages."""
    if not isinstance(rule, Distance) or rule.max_distance is None:
        return None
    reference = reference_of(rule)
    names = {name for each in rule.measurements for name in expressions.attributes(each)}
    if reference is None or len(names) != 1 or set(expressions.attributes(reference)) != names:
        return None
    return names.pop(), rule.party


def tells_teams_apart(rule: Rule) -> bool:
    """Whether it can matter to a rule who sits on which team, the numbers of players on them being the same."""
    if not isinstance(rule, Comparison | Distance | Collection):
        return False
    reference = reference_of(rule)
    return not all(_flat(each) for each in (*rule.measurements, *([reference] if reference else ())))


def _flat(expression: Expression) -> bool:
    match expression:
        case Number() | Call(function="flatten", argument=Players(teams=None)):
            return True
        case Call(argument=Call() as argument):
            return _flat(argument)
        case _:
            return False


def _of_everyone(measurements: Iterable[Expression]) -> str | None:
    """Return the attribute of which the measurements are all values over all teams."""
    names = {_whole(each) for each in measurements}
    return names.pop() if len(names) == 1 else None


def _whole(expression: Expression) -> str | None:
    match expression:
        case Players(teams=None, attribute=name):
            return name
        case Call(function="flatten", argument=argument):
            return _whole(argument)
        case _:
            return None


def _end(expression: Expression) -> tuple[str, str | None]:
    """Return the function and the attribute of an aggregate over everyone, such as `max(flatten(teams[*]…))`."""
    match expression:
        case Call(function="min" | "max" as function, argument=Call(function=inner, argument=argument)) if (
            inner == function
        ):
            return function, _whole(argument)  # the highest of the teams' highest
        case Call(function=function, argument=Call(function="flatten", argument=argument)):
            return function, _whole(argument)
        case _:
            return "", None


def _other_end(function: str) -> str:
    return {"min": "max", "max": "min"}.get(function, "")


def _paths(expression: Expression) -> Iterable[Players]:
    match expression:
        case Players():
            yield expression
        case Call(argument=argument):
            yield from _paths(argument)


def signatures(rules: RuleSet) -> dict[str, tuple[object, ...]]:
    """Return, for each team, what tells it from others: two empty teams that are alike need not both be tried."""
    named = {
        name
        for rule in rules.rules
        if isinstance(rule, Comparison | Distance | Collection)
        for each in (*rule.measurements, reference_of(rule))
        if each is not None
        for name in expressions.selectors(each)
    }
    named |= {name for each in rules.expansions if each.target == "teams" for name in each.names}

    def signature(team: Team) -> tuple[object, ...]:
        mentioned = tuple(sorted(name for name in named if team.answers_to(name)))
        return (team.min_players, team.max_players, mentioned)

    return {team.name: signature(team) for team in rules.teams}
