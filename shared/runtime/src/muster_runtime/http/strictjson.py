"""JSON as strictly as the format can be read: one text has one meaning, or it is refused.

UTF-8 without a byte order mark, no NaN or Infinity, no name twice in an object, at most 32 levels, integers that fit
in 64 bits, numbers that fit in a double, no half surrogate pairs. Each refusal has its own stable code.

Source: RFC 8259 with the interoperability advice of RFC 7493 (I-JSON).
"""

import json
import math
from typing import Any, NoReturn

from muster_runtime.errors import Malformed

MAX_DEPTH = 32
"""Objects and arrays inside each other."""
INT64 = range(-(2**63), 2**63)
"""Integers that every JSON library of our clients can hold."""
_DIGITS = len(str(INT64.stop - 1))
"""Fewer digits than the largest has always fit."""


class JSONMalformed(Malformed):
    """The text is not JSON."""

    code = "json_syntax"
    advice = "Send well-formed JSON."


class JSONNotUTF8(JSONMalformed):
    """The bytes are not UTF-8."""

    code = "json_not_utf8"
    advice = "Encode the JSON text as UTF-8."


class JSONByteOrderMark(JSONMalformed):
    """The text begins with a byte order mark."""

    code = "json_byte_order_mark"
    advice = "Send UTF-8 without a byte order mark."


class JSONNotFinite(JSONMalformed):
    """NaN and Infinity are not JSON."""

    code = "json_not_finite"
    advice = "Send finite numbers only."


class JSONDuplicateName(JSONMalformed):
    """An object has the same name twice."""

    code = "json_duplicate_name"
    advice = "Use each name once in an object."


class JSONTooDeep(JSONMalformed):
    """Objects and arrays are nested too deeply."""

    code = "json_too_deep"
    advice = f"Nest at most {MAX_DEPTH} levels."


class JSONNumberRange(JSONMalformed):
    """A number does not fit in 64 bits."""

    code = "json_number_range"
    advice = "Send integers of at most 64 bits and numbers within the range of a double."


class JSONSurrogate(JSONMalformed):
    """A string holds half a surrogate pair, which is no character."""

    code = "json_surrogate"
    advice = "Send surrogates in pairs only."


def loads(raw: bytes) -> Any:  # noqa: ANN401 - JSON is dynamic; a model gives it its type next
    """Return the value of the JSON text *raw*.

    Args:
        raw: the text; the caller bounds its size.

    Raises:
        JSONMalformed: it is not JSON, or not strict; the subclass says why.
    """
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise JSONByteOrderMark
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise JSONNotUTF8 from None
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise JSONTooDeep from None
    except json.JSONDecodeError as error:
        raise JSONMalformed(f"JSON syntax error at line {error.lineno} column {error.colno}.") from None
    if "\\u" in text or text.count("{") + text.count("[") > MAX_DEPTH:
        # Without an escape there is no half pair, because UTF-8 has none; with so few brackets there is no such depth.
        _check(value)
    return value


def _check(root: Any) -> None:  # noqa: ANN401 - walks any JSON value
    """Refuse depth and half surrogates, level by level, so that nesting cannot exhaust our own stack."""
    level, depth = [root], 0
    while level:
        containers = [value for value in level if isinstance(value, dict | list)]
        for value in level:
            if isinstance(value, str):
                _check_text(value)
        depth += bool(containers)
        if depth > MAX_DEPTH:
            raise JSONTooDeep
        level = []
        for container in containers:
            if isinstance(container, dict):
                level.extend(container)
                level.extend(container.values())
            else:
                level.extend(container)


def _check_text(text: str) -> None:
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise JSONSurrogate


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JSONDuplicateName
    return members


def _integer(digits: str) -> int:
    # The length first: turning a million digits into a number takes long enough to be an attack.
    if len(digits) < _DIGITS:
        return int(digits)
    if len(digits) > _DIGITS + 1 or int(digits) not in INT64:
        raise JSONNumberRange
    return int(digits)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise JSONNumberRange
    return number


def _not_finite(_name: str) -> NoReturn:
    raise JSONNotFinite


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_not_finite
)
