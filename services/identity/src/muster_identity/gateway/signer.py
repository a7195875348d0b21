"""Signing keys and signatures through PyJWT and cryptography.

Access tokens are signed with the private keys of the ring, so that everybody can check them with what is published.
Refresh tokens concern nobody but identity: they are signed by HMAC, with a secret derived from the same private key,
so that a key of the ring comes and goes for both, and no published key makes anything of a refresh token.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from jwt.exceptions import PyJWTError

from muster_identity.domain.keys import FreshKey, KeyId, Keyring, SigningKey
from muster_identity.domain.tokens import ACCESS_AUDIENCE, REFRESH_AUDIENCE, Claims
from muster_identity.errors import KeyringUnreadable, RefreshRefused
from muster_identity.gateway.keykinds import (
    HS256,
    KEY_BITS,
    RS256,
    PrivateKey,
    algorithm_of,
    drawn,
    jwk_of,
    refresh_secret,
)
from muster_identity.gateway.stamps import Stamp

LONGEST_TOKEN = 4096
"""Characters. Ours have about 1,000; there is no use in decoding what is four times as long."""

ACCESS_TYPE = "at+jwt"
REFRESH_TYPE = "rt+jwt"
"""Types in the header, so that no kind of token passes for another (RFC 9068 section 2.1, RFC 8725 3.11)."""

SKEW_S = 60
"""How far the clocks of two instances may differ, seconds."""

KEYS_REMEMBERED = 32
"""Opened keys kept; a ring has three or four."""


@dataclass(frozen=True, slots=True, repr=False)
class OpenedKey:
    """A key of the ring, ready for use.

    Attributes:
        private: the private key, for its public half.
        secret: what refresh tokens are signed with.
        access: signs access tokens.
        refresh: signs refresh tokens.
    """

    private: PrivateKey
    secret: bytes
    access: Stamp
    refresh: Stamp


@dataclass(slots=True)
class KeySigner:
    """`Signer` with RS256, ES256 and EdDSA for access tokens: each key says which.

    None of the signatures holds randomness and claims are encoded in the order given, so the same claims signed with
    the same key give the same token: the grace of a refresh depends on that.

    Attributes:
        algorithm: what new keys are for.
    """

    algorithm: str = RS256
    _opened: dict[str, OpenedKey] = field(default_factory=dict, repr=False)

    async def fresh_key(self, key_id: str) -> FreshKey:
        """Draw a new key pair in a thread: finding the primes of RSA takes up to a second of processor time."""
        return FreshKey(KeyId(key_id), await asyncio.to_thread(_new_private_pem, self.algorithm))

    def sign(self, claims: Claims, key: SigningKey) -> str:
        """Return the signed token, of the kind that its audience says; its header names algorithm, key and type."""
        opened = self._open(key)
        return (opened.access if claims["aud"] == ACCESS_AUDIENCE else opened.refresh).sign(claims)

    def read(self, token: str, keyring: Keyring, *, issuer: str, now_s: int) -> Mapping[str, object]:
        """Return the claims of a refresh token that we signed and whose times and issuer are right.

        The key is looked up by the header's `kid` among our own; nothing in the header is followed anywhere.

        Raises:
            RefreshRefused: it is not such a token.
        """
        if len(token) > LONGEST_TOKEN:
            raise RefreshRefused
        try:
            header = jwt.get_unverified_header(token)
            key = keyring.find(str(header.get("kid", "")))
            if key is None or header.get("typ") != REFRESH_TYPE:
                raise RefreshRefused
            claims = _checked(token, self._open(key).secret, issuer=issuer)
        except (PyJWTError, UnicodeError, RecursionError) as error:
            raise RefreshRefused from error
        if claims.get("kid") != key.key_id or not _is_timely(claims, now_s):
            raise RefreshRefused
        return claims

    def public_keys(self, keyring: Keyring) -> tuple[Mapping[str, str], ...]:
        """Return the public half of every key as a JSON Web Key, newest first."""
        return tuple(jwk_of(key.key_id, self._open(key).private.public_key()) for key in keyring.keys)

    def _open(self, key: SigningKey) -> OpenedKey:
        """Return *key* opened; that checks it and costs as much as many signatures, so it is kept.

        Raises:
            KeyringUnreadable: the ring holds something else under this id.
        """
        if (known := self._opened.get(key.key_id)) is not None:
            return known
        private, secret = self._parse(key), refresh_secret(key.private_pem)
        algorithm = algorithm_of(private)
        if algorithm is None:
            raise KeyringUnreadable(f"The key {key.key_id} is neither RSA of {KEY_BITS} bits, P-256 nor Ed25519.")
        assert isinstance(private, PrivateKey), "it has one of our algorithms"
        if len(self._opened) >= KEYS_REMEMBERED:
            self._opened.clear()
        access = Stamp.of(algorithm, private, key_id=key.key_id, kind=ACCESS_TYPE)
        refresh = Stamp.of(HS256, secret, key_id=key.key_id, kind=REFRESH_TYPE)
        opened = self._opened[key.key_id] = OpenedKey(private, secret, access, refresh)
        return opened

    def _parse(self, key: SigningKey) -> object:
        try:
            return serialization.load_pem_private_key(key.private_pem.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            # Not chained: such an error could quote the key.
            raise KeyringUnreadable(f"The key {key.key_id} cannot be read ({type(error).__name__}).") from None


def _new_private_pem(algorithm: str) -> str:
    return (
        drawn(algorithm)
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


def _checked(token: str, secret: bytes, *, issuer: str) -> dict[str, Any]:
    """Return the claims once signature, issuer and audience are checked; times are checked by our own clock."""
    options: Any = {
        "require": ["sub", "iss", "aud", "scope", "kid", "iat", "nbf", "exp", "jti", "sid"],
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
        "strict_aud": True,
    }
    return jwt.decode(token, secret, algorithms=[HS256], audience=REFRESH_AUDIENCE, issuer=issuer, options=options)


def _is_timely(claims: Mapping[str, object], now_s: int) -> bool:
    """Tell whether the token lives at *now_s*; the session's own times are checked again where it is stored."""
    not_before, expires = claims.get("nbf"), claims.get("exp")
    if type(not_before) is not int or type(expires) is not int:
        return False
    return not_before - SKEW_S <= now_s < expires
