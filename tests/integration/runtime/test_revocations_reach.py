"""What the issuer takes back reaches every running instance: over real HTTP, by the shared verifier alone."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from muster_runtime.auth.principal import PLAYER_SCOPES
from muster_runtime.auth.revocation_feed import MAX_LIST_BYTES, ListRefused, fetch_list
from muster_runtime.auth.revocations import Revocation, document_of, mark_of
from muster_runtime.http.routes import Answer, Call, Route
from muster_runtime.scope import Scope
from muster_runtime.service import Service
from muster_runtime.settings import AuthSettings, ServiceSettings, settings_config
from muster_runtime.testing import TokenMint, eventually, running


class Settings(AuthSettings, ServiceSettings):
    model_config = settings_config("REACH_")


@dataclass
class List:
    """The issuer's list, and what was asked of it."""

    url: str = ""
    body: bytes = b'{"revoked": []}'
    status: int = 200
    statuses: list[int] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        etag = f'"{hash(self.body)}"'
        unchanged = request.headers.get("If-None-Match") == etag
        self.statuses.append(304 if unchanged else self.status)
        headers = {"ETag": etag, "Location": "/elsewhere"}
        return web.Response(body=b"" if unchanged else self.body, status=self.statuses[-1], headers=headers)


@pytest.fixture
async def listed() -> AsyncIterator[List]:
    listed = List()
    app = web.Application()
    app.router.add_get("/revocations.json", listed.answer)
    async with TestServer(app) as server:
        listed.url = str(server.make_url("/revocations.json"))
        yield listed


async def _build(settings: Settings, scope: Scope) -> Service:
    mint = TokenMint()

    async def keys() -> bytes:
        return json.dumps(mint.jwks()).encode()

    async def who(call: Call) -> Answer:
        return Answer(call.caller.subject)

    scope.use_verifier(issuer_url=settings.issuer_url, jwks_url=settings.jwks_url, fetch=keys)
    return Service(routes=(Route("GET", "/who", who, "Tell", scopes=PLAYER_SCOPES),))


async def test_every_instance_refuses_a_token_that_was_taken_back(
    listed: List, http_client: aiohttp.ClientSession, token_mint: TokenMint
) -> None:
    settings = Settings(
        issuer_url=token_mint.issuer,
        jwks_url="https://never.test",
        revocations_url=listed.url,
        revocations_every_s=0.05,
    )
    bearer = token_mint.bearer("player-1")
    async with AsyncExitStack() as stack:
        instances = [await stack.enter_async_context(running("reach", settings, _build)) for _ in range(3)]

        async def statuses() -> list[int]:
            found = []
            for instance in instances:
                async with http_client.get(f"{instance.base_url}/who", headers=bearer) as answer:
                    found.append(answer.status)
            return found

        assert [200, 200, 200] == await statuses()
        listed.body = json.dumps(document_of([Revocation(mark_of("user", "player-1"), 1e11, 1e11)])).encode()

        async def all_refuse() -> bool:
            return await statuses() == [401, 401, 401]

        await eventually(all_refuse)
        async with http_client.get(f"{instances[0].base_url}/who", headers=bearer) as answer:
            assert "token_revoked" == answer.headers["X-Error-Code"]
        # From then on they ask for changes only.
        await eventually(lambda: listed.statuses[-1] == 304)


@pytest.mark.parametrize(
    ("status", "body"), [(302, b""), (404, b""), (500, b""), (200, b"x" * (MAX_LIST_BYTES + 1))], ids=str
)
async def test_a_list_that_cannot_be_had_is_no_list(
    listed: List, http_client: aiohttp.ClientSession, status: int, body: bytes
) -> None:
    async def session() -> aiohttp.ClientSession:
        return http_client

    listed.status, listed.body = status, body

    with pytest.raises(ListRefused):
        await fetch_list(listed.url, session, timeout_s=30)()

    assert [status] == listed.statuses
