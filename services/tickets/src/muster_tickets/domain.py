"""What a ticket is, and what news does to it.

Everything that reaches this service, a notice of GameLift, an event of matchmaking, an answer of
DescribeMatchmaking, becomes a `Notice`: what somebody says of one ticket. `advance` joins it into the ticket.

Delivery may repeat notices and change their order, so joining must not care: of all the standings that were ever
reported for a ticket the one that outranks the others stays, whichever way round they came. Three rules rank them:

1. An end outranks everything that is open, and the first end stays for ever.
2. Whatever GameLift says outranks the mere request.
3. Among open standings the later one wins. So a ticket whose match fell through goes back to searching, while a
   searching notice that was only late changes nothing.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NewType, Self

TicketId = NewType("TicketId", str)
PlayerId = NewType("PlayerId", str)
MatchId = NewType("MatchId", str)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LOST = "UNKNOWN_TO_MATCHMAKER"
"""Why a ticket failed that GameLift has never heard of, or has forgotten."""


class Status(StrEnum):
    """Where a ticket stands: GameLift's own words, and two of ours before and beside them.

    Source: MatchmakingTicket, Status, in the GameLift API reference.
    """

    REQUESTED = "REQUESTED"
    """Ours: matchmaking accepted the request, GameLift has not spoken yet."""
    QUEUED = "QUEUED"
    SEARCHING = "SEARCHING"
    REQUIRES_ACCEPTANCE = "REQUIRES_ACCEPTANCE"
    PLACING = "PLACING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    REFUSED = "REFUSED"
    """Ours: GameLift would not take the request at all."""

    @property
    def is_final(self) -> bool:
        """Whether nothing can come after it."""
        return self in _FINAL

    @property
    def has_match(self) -> bool:
        """Whether a ticket in this status belongs to a match."""
        return self in _MATCHED

    @property
    def rank(self) -> int:
        """How far along the way it is; decides between two standings of the same millisecond."""
        return _RANK[self]


_FINAL = frozenset({Status.COMPLETED, Status.CANCELLED, Status.FAILED, Status.TIMED_OUT, Status.REFUSED})
_MATCHED = frozenset({Status.REQUIRES_ACCEPTANCE, Status.PLACING, Status.COMPLETED})
_RANK = {status: rank for rank, status in enumerate(Status)}


@dataclass(frozen=True, slots=True)
class SessionAddress:
    """Where the game session of a match listens.

    Attributes:
        game_session_arn: which session.
        ip_address: dotted quad, as the oldest clients need it.
        dns_name: the same as a name; None where the fleet has none.
        port: 1 to 60000.
    """

    game_session_arn: str | None = None
    ip_address: str | None = None
    dns_name: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """One player's own place in the game session.

    Attributes:
        player_id: whose.
        player_session_id: opens the seat; a secret of that player, so it never shows in a representation.
    """

    player_id: PlayerId
    player_session_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody says that a ticket stands.

    Attributes:
        status: the stage.
        at: since when, by the clock of whoever says it.
        notice_id: which notice, event or answer said so.
        match_id: the match it belongs to; None outside of a match, and where GameLift does not say.
        session: where to play, once completed; None for matches without a queue.
        seats: who sits where, once completed, ordered by player.
        reason: why it ended without a match; empty otherwise.
    """

    status: Status
    at: datetime
    notice_id: str
    match_id: MatchId | None = None
    session: SessionAddress | None = None
    seats: tuple[Seat, ...] = ()
    reason: str = ""

    def outranks(self, other: Self) -> bool:
        """Tell whether this standing replaces *other*, by the three rules at the top of this module."""
        if other.status.is_final:
            return False
        return self._precedence > other._precedence

    @property
    def _precedence(self) -> tuple[bool, bool, datetime, int, str]:
        # The notice id only makes the order total: two copies of one notice have the same one.
        heard = self.status is not Status.REQUESTED
        return self.status.is_final, heard, self.at, self.status.rank, self.notice_id

    def following(self, other: Self) -> Self:
        """Return this standing with the match that *other* already named, where this one names none.

        DescribeMatchmaking tells that a ticket is placing or completed, but never for which match.
        """
        if self.match_id is None and self.status.has_match and other.status.has_match:
            return replace(self, match_id=other.match_id)
        return self

    def completed_by(self, other: Self) -> Self:
        """Return this standing with the gaps filled from *other*, when both tell of the same end."""
        if not self.status.is_final or self.status is not other.status:
            return self
        return replace(
            self,
            match_id=self.match_id or other.match_id,
            session=self.session or other.session,
            seats=self.seats or other.seats,
            reason=self.reason or other.reason,
        )


@dataclass(frozen=True, slots=True)
class Notice:
    """What somebody says of one ticket.

    Attributes:
        ticket_id: which ticket.
        standing: where it stands.
        player_ids: who is on it, as far as the speaker tells.
        configuration: name of the matchmaking configuration; empty when not told.
        requested_at: when matchmaking began for it; None when not told.
        is_answer: whether the speaker was asked, and so tells a present state and not a change: hearing again what
            is known already is no news, whatever the time.
    """

    ticket_id: TicketId
    standing: Standing
    player_ids: tuple[PlayerId, ...] = ()
    configuration: str = ""
    requested_at: datetime | None = None
    is_answer: bool = False

    def changes(self, ticket: "Ticket") -> bool:
        """Tell whether *ticket* stands elsewhere after this."""
        if self.is_answer and self.standing.status is ticket.status:
            return False
        return self.standing.outranks(ticket.standing)


@dataclass(frozen=True, slots=True)
class Ticket:
    """One request for a match, and how far it has come.

    Attributes:
        ticket_id: which ticket.
        standing: where it stands.
        player_ids: who is on it, sorted.
        configuration: name of the matchmaking configuration; empty while nobody told.
        requested_at: when matchmaking began for it; None while nobody told.
        sequence: rises by one with every change; 0 means never stored.
        announced: the last sequence that the outside world was told of.
    """

    ticket_id: TicketId
    standing: Standing
    player_ids: tuple[PlayerId, ...] = ()
    configuration: str = ""
    requested_at: datetime | None = None
    sequence: int = 0
    announced: int = 0

    @classmethod
    def unseen(cls, ticket_id: TicketId) -> Self:
        """Return the ticket of which nothing is known yet; whatever is said of it is news."""
        return cls(ticket_id=ticket_id, standing=Standing(status=Status.REQUESTED, at=EPOCH, notice_id=""))

    @property
    def status(self) -> Status:
        """The stage it is in."""
        return self.standing.status

    @property
    def is_open(self) -> bool:
        """Whether it may still change its status."""
        return not self.status.is_final

    @property
    def is_untold(self) -> bool:
        """Whether the outside world has yet to hear of its present state."""
        return self.announced < self.sequence

    def belongs_to(self, player_id: PlayerId) -> bool:
        """Tell whether *player_id* is on it: nobody else may look at it."""
        return player_id in self.player_ids

    def seat_of(self, player_id: PlayerId) -> Seat | None:
        """Return that player's own seat; None before the match has one for them."""
        return next((seat for seat in self.standing.seats if seat.player_id == player_id), None)


def advance(ticket: Ticket, notice: Notice) -> Ticket | None:
    """Return *ticket* after *notice*, or None when the notice is stale, repeated or otherwise no news.

    The result does not depend on the order in which a ticket's notices come, nor on how often; see the three
    rules at the top of this module. A stale notice may still fill in what nobody had told so far.
    """
    told = notice.standing
    standing = told.following(ticket.standing) if notice.changes(ticket) else ticket.standing.completed_by(told)
    after = replace(
        ticket,
        standing=standing,
        player_ids=tuple(sorted({*ticket.player_ids, *notice.player_ids})),
        configuration=ticket.configuration or notice.configuration,
        requested_at=_earlier(ticket.requested_at, notice.requested_at),
    )
    if after == ticket:
        return None
    after = replace(after, sequence=ticket.sequence + 1)
    return after if is_announced(after.status) else replace(after, announced=after.sequence)


def is_announced(status: Status) -> bool:
    """Tell whether the outside world is told when a ticket reaches *status*.

    Not of a request: the event of matchmaking that created the ticket says as much already.
    """
    return status not in {Status.REQUESTED, Status.QUEUED}


def given_up(ticket: Ticket, *, now: datetime, after_s: float) -> Notice | None:
    """Return the notice that ends a ticket which GameLift does not know, or None while there is still hope.

    A ticket exists here before it is submitted to GameLift, so being unknown means nothing at first.

    Args:
        ticket: the ticket that DescribeMatchmaking left out.
        now: the present.
        after_s: seconds since the last news of it after which it counts as lost.
    """
    if not ticket.is_open or now - ticket.standing.at < timedelta(seconds=after_s):
        return None
    standing = Standing(status=Status.FAILED, at=now, notice_id=f"lost:{ticket.ticket_id}", reason=LOST)
    return Notice(ticket_id=ticket.ticket_id, standing=standing)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)
