"""Declared attributes of players, and whether a player meets them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from muster_flexmatch.errors import AttributeInvalid
from muster_flexmatch.values import Attribute

AttributeType = Literal["string", "number", "string_list", "string_number_map"]
TYPES: Final[tuple[AttributeType, ...]] = ("string", "number", "string_list", "string_number_map")

# Source: GameLift API, AttributeValue and Player; GameLift quotas.
MAX_ATTRIBUTES: Final = 10
MAX_STRING: Final = 1_024
MAX_LIST: Final = 100
MAX_LIST_STRING: Final = 100
MAX_MAP: Final = 10


@dataclass(frozen=True, slots=True)
class AttributeDeclaration:
    """One attribute that a rule set declares.

    Attributes:
        name: unique in the rule set.
        type: what values it has.
        default: for players who come without it; None where they may not.
    """

    name: str
    type: AttributeType
    default: Attribute | None = None


def type_of(value: object) -> AttributeType | None:
    """Return the attribute type of a value; None when it is none, such as true, NaN or a list of numbers."""
    match value:
        case bool():
            return None
        case int() | float():
            return "number" if math.isfinite(value) else None
        case str():
            return "string"
        case list() | tuple() if all(isinstance(each, str) for each in value):
            return "string_list"
        case Mapping() if all(isinstance(key, str) and type_of(each) == "number" for key, each in value.items()):
            return "string_number_map"
        case _:
            return None


def as_attribute(value: object) -> Attribute:
    """Return a value of a known type in the one form that the matcher uses.

    Raises:
        TypeError: it is of no attribute type; ask `type_of` first.
    """
    match type_of(value), value:
        case "number", int() | float():
            return float(value)
        case "string", str():
            return value
        case "string_list", list() | tuple():
            return tuple(value)
        case "string_number_map", Mapping():
            return {str(key): float(each) for key, each in value.items()}
        case _:
            raise TypeError("not a value of an attribute")


def checked_player(
    declared: Iterable[AttributeDeclaration], attributes: Mapping[str, Attribute]
) -> dict[str, Attribute]:
    """Return *attributes* in the matcher's own form, with the defaults of those *declared* filled in.

    Raises:
        AttributeInvalid: one is missing without a default, has the wrong type, or breaks a limit.
    """
    if len(attributes) > MAX_ATTRIBUTES:
        raise AttributeInvalid(sorted(attributes)[MAX_ATTRIBUTES], f"a player has at most {MAX_ATTRIBUTES} attributes")
    types = {each.name: each.type for each in declared}
    complete = {each.name: each.default for each in declared if each.default is not None}
    for name, value in attributes.items():
        kind = type_of(value)
        expected = types.get(name)
        if kind is None or (expected is not None and kind != expected):
            raise AttributeInvalid(name, f"must be a {expected}" if expected else "is of no attribute type")
        complete[name] = _within_limits(name, as_attribute(value))
    for name in types:
        if name not in complete:
            raise AttributeInvalid(name, "is missing, and the rule set declares no default")
    return complete


def _within_limits(name: str, value: Attribute) -> Attribute:
    problem = None
    match value:
        case str():
            problem = f"has more than {MAX_STRING:,} characters" if len(value) > MAX_STRING else None
        case tuple() if len(value) > MAX_LIST:
            problem = f"has more than {MAX_LIST} strings"
        case tuple() if any(len(each) > MAX_LIST_STRING for each in value):
            problem = f"has a string of more than {MAX_LIST_STRING} characters"
        case Mapping() if len(value) > MAX_MAP:
            problem = f"has more than {MAX_MAP} keys"
    if problem:
        raise AttributeInvalid(name, problem)
    return value
