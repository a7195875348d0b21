"""`kill -9` of what the services stand on: the local GameLift, the sample game server, the AWS emulator."""

import asyncio
import os
import re
import signal
from pathlib import Path

import aiohttp
import pytest
from muster_system import System, is_open

from muster_players.journey import play_match
from muster_runtime.clock import SystemClock
from muster_runtime.testing import eventually

HARNESSES = ("processes",)
"""Only there the local GameLift is a process of its own; the others are one in both harnesses."""

BACK_WITHIN_S = 120.0


def _kill(system: System, pattern: str) -> int:
    """Kill the one process whose command line has *pattern*; return its id."""
    (victim,) = [pid for pid, command in system.descendants().items() if re.search(pattern, command)]
    os.kill(victim, signal.SIGKILL)
    return victim


def _fleets(system: System) -> set[str]:
    """Return the fleets that the arenas which run now were told to join."""
    found = set()
    for pid, command in system.descendants().items():
        if "muster_players.arena" in command:
            try:
                environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            except OSError:
                continue  # it has just ended
            found |= {each.partition(b"=")[2].decode() for each in environment if each.startswith(b"ARENA_FLEET_ID=")}
    return found


async def _plays(system: System, http: aiohttp.ClientSession) -> None:
    report = await play_match(system.base_url, players=2, http=http, clock=SystemClock(), timeout_s=150)
    assert report.verified, report


async def test_a_gamelift_that_died_is_set_up_again_with_a_new_fleet_that_the_arena_joins(
    system: System, http: aiohttp.ClientSession
) -> None:
    before = system.environment["MUSTER_FLEET_ID"]
    assert {before} == _fleets(system)

    _kill(system, r"muster_gamelift(\s|$)")

    async def anew() -> bool:
        fleet = system.environment["MUSTER_FLEET_ID"]
        return fleet != before and {fleet} == _fleets(system)

    await eventually(anew, within_s=BACK_WITHIN_S)
    await _plays(system, http)


async def test_an_arena_that_died_is_started_again_for_the_same_fleet(
    system: System, http: aiohttp.ClientSession
) -> None:
    before = _fleets(system)

    victim = _kill(system, r"muster_players\.arena")

    await eventually(lambda: victim not in system.descendants() and _fleets(system) == before, within_s=BACK_WITHIN_S)
    await _plays(system, http)


@pytest.mark.parametrize(
    ("harness", "keep", "gone"),
    [
        ("loop", "false", "Everything it held is gone"),
        ("processes", "true", "What was written since its last clean stop is gone"),
    ],
)
async def test_a_dead_emulator_ends_everything_and_says_why(tmp_path: Path, harness: str, keep: str, gone: str) -> None:
    muster = System(harness, tmp_path, {"MUSTER_KEEP": keep})
    muster.start()
    try:
        await muster.ready()
        ports, running = muster.ports(), muster.descendants()
        _kill(muster, "ministack")
        assert muster.process is not None
        code = await asyncio.to_thread(muster.process.wait, 100)
    finally:
        await asyncio.to_thread(muster.stop)

    said = muster.log.read_text()
    assert 1 == code, said
    assert (
        f"Stopped: The AWS emulator was killed by signal 9. {gone}, so nothing can go on: start Muster again."
        == (said.strip().splitlines()[-1])
    )
    assert "Traceback" not in said
    assert [] == [name for name, port in ports.items() if is_open("127.0.0.1", port)]
    assert [] == [command for pid, command in running.items() if Path(f"/proc/{pid}").exists()]
