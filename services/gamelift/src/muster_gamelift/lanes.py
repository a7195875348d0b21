"""Lanes: letters in order for each address, tried again with growing pauses until delivered or too old.

One address that does not answer holds up its own lane only.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from muster_gamelift.state.world import Notice
from muster_runtime.aws import calling, code_of
from muster_runtime.backoff import first_of, full_jitter, pause
from muster_runtime.clock import Clock
from muster_runtime.errors import MusterError

log = structlog.get_logger()

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 10.0
FLUSH_S: Final = 3.0
"""How long a stopping service goes on delivering what it still holds."""

A = TypeVar("A")
"""What names an address; one lane each."""

Done = Callable[[Notice], None]
"""Told when a listener is done with a notice: delivered, given up, or of no interest to it."""


@dataclass(frozen=True, slots=True)
class _Letter:
    notice: Notice
    since_s: float


class Lanes(Generic[A]):
    """Delivers notices to addresses; a job."""

    def __init__(
        self,
        send: Callable[[A, Notice], Awaitable[None]],
        *,
        clock: Clock,
        timeout_s: float,
        give_up_s: float,
        done: Done,
    ) -> None:
        """Build it without lanes.

        Args:
            send: delivers one notice to an address; raises MusterError, ClientError or BotoCoreError when it cannot.
            clock: tells how old a notice is; only its monotonic side is used.
            timeout_s: longest one delivery may take.
            give_up_s: a notice that could not be delivered for this long is dropped and logged.
            done: called for each notice that leaves its lane.
        """
        self._send = send
        self._clock = clock
        self._timeout_s = timeout_s
        self._give_up_s = give_up_s
        self._done = done
        self._lanes: dict[A, deque[_Letter]] = {}
        self._arrived: dict[A, asyncio.Event] = {}
        self._new_lane = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many notices are not delivered yet."""
        return sum(len(lane) for lane in self._lanes.values())

    def put(self, address: A, notice: Notice) -> None:
        """Deliver *notice* to *address*, after all that were put before."""
        if address not in self._lanes:
            self._lanes[address] = deque()
            self._arrived[address] = asyncio.Event()
            self._new_lane.set()
        self._lanes[address].append(_Letter(notice, self._clock.monotonic_s()))
        self._arrived[address].set()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until *stop* is set, then for a short while what is left."""
        served: set[A] = set()
        async with asyncio.TaskGroup() as lanes:
            while not stop.is_set():
                self._new_lane.clear()
                for address in self._lanes.keys() - served:
                    served.add(address)
                    lanes.create_task(self._serve(address, stop))
                await first_of(stop, self._new_lane, within_s=60.0)
        await self._flush()

    async def _serve(self, address: A, stop: asyncio.Event) -> None:
        lane, arrived, failures = self._lanes[address], self._arrived[address], 0
        while not stop.is_set():
            if not lane:
                arrived.clear()
                await first_of(stop, arrived, within_s=60.0)
            elif await self._deliver(address, lane[0]):
                self._done(lane.popleft().notice)
                failures = 0
            else:
                failures += 1
                await pause(stop, full_jitter(failures, base_s=FIRST_PAUSE_S, cap_s=LONGEST_PAUSE_S))

    async def _deliver(self, address: A, letter: _Letter) -> bool:
        """Try once; return whether the letter is done with."""
        envelope = letter.notice.envelope
        try:
            async with calling(timeout_s=self._timeout_s):
                await self._send(address, letter.notice)
        except (MusterError, ClientError, BotoCoreError) as error:
            code = error.code if isinstance(error, MusterError) else code_of(error)
            age_s = self._clock.monotonic_s() - letter.since_s
            lost = age_s >= self._give_up_s
            write = log.error if lost else log.warning
            facts = {"type": envelope["detail"]["type"], "notice_id": envelope["id"], "code": code}
            write("notice_lost" if lost else "notice_delayed", to=str(address), age_s=round(age_s, 1), **facts)
            return lost
        return True

    async def _flush(self) -> None:
        try:
            async with asyncio.timeout(FLUSH_S):
                for address, lane in self._lanes.items():
                    while lane and await self._deliver(address, lane[0]):
                        self._done(lane.popleft().notice)
        except TimeoutError:
            pass
        if self.waiting:
            # With a store they are published after the next start, without one they are gone.
            log.error("notices_unpublished_at_stop", count=self.waiting)
