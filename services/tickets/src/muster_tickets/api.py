"""What clients send and get.

`TicketView` is Muster's own. `LegacyStatus` is the answer of the published AWS game-backend guidance, field by field,
so that unmodified clients of it work.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from muster_tickets.domain import PlayerId, Status, Ticket

LONGEST_WAIT_S = 20.0
"""Longest a poll may wait for a change, seconds: below the idle time-outs of load balancers and clients."""
LONGEST_TICKET_ID = 128
"""Characters. Source: MatchmakingIdStringModel in the GameLift API reference."""

Outcome = Literal["matched", "cancelled", "failed", "timed_out", "refused"]

LegacyWord = Literal[
    "MatchmakingQueued",
    "MatchmakingSearching",
    "PotentialMatchCreated",
    "MatchmakingSucceeded",
    "MatchmakingCancelled",
    "MatchmakingFailed",
    "MatchmakingTimedOut",
]


class ShowTicket(BaseModel):
    """Query of `GET /v1/tickets/{ticket_id}`."""

    model_config = ConfigDict(frozen=True)

    wait_s: Annotated[
        float,
        Field(
            ge=0,
            le=LONGEST_WAIT_S,
            allow_inf_nan=False,
            description="seconds to wait for a change before answering; answers at once when there was one already",
        ),
    ] = 0.0


class Connection(BaseModel):
    """Where the caller plays, and what opens their seat there."""

    model_config = ConfigDict(frozen=True)

    ip_address: str | None = None
    dns_name: str | None = None
    port: int | None = None
    player_session_id: Annotated[str, Field(repr=False, description="the caller's own; send it to the game server")]


class TicketView(BaseModel):
    """A ticket as one of its players sees it."""

    model_config = ConfigDict(frozen=True)

    ticket_id: str
    status: Literal[
        "REQUESTED",
        "QUEUED",
        "SEARCHING",
        "REQUIRES_ACCEPTANCE",
        "PLACING",
        "COMPLETED",
        "CANCELLED",
        "FAILED",
        "TIMED_OUT",
    ]
    outcome: Annotated[
        Outcome | None,
        Field(description="how it ended; null while it is open"),
    ] = None
    reason: Annotated[str, Field(description="why it ended without a match; empty otherwise")] = ""
    player_ids: tuple[str, ...]
    configuration: str
    requested_at: AwareDatetime | None = None
    status_since: AwareDatetime
    match_id: str | None = None
    connection: Annotated[
        Connection | None, Field(description="where to play; only on a completed ticket with a game session")
    ] = None
    sequence: Annotated[int, Field(ge=1, description="rises with every change; also the ETag")]

    @classmethod
    def of(cls, ticket: Ticket, player_id: PlayerId) -> "TicketView":
        """Return *ticket* as *player_id* may see it: with their own seat, and no other player's."""
        return cls(
            ticket_id=ticket.ticket_id,
            # A ticket that GameLift would not take has failed; that it was refused is told by the outcome.
            status="FAILED" if ticket.status is Status.REFUSED else ticket.status.value,
            outcome=_OUTCOMES.get(ticket.status),
            reason=ticket.standing.reason,
            player_ids=ticket.player_ids,
            configuration=ticket.configuration,
            requested_at=ticket.requested_at,
            status_since=ticket.standing.at,
            match_id=ticket.standing.match_id,
            connection=_connection(ticket, player_id),
            sequence=ticket.sequence,
        )


_OUTCOMES: dict[Status, Outcome] = {
    Status.COMPLETED: "matched",
    Status.CANCELLED: "cancelled",
    Status.FAILED: "failed",
    Status.TIMED_OUT: "timed_out",
    Status.REFUSED: "refused",
}


def _connection(ticket: Ticket, player_id: PlayerId) -> Connection | None:
    session, seat = ticket.standing.session, ticket.seat_of(player_id)
    if session is None or seat is None:
        return None
    return Connection(
        ip_address=session.ip_address,
        dns_name=session.dns_name,
        port=session.port,
        player_session_id=seat.player_session_id,
    )


class ShowMatchStatus(BaseModel):
    """Query of `GET /get-match-status`. A missing ticket id has its own answer there, so it is optional here."""

    model_config = ConfigDict(frozen=True)

    ticket_id: Annotated[str, Field(alias="ticketId", max_length=LONGEST_TICKET_ID)] = ""


class LegacyStatus(BaseModel):
    """Answer of `GET /get-match-status`; the last four fields come with `MatchmakingSucceeded` only.

    The port is a string: the Godot client joins it to text. The clients go on polling for the first three statuses,
    and take every other one for the end.

    Source: the response of get-match-status in AWS's guidance for custom game-backend hosting.
    """

    model_config = ConfigDict(frozen=True)

    MatchmakingStatus: LegacyWord
    IpAddress: str | None = None
    DnsName: str | None = None
    Port: str | None = None
    PlayerSessionId: Annotated[str | None, Field(repr=False)] = None

    @classmethod
    def of(cls, ticket: Ticket, player_id: PlayerId) -> "LegacyStatus":
        """Return *ticket* as *player_id* may see it, in the words of the guidance."""
        status = _LEGACY[ticket.status]
        connection = _connection(ticket, player_id)
        if connection is None:
            return cls(MatchmakingStatus=status)
        return cls(
            MatchmakingStatus=status,
            IpAddress=connection.ip_address or "",
            DnsName=connection.dns_name or "",
            Port="" if connection.port is None else str(connection.port),
            PlayerSessionId=connection.player_session_id,
        )


_LEGACY: dict[Status, LegacyWord] = {
    Status.REQUESTED: "MatchmakingQueued",
    Status.QUEUED: "MatchmakingQueued",
    Status.SEARCHING: "MatchmakingSearching",
    Status.REQUIRES_ACCEPTANCE: "PotentialMatchCreated",
    Status.PLACING: "PotentialMatchCreated",
    Status.COMPLETED: "MatchmakingSucceeded",
    Status.CANCELLED: "MatchmakingCancelled",
    Status.FAILED: "MatchmakingFailed",
    Status.REFUSED: "MatchmakingFailed",
    Status.TIMED_OUT: "MatchmakingTimedOut",
}
