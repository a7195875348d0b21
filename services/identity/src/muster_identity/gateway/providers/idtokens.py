"""OpenID Connect id tokens, judged strictly: PyJWT checks the signature, shape and claims are checked here.

A token's claims are looked at before its key: one that names another issuer, another game or another time costs its
sender's time alone, and no call to anybody.

Source: OpenID Connect Core 1.0 section 3.1.3.7; RFC 8725.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
from jwt.api_jws import PyJWS

from muster_identity.gateway.providers.keys import KINDS, ProviderKeys
from muster_identity.gateway.providers.verdicts import refused
from muster_runtime.auth.keys import KEY_ID
from muster_runtime.auth.tokens import MAX_TOKEN_BYTES, TokenMalformed, token_parts
from muster_runtime.clock import Clock

LEEWAY_S: Final = 30.0
"""How far a provider's clock and ours may differ."""
FORBIDDEN: Final = frozenset({"crit", "b64", "zip", "enc"})
"""Header fields that change what a token means. Key addresses in a header (`jku`, `x5u`, `jwk`) are never looked at."""
TYPES: Final = frozenset({"jwt", "id_token"})
"""What `typ` may be, where it is given: an access token is no proof of who signs in here."""
SUBJECT: Final = re.compile(r"[\x21-\x7e]{1,255}")
"""Source: OpenID Connect Core 1.0 section 2: at most 255 ASCII characters."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Whose tokens are good, and for whom.

    Attributes:
        issuers: spellings of `iss`, each exact.
        audiences: our ids at the provider.
        nonce_required: refuse tokens that come without their nonce, or hold the nonce itself instead of its SHA-256.
    """

    issuers: frozenset[str]
    audiences: frozenset[str]
    nonce_required: bool = False


class IdTokens:
    """Turns a provider's id token into its claims, or refuses it."""

    def __init__(self, door: str, keys: ProviderKeys, expected: Expected, clock: Clock) -> None:
        """Build it.

        Args:
            door: whose tokens, for logs.
            keys: the provider's keys; no others are ever believed.
            expected: what a good token says.
            clock: what its times are judged by.
        """
        self._door = door
        self._keys = keys
        self._expected = expected
        self._clock = clock
        self._signatures = PyJWS(algorithms=[*KINDS])

    async def verify(self, token: str, *, nonce: str | None = None, first_hand: bool = False) -> Mapping[str, Any]:
        """Return the claims of a good token; `sub` is a text of `SUBJECT`'s shape.

        Args:
            token: as the client got it.
            nonce: what the client asked for it with; the token may hold its SHA-256 instead, and must where nonces are
                demanded.
            first_hand: the provider itself just gave it to us, so no nonce need tell whose it is.

        Raises:
            CredentialRefused: the token is not good.
            ProviderUnavailable: the provider's keys cannot be had.
            ProviderLied: what the provider publishes are no keys.
        """
        if len(token) > MAX_TOKEN_BYTES or not token.isascii():
            raise refused(self._door, "token_malformed")
        try:
            header, claims = token_parts(token)
        except TokenMalformed:
            raise refused(self._door, "token_malformed") from None
        key_id = self._key_id(header)
        self._check_claims(claims)
        if not first_hand:
            self._check_nonce(claims.get("nonce"), nonce)
        key = await self._keys.find(key_id)
        if key is None:
            raise refused(self._door, "token_key_unknown")
        if header["alg"] not in key.algorithms:
            raise refused(self._door, "token_algorithm")
        try:
            self._signatures.decode(token, key.key, algorithms=[header["alg"]])
        except jwt.InvalidTokenError:
            raise refused(self._door, "token_signature") from None
        return claims

    def _key_id(self, header: Mapping[str, Any]) -> str:
        key_id, kind, algorithm = header.get("kid"), header.get("typ", "JWT"), header.get("alg")
        if header.keys() & FORBIDDEN or not isinstance(kind, str) or kind.lower() not in TYPES:
            raise refused(self._door, "token_header")
        if not isinstance(algorithm, str) or algorithm not in KINDS:
            raise refused(self._door, "token_algorithm")
        if not isinstance(key_id, str) or not KEY_ID.fullmatch(key_id):
            raise refused(self._door, "token_key_id")
        return key_id

    def _check_claims(self, claims: Mapping[str, Any]) -> None:
        issuer = claims.get("iss")
        if not isinstance(issuer, str) or issuer not in self._expected.issuers:
            raise refused(self._door, "token_issuer")
        self._check_audience(claims)
        now_s = self._clock.epoch_s()
        expires_s, issued_s = self._seconds(claims, "exp"), self._seconds(claims, "iat")
        if now_s >= expires_s + LEEWAY_S:
            raise refused(self._door, "token_expired")
        starts_s = self._seconds(claims, "nbf") if "nbf" in claims else issued_s
        if max(issued_s, starts_s) > now_s + LEEWAY_S:
            raise refused(self._door, "token_not_yet")
        subject = claims.get("sub")
        if not isinstance(subject, str) or not SUBJECT.fullmatch(subject):
            raise refused(self._door, "token_subject")

    def _check_audience(self, claims: Mapping[str, Any]) -> None:
        """Refuse a token for somebody else; of several audiences, the one it was issued to must be ours too."""
        given = claims.get("aud")
        audiences = [given] if isinstance(given, str) else given
        if not isinstance(audiences, list) or not all(isinstance(audience, str) for audience in audiences):
            raise refused(self._door, "token_audience")
        if not self._expected.audiences & set(audiences):
            raise refused(self._door, "token_audience")
        party = claims.get("azp")
        if len(audiences) > 1 and not (isinstance(party, str) and party in self._expected.audiences):
            raise refused(self._door, "token_authorized_party")

    def _check_nonce(self, claimed: object, nonce: str | None) -> None:
        if nonce is None:
            if self._expected.nonce_required:
                raise refused(self._door, "nonce_missing")
            return
        spellings = _hashes(nonce)
        if not self._expected.nonce_required:
            # Where nonces are demanded the token may not hold its own: whoever copied it would read the nonce there.
            spellings = (nonce.encode(), *spellings)
        if not isinstance(claimed, str) or not any(
            hmac.compare_digest(claimed.encode(), spelling) for spelling in spellings
        ):
            raise refused(self._door, "nonce_mismatch")

    def _seconds(self, claims: Mapping[str, Any], name: str) -> float:
        value = claims.get(name)
        # bool is a kind of int in Python, and True is no time.
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise refused(self._door, "token_times")
        return float(value)


def checked_hash(claims: Mapping[str, Any], name: str, value: str, *, door: str) -> None:
    """Refuse a token whose hash claim *name*, such as `c_hash`, is there and is not that of *value*.

    Source: OpenID Connect Core 1.0 section 3.3.2.11: the left half of the digest; SHA-256 with each of our algorithms.

    Raises:
        CredentialRefused: the token belongs to another *value*.
    """
    claimed = claims.get(name)
    if claimed is None:
        return
    half = base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()[:16]).rstrip(b"=")
    if not isinstance(claimed, str) or not hmac.compare_digest(claimed.encode(), half):
        raise refused(door, f"token_{name}")


def _hashes(nonce: str) -> tuple[bytes, ...]:
    """Return the SHA-256 of the nonce, as clients of Apple and Facebook write it."""
    digest = hashlib.sha256(nonce.encode()).digest()
    return digest.hex().encode(), base64.urlsafe_b64encode(digest).rstrip(b"=")
