"""What counts as a key of the issuer: a policy applied once, when a key document is loaded.

Source: RFC 7517 (JWK), RFC 7518 section 6 and RFC 8037 (the members of each kind), RFC 8725 (one key, one algorithm).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from muster_runtime.errors import MusterError
from muster_runtime.http import strictjson

log = structlog.get_logger()

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey
"""The kinds of keys that are ever believed; none of them is symmetric."""

RS256: Final = "RS256"
ES256: Final = "ES256"
EDDSA: Final = "EdDSA"
ALGORITHMS = frozenset({RS256, ES256, EDDSA})
"""Every algorithm that settings may allow; the published clients and API Gateway expect RS256."""
MAX_DOCUMENT_BYTES = 64 * 1024
"""Largest key document read."""
MAX_KEYS = 32
"""Most keys in a document."""
RSA_BITS = range(2048, 8193)
"""Accepted sizes of an RSA modulus: below is weak, above only costs us time."""
RSA_EXPONENT = 65_537
"""Least public exponent; odd ones from here on are safe with this padding."""
KEY_ID = re.compile(r"[\x21-\x7e]{1,128}")
"""What a key id looks like."""

_MEMBERS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    RS256: ("RSA", "", ("n", "e")),
    ES256: ("EC", "P-256", ("x", "y")),
    EDDSA: ("OKP", "Ed25519", ("x",)),
}
"""Key type, curve and the members that make the key, by algorithm."""
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members that no public key has. Source: RFC 7518 section 6."""
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_FIELD = 2**255 - 19
_EIGHTH = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826

_SMALL_ORDER = frozenset({0, 1, _EIGHTH, _FIELD - _EIGHTH, _FIELD - 1, _FIELD, _FIELD + 1})
"""The y coordinates of points of small order, those not reduced included: under such a key a signature can be made
without a secret. Source: the order of the curve's group is eight times a prime (RFC 8032); these are that eight."""


def _reach(prime: int) -> frozenset[int]:
    """Return what powers of 65537 leave modulo *prime*."""
    value, found = 1, {1}
    while (value := value * 65_537 % prime) != 1:
        found.add(value)
    return frozenset(found)


_ROCA_PRIMES = (
    11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157,
)  # fmt: skip
_ROCA: Mapping[int, frozenset[int]] = {prime: _reach(prime) for prime in _ROCA_PRIMES}
"""What the modulus of a key from a flawed generator leaves modulo small primes; not one good key in a hundred million
does. Source: CVE-2017-15361: such primes are k * M + (65537^a mod M), M the product of the first primes."""


class KeysRefused(ValueError):
    """The document is not a key set that we would trust."""


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """One published key and the one algorithm that it is for."""

    algorithm: str
    public: PublicKey


@dataclass(frozen=True, slots=True, eq=False)
class KeySet:
    """One fetched generation of keys, by key id; compared by identity, because a new one voids what the old proved."""

    keys: Mapping[str, VerifyingKey]
    raw: bytes = b""


def key_set(raw: bytes, algorithms: Collection[str] = (RS256,)) -> KeySet:
    """Return the usable keys of a published document.

    Keys of other kinds, for other uses or for other algorithms are passed over; those that claim to be ours and are
    weak or odd are passed over with a warning.

    Args:
        raw: the document.
        algorithms: those that tokens may be signed with.

    Raises:
        KeysRefused: it is no key set, has one key id twice, publishes a private key, or has no usable key at all.
    """
    if len(raw) > MAX_DOCUMENT_BYTES:
        raise KeysRefused("the key document is too large")
    try:
        document = strictjson.loads(raw)
    except MusterError as error:
        raise KeysRefused(f"the key document is not strict JSON ({error.code})") from None
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list) or len(entries) > MAX_KEYS or not all(isinstance(key, dict) for key in entries):
        raise KeysRefused("the document is no JSON Web Key Set")
    named = [key["kid"] for key in entries if isinstance(key.get("kid"), str)]
    if len(named) != len(set(named)):
        raise KeysRefused("two keys share one id")
    keys: dict[str, VerifyingKey] = {}
    for entry in entries:
        if (key := _usable(entry, algorithms)) is not None:
            keys[entry["kid"]] = key
    if not keys:
        raise KeysRefused("there is no usable key in the document")
    return KeySet(MappingProxyType(keys), raw)


def _usable(entry: dict[str, Any], algorithms: Collection[str]) -> VerifyingKey | None:
    if not _PRIVATE.isdisjoint(entry) or entry.get("kty") == "oct":
        raise KeysRefused("a private or symmetric key is published")
    algorithm = entry.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms or entry.get("use") != "sig":
        return None
    kind, curve, members = _MEMBERS[algorithm]
    if entry.get("kty") != kind or entry.get("crv", "") != curve:
        return None
    public, problem = _judged(algorithm, entry, members)
    if public is None:
        log.warning("jwks_key_refused", kid=str(entry.get("kid"))[:128], reason=problem)
        return None
    return VerifyingKey(algorithm, public)


def _judged(algorithm: str, entry: dict[str, Any], members: tuple[str, ...]) -> tuple[PublicKey | None, str]:
    """Return the key of an entry that claims to be ours; or None, and why not."""
    kid = entry.get("kid")
    if not isinstance(kid, str) or not KEY_ID.fullmatch(kid) or entry.get("key_ops", ["verify"]) != ["verify"]:
        return None, "id or key_ops"
    if not all(isinstance(entry.get(name), str) and _BASE64URL.fullmatch(entry[name]) for name in members):
        return None, "members"
    try:
        public = _parsed(algorithm, entry)
    except (jwt.InvalidKeyError, ValueError, TypeError):
        # A point that is not on its curve is one of these.
        return None, "not a key of its kind"
    weakness = _weakness(public)
    return (None, weakness) if weakness else (public, "")


def _parsed(algorithm: str, entry: dict[str, Any]) -> PublicKey:
    parsers: Mapping[str, Any] = {RS256: RSAAlgorithm, ES256: ECAlgorithm, EDDSA: OKPAlgorithm}
    public: PublicKey = parsers[algorithm].from_jwk(entry)
    return public


def _weakness(public: PublicKey) -> str:
    """Say what makes *public* unfit; empty when it is fit."""
    if isinstance(public, EllipticCurvePublicKey):
        return "" if isinstance(public.curve, SECP256R1) else "curve"
    if isinstance(public, Ed25519PublicKey):
        y = int.from_bytes(public.public_bytes_raw(), "little") % 2**255
        return "small order" if y in _SMALL_ORDER else ""
    numbers = public.public_numbers()
    if public.key_size not in RSA_BITS:
        return "modulus size"
    if numbers.e < RSA_EXPONENT or numbers.e % 2 == 0:
        return "public exponent"
    return "flawed generator" if _is_roca(numbers.n) else ""


def _is_roca(modulus: int) -> bool:
    return all(modulus % prime in reach for prime, reach in _ROCA.items())
