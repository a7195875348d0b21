"""The HTTP edge: the table first, then handlers that parse, call and render."""

from dataclasses import dataclass

from muster_matchmaking.api import LegacyTicket, RequestMatchmaking, StartMatchmaking, TicketAccepted
from muster_matchmaking.domain import PlayerId, Request, TicketId, clean_latencies
from muster_matchmaking.errors import (
    AlreadyQueued,
    ClaimMoved,
    GameLiftDown,
    GameLiftThrottled,
    KeyReused,
    LatencyUnusable,
    RefusedByGameLift,
    TicketUnknown,
    TooLateToCancel,
)
from muster_matchmaking.handlers import MatchmakingHandlers
from muster_runtime.auth.principal import PLAYER_SCOPES
from muster_runtime.errors import Malformed
from muster_runtime.http.idempotency import idempotency_key
from muster_runtime.http.routes import Answer, Call, Route


def routes(handlers: MatchmakingHandlers, *, configuration: str) -> tuple[Route, ...]:
    """Return the route table; requests go to the FlexMatch *configuration*."""
    edge = Edge(handlers, configuration)
    start_errors = (AlreadyQueued, ClaimMoved, KeyReused, LatencyUnusable, Malformed, RefusedByGameLift)
    return (
        Route(
            method="POST",
            path="/v1/matchmaking/tickets",
            handler=edge.start,
            summary="Ask for a match",
            scopes=PLAYER_SCOPES,
            body=StartMatchmaking,
            answer=TicketAccepted,
            status=202,
            errors=start_errors,
        ),
        Route(
            method="DELETE",
            path="/v1/matchmaking/tickets/{ticket_id}",
            handler=edge.cancel,
            summary="Ask to cancel a ticket",
            scopes=PLAYER_SCOPES,
            status=202,
            errors=(TicketUnknown, TooLateToCancel, ClaimMoved, GameLiftThrottled, GameLiftDown),
        ),
        Route(
            method="POST",
            path="/request-matchmaking",
            handler=edge.request_matchmaking,
            summary="Ask for a match, as the published designs do",
            scopes=PLAYER_SCOPES,
            body=RequestMatchmaking,
            answer=LegacyTicket,
            errors=start_errors,
            plain_errors=True,
        ),
    )


@dataclass(frozen=True, slots=True)
class Edge:
    """The handlers of the route table."""

    handlers: MatchmakingHandlers
    configuration: str

    async def start(self, call: Call) -> Answer:
        """Accept a request for a match: 202, with the ticket's address in `Location`."""
        claim = await self.handlers.start(self._request(call, call.body.latencies_ms))
        location = f"/v1/tickets/{claim.ticket_id}"
        return Answer(TicketAccepted.of(claim), status=202, headers={"Location": location, "Retry-After": "1"})

    async def cancel(self, call: Call) -> Answer:
        """Ask to cancel a ticket: 202, and the ticket says CANCELLED once GameLift has."""
        await self.handlers.cancel(TicketId(call.path["ticket_id"]), PlayerId(call.caller.subject))
        return Answer(status=202)

    async def request_matchmaking(self, call: Call) -> Answer:
        """Ask for a match on the wire of the published designs: 200 with the FlexMatch ticket."""
        claim = await self.handlers.start_or_resume(self._request(call, call.body.latencyInMs))
        return Answer(LegacyTicket.of(claim))

    def _request(self, call: Call, measured: dict[str, float | None]) -> Request:
        return Request(
            player_id=PlayerId(call.caller.subject),
            latencies_ms=clean_latencies(measured),
            configuration=self.configuration,
            key=idempotency_key(call),
        )
