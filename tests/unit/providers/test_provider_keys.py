"""Published keys of providers: which count, and when they are fetched."""

from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from muster_identity.errors import ProviderLied, ProviderUnavailable
from muster_identity.gateway.providers.keys import MAX_AGE_S, STALE_S, ProviderKeys, usable_keys
from muster_runtime.testing import FakeClock

ALL = ("RS256", "PS256", "ES256", "EdDSA")
EC: dict[str, Any] = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True)
ED: dict[str, Any] = OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate().public_key(), as_dict=True)
RSA: dict[str, Any] = RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048).public_key(), as_dict=True)
for _key in (EC, ED, RSA):
    _key.pop("key_ops", None)


def algorithms(*entries: Mapping[str, Any], allowed: tuple[str, ...] = ALL) -> dict[str, tuple[str, ...]]:
    keys = usable_keys({"keys": [*entries]}, door="oidc:test", algorithms=allowed)
    return {key_id: key.algorithms for key_id, key in keys.items()}


def test_the_kind_of_a_key_decides_where_its_publisher_names_no_algorithm() -> None:
    assert {"a": ("RS256", "PS256"), "b": ("ES256",), "c": ("EdDSA",)} == algorithms(
        {**RSA, "kid": "a"}, {**EC, "kid": "b"}, {**ED, "kid": "c"}
    )


def test_an_algorithm_that_is_named_is_the_only_one() -> None:
    assert {"a": ("PS256",)} == algorithms({**RSA, "kid": "a", "alg": "PS256", "use": "sig"})


def test_keys_for_something_else_are_passed_over() -> None:
    good = {**RSA, "kid": "good"}
    others = (
        {**EC, "kid": "encrypts", "use": "enc"},
        {**EC, "kid": "signs", "key_ops": ["sign"]},
        {**EC, "kid": "odd", "key_ops": 5},
        {**EC, "kid": "named", "alg": "ES512"},
        {**EC, "kid": "curve", "crv": "secp256k1"},
        {**EC, "kid": ["a"]},
        {**EC, "kid": 7},
        dict(EC),
        {**EC, "kid": "off the curve", "x": EC["y"]},
        {"kty": "RSA", "kid": "short", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "kid": "exponent", "n": RSA["n"], "e": "Aw"},
    )

    assert {"good"} == algorithms(good, *others).keys()


def test_algorithms_that_are_not_allowed_have_no_keys() -> None:
    assert {"a": ("RS256",)} == algorithms({**RSA, "kid": "a"}, {**EC, "kid": "b"}, allowed=("RS256",))


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"keys": {}},
        {"keys": []},
        {"keys": ["a"]},
        {"keys": [{**RSA, "kid": "a", "d": "AQAB"}]},
        {"keys": [{**RSA, "kid": "a"}, {"kty": "oct", "kid": "b", "k": "c2VjcmV0"}]},
        {"keys": [{**RSA, "kid": "a"}, {**EC, "kid": "a"}]},
        {"keys": [{**RSA, "kid": str(number)} for number in range(33)]},
    ],
    ids=[
        "no keys member",
        "keys that are no list",
        "no keys",
        "a key that is no object",
        "a private key",
        "a shared secret",
        "one name for two keys",
        "too many keys",
    ],
)
def test_what_is_no_key_set_or_publishes_a_secret_is_a_lie(document: dict[str, Any]) -> None:
    with pytest.raises(ProviderLied):
        usable_keys(document, door="oidc:test", algorithms=ALL)


class Publisher:
    """Publishes keys, or fails."""

    def __init__(self) -> None:
        self.ids = ["a"]
        self.error: Exception | None = None
        self.fetched = 0

    async def fetch(self) -> Mapping[str, Any]:
        self.fetched += 1
        if self.error is not None:
            raise self.error
        return {"keys": [{**RSA, "kid": key_id} for key_id in self.ids]}


async def test_keys_are_kept_for_an_hour(clock: FakeClock) -> None:
    publisher = Publisher()
    keys = ProviderKeys("epic", publisher.fetch, clock)

    await keys.find("a")
    clock.advance(MAX_AGE_S - 1)
    await keys.find("a")
    assert 1 == publisher.fetched

    clock.advance(1)
    assert await keys.find("a") is not None
    assert 2 == publisher.fetched


async def test_an_unknown_key_is_looked_for_once_in_half_a_minute(clock: FakeClock) -> None:
    publisher = Publisher()
    keys = ProviderKeys("epic", publisher.fetch, clock)
    for _ in range(10):
        assert await keys.find("b") is None
    assert 2 == publisher.fetched

    publisher.ids = ["b"]
    clock.advance(30)
    assert await keys.find("b") is not None
    assert await keys.find("a") is None
    assert 3 == publisher.fetched


@pytest.mark.parametrize("error", [ProviderUnavailable, ProviderLied])
async def test_keys_serve_past_their_age_for_a_day_while_fetching_fails(
    clock: FakeClock, error: type[Exception]
) -> None:
    publisher = Publisher()
    keys = ProviderKeys("epic", publisher.fetch, clock)
    await keys.find("a")
    publisher.error = error()

    clock.advance(MAX_AGE_S + STALE_S - 1)
    assert await keys.find("a") is not None

    clock.advance(3)
    with pytest.raises(error):
        await keys.find("a")


async def test_an_unknown_key_cannot_be_judged_while_its_provider_is_down(clock: FakeClock) -> None:
    publisher = Publisher()
    keys = ProviderKeys("epic", publisher.fetch, clock)
    await keys.find("a")
    publisher.error = ProviderUnavailable()

    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            await keys.find("b")
    assert 2 == publisher.fetched
    assert await keys.find("a") is not None

    publisher.error, publisher.ids = None, ["a", "b"]
    clock.advance(2)
    assert await keys.find("b") is not None
