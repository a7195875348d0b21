"""In-memory stand-ins for the ports of tickets, and builders; the contract tests hold them to what AWS does."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from muster_runtime.clock import Clock
from muster_runtime.testing import FakeClock
from muster_tickets.domain import (
    MatchId,
    Notice,
    PlayerId,
    Seat,
    SessionAddress,
    Standing,
    Status,
    Ticket,
    TicketId,
)
from muster_tickets.errors import TicketChanged
from muster_tickets.ports import Check

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
QUIET_S = 30.0
KEEP_OPEN_S = 86_400.0
KEEP_ENDED_S = 10_800.0

ANN, BEN, EVE = PlayerId("ann"), PlayerId("ben"), PlayerId("eve")
TICKET = TicketId("ticket-1")
MATCH = MatchId("match-1")
ADDRESS = SessionAddress(
    game_session_arn="arn:aws:gamelift:us-east-1:000000000000:gamesession/fleet-1/custom-laptop/1",
    ip_address="127.0.0.1",
    port=7777,
)
SEATS = (Seat(ANN, "psess-ann"), Seat(BEN, "psess-ben"))


def a_notice(
    status: Status,
    at_s: float = 0.0,
    *,
    ticket_id: str = TICKET,
    notice_id: str | None = None,
    match_id: str | None = None,
    player_ids: tuple[PlayerId, ...] = (ANN, BEN),
    configuration: str = "",
    requested_at_s: float | None = None,
    reason: str = "",
    is_answer: bool = False,
) -> Notice:
    """A notice of something that happened *at_s* seconds after `START`; completed ones say where to play."""
    won = status is Status.COMPLETED
    return Notice(
        ticket_id=TicketId(ticket_id),
        standing=Standing(
            status=status,
            at=START + timedelta(seconds=at_s),
            notice_id=notice_id or f"{ticket_id}:{status}:{at_s}",
            match_id=MatchId(match_id or MATCH) if status.has_match else None,
            session=ADDRESS if won else None,
            seats=tuple(seat for seat in SEATS if seat.player_id in player_ids) if won else (),
            reason=reason,
        ),
        player_ids=player_ids,
        configuration=configuration,
        requested_at=None if requested_at_s is None else START + timedelta(seconds=requested_at_s),
        is_answer=is_answer,
    )


def a_request(at_s: float = 0.0, *, ticket_id: str = TICKET) -> Notice:
    """What ticket.requested says."""
    return a_notice(Status.REQUESTED, at_s, ticket_id=ticket_id, configuration="muster-arena", requested_at_s=at_s)


def a_ticket(status: Status = Status.SEARCHING, *, sequence: int = 1, announced: int = 1, at_s: float = 0.0) -> Ticket:
    notice = a_notice(status, at_s)
    return Ticket(
        ticket_id=notice.ticket_id,
        standing=notice.standing,
        player_ids=notice.player_ids,
        configuration="muster-arena",
        requested_at=START,
        sequence=sequence,
        announced=announced,
    )


@dataclass
class MemoryTicketStore:
    """`TicketStore` in dictionaries; `history` keeps every state that a poller could have seen."""

    clock: Clock
    tickets: dict[TicketId, Ticket] = field(default_factory=dict)
    expires_at_s: dict[TicketId, float] = field(default_factory=dict)
    due_at_s: dict[TicketId, float] = field(default_factory=dict)
    history: list[Ticket] = field(default_factory=list)

    async def load(self, ticket_id: TicketId) -> Ticket | None:
        if self.expires_at_s.get(ticket_id, 0.0) <= self.clock.epoch_s():
            return None
        return self.tickets.get(ticket_id)

    async def save(self, ticket: Ticket, *, expected: int) -> None:
        stored = await self.load(ticket.ticket_id)
        if (stored.sequence if stored else 0) != expected:
            raise TicketChanged
        now_s = self.clock.epoch_s()
        self.tickets[ticket.ticket_id] = ticket
        self.expires_at_s[ticket.ticket_id] = now_s + (KEEP_OPEN_S if ticket.is_open else KEEP_ENDED_S)
        self.due_at_s.pop(ticket.ticket_id, None)
        if ticket.is_open or ticket.is_untold:
            self.due_at_s[ticket.ticket_id] = now_s + QUIET_S
        self.history.append(ticket)

    async def mark_announced(self, ticket: Ticket) -> None:
        stored = self.tickets.get(ticket.ticket_id)
        if stored is not None and stored.sequence == ticket.sequence:
            self.tickets[ticket.ticket_id] = replace(stored, announced=ticket.sequence)
            if not ticket.is_open:
                self.due_at_s.pop(ticket.ticket_id, None)

    async def due(self, *, limit: int) -> tuple[Check, ...]:
        now_s = self.clock.epoch_s()
        overdue = sorted((at_s, ticket_id) for ticket_id, at_s in self.due_at_s.items() if at_s <= now_s)
        return tuple(Check(ticket_id=ticket_id, due_at_s=at_s) for at_s, ticket_id in overdue[:limit])

    async def take(self, check: Check, *, again_in_s: float) -> bool:
        if self.due_at_s.get(check.ticket_id) != check.due_at_s:
            return False
        self.due_at_s[check.ticket_id] = self.clock.epoch_s() + again_in_s
        return True


@dataclass
class ScriptedMatchmaker:
    """`Matchmaker` that answers what a test put in `says`."""

    says: dict[TicketId, Notice] = field(default_factory=dict)
    asked: list[tuple[TicketId, ...]] = field(default_factory=list)

    async def describe(self, ticket_ids: Sequence[TicketId]) -> tuple[Notice, ...]:
        self.asked.append(tuple(ticket_ids))
        return tuple(self.says[ticket_id] for ticket_id in ticket_ids if ticket_id in self.says)


@dataclass
class FakeBell:
    """`Bell` without waiting: a wait moves the clock, and `meanwhile` runs while it lasts."""

    clock: FakeClock
    rung: list[TicketId] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)
    meanwhile: list[Ticket] = field(default_factory=list)
    store: MemoryTicketStore | None = None
    stopping: bool = False

    def ring(self, ticket_id: TicketId) -> None:
        self.rung.append(ticket_id)

    async def wait(self, ticket_id: TicketId, *, within_s: float) -> bool:
        if self.stopping:
            return False
        self.waits_s.append(within_s)
        self.clock.advance(within_s)
        if self.meanwhile and self.store is not None:
            ticket = self.meanwhile.pop(0)
            await self.store.save(ticket, expected=ticket.sequence - 1)
        return True
