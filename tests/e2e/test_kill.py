"""`kill -9` of any service in the middle of play: no ticket is lost, the service comes back, the play ends well."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import aiohttp
import pytest
from muster_system import SERVICES, System

from muster_players.journey import MatchReport, play_match
from muster_runtime.clock import SystemClock
from muster_runtime.testing import eventually

HARNESSES = ("processes",)
"""One loop is one process: there is no single service to kill."""


@pytest.fixture
async def patient_http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session


async def _kill(system: System, service: str) -> None:
    """Kill one service the hard way, and wait until another process of it answers that it is ready."""
    victim = system.pid_of(service)
    assert victim is not None, f"{service} is not running: {system.descendants()}"
    os.kill(victim, signal.SIGKILL)

    async def back() -> bool:
        pid = system.pid_of(service)
        if pid in {None, victim}:
            return False
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{system.url(service)}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    await eventually(back, within_s=150)


async def _requests(system: System, http: aiohttp.ClientSession) -> int:
    """Return how many tickets matchmaking has accepted, by its own count."""
    async with http.get(f"{system.url('matchmaking')}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    accepted = [line for line in lines if line.startswith("muster_http_requests_total") and 'status="202"' in line]
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in accepted)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("moment", ["at-once", "once-queued"])
async def test_play_survives_the_death_of_a_service(
    system: System, patient_http: aiohttp.ClientSession, service: str, moment: str
) -> None:
    reports: list[MatchReport] = []
    before = await _requests(system, patient_http)

    async def queued() -> bool:
        return await _requests(system, patient_http) >= before + 2

    async def play() -> None:
        reports.append(
            await play_match(system.base_url, players=2, http=patient_http, clock=SystemClock(), timeout_s=200)
        )

    async def kill() -> None:
        if moment == "once-queued":
            await eventually(queued, within_s=60)
        await _kill(system, service)

    async with asyncio.TaskGroup() as together:
        together.create_task(play())
        together.create_task(kill())

    assert reports[0].verified, reports[0]
