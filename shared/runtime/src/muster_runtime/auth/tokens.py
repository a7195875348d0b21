"""What a token looks like on its way in, before anything in it is believed; and every way to refuse one.

Source: RFC 6750 (Bearer), RFC 7515 (compact serialization).
"""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any

from muster_runtime.errors import Forbidden, Malformed, Unauthenticated
from muster_runtime.http import strictjson

MAX_TOKEN_BYTES = 8 * 1024
"""Longest token looked at."""

_ROOM = 64
"""Characters that a header may have beside the token."""
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")


class TokenMissing(Unauthenticated):
    """The request carries no access token."""

    code = "token_missing"


class TokenMalformed(Unauthenticated):
    """The Authorization header holds something that is not a token."""

    code = "token_malformed"
    advice = "Send the access token as it was issued, bare or after `Bearer `."


class TokenExpired(Unauthenticated):
    """The token was good and is over."""

    code = "token_expired"
    advice = "Refresh the access token."


class TokenRevoked(Unauthenticated):
    """The token was good, and was taken back: its session ended, or its user was barred."""

    code = "token_revoked"
    advice = "Sign in again."


class TokenInvalid(Unauthenticated):
    """The token is not one that our issuer gave for this use."""

    code = "token_invalid"
    advice = "Sign in again."


class ScopeInsufficient(Forbidden):
    """The caller is known, and this route is not for them."""

    code = "scope_insufficient"


def bearer(values: Sequence[str]) -> str:
    """Return the token from the values of the Authorization header: bare, or after `Bearer ` in any case.

    Raises:
        TokenMissing: there is no such header, or it is empty.
        TokenMalformed: there are several, or another scheme is used.
    """
    if not values:
        raise TokenMissing
    given = values[0]
    if len(values) > 1 or len(given) > MAX_TOKEN_BYTES + _ROOM:
        raise TokenMalformed
    # Spaces and tabs alone, as RFC 9110 has it: no other white space that Python knows belongs into a header.
    given = given.strip(" \t")
    if not given:
        raise TokenMissing
    scheme, separator, rest = given.partition("\t" if "\t" in given else " ")
    token = rest.lstrip(" \t") if separator else given
    if separator and scheme.lower() != "bearer":
        raise TokenMalformed
    if token.lower() == "bearer" or " " in token or "\t" in token:
        raise TokenMalformed
    return token


def token_parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of what is shaped like a signed token; nothing is believed yet."""
    segments = token.split(".")
    if len(segments) != 3:
        raise TokenMalformed
    raw = [_decoded(segment) for segment in segments]
    return _object(raw[0]), _object(raw[1])


def _decoded(segment: str) -> bytes:
    """Decode base64url as JOSE has it: no padding, no other alphabet, no stray bits at the end."""
    if not _SEGMENT.fullmatch(segment):
        raise TokenMalformed
    try:
        raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except (binascii.Error, ValueError):
        raise TokenMalformed from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != segment:
        # Two spellings of one token would be two entries in every list of revoked ones.
        raise TokenMalformed
    return raw


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = strictjson.loads(raw)
    except Malformed:
        raise TokenMalformed from None
    if not isinstance(value, dict):
        raise TokenMalformed
    return value
