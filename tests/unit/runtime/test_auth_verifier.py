import base64
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from muster_runtime.auth import tokens as under_test
from muster_runtime.auth.jwks import Jwks
from muster_runtime.auth.revocations import Revocation, mark_of
from muster_runtime.auth.tokens import TokenExpired, TokenInvalid, TokenMalformed, TokenMissing, TokenRevoked, bearer
from muster_runtime.auth.verifier import TokenVerifier
from muster_runtime.errors import Unauthenticated
from muster_runtime.testing.clock import FakeClock

ISSUER = "https://identity.test"
KEY = generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = generate_private_key(public_exponent=65537, key_size=2048)


class Issuer:
    """An issuer whose document and tokens the test can bend."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.published = {"key-1": KEY}
        self.fetches = 0

    async def fetch(self) -> bytes:
        self.fetches += 1
        entries = [
            {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": "RS256"}
            for kid, key in self.published.items()
        ]
        for entry in entries:
            entry.pop("key_ops", None)
        return json.dumps({"keys": entries}).encode()

    def claims(self, **changes: Any) -> dict[str, Any]:
        now_s = int(self.clock.epoch_s())
        usual = {
            "iss": ISSUER,
            "aud": "gamebackend",
            "sub": "player-1",
            "scope": "guest",
            "kid": "key-1",
            "iat": now_s,
            "nbf": now_s,
            "exp": now_s + 900,
            "sid": "s-1",
            "jti": "t-1",
        }
        return {name: value for name, value in (usual | changes).items() if value is not None}

    def token(self, headers: dict[str, Any] | None = None, key: RSAPrivateKey = KEY, **changes: Any) -> str:
        return signed(self.claims(**changes), {"alg": "RS256", "kid": "key-1", "typ": "JWT"} | (headers or {}), key)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(claims: object, header: object, key: RSAPrivateKey = KEY) -> str:
    """Sign whatever it is: PyJWT itself refuses to make most of these."""
    raw = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    message = ".".join(b64(part) for part in raw)
    signature = RSAAlgorithm(RSAAlgorithm.SHA256).sign(message.encode(), key)
    return f"{message}.{b64(signature)}"


@pytest.fixture
def issuer(clock: FakeClock) -> Issuer:
    return Issuer(clock)


@pytest.fixture
def verifier(issuer: Issuer, clock: FakeClock) -> TokenVerifier:
    keys = Jwks(issuer.fetch, clock=clock, max_age_s=300)
    return TokenVerifier(keys, issuer=ISSUER, audience="gamebackend", clock=clock, max_life_s=3600)


async def test_a_good_token_proves_its_caller(verifier: TokenVerifier, issuer: Issuer) -> None:
    principal = await verifier.verify(issuer.token())

    assert ("player-1", "guest", "s-1", "t-1") == (
        principal.subject,
        principal.scope,
        principal.session_id,
        principal.token_id,
    )
    assert issuer.clock.epoch_s() + 900 == principal.expires_at_s


@pytest.mark.parametrize(
    "changes",
    [{"sid": None}, {"jti": None}, {"nbf": None}, {"kid": None}, {"extra": [1]}, {"scope": "operator"}],
    ids=str,
)
async def test_what_a_token_need_not_say_may_be_missing(
    changes: dict[str, Any], verifier: TokenVerifier, issuer: Issuer
) -> None:
    assert "player-1" == (await verifier.verify(issuer.token(**changes))).subject


BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.test"},
    "the issuer with a slash": {"iss": ISSUER + "/"},
    "the issuer in a list": {"iss": [ISSUER]},
    "no issuer": {"iss": None},
    "another audience": {"aud": "refresh"},
    "several audiences": {"aud": ["gamebackend", "refresh"]},
    "no audience": {"aud": None},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a numeric subject": {"sub": 7},
    "a subject of 129 characters": {"sub": "x" * 129},
    "a subject with a line break": {"sub": "a\nb"},
    "no scope": {"scope": None},
    "two scopes": {"scope": "guest operator"},
    "a list of scopes": {"scope": ["guest"]},
    "the scope of refresh tokens": {"scope": "refresh"},
    "an unknown scope": {"scope": "root"},
    "another key in the claims": {"kid": "key-2"},
    "no expiry": {"exp": None},
    "an expiry as text": {"exp": "9999999999"},
    "an expiry of true": {"exp": True},
    "an expiry with a fraction": {"exp": 1767269000.5},
    "no time of issue": {"iat": None},
    "a negative time of issue": {"iat": -1},
    "a start as text": {"nbf": "soon"},
    "a list for session id": {"sid": ["a"]},
    "an empty token id": {"jti": ""},
}


@pytest.mark.parametrize("changes", BAD_CLAIMS.values(), ids=BAD_CLAIMS)
async def test_a_signed_token_with_odd_claims_is_refused(
    changes: dict[str, Any], verifier: TokenVerifier, issuer: Issuer
) -> None:
    with pytest.raises(TokenInvalid):
        await verifier.verify(issuer.token(**changes))


@pytest.mark.parametrize(
    ("issued", "starts", "expires"),
    [(60, 60, 960), (0, 60, 900), (0, 0, 3601), (0, 0, 0), (-100, -100, 10**12)],
    ids=["issued in the future", "not yet valid", "too long a life", "no life", "endless"],
)
async def test_a_token_with_odd_times_is_refused(
    issued: int, starts: int, expires: int, verifier: TokenVerifier, issuer: Issuer
) -> None:
    now_s = int(issuer.clock.epoch_s())

    with pytest.raises(TokenInvalid):
        await verifier.verify(issuer.token(iat=now_s + issued, nbf=now_s + starts, exp=now_s + expires))


@pytest.mark.parametrize("seconds", [4, -4])
async def test_clocks_that_differ_a_little_do_not_matter(seconds: int, verifier: TokenVerifier, issuer: Issuer) -> None:
    now_s = int(issuer.clock.epoch_s()) + seconds

    assert await verifier.verify(issuer.token(iat=now_s, nbf=now_s, exp=now_s + 900))


async def test_a_token_is_over_when_its_time_is(verifier: TokenVerifier, issuer: Issuer, clock: FakeClock) -> None:
    token = issuer.token()

    clock.advance(904)
    await verifier.verify(token)
    clock.advance(1)
    with pytest.raises(TokenExpired):
        await verifier.verify(token)


async def test_an_expired_token_never_seen_before_is_expired_too(
    verifier: TokenVerifier, issuer: Issuer, clock: FakeClock
) -> None:
    token = issuer.token()
    clock.advance(2000)

    with pytest.raises(TokenExpired):
        await verifier.verify(token)


BAD_HEADERS: dict[str, dict[str, Any]] = {
    "no key id": {"kid": None},
    "an empty key id": {"kid": ""},
    "a key id that is a path": {"kid": "../../dev/null\u0000"},
    "a numeric key id": {"kid": 1},
    "an unknown key id": {"kid": "key-9"},
    "no algorithm": {"alg": None},
    "algorithm none": {"alg": "none"},
    "algorithm None": {"alg": "None"},
    "a symmetric algorithm": {"alg": "HS256"},
    "another hash": {"alg": "RS512"},
    "another padding": {"alg": "PS256"},
    "the algorithm in another case": {"alg": "rs256"},
    "the algorithm in a list": {"alg": ["RS256"]},
    "a key address": {"jku": "https://evil.test/jwks"},
    "a certificate address": {"x5u": "https://evil.test/cert"},
    "an embedded key": {"jwk": {"kty": "RSA"}},
    "an embedded certificate": {"x5c": ["MII"]},
    "a critical extension": {"crit": ["exp"]},
    "an unencoded payload": {"b64": False},
    "compression": {"zip": "DEF"},
    "another type": {"typ": "logout+jwt"},
    "a type that is no text": {"typ": 1},
}


@pytest.mark.parametrize("changes", BAD_HEADERS.values(), ids=BAD_HEADERS)
async def test_a_signed_token_with_an_odd_header_is_refused(
    changes: dict[str, Any], verifier: TokenVerifier, issuer: Issuer
) -> None:
    header = {"alg": "RS256", "kid": "key-1", "typ": "JWT"} | changes
    token = signed(issuer.claims(), {name: value for name, value in header.items() if value is not None})

    with pytest.raises(TokenInvalid):
        await verifier.verify(token)


@pytest.mark.parametrize("kind", ["JWT", "at+jwt", "AT+JWT"])
async def test_the_types_of_access_tokens_are_taken(kind: str, verifier: TokenVerifier, issuer: Issuer) -> None:
    assert await verifier.verify(issuer.token({"typ": kind}))


def _bent(change: Callable[[list[str]], list[str]]) -> Callable[[str], str]:
    return lambda token: ".".join(change(token.split(".")))


BENT: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "two segments": _bent(lambda parts: parts[:2]),
    "four segments": _bent(lambda parts: [*parts, "AA"]),
    "five segments, as encrypted ones have": _bent(lambda parts: [*parts, "AA", "AA"]),
    "no signature": _bent(lambda parts: [*parts[:2], ""]),
    "padding": _bent(lambda parts: [parts[0] + "=", *parts[1:]]),
    "the other alphabet": _bent(lambda parts: [parts[0], "+/" + parts[1], parts[2]]),
    "a space": lambda token: token + " ",
    "a line break": lambda token: token + "\n",
    "a character that is not ASCII": lambda token: token + "é",
    "half a surrogate pair": lambda token: token + "\ud800",
    "a segment of impossible length": _bent(lambda parts: ["AAAAA", *parts[1:]]),
    "stray bits at the end": _bent(lambda parts: [*parts[:2], parts[2][:-1] + chr(ord(parts[2][-1]) + 1)]),
    "9 KiB": lambda token: token + "A" * 9 * 1024,
}


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT)
async def test_what_is_not_shaped_like_a_token_is_malformed(
    bend: Callable[[str], str], verifier: TokenVerifier, issuer: Issuer
) -> None:
    with pytest.raises(TokenMalformed):
        await verifier.verify(bend(issuer.token()))

    assert 0 == issuer.fetches


RAW_PARTS: dict[str, tuple[bytes, bytes]] = {
    "a header that is no JSON": (b"{", b"{}"),
    "a header that is a list": (b"[]", b"{}"),
    "a name twice in the header": (b'{"alg":"RS256","alg":"RS256","kid":"key-1"}', b"{}"),
    "a name twice in the claims": (b'{"alg":"RS256","kid":"key-1"}', b'{"scope":"guest","scope":"operator"}'),
    "claims that are a list": (b'{"alg":"RS256","kid":"key-1"}', b"[]"),
    "claims in UTF-16": (b'{"alg":"RS256","kid":"key-1"}', '{"sub":"a"}'.encode("utf-16")),
    "claims after a byte order mark": (b'{"alg":"RS256","kid":"key-1"}', b"\xef\xbb\xbf{}"),
    "claims with NaN": (b'{"alg":"RS256","kid":"key-1"}', b'{"exp":NaN}'),
    "claims nested deeply": (b'{"alg":"RS256","kid":"key-1"}', b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}"),
    "a header of claims that are empty": (b"null", b"null"),
}


@pytest.mark.parametrize(("header", "claims"), RAW_PARTS.values(), ids=RAW_PARTS)
async def test_json_that_two_readers_could_read_differently_is_malformed(
    header: bytes, claims: bytes, verifier: TokenVerifier
) -> None:
    with pytest.raises(TokenMalformed):
        await verifier.verify(signed(claims, header))


async def test_a_token_signed_by_another_key_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    with pytest.raises(TokenInvalid):
        await verifier.verify(issuer.token(key=OTHER_KEY))


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(
    verifier: TokenVerifier, issuer: Issuer
) -> None:
    header = b64(json.dumps({"alg": "HS256", "kid": "key-1", "typ": "JWT"}).encode())
    claims = b64(json.dumps(issuer.claims()).encode())
    pem = b"-----BEGIN PUBLIC KEY-----"
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(f"{header}.{claims}".encode(), pem)

    with pytest.raises(TokenInvalid):
        await verifier.verify(f"{header}.{claims}.{b64(mac)}")


@pytest.mark.parametrize("part", [0, 1, 2])
async def test_a_token_changed_after_signing_is_refused(part: int, verifier: TokenVerifier, issuer: Issuer) -> None:
    parts, others = issuer.token().split("."), issuer.token(sub="player-2", headers={"typ": "at+jwt"}).split(".")
    parts[part] = others[part]

    with pytest.raises(TokenInvalid):
        await verifier.verify(".".join(parts))


@pytest.mark.parametrize("version", ["1", -1, 1.5, True, [1]])
async def test_a_version_that_is_no_whole_number_is_refused(
    version: object, verifier: TokenVerifier, issuer: Issuer
) -> None:
    with pytest.raises(TokenInvalid):
        await verifier.verify(issuer.token(ver=version))


@pytest.mark.parametrize(("kind", "what"), [("version", "player-1#7"), ("key", "key-1"), ("session", "session-1")])
async def test_a_token_is_taken_back_by_its_version_its_key_or_its_session(
    kind: str, what: str, verifier: TokenVerifier, issuer: Issuer, clock: FakeClock
) -> None:
    token, other = issuer.token(ver=7, sid="session-1"), mark_of(kind, f"{what}x")
    until_s = clock.epoch_s() + 600
    verifier.revocations.add([Revocation(other, until_s, until_s)])
    assert (await verifier.verify(token)).version == 7

    verifier.revocations.add([Revocation(mark_of(kind, what), until_s, until_s)])

    with pytest.raises(TokenRevoked):
        await verifier.verify(token)


async def test_a_verified_token_is_remembered_and_its_signature_not_checked_again(
    verifier: TokenVerifier, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issuer.token()
    first = await verifier.verify(token)
    # Patched because the point is that the work is not done a second time.
    monkeypatch.setattr(verifier, "_check_signature", None)

    assert first is await verifier.verify(token)


async def test_a_withdrawn_key_voids_what_it_proved(verifier: TokenVerifier, issuer: Issuer, clock: FakeClock) -> None:
    token = issuer.token()
    await verifier.verify(token)
    issuer.published = {"key-2": OTHER_KEY}
    clock.advance(301)

    # A token of the new key first: what is remembered under the old keys must not come along.
    assert await verifier.verify(issuer.token({"kid": "key-2"}, key=OTHER_KEY, kid="key-2"))
    with pytest.raises(TokenInvalid):
        await verifier.verify(token)


async def test_the_memory_of_tokens_is_bounded(issuer: Issuer, clock: FakeClock) -> None:
    keys = Jwks(issuer.fetch, clock=clock)
    verifier = TokenVerifier(keys, issuer=ISSUER, audience="gamebackend", clock=clock, cached_tokens=2)

    for number in range(5):
        await verifier.verify(issuer.token(jti=f"t-{number}"))

    assert 2 == len(verifier._verified)


async def test_every_refusal_is_of_the_family_of_401(verifier: TokenVerifier, issuer: Issuer) -> None:
    for kind in (TokenMissing, TokenMalformed, TokenExpired, TokenInvalid):
        assert issubclass(kind, Unauthenticated)
    assert {"token_missing", "token_malformed", "token_expired", "token_invalid"} == {
        kind.code for kind in (TokenMissing, TokenMalformed, TokenExpired, TokenInvalid)
    }


def test_the_cap_of_a_token_is_eight_kibibytes() -> None:
    assert 8192 == under_test.MAX_TOKEN_BYTES


@pytest.mark.parametrize("value", ["abc", "Bearer abc", "BEARER abc", "Bearer   abc ", "Bearer\tabc"])
def test_a_token_comes_bare_or_after_bearer(value: str) -> None:
    assert "abc" == bearer([value])


@pytest.mark.parametrize("value", ["Basic abc", "Bearer a b", "Bearer", "bearer"])
def test_other_schemes_are_malformed(value: str) -> None:
    with pytest.raises(TokenMalformed):
        bearer([value])
