"""Our own API and the issuer's files, over real HTTP."""

from typing import Any

import aiohttp
import pytest
from identity_fakes import ISSUER
from identity_world import CLIENTS, Identity

from muster_identity.routes.limits import UNLIMITED
from muster_runtime.auth.jwks import Jwks, fetch_over_http
from muster_runtime.auth.verifier import TokenInvalid, TokenVerifier


def verifier(identity: Identity) -> TokenVerifier:
    """What every other service checks tokens with."""

    async def session() -> aiohttp.ClientSession:
        return identity.http

    keys = Jwks(fetch_over_http(f"{identity.url}/.well-known/jwks.json", session, timeout_s=60), clock=identity.clock)
    return TokenVerifier(keys, issuer=ISSUER, audience="gamebackend", clock=identity.clock)


@pytest.mark.parametrize("body", [{}, {"json": {}}])
async def test_a_new_guest_is_created(identity: Identity, body: dict[str, Any]) -> None:
    reply = await identity.post("/v1/guests", **body)

    assert reply.status == 201
    guest = reply.json
    assert guest.keys() == {
        "user_id", "guest_secret", "access_token", "refresh_token", "token_type", "expires_in",
        "refresh_expires_in", "scope",
    }  # fmt: skip
    assert (guest["token_type"], guest["scope"], guest["expires_in"]) == ("Bearer", "guest", 900)
    assert reply.headers["Cache-Control"] == "no-store"


async def test_a_guest_comes_back(identity: Identity) -> None:
    guest = (await identity.post("/v1/guests")).json

    reply = await identity.post("/v1/guests", json={name: guest[name] for name in ("user_id", "guest_secret")})

    assert reply.status == 200
    assert (reply.json["user_id"], reply.json["guest_secret"]) == (guest["user_id"], guest["guest_secret"])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"user_id": "x"}, 422, "guest_incomplete"),
        ({"guest_secret": "x"}, 422, "guest_incomplete"),
        ({"user_id": "x", "guest_secret": "y"}, 401, "guest_refused"),
        ({"user_id": "", "guest_secret": ""}, 401, "guest_refused"),
        ({"user_id": 5, "guest_secret": "y"}, 422, "fields_invalid"),
        ({"user_id": "x", "guest_secret": "y" * 5000}, 422, "fields_invalid"),
        ({"scope": "operator"}, 422, "fields_invalid"),
        ([], 422, "fields_invalid"),
    ],
)
async def test_a_guest_who_cannot_be_signed_in_learns_why(
    identity: Identity, body: object, status: int, code: str
) -> None:
    reply = await identity.post("/v1/guests", json=body)

    assert (reply.status, reply.json["code"]) == (status, code)
    assert reply.headers["Content-Type"] == "application/problem+json"


async def test_a_session_is_refreshed(identity: Identity) -> None:
    guest = (await identity.post("/v1/guests")).json

    reply = await identity.post("/v1/tokens/refresh", json={"refresh_token": guest["refresh_token"]})
    refused = await identity.post("/v1/tokens/refresh", json={"refresh_token": guest["access_token"]})

    assert reply.status == 200
    assert reply.json["user_id"] == guest["user_id"]
    assert reply.json["refresh_token"] != guest["refresh_token"]
    assert "guest_secret" not in reply.json
    assert (refused.status, refused.json["code"]) == (401, "refresh_refused")


async def test_every_service_accepts_our_access_tokens_and_no_refresh_token(identity: Identity) -> None:
    guest = (await identity.post("/v1/guests")).json
    checks = verifier(identity)

    principal = await checks.verify(guest["access_token"])

    assert (principal.subject, principal.scope) == (guest["user_id"], "guest")
    assert principal.session_id
    assert principal.token_id
    with pytest.raises(TokenInvalid):
        await checks.verify(guest["refresh_token"])


async def test_the_configuration_names_what_the_published_design_names(identity: Identity) -> None:
    document = (await identity.get("/.well-known/openid-configuration")).json

    assert {
        "issuer": ISSUER,
        "jwks_uri": f"{ISSUER}/.well-known/jwks.json",
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["guest", "authenticated"],
    }.items() <= document.items()


async def test_the_issuers_files_are_public_and_cacheable(identity: Identity) -> None:
    for path in (".well-known/jwks.json", ".well-known/openid-configuration"):
        reply = await identity.get(f"/{path}")

        assert reply.status == 200
        assert reply.headers["Content-Type"] == "application/json"
        assert reply.headers["Cache-Control"] == "public, max-age=300"
        assert reply.text == identity.world.files.files[path].decode()
        etag = reply.headers["ETag"]
        for sent, status in ((etag, 304), (f'W/{etag}, "x"', 304), ("*", 304), ('"other"', 200)):
            again = await identity.get(f"/{path}", headers={"If-None-Match": sent})
            assert (again.status, again.headers["ETag"]) == (status, etag)
            assert again.text == ("" if status == 304 else reply.text)


async def test_a_player_can_read_what_is_offered(identity: Identity) -> None:
    paths = (await identity.get("/openapi.json")).json["paths"]

    assert paths.keys() >= {"/v1/guests", "/v1/tokens/refresh", "/login-as-guest", "/refresh-access-token"}


async def test_the_document_says_that_banned_players_are_refused_and_where_requests_are_limited(
    identity: Identity,
) -> None:
    paths = (await identity.get("/openapi.json")).json["paths"]

    signs_in = (paths["/v1/guests"], paths["/login-as-guest"], paths["/v1/me/conflicts/resolve"])
    for operation in (each for item in signs_in for each in item.values()):
        assert "`banned`" in operation["responses"]["403"]["description"]
    unlimited = {path for path, item in paths.items() for each in item.values() if "429" not in each["responses"]}
    assert unlimited == UNLIMITED


async def test_nothing_private_is_published(identity: Identity) -> None:
    (key,) = identity.world.vault.stored.keyring.keys
    (public,) = (await identity.get("/.well-known/jwks.json")).json["keys"]

    assert list(public) == ["alg", "e", "kid", "kty", "n", "use"]
    assert public["kid"] == key.key_id
    body = "".join(key.private_pem.splitlines()[1:-1])
    for path in ("/.well-known/jwks.json", "/.well-known/openid-configuration", "/metrics", "/openapi.json", "/readyz"):
        text = (await identity.get(path)).text
        assert "PRIVATE" not in text
        assert not any(body[start : start + 40] in text for start in range(0, len(body) - 40, 40))


async def test_without_a_key_to_sign_with_every_door_says_later(identity: Identity) -> None:
    """The instance has not been able to read its keyring for a day."""
    identity.clock.advance(86_400)

    guest = await identity.post("/v1/guests")
    legacy = await identity.get("/login-as-guest")
    grant = {"grant_type": "client_credentials", "client_id": "tool", "client_secret": CLIENTS["tool"]["secret"]}
    machine = await identity.post("/v1/oauth/token", data=grant)

    assert {reply.status for reply in (guest, legacy, machine)} == {503}
    assert {reply.headers["Retry-After"] for reply in (guest, legacy, machine)} == {"2"}
    assert guest.json["code"] == "no_signing_key"
    assert legacy.text.startswith("Error: ")
    assert machine.json["error"] == "temporarily_unavailable"
    assert (await identity.get("/.well-known/jwks.json")).status == 200
    assert not identity.world.accounts.users
