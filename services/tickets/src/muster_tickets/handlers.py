"""What the ticket service does: apply news to tickets, show them, and look after the quiet ones.

The order is always the same: save, announce, mark, and only then is the message acknowledged. Announcements are made
from the stored ticket and not from the change just made. So wherever the process stops, the repeat of the message, or
the reconciler, finds what is still to be told and tells it, under the same event id.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, assert_never

import structlog

from muster_events.envelope import Event, EventData, event
from muster_events.tickets import TicketEnded, TicketMatched, TicketPlacing, TicketSearching
from muster_runtime.clock import Clock
from muster_runtime.errors import MusterError
from muster_tickets.domain import Notice, PlayerId, Status, Ticket, TicketId, advance, given_up
from muster_tickets.errors import TicketChanged, TicketContended, TicketUnknown
from muster_tickets.ports import Bell, Matchmaker, TicketStore

SAVE_ATTEMPTS: Final = 5
"""A ticket has few writers, and each of them at most a handful of notices at a time."""
TICKETS_AT_A_TIME: Final = 10
"""A match may hold 200 tickets; this many of one notice are worked on at once."""
DESCRIBED_AT_A_TIME: Final = 10
"""DescribeMatchmaking takes 10 ticket ids a call. Source: its page in the GameLift API reference."""
CHECKS_A_ROUND: Final = 100
REASON_MAX: Final = 1024
"""Longest reason in a ticket.ended, in characters."""
_OUTCOMES: Final[Mapping[Status, Literal["cancelled", "failed", "timed_out", "refused"]]] = {
    Status.CANCELLED: "cancelled",
    Status.FAILED: "failed",
    Status.TIMED_OUT: "timed_out",
    Status.REFUSED: "refused",
}
LOOK_EVERY_S: Final = 0.5
"""How often a waiting poll reads the store, because the bell only rings for changes made by its own process."""

log: Final = structlog.get_logger(__name__)


class Publisher(Protocol):
    """Tells the outside world."""

    async def publish(self, *events: Event[Any]) -> None:
        """Publish *events*; returns once the bus has taken all of them.

        Raises:
            Busy: the bus throttles us.
            Unavailable: the bus does not answer; some of the events may have been taken.
        """


@dataclass(frozen=True, slots=True)
class TicketHandlers:
    """The use cases of the ticket service.

    Attributes:
        store: keeps the tickets.
        publisher: tells the outside world.
        matchmaker: GameLift, asked about tickets that went quiet.
        bell: wakes polls that wait for a change.
        clock: where the time comes from.
        recheck_after_s: seconds between two looks after the same quiet ticket.
        lost_after_s: seconds without news after which a ticket unknown to GameLift has failed.
    """

    store: TicketStore
    publisher: Publisher
    matchmaker: Matchmaker
    bell: Bell
    clock: Clock
    recheck_after_s: float
    lost_after_s: float

    async def on_notices(self, notices: Sequence[Notice]) -> None:
        """Apply what one message says of several tickets; one ticket's trouble does not hold up the others.

        Safe to repeat: see `on_notice`.

        Raises:
            MusterError: the first of what went wrong, after every ticket had its turn.
        """
        failures: list[MusterError] = []
        turns = asyncio.Semaphore(TICKETS_AT_A_TIME)

        async def take_turn(notice: Notice) -> None:
            async with turns:
                try:
                    await self.on_notice(notice)
                except MusterError as error:
                    failures.append(error)

        async with asyncio.TaskGroup() as group:
            for notice in notices:
                group.create_task(take_turn(notice))
        if failures:
            raise failures[0]

    async def on_notice(self, notice: Notice) -> None:
        """Apply *notice* to its ticket, and tell the outside world.

        Safe to repeat: a notice already applied changes nothing, and an announcement that was missed is made up for.

        Raises:
            TicketContended: other writers kept getting there first.
            Busy, Unavailable: the store or the bus did; nothing is lost, repeat the notice.
        """
        await self._announce(await self._apply(notice))

    async def show(self, ticket_id: TicketId, player_id: PlayerId) -> Ticket:
        """Return the ticket to a player who is on it.

        Raises:
            TicketUnknown: there is no such ticket, or *player_id* is not on it.
        """
        ticket = await self._visible(ticket_id, player_id)
        if ticket is None:
            raise TicketUnknown(retry_after_s=1.0)
        return ticket

    async def watch(self, ticket_id: TicketId, player_id: PlayerId, *, seen: int | None, wait_s: float) -> Ticket:
        """Return the ticket as soon as it differs from what the caller has seen, or after *wait_s* seconds.

        A ticket that is not known yet is waited for as well: its first notice may still be on the way.

        Args:
            ticket_id: which ticket.
            player_id: who asks.
            seen: the sequence the caller has; None to wait for a change from now on.
            wait_s: longest wait.

        Raises:
            TicketUnknown: there still is no such ticket, or *player_id* is not on it.
        """
        until_s = self.clock.monotonic_s() + wait_s
        ticket = await self._visible(ticket_id, player_id)
        if seen is None:
            seen = ticket.sequence if ticket else 0
        while ticket is None or (ticket.is_open and ticket.sequence == seen):
            left_s = until_s - self.clock.monotonic_s()
            if left_s <= 0 or not await self.bell.wait(ticket_id, within_s=min(left_s, LOOK_EVERY_S)):
                break
            ticket = await self._visible(ticket_id, player_id)
        if ticket is None:
            raise TicketUnknown(retry_after_s=1.0)
        return ticket

    async def reconcile(self) -> int:
        """Look after tickets that went quiet: ask GameLift, apply its answer, make up for missed announcements.

        Safe to repeat, and safe to run in several processes at once, without a lease: a check is taken by moving its
        due time on condition that nobody else did; and should two ask about the same ticket all the same, the second
        answer is no news.

        Returns:
            How many tickets were looked after.

        A ticket that cannot be dealt with, whatever the reason, does not hold up the others: it is due again.

        Raises:
            MatchmakerBusy, MatchmakerUnavailable: GameLift did not answer; the tickets are due again shortly.
            MusterError: the first of what went wrong with single tickets, after every ticket had its turn.
        """
        due = await self.store.due(limit=CHECKS_A_ROUND)
        taken = [check for check in due if await self.store.take(check, again_in_s=self.recheck_after_s)]
        failures: list[MusterError] = []
        for start in range(0, len(taken), DESCRIBED_AT_A_TIME):
            failures += await self._look_after(
                [check.ticket_id for check in taken[start : start + DESCRIBED_AT_A_TIME]]
            )
        if failures:
            raise failures[0]
        return len(taken)

    async def _look_after(self, ticket_ids: Sequence[TicketId]) -> list[MusterError]:
        """Look after a few tickets at once, and return what went wrong with any of them."""
        told = {notice.ticket_id: notice for notice in await self.matchmaker.describe(ticket_ids)}
        failures: list[MusterError] = []

        async def take_turn(ticket_id: TicketId) -> None:
            try:
                await self._catch_up(ticket_id, told.get(ticket_id))
            except MusterError as error:
                failures.append(error)
            except Exception:
                # Ours is the fault; but were the service to end over it, it would do so again at every start.
                log.exception("ticket_not_looked_after", ticket_id=ticket_id)

        async with asyncio.TaskGroup() as group:
            for ticket_id in ticket_ids:
                group.create_task(take_turn(ticket_id))
        return failures

    async def _catch_up(self, ticket_id: TicketId, told: Notice | None) -> None:
        """Apply what GameLift says of a quiet ticket, or that it knows nothing of it, and tell what is still untold."""
        if told is not None:
            await self.on_notice(told)
        elif (ticket := await self.store.load(ticket_id)) is not None:
            lost = given_up(ticket, now=self.clock.now(), after_s=self.lost_after_s)
            await self._announce(ticket if lost is None else await self._apply(lost))

    async def _visible(self, ticket_id: TicketId, player_id: PlayerId) -> Ticket | None:
        ticket = await self.store.load(ticket_id)
        return ticket if ticket is not None and ticket.belongs_to(player_id) else None

    async def _apply(self, notice: Notice) -> Ticket:
        """Join *notice* into the stored ticket, and return what is stored now."""
        for _ in range(SAVE_ATTEMPTS):
            ticket = await self.store.load(notice.ticket_id) or Ticket.unseen(notice.ticket_id)
            after = advance(ticket, notice)
            if after is None:
                return ticket
            try:
                await self.store.save(after, expected=ticket.sequence)
            except TicketChanged:
                continue
            self.bell.ring(notice.ticket_id)
            return after
        raise TicketContended

    async def _announce(self, ticket: Ticket) -> None:
        """Tell the outside world of the stored *ticket*, unless that is done already."""
        if ticket.is_untold:
            await self.publisher.publish(announcement(ticket))
            await self.store.mark_announced(ticket)


def announcement(ticket: Ticket) -> Event[EventData]:
    """Return the event that tells of the ticket's present state.

    It is made of the ticket alone, so a repeat is the same event with the same id.

    Raises:
        ValueError: nobody is told of a ticket that was merely requested.
    """
    standing = ticket.standing
    return event(
        _told(ticket),
        subject=ticket.ticket_id,
        sequence=ticket.sequence,
        occurred_at=standing.at,
        causes=(standing.notice_id,),
    )


def _told(ticket: Ticket) -> EventData:
    standing, status = ticket.standing, ticket.status
    match status:
        case Status.SEARCHING:
            return TicketSearching(ticket_id=ticket.ticket_id, player_ids=ticket.player_ids)
        case Status.REQUIRES_ACCEPTANCE | Status.PLACING:
            return TicketPlacing(
                ticket_id=ticket.ticket_id,
                player_ids=ticket.player_ids,
                match_id=standing.match_id or "",
                acceptance_required=status is Status.REQUIRES_ACCEPTANCE,
            )
        case Status.COMPLETED:
            return TicketMatched(
                ticket_id=ticket.ticket_id,
                player_ids=ticket.player_ids,
                match_id=standing.match_id or "",
                game_session_arn=standing.session and standing.session.game_session_arn,
            )
        case Status.CANCELLED | Status.FAILED | Status.TIMED_OUT | Status.REFUSED:
            return TicketEnded(
                ticket_id=ticket.ticket_id,
                player_ids=ticket.player_ids,
                outcome=_OUTCOMES[status],
                reason=standing.reason[:REASON_MAX],
            )
        case Status.REQUESTED | Status.QUEUED:
            raise ValueError(f"nobody is told of a ticket that is {status}")
        case _:
            assert_never(status)
