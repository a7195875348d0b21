"""What can go wrong for a virtual player, and for those who start them.

JourneyFailed
├── Unreachable       unreachable        nobody answers at the address
├── AnswerRefused     answer_refused     a service said no
├── AnswerUnusable    answer_unusable    a service said something that its documents do not
├── TicketEnded       ticket_ended       matchmaking ended without a match
├── SeatRefused       seat_refused       the game server did not take the player session id
├── GameBroken        game_broken        the game server went away before the match ended
├── NothingUnlocked   nothing_unlocked   the achievement did not come
└── TookTooLong       took_too_long      the time for the whole journey is up

MusterError (the runtime's)
├── RunUnknown        run_unknown        there is no such run, or it is forgotten
└── RunsFull          runs_full          too many runs are waiting
"""

from typing import ClassVar

from muster_runtime.errors import NotFound, TooMany


class JourneyFailed(Exception):
    """Base of everything that ends a journey early. The text never holds a token or a player session id.

    Attributes:
        kind: stable snake_case name.
    """

    kind: ClassVar[str] = "failed"


class Unreachable(JourneyFailed):
    """Nobody answers; is Muster up, and is this its address?"""

    kind = "unreachable"


class AnswerRefused(JourneyFailed):
    """A service said no.

    Attributes:
        status: HTTP status.
        code: the problem's stable code; empty when it has none.
    """

    kind = "answer_refused"

    def __init__(self, method: str, path: str, *, status: int, code: str) -> None:
        """Build the error; *path* is without its query."""
        super().__init__(f"{method} {path}: {status} {code}".rstrip())
        self.status = status
        self.code = code


class AnswerUnusable(JourneyFailed):
    """A service answered in a shape that its API document does not have."""

    kind = "answer_unusable"


class TicketEnded(JourneyFailed):
    """Matchmaking ended without a match.

    Attributes:
        status: the ticket's last status.
    """

    kind = "ticket_ended"

    def __init__(self, status: str, reason: str) -> None:
        """Build the error; *reason* is the ticket's own."""
        super().__init__(f"{status}: {reason}" if reason else status)
        self.status = status


class SeatRefused(JourneyFailed):
    """The game server did not take the player session id."""

    kind = "seat_refused"


class GameBroken(JourneyFailed):
    """The game server went away, or spoke nonsense, before the match ended."""

    kind = "game_broken"


class NothingUnlocked(JourneyFailed):
    """The expected achievement was not unlocked in time."""

    kind = "nothing_unlocked"


class TookTooLong(JourneyFailed):
    """The time for the whole journey is up."""

    kind = "took_too_long"


class RunUnknown(NotFound):
    """There is no such run, or it is so old that it is forgotten."""

    code = "run_unknown"
    advice = "Check the id; runs live in memory, and only the latest are kept."


class RunsFull(TooMany):
    """Too many runs are waiting already."""

    code = "runs_full"
    advice = "Wait until a run has ended, as long as Retry-After says."
