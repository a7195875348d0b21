"""Virtual players against a small Muster and a real arena: everything between sign-in and unlock but the services."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from players_stand_in import REGION, StandIn, stand_in

from muster_players.arena.app import build as build_arena
from muster_players.arena.settings import ArenaSettings
from muster_players.domain import StepName
from muster_players.journey import play_match
from muster_players.play import render
from muster_runtime.clock import SystemClock
from muster_runtime.testing import running


class SmallMuster:
    """Sign-in, tickets and achievements for one match, backed by the stand-in for GameLift.

    Attributes:
        late: how many calls to answer with 503 first.
    """

    def __init__(self, gamelift: StandIn) -> None:
        self.late = 0
        self.users: list[str] = []
        self._gamelift = gamelift
        self._port = 0
        self._matched = asyncio.Event()

    async def guest(self, request: web.Request) -> web.Response:
        if self.late:
            self.late -= 1
            return web.Response(status=503, headers={"Retry-After": "0"})
        self.users.append(f"user-{len(self.users)}")
        return web.json_response({"user_id": self.users[-1], "access_token": self.users[-1]}, status=201)

    async def request(self, request: web.Request) -> web.Response:
        user = _user(request)
        if user == self.users[-1] and len(self.users) == 2:
            teams = {"red": {self.users[0]: "psess-0"}, "blue": {self.users[1]: "psess-1"}}
            process = await self._gamelift.offer(1, teams)
            self._port = process.port
            self._matched.set()
        return web.json_response({"ticket_id": f"ticket-{user}"}, status=202)

    async def ticket(self, request: web.Request) -> web.Response:
        if not self._matched.is_set():
            return web.json_response(
                {"status": "SEARCHING", "match_id": None, "connection": None}, headers={"Retry-After": "0"}
            )
        seat = f"psess-{self.users.index(_user(request))}"
        connection = {"ip_address": "127.0.0.1", "dns_name": "", "port": self._port, "player_session_id": seat}
        return web.json_response({"status": "COMPLETED", "match_id": "match-1", "connection": connection})

    async def achievements(self, request: web.Request) -> web.Response:
        players = {each["player_id"] for event in self._gamelift.events for each in event["data"]["players"]}
        earned = {"achievement_id": "first_match", "unlocked": _user(request) in players}
        return web.json_response({"achievements": [earned]})


def _user(request: web.Request) -> str:
    return request.headers["Authorization"].removeprefix("Bearer ")


@asynccontextmanager
async def serving(muster: SmallMuster) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/v1/guests", muster.guest)
    app.router.add_post("/v1/matchmaking/tickets", muster.request)
    app.router.add_get("/v1/tickets/{id}", muster.ticket)
    app.router.add_get("/v1/achievements", muster.achievements)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def gamelift(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StandIn]:
    async with stand_in() as fake:
        monkeypatch.setenv("AWS_ENDPOINT_URL", fake.base_url)
        monkeypatch.setenv("AWS_REGION", REGION)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield fake


def arena_settings(**changes: Any) -> ArenaSettings:
    usual: dict[str, Any] = {"fleet_id": "fleet-1", "event_bus": "muster", "slots": 1, "port_first": 0, "match_s": 1.0}
    # Players who are late come all the same, and the drain takes as long as it takes.
    usual |= {"gather_s": 60.0, "first_line_s": 60.0, "grace_s": 60.0}
    return ArenaSettings(**(usual | changes))


@asynccontextmanager
async def an_arena(gamelift: StandIn) -> AsyncIterator[None]:
    """Run an arena that GameLift knows already: a player would not wait for that, and ask for another match."""
    async with running("arena", arena_settings(), build_arena):
        await gamelift.ready()
        yield


async def test_two_virtual_players_play_a_verified_match(gamelift: StandIn, http_client: aiohttp.ClientSession) -> None:
    async with an_arena(gamelift), serving(SmallMuster(gamelift)) as base_url:
        report = await play_match(base_url, players=2, http=http_client, clock=SystemClock(), timeout_s=90)

    assert report.verified, render(report)
    assert list(StepName) == [step.name for step in report.steps]
    assert {"red", "blue"} == set(report.score) == {each.side for each in report.players}
    assert "verified" in render(report)
    assert all(0.9 < step.seconds < 30 for step in report.steps if step.name is StepName.PLAY)


async def test_services_that_come_back_do_not_spoil_the_match(
    gamelift: StandIn, http_client: aiohttp.ClientSession
) -> None:
    muster = SmallMuster(gamelift)
    muster.late = 2
    gamelift.bus_failures = 2
    async with an_arena(gamelift), serving(muster) as base_url:
        report = await play_match(base_url, players=2, http=http_client, clock=SystemClock(), timeout_s=90)

    assert report.verified, render(report)


async def test_without_muster_the_report_says_where_it_failed(http_client: aiohttp.ClientSession) -> None:
    report = await play_match("http://127.0.0.1:9", players=2, http=http_client, clock=SystemClock(), timeout_s=0.5)

    assert not report.verified
    assert {StepName.SIGN_IN} == {failure.step for failure in report.failures}
    assert "NOT verified" in render(report)
