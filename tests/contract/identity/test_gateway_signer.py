import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from identity_fakes import ISSUER, ThriftySigner, World

from muster_identity.domain.discovery import jwks_document
from muster_identity.domain.keys import DAY_S, KeyId, Keyring, KeyState, SigningKey
from muster_identity.errors import KeyringUnreadable, RefreshRefused
from muster_identity.gateway import signer as signer_gateway
from muster_identity.gateway.keykinds import refresh_secret
from muster_identity.gateway.signer import KeySigner
from muster_runtime.auth.jwks import Jwks
from muster_runtime.auth.verifier import TokenVerifier
from muster_runtime.testing import FakeClock

NOW = 1_700_000_000
CLAIMS: dict[str, Any] = {
    "sub": "ann",
    "iss": ISSUER,
    "aud": "refresh",
    "scope": "refresh",
    "access_token_scope": "guest",
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 1000,
    "jti": "t1",
    "sid": "s1",
}


async def a_key(signer: ThriftySigner, key_id: str) -> SigningKey:
    fresh = await signer.fresh_key(key_id)
    return SigningKey(fresh.key_id, KeyState.ACTIVE, NOW, NOW, fresh.private_pem)


@pytest.fixture
async def signer() -> ThriftySigner:
    return ThriftySigner()


@pytest.fixture
async def key(signer: ThriftySigner) -> SigningKey:
    return await a_key(signer, "k1")


HEADERS = {"kid": "k1", "typ": "rt+jwt"}


def read(signer: ThriftySigner, key: SigningKey, token: str, now_s: int = NOW) -> Any:
    return signer.read(token, Keyring((key,)), issuer=ISSUER, now_s=now_s)


def forged(key: SigningKey, *, headers: dict[str, Any] | None = None, **changes: Any) -> str:
    """A token that is signed as it should be, with odd claims or headers; None leaves a claim out."""
    claims = {name: value for name, value in {**CLAIMS, "kid": "k1", **changes}.items() if value is not None}
    every = {**HEADERS, **(headers or {})}
    return jwt.encode(claims, refresh_secret(key.private_pem), algorithm="HS256", headers=every)


def test_what_we_signed_is_read(signer: ThriftySigner, key: SigningKey) -> None:
    claims = {**CLAIMS, "kid": "k1"}

    assert read(signer, key, signer.sign(claims, key)) == claims


def test_the_same_claims_give_the_same_token(signer: ThriftySigner, key: SigningKey) -> None:
    assert signer.sign(CLAIMS, key) == ThriftySigner().sign(CLAIMS, key)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "gamebackend"},
        {"aud": ["refresh"]},
        {"aud": None},
        {"kid": None},
        {"kid": "k2"},
        {"sid": None},
        {"jti": None},
        {"sub": None},
        {"exp": NOW},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 1e400},
        {"nbf": NOW + 61},
        {"nbf": None},
        {"headers": {"typ": "JWT"}},
        {"headers": {"typ": "at+jwt"}},
        {"headers": {"kid": "k2"}},
        {"headers": {"kid": "../../k1"}},
        {"headers": {"crit": ["exp"]}},
    ],
    ids=str,
)
def test_a_good_signature_does_not_save_a_wrong_token(
    signer: ThriftySigner, key: SigningKey, changes: dict[str, Any]
) -> None:
    with pytest.raises(RefreshRefused):
        read(signer, key, forged(key, **changes))


async def test_the_wrong_key_under_the_right_id_is_refused(signer: ThriftySigner, key: SigningKey) -> None:
    other = await a_key(signer, "k1")
    assert other.private_pem != key.private_pem

    with pytest.raises(RefreshRefused):
        read(signer, key, forged(other))


def test_an_algorithm_of_the_callers_choice_is_refused(signer: ThriftySigner, key: SigningKey) -> None:
    public = serialization.load_pem_private_key(key.private_pem.encode(), password=None).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    good = forged(key).split(".")

    def under(algorithm: str, signature: bytes = b"") -> str:
        header = json.dumps({"alg": algorithm, "kid": "k1", "typ": "rt+jwt"}).encode()
        return ".".join([encoded(header), good[1], encoded(signature)])

    unsigned = under("HS256").removesuffix(".")
    confused = f"{unsigned}.{encoded(hmac.digest(pem, unsigned.encode(), hashlib.sha256))}"
    unsigned = under("HS512").removesuffix(".")
    longer = f"{unsigned}.{encoded(hmac.digest(refresh_secret(key.private_pem), unsigned.encode(), hashlib.sha512))}"
    for token in (under("none"), under("None"), confused, longer):
        with pytest.raises(RefreshRefused):
            read(signer, key, token)


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "...", "a.b.c", "x" * 5000, "\x00.\x00.\x00", "é.é.é", "\ud800", f"{encoded(b'[]')}.e30.e30",
     f"{encoded(b'[' * 2000)}.e30.e30", f"{encoded(b'{}')}.e30.", f"{encoded(bytes([255]))}.e30.e30"],
    ids=lambda token: repr(token)[:20],
)  # fmt: skip
def test_what_is_no_token_is_refused(signer: ThriftySigner, key: SigningKey, token: str) -> None:
    with pytest.raises(RefreshRefused):
        read(signer, key, token)


def test_a_changed_letter_anywhere_is_refused(signer: ThriftySigner, key: SigningKey) -> None:
    good = forged(key)
    assert read(signer, key, good)["sub"] == "ann"
    for place in range(0, len(good), 37):
        other = "A" if good[place] != "A" else "B"
        with pytest.raises(RefreshRefused):
            read(signer, key, good[:place] + other + good[place + 1 :])


async def test_published_keys_hold_two_public_numbers_and_nothing_private(signer: ThriftySigner) -> None:
    ring = Keyring((await a_key(signer, "k2"), await a_key(signer, "k1")))

    published = signer.public_keys(ring)

    assert [list(key) for key in published] == [["alg", "e", "kid", "kty", "n", "use"]] * 2
    assert [key["kid"] for key in published] == ["k2", "k1"]
    for jwk, key in zip(published, ring.keys, strict=True):
        private = serialization.load_pem_private_key(key.private_pem.encode(), password=None)
        assert isinstance(private, rsa.RSAPrivateKey)
        parsed = jwt.PyJWK.from_dict(dict(jwk)).key
        assert parsed.public_numbers() == private.public_key().public_numbers()
        assert private.key_size == 2048


def test_what_is_no_key_of_ours_is_told_without_showing_it(signer: ThriftySigner, key: SigningKey) -> None:
    curve = ec.generate_private_key(ec.SECP384R1())
    pem = curve.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    weak = rsa.generate_private_key(public_exponent=65_537, key_size=1024).private_bytes(  # noqa: S505 - weak on purpose
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for wrong in ("canary-not-a-pem", pem, weak.decode()):
        with pytest.raises(KeyringUnreadable) as raised:
            KeySigner().sign(CLAIMS, replace(key, private_pem=wrong))
        assert raised.value.__cause__ is None
        assert wrong not in str(raised.value)


def test_a_signer_remembers_only_so_many_keys(key: SigningKey, monkeypatch: pytest.MonkeyPatch) -> None:
    # Parsing one key takes long, so the real limit would make this the slowest test of all.
    monkeypatch.setattr(signer_gateway, "KEYS_REMEMBERED", 2)
    signer = KeySigner()
    for number in range(5):
        signer.sign(CLAIMS, replace(key, key_id=KeyId(f"k{number}")))

    assert 1 <= len(signer._opened) <= 2


@pytest.mark.parametrize(
    ("algorithm", "members"),
    [
        ("ES256", ["alg", "crv", "kid", "kty", "use", "x", "y"]),
        ("EdDSA", ["alg", "crv", "kid", "kty", "use", "x"]),
    ],
)
async def test_other_algorithms_sign_the_same_twice_and_are_published_and_read(
    algorithm: str, members: list[str]
) -> None:
    signer = ThriftySigner(algorithm)
    key = await a_key(signer, "k1")
    claims = {**CLAIMS, "kid": "k1", "aud": "gamebackend"}

    token = signer.sign(claims, key)

    assert token == signer.sign(claims, key)
    assert jwt.get_unverified_header(token) == {"alg": algorithm, "kid": "k1", "typ": "at+jwt"}
    (jwk,) = signer.public_keys(Keyring((key,)))
    assert list(jwk) == members
    public = jwt.PyJWK.from_dict(dict(jwk)).key
    assert jwt.decode(token, public, algorithms=[algorithm], audience="gamebackend", options={"verify_exp": False})


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_refresh_tokens_have_a_secret_of_their_own_with_each_kind_of_key(algorithm: str) -> None:
    signer = ThriftySigner(algorithm)
    key, other = await a_key(signer, "k1"), await a_key(signer, "k1")
    claims = {**CLAIMS, "kid": "k1"}

    token = signer.sign(claims, key)

    assert jwt.get_unverified_header(token) == {"alg": "HS256", **HEADERS}
    assert read(signer, key, token) == claims
    with pytest.raises(RefreshRefused):
        read(ThriftySigner(), other, token)
    # What everybody can check with the published keys, however right otherwise, is no refresh token.
    with pytest.raises(RefreshRefused):
        read(signer, key, jwt.encode(claims, key.private_pem, algorithm=algorithm, headers=HEADERS))


def test_the_secret_follows_from_the_stored_key_today_and_with_every_release() -> None:
    # A release that derived another one would sign every player out.
    assert refresh_secret("a stored key\n") == refresh_secret("a stored key")
    assert refresh_secret("a stored key").hex() == ("05105929a1317bc9005f3660d30902e1be2a061d727a5b3df8a37cfd9ac49468")


async def test_the_verifier_of_every_service_takes_each_algorithm_that_it_is_told_to(clock: FakeClock) -> None:
    for algorithm in ("RS256", "ES256", "EdDSA"):
        signer = ThriftySigner(algorithm)
        key = await a_key(signer, "k1")
        now_s = int(clock.epoch_s())
        claims = {**CLAIMS, "aud": "gamebackend", "scope": "guest", "kid": "k1", "iat": now_s, "nbf": now_s}
        token = signer.sign({**claims, "exp": now_s + 900}, key)
        document = jwks_document(signer.public_keys(Keyring((key,))))

        async def fetch(document: bytes = document) -> bytes:
            return document

        keys = Jwks(fetch, clock=clock, algorithms=[algorithm])
        verifier = TokenVerifier(keys, issuer=ISSUER, audience="gamebackend", clock=clock)

        assert (await verifier.verify(token)).subject == "ann"


async def test_a_ring_holds_keys_of_several_kinds_when_the_algorithm_changes() -> None:
    world = World(signer=lambda: ThriftySigner("RS256"))
    old = world.instance()
    await old.keys.start()
    guest = await old.players.sign_in_guest(None, None)
    world.signer = lambda: ThriftySigner("ES256")
    new = world.instance()
    await new.keys.start()
    world.clock.advance(6 * DAY_S - 1)
    await new.keys.rotate()
    world.clock.advance(DAY_S + 1)
    await new.keys.rotate()

    fresh = await new.players.sign_in_guest(None, None)

    assert jwt.get_unverified_header(guest.tokens.access_token)["alg"] == "RS256"
    assert jwt.get_unverified_header(fresh.tokens.access_token)["alg"] == "ES256"
    documents = new.keys.documents()
    assert [key["alg"] for key in json.loads(documents[".well-known/jwks.json"])["keys"]] == ["ES256", "RS256"]
    named = json.loads(documents[".well-known/openid-configuration"])["id_token_signing_alg_values_supported"]
    assert named == ["ES256", "RS256"]
