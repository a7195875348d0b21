"""Property expressions: what a rule measures, such as `avg(flatten(teams[*].players.attributes[skill]))`.

An expression is parsed once, checked once against the declared teams and attributes, and then evaluated for every
candidate. Values are numbers, strings, and lists of them nested to any depth:

    teams[red].players.attributes[skill]     list of numbers, one for each ticket on the team
    teams[red,blue]…, teams[*]…              list of such lists, one for each team
    flatten(x)                               takes away the outermost level
    avg min max sum median stddev count (x)  consume the innermost lists
    set_intersection(x)                      consumes the innermost lists of lists of strings

Source: FlexMatch guide, property expressions.
"""

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Protocol, cast

from muster_flexmatch.errors import ExpressionInvalid

Value = float | str | tuple["Value", ...]
SAMPLE_DEVIATION: Final = "stddev of a sample"


@dataclass(frozen=True, slots=True)
class Number:
    """A number written out."""

    value: float


@dataclass(frozen=True, slots=True)
class Players:
    """The players of teams, one of their attributes, or their ids.

    Attributes:
        teams: names in the order written; None for all teams.
        attribute: name of the attribute; None for the players themselves, that is for their ids.
        depth: how many lists the values are nested in; 0 until `bind` has found out.
    """

    teams: tuple[str, ...] | None
    attribute: str | None
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A function of one argument.

    Attributes:
        function: one of `FUNCTIONS`.
        argument: what it is applied to.
        depth: how many lists the argument is nested in; 0 until `bind` has found out.
    """

    function: str
    argument: "Expression"
    depth: int = 0


Expression = Number | Players | Call


@dataclass(frozen=True, slots=True)
class Shape:
    """What an expression yields.

    Attributes:
        kind: `number` or `string`.
        depth: how many lists it is nested in; 0 for a single value.
    """

    kind: str
    depth: int


class Measured(Protocol):
    """A candidate, as expressions see it."""

    def team_names(self, selector: str | None) -> Sequence[str]:
        """Return the teams that a name stands for, all teams for None."""

    def values(self, team: str, attribute: str | None) -> Sequence[Value]:
        """Return what a team's tickets hold of an attribute; player ids for None.

        Raises:
            Unmeasurable: a ticket does not have it.
        """


class Unmeasurable(Exception):
    """The candidate gives no value to measure, such as the average of an empty team: the rule fails."""


def _mean_of(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _sample_deviation(values: Sequence[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0


_AGGREGATES: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "min": min,
    "max": max,
    "avg": _mean_of,
    "median": statistics.median,
    "stddev": statistics.pstdev,  # population: AWS does not say which
    SAMPLE_DEVIATION: _sample_deviation,  # what stddev becomes where the sample's is chosen
    "sum": math.fsum,
}
FUNCTIONS: Final = (
    *(name for name in _AGGREGATES if name != SAMPLE_DEVIATION),
    "count",
    "flatten",
    "set_intersection",
)


def selectors(expression: Expression) -> Iterator[str]:
    """Yield every team name that an expression mentions."""
    match expression:
        case Players(teams=names):
            yield from names or ()
        case Call(argument=argument):
            yield from selectors(argument)


def attributes(expression: Expression) -> Iterator[str]:
    """Yield every attribute that an expression mentions."""
    match expression:
        case Players(attribute=str(name)):
            yield name
        case Call(argument=argument):
            yield from attributes(argument)


def grows(expression: Expression) -> bool:
    """Tell whether more tickets only ever add values, and change none: no function but `flatten`."""
    match expression:
        case Call(function=function, argument=argument):
            return function == "flatten" and grows(argument)
        case _:
            return isinstance(expression, Players)


def of_samples(expression: Expression) -> Expression:
    """Return an expression with every `stddev` taken as that of a sample."""
    if not isinstance(expression, Call):
        return expression
    function = SAMPLE_DEVIATION if expression.function == "stddev" else expression.function
    return Call(function, of_samples(expression.argument), expression.depth)


def bind(expression: Expression, teams: Mapping[str, int], declared: Mapping[str, str]) -> tuple[Expression, Shape]:
    """Check an expression against what exists; return it ready for `evaluate`, with what it yields.

    Args:
        expression: a parsed one.
        teams: how many teams each usable name stands for.
        declared: attribute type by name.

    Raises:
        ExpressionInvalid: a team or attribute does not exist, or a function cannot take its argument.
    """
    match expression:
        case Number():
            return expression, Shape("number", 0)
        case Players():
            found = _shape_of_players(expression, teams, declared)
            return Players(expression.teams, expression.attribute, found.depth), found
        case Call(function=function, argument=argument):
            bound, inner = bind(argument, teams, declared)
            return Call(function, bound, inner.depth), _shape_of_call(function, inner)


def _shape_of_players(path: Players, teams: Mapping[str, int], declared: Mapping[str, str]) -> Shape:
    unknown = [name for name in path.teams or () if name not in teams]
    if unknown:
        raise ExpressionInvalid(f"there is no team {unknown[0]!r}")
    nested = path.teams is None or len(path.teams) > 1 or teams[path.teams[0]] > 1
    depth = 2 if nested else 1
    if path.attribute is None:
        return Shape("string", depth)
    match declared.get(path.attribute):
        case None:
            raise ExpressionInvalid(f"attribute {path.attribute!r} is not declared in playerAttributes")
        case "number":
            return Shape("number", depth)
        case "string":
            return Shape("string", depth)
        case "string_list":
            return Shape("string", depth + 1)
        case other:
            raise ExpressionInvalid(f"attribute {path.attribute!r} is a {other}, which expressions cannot measure")


def _shape_of_call(function: str, inner: Shape) -> Shape:
    if inner.depth == 0:
        raise ExpressionInvalid(f"{function} needs a list")
    match function:
        case "flatten":
            return Shape(inner.kind, max(1, inner.depth - 1))
        case "count":
            return Shape("number", inner.depth - 1)
        case "set_intersection":
            if inner.kind != "string" or inner.depth < 2:
                raise ExpressionInvalid("set_intersection needs lists of strings")
            return Shape("string", inner.depth - 1)
        case _:
            if inner.kind != "number":
                raise ExpressionInvalid(f"{function} needs numbers")
            return Shape("number", inner.depth - 1)


def depth(expression: Expression) -> int:
    """Return how many lists the value of a bound expression is nested in; 0 for a single value."""
    match expression:
        case Number():
            return 0
        case Players(depth=nested):
            return nested
        case Call(function="flatten", depth=inner):
            return max(1, inner - 1)
        case Call(depth=inner):
            return inner - 1


def evaluate(expression: Expression, candidate: Measured) -> Value:
    """Return the value of an expression out of `bind`, for one candidate.

    Raises:
        Unmeasurable: an aggregate of nothing, or a player without the attribute.
    """
    # Plain branches: this runs for each rule of each candidate, and class patterns cost twice as much.
    if isinstance(expression, Players):
        attribute = expression.attribute
        if expression.teams is None:
            return tuple([tuple(candidate.values(team, attribute)) for team in candidate.team_names(None)])
        teams = [team for name in expression.teams for team in candidate.team_names(name)]
        lists = tuple([tuple(candidate.values(team, attribute)) for team in teams])
        return lists[0] if len(lists) == 1 else lists
    if isinstance(expression, Call):
        return _apply(expression.function, _listed(evaluate(expression.argument, candidate)), expression.depth)
    return expression.value


def _apply(function: str, value: tuple[Value, ...], depth: int) -> Value:
    """Apply a function to a value that is nested *depth* lists deep."""
    if function == "flatten":
        return tuple(chain.from_iterable(map(_listed, value))) if depth > 1 else value
    consumed = 2 if function == "set_intersection" else 1
    if depth > consumed:
        return tuple(_apply(function, _listed(each), depth - 1) for each in value)
    if function == "set_intersection":
        lists = [_listed(each) for each in value]
        first = dict.fromkeys(lists[0]) if lists else {}
        return tuple(each for each in first if all(each in other for other in lists[1:]))
    if function == "count":
        return float(len(value))
    if not value and function != "sum":
        raise Unmeasurable
    return float(_AGGREGATES[function](cast("tuple[float, ...]", value)))


def _listed(value: Value) -> tuple[Value, ...]:
    if not isinstance(value, tuple):
        raise Unmeasurable
    return value
