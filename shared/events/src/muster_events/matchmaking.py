"""Events published by matchmaking."""

from pydantic import AwareDatetime

from muster_events.envelope import EventData


class TicketRequested(EventData):
    """Matchmaking accepted a request: the ticket exists from here on. Subject: the ticket id."""

    TYPE = "ticket.requested"
    PRODUCER = "matchmaking"

    ticket_id: str
    player_ids: tuple[str, ...]
    configuration: str
    requested_at: AwareDatetime


class TicketRefused(EventData):
    """GameLift refused an accepted request for good. Subject: the ticket id."""

    TYPE = "ticket.refused"
    PRODUCER = "matchmaking"

    ticket_id: str
    player_ids: tuple[str, ...]
    reason: str
