"""Puts the control interface together."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from muster_gamelift.control.clock import VirtualClock
from muster_gamelift.control.faults import OperationFaults
from muster_gamelift.control.handlers import Handlers
from muster_gamelift.control.noticefaults import NoticeFaults
from muster_gamelift.control.processes import BuiltIns
from muster_gamelift.control.record import NoticeRecord
from muster_gamelift.control.routes import control_routes
from muster_gamelift.control.timeline import Timeline, Waiting
from muster_gamelift.engine import Engine
from muster_gamelift.ports import NoticeSink, ServerLinks
from muster_gamelift.state.world import Notice
from muster_gamelift.validation import Model
from muster_runtime.clock import Clock
from muster_runtime.http.routes import Route


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the control interface waits for others, and how much it remembers.

    Attributes:
        servers_s: longest real time that game servers get, at one virtual instant, to answer.
        delivery_s: longest real time that publishing may take at the end of an advance.
        notices: so many notices are kept.
    """

    servers_s: float = 1.0
    delivery_s: float = 30.0
    notices: int = 10_000


class Control:
    """The parts between the engine and the outside, where tests and demos take hold; also the job that they need.

    Attributes:
        clock: the engine's time.
        sink: takes the engine's notices, strikes some on order, records the others and hands them on.
        links: the engine's way to server processes, built-in ones and others.
        gate: fails operations on order.
    """

    def __init__(  # noqa: PLR0913 - each is a different need, and named
        self,
        *,
        clock: Clock,
        sink: NoticeSink,
        links: ServerLinks,
        model: Model,
        patience: Patience,
        dropped: Callable[[Notice], None],
    ) -> None:
        """Build the parts that an engine is made with; `serve` does the rest.

        Args:
            clock: real time.
            sink: who publishes notices.
            links: the connections of game servers.
            model: knows operations and their errors.
            patience: limits.
            dropped: told of each notice that is lost on order, and so never published.
        """
        self._patience = patience
        self._record = NoticeRecord(most=patience.notices)
        self.clock = VirtualClock(clock)
        self.sink = NoticeFaults(_Both(self._record, sink), self.clock, dropped)
        self.links = BuiltIns(links)
        self.gate = OperationFaults(model)

    def serve(self, engine: Engine, *, waiting: Waiting, hang_up: Callable[[], None]) -> Sequence[Route]:
        """Take hold of the engine that was made with these parts; return the routes.

        Args:
            engine: made with `clock`, `sink`, `links` and `gate`.
            waiting: tells how many notices are still to be published.
            hang_up: closes the connections of all game servers.
        """
        self.links.serve(engine)
        timeline = Timeline(
            engine,
            self.clock,
            faults=self.sink,
            waiting=waiting,
            patience_s=self._patience.servers_s,
            delivery_s=self._patience.delivery_s,
        )
        handlers = Handlers(
            engine=engine,
            clock=self.clock,
            timeline=timeline,
            record=self._record,
            operation_faults=self.gate,
            notice_faults=self.sink,
            built_ins=self.links,
            hang_up=hang_up,
        )
        return control_routes(handlers)

    async def run(self, stop: asyncio.Event) -> None:
        """Hand on delayed notices until *stop* is set."""
        await self.sink.run(stop, self.clock.runs)


class _Both:
    """Hands each notice to the record first, then to who publishes it."""

    def __init__(self, record: NoticeRecord, sink: NoticeSink) -> None:
        self._record = record
        self._sink = sink

    def hand_over(self, notice: Notice) -> None:
        self._record.hand_over(notice)
        self._sink.hand_over(notice)
