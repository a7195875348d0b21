"""What can go wrong between a game server and GameLift.

    GameServerError
    ├── InvalidParameters      what was handed in cannot be right; also a ValueError
    ├── NotMatchmakerData      the text is not the matchmaker data of a game session; also a ValueError
    ├── NotSDKMessage          what arrived is not a message of the protocol
    ├── NotConnected           there is no connection (any more), and none came within the time allowed
    ├── ConnectFailed          one attempt to connect failed
    ├── TokenRefused           GameLift gave no token
    ├── TimedOut               GameLift did not answer a request in time
    ├── ProcessNotReady        process_ready was not called yet, or process_ending was
    ├── NoGameSession          the process was not given a game session yet
    ├── TerminationTimeNotSet  GameLift did not ask the process to end
    ├── NotManaged             the process does not run on a managed fleet, so it has no role
    └── Refused                GameLift answered a request with an error status
        ├── BadRequest         400
        ├── Unauthorized       401
        ├── Forbidden          403
        ├── NotFound           404
        ├── Conflict           409
        ├── TooManyRequests    429
        └── ServiceFailed      500 and above

None of them carries a token, an address with a token in it, or a player session id in its text.
"""

from collections.abc import Mapping


class GameServerError(Exception):
    """Base of all errors of this package."""


class InvalidParameters(GameServerError, ValueError):
    """What was handed in cannot be right; the text says what to give instead."""


class NotMatchmakerData(GameServerError, ValueError):
    """The text is not the matchmaker data of a game session."""


class NotSDKMessage(GameServerError):
    """The text is not a message of the Server SDK 5 protocol."""


class NotConnected(GameServerError):
    """There is no connection to GameLift; wait, or start again as a new process."""


class ConnectFailed(GameServerError):
    """One attempt to connect failed.

    Attributes:
        status: HTTP status of a refused handshake; None when nobody answered.
    """

    def __init__(self, status: int | None = None) -> None:
        """Build the error; *status* as above."""
        super().__init__("nobody answered" if status is None else f"handshake refused with status {status}")
        self.status = status


class TokenRefused(GameServerError):
    """GameLift gave no token.

    Attributes:
        code: the AWS error code, or the name of what went wrong on the way.
    """

    def __init__(self, code: str) -> None:
        """Build the error; *code* as above."""
        super().__init__(f"no token: {code}")
        self.code = code


class TimedOut(GameServerError):
    """GameLift did not answer in time; it may or may not have acted.

    Attributes:
        action: the request.
    """

    def __init__(self, action: str) -> None:
        """Build the error; *action* as above."""
        super().__init__(f"{action}: no answer in time")
        self.action = action


class ProcessNotReady(GameServerError):
    """The process is not ready: call `process_ready` first."""


class NoGameSession(GameServerError):
    """The process was not given a game session yet: wait for `on_start_game_session`."""


class TerminationTimeNotSet(GameServerError):
    """GameLift did not ask the process to end, or named no time."""


class NotManaged(GameServerError):
    """The process does not run on a managed fleet, so there is no fleet role to take on."""


class Refused(GameServerError):
    """GameLift answered with an error.

    Attributes:
        action: the request.
        status: the status code, anything but 200.
        message: GameLift's own words. They may quote a player session id, so they are not part of the error's text.
    """

    def __init__(self, action: str, status: int, message: str = "") -> None:
        """Build the error; arguments as above."""
        super().__init__(f"{action}: refused with status {status}")
        self.action = action
        self.status = status
        self.message = message


class BadRequest(Refused):
    """400: a field is missing or wrong, or the request makes no sense in the present state."""


class Unauthorized(Refused):
    """401: the token is not valid, or no more."""


class Forbidden(Refused):
    """403: this process may not do that."""


class NotFound(Refused):
    """404: GameLift does not know what the request names, or does not know this process any more."""


class Conflict(Refused):
    """409: the state does not allow it."""


class TooManyRequests(Refused):
    """429: ask again later."""


class ServiceFailed(Refused):
    """500 and above: GameLift's own failure; ask again later."""


_BY_STATUS: Mapping[int, type[Refused]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: TooManyRequests,
}


def refusal(action: str, status: int, message: str = "") -> Refused:
    """Return the error for an answer with *status*."""
    kind = _BY_STATUS.get(status, ServiceFailed if status >= 500 else Refused)
    return kind(action, status, message)
