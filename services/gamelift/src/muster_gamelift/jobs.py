"""The loop that makes passes: regularly, and shortly after something arrived."""

import asyncio
from typing import Final

from muster_gamelift.engine import Engine
from muster_runtime.backoff import first_of, pause

DEBOUNCE_S: Final = 0.02
"""After an arrival the pass waits this long, so that requests sent together are matched together."""
IDLE_S: Final = 60.0


class Ticker:
    """Makes passes until it is told to stop."""

    def __init__(self, engine: Engine, *, every_s: float, runs: asyncio.Event | None = None) -> None:
        """Build the loop.

        Args:
            engine: whose passes.
            every_s: longest time between two passes, more than 0.
            runs: no pass is made while it is not set, because time stands still. None: time always passes.
        """
        self._engine = engine
        self._every_s = every_s
        self._runs = runs or _always()

    async def run(self, stop: asyncio.Event) -> None:
        """Make a pass every so often until *stop* is set.

        However busy the pools are, at least half of the time is left to requests.
        """
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            if not self._runs.is_set():
                await first_of(stop, self._runs, within_s=IDLE_S)
                continue
            self._engine.work.clear()
            began_s = loop.time()
            await self._engine.run_pass_aside(self._runs)
            took_s = loop.time() - began_s
            await pause(stop, took_s)
            await first_of(stop, self._engine.work, within_s=self._every_s)
            if self._engine.work.is_set():
                await pause(stop, DEBOUNCE_S)


def _always() -> asyncio.Event:
    runs = asyncio.Event()
    runs.set()
    return runs
