"""What can go wrong in matchmaking, in its own words.

MusterError
├── Invalid
│   ├── LatencyUnusable       no region with a usable latency
│   ├── KeyReused             an idempotency key came back with another request
│   └── RefusedByGameLift     GameLift will never take this request
├── Conflict
│   ├── AlreadyQueued         the player has an open ticket
│   ├── TooLateToCancel       the ticket is being placed, or has ended
│   └── ClaimMoved            another writer changed the claim first
├── NotFound
│   └── TicketUnknown         no such ticket, or not one of the caller's
├── Busy
│   └── GameLiftThrottled     GameLift asks us to slow down
└── Unavailable
    └── GameLiftDown          GameLift does not answer
"""

from muster_runtime.errors import Busy, Conflict, Invalid, NotFound, Unavailable


class LatencyUnusable(Invalid):
    """The request names no region with a usable latency."""

    code = "latency_unusable"
    advice = "Measure at least one region and send its latency in milliseconds."


class KeyReused(Invalid):
    """An idempotency key came back with another request."""

    code = "idempotency_key_reused"
    advice = "Use a new Idempotency-Key for a new request."


class RefusedByGameLift(Invalid):
    """GameLift will never take this request, however often it is sent."""

    code = "refused_by_gamelift"
    advice = "Check the matchmaking configuration and the attributes its rule set wants."


class AlreadyQueued(Conflict):
    """The player has an open ticket; one player has at most one.

    Attributes:
        ticket_id: the open ticket.
    """

    code = "already_queued"
    advice = "Wait for the open ticket, or cancel it first."

    def __init__(self, ticket_id: str) -> None:
        """Name the open ticket."""
        super().__init__(f"You are queued with ticket {ticket_id}; wait for it, or cancel it first.")
        self.ticket_id = ticket_id


class TooLateToCancel(Conflict):
    """The ticket is being placed, or has ended: GameLift does not stop it any more."""

    code = "too_late_to_cancel"
    advice = "Read the ticket to see how it ended."


class ClaimMoved(Conflict):
    """Another writer changed the claim between our read and our write."""

    code = "claim_moved"
    advice = "Repeat the request."


class TicketUnknown(NotFound):
    """There is no such ticket, or it is not one of the caller's."""

    code = "ticket_unknown"
    advice = "Use the ticket id that the matchmaking request answered."


class GameLiftThrottled(Busy):
    """GameLift asks us to slow down."""

    code = "gamelift_throttled"


class GameLiftDown(Unavailable):
    """GameLift does not answer."""

    code = "gamelift_unavailable"
