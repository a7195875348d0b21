"""A start that cannot be: one clear line, an exit code, no traceback, nothing left running."""

import asyncio
import os
import re
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest
from muster_system import System, is_open

from muster_runtime.testing import eventually

EXITS_WITHIN_S = 100.0


async def _refused(muster: System) -> tuple[int, list[str]]:
    """Start it; return its exit code and what it said, and see that nothing is left."""
    muster.start()
    assert muster.process is not None
    try:
        code = await asyncio.to_thread(muster.process.wait, EXITS_WITHIN_S)
    finally:
        await asyncio.to_thread(muster.stop, signal.SIGKILL)
    said = muster.log.read_text()
    assert "Traceback" not in said, said
    left = [
        process for process in Path("/proc").glob("[0-9]*") if str(muster.folder).encode() in _environment_of(process)
    ]
    assert [] == left
    return code, said.splitlines()


def _environment_of(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("name", ["MUSTER_PORT", "MUSTER_EMULATOR_PORT", "MUSTER_TICKETS_PORT", "MUSTER_ARENA_PORT"])
async def test_a_taken_port_is_named_with_who_has_it_and_the_way_out(tmp_path: Path, name: str) -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        code, said = await _refused(System("loop", tmp_path, {name: str(port)}))

    assert 1 == code
    assert 2 == len(said), said
    assert said[1].startswith(f"Cannot start: Port {port} on 127.0.0.1 is taken by "), said
    assert f"(process {os.getpid()})" in said[1]
    assert f"{name}=0" in said[1]


def _without_emulator(folder: Path) -> dict[str, str]:
    return {"MUSTER_EMULATOR": str(folder / "nowhere" / "ministack")}


def _with_a_broken_emulator(folder: Path) -> dict[str, str]:
    program = folder / "ministack"
    program.write_text("this is no program")
    program.chmod(0o755)
    return {"MUSTER_EMULATOR": str(program)}


def _with_an_emulator_that_ends(folder: Path) -> dict[str, str]:
    return {"MUSTER_EMULATOR": "/bin/false"}


def _with_a_run_dir_in_a_file(folder: Path) -> dict[str, str]:
    # Root may write everywhere, so a folder without rights is no hindrance to every tester.
    (folder / "file").write_text("")
    return {"MUSTER_RUN_DIR": str(folder / "file" / "run")}


def _with_an_address_of_somebody_else(folder: Path) -> dict[str, str]:
    # Source: RFC 5737, addresses for documentation.
    return {"MUSTER_HOST": "203.0.113.7"}


def _with_localstack_that_is_not_up(folder: Path) -> dict[str, str]:
    # The port of RFC 863: nobody is there, and nobody who wants any free port gets it meanwhile.
    return {"MUSTER_AWS": "localstack", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}


def _with_no_credentials(folder: Path) -> dict[str, str]:
    nothing = str(folder / "nothing")
    return {
        "MUSTER_AWS": "real",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": nothing,
        "AWS_SHARED_CREDENTIALS_FILE": nothing,
    }


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (_without_emulator, r"The AWS emulator is not installed \(.*ministack\)\. Run `make setup`\."),
        (_with_a_broken_emulator, r"The AWS emulator does not run \(Exec format error\)\. Run `make setup`\."),
        (_with_an_emulator_that_ends, r"The AWS emulator ended while it started\."),
        (_with_a_run_dir_in_a_file, r"The run folder .*run cannot be written \(Not a directory\)\. Set MUSTER_RUN_DIR"),
        (_with_an_address_of_somebody_else, r"This machine cannot listen on 203\.0\.113\.7 .* Set MUSTER_HOST"),
        (_with_localstack_that_is_not_up, r"AWS cannot be used: Could not connect to the endpoint URL"),
        (_with_no_credentials, r"AWS cannot be used: Unable to locate credentials"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
async def test_what_is_in_the_way_is_said_in_one_line(tmp_path: Path, wrong: object, expected: str) -> None:
    assert callable(wrong)
    more: Mapping[str, str] = wrong(tmp_path)

    code, said = await _refused(System("loop", tmp_path, more))

    assert 1 == code, said
    assert re.search(f"^Cannot start: {expected}", said[-1]), said
    assert 1 == sum(line.startswith("Cannot start") for line in said)


async def test_a_bad_setting_is_named_without_its_value_and_ends_with_2(tmp_path: Path) -> None:
    wrong = {"MUSTER_PORT": "eighty", "MUSTER_AWS": "azure"}

    code, said = await _refused(System("loop", tmp_path, wrong))

    assert 2 == code
    assert ["MUSTER_AWS", "MUSTER_PORT"] == sorted(line.split(":")[0] for line in said)
    assert not any(value in line for line in said for value in wrong.values())


@pytest.mark.parametrize("harness", ["loop", "processes"])
async def test_a_bad_setting_of_a_service_ends_the_start_at_once(tmp_path: Path, harness: str) -> None:
    code, said = await _refused(System(harness, tmp_path, {"TICKETS_GRACE_S": "soon"}))

    assert 1 == code
    assert said[-1].startswith("Cannot start: The service tickets does not start. It cannot run: "), said
    assert any("TICKETS_GRACE_S" in line for line in said)
    assert not any("starting it again" in line for line in said)


async def test_an_emulator_that_dies_during_the_start_ends_it(tmp_path: Path) -> None:
    # Tries enough: a start that gave up asking might otherwise end before it has heard of the emulator's death.
    muster = System("loop", tmp_path, {"MUSTER_AWS_ATTEMPTS": "10"})
    muster.start()
    try:
        await eventually(lambda: "AWS: emulator" in muster.log.read_text(), within_s=100)
        (victim,) = [pid for pid, command in muster.descendants().items() if "ministack" in command]
        os.kill(victim, signal.SIGKILL)
        assert muster.process is not None
        code = await asyncio.to_thread(muster.process.wait, EXITS_WITHIN_S)
    finally:
        await asyncio.to_thread(muster.stop, signal.SIGKILL)

    said = muster.log.read_text()
    assert 1 == code, said
    assert "Traceback" not in said, said
    assert said.splitlines()[-1].startswith("Stopped: The AWS emulator was killed by signal 9."), said
    assert not is_open("127.0.0.1", int(re.search(r"emulator at http://127\.0\.0\.1:(\d+)", said)[1]))  # type: ignore[index]
