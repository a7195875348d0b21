"""What runs beside the queues: looking after quiet tickets, and waking polls that wait."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import structlog

from muster_runtime.backoff import pause
from muster_runtime.errors import MusterError
from muster_runtime.metrics import Metrics
from muster_tickets.domain import TicketId
from muster_tickets.handlers import CHECKS_A_ROUND, TicketHandlers

log: Final = structlog.get_logger()


class Reconciler:
    """Looks after quiet tickets, round after round.

    GameLift's notices are best effort, and some changes have no notice at all: a placement that times out, a ticket
    replaced by a newer one of the same player. Asking is the only way to learn of them.
    """

    def __init__(self, handlers: TicketHandlers, *, every_s: float, metrics: Metrics) -> None:
        """Build the job.

        Args:
            handlers: do the looking.
            every_s: seconds between rounds.
            metrics: where it counts what it did.
        """
        self._handlers = handlers
        self._every_s = every_s
        self._looked_after = metrics.counter(
            "muster_tickets_looked_after", "Quiet tickets that GameLift was asked about"
        )
        self._failures = metrics.counter(
            "muster_reconciliation_failures", "Rounds of looking after quiet tickets that failed, by code", ("code",)
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Run rounds until *stop* is set; a round that fails is logged, and the next one tries again."""
        while not stop.is_set():
            full = await self._round()
            if not full:
                await pause(stop, self._every_s)

    async def _round(self) -> bool:
        """Run one round, and tell whether there may be more to do at once."""
        try:
            looked_after = await self._handlers.reconcile()
        except MusterError as error:
            log.warning("reconciliation_failed", code=error.code, detail=error.detail)
            self._failures.labels(error.code).inc()
            return False
        if looked_after:
            log.info("tickets_looked_after", tickets=looked_after)
            self._looked_after.inc(looked_after)
        return looked_after >= CHECKS_A_ROUND


@dataclass(slots=True)
class TicketBell:
    """Wakes the polls of this process that wait for a ticket; implements `muster_tickets.ports.Bell`.

    It is a job as well: when the service stops, everyone who waits is sent home, so that draining takes no longer
    than one answer.
    """

    _waiting: dict[TicketId, set[asyncio.Event]] = field(default_factory=dict)
    _closing: bool = False

    def ring(self, ticket_id: TicketId) -> None:
        """Wake everyone who waits for this ticket."""
        for woken in self._waiting.get(ticket_id, ()):
            woken.set()

    async def wait(self, ticket_id: TicketId, *, within_s: float) -> bool:
        """Return once the bell rings for this ticket, or *within_s* seconds have passed; False while stopping."""
        if self._closing:
            return False
        woken = asyncio.Event()
        self._waiting.setdefault(ticket_id, set()).add(woken)
        try:
            await pause(woken, within_s)
        finally:
            self._waiting[ticket_id].discard(woken)
            if not self._waiting[ticket_id]:
                del self._waiting[ticket_id]
        return not self._closing

    async def run(self, stop: asyncio.Event) -> None:
        """Wait for *stop*, then wake everyone."""
        await stop.wait()
        self._closing = True
        for ticket_id in tuple(self._waiting):
            self.ring(ticket_id)
