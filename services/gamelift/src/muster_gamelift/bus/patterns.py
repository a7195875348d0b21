"""Event patterns: whether a rule wants an event.

    pattern  := { field: pattern | [ matcher, … ], "$or": [ pattern, pattern, … ] }     all fields must match
    matcher  := literal | {"prefix" | "suffix" | "equals-ignore-case" | "wildcard" | "anything-but" | "numeric"
                           | "cidr" | "exists": …}                                      any matcher of a list suffices

An array in the event stands for each of its elements; fields of one nested pattern are looked for in one element.
Source: EventBridge user guide, "Comparison operators for use in event patterns"; what it leaves open follows AWS's
published matcher, Event Ruler.
"""

import ipaddress
import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeGuard

Scalar = str | float | bool | None
Test = Callable[[Scalar], bool]
"""Decides about one value of a field that is there."""
Leaf = Callable[[Sequence[Scalar]], bool]
"""Decides about all values of a field; there are none when the field is missing."""
Matcher = Callable[[Mapping[str, Any]], bool]

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OR: Final = "$or"


class PatternInvalid(ValueError):
    """The text is no event pattern; the message says where."""


def compiled(text: str) -> Matcher:
    """Return the decision that the event pattern *text* describes.

    Raises:
        PatternInvalid: it is no JSON object, is empty, or names a comparison that EventBridge does not have.
    """
    try:
        pattern = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PatternInvalid("it is not JSON") from error
    if not isinstance(pattern, dict) or not pattern:
        raise PatternInvalid("it must be a JSON object with at least one field")
    return _object(pattern, "$")


def _object(pattern: Mapping[str, Any], where: str) -> Matcher:
    fields = [_field(name, wanted, f"{where}.{name}") for name, wanted in pattern.items() if name != _OR]
    if _OR in pattern:
        fields.append(_any_of(pattern[_OR], f"{where}.{_OR}"))
    return lambda event: all(matches(event) for matches in fields)


def _any_of(alternatives: Any, where: str) -> Matcher:  # noqa: ANN401 - any JSON value
    if not isinstance(alternatives, list) or not alternatives:
        raise PatternInvalid(f"{where} must be a list of patterns")
    if not all(isinstance(one, dict) and one for one in alternatives):
        raise PatternInvalid(f"{where} must hold patterns only")
    options = [_object(one, f"{where}[{place}]") for place, one in enumerate(alternatives)]
    return lambda event: any(matches(event) for matches in options)


def _field(name: str, wanted: Any, where: str) -> Matcher:  # noqa: ANN401 - any JSON value
    if isinstance(wanted, dict) and wanted:
        return _nested(name, _object(wanted, where))
    if isinstance(wanted, list) and wanted:
        leaves = [_leaf(one, f"{where}[{place}]") for place, one in enumerate(wanted)]
        return lambda event: any(leaf(tuple(_scalars(event.get(name, ())))) for leaf in leaves)
    raise PatternInvalid(f"{where} must be a list of values or a nested pattern")


def _nested(name: str, matches: Matcher) -> Matcher:
    def in_one_element(event: Mapping[str, Any]) -> bool:
        # A branch that is missing has no fields; "exists": false can still hold there.
        return any(matches(one) for one in _objects(event[name])) if name in event else matches({})

    return in_one_element


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - any JSON value
    """Yield the objects that *value* stands for; one without fields when it is none, like a missing branch."""
    match value:
        case Mapping():
            yield value
        case list() | tuple() if value:
            for one in value:
                yield from _objects(one)
        case _:
            yield {}


def _scalars(value: Any) -> Iterator[Scalar]:  # noqa: ANN401 - any JSON value
    match value:
        case Mapping():
            return
        case list() | tuple():
            for one in value:
                yield from _scalars(one)
        case _:
            yield value


def _leaf(wanted: Any, where: str) -> Leaf:  # noqa: ANN401 - any JSON value
    if not isinstance(wanted, dict):
        if isinstance(wanted, list):
            raise PatternInvalid(f"{where} must not be a list")
        return _some(lambda value: _same(value, wanted))
    if len(wanted) != 1:
        raise PatternInvalid(f"{where} must name exactly one comparison")
    ((name, operand),) = wanted.items()
    if name == "exists":
        if not isinstance(operand, bool):
            raise PatternInvalid(f"{where}.exists must be true or false")
        return lambda values: bool(values) is operand
    if name not in _TESTS:
        raise PatternInvalid(f"{where} names an unknown comparison: {name}")
    return _some(_TESTS[name](operand, f"{where}.{name}"))


def _some(test: Test) -> Leaf:
    return lambda values: any(test(value) for value in values)


def _same(value: Scalar, wanted: Scalar) -> bool:
    """Tell whether two JSON values are equal; true is not 1, but 300 is 300.0."""
    return isinstance(value, bool) is isinstance(wanted, bool) and value == wanted


def _prefix(operand: Any, where: str) -> Test:  # noqa: ANN401 - any JSON value
    text, fold = _text(operand, where)
    return lambda value: isinstance(value, str) and fold(value).startswith(fold(text))


def _suffix(operand: Any, where: str) -> Test:  # noqa: ANN401 - any JSON value
    text, fold = _text(operand, where)
    return lambda value: isinstance(value, str) and fold(value).endswith(fold(text))


def _ignoring_case(operand: Any, where: str) -> Test:  # noqa: ANN401 - any JSON value
    text = _plain(operand, where).lower()
    return lambda value: isinstance(value, str) and value.lower() == text


def _wildcard(operand: Any, where: str) -> Test:  # noqa: ANN401 - any JSON value
    text, parts, place = _plain(operand, where), [""], 0
    while place < len(text):
        if text[place] == "*":
            if text[place : place + 2] == "**":
                raise PatternInvalid(f"{where} must not have two wildcards in a row")
            parts.append("")
        elif text[place] == "\\":
            place += 1
            if text[place : place + 1] not in {"*", "\\"}:
                raise PatternInvalid(f"{where} must have * or a backslash after a backslash")
            parts[-1] += text[place]
        else:
            parts[-1] += text[place]
        place += 1
    expression = re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
    return lambda value: isinstance(value, str) and expression.fullmatch(value) is not None


def _numeric(operand: Any, where: str) -> Test:  # noqa: ANN401 - any JSON value
    if not isinstance(operand, list) or not operand or len(operand) % 2:
        raise PatternInvalid(f"{where} must be a list of comparisons and numbers in turn")
    bounds = list(zip(operand[::2], operand[1::2], strict=True))
    for sign, bound in bounds:
        if sign not in _COMPARISONS or not _is_number(bound):
            raise PatternInvalid(f"{where} must be a list of comparisons and numbers in turn")

    def is_within(value: Scalar) -> bool:
        return _is_number(value) and all(_COMPARISONS[sign](value, bound) for sign, bound in bounds)

    return is_within


def _cidr(operand: Any, where: str) -> Test:  # noqa: ANN401 - any JSON value
    try:
        network = ipaddress.ip_network(_plain(operand, where), strict=False)
    except ValueError as error:
        raise PatternInvalid(f"{where} must be a network such as 10.0.0.0/24") from error

    def is_inside(value: Scalar) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return is_inside


def _anything_but(operand: Any, where: str) -> Test:  # noqa: ANN401 - any JSON value
    if isinstance(operand, dict):
        if len(operand) != 1 or next(iter(operand)) not in _REVERSIBLE:
            raise PatternInvalid(f"{where} must name one of {', '.join(_REVERSIBLE)}")
        ((name, unwanted),) = operand.items()
        tests = [_TESTS[name](one, f"{where}.{name}") for one in _listed(unwanted, where)]
        return lambda value: not any(test(value) for test in tests)
    others = _listed(operand, where)
    if not (all(isinstance(one, str) for one in others) or all(_is_number(one) for one in others)):
        raise PatternInvalid(f"{where} must hold texts only, or numbers only")
    return lambda value: not any(_same(value, one) for one in others)


_REVERSIBLE: Final = ("prefix", "suffix", "equals-ignore-case", "wildcard")
_TESTS: Final[Mapping[str, Callable[[Any, str], Test]]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _ignoring_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "anything-but": _anything_but,
}


def _text(operand: Any, where: str) -> tuple[str, Callable[[str], str]]:  # noqa: ANN401 - any JSON value
    """Return a text, and what makes upper and lower case equal where the pattern asks for it."""
    if isinstance(operand, dict) and list(operand) == ["equals-ignore-case"]:
        return _plain(operand["equals-ignore-case"], where), str.lower
    return _plain(operand, where), str


def _plain(operand: Any, where: str) -> str:  # noqa: ANN401 - any JSON value
    if not isinstance(operand, str):
        raise PatternInvalid(f"{where} must be a text")
    return operand


def _listed(operand: Any, where: str) -> list[Any]:  # noqa: ANN401 - any JSON value
    found = operand if isinstance(operand, list) else [operand]
    if not found:
        raise PatternInvalid(f"{where} must not be empty")
    return found


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
