"""The runner: executes waiting runs, a few at a time."""

import asyncio

import structlog

from muster_players.domain import Run
from muster_players.handlers import RunHandlers
from muster_players.ports import Players
from muster_runtime.backoff import first_of

_log = structlog.get_logger()
_A_DAY_S = 86_400.0


class Runner:
    """A Runnable that executes runs in the order in which they were asked for."""

    def __init__(self, handlers: RunHandlers, players: Players, *, at_once: int) -> None:
        """Build it.

        Args:
            handlers: hold the runs, and say when one was added.
            players: play them.
            at_once: how many runs are executed at a time, 1 or more.
        """
        self._handlers = handlers
        self._players = players
        self._at_once = at_once
        self._freed = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Execute runs until *stop* is set; runs under way are interrupted then, and say so."""
        async with asyncio.TaskGroup() as tasks:
            running: set[asyncio.Task[None]] = set()
            while not stop.is_set():
                self._handlers.asked.clear()
                self._freed.clear()
                for run in self._handlers.store.waiting()[: self._at_once - len(running)]:
                    begun = run.start(self._handlers.clock.now())
                    self._handlers.store.put(begun)
                    task = tasks.create_task(self._execute(begun))
                    running.add(task)
                    task.add_done_callback(running.discard)
                await first_of(stop, self._handlers.asked, self._freed, within_s=_A_DAY_S)
            for task in running:
                task.cancel()

    async def _execute(self, run: Run) -> None:
        store, clock = self._handlers.store, self._handlers.clock
        try:
            reports = await self._players.play(run.plan)
        except asyncio.CancelledError:
            store.put(run.interrupt(clock.now()))
            raise
        else:
            store.put(run.end(clock.now(), reports))
            failed = sum(1 for report in reports if report.failure is not None)
            _log.info("run_ended", run_id=run.run_id, players=run.plan.players, failed=failed)
        finally:
            # The task is still in the runner's set: it goes once the loop has come round to its done callback.
            asyncio.get_running_loop().call_soon(self._freed.set)
