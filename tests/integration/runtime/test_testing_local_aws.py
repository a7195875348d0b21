import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from muster_runtime.testing import LocalAWS, Sandbox
from muster_runtime.testing.local_aws import Emulator, EmulatorUnavailable, find_program, is_ready


def answers(endpoint: str) -> bool:
    address = urlsplit(endpoint)
    try:
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=1):
            return True
    except ConnectionRefusedError:
        return False


def test_the_emulator_leaves_no_process_and_no_port_behind(
    tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A developer's variable must not reach the emulator.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    emulator = Emulator(find_program(pytestconfig.rootpath, None), tmp_path)

    started = emulator.start()
    assert is_ready(started.endpoint)
    emulator.stop()

    assert not answers(started.endpoint)
    emulator.stop()


def test_an_emulator_that_does_not_start_is_told_with_its_log(tmp_path: Path) -> None:
    program = tmp_path / "broken"
    program.write_text(f"#!{sys.executable}\nprint('no such luck')\nraise SystemExit(3)\n")
    program.chmod(0o755)

    with pytest.raises(EmulatorUnavailable, match="no such luck"):
        Emulator(program, tmp_path).start()


def test_it_listens_on_the_loopback_interface_only(local_aws: LocalAWS) -> None:
    assert "127.0.0.1" == urlsplit(local_aws.endpoint).hostname
    port = urlsplit(local_aws.endpoint).port
    listening = Path("/proc/net/tcp").read_text().splitlines()[1:]
    addresses = {
        line.split()[1].split(":")[0]
        for line in listening
        if line.split()[3] == "0A" and int(line.split()[1].split(":")[1], 16) == port
    }
    assert {"0100007F"} == addresses


async def test_a_sandbox_never_gives_a_name_twice(sandbox: Sandbox) -> None:
    assert 100 == len({sandbox.name("queue") for _ in range(100)})


async def test_queues_of_a_sandbox_redrive_to_their_dead_letters(sandbox: Sandbox) -> None:
    queue = await sandbox.queue(max_receives=1, visibility_s=0)
    sqs = await sandbox.client("sqs")
    await sqs.send_message(QueueUrl=queue.url, MessageBody="one")

    for _ in range(2):
        await sqs.receive_message(QueueUrl=queue.url)

    assert ["one"] == [each["Body"] for each in await sandbox.take(queue.dead_letter_url)]


async def test_the_http_client_reaches_the_local_aws(local_aws: LocalAWS, http_client: aiohttp.ClientSession) -> None:
    async with http_client.get(f"{local_aws.endpoint}/_ministack/health") as answer:
        assert 200 == answer.status
