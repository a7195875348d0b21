"""What the handlers need from outside, told by effect."""

from typing import Protocol

from muster_matchmaking.domain import Claim, PlayerId, TicketId


class ClaimStore(Protocol):
    """Keeps claims; one open claim a player."""

    async def open(self, claim: Claim) -> None:
        """Store *claim*, hold its player and queue the event `ticket.requested`, all or nothing.

        Raises:
            ClaimMoved: the ticket id is taken, or the player is held by a claim that has not expired.
        """

    async def load(self, ticket_id: TicketId) -> Claim | None:
        """Return the claim, also for some time after it expired; None when it was never stored or is deleted."""

    async def holder(self, player_id: PlayerId) -> TicketId | None:
        """Return the ticket that holds the player; None when none does."""

    async def mark_submitted(self, claim: Claim) -> bool:
        """Record that GameLift took an accepted claim; False, and nothing is changed, when it has moved on."""

    async def end(self, claim: Claim, *, reason: str = "") -> bool:
        """Store an ended *claim* and let go of its player; with *reason*, queue the event `ticket.refused`.

        False, and nothing is changed, when the stored claim is in a state that this end may not follow: it has ended
        before, or GameLift has taken it meanwhile. So a repeat is harmless.
        """


class SkillStore(Protocol):
    """Keeps what is known of players' skill."""

    async def skill(self, player_id: PlayerId) -> float | None:
        """Return the player's skill; None when nobody has rated them."""


class FlexMatch(Protocol):
    """GameLift's matchmaking."""

    async def submit(self, claim: Claim) -> str:
        """Start matchmaking for *claim*; return the configuration's ARN.

        A claim that GameLift already has under the same ticket id counts as submitted.

        Raises:
            RefusedByGameLift: GameLift will never take it.
            GameLiftThrottled: it may, later.
            GameLiftDown: it did not answer.
        """

    async def stop(self, ticket_id: TicketId) -> bool:
        """Ask GameLift to cancel the ticket; False when GameLift does not know it.

        Raises:
            TooLateToCancel: the ticket is being placed, or has ended.
            GameLiftThrottled: ask again later.
            GameLiftDown: it did not answer.
        """
