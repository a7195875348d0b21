"""Game sessions on server processes, and the seats in them."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from muster_gamelift.state.placements import SessionPlan

RESERVATION_S = 60.0
"""How long a seat is held for a player who has not connected. Source: GameLift API reference, PlayerSession."""


class SessionStatus(StrEnum):
    """AWS's own names."""

    ACTIVATING = "ACTIVATING"
    ACTIVE = "ACTIVE"
    TERMINATING = "TERMINATING"
    TERMINATED = "TERMINATED"
    ERROR = "ERROR"


class SeatStatus(StrEnum):
    """AWS's own names."""

    RESERVED = "RESERVED"
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    TIMEDOUT = "TIMEDOUT"


@dataclass(frozen=True, slots=True)
class GameSession:
    """A game on one server process.

    Attributes:
        arn: its identity everywhere.
        process_id: the server process that runs it.
        activate_by_s: when an activation that did not come ends the session.
        accepts_players: PlayerSessionCreationPolicy ACCEPT_ALL.
        reason: StatusReason, once it ends other than by itself.
        placement_id: the placement that asked for it; None for CreateGameSession.
    """

    arn: str
    fleet_id: str
    location: str
    compute_name: str
    process_id: str
    plan: SessionPlan
    created_at_s: float
    activate_by_s: float
    ip_address: str | None
    dns_name: str | None
    port: int
    status: SessionStatus = SessionStatus.ACTIVATING
    accepts_players: bool = True
    protection_policy: str = "NoProtection"
    reason: str | None = None
    placement_id: str | None = None
    ended_at_s: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the session has not ended."""
        return self.status in {SessionStatus.ACTIVATING, SessionStatus.ACTIVE, SessionStatus.TERMINATING}

    def activated(self) -> "GameSession":
        """Return the session, ready for players."""
        return replace(self, status=SessionStatus.ACTIVE)

    def accepting(self, *, players: bool) -> "GameSession":
        """Return the session open or closed to new players."""
        return replace(self, accepts_players=players)

    def filled(self, matchmaker_data: str) -> "GameSession":
        """Return the session after a backfill, which brings new matchmaker data."""
        return replace(self, plan=replace(self.plan, matchmaker_data=matchmaker_data))

    def terminating(self, reason: str) -> "GameSession":
        """Return the session whose process was asked to end."""
        return replace(self, status=SessionStatus.TERMINATING, reason=reason)

    def terminated(self, at_s: float) -> "GameSession":
        """Return the session at its end."""
        return replace(self, status=SessionStatus.TERMINATED, ended_at_s=at_s)


@dataclass(frozen=True, slots=True)
class Seat:
    """A player session.

    Attributes:
        seat_id: `psess-…`; who knows it may take the seat, so it is never logged.
        held_until_s: when its reservation ends.
    """

    seat_id: str = field(repr=False)
    player_id: str
    session_arn: str
    fleet_id: str
    created_at_s: float
    held_until_s: float
    player_data: str | None = None
    status: SeatStatus = SeatStatus.RESERVED
    ended_at_s: float | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the seat counts against the session's slots."""
        return self.status in {SeatStatus.RESERVED, SeatStatus.ACTIVE}

    def accepted(self) -> "Seat":
        """Return the seat with its player connected."""
        return replace(self, status=SeatStatus.ACTIVE)

    def left(self, at_s: float) -> "Seat":
        """Return the seat after its player left, or its session ended with the player in it."""
        return replace(self, status=SeatStatus.COMPLETED, ended_at_s=at_s)

    def expired(self, at_s: float) -> "Seat":
        """Return the seat whose player never came."""
        return replace(self, status=SeatStatus.TIMEDOUT, ended_at_s=at_s)
