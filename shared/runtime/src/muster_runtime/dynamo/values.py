"""Plain Python values in DynamoDB's typed form, and back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer

Item = dict[str, Any]
"""A row, or a key, with plain Python values."""

DIGITS: Final = 38
"""Most digits of a number. Source: DynamoDB developer guide, data types."""

_SERIALISER: Final = TypeSerializer()
_DESERIALISER: Final = TypeDeserializer()


def dump(item: Mapping[str, Any]) -> Item:
    """Return *item* in DynamoDB's typed form.

    Raises:
        TypeError: a value that DynamoDB has no type for, such as an empty set, or a float that is not finite.
    """
    return {name: _dumped(value) for name, value in item.items()}


def load(item: Mapping[str, Any]) -> Item:
    """Return a row in DynamoDB's typed form as plain Python values."""
    return {name: _loaded(value) for name, value in item.items()}


def _dumped(value: object) -> object:
    """Return one value in its typed form: texts and whole numbers, which most are, without the way through boto3."""
    kind = type(value)
    if kind is str:
        return {"S": value}
    if kind is int and len(digits := str(value)) <= DIGITS:
        return {"N": digits}
    return _SERIALISER.serialize(_outgoing(value))


def _loaded(value: Mapping[str, Any]) -> object:
    """Return one plain value: texts and whole numbers without the way through boto3 and Decimal."""
    if (text := value.get("S")) is not None:
        return text
    if (digits := value.get("N")) is not None and len(digits) <= DIGITS and digits.isdecimal():
        return int(digits)
    return _incoming(_DESERIALISER.deserialize(value))


def _outgoing(value: object) -> object:
    match value:
        case bool():
            return value
        case float():
            # Through text: Decimal(0.1) has 55 digits, and DynamoDB takes 38.
            return Decimal(repr(value))
        case Mapping():
            return {name: _outgoing(each) for name, each in value.items()}
        case list() | tuple():
            return [_outgoing(each) for each in value]
        case set() | frozenset() if not value:
            raise TypeError("DynamoDB has no empty sets; leave the attribute out")
        case set() | frozenset():
            return {_outgoing(each) for each in value}
        case _:
            return value


def _incoming(value: object) -> object:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Binary():
            return bytes(value.value)
        case dict():
            return {name: _incoming(each) for name, each in value.items()}
        case list():
            return [_incoming(each) for each in value]
        case set():
            return {_incoming(each) for each in value}
        case _:
            return value
