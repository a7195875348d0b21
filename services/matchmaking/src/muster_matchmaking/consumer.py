"""The queue edge: which event leads to which handler."""

from typing import Any

from muster_events.envelope import Event
from muster_events.matchmaking import TicketRequested
from muster_events.tickets import TicketEnded, TicketMatched
from muster_matchmaking.domain import TicketId
from muster_matchmaking.handlers import MatchmakingHandlers
from muster_runtime.messaging.reactions import Reactions


def reactions(handlers: MatchmakingHandlers) -> Reactions:
    """Return what matchmaking does about each event on its queue."""

    async def on_requested(event: Event[TicketRequested]) -> None:
        """Make sure that an accepted request reaches GameLift. Safe to repeat: see the handler."""
        await handlers.on_requested(TicketId(event.data.ticket_id))

    async def on_ended(event: Event[Any]) -> None:
        """Let go of the ticket's players. Safe to repeat: see the handler."""
        await handlers.on_ended(TicketId(event.data.ticket_id))

    return {TicketRequested: on_requested, TicketMatched: on_ended, TicketEnded: on_ended}
