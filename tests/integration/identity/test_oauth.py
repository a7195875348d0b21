"""The token endpoint for machines: RFC 6749 over real HTTP."""

import asyncio
import base64

import aiohttp
import jwt
import pytest
from identity_world import CLIENTS, Identity, claims_of, on_fakes

from muster_identity.domain.clients import Client, ClientId
from muster_identity.domain.fingerprints import fingerprint
from muster_runtime.testing import FakeClock, eventually

PATH = "/v1/oauth/token"
GOOD = {"grant_type": "client_credentials", "client_id": "tool", "client_secret": CLIENTS["tool"]["secret"]}


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


@pytest.mark.parametrize("how", ["data", "json"])
@pytest.mark.parametrize("client", ["tool", "arena"])
async def test_a_client_gets_a_token_by_form_and_by_json(identity: Identity, how: str, client: str) -> None:
    body = {**GOOD, "client_id": client, "client_secret": CLIENTS[client]["secret"]}

    reply = await identity.post(PATH, **{how: body})

    scope = CLIENTS[client]["scope"]
    assert reply.status == 200
    assert {**reply.json, "access_token": ""} == {
        "access_token": "", "token_type": "Bearer", "expires_in": 900, "scope": scope,
    }  # fmt: skip
    assert (reply.headers["Cache-Control"], reply.headers["Pragma"]) == ("no-store", "no-cache")
    claims = claims_of(reply.json["access_token"])
    assert (claims["sub"], claims["scope"], claims["aud"]) == (client, scope, "gamebackend")
    assert jwt.get_unverified_header(reply.json["access_token"])["typ"] == "at+jwt"


async def test_a_client_may_prove_itself_in_the_header(identity: Identity) -> None:
    secret = CLIENTS["tool"]["secret"].replace(" ", "+")

    reply = await identity.post(PATH, data={"grant_type": "client_credentials"}, headers=basic("tool", secret))

    assert reply.status == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"scope": "server"}, 400, "invalid_scope"),
        ({"scope": "guest"}, 400, "invalid_scope"),
    ],
    ids=str,
)
@pytest.mark.parametrize("how", ["data", "json"])
async def test_a_refusal_has_the_shape_of_the_rfc(
    identity: Identity, how: str, changes: dict[str, str], status: int, error: str
) -> None:
    reply = await identity.post(PATH, **{how: {**GOOD, **changes}})

    assert (reply.status, reply.json["error"]) == (status, error)
    assert reply.json.keys() == {"error", "error_description"}
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic eA==", "Bearer x", "Basic " + base64.b64encode(b"\xff:x").decode()]
)
async def test_a_header_that_proves_nothing_is_challenged(identity: Identity, header: str) -> None:
    reply = await identity.post(PATH, data={"grant_type": "client_credentials"}, headers={"Authorization": header})

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")
    assert reply.headers["WWW-Authenticate"].startswith("Basic ")


async def test_two_proofs_at_once_are_one_too_many(identity: Identity) -> None:
    reply = await identity.post(PATH, data=GOOD, headers=basic("tool", "x"))

    assert (reply.status, reply.json["error"]) == (400, "invalid_request")


FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        (FORM, b"", 400),
        (FORM, b"\xff\xfe", 400),
        (FORM, b"grant_type=%ff", 400),
        (FORM, b"grant_type=client_credentials&grant_type=client_credentials", 400),
        (FORM, b"&".join(b"a%d=1" % number for number in range(50)), 400),
        (FORM, b"grant_type=" + b"x" * 9000, 413),
        (FORM, b"=&=&=", 400),
        (JSON, b"", 400),
        (JSON, b"{", 400),
        (JSON, b"[]", 400),
        (JSON, b"null", 400),
        (JSON, b"NaN", 400),
        (JSON, b'{"grant_type": 5}', 400),
        (JSON, b'{"grant_type": null}', 400),
        (JSON, b'{"grant_type": {"a": 1}}', 400),
        (JSON, b'{"grant_type": "a", "grant_type": "b"}', 400),
        (JSON, b"[" * 5000, 400),
        (JSON, b'{"grant_type": "\xff"}', 400),
        (JSON, b'{"grant_type": "\\ud800"}', 400),
        (JSON, b'{"client_id": "\\u0000", "client_secret": "x", "grant_type": "client_credentials"}', 401),
        ("text/plain", b"grant_type=client_credentials", 415),
        ("multipart/form-data; boundary=x", b"--x--", 415),
        ("", b"x", 415),
    ],
)
async def test_bad_input_of_many_kinds_is_the_callers_fault(
    identity: Identity, content_type: str, body: bytes, status: int
) -> None:
    reply = await identity.post(PATH, data=body, headers={"Content-Type": content_type})

    assert reply.status == status
    assert reply.json["error"] in {"invalid_request", "invalid_client", "unsupported_grant_type"}
    assert "Traceback" not in reply.text


async def test_a_body_that_stalls_is_given_up(http_client: aiohttp.ClientSession, clock: FakeClock) -> None:
    begun = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: 50\r\n\r\ngrant".encode()
    async with on_fakes(http_client, clock, body_deadline_s=0.5) as identity:
        host, port = identity.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(begun)

        answer = await asyncio.wait_for(reader.read(), timeout=60)
        writer.close()
        await writer.wait_closed()

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_other_methods_are_refused(identity: Identity) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert (await identity.call(method, PATH)).status == 405


async def test_a_changed_secret_counts_after_the_next_reload(identity: Identity) -> None:
    identity.world.directory.clients = {"tool": Client(ClientId("tool"), "operator", fingerprint("another"))}

    async def is_known() -> bool:
        return (await identity.post(PATH, data={**GOOD, "client_secret": "another"})).status == 200

    await eventually(is_known)
    assert (await identity.post(PATH, data=GOOD)).status == 401
