"""Id tokens of Apple, Epic, Facebook's Limited Login and any OpenID issuer: good, forged, replayed, out of time."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from provider_world import ProviderWorld, provider_world

from muster_identity.errors import CredentialRefused, ProviderLied, ProviderUnavailable
from muster_identity.testing import facebook
from muster_identity.testing.faults import Fault, Mood
from muster_identity.testing.issuers import apple_subject
from muster_identity.testing.mint import LIFE_S, Mint
from muster_identity.testing.people import hexadecimal
from muster_identity.testing.setup import APPLE_CLIENT_ID, OIDC_CLIENT_ID
from muster_runtime.testing import FakeClock

START_S = 1_767_268_800
"""What the fake clock shows at first."""


@dataclass(frozen=True)
class Issuer:
    """One kind of id token: how to get one, where to show it."""

    door: str
    field: str
    provider: str
    make: Callable[[ProviderWorld], Callable[..., str]]
    mint: Callable[[ProviderWorld], Mint]


ISSUERS = {
    "apple": Issuer(
        "apple", "identity_token", "apple", lambda w: w.pretend.apple.identity_token, lambda w: w.pretend.apple.mint
    ),
    "epic": Issuer("epic", "id_token", "epic", lambda w: w.pretend.epic.id_token, lambda w: w.pretend.epic.mint),
    "limited": Issuer(
        "facebook",
        "access_token",
        "facebook",
        lambda w: w.pretend.facebook.limited_token,
        lambda w: w.pretend.facebook.mint,
    ),
    "oidc": Issuer(
        "oidc:example", "id_token", "oidc", lambda w: w.pretend.oidc.id_token, lambda w: w.pretend.oidc.mint
    ),
}

kinds = pytest.mark.parametrize("issuer", ISSUERS.values(), ids=ISSUERS.keys())


@pytest.fixture
async def world(clock: FakeClock) -> AsyncIterator[ProviderWorld]:
    async with provider_world(clock) as running:
        yield running


async def show(world: ProviderWorld, issuer: Issuer, token: str, **more: str) -> str:
    return (await world.sign_in(issuer.door, **{issuer.field: token}, **more)).subject


@kinds
async def test_a_good_token_proves_its_subject(world: ProviderWorld, issuer: Issuer) -> None:
    expected = {
        "apple": apple_subject("ann"),
        "epic": hexadecimal("ann", "epic"),
        "facebook": facebook.user_id("ann"),
        "oidc": hexadecimal("ann", "oidc"),
    }

    assert expected[issuer.provider] == await show(world, issuer, issuer.make(world)("ann"))


async def let_in(world: ProviderWorld, issuer: Issuer, tokens: Mapping[str, str]) -> list[str]:
    """Show each token; return the names of those that were not refused."""
    names = []
    for name, token in tokens.items():
        try:
            await show(world, issuer, token)
        except CredentialRefused:
            continue
        names.append(name)
    return names


WRONG: tuple[dict[str, Any], ...] = (
    {"iss": "https://evil.example"},
    {"iss": "https://appleid.apple.com.evil.example"},
    {"iss": None},
    {"iss": ["https://appleid.apple.com"]},
    {"aud": "another game"},
    {"aud": None},
    {"aud": []},
    {"aud": {"a": 1}},
    {"aud": ["another game", ["x"]]},
    {"exp": START_S - 31},
    {"exp": None},
    {"exp": "never"},
    {"exp": True},
    {"iat": None},
    {"iat": START_S + 31},
    {"iat": -1},
    {"nbf": START_S + 31},
    {"nbf": "later"},
    {"sub": None},
    {"sub": ""},
    {"sub": 42},
    {"sub": "a" * 256},
    {"sub": "a b"},
)


@kinds
async def test_a_token_with_a_wrong_claim_is_refused_without_a_call_to_anybody(
    world: ProviderWorld, issuer: Issuer
) -> None:
    tokens = {str(claims): issuer.make(world)("ann", **claims) for claims in WRONG}

    assert [] == await let_in(world, issuer, tokens)
    assert 0 == world.pretend.switchboard.asked[issuer.provider]


def _unsigned(token: str) -> str:
    header = base64.urlsafe_b64encode(b'{"alg":"none","kid":"apple-1"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


def _tampered(token: str) -> str:
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "f" * 32}).encode()).rstrip(b"=").decode()
    return f"{head}.{changed}.{signature}"


FORGERIES: dict[str, Callable[[str], str]] = {
    "empty": lambda _token: "",
    "not a token": lambda _token: "eyJ.eyJ.",
    "unsigned": _unsigned,
    "signature cut off": lambda token: token.rpartition(".")[0] + ".",
    "signature of another": lambda token: token[:-10] + ("A" * 10),
    "tampered claims": _tampered,
    "padded": lambda token: token + "=",
    "a fourth part": lambda token: token + ".e30",
    "too long": lambda token: token + "A" * 8192,
    "not ASCII": lambda token: token[:-1] + "é",
}


@kinds
async def test_a_forged_token_is_refused(world: ProviderWorld, issuer: Issuer) -> None:
    if issuer.door == "facebook":
        # What does not look like an id token there is taken for an access token, which nobody gave.
        assert [] == await let_in(world, issuer, {"opaque": "EAAforged"})
    token = issuer.make(world)("ann")

    assert [] == await let_in(world, issuer, {name: forge(token) for name, forge in FORGERIES.items()})


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


@kinds
async def test_a_token_signed_by_somebody_else_is_refused_whatever_its_header_says(
    world: ProviderWorld, issuer: Issuer
) -> None:
    claims, kid = _claims(issuer.make(world)("ann")), issuer.mint(world).key_id
    stranger = ec.generate_private_key(ec.SECP256R1())
    pem = stranger.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secret = hashlib.sha256(pem).hexdigest()
    tokens = [
        jwt.encode(claims, stranger, "ES256", {"kid": kid}),
        jwt.encode(claims, stranger, "ES256", {"kid": "another"}),
        jwt.encode(claims, stranger, "ES256", {"kid": kid, "jku": "http://127.0.0.1:1/keys"}),
        jwt.encode(claims, stranger, "ES256", {"kid": kid, "x5u": "http://127.0.0.1:1/cert"}),
        jwt.encode(claims, secret, "HS256", {"kid": kid}),
        jwt.encode(claims, secret, "HS256", {"kid": "../../dev/null"}),
    ]

    assert [] == await let_in(world, issuer, {str(number): token for number, token in enumerate(tokens)})


@kinds
async def test_a_header_that_changes_what_a_token_means_is_refused(world: ProviderWorld, issuer: Issuer) -> None:
    mint, claims = issuer.mint(world), _claims(issuer.make(world)("ann"))
    headers: list[dict[str, Any]] = [
        {"crit": ["exp"], "exp": 1},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
        {"typ": "at+jwt"},
        {"typ": ["JWT"]},
        {"kid": "another"},
        {"kid": "../../dev/null\n"},
    ]

    assert [] == await let_in(world, issuer, {str(header): mint.token(claims, headers=header) for header in headers})
    assert [""] == await let_in(world, issuer, {"": mint.token(claims, headers={"typ": "jwt"})})


@kinds
async def test_a_token_ends(world: ProviderWorld, issuer: Issuer) -> None:
    token = issuer.make(world)("ann")
    world.clock.advance(LIFE_S + 29)
    assert await show(world, issuer, token)

    world.clock.advance(1)
    with pytest.raises(CredentialRefused):
        await show(world, issuer, token)


async def test_of_several_audiences_the_one_it_was_issued_to_is_ours(world: ProviderWorld) -> None:
    make, oidc = world.pretend.oidc.id_token, ISSUERS["oidc"]
    both = [OIDC_CLIENT_ID, "another game"]

    assert await show(world, oidc, make("ann", aud=both, azp=OIDC_CLIENT_ID))
    for azp in ("another game", None):
        with pytest.raises(CredentialRefused):
            await show(world, oidc, make("ann", aud=both, azp=azp))


@kinds
async def test_a_new_key_is_found_at_once_and_a_withdrawn_one_is_believed_no_more(
    world: ProviderWorld, issuer: Issuer
) -> None:
    old = issuer.make(world)("ann")
    assert await show(world, issuer, old)

    issuer.mint(world).rotate(keep=False)
    assert await show(world, issuer, issuer.make(world)("ann"))
    with pytest.raises(CredentialRefused):
        await show(world, issuer, old)


@kinds
async def test_keys_are_fetched_once_for_everybody(world: ProviderWorld, issuer: Issuer) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(show(world, issuer, issuer.make(world)(f"player {number}")))

    # A discovery document comes before the keys.
    assert (2 if issuer.provider == "oidc" else 1) == world.pretend.switchboard.asked[issuer.provider]


@kinds
async def test_tokens_with_unknown_keys_make_nobody_call(world: ProviderWorld, issuer: Issuer) -> None:
    await show(world, issuer, issuer.make(world)("ann"))
    before = world.pretend.switchboard.asked[issuer.provider]
    token = issuer.make(world)("ann")
    for number in range(50):
        header = json.dumps({"alg": "RS256", "kid": f"unknown-{number}"}).encode()
        head = base64.urlsafe_b64encode(header).rstrip(b"=").decode()
        with pytest.raises(CredentialRefused):
            await show(world, issuer, f"{head}.{token.partition('.')[2]}")

    fetched = world.pretend.switchboard.asked[issuer.provider] - before
    assert (2 if issuer.provider == "oidc" else 1) == fetched


@kinds
async def test_known_keys_serve_while_their_issuer_is_down(world: ProviderWorld, issuer: Issuer) -> None:
    await show(world, issuer, issuer.make(world)("ann"))
    world.pretend.switchboard.set(issuer.provider, Mood(Fault.DOWN))

    world.clock.advance(2 * 3600)

    assert await show(world, issuer, issuer.make(world)("ann"))


@kinds
async def test_a_failed_fetch_is_remembered_for_a_moment(world: ProviderWorld, issuer: Issuer) -> None:
    world.pretend.switchboard.set(issuer.provider, Mood(Fault.MALFORMED))
    for _ in range(5):
        with pytest.raises(ProviderLied):
            await show(world, issuer, issuer.make(world)("ann"))
    assert 1 == world.pretend.switchboard.asked[issuer.provider]

    world.pretend.switchboard.set(issuer.provider, Mood(Fault.DOWN))
    world.clock.advance(2)
    with pytest.raises(ProviderUnavailable):
        await show(world, issuer, issuer.make(world)("ann"))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


NONCES: dict[str, Callable[[str], str]] = {
    "as it is": lambda nonce: nonce,
    "SHA-256": lambda nonce: hashlib.sha256(nonce.encode()).hexdigest(),
    "SHA-256 in base64url": lambda nonce: base64.urlsafe_b64encode(hashlib.sha256(nonce.encode()).digest()).decode()[
        :-1
    ],
}


@pytest.mark.parametrize("spelling", NONCES.values(), ids=NONCES.keys())
@pytest.mark.parametrize("kind", ["apple", "epic", "oidc"])
async def test_a_token_goes_with_its_nonce(world: ProviderWorld, kind: str, spelling: Callable[[str], str]) -> None:
    issuer = ISSUERS[kind]
    token = issuer.make(world)("ann", nonce=spelling("n-0S6"))

    assert await show(world, issuer, token, nonce="n-0S6")
    with pytest.raises(CredentialRefused):
        await show(world, issuer, token, nonce="another")
    with pytest.raises(CredentialRefused):
        await show(world, issuer, issuer.make(world)("ann"), nonce="n-0S6")


async def test_a_nonce_can_be_demanded(clock: FakeClock) -> None:
    async with provider_world(clock, apple_nonce_required=True, epic_nonce_required=True) as world:
        for kind in ("apple", "epic"):
            issuer = ISSUERS[kind]
            for spelling in ("SHA-256", "SHA-256 in base64url"):
                token = issuer.make(world)("ann", nonce=NONCES[spelling]("n-0S6"))
                assert await show(world, issuer, token, nonce="n-0S6")
                with pytest.raises(CredentialRefused):
                    await show(world, issuer, token)


async def test_whoever_copied_a_token_cannot_read_in_it_the_nonce_that_is_demanded(clock: FakeClock) -> None:
    async with provider_world(clock, apple_nonce_required=True, epic_nonce_required=True) as world:
        for kind in ("apple", "epic"):
            issuer = ISSUERS[kind]
            for spelling in NONCES.values():
                claimed = spelling("n-0S6")
                with pytest.raises(CredentialRefused):
                    await show(world, issuer, issuer.make(world)("ann", nonce=claimed), nonce=claimed)


async def test_an_authorization_code_makes_apples_token_good_for_one_use(world: ProviderWorld) -> None:
    token, code = world.pretend.apple.sign_in("ann")
    credential = {"identity_token": token, "authorization_code": code}

    assert apple_subject("ann") == (await world.sign_in("apple", **credential)).subject
    with pytest.raises(CredentialRefused):
        await world.sign_in("apple", **credential)


async def test_an_authorization_code_of_another_sign_in_is_refused(world: ProviderWorld) -> None:
    (token, _), (_, code) = world.pretend.apple.sign_in("ann"), world.pretend.apple.sign_in("ann")

    with pytest.raises(CredentialRefused):
        await world.sign_in("apple", identity_token=token, authorization_code=code)


async def test_an_authorization_code_of_another_person_is_refused(world: ProviderWorld) -> None:
    _, code = world.pretend.apple.sign_in("bob")

    with pytest.raises(CredentialRefused):
        await world.sign_in("apple", identity_token=world.pretend.apple.sign_in("ann")[0], authorization_code=code)
    # Without a hash of its code in the token, Apple's word decides.
    token = world.pretend.apple.identity_token("ann")
    with pytest.raises(CredentialRefused):
        await world.sign_in("apple", identity_token=token, authorization_code=code)


async def test_an_authorization_code_that_cannot_be_redeemed_is_no_proof(clock: FakeClock) -> None:
    without = {"apple_team_id": "", "apple_key_id": "", "apple_private_key": None}
    async with provider_world(clock, **without) as world:
        token, code = world.pretend.apple.sign_in("ann")

        with pytest.raises(CredentialRefused):
            await world.sign_in("apple", identity_token=token, authorization_code=code)
        assert apple_subject("ann") == (await world.sign_in("apple", identity_token=token)).subject


async def test_a_client_that_apple_does_not_know_is_no_fault_of_the_player(clock: FakeClock) -> None:
    async with provider_world(clock, apple_key_id="another") as world:
        token, code = world.pretend.apple.sign_in("ann")

        with pytest.raises(ProviderUnavailable):
            await world.sign_in("apple", identity_token=token, authorization_code=code)


async def test_service_ids_are_good_beside_the_bundle_id(clock: FakeClock) -> None:
    async with provider_world(clock, apple_client_ids=f"{APPLE_CLIENT_ID}, com.example.web") as world:
        token = world.pretend.apple.identity_token("ann", aud="com.example.web")

        assert apple_subject("ann") == (await world.sign_in("apple", identity_token=token)).subject


async def test_epic_accounts_and_eos_connect_are_two_worlds(clock: FakeClock) -> None:
    issuer = ISSUERS["epic"]
    async with provider_world(clock) as world:
        for iss in ("https://api.epicgames.dev/epic/oauth/v1", "https://api.epicgames.dev/epic/oauth/v2"):
            assert await show(world, issuer, issuer.make(world)("ann", iss=iss))
        for iss in ("https://api.epicgames.dev/auth/v1/oauth", "https://api.epicgames.dev"):
            with pytest.raises(CredentialRefused):
                await show(world, issuer, issuer.make(world)("ann", iss=iss))


async def test_an_epic_token_of_no_account_is_refused(world: ProviderWorld) -> None:
    with pytest.raises(CredentialRefused):
        await show(world, ISSUERS["epic"], world.pretend.epic.id_token("ann", sub="xyza7891client"))


async def test_a_discovery_document_of_another_issuer_is_a_lie(clock: FakeClock) -> None:
    async with provider_world(clock) as world:
        world.pretend.oidc.url = "https://another.example"
        token = world.pretend.oidc.id_token("ann", iss=f"{world.pretend.url}/oidc")

        with pytest.raises(ProviderLied):
            await world.sign_in("oidc:example", id_token=token)


async def test_any_number_of_issuers_are_doors_of_their_own(clock: FakeClock) -> None:
    async with provider_world(clock) as first, provider_world(clock) as second:
        issuers = {
            name: {"issuer": f"{world.pretend.url}/oidc", "client_ids": [OIDC_CLIENT_ID]}
            for name, world in (("one", first), ("two", second))
        }
        async with provider_world(clock, oidc=issuers) as both:
            ones, twos = first.pretend.oidc.id_token("ann"), second.pretend.oidc.id_token("ann")

            assert ("oidc:one", "oidc:two") == (
                (await both.sign_in("oidc:one", id_token=ones)).door,
                (await both.sign_in("oidc:two", id_token=twos)).door,
            )
            with pytest.raises(CredentialRefused):
                await both.sign_in("oidc:one", id_token=twos)
