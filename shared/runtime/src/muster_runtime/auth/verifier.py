"""Access tokens, judged strictly: a thin layer over PyJWT that refuses what a lenient reading would let through.

PyJWT checks the signature. Shape, JSON, header, key and claims are checked here, against a clock that is an argument.

Source: RFC 7515, 7519, 8725; the token contract of the published custom identity design.
"""

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.api_jws import PyJWS

from muster_runtime.auth.jwks import Jwks
from muster_runtime.auth.keys import KEY_ID, KeySet
from muster_runtime.auth.principal import AUTHENTICATED, GUEST, OPERATOR, SERVER, Principal
from muster_runtime.auth.revocations import Revocations, marks_of
from muster_runtime.auth.tokens import (
    MAX_TOKEN_BYTES,
    TokenExpired,
    TokenInvalid,
    TokenMalformed,
    TokenRevoked,
    token_parts,
)
from muster_runtime.clock import Clock

MAX_SUBJECT = 128
"""Longest `sub`, `sid` and `jti`, in characters."""
LEEWAY_S = 5.0
"""How far the issuer's clock and ours may differ."""
CACHED_TOKENS = 10_000
"""Verified tokens remembered; the least recently used go first."""
SCOPES = frozenset({GUEST, AUTHENTICATED, OPERATOR, SERVER})
"""Every scope there is; a token has exactly one."""
HEADER_NAMES = frozenset({"alg", "kid", "typ"})
"""All that a token's header may say: no key addresses, no embedded keys, no `crit`."""
TYPES = frozenset({"jwt", "at+jwt"})
"""What `typ` may be, where it is given."""

_TEXT = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,128}")


@dataclass(frozen=True, slots=True)
class _Known:
    """What one verified token proved, and the marks under which it may be taken back."""

    principal: Principal
    marks: tuple[str, ...]


class TokenVerifier:
    """Turns an access token into the caller it proves, or refuses it.

    Attributes:
        revocations: what was taken back; feed it, and tokens verified before are refused from then on.
    """

    def __init__(  # noqa: PLR0913 - each is needed and named
        self,
        keys: Jwks,
        *,
        issuer: str,
        audience: str,
        clock: Clock,
        max_life_s: float = 3600.0,
        cached_tokens: int = CACHED_TOKENS,
        revocations: Revocations | None = None,
    ) -> None:
        """Build a verifier.

        Args:
            keys: the issuer's published keys, and the algorithms that they are for; no others are ever believed.
            issuer: what `iss` must be.
            audience: what `aud` must be.
            clock: what `exp`, `nbf` and `iat` are judged by.
            max_life_s: longest `exp - iat`, in seconds.
            cached_tokens: how many verified tokens are remembered.
            revocations: what was taken back; an empty set of its own when left out.
        """
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._max_life_s = max_life_s
        self._cached_tokens = cached_tokens
        self.revocations = revocations or Revocations(clock=clock, longest_life_s=max_life_s + LEEWAY_S)
        self._verified: OrderedDict[bytes, _Known] = OrderedDict()
        self._verified_by: KeySet | None = None
        # Of PyJWT only the signature check is used: its claim checks read the machine's clock.
        self._signatures = PyJWS(algorithms=sorted(keys.algorithms))

    async def verify(self, token: str) -> Principal:
        """Return the caller that *token* proves.

        Raises:
            TokenMalformed: it is not shaped like a token.
            TokenExpired: it was good until its time was over.
            TokenRevoked: it was good until it was taken back.
            TokenInvalid: anything else about it is wrong.
            KeysUnavailable: the issuer's keys cannot be had, so it cannot be judged.
        """
        if len(token) > MAX_TOKEN_BYTES or not token.isascii():
            raise TokenMalformed
        fingerprint = hashlib.sha256(token.encode()).digest()
        if fingerprint in self._verified:
            keys = self._keys.young or await self._keys.current()
            if (known := self._recall(fingerprint, keys)) is not None:
                return known
        header, claims = token_parts(token)
        algorithm, key_id = self._algorithm(header), _key_id(header)
        keys = await self._keys.current()
        if key_id not in keys.keys:
            keys = await self._keys.seek(key_id)
        self._check_signature(token, keys, key_id, algorithm)
        proven = self._principal(claims, key_id)
        self._check_revoked(proven)
        self._remember(fingerprint, proven, keys)
        return proven.principal

    def _recall(self, fingerprint: bytes, keys: KeySet) -> Principal | None:
        """Return what was verified before, unless the keys have changed since or its time is over."""
        if keys is not self._verified_by:
            return None
        known = self._verified.get(fingerprint)
        if known is None:
            return None
        self._check_expiry(known.principal.expires_at_s)
        self._check_revoked(known)
        self._verified.move_to_end(fingerprint)
        return known.principal

    def _remember(self, fingerprint: bytes, known: _Known, keys: KeySet) -> None:
        if keys is not self._verified_by:
            # A key that was withdrawn must not live on in what it once proved.
            self._verified.clear()
            self._verified_by = keys
        self._verified[fingerprint] = known
        if len(self._verified) > self._cached_tokens:
            self._verified.popitem(last=False)

    def _algorithm(self, header: dict[str, Any]) -> str:
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in self._keys.algorithms:
            raise TokenInvalid
        return algorithm

    def _check_signature(self, token: str, keys: KeySet, key_id: str, algorithm: str) -> None:
        key = keys.keys.get(key_id)
        if key is None or key.algorithm != algorithm:
            raise TokenInvalid
        try:
            self._signatures.decode(token, key.public, algorithms=[key.algorithm])
        except jwt.InvalidTokenError:
            raise TokenInvalid from None

    def _check_revoked(self, known: _Known) -> None:
        if self.revocations.covers(known.marks, known.principal.issued_at_s):
            raise TokenRevoked

    def _principal(self, claims: dict[str, Any], key_id: str) -> _Known:
        now_s = self._clock.epoch_s()
        expires_at_s, issued_at_s = _whole(claims, "exp"), _whole(claims, "iat")
        starts_at_s = _whole(claims, "nbf") if "nbf" in claims else issued_at_s
        good = (
            claims.get("iss") == self._issuer
            and claims.get("aud") == self._audience
            and claims.get("kid", key_id) == key_id
            and issued_at_s <= now_s + LEEWAY_S
            and starts_at_s <= now_s + LEEWAY_S
            and 0 < expires_at_s - issued_at_s <= self._max_life_s
        )
        scope = claims.get("scope")
        if not good or not isinstance(scope, str) or scope not in SCOPES:
            raise TokenInvalid
        self._check_expiry(expires_at_s)
        principal = Principal(
            subject=_text(claims, "sub"),
            scope=scope,
            session_id=_text(claims, "sid") if "sid" in claims else "",
            token_id=_text(claims, "jti") if "jti" in claims else "",
            expires_at_s=expires_at_s,
            issued_at_s=issued_at_s,
            version=_whole(claims, "ver") if "ver" in claims else None,
            key_id=key_id,
        )
        return _Known(principal, marks_of(principal))

    def _check_expiry(self, expires_at_s: float) -> None:
        if self._clock.epoch_s() >= expires_at_s + LEEWAY_S:
            raise TokenExpired


def _key_id(header: dict[str, Any]) -> str:
    key_id, kind = header.get("kid"), header.get("typ", "JWT")
    if not header.keys() <= HEADER_NAMES:
        raise TokenInvalid
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        raise TokenInvalid
    if not isinstance(key_id, str) or not KEY_ID.fullmatch(key_id):
        raise TokenInvalid
    return key_id


def _whole(claims: dict[str, Any], name: str) -> int:
    value = claims.get(name)
    # bool is a kind of int in Python, and True is no time.
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TokenInvalid
    return value


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not _TEXT.fullmatch(value):
        raise TokenInvalid
    return value
