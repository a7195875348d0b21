"""Signing keys of the pretend issuers, and the tokens made with them."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from muster_runtime.clock import Clock

LIFE_S: Final = 600
"""Apple's identity tokens live that long."""


class Mint:
    """One issuer's keys: the newest signs, the others are published until they are withdrawn."""

    def __init__(self, name: str, clock: Clock) -> None:
        """Begin with one key; *name* begins its id."""
        self._name = name
        self._clock = clock
        self._made = 1
        self._published = [1]

    @property
    def key_id(self) -> str:
        """Id of the key that signs."""
        return f"{self._name}-{self._made}"

    def rotate(self, *, keep: bool = True) -> None:
        """Sign with a new key from now on; *keep* the others published, or withdraw them."""
        self._made += 1
        self._published = [self._made, *(self._published if keep else [])]

    def token(self, claims: Mapping[str, object], *, headers: Mapping[str, object] | None = None) -> str:
        """Return *claims* signed; `iat` and `exp` are put in unless given, and a claim of None is left out."""
        now_s = int(self._clock.epoch_s())
        whole = {"iat": now_s, "exp": now_s + LIFE_S} | dict(claims)
        payload = {name: value for name, value in whole.items() if value is not None}
        # Not `jwt.encode`, which refuses claims that make no sense: some must be refused elsewhere.
        head = {"typ": "JWT", "kid": self.key_id, **(headers or {})}
        return jwt.PyJWS().encode(json.dumps(payload).encode(), _key(self._made), algorithm="RS256", headers=head)

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """Return the published key set."""
        return {"keys": [self._public(number) for number in self._published]}

    def _public(self, number: int) -> dict[str, Any]:
        public: dict[str, Any] = RSAAlgorithm.to_jwk(_key(number).public_key(), as_dict=True)
        return {
            "kty": "RSA",
            "kid": f"{self._name}-{number}",
            "use": "sig",
            "alg": "RS256",
            "n": public["n"],
            "e": public["e"],
        }


@cache
def _key(number: int) -> RSAPrivateKey:  # noqa: ARG001 - it is the cache's key
    # All issuers share one sequence of keys: making one takes a noticeable while, and their ids differ.
    return generate_private_key(public_exponent=65537, key_size=2048)
