import asyncio
import base64
import json
import math
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from muster_runtime.auth.jwks import (
    FAILURE_PAUSE_S,
    UNKNOWN_KEY_PAUSE_S,
    Jwks,
    KeysUnavailable,
)
from muster_runtime.auth.keys import KeySet, KeysRefused, key_set
from muster_runtime.metrics import Metrics
from muster_runtime.testing.clock import FakeClock

RSA = RSAAlgorithm.to_jwk(generate_private_key(public_exponent=65537, key_size=2048).public_key(), as_dict=True)


def entry(kid: str = "key-1", **changes: Any) -> dict[str, Any]:
    usual = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": RSA["n"], "e": RSA["e"]}
    return {name: value for name, value in (usual | changes).items() if value is not None}


def document(*entries: object) -> bytes:
    return json.dumps({"keys": entries}).encode()


class Source:
    """A fetch that counts, fails when told, and can be held up."""

    def __init__(self) -> None:
        self.fetches = 0
        self.raw = document(entry())
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> bytes:
        self.fetches += 1
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return self.raw


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def keys(source: Source, clock: FakeClock) -> Jwks:
    return Jwks(source, clock=clock, max_age_s=300, stale_s=600, metrics=Metrics())


def test_signing_keys_are_read_by_their_ids() -> None:
    assert {"a", "b"} == set(key_set(document(entry("a"), entry("b", key_ops=["verify"]))).keys)


def test_keys_of_other_kinds_and_uses_are_passed_over() -> None:
    found = key_set(document(entry("good"), elliptic(), edwards(), entry("enc", use="enc")))

    assert {"good"} == set(found.keys)


WEAK = RSAAlgorithm.to_jwk(generate_private_key(public_exponent=65537, key_size=1024).public_key(), as_dict=True)  # noqa: S505 - weak on purpose
EXPONENT_3 = RSAAlgorithm.to_jwk(generate_private_key(public_exponent=3, key_size=2048).public_key(), as_dict=True)


def flawed_modulus() -> str:
    """Return a product of two numbers of the form that CVE-2017-15361 is about; whether they are prime is no matter."""
    primorial = math.prod(number for number in range(2, 168) if all(number % below for below in range(2, number)))
    factors = [(2**1023 // primorial + step) * primorial + pow(65537, step, primorial) for step in (3, 8)]
    octets = math.prod(factors).to_bytes(256, "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


UNUSABLE: dict[str, dict[str, Any]] = {
    "1024 bits": entry(n=WEAK["n"]),
    "a public exponent of 3": entry(n=EXPONENT_3["n"], e=EXPONENT_3["e"]),
    "no use": entry(use=None),
    "no algorithm": entry(alg=None),
    "another algorithm": entry(alg="RS512"),
    "no key id": entry(kid=None),
    "an empty key id": entry(kid=""),
    "a numeric key id": entry(kid=7),
    "a key for signing only": entry(key_ops=["sign"]),
    "no modulus": entry(n=None),
    "a modulus that is no base64": entry(n="!!!"),
    "a padded modulus": entry(n=RSA["n"] + "="),
    "a modulus in a list": entry(n=[RSA["n"]]),
    "a curve beside it": entry(crv="P-256"),
    "a modulus from a flawed generator": entry(n=flawed_modulus()),
}


@pytest.mark.parametrize("bad", UNUSABLE.values(), ids=UNUSABLE)
def test_a_weak_or_odd_key_is_passed_over(bad: dict[str, Any]) -> None:
    good = entry("good")

    assert {"good"} == set(key_set(document(bad, good)).keys)
    with pytest.raises(KeysRefused):
        key_set(document(bad))


ELLIPTIC = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True)
OTHER_CURVE = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key(), as_dict=True)
EDWARDS = OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate().public_key(), as_dict=True)


def elliptic(**changes: Any) -> dict[str, Any]:
    return {**ELLIPTIC, "kid": "ec", "use": "sig", "alg": "ES256"} | changes


def edwards(**changes: Any) -> dict[str, Any]:
    return {**EDWARDS, "kid": "ed", "use": "sig", "alg": "EdDSA"} | changes


def point(y: int) -> str:
    return base64.urlsafe_b64encode(y.to_bytes(32, "little")).rstrip(b"=").decode()


def test_each_allowed_algorithm_has_its_own_kind_of_key() -> None:
    found = key_set(document(entry("rsa"), elliptic(), edwards()), ["ES256", "EdDSA"])

    assert {"ec": "ES256", "ed": "EdDSA"} == {kid: key.algorithm for kid, key in found.keys.items()}


ODD_CURVES: dict[str, dict[str, Any]] = {
    "another curve": {**OTHER_CURVE, "kid": "x", "use": "sig", "alg": "ES256"},
    "another curve under the name of ours": elliptic(x=OTHER_CURVE["x"], y=OTHER_CURVE["y"]),
    "a point that is not on the curve": elliptic(y=ELLIPTIC["x"]),
    "a point without its other half": elliptic(y=None),
    "the algorithm of another kind of key": elliptic(alg="EdDSA"),
    "a point as a number": elliptic(x=7),
    "Ed448": edwards(crv="Ed448"),
    "a short point": edwards(x="AAAA"),
    "the neutral point": edwards(x=point(1)),
    "a point of order two": edwards(x=point(2**255 - 20)),
    "a point of order four, not reduced": edwards(x=point(2**255 - 19)),
    "a point of order eight": edwards(x=point(0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826)),
}


@pytest.mark.parametrize("bad", ODD_CURVES.values(), ids=ODD_CURVES)
def test_a_key_on_a_curve_must_be_a_good_point_of_the_right_curve(bad: dict[str, Any]) -> None:
    allowed = ["RS256", "ES256", "EdDSA"]

    assert {"good"} == set(key_set(document(bad, entry("good")), allowed).keys)


@pytest.mark.parametrize("algorithms", [[], ["none"], ["HS256"], ["RS256", "PS256"]])
def test_only_algorithms_that_can_be_judged_are_allowed(
    algorithms: list[str], source: Source, clock: FakeClock
) -> None:
    with pytest.raises(ValueError, match="token algorithms"):
        Jwks(source, clock=clock, algorithms=algorithms)


REFUSED: dict[str, bytes] = {
    "no JSON": b"<html>",
    "a list": b"[]",
    "no keys": b'{"keys": []}',
    "keys that are no list": b'{"keys": {}}',
    "keys that are no objects": b'{"keys": ["a"]}',
    "one key id twice": document(entry("a"), entry("a")),
    "one key id twice, one of them unusable": document(entry("a"), entry("a", use="enc")),
    "a name twice": b'{"keys": [], "keys": []}',
    "a private key": document(entry("good"), entry("bad", d="AQAB")),
    "a private factor": document(entry("good"), entry("bad", p="AQAB")),
    "a symmetric key": document(entry("good"), {"kty": "oct", "k": "AQAB", "kid": "s"}),
    "33 keys": document(*(entry(str(number)) for number in range(33))),
    "more than 64 KiB": document(entry("good"), {"x": "y" * 70_000}),
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED)
def test_a_document_that_cannot_be_trusted_is_refused_as_a_whole(raw: bytes) -> None:
    with pytest.raises(KeysRefused):
        key_set(raw)


async def test_keys_are_fetched_once_while_they_are_young(keys: Jwks, source: Source, clock: FakeClock) -> None:
    first = await keys.current()
    clock.advance(299)

    assert first is await keys.current()
    assert 1 == source.fetches


async def test_keys_past_their_age_are_fetched_again(keys: Jwks, source: Source, clock: FakeClock) -> None:
    await keys.current()
    source.raw = document(entry("key-2"))
    clock.advance(300)

    assert {"key-2"} == set((await keys.current()).keys)


async def test_the_same_document_is_the_same_generation(keys: Jwks, source: Source, clock: FakeClock) -> None:
    first = await keys.current()
    clock.advance(300)

    assert first is await keys.current()
    assert 2 == source.fetches


async def test_many_who_wait_share_one_fetch(keys: Jwks, source: Source) -> None:
    source.gate.clear()
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(keys.current()) for _ in range(50)]
        await asyncio.sleep(0)
        source.gate.set()

    assert 1 == source.fetches
    assert 1 == len({id(task.result()) for task in waiting})


async def test_while_one_fetches_again_the_others_go_on_with_the_old_keys(
    keys: Jwks, source: Source, clock: FakeClock
) -> None:
    first = await keys.current()
    clock.advance(300)
    source.gate.clear()
    async with asyncio.TaskGroup() as group:
        group.create_task(keys.current())
        await asyncio.sleep(0)
        meanwhile = await keys.current()
        source.gate.set()

    assert first is meanwhile


@pytest.mark.parametrize("error", [ConnectionError(), TimeoutError(), KeysRefused("503"), RuntimeError("any")])
async def test_old_keys_serve_while_the_issuer_is_down_but_not_for_ever(
    error: Exception, keys: Jwks, source: Source, clock: FakeClock
) -> None:
    first = await keys.current()
    source.error = error

    clock.advance(899)
    assert first is await keys.current()
    clock.advance(1)
    with pytest.raises(KeysUnavailable):
        await keys.current()


async def test_a_broken_document_does_not_replace_good_keys(keys: Jwks, source: Source, clock: FakeClock) -> None:
    first = await keys.current()
    source.raw = b'{"keys": []}'
    clock.advance(300)

    assert first is await keys.current()


async def test_without_any_keys_nothing_can_be_judged(keys: Jwks, source: Source) -> None:
    source.error = ConnectionError()

    with pytest.raises(KeysUnavailable):
        await keys.current()


async def test_a_failed_issuer_is_left_alone_for_a_moment(keys: Jwks, source: Source, clock: FakeClock) -> None:
    source.error = ConnectionError()
    for _ in range(10):
        with pytest.raises(KeysUnavailable):
            await keys.current()
    assert 1 == source.fetches

    source.error = None
    clock.advance(FAILURE_PAUSE_S)
    assert await keys.current()


async def test_an_unknown_key_is_looked_for_at_once(keys: Jwks, source: Source) -> None:
    await keys.current()
    source.raw = document(entry("key-1"), entry("key-2"))

    assert "key-2" in (await keys.seek("key-2")).keys


async def test_made_up_key_ids_cause_one_fetch_in_thirty_seconds(keys: Jwks, source: Source, clock: FakeClock) -> None:
    await keys.current()
    for number in range(100):
        await keys.seek(f"made-up-{number}")
    assert 2 == source.fetches

    clock.advance(UNKNOWN_KEY_PAUSE_S)
    await keys.seek("made-up")
    assert 3 == source.fetches


async def test_a_hundred_at_once_who_miss_the_new_key_share_one_fetch(keys: Jwks, source: Source) -> None:
    await keys.current()
    source.raw = document(entry("key-2"))

    async with asyncio.TaskGroup() as group:
        sought = [group.create_task(keys.seek("key-2")) for _ in range(100)]

    found: list[KeySet] = [task.result() for task in sought]
    assert all("key-2" in generation.keys for generation in found)
    assert 2 == source.fetches


async def test_when_the_issuer_cannot_be_asked_about_an_unknown_key_nobody_can_tell(keys: Jwks, source: Source) -> None:
    await keys.current()
    source.error = ConnectionError()

    with pytest.raises(KeysUnavailable):
        await keys.seek("key-2")


async def test_a_search_that_failed_is_made_again_and_is_no_reason_to_call_a_token_bad(
    keys: Jwks, source: Source, clock: FakeClock
) -> None:
    await keys.current()
    source.error = OSError("down")
    with pytest.raises(KeysUnavailable):
        await keys.seek("key-2")
    with pytest.raises(KeysUnavailable):
        await keys.seek("key-2")
    assert source.fetches == 2
    source.error, source.raw = None, document(entry(), entry("key-2"))
    clock.advance(FAILURE_PAUSE_S)

    assert "key-2" in (await keys.seek("key-2")).keys


async def test_one_who_gives_up_while_fetching_does_not_block_the_next(keys: Jwks, source: Source) -> None:
    source.gate.clear()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await keys.current()
    source.gate.set()

    assert await keys.current()


async def test_fetches_are_counted_by_outcome(source: Source, clock: FakeClock) -> None:
    metrics = Metrics()
    keys = Jwks(source, clock=clock, max_age_s=300, metrics=metrics)
    await keys.current()
    source.error = ConnectionError()
    clock.advance(300)
    await keys.current()

    counted = [
        metrics.registry.get_sample_value("muster_jwks_fetches_total", {"outcome": outcome})
        for outcome in ("ok", "failed")
    ]
    assert [1, 1] == counted
