import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from muster_players.app import build
from muster_players.settings import Settings
from muster_runtime.auth.principal import GUEST, OPERATOR
from muster_runtime.serve import Running
from muster_runtime.testing import TokenMint, eventually, running


@asynccontextmanager
async def keys(mint: TokenMint) -> AsyncIterator[str]:
    async def show(request: web.Request) -> web.Response:
        return web.json_response(mint.jwks())

    app = web.Application()
    app.router.add_get("/jwks.json", show)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/jwks.json"
    finally:
        await runner.cleanup()


@pytest.fixture
async def players(token_mint: TokenMint) -> AsyncIterator[Running]:
    async with keys(token_mint) as jwks_url:
        settings = Settings(
            issuer_url=token_mint.issuer,
            jwks_url=jwks_url,
            MUSTER_BASE_URL="http://127.0.0.1:9",  # type: ignore[call-arg]  # nobody is there
            runs_waiting=3,
        )
        async with running("players", settings, build) as service:
            yield service


async def ask(
    http: aiohttp.ClientSession, players: Running, body: Any, headers: dict[str, str]
) -> tuple[int, dict[str, Any]]:
    text = body if isinstance(body, str) else json.dumps(body)
    head = {"Content-Type": "application/json", **headers}
    async with http.post(f"{players.base_url}/v1/runs", data=text, headers=head) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_an_operator_starts_a_run_and_sees_how_it_went(
    players: Running, http_client: aiohttp.ClientSession, token_mint: TokenMint
) -> None:
    operator = token_mint.bearer("console", OPERATOR)

    status, run = await ask(http_client, players, {"players": 3, "timeout_s": 5}, operator)

    assert 202 == status
    address = f"{players.base_url}/v1/runs/{run['run_id']}"

    async def ended() -> dict[str, Any] | None:
        async with http_client.get(address, headers=operator) as answer:
            shown: dict[str, Any] = await answer.json()
            return shown if shown["status"] == "ENDED" else None

    shown = await eventually(ended, within_s=60)
    assert shown is not None
    assert 3 == len(shown["journeys"])
    assert 0 == shown["succeeded"]
    assert [3] == [failure["players"] for failure in shown["failures"]]


async def test_players_may_not_start_runs(
    players: Running, http_client: aiohttp.ClientSession, token_mint: TokenMint
) -> None:
    assert 401 == (await ask(http_client, players, {"players": 2}, {}))[0]
    assert 403 == (await ask(http_client, players, {"players": 2}, token_mint.bearer("ann", GUEST)))[0]


@pytest.mark.parametrize(
    "body", ['{"players": 1}', '{"players": 101}', '{"players": NaN}', "[]", "", '{"players": 2, "players": 3}']
)
async def test_bad_orders_are_refused(
    players: Running, http_client: aiohttp.ClientSession, token_mint: TokenMint, body: str
) -> None:
    status, problem = await ask(http_client, players, body, token_mint.bearer("console", OPERATOR))

    assert 400 <= status < 500
    assert problem["code"]


async def test_an_unknown_run_is_404(
    players: Running, http_client: aiohttp.ClientSession, token_mint: TokenMint
) -> None:
    headers = token_mint.bearer("console", OPERATOR)
    async with http_client.get(f"{players.base_url}/v1/runs/none", headers=headers) as answer:
        assert (404, "run_unknown") == (answer.status, (await answer.json(content_type=None))["code"])


async def test_too_many_runs_are_refused_with_the_time_to_wait(
    players: Running, http_client: aiohttp.ClientSession, token_mint: TokenMint
) -> None:
    headers = token_mint.bearer("console", OPERATOR)
    answers = [await ask(http_client, players, {"players": 2}, headers) for _ in range(10)]

    assert {202, 429} == {status for status, _ in answers}
    assert "runs_full" in {answer.get("code") for _, answer in answers}
