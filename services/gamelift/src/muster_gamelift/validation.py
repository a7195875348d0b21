"""Checks input against GameLift's own service model, the one that AWS clients are generated from.

The model ships with botocore and is read once. Clients check required members, types and minimums by themselves;
maximums, patterns and enumerations reach the server, and another client may check nothing.

Source: botocore data, gamelift 2015-10-01. The wording follows AWS's own constraint messages.
"""

import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape

from muster_gamelift.errors import Fault, InvalidRequest, UnknownOperation, UnreadableRequest

SHOWN_CHARACTERS = 64
"""Longer values are not repeated in a message."""
SECRET_MEMBERS = frozenset({"PlayerSessionId", "AuthToken"})
"""Members whose value lets its holder in; never repeated in a message."""

LARGEST = {"integer": 2**31 - 1, "long": 2**63 - 1}
"""Whole numbers beyond these have no place in the service's own types."""
LONGEST_SEARCHED = 2048
"""Longer values are not tried against patterns that search within the value; none that fits is as long."""

Problems = list[str]
Where = tuple[Any, ...]
"""Where a value stands: the place of what holds it, then its own name there; empty for the whole input.

Most requests are in order, so a place is written out only when something is told about it.
"""
Check = Callable[[Any, Where, Problems], Any]
"""Takes a value, where it stands, and the list to add problems to; returns the value without nulls and unknowns."""


class Model:
    """GameLift's API model, compiled to checks on first use of each operation.

    Attributes:
        operations: their names.
        errors: names of the errors that some operation may answer.
    """

    def __init__(self, service: ServiceModel) -> None:
        """Wrap botocore's model of the service."""
        self._service = service
        self._checks: dict[str, Check] = {}
        self._outputs: dict[str, Shape | None] = {}
        self.operations = frozenset(service.operation_names)
        self.errors = frozenset(shape.name for shape in service.error_shapes)

    def errors_of(self, operation: str) -> Mapping[str, int]:
        """Return the errors that the model lists for an operation, with their HTTP status."""
        shapes = self._service.operation_model(operation).error_shapes
        return {shape.name: Fault.status if shape.name == Fault.aws_name else 400 for shape in shapes}

    def output_of(self, operation: str) -> Shape | None:
        """Return the shape of an operation's answer, or None where it has no members."""
        if operation not in self._outputs:
            self._outputs[operation] = self._service.operation_model(operation).output_shape
        return self._outputs[operation]

    def clean(self, operation: str, given: object) -> Mapping[str, Any]:
        """Return *given* without nulls and unknown members, once it satisfies the model.

        Raises:
            UnknownOperation: the API has no such operation.
            UnreadableRequest: a value has the wrong JSON type.
            InvalidRequest: constraints are broken; all of them are named.
        """
        if operation not in self.operations:
            raise UnknownOperation(f"GameLift has no operation {operation}.")
        if operation not in self._checks:
            shape = self._service.operation_model(operation).input_shape
            self._checks[operation] = _nothing if shape is None else _structure(shape)
        problems: Problems = []
        cleaned: Mapping[str, Any] = self._checks[operation](given, (), problems)
        if problems:
            noun = "error" if len(problems) == 1 else "errors"
            raise InvalidRequest(f"{len(problems)} validation {noun} detected: {'; '.join(problems)}")
        return cleaned


@cache
def gamelift_model() -> Model:
    """Return the model that ships with the installed botocore; read once a process."""
    return Model(ServiceModel(Loader().load_service_model("gamelift", "service-2"), "gamelift"))


def _nothing(given: object, _where: Where, _problems: Problems) -> Mapping[str, Any]:
    _typed(given, dict, ())
    return {}


@cache
def _check_of(shape: Shape) -> Check:
    match shape:
        case StructureShape():
            return _structure(shape)
        case ListShape():
            return _list(shape)
        case MapShape():
            return _map(shape)
        case StringShape():
            return _string(shape)
        case _ if shape.type_name == "blob":
            return _blob
        case _:
            return _scalar(shape)


@cache
def _structure(shape: StructureShape) -> Check:
    required = tuple((name, _camel(name)) for name in shape.required_members)
    members = {name: (_camel(name), _check_of(member)) for name, member in shape.members.items()}

    def check(value: Any, where: Where, problems: Problems) -> dict[str, Any]:  # noqa: ANN401 - raw JSON
        cleaned: dict[str, Any] = {}
        for name, one in _typed(value, dict, where).items():
            if one is not None and (member := members.get(name)) is not None:
                cleaned[name] = member[1](one, (where, member[0]), problems)
        for name, camel in required:
            if name not in cleaned:
                problems.append(f"Value null at '{_told((where, camel))}' {_FAILED} Member must not be null")
        return cleaned

    return check


def _list(shape: ListShape) -> Check:
    inner, bounds = _check_of(shape.member), _bounds(shape)

    def check(value: Any, where: Where, problems: Problems) -> list[Any]:  # noqa: ANN401 - raw JSON
        given = _typed(value, list, where)
        if bounds and not bounds[0] <= len(given) <= bounds[1]:
            problems.append(_length_problem(len(given), bounds, where, "[...]"))
        return [
            inner(one, (where, place, "member"), problems)
            for place, one in enumerate(given, start=1)
            if one is not None or _is_missing((where, place, "member"), problems)
        ]

    return check


def _map(shape: MapShape) -> Check:
    key_check, inner, bounds = _check_of(shape.key), _check_of(shape.value), _bounds(shape)

    def check(value: Any, where: Where, problems: Problems) -> dict[str, Any]:  # noqa: ANN401 - raw JSON
        given = _typed(value, dict, where)
        if bounds and not bounds[0] <= len(given) <= bounds[1]:
            problems.append(_length_problem(len(given), bounds, where, "{...}"))
        for key in given:
            key_check(key, (where, "key"), problems)
        return {
            key: inner(one, (where, key, "member"), problems)
            for key, one in given.items()
            if one is not None or _is_missing((where, key, "member"), problems)
        }

    return check


def _string(shape: StringShape) -> Check:
    bounds = _bounds(shape)
    rule = pythonic(shape.metadata.get("pattern", ""))
    pattern = re.compile(rule) if rule else None
    longest = LONGEST_SEARCHED if ".*" in rule else sys.maxsize
    members = tuple(shape.enum)
    sensitive = bool(shape.metadata.get("sensitive"))

    def check(value: Any, where: Where, problems: Problems) -> str:  # noqa: ANN401 - raw JSON
        given: str = _typed(value, str, where)
        if bounds and not bounds[0] <= len(given) <= bounds[1]:
            problems.append(_length_problem(len(given), bounds, where, "" if sensitive else _shown(given, where)))
        if pattern and (len(given) > longest or not pattern.fullmatch(given)):
            problems.append(_breaks(given, where, f"regular expression pattern: {rule}", sensitive=sensitive))
        if members and given not in members:
            problems.append(_breaks(given, where, f"enum value set: [{', '.join(members)}]", sensitive=sensitive))
        return given

    return check


def _blob(value: Any, where: Where, _problems: Problems) -> Any:  # noqa: ANN401 - raw JSON
    # JSON carries bytes as text, CBOR as they are; no operation that is offered reads any.
    return value if isinstance(value, bytes) else _typed(value, str, where)


def _breaks(given: str, where: Where, rule: str, *, sensitive: bool) -> str:
    shown = "" if sensitive else _shown(given, where)
    return f"Value {shown}at '{_told(where)}' {_FAILED} Member must satisfy {rule}"


def pythonic(pattern: str) -> str:
    """Return a pattern of the model, written for UTF-16, with its one surrogate idiom as Python spells it."""
    return pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")


def _scalar(shape: Shape) -> Check:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    kind = shape.type_name

    def check(value: Any, where: Where, problems: Problems) -> Any:  # noqa: ANN401 - raw JSON
        given = _number(value, kind, where)
        if (low is not None and given < low) or (high is not None and given > high):
            words, bound = ("greater", low) if low is not None and given < low else ("less", high)
            rule = f"Member must have value {words} than or equal to {bound}"
            problems.append(f"Value '{given}' at '{_told(where)}' {_FAILED} {rule}")
        return given

    return check


_FAILED = "failed to satisfy constraint:"


def _number(value: object, kind: str, where: Where) -> Any:  # noqa: ANN401 - the model decides the type
    if kind == "boolean":
        return _typed(value, bool, where)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - not a number
        raise UnreadableRequest(f"{_json_name(value)} can not be converted to a number at '{_told(where)}'.")
    if abs(value) > LARGEST.get(kind, sys.float_info.max):
        raise UnreadableRequest(f"The number at '{_told(where)}' is too large.")
    if kind in LARGEST:
        if value != int(value):
            raise UnreadableRequest(f"A fraction can not be converted to a whole number at '{_told(where)}'.")
        return int(value)
    return value if kind == "timestamp" else float(value)


def _typed(value: Any, kind: type, where: Where) -> Any:  # noqa: ANN401 - raw JSON
    if type(value) is not kind and not isinstance(value, kind):
        wanted = {dict: "a structure", list: "a list", str: "a string", bool: "a boolean"}[kind]
        at = _told(where) or "the body"
        raise UnreadableRequest(f"{_json_name(value)} can not be converted to {wanted} at '{at}'.")
    return value


def _json_name(value: object) -> str:
    names = {bool: "A boolean", int: "A number", float: "A number", str: "A string", list: "A list", bytes: "A blob"}
    return names.get(type(value), "An object" if isinstance(value, dict) else "A null")


def _is_missing(where: Where, problems: Problems) -> bool:
    """Tell of a null where a value must be; such a place is left out, so the answer is no."""
    problems.append(f"Value null at '{_told(where)}' {_FAILED} Member must not be null")
    return False


def _camel(member: str) -> str:
    return member[0].lower() + member[1:]


def _told(where: Where) -> str:
    """Return a place as AWS writes it, such as `players.1.member.playerId`."""
    if not where:
        return ""
    holder, *names = where
    before = _told(holder)
    return ".".join(([before] if before else []) + [str(name) for name in names])


def _bounds(shape: Shape) -> tuple[int, int] | None:
    """Return the shortest and the longest length that a shape allows, or None where any will do."""
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", sys.maxsize)
    return (least, most) if (least, most) != (0, sys.maxsize) else None


def _shown(value: str, where: Where) -> str:
    last = str(where[-1]) if where else ""
    secret = f"{last[:1].upper()}{last[1:]}" in SECRET_MEMBERS
    return "" if secret or len(value) > SHOWN_CHARACTERS else f"'{value}' "


def _length_problem(length: int, bounds: tuple[int, int], where: Where, shown: str) -> str:
    least, most = bounds
    value = f"Value {shown.strip()} at" if shown else "Value at"
    rule = f"greater than or equal to {least}" if length < least else f"less than or equal to {most}"
    return f"{value} '{_told(where)}' {_FAILED} Member must have length {rule}"
