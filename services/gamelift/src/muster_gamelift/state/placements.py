"""Requests to a queue for a game session."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from muster_gamelift.state.catalogue import Properties


class PlacementStatus(StrEnum):
    """AWS's own names."""

    PENDING = "PENDING"
    FULFILLED = "FULFILLED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """What a new game session shall be like.

    Attributes:
        max_players: slots for players.
        seats: (player id, player data) of those who get a player session at once.
    """

    max_players: int
    name: str | None = None
    properties: Properties = ()
    session_data: str | None = None
    matchmaker_data: str | None = None
    creator_id: str | None = None
    seats: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Override:
    """A location order for one placement, instead of the queue's.

    Attributes:
        falls_back: after one pass over these locations the queue's own order takes over.
    """

    locations: tuple[str, ...]
    falls_back: bool = True


@dataclass(frozen=True, slots=True)
class Placement:
    """One request for a game session.

    Attributes:
        latencies: player id -> location -> milliseconds.
        match_id: the match that asked; None for StartGameSessionPlacement.
        session_arn: the session under way or placed; None while looking for a process.
        session_location: its location.
        override_tried: whether one pass over the override's locations found no process.
    """

    placement_id: str
    queue_name: str
    plan: SessionPlan
    started_at_s: float
    times_out_at_s: float
    latencies: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    override: Override | None = None
    match_id: str | None = None
    status: PlacementStatus = PlacementStatus.PENDING
    session_arn: str | None = None
    session_location: str | None = None
    override_tried: bool = False
    ended_at_s: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the placement can still change."""
        return self.status is PlacementStatus.PENDING

    def reserving(self, session_arn: str, location: str) -> "Placement":
        """Return the placement with a session that the server process has yet to activate."""
        return replace(self, session_arn=session_arn, session_location=location)

    def looking_again(self) -> "Placement":
        """Return the placement without a session: the one it had was never activated."""
        return replace(self, session_arn=None, session_location=None)

    def ended(self, status: PlacementStatus, at_s: float) -> "Placement":
        """Return the placement at its end; only a fulfilled one keeps its session."""
        kept = status is PlacementStatus.FULFILLED
        return replace(
            self,
            status=status,
            ended_at_s=at_s,
            session_arn=self.session_arn if kept else None,
            session_location=self.session_location if kept else None,
        )
