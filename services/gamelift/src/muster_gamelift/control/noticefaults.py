"""Failures on order: notices that get lost, come twice, late, or after their successors.

A `NoticeSink` in front of all others, so that every listener and the record see the same. Each order draws its own
random numbers from its own seed, one for each notice that passes: the same notices and seeds fail in the same way.
"""

import asyncio
import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from muster_gamelift.ports import NoticeSink
from muster_gamelift.state.world import Notice
from muster_runtime.backoff import first_of, pause
from muster_runtime.clock import Clock

Kind = Literal["drop", "duplicate", "delay", "reorder"]

OVERTAKEN_S: Final = 1.0
"""A notice that waits to be overtaken waits no longer than this, when no other comes."""
IDLE_S: Final = 60.0


@dataclass(slots=True)
class NoticeFault:
    """One order.

    Attributes:
        kind: what happens to a notice that is struck.
        rate: how many are struck, 0 to 1.
        seed: start of the draws.
        delay_s: how long a delayed notice is held back.
        type: notices of this type only; empty means all.
        struck: how many were.
    """

    kind: Kind
    rate: float
    seed: int
    delay_s: float = 0.0
    type: str = ""
    struck: int = 0
    _draws: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._draws = random.Random(self.seed)  # noqa: S311 - repeatable on purpose, and no secret

    def strikes(self, notice: Notice) -> bool:
        """Draw for *notice*; tell whether it is struck."""
        if self.type and notice.envelope["detail"]["type"] != self.type:
            return False
        struck = self._draws.random() < self.rate
        self.struck += struck
        return struck


class NoticeFaults:
    """Hands notices on, save those that were ordered to fail."""

    def __init__(self, after: NoticeSink, clock: Clock, dropped: Callable[[Notice], None]) -> None:
        """Start without orders.

        Args:
            after: where notices go.
            clock: by which delays are counted; virtual time where it is virtual.
            dropped: told of each notice that will never get there.
        """
        self._after = after
        self._clock = clock
        self._dropped = dropped
        self._orders: list[NoticeFault] = []
        self._held: list[tuple[float, int, Notice]] = []
        self._numbers = 0
        self._overtaken: list[Notice] = []
        self._overtaken_by_s = 0.0
        self._arrived = asyncio.Event()

    @property
    def orders(self) -> tuple[NoticeFault, ...]:
        """The orders, oldest first."""
        return tuple(self._orders)

    def add(self, fault: NoticeFault) -> None:
        """Strike notices from now on as *fault* says, beside all earlier orders."""
        self._orders.append(fault)

    def clear(self) -> None:
        """Forget all orders, and the notices held back for them."""
        self._orders.clear()
        for notice in (*(held for _, _, held in self._held), *self._overtaken):
            self._dropped(notice)
        self._held.clear()
        self._overtaken.clear()

    def hand_over(self, notice: Notice) -> None:
        """Hand *notice* on, unless it is struck."""
        # Every order draws, whatever the others drew: orders do not disturb each other's sequence.
        hits = [order for order in self._orders if order.strikes(notice)]
        kinds = {order.kind for order in hits}
        if "drop" in kinds:
            self._dropped(notice)
            return
        copies = [notice] * (1 + sum(order.kind == "duplicate" for order in hits))
        if delay_s := sum(order.delay_s for order in hits if order.kind == "delay"):
            self._hold(copies, delay_s)
        elif "reorder" in kinds and not self._overtaken:
            self._overtaken = copies
            self._overtaken_by_s = round(self._clock.epoch_s() + OVERTAKEN_S, 3)
            self._arrived.set()
        else:
            self._pass_on(copies)
            self.let_go()

    @property
    def next_due_s(self) -> float | None:
        """When the first notice that is held back must go on, in seconds since the epoch; None when there is none."""
        waits = [self._held[0][0]] if self._held else []
        return min([*waits, self._overtaken_by_s] if self._overtaken else waits, default=None)

    def release(self, now_s: float) -> None:
        """Hand on what was held back until *now_s*, in the order of those instants."""
        while self._held and self._held[0][0] <= now_s:
            self._pass_on([heapq.heappop(self._held)[2]])
        if self._overtaken_by_s <= now_s:
            self.let_go()

    def let_go(self) -> None:
        """Hand on what waits to be overtaken."""
        waiting, self._overtaken = self._overtaken, []
        self._pass_on(waiting)

    async def run(self, stop: asyncio.Event, runs: asyncio.Event) -> None:
        """Hand on delayed notices when they are due, until *stop* is set.

        Args:
            stop: ends this.
            runs: set while time passes by itself; whoever moves it by hand calls `release`.
        """
        while not stop.is_set():
            self._arrived.clear()
            if not runs.is_set():
                await first_of(stop, runs, within_s=IDLE_S)
            elif self.next_due_s is None:
                await first_of(stop, self._arrived, within_s=IDLE_S)
            else:
                await pause(stop, min(IDLE_S, max(0.0, self.next_due_s - self._clock.epoch_s())))
                if runs.is_set():
                    self.release(self._clock.epoch_s())

    def _hold(self, copies: list[Notice], delay_s: float) -> None:
        due_s = round(self._clock.epoch_s() + delay_s, 3)
        for copy in copies:
            self._numbers += 1
            heapq.heappush(self._held, (due_s, self._numbers, copy))
        self._arrived.set()

    def _pass_on(self, copies: list[Notice]) -> None:
        for copy in copies:
            self._after.hand_over(copy)
