"""The encoding of the Smithy RPC v2 CBOR protocol, which newer AWS SDKs prefer to JSON.

Values are as in JSON, except that times are epoch seconds under tag 1. No other tag has a meaning here; those that
make a decoder work (references, patterns, dates) are refused before they do.

Source: Smithy 2.0, RPC v2 CBOR protocol; RFC 8949.
"""

import io
import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, NoReturn

import cbor2
from botocore.model import ListShape, MapShape, Shape, StructureShape

from muster_gamelift.errors import UnreadableRequest

DEEPEST: Final = 64
"""So many containers may stand in each other; no input of the API has as many as ten."""
TIME: Final = 1
"""The tag of epoch seconds."""

Stamp = Callable[[Any], Any]
"""Puts the tag on every time in a value."""


def decode(body: bytes) -> object:
    """Return the value in *body*, with times as numbers; an empty body is an empty structure.

    Raises:
        UnreadableRequest: it is not exactly one CBOR value of the kinds that JSON has too, or nested too deep.
    """
    if not body:
        return {}
    stream = io.BytesIO(body)
    decoder = cbor2.CBORDecoder(
        stream, semantic_decoders=_DECODERS, max_depth=DEEPEST, allow_duplicate_keys=False, strict_hashable_types=True
    )
    try:
        value = _plain(decoder.decode())
    except (cbor2.CBORDecodeError, ValueError, OverflowError):
        raise UnreadableRequest("The body is not CBOR of this protocol.") from None
    if stream.tell() != len(body):
        raise UnreadableRequest("The body has more than one CBOR value.")
    return value


def encode(answer: Mapping[str, Any], shape: Shape | None) -> bytes:
    """Return *answer* as CBOR; None members are left out.

    Args:
        answer: the members of an output, or of an error.
        shape: says which members are times, in seconds since the epoch; None when none is.
    """
    stamp = _stamp(shape) if shape is not None else None
    present = _present(answer)
    return cbor2.dumps(stamp(present) if stamp else present)


def _plain(value: Any) -> Any:  # noqa: ANN401 - any CBOR value
    """Return *value* with what JSON has no word for made alike or refused."""
    match value:
        case dict():
            return {_key(key): _plain(one) for key, one in value.items()}
        case list():
            return [_plain(one) for one in value]
        case float() if not math.isfinite(value):
            return _refuse(value)
        case str() | int() | float() | bytes() | None:
            return value
        case _ if value is cbor2.undefined:
            return None
        case _:
            return _refuse(value)


def _key(key: object) -> str:
    if not isinstance(key, str):
        _refuse(key)
    return key


def _present(value: Any) -> Any:  # noqa: ANN401 - any answer
    match value:
        case dict():
            return {name: _present(one) for name, one in value.items() if one is not None}
        case list():
            return [_present(one) for one in value]
        case str():
            # Members of an enumeration are text as well, and have no encoding of their own.
            return str(value)
        case _:
            return value


@cache
def _stamp(shape: Shape) -> Stamp | None:
    """Return what puts the tag on the times within values of *shape*, or None where there are none."""
    match shape:
        case StructureShape():
            found = {name: _stamp(member) for name, member in shape.members.items()}
            members = {name: stamp for name, stamp in found.items() if stamp}
            return _structure_stamp(members) if members else None
        case ListShape():
            inner = _stamp(shape.member)
            return _list_stamp(inner) if inner else None
        case MapShape():
            # The model has no map of times.
            return None
        case _:
            return _tagged if shape.type_name == "timestamp" else None


def _structure_stamp(members: Mapping[str, Stamp]) -> Stamp:
    def stamp(value: dict[str, Any]) -> dict[str, Any]:
        for name, inner in members.items():
            if name in value:
                value[name] = inner(value[name])
        return value

    return stamp


def _list_stamp(inner: Stamp) -> Stamp:
    return lambda values: [inner(one) for one in values]


def _tagged(value: float) -> cbor2.CBORTag:
    return cbor2.CBORTag(TIME, float(value))


def _time(value: object, _immutable: bool) -> float:  # noqa: FBT001 - as the library calls it
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(value)
    return value


def _refuse(_value: object, _immutable: bool = True) -> NoReturn:  # noqa: FBT001, FBT002 - as the library calls it
    raise ValueError


_TAGS: Final = (0, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004, 43000, 55799)
"""Tags that the library would decode."""
_DECODERS: Final[Mapping[int, Callable[[Any, bool], Any]]] = {TIME: _time, **dict.fromkeys(_TAGS, _refuse)}
