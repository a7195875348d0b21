"""Says where an answer of the local GameLift departs from the shape that the service model gives it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from muster_gamelift.wire import encode

_PLAIN: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "double": (int, float),
    "float": (int, float),
    "boolean": bool,
    "timestamp": (int, float),
}


@cache
def model() -> ServiceModel:
    """Return the service model that AWS clients use."""
    return botocore.session.get_session().get_service_model("gamelift")  # type: ignore[no-any-return]  # untyped


def breaches(operation: str, answer: Mapping[str, Any]) -> list[str]:
    """Return what in *answer*, as it goes over the wire, no client of *operation* would expect."""
    shape = model().operation_model(operation).output_shape
    sent = json.loads(encode(dict(answer)))
    return [f"{name}: not modelled" for name in sent] if shape is None else list(_breaches(shape, sent, operation))


def _breaches(shape: Shape, value: Any, where: str) -> Iterator[str]:
    match shape, value:
        case StructureShape(), dict():
            yield from (f"{where}.{name}: not modelled" for name in value if name not in shape.members)
            yield from (f"{where}.{name}: missing" for name in shape.required_members if name not in value)
            for name in value.keys() & shape.members.keys():
                yield from _breaches(shape.members[name], value[name], f"{where}.{name}")
        case ListShape(), list():
            for place, one in enumerate(value):
                yield from _breaches(shape.member, one, f"{where}[{place}]")
        case MapShape(), dict():
            for key, one in value.items():
                yield from _breaches(shape.value, one, f"{where}[{key}]")
        case _:
            yield from _plain(shape, value, where)


def _plain(shape: Shape, value: Any, where: str) -> Iterator[str]:
    expected = _PLAIN.get(shape.type_name)
    if expected is None or not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        yield f"{where}: {value!r} is no {shape.type_name}"
        return
    allowed: Sequence[str] = getattr(shape, "enum", ())
    if allowed and value not in allowed:
        yield f"{where}: {value!r} is none of {', '.join(allowed)}"
    size = len(value) if isinstance(value, str) else value
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.type_name != "timestamp" and ((low is not None and size < low) or (high is not None and size > high)):
        yield f"{where}: {size} is not within {low} and {high}"
