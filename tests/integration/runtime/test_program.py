"""A service as a program: signals, exit codes, the health check."""

import asyncio
import json
import signal
import socket
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from muster_runtime.main import COLLECT_AFTER
from muster_runtime.testing.waiting import eventually

PROGRAM = """
    import asyncio
    import gc
    import json

    from muster_runtime.http.routes import Answer, Route
    from muster_runtime.main import main
    from muster_runtime.service import Service
    from muster_runtime.settings import ServiceSettings, settings_config


    class Settings(ServiceSettings):
        model_config = settings_config("DEMO_")
        mode: str = "plain"


    class Job:
        def __init__(self, mode):
            self.mode = mode

        async def run(self, stop):
            if self.mode == "crash":
                raise RuntimeError("the job broke")
            await stop.wait()
            if self.mode == "stuck":
                await asyncio.Event().wait()


    async def sick():
        raise ConnectionError


    async def facts(call):
        loop, left_alone = type(asyncio.get_running_loop()), gc.get_freeze_count()
        return Answer(json.dumps({"loop": loop.__module__, "left_alone": left_alone, "after": gc.get_threshold()}))


    async def build(settings, scope):
        if settings.mode == "hang":
            print("building", flush=True)
            await asyncio.Event().wait()
        probes = {"table": sick} if settings.mode == "sick" else {}
        routes = [Route("GET", "/facts", facts, "What the program runs on.")]
        return Service(routes=routes, jobs={"job": Job(settings.mode)}, probes=probes)


    main("demo", Settings, build)
"""


class Program:
    """The program while it runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.lines.append(line.decode())

    async def base_url(self) -> str:
        return (await eventually(lambda: self._event("service_ready"), within_s=60))["base_url"]

    def _event(self, name: str) -> dict[str, Any] | None:
        for line in self.lines:
            if line.startswith("{") and (found := json.loads(line))["event"] == name:
                return dict(found)
        return None

    async def has_said(self, name: str) -> None:
        await eventually(lambda: self._event(name), within_s=60)

    async def exit_code(self) -> int:
        async with asyncio.timeout(100):
            return await self.process.wait()


Start = Callable[..., Any]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    script = tmp_path / "demo.py"
    script.write_text(textwrap.dedent(PROGRAM))

    @asynccontextmanager
    async def started(*arguments: str, **variables: str) -> AsyncIterator[Program]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(script),
            *arguments,
            env={f"DEMO_{name.upper()}": value for name, value in variables.items()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        program = Program(process)
        async with asyncio.TaskGroup() as group:
            group.create_task(program.read())
            try:
                yield program
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    return started


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_the_service_and_it_exits_with_0(number: signal.Signals, start: Start) -> None:
    async with start() as program:
        await program.base_url()
        program.process.send_signal(number)

        assert 0 == await program.exit_code()

    events = [json.loads(line)["event"] for line in program.lines]
    assert ["service_ready", "signal_received", "service_draining", "service_stopped"] == events


async def test_a_program_runs_on_uvloop_and_leaves_what_its_start_made_out_of_collections(
    start: Start, http_client: aiohttp.ClientSession
) -> None:
    async with start() as program, http_client.get(f"{await program.base_url()}/facts") as answer:
        told = json.loads(await answer.text())

    assert told["loop"].startswith("uvloop")
    assert told["left_alone"] > 10_000
    assert list(COLLECT_AFTER) == told["after"]


async def test_a_crashed_part_ends_the_service_with_1(start: Start) -> None:
    async with start(mode="crash") as program:
        assert 1 == await program.exit_code()

    assert "the job broke" in "".join(program.lines)


async def test_a_second_signal_skips_the_wait_and_that_is_no_success(start: Start) -> None:
    async with start(mode="stuck", grace_s="600") as program:
        await program.base_url()
        program.process.terminate()
        await program.has_said("service_draining")
        program.process.terminate()

        assert 1 == await program.exit_code()


async def test_a_signal_gives_up_a_start_that_hangs(start: Start) -> None:
    async with start(mode="hang") as program:
        await eventually(lambda: "building\n" in program.lines, within_s=60)
        program.process.terminate()

        assert 0 == await program.exit_code()


async def test_bad_settings_exit_with_2_and_one_line_each(start: Start) -> None:
    async with start(port="eighty", grace_s="-1") as program:
        assert 2 == await program.exit_code()

    assert ["DEMO_PORT", "DEMO_GRACE_S"] == [line.split(":")[0] for line in program.lines]


@pytest.mark.parametrize(
    ("mode", "arguments", "code"),
    [
        ("plain", ["healthcheck"], 0),
        ("sick", ["healthcheck"], 1),
        ("sick", ["healthcheck", "livez"], 0),
        ("sick", ["healthcheck", "readyz"], 1),
    ],
)
async def test_the_health_check_asks_the_running_service(
    mode: str, arguments: list[str], code: int, start: Start
) -> None:
    async with start(mode=mode) as program:
        port = (await program.base_url()).rsplit(":", 1)[1]
        async with start(*arguments, port=port) as check:
            assert code == await check.exit_code()
        program.process.terminate()
        assert 0 == await program.exit_code()


async def test_the_health_check_of_a_service_that_is_not_there_fails(start: Start) -> None:
    with socket.socket() as held:
        # Taken, so that nobody else listens there meanwhile.
        held.bind(("127.0.0.1", 0))

        async with start("healthcheck", port=str(held.getsockname()[1])) as check:
            assert 1 == await check.exit_code()


async def test_the_small_health_check_loads_nothing_heavy() -> None:
    looks = (
        "import sys, muster_runtime.healthcheck; sys.exit(len({'aiohttp', 'pydantic', 'asyncio'} & sys.modules.keys()))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", looks)

    assert 0 == await process.wait()
