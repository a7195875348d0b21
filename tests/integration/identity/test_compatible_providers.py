"""Every row of the published design's tables for providers, over real HTTP.

Where Muster differs on purpose, the test's name says so.
"""

import json
from dataclasses import replace
from typing import Any

import pytest
from identity_world import Identity, Reply, claims_of

from muster_identity.domain.sessions import Origin
from muster_identity.errors import ProviderLied, ProviderUnavailable

ROUTES = {
    "steam": ("/login-with-steam", ("steam_auth_token",), "steam_id", "Failed to validate Steam token"),
    "apple": ("/login-with-apple-id", ("apple_auth_token",), "apple_id", "Token validation error"),
    "google_play": (
        "/login-with-google-play",
        ("google_play_auth_token",),
        "google_play_id",
        "Failed to validate Google Play bearer token",
    ),
    "facebook": (
        "/login-with-facebook",
        ("facebook_access_token", "facebook_user_id"),
        "facebook_id",
        "User validation error",
    ),
}
MEMBERS = ["auth_token", "refresh_token", "auth_token_expires_in", "refresh_token_expires_in"]
every_route = pytest.mark.parametrize("door", ROUTES)


def address(door: str, subject: str = "7656", **more: str) -> str:
    """The request as the Unity and Unreal clients write it: an empty first pair."""
    path, fields, _, _ = ROUTES[door]
    pairs = {**dict.fromkeys(fields, subject), **more}
    return f"{path}?&" + "&".join(f"{name}={value}" for name, value in pairs.items())


def assert_plain(reply: Reply, status: int, text: str, code: str = "") -> None:
    assert (reply.status, reply.text) == (status, text)
    assert reply.headers["Content-Type"].startswith("text/plain")
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert code in ("", reply.headers["X-Error-Code"])


@every_route
@pytest.mark.parametrize("prefix", ["", "/prod", "/prod/"])
async def test_a_first_sign_in_makes_an_account_and_the_next_comes_back(
    identity: Identity, door: str, prefix: str
) -> None:
    first = await identity.get(prefix + address(door))
    again = await identity.get(prefix + address(door))

    assert (first.status, again.status) == (200, 200)
    assert list(first.json) == ["user_id", ROUTES[door][2], *MEMBERS]
    assert first.json[ROUTES[door][2]] == "7656"
    assert (first.json["auth_token_expires_in"], first.json["refresh_token_expires_in"]) == (900, 518_400)
    assert first.json["user_id"] == again.json["user_id"]
    assert claims_of(first.json["auth_token"])["scope"] == "authenticated"
    assert first.headers["Content-Type"] == "application/json"
    assert first.headers["Cache-Control"] == "no-store"


@every_route
async def test_a_bad_credential_is_refused_in_the_published_words(identity: Identity, door: str) -> None:
    assert_plain(await identity.get(address(door, "bad")), 401, f"Error: {ROUTES[door][3]}", "credential_refused")


@every_route
async def test_unlike_the_reference_a_provider_that_is_down_or_lies_is_told_apart(
    identity: Identity, door: str
) -> None:
    identity.world.doors[door].failure = ProviderUnavailable(retry_after_s=7)
    down = await identity.get(address(door))
    identity.world.doors[door].failure = ProviderLied()
    lying = await identity.get(address(door))

    assert_plain(down, 503, f"Error: {ProviderUnavailable.advice}", "provider_unavailable")
    assert down.headers["Retry-After"] == "7"
    assert_plain(lying, 502, f"Error: {ProviderLied.advice}", "provider_lied")


@every_route
async def test_unlike_the_reference_a_missing_parameter_is_told_in_plain_text(identity: Identity, door: str) -> None:
    path, fields, _, _ = ROUTES[door]

    for query in ("", "?", "?&", "?link_to_existing_user=Yes"):
        reply = await identity.get(path + query)
        assert_plain(
            reply, 400, f"Error: Missing required request parameters: [{', '.join(fields)}]", "parameter_missing"
        )


@every_route
async def test_the_twin_keeps_secrets_out_of_the_address(identity: Identity, door: str) -> None:
    path, fields, _, _ = ROUTES[door]

    reply = await identity.post(path, json=dict.fromkeys(fields, "7656"))

    assert list(reply.json) == ["user_id", ROUTES[door][2], *MEMBERS]
    assert reply.json["user_id"] == (await identity.get(address(door))).json["user_id"]


async def test_a_door_that_is_not_set_up_is_no_route(identity: Identity) -> None:
    del identity.world.doors["steam"]

    assert (await identity.get(address("steam"))).headers["X-Error-Code"] == "door_unknown"


async def linked(identity: Identity, guest: Any, subject: str = "7656", door: str = "steam", yes: str = "Yes") -> Reply:
    return await identity.get(address(door, subject, auth_token=guest["auth_token"], link_to_existing_user=yes))


async def test_a_guest_links_and_is_authenticated_from_the_next_refresh_on_everywhere(identity: Identity) -> None:
    guest = await identity.guest()

    reply = await linked(identity, guest)
    refreshed = await identity.get(f"/refresh-access-token?refresh_token={guest['refresh_token']}")
    secret = f"user_id={guest['user_id']}&guest_secret={guest['guest_secret']}"
    as_guest = await identity.get(f"/login-as-guest?{secret}")

    assert reply.status == 200
    assert reply.json["user_id"] == guest["user_id"] == as_guest.json["user_id"]
    assert claims_of(reply.json["auth_token"])["scope"] == "authenticated"
    assert claims_of(refreshed.json["auth_token"])["scope"] == "authenticated"


@pytest.mark.parametrize("spelling", ["yes", "YES", "true", ""])
async def test_any_other_spelling_of_yes_makes_a_new_user(identity: Identity, spelling: str) -> None:
    guest = await identity.guest()

    reply = await linked(identity, guest, yes=spelling)

    assert reply.status == 200
    assert reply.json["user_id"] != guest["user_id"]


async def test_linking_what_is_linked_already_signs_in(identity: Identity) -> None:
    guest = await identity.guest()
    await linked(identity, guest)

    reply = await linked(identity, guest)

    assert (reply.status, reply.json["user_id"]) == (200, guest["user_id"])


async def test_a_bad_token_to_link_to_is_refused_in_the_published_words(identity: Identity) -> None:
    refresh_token = (await identity.guest())["refresh_token"]

    for token in ("garbage", refresh_token):
        reply = await linked(identity, {"auth_token": token})
        assert_plain(reply, 401, "Error: Failed to authenticate with existing identity", "link_refused")
    assert not identity.world.accounts.owners


async def test_unlike_the_reference_somebody_elses_identity_is_a_conflict(identity: Identity) -> None:
    owner = (await identity.get(address("steam"))).json
    guest = await identity.guest()

    reply = await linked(identity, guest)

    assert_plain(reply, 409, "Error: Failed to link new user to existing user", "identity_conflict")
    assert (await identity.get(address("steam"))).json["user_id"] == owner["user_id"]


async def test_as_the_reference_does_it_the_owner_is_signed_in_where_that_is_wanted(identity: Identity) -> None:
    admission = identity.handlers.doors.admission
    policy = replace(admission.policy, compatible_link_switches=True)
    switching = replace(identity.handlers.doors, admission=replace(admission, policy=policy))
    owner = (await identity.get(address("steam"))).json

    async def never() -> Any:
        raise AssertionError

    done = await switching.sign_in_or_link("steam", {"ticket": "7656"}, origin=Origin(), linking=never)

    assert done.tokens.user_id == owner["user_id"]


async def test_unlike_the_reference_a_second_id_of_one_provider_leaves_the_first_alone(identity: Identity) -> None:
    guest = await identity.guest()
    await linked(identity, guest)

    reply = await linked(identity, guest, "another")

    assert_plain(reply, 409, "Error: Failed to link new user to existing user", "door_taken")
    assert (await identity.get(address("steam"))).json["user_id"] == guest["user_id"]


async def test_unlike_the_reference_an_old_sign_in_does_not_link(identity: Identity) -> None:
    guest = await identity.guest()
    identity.clock.advance(3500)
    refreshed = (await identity.get(f"/refresh-access-token?refresh_token={guest['refresh_token']}")).json
    identity.clock.advance(200)

    reply = await linked(identity, refreshed)

    assert (reply.status, reply.headers["X-Error-Code"]) == (403, "sign_in_too_old")
    assert not identity.world.accounts.owners


async def test_unlike_the_reference_a_token_that_has_a_successor_does_not_link(identity: Identity) -> None:
    guest = await identity.guest()
    identity.clock.advance(60)
    await identity.get(f"/refresh-access-token?refresh_token={guest['refresh_token']}")

    assert_plain(
        await linked(identity, guest), 401, "Error: Failed to authenticate with existing identity", "link_refused"
    )


COGNITO = {"username": "ann", "password": "Secret-1", "email": "ann@example.com"}


async def step(identity: Identity, **flags: str) -> Reply:
    return await identity.post("/login-with-cognito", json={"body": {**COGNITO, **flags}})


@pytest.mark.parametrize(
    ("flags", "name", "done"),
    [
        ({"signup": "True"}, "sign_up", "Cognito Sign Up successful"),
        (
            {"signup_confirmation_code": "", "confirmation_code": "123"},
            "confirm",
            "Cognito Confirmation successful",
        ),
        ({"forgot_password": "True"}, "forgot_password", "Cognito Forgot Password successful"),
        (
            {"reset_password": "True", "reset_password_code": "123"},
            "reset_password",
            "Cognito Reset Password successful",
        ),
        ({"signout": "True", "access_token": "x"}, "sign_out", "Cognito Sign Out successful"),
        # Flags in the published order: the first that is set counts.
        ({"signup": "True", "signin": "True"}, "sign_up", "Cognito Sign Up successful"),
    ],
)
async def test_each_cognito_step_answers_a_json_text(
    identity: Identity, flags: dict[str, str], name: str, done: str
) -> None:
    reply = await step(identity, **flags)
    pool: Any = identity.world.pool

    assert (reply.status, json.loads(reply.text)) == (200, done)
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert pool.steps == [name]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"signup": "True", "username": "bad"}, "Cognito Sign Up failed"),
        ({"signin": "True", "username": "bad"}, "Cognito SignIn failed, no user found"),
        ({"signin": "True", "password": ""}, "Cognito SignIn failed, no user found"),
    ],
)
async def test_a_cognito_step_that_fails_says_so_as_a_json_text(
    identity: Identity, flags: dict[str, str], said: str
) -> None:
    reply = await step(identity, **flags)

    assert (reply.status, json.loads(reply.text)) == (400, said)


async def test_a_cognito_user_signs_in_and_links(identity: Identity) -> None:
    guest = await identity.guest()
    query = f"?auth_token={guest['auth_token']}&link_to_existing_user=Yes"

    reply = await identity.post(f"/login-with-cognito{query}", json={"body": {**COGNITO, "signin": "True"}})

    assert reply.status == 200
    assert list(reply.json) == ["user_id", "cognito_id", *MEMBERS]
    assert (reply.json["user_id"], reply.json["cognito_id"]) == (guest["user_id"], "ann")


@pytest.mark.parametrize("flags", [{}, {"signin": "true"}, {"signout": "True"}, {"confirmation_code": "123"}])
async def test_a_cognito_request_that_sets_no_flag_is_refused_in_plain_text(
    identity: Identity, flags: dict[str, str]
) -> None:
    assert_plain(await step(identity, **flags), 401, "Error: Failed to authenticate", "credential_refused")


async def test_unlike_the_reference_a_body_without_a_body_is_no_crash(identity: Identity) -> None:
    reply = await identity.post("/login-with-cognito", json={})

    assert_plain(reply, 400, "Error: Missing required request parameters: [body]", "parameter_missing")
