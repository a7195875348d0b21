"""Matchmaking tickets and their states.

    QUEUED -> SEARCHING -> REQUIRES_ACCEPTANCE -> PLACING -> COMPLETED
                  ^                 |                |
                  +-----------------+----------------+   (own players accepted, or the placement timed out)

Every state but the last three below can end in CANCELLED or TIMED_OUT, PLACING also in FAILED.
Source: FlexMatch guide, ticket states; flexmatch specification 4.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from muster_flexmatch import Ticket as Request
from muster_gamelift.state.catalogue import Configuration, FlexMatchMode


class TicketStatus(StrEnum):
    """AWS's own names."""

    QUEUED = "QUEUED"
    SEARCHING = "SEARCHING"
    REQUIRES_ACCEPTANCE = "REQUIRES_ACCEPTANCE"
    PLACING = "PLACING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"


FINAL = frozenset(
    {TicketStatus.COMPLETED, TicketStatus.CANCELLED, TicketStatus.FAILED, TicketStatus.TIMED_OUT},
)
IN_POOL = frozenset({TicketStatus.QUEUED, TicketStatus.SEARCHING})
IN_MATCH = frozenset({TicketStatus.REQUIRES_ACCEPTANCE, TicketStatus.PLACING})


class PoolKey(NamedTuple):
    """Names a pool: tickets that can meet.

    Attributes:
        slots_kept_open: AdditionalPlayerCount; 0 without a queue.
    """

    configuration_name: str
    rule_set_name: str
    slots_kept_open: int = 0


class IllegalTransition(ValueError):
    """The ticket's state does not allow this step: a fault of the caller, not of a user."""

    def __init__(self, ticket_id: str, status: TicketStatus, step: str) -> None:
        """Name the ticket, where it stands, and the step refused."""
        super().__init__(f"ticket {ticket_id} is {status} and cannot be {step}")


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the players of a completed match go.

    Attributes:
        port: 1 to 60,000.
        seats: player id -> player session id; on a ticket, of its own players.
    """

    session_arn: str
    ip_address: str | None
    dns_name: str | None
    port: int
    seats: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Backfill:
    """What makes a ticket stand for a running game instead of for players who wait.

    Attributes:
        session_arn: the game session to fill; None where the game is hosted elsewhere (STANDALONE).
        automatic: made by the service, not asked for.
    """

    session_arn: str | None = None
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Ticket:
    """One request to be matched.

    Attributes:
        request: players and start time, in the matcher's own form.
        configuration: as it was when the ticket started; later updates do not touch it.
        teams: player id -> team, once matched; None while searching.
        match_id: the match it is, or was last, part of.
        counts_at_start: rule counts of the pool when the ticket started.
        ended_at_s: set on a final state.
        backfill: the running game that the ticket stands for, its players seated there; None for others.
    """

    request: Request
    configuration: Configuration
    status: TicketStatus = TicketStatus.QUEUED
    reason: str | None = None
    message: str | None = None
    teams: Mapping[str, str] | None = None
    match_id: str | None = None
    connection: Connection | None = None
    counts_at_start: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    ended_at_s: float | None = None
    backfill: Backfill | None = None

    @property
    def ticket_id(self) -> str:
        """Chosen by the caller, or generated."""
        return self.request.ticket_id

    @property
    def started_at_s(self) -> float:
        """Seconds since the epoch; kept when the ticket returns to the search."""
        return self.request.started_at_s

    @property
    def player_ids(self) -> tuple[str, ...]:
        """The players, in the order given."""
        players = self.request.players
        # Most tickets are of one player, and this is asked for with each step that a ticket takes.
        return (players[0].player_id,) if len(players) == 1 else tuple(player.player_id for player in players)

    @property
    def is_open(self) -> bool:
        """Whether the ticket can still change."""
        return self.status not in FINAL

    @property
    def times_out_at_s(self) -> float:
        """When the request time-out strikes."""
        return self.started_at_s + self.configuration.request_timeout_s

    def searching(self, *, reason: str | None = None, message: str | None = None) -> "Ticket":
        """Return the ticket picked up by the matchmaker, or returned to it for a *reason*."""
        if self.status is not TicketStatus.QUEUED and self.status not in IN_MATCH:
            raise IllegalTransition(self.ticket_id, self.status, "searching")
        return replace(self, status=TicketStatus.SEARCHING, teams=None, match_id=None, reason=reason, message=message)

    def matched(self, match_id: str, teams: Mapping[str, str], *, needs_acceptance: bool) -> "Ticket":
        """Return the ticket as part of a match that waits for acceptance or goes straight to placement.

        Why it searched is over with. Source: MatchmakingTicket reference, StatusReason explains the current status.
        """
        if self.status is not TicketStatus.SEARCHING:
            raise IllegalTransition(self.ticket_id, self.status, "matched")
        status = TicketStatus.REQUIRES_ACCEPTANCE if needs_acceptance else TicketStatus.PLACING
        return replace(self, status=status, match_id=match_id, teams=teams, reason=None, message=None)

    def accepted(self) -> "Ticket":
        """Return the ticket when every player of its match has accepted."""
        if self.status is not TicketStatus.REQUIRES_ACCEPTANCE:
            raise IllegalTransition(self.ticket_id, self.status, "accepted")
        return replace(self, status=TicketStatus.PLACING)

    def completed(self, connection: Connection | None, at_s: float) -> "Ticket":
        """Return the ticket when its match is placed; without a queue there is no *connection*."""
        if self.status is not TicketStatus.PLACING:
            raise IllegalTransition(self.ticket_id, self.status, "completed")
        return replace(self, status=TicketStatus.COMPLETED, connection=connection, ended_at_s=at_s)

    def ended(self, status: TicketStatus, reason: str, message: str, at_s: float) -> "Ticket":
        """Return the ticket ended without a match.

        Args:
            status: CANCELLED, FAILED or TIMED_OUT.
            reason: short code for programs.
            message: a sentence for people.
            at_s: seconds since the epoch.
        """
        if not self.is_open or status not in FINAL or status is TicketStatus.COMPLETED:
            raise IllegalTransition(self.ticket_id, self.status, status)
        return replace(self, status=status, reason=reason, message=message, ended_at_s=at_s)


def pool_of(ticket: Ticket) -> PoolKey:
    """Return the pool that *ticket* searches in."""
    configuration = ticket.configuration
    with_queue = configuration.mode is FlexMatchMode.WITH_QUEUE
    kept_open = configuration.additional_players if with_queue else 0
    return PoolKey(configuration.name, configuration.rule_set_name, kept_open)
