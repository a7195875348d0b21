"""Every row of the published design's tables for guests and refreshes, over real HTTP.

Where Muster differs on purpose, the test's name says so.
"""

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from identity_fakes import ISSUER
from identity_world import Identity, Reply, claims_of

from muster_identity.domain.keys import Keyring
from muster_identity.domain.users import User, UserId
from muster_identity.gateway.keykinds import refresh_secret

GUEST_MEMBERS = [
    "guest_secret", "user_id", "auth_token", "refresh_token", "auth_token_expires_in", "refresh_token_expires_in",
]  # fmt: skip
REFRESH_MEMBERS = ["user_id", "auth_token", "refresh_token", "auth_token_expires_in", "refresh_token_expires_in"]
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": None}
"""Unlike the reference no credentials beside the star: browsers refuse that pair, and no cookie is involved."""


def assert_plain(reply: Reply, status: int, text: str) -> None:
    """The body must not be a JSON object: one of the published clients takes any for a success."""
    assert (reply.status, reply.text) == (status, text)
    assert reply.headers["Content-Type"].startswith("text/plain")
    assert reply.headers["Cache-Control"] == "no-store"


def assert_cors(reply: Reply) -> None:
    assert {name: reply.headers.get(name) for name in CORS} == CORS


@pytest.mark.parametrize("query", ["", "?", "?&", "?unknown=1"])
@pytest.mark.parametrize("prefix", ["", "/prod", "/prod/"])
async def test_no_query_or_an_empty_one_makes_a_new_user(identity: Identity, prefix: str, query: str) -> None:
    reply = await identity.get(f"{prefix}/login-as-guest{query}")

    assert reply.status == 200
    assert_cors(reply)
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    assert list(reply.json) == GUEST_MEMBERS
    assert len(reply.json["user_id"]) == 36
    assert len(reply.json["guest_secret"]) == 73
    assert (reply.json["auth_token_expires_in"], reply.json["refresh_token_expires_in"]) == (900, 518_400)


@pytest.mark.parametrize("start", ["?", "?&"])
async def test_user_id_and_matching_secret_sign_in_and_echo_the_secret(identity: Identity, start: str) -> None:
    guest = await identity.guest()

    reply = await identity.get(f"/login-as-guest{start}user_id={guest['user_id']}&guest_secret={guest['guest_secret']}")

    assert reply.status == 200
    assert_cors(reply)
    assert list(reply.json) == GUEST_MEMBERS
    assert (reply.json["user_id"], reply.json["guest_secret"]) == (guest["user_id"], guest["guest_secret"])
    assert reply.json["auth_token"] != guest["auth_token"]


@pytest.mark.parametrize(
    "query",
    [
        "user_id={user_id}&guest_secret=wrong",
        "user_id=somebody-else&guest_secret={guest_secret}",
        "user_id={user_id}&guest_secret=",
        "user_id=&guest_secret={guest_secret}",
        "user_id=&guest_secret=",
        "user_id={doorless}&guest_secret=",
        "user_id={doorless}&guest_secret={guest_secret}",
        "user_id={long}&guest_secret=x",
        "user_id=%00&guest_secret=x",
    ],
)
async def test_what_proves_no_user_is_refused(identity: Identity, query: str) -> None:
    guest = await identity.guest()
    identity.world.accounts.users[UserId("doorless")] = User(UserId("doorless"), 0)

    reply = await identity.get(f"/login-as-guest?{query.format(**guest, doorless='doorless', long='x' * 3000)}")

    assert_plain(reply, 401, "Error: Could not validate user")


async def test_a_user_id_without_a_secret_is_a_bad_request(identity: Identity) -> None:
    reply = await identity.get(f"/login-as-guest?user_id={(await identity.guest())['user_id']}")

    assert_plain(reply, 400, "Error: No guest_secret in query string")


async def test_a_secret_without_a_user_id_silently_makes_a_new_user(identity: Identity) -> None:
    guest = await identity.guest()

    reply = await identity.get(f"/login-as-guest?guest_secret={guest['guest_secret']}")

    assert reply.status == 200
    assert reply.json["user_id"] != guest["user_id"]
    assert reply.json["guest_secret"] != guest["guest_secret"]


async def test_ten_taken_ids_are_a_failure_to_create(identity: Identity) -> None:
    identity.ids.stuck = (await identity.guest())["user_id"]

    reply = await identity.get("/login-as-guest")

    assert_plain(reply, 401, "Error: Could not create user")


async def test_a_refresh_gives_a_full_access_token_and_keeps_the_end(identity: Identity) -> None:
    guest = await identity.guest()
    identity.clock.advance(880)

    reply = await identity.get(f"/refresh-access-token?&refresh_token={guest['refresh_token']}")

    assert reply.status == 200
    assert_cors(reply)
    assert list(reply.json) == REFRESH_MEMBERS
    assert reply.json["user_id"] == guest["user_id"]
    assert (reply.json["auth_token_expires_in"], reply.json["refresh_token_expires_in"]) == (900, 517_520)
    assert claims_of(reply.json["refresh_token"])["exp"] == claims_of(guest["refresh_token"])["exp"]


async def test_a_replay_within_the_grace_gets_the_same_answer(identity: Identity) -> None:
    guest = await identity.guest()
    path = f"/refresh-access-token?refresh_token={guest['refresh_token']}"

    replies = [await identity.get(path) for _ in range(3)]

    assert {reply.status for reply in replies} == {200}
    assert len({reply.text for reply in replies}) == 1


async def test_unlike_the_reference_a_replay_after_the_grace_ends_the_session(identity: Identity) -> None:
    guest = await identity.guest()
    path = f"/refresh-access-token?refresh_token={guest['refresh_token']}"
    current = (await identity.get(path)).json["refresh_token"]
    identity.clock.advance(31)

    replay = await identity.get(path)
    rightful = await identity.get(f"/refresh-access-token?refresh_token={current}")

    assert_plain(replay, 401, "Error: Failed to validate refresh token")
    assert_plain(rightful, 401, "Error: Failed to validate refresh token")


async def test_unlike_the_reference_a_user_who_is_gone_is_not_refreshed(identity: Identity) -> None:
    guest = await identity.guest()
    del identity.world.accounts.users[guest["user_id"]]

    reply = await identity.get(f"/refresh-access-token?refresh_token={guest['refresh_token']}")

    assert_plain(reply, 401, "Error: Failed to validate refresh token")


def encoded(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


class Forgery:
    """What an attacker can make from a guest's tokens."""

    def __init__(self, guest: Any, ring: Keyring) -> None:
        self.guest = guest
        self.good = claims_of(guest["refresh_token"])
        self.ours = ring.keys[0].private_pem
        foreign = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        self.theirs = foreign.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    def signed(self, pem: str, *, drop: str = "", **changes: Any) -> str:
        claims = {name: value for name, value in {**self.good, **changes}.items() if name != drop}
        headers = {"kid": changes.get("kid", self.good["kid"]), "typ": "rt+jwt"}
        return jwt.encode(claims, refresh_secret(pem), algorithm="HS256", headers=headers)

    def all(self) -> dict[str, str]:
        header, payload, signature = self.guest["refresh_token"].split(".")
        unsigned = encoded({"alg": "none", "kid": self.good["kid"], "typ": "rt+jwt"})
        return {
            "access token": self.guest["auth_token"],
            "garbage": "garbage",
            "tampered": f"{header}.{encoded({**self.good, 'sub': 'somebody-else'})}.{signature}",
            "alg none": f"{unsigned}.{payload}.",
            "foreign iss": self.signed(self.ours, iss="https://elsewhere.example"),
            "no kid claim": self.signed(self.ours, drop="kid"),
            "foreign key": self.signed(self.theirs),
            "key no longer published": self.signed(self.theirs, kid="a-key-of-last-year"),
        }


@pytest.mark.parametrize(
    "kind",
    ["access token", "garbage", "tampered", "alg none", "foreign iss", "no kid claim", "foreign key",
     "key no longer published"],
)  # fmt: skip
async def test_what_is_no_good_refresh_token_is_refused(identity: Identity, kind: str) -> None:
    guest = await identity.guest()
    forgery = Forgery(guest, identity.world.vault.stored.keyring)

    reply = await identity.get(f"/refresh-access-token?refresh_token={forgery.all()[kind]}")

    assert_plain(reply, 401, "Error: Failed to validate refresh token")
    assert_cors(reply)
    assert reply.headers["X-Error-Code"] == "refresh_refused"
    untouched = await identity.get(f"/refresh-access-token?refresh_token={guest['refresh_token']}")
    assert untouched.status == 200


async def test_an_expired_refresh_token_is_refused(identity: Identity) -> None:
    guest = await identity.guest()
    identity.clock.advance(518_400)

    reply = await identity.get(f"/refresh-access-token?refresh_token={guest['refresh_token']}")

    assert_plain(reply, 401, "Error: Failed to validate refresh token")


@pytest.mark.parametrize("query", ["", "?", "?token=x", "?refresh_token="])
async def test_no_refresh_token_is_refused_in_plain_text(identity: Identity, query: str) -> None:
    """The published gateway answers a JSON object where there is no query at all, which its own clients misread."""
    assert_plain(await identity.get(f"/refresh-access-token{query}"), 401, "Error: Failed to validate refresh token")


async def test_whoever_asks_for_json_gets_a_problem(identity: Identity) -> None:
    for path in ("/refresh-access-token?refresh_token=x", "/login-as-guest?user_id=x&guest_secret=y"):
        reply = await identity.get(path, headers={"Accept": "application/json"})

        assert reply.status == 401
        assert reply.headers["Content-Type"] == "application/problem+json"
        assert reply.json["code"] in {"refresh_refused", "guest_refused"}


async def test_whoever_asks_for_the_head_alone_makes_no_account_and_uses_up_no_token(identity: Identity) -> None:
    guest = await identity.guest()
    refresh = f"/refresh-access-token?refresh_token={guest['refresh_token']}"
    identity.clock.advance(60)
    before = (dict(identity.world.accounts.users), dict(identity.world.accounts.sessions))

    for path in ("/login-as-guest", "/prod//login-as-guest", refresh, "/login-with-steam?steam_auth_token=7656"):
        refused = await identity.call("HEAD", path)
        assert (refused.status, refused.headers["Allow"]) == (405, "GET, POST")

    assert before == (identity.world.accounts.users, identity.world.accounts.sessions)
    assert (await identity.call("HEAD", "/.well-known/jwks.json")).status == 200


async def test_the_post_twins_keep_secrets_out_of_the_address(identity: Identity) -> None:
    fresh = await identity.post("/login-as-guest")
    again = await identity.post(
        "/login-as-guest", json={name: fresh.json[name] for name in ("user_id", "guest_secret")}
    )
    refreshed = await identity.post("/refresh-access-token", json={"refresh_token": again.json["refresh_token"]})
    refused = await identity.post("/refresh-access-token", json={})

    assert (fresh.status, again.status, refreshed.status) == (200, 200, 200)
    assert list(again.json) == GUEST_MEMBERS
    assert list(refreshed.json) == REFRESH_MEMBERS
    assert again.json["user_id"] == fresh.json["user_id"] == refreshed.json["user_id"]
    assert_plain(refused, 401, "Error: Failed to validate refresh token")


async def test_the_tokens_are_those_of_the_published_design(identity: Identity) -> None:
    guest = await identity.guest()
    access, refresh = claims_of(guest["auth_token"]), claims_of(guest["refresh_token"])
    header = jwt.get_unverified_header(guest["auth_token"])
    now_s = int(identity.clock.epoch_s())

    common = {"sub": guest["user_id"], "iss": ISSUER, "kid": header["kid"], "iat": now_s, "nbf": now_s}
    assert common.items() <= access.items()
    assert common.items() <= refresh.items()
    assert (access["aud"], access["scope"], access["exp"]) == ("gamebackend", "guest", now_s + 900)
    assert (refresh["aud"], refresh["scope"], refresh["exp"]) == ("refresh", "refresh", now_s + 518_400)
    assert refresh["access_token_scope"] == "guest"
    assert access["sid"] == refresh["sid"]
    assert header["alg"] == "RS256"
