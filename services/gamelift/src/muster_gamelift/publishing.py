"""Where notices leave the service: SNS topics, and the default EventBridge bus when it is switched on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from muster_gamelift.bus.sink import BusSink
from muster_gamelift.deliveries import Deliveries
from muster_gamelift.sink import SNSSink
from muster_gamelift.state.world import Notice
from muster_runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class Outlets:
    """How notices are published.

    Attributes:
        timeout_s: longest one call may take.
        give_up_s: a notice that could not be published for this long is dropped and logged.
        sns: whether the topics that configurations and queues name are published to.
        bus_fresh_s: rules of the default bus older than this are read again; None leaves the bus alone.
    """

    timeout_s: float
    give_up_s: float
    sns: bool = True
    bus_fresh_s: float | None = None

    def publishes(self, notice: Notice) -> bool:
        """Tell whether *notice* leads anywhere."""
        return self.bus_fresh_s is not None or (self.sns and bool(notice.target_arn))


class Publishing:
    """A `NoticeSink` in front of everything that publishes, and the job that runs it."""

    def __init__(
        self,
        connect: Callable[[str], Awaitable[Any]],
        outlets: Outlets,
        *,
        clock: Clock,
        finished: Callable[[Notice], None],
    ) -> None:
        """Build it.

        Args:
            connect: gives the AWS client of a service, when it is first needed.
            outlets: how to publish.
            clock: tells how old notices are.
            finished: called for each notice that is published everywhere, or given up.
        """
        timing: dict[str, Any] = {"clock": clock, "timeout_s": outlets.timeout_s, "give_up_s": outlets.give_up_s}
        self._deliveries = Deliveries(finished)
        self._parts: list[SNSSink | BusSink] = []
        if outlets.sns:
            self._parts.append(SNSSink(lambda: connect("sns"), done=self._deliveries.done, **timing))
        if outlets.bus_fresh_s is not None:
            bus = BusSink(connect, fresh_s=outlets.bus_fresh_s, done=self._deliveries.done, **timing)
            self._parts.append(bus)
        for part in self._parts:
            self._deliveries.add(part.hand_over)

    @property
    def waiting(self) -> int:
        """How many publishes are still to be made."""
        return sum(part.waiting for part in self._parts)

    def hand_over(self, notice: Notice) -> None:
        """Take *notice*."""
        self._deliveries.hand_over(notice)

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until *stop* is set, then for a short while what is left."""
        async with asyncio.TaskGroup() as group:
            for part in self._parts:
                group.create_task(part.run(stop))
            await stop.wait()
