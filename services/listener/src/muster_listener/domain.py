"""What the listener keeps of placements, game sessions and matches, and how reports of them add up.

A report is a record of its own: one that holds what a single notice or event knows. `a.joined(b)` puts two records of
the same thing together. Joining takes no notice of order or repetition: times take the earliest, sets grow, stages only
rise, and everything else is told the same way by whoever tells it. So the stored record is the sum of what was ever
reported, however the reports were delivered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NewType, Self, TypeVar

PlacementId = NewType("PlacementId", str)
SessionArn = NewType("SessionArn", str)
MatchId = NewType("MatchId", str)
PlayerId = NewType("PlayerId", str)
TicketId = NewType("TicketId", str)

T = TypeVar("T")


class Outcome(StrEnum):
    """What became of a placement. Source: "Game session placement events" in the GameLift guide."""

    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    FAILED = "failed"


class SessionStatus(StrEnum):
    """Whether a game session is still played."""

    PLACED = "placed"
    ENDED = "ended"


class Stage(IntEnum):
    """How far a match has come; a number, because it only ever rises."""

    FORMED = 1
    ACCEPTED = 2
    DECLINED = 3
    FAILED = 4
    PLACED = 5
    FINISHED = 6


@dataclass(frozen=True, slots=True)
class Address:
    """Where a game session runs and listens; empty and None where nobody has told.

    Attributes:
        region: AWS region.
        location: the location in the fleet, such as `custom-laptop`.
        ip_address: dotted quad.
        dns_name: the same as a name.
        port: 1 to 60000.
    """

    region: str = ""
    location: str = ""
    ip_address: str | None = None
    dns_name: str | None = None
    port: int | None = None

    def joined(self, other: Self) -> Self:
        """Return what both know together."""
        return replace(
            self,
            region=self.region or other.region,
            location=self.location or other.location,
            ip_address=self.ip_address or other.ip_address,
            dns_name=self.dns_name or other.dns_name,
            port=self.port or other.port,
        )


@dataclass(frozen=True, slots=True)
class Placement:
    """A search for a place to play, which always is over when we hear of it.

    Attributes:
        placement_id: which placement.
        outcome: what became of it; the first outcome stays.
        notice_id: which notice said so.
        started_at: when it was asked for.
        ended_at: when it was over.
        session_arn: the game session; None unless fulfilled.
        address: where that runs.
        player_ids: who has a seat in it, sorted.
        sequence: rises by one with every change; 0 means a report, never stored.
        is_told: whether the outside world was told of the outcome.
    """

    placement_id: PlacementId
    outcome: Outcome
    notice_id: str
    ended_at: datetime
    started_at: datetime | None = None
    session_arn: SessionArn | None = None
    address: Address = field(default_factory=Address)
    player_ids: tuple[PlayerId, ...] = ()
    sequence: int = 0
    is_told: bool = False

    @property
    def id(self) -> str:
        """What it is kept under."""
        return self.placement_id

    @property
    def has_news(self) -> bool:
        """Whether the outside world has yet to be told of the outcome."""
        return not self.is_told

    def joined(self, other: Self) -> Self:
        """Return what both know together; the outcome of this one stays."""
        if other.outcome is not self.outcome:
            return self
        return replace(
            self,
            started_at=earliest(self.started_at, other.started_at),
            ended_at=min(self.ended_at, other.ended_at),
            session_arn=self.session_arn or other.session_arn,
            address=self.address.joined(other.address),
            player_ids=together(self.player_ids, other.player_ids),
        )


@dataclass(frozen=True, slots=True)
class Session:
    """A game session on some server.

    Attributes:
        arn: which session.
        placement_id: the placement that found its place.
        match_id: the match that is played in it.
        address: where it runs.
        player_ids: who has, or had, a seat in it, sorted.
        placed_at: when it had seats for its players.
        ended_at: when it was over; None while it is played.
        sequence: rises by one with every change; 0 means a report, never stored.
        is_told: whether the outside world was told of its end.
        cause: the event that ended it.
    """

    arn: SessionArn
    placement_id: PlacementId | None = None
    match_id: MatchId | None = None
    address: Address = field(default_factory=Address)
    player_ids: tuple[PlayerId, ...] = ()
    placed_at: datetime | None = None
    ended_at: datetime | None = None
    sequence: int = 0
    is_told: bool = False
    cause: str = ""

    @property
    def id(self) -> str:
        """What it is kept under."""
        return self.arn

    @property
    def status(self) -> SessionStatus:
        """Whether it is still played: an end is for ever, even if the news of its beginning comes later."""
        return SessionStatus.PLACED if self.ended_at is None else SessionStatus.ENDED

    @property
    def has_news(self) -> bool:
        """Whether it has ended and the outside world has yet to be told."""
        return self.status is SessionStatus.ENDED and not self.is_told

    def joined(self, other: Self) -> Self:
        """Return what both know together."""
        return replace(
            self,
            placement_id=self.placement_id or other.placement_id,
            match_id=self.match_id or other.match_id,
            address=self.address.joined(other.address),
            player_ids=together(self.player_ids, other.player_ids),
            placed_at=earliest(self.placed_at, other.placed_at),
            ended_at=earliest(self.ended_at, other.ended_at),
            cause=self.cause or other.cause,
        )


@dataclass(frozen=True, slots=True)
class Match:
    """Players put together.

    Attributes:
        match_id: which match.
        stage: the furthest it has come.
        ticket_ids: whose tickets are in it, sorted.
        teams: who plays in which team.
        session_arn: where it is played; None until it is placed.
        formed_at: when it was first heard of.
        ended_at: when it was played to its end; None before.
        scores: goals by team; empty before the end.
        sequence: rises by one with every change; 0 means a report, never stored.
    """

    match_id: MatchId
    stage: Stage
    ticket_ids: tuple[TicketId, ...] = ()
    teams: Mapping[PlayerId, str] = field(default_factory=dict)
    session_arn: SessionArn | None = None
    formed_at: datetime | None = None
    ended_at: datetime | None = None
    scores: Mapping[str, int] = field(default_factory=dict)
    sequence: int = 0

    @property
    def id(self) -> str:
        """What it is kept under."""
        return self.match_id

    def joined(self, other: Self) -> Self:
        """Return what both know together."""
        return replace(
            self,
            stage=max(self.stage, other.stage),
            ticket_ids=together(self.ticket_ids, other.ticket_ids),
            teams={**other.teams, **self.teams},
            session_arn=self.session_arn or other.session_arn,
            formed_at=earliest(self.formed_at, other.formed_at),
            ended_at=earliest(self.ended_at, other.ended_at),
            scores=self.scores or other.scores,
        )


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One notice as it came, for people who look into what happened.

    Attributes:
        notice_id: which notice; the key, so that a repeat is the same entry.
        kind: `matchmaking` or `placement`.
        type: GameLift's own name for what it tells.
        at: when GameLift said it.
        about: ids of what it speaks of: tickets, a match, a placement.
        body: the notice as JSON, without player session ids.
    """

    notice_id: str
    kind: str
    type: str
    at: datetime
    about: tuple[str, ...]
    body: str


Record = Placement | Session | Match
R = TypeVar("R", Placement, Session, Match)


def advance(stored: R | None, told: R) -> R:
    """Return the record after the report *told*; a report without news gives *stored* back.

    Args:
        stored: the record so far; None when there is none.
        told: a report of the same thing.
    """
    if stored is None:
        return replace(told, sequence=1)
    after = stored.joined(told)
    return stored if after == stored else replace(after, sequence=stored.sequence + 1)


def earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the earlier of the times that are known; None when neither is."""
    return min((at for at in (one, other) if at is not None), default=None)


def together(one: tuple[T, ...], other: tuple[T, ...]) -> tuple[T, ...]:
    """Return the members of both, each once, sorted."""
    return tuple(sorted({*one, *other}, key=str))
