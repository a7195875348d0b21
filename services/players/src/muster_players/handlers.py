"""What operators may do with runs."""

import asyncio
from dataclasses import dataclass, field

from muster_players.domain import Run, RunPlan
from muster_players.errors import RunsFull, RunUnknown
from muster_players.ports import RunStore
from muster_runtime.clock import Clock
from muster_runtime.ids import Ids

_RETRY_AFTER_S = 5.0


@dataclass(frozen=True, slots=True)
class RunHandlers:
    """The use cases.

    Attributes:
        store: keeps the runs.
        clock: tells the time.
        ids: draws run ids.
        most_waiting: how many runs may wait.
        asked: set when a run was added; the runner clears it.
    """

    store: RunStore
    clock: Clock
    ids: Ids
    most_waiting: int
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, plan: RunPlan) -> Run:
        """Take in a run, to be begun as soon as there is room.

        Safe to repeat: no; every call is a run of its own.

        Raises:
            RunsFull: too many are waiting.
        """
        if len(self.store.waiting()) >= self.most_waiting:
            raise RunsFull(retry_after_s=_RETRY_AFTER_S)
        run = Run(run_id=self.ids.uuid(), plan=plan, requested_at=self.clock.now())
        self.store.put(run)
        self.asked.set()
        return run

    async def show(self, run_id: str) -> Run:
        """Return a run.

        Safe to repeat: it only reads.

        Raises:
            RunUnknown: there is none, or it is forgotten.
        """
        if (run := self.store.get(run_id)) is None:
            raise RunUnknown
        return run
