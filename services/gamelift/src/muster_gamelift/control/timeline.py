"""Moves virtual time, and makes every pass that falls due on the way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from muster_gamelift.control.clock import VirtualClock
from muster_gamelift.control.due import is_overdue, next_due
from muster_gamelift.control.errors import ClockRuns, NoticesWaiting
from muster_gamelift.control.noticefaults import NoticeFaults
from muster_gamelift.engine import Engine
from muster_gamelift.state.sessions import SessionStatus

STRIDE_S: Final = 1.0
"""Longest virtual time between two passes."""
POLL_S: Final = 0.005
"""How often is looked whether the last notice has been taken."""

Waiting = Callable[[], int]
"""Tells how many notices are not taken yet by those who publish them."""


class Timeline:
    """The one who moves a `VirtualClock` that stands."""

    def __init__(  # noqa: PLR0913 - each is a different need, and named
        self,
        engine: Engine,
        clock: VirtualClock,
        *,
        faults: NoticeFaults,
        waiting: Waiting,
        patience_s: float,
        delivery_s: float,
    ) -> None:
        """Build it; nothing moves yet.

        Args:
            engine: makes the passes.
            clock: is moved.
            faults: holds notices back until their time.
            waiting: tells how many notices are still to be published.
            patience_s: longest real time, at one virtual instant, that game servers get to answer.
            delivery_s: longest real time that publishing may take at the end.
        """
        self._engine = engine
        self._clock = clock
        self._faults = faults
        self._waiting = waiting
        self._patience_s = patience_s
        self._delivery_s = delivery_s
        self._turn = asyncio.Lock()
        self._given_up: set[str] = set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Keep time from being moved by anybody else meanwhile; requests for it wait in line."""
        async with self._turn:
            yield

    def clear(self) -> None:
        """Forget whom no answer is expected from any more."""
        self._given_up.clear()

    async def advance(self, seconds: float) -> None:
        """Let *seconds* pass, and make each pass that falls due in them, in order.

        Passes are made at every instant at which something falls due, at every whole virtual second since the start,
        at the end, and at the start when something has arrived since the last one. Between two instants the loop goes
        on, and game servers get their time to answer.

        Args:
            seconds: 0 makes exactly one pass, at the present instant.

        Raises:
            ClockRuns: time passes by itself.
            NoticesWaiting: time has passed, but the notices were not all taken in time.
        """
        async with self.alone():
            if not self._clock.frozen:
                raise ClockRuns
            began_s = self._clock.epoch_s()
            end_s = round(began_s + seconds, 3)
            if end_s <= began_s or self._waits_for_a_pass(began_s):
                await self._pass()
            strides = 0
            while (now_s := self._clock.epoch_s()) < end_s:
                if now_s >= began_s + (strides + 1) * STRIDE_S:
                    strides += 1
                self._move(now_s, min(end_s, round(began_s + (strides + 1) * STRIDE_S, 3)))
                await self._pass()
            self._faults.let_go()
            await self._delivered()

    def _waits_for_a_pass(self, now_s: float) -> bool:
        """Tell whether something arrived, or ran out, and time was stopped before the next pass."""
        return self._engine.work.is_set() or any(is_overdue(world, now_s) for world in self._engine.worlds)

    def _move(self, now_s: float, limit_s: float) -> None:
        """Move the clock to the next instant at which something falls due, but not beyond *limit_s*."""
        worlds = [(world, next_due(world, self._engine.limits, now_s)) for world in self._engine.worlds]
        held_s = self._faults.next_due_s
        at_s = min(limit_s, *(due.at_s for _, due in worlds), limit_s if held_s is None else max(held_s, now_s))
        for world, due in worlds:
            if due.at_s == at_s:
                world.touched_pools.update(due.pools)
        self._clock.move_to(at_s)

    async def _pass(self) -> None:
        self._faults.release(self._clock.epoch_s())
        self._engine.work.clear()
        self._engine.run_pass()
        await self._settled()
        await self._answered()

    async def _settled(self) -> None:
        """Wait until everything that this instant changed has been told."""
        # The loop gets a turn in any case: whoever waits for an answer shall not wait for the whole span.
        await asyncio.sleep(0)
        seen = -1
        while seen != self._engine.changes:
            seen = self._engine.changes
            await self._engine.settled()

    async def _answered(self) -> None:
        """Give game servers that were asked something real time to do it, once for each thing asked."""
        if not self._owed():
            return
        try:
            async with asyncio.timeout(self._patience_s):
                while self._owed():
                    self._engine.changed.clear()
                    await self._engine.changed.wait()
        except TimeoutError:
            self._given_up.update(self._owed())
        await self._settled()

    def _owed(self) -> set[str]:
        """Return what connected game servers have yet to do: sessions to activate, processes to end."""
        owed: set[str] = set()
        for world in self._engine.worlds:
            for process in world.processes.find("open", at=True):
                if process.built_in or not process.linked:
                    continue
                if process.end_by_s is not None:
                    owed.add(f"end {process.process_id}")
                session = world.sessions.get(process.session_arn) if process.session_arn else None
                if session and session.status is SessionStatus.ACTIVATING:
                    owed.add(f"activate {session.arn}")
        return owed - self._given_up

    async def _delivered(self) -> None:
        try:
            async with asyncio.timeout(self._delivery_s):
                while self._waiting():  # noqa: ASYNC110 - counted by any number of publishers, none of whom tells
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise NoticesWaiting(f"{self._waiting()} notices are not published yet.") from None
