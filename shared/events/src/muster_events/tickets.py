"""Events published by tickets. They never carry player session ids: those open a seat in a game."""

from typing import Literal

from pydantic import Field

from muster_events.envelope import EventData


class TicketSearching(EventData):
    """The ticket is in the pool. Subject: the ticket id."""

    TYPE = "ticket.searching"
    PRODUCER = "tickets"

    ticket_id: str
    player_ids: tuple[str, ...]


class TicketPlacing(EventData):
    """A potential match holds the ticket. Subject: the ticket id."""

    TYPE = "ticket.placing"
    PRODUCER = "tickets"

    ticket_id: str
    player_ids: tuple[str, ...]
    match_id: str
    acceptance_required: bool = False


class TicketMatched(EventData):
    """The match has a game session to play in. Subject: the ticket id."""

    TYPE = "ticket.matched"
    PRODUCER = "tickets"

    ticket_id: str
    player_ids: tuple[str, ...]
    match_id: str
    game_session_arn: str | None = None


class TicketEnded(EventData):
    """The ticket ended without a match. Subject: the ticket id."""

    TYPE = "ticket.ended"
    PRODUCER = "tickets"

    ticket_id: str
    player_ids: tuple[str, ...]
    outcome: Literal["cancelled", "failed", "timed_out", "refused"]
    reason: str = Field(default="", max_length=1024)
