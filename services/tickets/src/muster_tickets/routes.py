"""The HTTP edge: the table first, then handlers that parse, call and render."""

import json
from dataclasses import dataclass
from typing import Final

from muster_runtime.auth.principal import PLAYER_SCOPES
from muster_runtime.http.routes import Answer, Call, Route
from muster_tickets.api import LegacyStatus, ShowMatchStatus, ShowTicket, TicketView
from muster_tickets.domain import PlayerId, Ticket, TicketId
from muster_tickets.errors import TicketUnknown
from muster_tickets.handlers import TicketHandlers

NO_TICKET_ID: Final = "ticketId not available in querystrings"
NO_SUCH_TICKET: Final = "TicketId not found in DynamoDB table"
"""What the clients of AWS's guidance know; they go on polling. Source: its get-match-status function."""


def routes(handlers: TicketHandlers, *, poll_after_s: int) -> tuple[Route, ...]:
    """Return the route table.

    Args:
        handlers: the use cases.
        poll_after_s: seconds after which a client should ask again about an open ticket.
    """
    edge = Edge(handlers, poll_after_s)
    return (
        Route(
            method="GET",
            path="/v1/tickets/{ticket_id}",
            handler=edge.show,
            summary="Show a ticket to a player who is on it; 304 to If-None-Match, and a long poll with wait_s",
            scopes=PLAYER_SCOPES,
            query=ShowTicket,
            answer=TicketView,
            errors=(TicketUnknown,),
        ),
        Route(
            method="GET",
            path="/get-match-status",
            handler=edge.match_status,
            summary="Show a ticket as AWS's game-backend guidance does",
            scopes=PLAYER_SCOPES,
            query=ShowMatchStatus,
            answer=LegacyStatus,
            plain_errors=True,
        ),
    )


@dataclass(frozen=True, slots=True)
class Edge:
    """The handlers of the route table."""

    handlers: TicketHandlers
    poll_after_s: int

    async def show(self, call: Call) -> Answer:
        """Show a ticket, or wait for it to change."""
        ticket_id, player_id = TicketId(call.path["ticket_id"]), PlayerId(call.caller.subject)
        seen = _sequence_in(call.headers.get("if-none-match", ""))
        ticket = await self.handlers.watch(ticket_id, player_id, seen=seen, wait_s=call.query.wait_s)
        headers = self._headers(ticket)
        if ticket.sequence == seen:
            return Answer(status=304, headers=headers)
        return Answer(TicketView.of(ticket, player_id), headers=headers)

    async def match_status(self, call: Call) -> Answer:
        """Show a ticket as the guidance does.

        A ticket that is not known yet must not look like the end: its clients ask immediately after the request.
        """
        if not call.query.ticket_id:
            return _json_string(NO_TICKET_ID, code="ticket_id_missing")
        player_id = PlayerId(call.caller.subject)
        try:
            ticket = await self.handlers.show(TicketId(call.query.ticket_id), player_id)
        except TicketUnknown:
            return _json_string(NO_SUCH_TICKET, code=TicketUnknown.code)
        body = LegacyStatus.of(ticket, player_id).model_dump_json(exclude_none=True)
        return Answer(body, content_type="application/json")

    def _headers(self, ticket: Ticket) -> dict[str, str]:
        # The connection in the body is the caller's own, so nobody in between may keep it.
        headers = {"ETag": f'"{ticket.sequence}"', "Cache-Control": "private, no-cache"}
        if ticket.is_open:
            headers["Retry-After"] = str(self.poll_after_s)
        return headers


def _json_string(text: str, *, code: str) -> Answer:
    headers = {"X-Error-Code": code}
    return Answer(json.dumps(text), status=400, headers=headers, content_type="application/json")


def _sequence_in(if_none_match: str) -> int | None:
    """Return the sequence that an If-None-Match names; None when it is absent or not one of ours."""
    tag = if_none_match.strip().removeprefix("W/").strip('"')
    return int(tag) if tag.isascii() and tag.isdigit() and len(tag) <= 18 else None
