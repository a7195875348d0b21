"""What signs one kind of token with one key.

PyJWT's signatures without its encoder, which puts the same header together, and prepares the same key, for every token:
that is as much work as everything else about a token but the signature of RSA.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jwt.algorithms import Algorithm

from muster_identity.gateway.keykinds import SIGNATURES

_ENCODE = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True, repr=False)
class Stamp:
    """Signs claims; make it with `Stamp.of`.

    Attributes:
        head: the encoded header and the full stop behind it.
        algorithm: signs.
        key: what it signs with, as the algorithm wants it.
    """

    head: bytes
    algorithm: Algorithm
    key: Any

    @classmethod
    def of(cls, algorithm: str, key: object, *, key_id: str, kind: str) -> "Stamp":
        """Return what signs tokens of the type *kind* with *key*, which has the id *key_id*.

        Raises:
            KeyError: we have no such algorithm.
            jwt.exceptions.InvalidKeyError: the algorithm does not take the key.
        """
        header, signs = {"alg": algorithm, "kid": key_id, "typ": kind}, SIGNATURES[algorithm]
        return cls(_base64url(_ENCODE(header).encode()) + b".", signs, signs.prepare_key(key))

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return the token, its claims in the order given. Source: RFC 7515 section 3.1, compact serialization."""
        message = self.head + _base64url(_ENCODE(claims).encode())
        return (message + b"." + _base64url(self.algorithm.sign(message, self.key))).decode()


def _base64url(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")
