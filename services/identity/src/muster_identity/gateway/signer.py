"""Signing keys and signatures through PyJWT and cryptography."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from jwt.exceptions import PyJWTError

from muster_identity.domain.keys import FreshKey, KeyId, Keyring, SigningKey
from muster_identity.domain.tokens import ACCESS_AUDIENCE, Claims
from muster_identity.errors import KeyringUnreadable, RefreshRefused
from muster_identity.gateway.keykinds import (
    KEY_BITS,
    RS256,
    PrivateKey,
    PublicKey,
    algorithm_of,
    drawn,
    jwk_of,
    signatures,
)

LONGEST_TOKEN = 4096
"""Characters. Ours have about 1,000; there is no use in decoding what is four times as long."""

TYPES: Mapping[str, str] = {ACCESS_AUDIENCE: "at+jwt"}
"""Header type by audience, so that no kind of token passes for another (RFC 9068 section 2.1, RFC 8725 3.11)."""

REFRESH_TYPE = "rt+jwt"

SKEW_S = 60
"""How far the clocks of two instances may differ, seconds."""

SIGNATURES = signatures()

KEYS_REMEMBERED = 32
"""Parsed private keys kept; a ring has three or four."""


@dataclass(slots=True)
class KeySigner:
    """`Signer` with RS256, ES256 and EdDSA: each key says which.

    None of the signatures holds randomness and claims are encoded in the order given, so the same claims signed with
    the same key give the same token: the grace of a refresh depends on that.

    Attributes:
        algorithm: what new keys are for.
    """

    algorithm: str = RS256
    _parsed: dict[str, PrivateKey] = field(default_factory=dict, repr=False)

    async def fresh_key(self, key_id: str) -> FreshKey:
        """Draw a new key pair in a thread: finding the primes of RSA takes up to a second of processor time."""
        return FreshKey(KeyId(key_id), await asyncio.to_thread(_new_private_pem, self.algorithm))

    def sign(self, claims: Claims, key: SigningKey) -> str:
        """Return the signed token; its header names algorithm, key and type."""
        kind = TYPES.get(str(claims["aud"]), REFRESH_TYPE)
        headers = {"kid": key.key_id, "typ": kind}
        private, payload = self._private(key), json.dumps(dict(claims), separators=(",", ":")).encode()
        return SIGNATURES.encode(payload, private, algorithm_of(private), headers)

    def read(self, token: str, keyring: Keyring, *, issuer: str, audience: str, now_s: int) -> Mapping[str, object]:
        """Return the claims of a token that one of our keys signed and whose times, issuer and audience are right.

        The key is looked up by the header's `kid` among our own; nothing in the header is followed anywhere.

        Raises:
            RefreshRefused: it is not such a token.
        """
        if len(token) > LONGEST_TOKEN:
            raise RefreshRefused
        try:
            header = jwt.get_unverified_header(token)
            key = keyring.find(str(header.get("kid", "")))
            if key is None or header.get("typ") != TYPES.get(audience, REFRESH_TYPE):
                raise RefreshRefused
            claims = _checked(token, self._private(key), issuer=issuer, audience=audience)
        except (PyJWTError, UnicodeError, RecursionError) as error:
            raise RefreshRefused from error
        if claims.get("kid") != key.key_id or not _is_timely(claims, now_s):
            raise RefreshRefused
        return claims

    def public_keys(self, keyring: Keyring) -> tuple[Mapping[str, str], ...]:
        """Return the public half of every key as a JSON Web Key, newest first."""
        return tuple(jwk_of(key.key_id, self._private(key).public_key()) for key in keyring.keys)

    def _private(self, key: SigningKey) -> PrivateKey:
        """Return the parsed private key; parsing checks it and costs as much as many signatures, so it is kept.

        Raises:
            KeyringUnreadable: the ring holds something else under this id.
        """
        known = self._parsed.get(key.key_id)
        if known is not None:
            return known
        try:
            parsed = serialization.load_pem_private_key(key.private_pem.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            # Not chained: such an error could quote the key.
            raise KeyringUnreadable(f"The key {key.key_id} cannot be read ({type(error).__name__}).") from None
        if algorithm_of(parsed) is None:
            raise KeyringUnreadable(f"The key {key.key_id} is neither RSA of {KEY_BITS} bits, P-256 nor Ed25519.")
        assert isinstance(parsed, PrivateKey), "it has one of our algorithms"
        if len(self._parsed) >= KEYS_REMEMBERED:
            self._parsed.clear()
        self._parsed[key.key_id] = parsed
        return parsed


def _new_private_pem(algorithm: str) -> str:
    return (
        drawn(algorithm)
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


def _checked(token: str, private: PrivateKey, *, issuer: str, audience: str) -> dict[str, Any]:
    """Return the claims once signature, issuer and audience are checked; times are checked by our own clock."""
    options: Any = {
        "require": ["sub", "iss", "aud", "scope", "kid", "iat", "nbf", "exp", "jti", "sid"],
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
        "strict_aud": True,
    }
    public: PublicKey = private.public_key()
    algorithms = [algorithm_of(private) or ""]
    return jwt.decode(token, public, algorithms=algorithms, audience=audience, issuer=issuer, options=options)


def _is_timely(claims: Mapping[str, object], now_s: int) -> bool:
    """Tell whether the token lives at *now_s*; the session's own times are checked again where it is stored."""
    not_before, expires = claims.get("nbf"), claims.get("exp")
    if type(not_before) is not int or type(expires) is not int:
        return False
    return not_before - SKEW_S <= now_s < expires
