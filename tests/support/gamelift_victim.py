"""A local GameLift with a store, as a process that can be killed and started again at its address."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Final

import aiohttp

from muster_runtime.testing.waiting import eventually

PATIENCE_S: Final = 60.0


class Victim:
    """The service, as a process of its own at a fixed address."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "gamelift.log"
        self._settings = {
            "GAMELIFT_PORT": str(port),
            "GAMELIFT_STORE": str(folder / "gamelift.sqlite"),
            "GAMELIFT_TICK_S": "0.05",
            "GAMELIFT_LOG_LEVEL": "warning",
        }
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            environment = {**os.environ, **self._settings}  # noqa: TID251 - it is the child's environment
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "muster_gamelift", env=environment, stdout=log, stderr=log
            )
        await eventually(self._is_ready, within_s=PATIENCE_S)

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def _is_ready(self) -> bool:
        assert self._process is not None
        if self._process.returncode is not None:
            raise RuntimeError(f"the service ended by itself:\n{self._log.read_text()[-4000:]}")
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False
