"""The example script, with the real AWS CLI and a small game server."""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from muster_runtime.testing.waiting import eventually

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "services" / "gamelift" / "examples" / "two-players.sh"
AWS = shutil.which("aws", path=f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}")


async def serve_the_fleet(client: Any, make: Any) -> None:
    """Register with the script's fleet as soon as it exists, then run one session."""

    async def fleets() -> Any:
        return (await client.list_fleets())["FleetIds"]

    (fleet_id,) = await eventually(fleets, within_s=300)
    await client.register_compute(
        FleetId=fleet_id, ComputeName="laptop", IpAddress="127.0.0.1", Location="custom-laptop"
    )
    process = make(fleet_id)
    await process.ready(port=7999)
    while process.pushed.empty():
        process.pushed.put_nowait(await asyncio.wait_for(process._socket.receive_json(), 300))
    await process.host()


@pytest.mark.timeout(600)
@pytest.mark.skipif(AWS is None, reason="the AWS CLI is not installed")
async def test_the_script_shows_two_players_completed_with_connection_info(
    gamelift: Any, client: Any, game_server: Any, tmp_path: Path
) -> None:
    environment = {
        "PATH": os.defpath,
        "HOME": str(tmp_path),
        "AWS": str(AWS),
        "AWS_ENDPOINT_URL_GAMELIFT": gamelift.base_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CONFIGURATION": "two-players",
    }
    async with asyncio.TaskGroup() as group:
        group.create_task(serve_the_fleet(client, game_server))
        script = await asyncio.create_subprocess_exec(
            str(SCRIPT), env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        printed, complaints = await asyncio.wait_for(script.communicate(), 500)

    text = printed.decode()
    assert script.returncode == 0, f"{text}\n{complaints.decode()}"
    assert "COMPLETED COMPLETED" in text
    tickets = json.loads(text[text.index("[") :])
    assert [(one["Status"], one["IpAddress"], one["Port"]) for one in tickets] == [("COMPLETED", "127.0.0.1", 7999)] * 2
    assert {one["Team"] for one in tickets} == {"home", "away"}
    assert tickets[0]["GameSession"] == tickets[1]["GameSession"]
