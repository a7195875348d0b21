"""What the ticket handlers need from outside, told by effect."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from muster_tickets.domain import Notice, Ticket, TicketId


@dataclass(frozen=True, slots=True)
class Check:
    """A ticket that has been quiet for so long that somebody should look after it.

    Attributes:
        ticket_id: which ticket.
        due_at_s: when the look was due, seconds since the epoch; also says which due time was seen, so that of
            several reconcilers one takes the check.
    """

    ticket_id: TicketId
    due_at_s: float


class TicketStore(Protocol):
    """Keeps tickets, and knows which of them are due for a look."""

    async def load(self, ticket_id: TicketId) -> Ticket | None:
        """Return the stored ticket, or None when it was never stored or has expired.

        Reads are strongly consistent: a load after a save sees it.

        Raises:
            Busy: the store throttles us.
            Unavailable: the store does not answer.
        """

    async def save(self, ticket: Ticket, *, expected: int) -> None:
        """Store *ticket* if the stored sequence is still *expected*.

        A ticket that is open, or has something to announce, becomes due for a look after the quiet time; another
        is never due again.

        Args:
            ticket: the ticket to keep.
            expected: the sequence it was loaded with; 0 when it was not stored.

        Raises:
            TicketChanged: another writer got there first; load again and decide again.
            Busy: the store throttles us.
            Unavailable: the store does not answer; it may or may not have stored the ticket.
        """

    async def mark_announced(self, ticket: Ticket) -> None:
        """Record that the outside world has been told of this sequence.

        Does nothing when the stored ticket has moved on meanwhile: whoever moved it announces it.

        Raises:
            Busy: the store throttles us.
            Unavailable: the store does not answer.
        """

    async def due(self, *, limit: int) -> tuple[Check, ...]:
        """Return up to *limit* checks whose time has come, the longest overdue first.

        May be a little behind, and may name a ticket that has changed since.

        Raises:
            Busy: the store throttles us.
            Unavailable: the store does not answer.
        """

    async def take(self, check: Check, *, again_in_s: float) -> bool:
        """Make *check* due again in *again_in_s* seconds, and tell whether it was still there to take.

        False means that another reconciler took it, or that the ticket had news meanwhile.

        Raises:
            Busy: the store throttles us.
            Unavailable: the store does not answer.
        """


class Matchmaker(Protocol):
    """GameLift, asked directly."""

    async def describe(self, ticket_ids: Sequence[TicketId]) -> tuple[Notice, ...]:
        """Return what GameLift says of these tickets now; those it does not know are left out.

        Args:
            ticket_ids: 1 to 10 different tickets.

        Raises:
            MatchmakerBusy: GameLift throttles us.
            MatchmakerUnavailable: GameLift does not answer, or answers with an error.
        """


class Bell(Protocol):
    """Wakes whoever waits for a ticket to change."""

    def ring(self, ticket_id: TicketId) -> None:
        """Wake everyone of this process who waits for this ticket."""

    async def wait(self, ticket_id: TicketId, *, within_s: float) -> bool:
        """Return once the bell rings for this ticket, or *within_s* seconds have passed.

        A change made by another process does not ring here, so look at the store either way.

        Returns:
            False when the service is being stopped and there is no use in waiting again.
        """
