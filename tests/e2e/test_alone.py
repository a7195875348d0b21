"""One service run by hand against the rest, with nothing but the environment file that `make env` writes."""

import re
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
from muster_system import ROOT, STOP_WITHIN_S, System, clean_environment

from muster_runtime.testing import eventually


async def test_a_second_tickets_service_runs_by_hand_beside_the_first(
    system: System, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    log = tmp_path / "tickets.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: ASYNC220 - it runs beside the test
            [sys.executable, "-m", "muster_tickets"],
            env=clean_environment(
                **{
                    **system.environment_of("tickets"),
                    "TICKETS_PORT": "0",
                    "TICKETS_LOG_LEVEL": "info",
                    "TICKETS_GRACE_S": "50",
                }
            ),
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=tmp_path,
        )
    try:

        def address() -> str:
            assert process.poll() is None, log.read_text()
            found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
            return found.group() if found else ""

        await eventually(address, within_s=100)

        async def ready() -> bool:
            async with http.get(f"{address()}/readyz") as answer:
                return answer.status == 200

        await eventually(ready, within_s=100)
        async with http.post(f"{system.base_url}/v1/guests") as answer:
            token = (await answer.json())["access_token"]
        async with http.get(f"{address()}/v1/tickets/nope", headers={"Authorization": f"Bearer {token}"}) as answer:
            assert (404, "ticket_unknown") == (answer.status, (await answer.json())["code"])
    finally:
        process.terminate()
        code = process.wait(timeout=STOP_WITHIN_S + 5)

    assert code == 0, log.read_text()


@pytest.mark.parametrize("file", ["muster", "tickets", "identity"])
async def test_the_environment_files_name_all_that_outsiders_need(system: System, file: str) -> None:
    names = set(system.environment_of(file))

    assert {"MUSTER_BASE_URL", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_GAMELIFT"} <= names
    assert {
        f"MUSTER_{name}_URL" for name in ("IDENTITY", "MATCHMAKING", "TICKETS", "ACHIEVEMENTS", "LISTENER")
    } <= names


async def test_the_environment_files_are_for_their_owner_alone(system: System) -> None:
    for file in (system.folder / "run" / "env").iterdir():
        assert 0o600 == file.stat().st_mode & 0o777, file.name


def test_the_command_line_writes_the_same_files_again(system: System) -> None:
    folder = system.folder / "run"
    before = {file.name: file.read_text() for file in (folder / "env").iterdir()}

    subprocess.run(
        [sys.executable, "-m", "muster_deploy", "env"],
        env=clean_environment(MUSTER_RUN_DIR=str(folder)),
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=200,
    )

    assert before == {file.name: file.read_text() for file in (folder / "env").iterdir()}
