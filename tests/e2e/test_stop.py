"""Stopping: in time, no process and no port left behind, also while people play."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from muster_system import STOP_WITHIN_S, System, is_open

from muster_runtime.testing import eventually


@pytest.mark.parametrize(("harness", "how"), [("loop", signal.SIGINT), ("processes", signal.SIGTERM)])
async def test_stopping_leaves_no_process_and_no_port(tmp_path: Path, harness: str, how: signal.Signals) -> None:
    muster = System(harness, tmp_path)
    muster.start()
    try:
        await muster.ready()
        ports, running = muster.ports(), muster.descendants()
        assert all(is_open("127.0.0.1", port) for port in ports.values())
    finally:
        code, seconds = await asyncio.to_thread(muster.stop, how)

    assert 0 == code, muster.log.read_text()
    assert seconds < STOP_WITHIN_S, f"took {seconds:.1f} s:\n{muster.log.read_text()}"
    assert [] == [name for name, port in ports.items() if is_open("127.0.0.1", port)]
    assert [] == [command for pid, command in running.items() if Path(f"/proc/{pid}").exists()]


async def test_a_second_signal_kills_everything_at_once(tmp_path: Path) -> None:
    grace_s = 90
    muster = System("processes", tmp_path, {"MUSTER_STOP_GRACE_S": str(grace_s)})
    muster.start()
    try:
        await muster.ready()
        ports, running = muster.ports(), muster.descendants()
        assert muster.process is not None
        # A service that does not hear the first signal is waited for until the grace is over.
        held = muster.pid_of("tickets")
        assert held is not None
        os.kill(held, signal.SIGSTOP)
        muster.process.send_signal(signal.SIGINT)
        await eventually(lambda: "Stopping" in muster.log.read_text(), within_s=60)
    finally:
        code, seconds = await asyncio.to_thread(muster.stop)

    assert 130 == code, muster.log.read_text()
    assert seconds < grace_s / 3
    assert "Killed." == muster.log.read_text().splitlines()[-1]
    await eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in running), within_s=60)
    assert [] == [name for name, port in ports.items() if is_open("127.0.0.1", port)]
    assert [] == list((tmp_path / "run").glob("emulator-*")), "a folder of the emulator was left behind"


async def test_children_do_not_outlive_a_parent_that_was_killed(tmp_path: Path) -> None:
    muster = System("processes", tmp_path)
    muster.start()
    await muster.ready()
    running = muster.descendants()
    assert running

    muster.stop(signal.SIGKILL)

    await eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in running), within_s=60)


async def test_data_survives_a_restart_when_asked_and_only_then(tmp_path: Path) -> None:
    """A guest of the first start is known to the second with KEEP=1, and unknown to a third without it."""
    guest: dict[str, str] = {}
    for keep, expected in (("true", 201), ("true", 200), ("false", 401)):
        muster = System("loop", tmp_path, {"MUSTER_KEEP": keep})
        muster.start()
        try:
            await muster.ready()
            status, body = await _sign_in(muster, guest)
        finally:
            await asyncio.to_thread(muster.stop)
        assert expected == status, body
        guest = guest or {name: body[name] for name in ("user_id", "guest_secret")}


async def _sign_in(muster: System, guest: dict[str, str]) -> tuple[int, dict[str, str]]:
    import aiohttp  # noqa: PLC0415 - one test needs it

    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{muster.base_url}/v1/guests", json=guest) as answer,
    ):
        return answer.status, await answer.json()
