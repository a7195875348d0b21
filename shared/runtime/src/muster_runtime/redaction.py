"""What a log line may hold: nothing secret, and nothing that could forge another line.

Most values are short plain text, and a few quick looks prove that no pattern below can match; only what they leave
open goes through the patterns. `tests/unit/runtime/test_redaction.py` holds both ways against each other.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from math import isfinite
from typing import Any, Final

REDACTED: Final = "[redacted]"
MAX_DEPTH: Final = 6
"""Containers in a log line deeper than this are cut."""

SECRET_NAMES: Final = re.compile(
    r"(^|_)(tokens?|jwt|secrets?|authorization|passwords?|passwd|cookies?|credentials?|private_key|api_key|signature"
    r"|player_session(_ids?)?)($|_)"
)
"""Names whose values are never logged, whatever they hold; matched on snake_case."""
HARMLESS_NAMES: Final = frozenset({"token_type"})
"""Names that look secret and are not."""

SECRET_VALUES: Final = re.compile(
    r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)*"  # a JWT, whole or cut
    r"|\bpsess-[A-Za-z0-9-]+"  # a player session id of GameLift
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"  # an AWS access key id
    r"|(?i:\bbearer\s+)[A-Za-z0-9._~+/=-]+"
    r"|(?i:\b(?:guest_secret|refresh_token|access_token|auth_token|client_secret|password)=)[^&\s\"']+"
)
"""Values that are never logged, whatever they are called; `is_plain` names a part of each alternative."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CONTROL_IN_TRACEBACK: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_NAMES_KEPT: Final = 1024
_OPEN: Final[dict[str, str]] = {}
"""`"name": ` for names that are plain and open for any value. Names come from code; others are bounded."""

_to_json: Final = json.JSONEncoder(default=str).encode


def redact(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a log line with secrets hidden, by name and by look, and control characters taken out."""
    return {_text(str(name)): clean(str(name), value) for name, value in event.items()}


def json_line(event: Mapping[str, Any]) -> str:
    """Return *event*, redacted, as one line of JSON in ASCII."""
    members = []
    for name, value in event.items():
        kind = type(value)
        if (begun := _OPEN.get(name)) is not None:
            if kind is str and is_plain(value):
                members.append(begun + encode_basestring_ascii(value))
            elif kind is int:
                members.append(begun + str(value))
            elif kind is float and isfinite(value):
                members.append(begun + repr(value))
            else:
                members.append(begun + _to_json(clean(name, value)))
        elif type(name) is str and is_plain(name):
            members.append(f"{_begun(name)}{_to_json(clean(name, value))}")
        else:
            # Once cleaned, the name may be one that is there already: a mapping sees to that.
            return _to_json(redact(event))
    return f"{{{', '.join(members)}}}"


def _begun(name: str) -> str:
    begun = encode_basestring_ascii(name) + ": "
    if len(_OPEN) < _NAMES_KEPT and name != "exception" and not _is_secret(name):
        _OPEN[name] = begun
    return begun


def is_plain(text: str) -> bool:
    """Whether *text* certainly holds no secret by look and no control character; false means only: look closer."""
    return (
        text.isascii()
        and text.isprintable()
        and "eyJ" not in text
        and "=" not in text
        and "psess-" not in text
        and "IA" not in text
        and (" " not in text or "bearer" not in text.lower())
    )


def clean(name: str, value: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Return *value*, logged under *name*, as it may be written."""
    if name == "exception" and isinstance(value, str):
        return _CONTROL_IN_TRACEBACK.sub("?", _hidden(value))
    return _clean(name, value, 0)


def _clean(name: str, value: Any, depth: int) -> Any:  # noqa: ANN401 - log values are anything
    cleaned: Any
    match value:
        case None | bool():
            cleaned = value
        case _ if _is_secret(name):
            cleaned = REDACTED
        case int() | float():
            cleaned = value
        case bytes():
            cleaned = f"<{len(value)} bytes>"
        case Mapping() | list() | tuple() | set() | frozenset() if depth >= MAX_DEPTH:
            cleaned = "..."
        case Mapping():
            cleaned = {_text(str(key)): _clean(str(key), below, depth + 1) for key, below in value.items()}
        case list() | tuple() | set() | frozenset():
            cleaned = [_clean("", below, depth + 1) for below in value]
        case _:
            cleaned = _text(str(value))
    return cleaned


@lru_cache(maxsize=_NAMES_KEPT)
def _is_secret(name: str) -> bool:
    snake = _CAMEL.sub("_", name).lower().replace("-", "_")
    return snake not in HARMLESS_NAMES and SECRET_NAMES.search(snake) is not None


def _text(text: str) -> str:
    if is_plain(text):
        return text
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape", "surrogatepass").decode(), _hidden(text))


def _hidden(text: str) -> str:
    return SECRET_VALUES.sub(REDACTED, text)
