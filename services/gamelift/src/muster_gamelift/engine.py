"""Runs changes: one at a time, whole or not at all, and tells the outside what came of them.

Everything here is synchronous, so nothing happens between two steps of a change. This is the only place that reads
the clock; whoever controls time controls everything that follows.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

from muster_gamelift import flow, matchmaking
from muster_gamelift.errors import InvalidRequest
from muster_gamelift.matchmaker import Finding, Look
from muster_gamelift.operations.call import Call, Output
from muster_gamelift.operations.table import OPERATIONS
from muster_gamelift.ports import AdmitsAll, Gate, Keeper, KeepsNothing, NoticeSink, ServerLinks
from muster_gamelift.state.tickets import PoolKey
from muster_gamelift.state.world import Change, Limits, Notice, World
from muster_gamelift.validation import Model
from muster_runtime.clock import Clock
from muster_runtime.ids import Ids

T = TypeVar("T")

TICKETS_A_TURN: Final = 200
MATCHES_A_TURN: Final = 40
"""So much of a pass is done before requests get their turn again: some ten milliseconds."""
LONG_LOOK_S: Final = 0.005
REST: Final = 9
"""A pool whose search took longer than that rests so many times as long: a tenth of the time goes to its searches."""


class Engine:
    """The local GameLift without its protocols.

    Attributes:
        work: set when a pass should come soon; cleared by whoever makes the passes.
        changes: how many changes were made.
        changed: set with every change; cleared by whoever waits for one.
    """

    def __init__(  # noqa: PLR0913 - each is a different need, and named
        self,
        *,
        account: str,
        limits: Limits,
        model: Model,
        clock: Clock,
        ids: Ids,
        sink: NoticeSink,
        links: ServerLinks,
        keeper: Keeper | None = None,
        worlds: Mapping[str, World] | None = None,
        gate: Gate | None = None,
    ) -> None:
        """Start with the regions given; any other begins empty when it is first named.

        Args:
            account: twelve digits, in every ARN and notice.
            limits: configured times.
            model: checks the input of operations.
            clock: read once for each change.
            ids: gives match, session and ticket ids.
            sink: takes notices over.
            links: reaches server processes.
            keeper: remembers changes; nothing is told before it has. None keeps nothing.
            worlds: by region, what was remembered.
            gate: asked before each operation of the API. None lets all through.
        """
        self._account = account
        self._limits = limits
        self._model = model
        self._clock = clock
        self._ids = ids
        self._sink = sink
        self._links = links
        self._keeper: Keeper = keeper or KeepsNothing()
        self._worlds: dict[str, World] = dict(worlds or {})
        self._gate: Gate = gate or AdmitsAll()
        self._rests: dict[tuple[str, PoolKey], float] = {}
        self.work = asyncio.Event()
        self.changes = 0
        self.changed = asyncio.Event()

    @property
    def worlds(self) -> tuple[World, ...]:
        """The regions that were named so far."""
        return tuple(self._worlds.values())

    @property
    def limits(self) -> Limits:
        """The configured times."""
        return self._limits

    @property
    def now_s(self) -> float:
        """The present instant as changes see it, in seconds since the epoch, whole milliseconds."""
        return round(self._clock.epoch_s(), 3)

    def world(self, region: str) -> World:
        """Return the state of *region*."""
        if region not in self._worlds:
            self._worlds[region] = World(region, self._account)
        return self._worlds[region]

    def region_of_fleet(self, fleet_id: str) -> str | None:
        """Return the region that has the fleet, or None; fleet ids are unique over all regions."""
        return next((region for region, world in self._worlds.items() if fleet_id in world.fleets), None)

    def call(self, region: str, operation: str, given: object, *, servers_url: str) -> Output:
        """Run one operation of the API.

        Args:
            region: whose resources.
            operation: its name, such as `StartMatchmaking`.
            given: its input as decoded from the wire.
            servers_url: where game servers connect.

        Returns:
            The answer in AWS's member names; None stands for "left out", times are seconds since the epoch.

        Raises:
            Fault: the answer is an error.
        """
        self._gate.admit(region, operation, self.now_s)
        cleaned: Mapping[str, Any] = self._model.clean(operation, given)
        run = OPERATIONS.get(operation)
        if run is None:
            raise InvalidRequest(f"The operation {operation} is not offered by this local GameLift.")
        return self.apply(region, lambda change: run(Call(change, cleaned, servers_url)))

    def run_pass(self) -> None:
        """Do everything that is due now, in every region."""
        for region in self._worlds:
            self.apply(region, flow.run_pass)

    async def run_pass_aside(self, runs: asyncio.Event) -> None:
        """Do what `run_pass` does, a little at a time, so that requests are answered meanwhile.

        Long searches are made in a thread. What they find is made of tickets that are still as they were; the rest is
        left to the next pass.

        Args:
            runs: when it is not set any more, time stands still, and what is left of the pass is not done.
        """
        for region, world in tuple(self._worlds.items()):
            while not self.apply(region, partial(flow.tidy, most=TICKETS_A_TURN)):
                await asyncio.sleep(0)
                if not self._goes_on(world, runs):
                    return
            looks = deque(self.apply(region, partial(matchmaking.looks, resting=self._resting(region))))
            while looks:
                finding = await self._found(region, looks[0])
                for some in finding.split(MATCHES_A_TURN):
                    if not self._goes_on(world, runs):
                        world.touched_pools.update(look.key for look in looks)
                        return
                    self.apply(region, partial(flow.conclude, finding=some))
                    await asyncio.sleep(0)
                looks.popleft()
            self.apply(region, flow.forget)

    async def _found(self, region: str, look: Look) -> Finding:
        finding, took_s = _measured(look) if look.is_short else await asyncio.to_thread(_measured, look)
        if took_s > LONG_LOOK_S:
            self._rests[region, look.key] = self._clock.monotonic_s() + took_s * REST
        return finding

    def _resting(self, region: str) -> frozenset[PoolKey]:
        now_s = self._clock.monotonic_s()
        self._rests = {which: until_s for which, until_s in self._rests.items() if until_s > now_s}
        return frozenset(key for where, key in self._rests if where == region)

    def _goes_on(self, world: World, runs: asyncio.Event) -> bool:
        """Tell whether a pass over *world* still makes sense; what it leaves when time is stopped is made up for."""
        if not runs.is_set():
            self.work.set()
        return runs.is_set() and self._worlds.get(world.region) is world

    def apply(self, region: str, step: Callable[[Change], T]) -> T:
        """Run *step* on the state of *region*; when it raises, nothing has happened."""
        world = self.world(region)
        change = Change(world, self.now_s, self._ids, self._limits)
        world.journal.start()
        try:
            answer = step(change)
            flow.settle(change)
        except BaseException:
            world.journal.undo()
            raise
        self._keeper.keep(world, change.notices, partial(self._tell, change))
        self.changes += 1
        self.changed.set()
        if change.wants_pass:
            self.work.set()
        return answer

    def resume(self, begin: Callable[[Change], None], notices: Iterable[Notice]) -> None:
        """Take up where a former process stopped.

        Args:
            begin: what happens to every remembered region first.
            notices: told before but perhaps not published; they are handed over again.
        """
        for region in tuple(self._worlds):
            self.apply(region, begin)
        for notice in notices:
            self._sink.hand_over(notice)

    def forget(self) -> None:
        """Forget every region, as if nothing had happened since the first start; nobody is told."""
        for region in tuple(self._worlds):
            self.apply(region, lambda change: change.world.forget())
        self._worlds.clear()
        self._gate.forget()
        self.work.clear()

    async def settled(self) -> None:
        """Wait until no change made so far can be lost; whoever answers somebody outside waits for this first.

        Raises:
            MusterError: the changes cannot be kept, so that no answer may be given.
        """
        await self._keeper.settled()

    def _tell(self, change: Change) -> None:
        for notice in change.notices:
            self._sink.hand_over(notice)
        for push in change.pushes:
            self._links.push(push)


def _measured(look: Look) -> tuple[Finding, float]:
    """Return what *look* finds, with the CPU-seconds it took this thread: waiting for others is not its cost."""
    began_s = time.thread_time()
    return look.find(), time.thread_time() - began_s
