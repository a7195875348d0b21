"""The emulator as a child process: it starts on its own port, keeps its data when asked, and leaves nothing."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from muster_deploy.emulator import Emulator
from muster_deploy.environment import aws_environment
from muster_deploy.ports import free_ports, is_free
from muster_deploy.problems import CannotStart
from muster_deploy.services import SERVICES
from muster_deploy.settings import Settings
from muster_deploy.topology import settle
from muster_runtime.aws import client_context

HOST = "127.0.0.1"


@asynccontextmanager
async def an_emulator(folder: Path, *, port: int, keep: bool = False) -> AsyncIterator[Emulator]:
    lines: list[str] = []
    async with asyncio.TaskGroup() as group:
        emulator = Emulator(Settings().emulator, host=HOST, port=port, run_dir=folder, keep=keep)
        await emulator.start(group, lines.append)
        try:
            await emulator.wait_ready()
            yield emulator
        finally:
            await emulator.stop()
    assert [] == lines


def lead_to(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    topology = settle(Settings(emulator_port=port), SERVICES, region="us-east-1", localstack=None)
    for name, value in aws_environment(topology).items():
        monkeypatch.setenv(name, value)


async def test_it_answers_and_leaves_neither_process_nor_port_nor_file(tmp_path: Path) -> None:
    (port,) = free_ports(1)

    async with an_emulator(tmp_path, port=port) as emulator:
        assert emulator.running
        assert not is_free(port)

    assert not emulator.running
    assert is_free(port)
    assert [] == list(tmp_path.iterdir())


async def test_a_taken_port_is_refused_with_the_way_out(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), HOST, 0)
    port = server.sockets[0].getsockname()[1]
    async with server, asyncio.TaskGroup() as group:
        with pytest.raises(CannotStart, match="MUSTER_EMULATOR_PORT=0"):
            await Emulator(Settings().emulator, host=HOST, port=port, run_dir=tmp_path, keep=False).start(group, print)


async def test_what_a_killed_start_left_is_removed_and_what_a_living_one_uses_is_not(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    gone = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await gone.wait()
    orphan, used, kept = (
        tmp_path / name for name in (f"emulator-{gone.pid}-x", f"emulator-{os.getpid()}-x", "emulator")
    )
    for folder in (orphan, used, kept):
        (folder / "tmp").mkdir(parents=True)

    async with an_emulator(tmp_path, port=port):
        assert not orphan.exists()
        assert used.exists()
        assert kept.exists()


@pytest.mark.parametrize("keep", [True, False])
async def test_data_survives_a_restart_only_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, keep: bool
) -> None:
    (port,) = free_ports(1)
    lead_to(port, monkeypatch)
    async with an_emulator(tmp_path, port=port, keep=keep), client_context("sqs", Settings()) as sqs:
        queue = (await sqs.create_queue(QueueName="kept"))["QueueUrl"]
        await sqs.send_message(QueueUrl=queue, MessageBody="still here")

    async with an_emulator(tmp_path, port=port, keep=keep), client_context("sqs", Settings()) as sqs:
        found = (await sqs.list_queues()).get("QueueUrls", [])
        bodies = []
        for url in found:
            answer = await sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)
            bodies += [message["Body"] for message in answer.get("Messages", [])]

    assert (["still here"] if keep else []) == bodies
