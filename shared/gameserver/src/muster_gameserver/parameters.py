"""What a game server tells the SDK: who it is, how it connects, what to call.

Source: AWS documentation, Server SDK 5 data types `ServerParameters` and `ProcessParameters`; patterns and limits as
the Go SDK 5.6.0 checks them.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from muster_gameserver.errors import InvalidParameters
from muster_gameserver.values import GameSession, GameSessionUpdate

HIGHEST_PORT = 60_000
_FLEET_ID = re.compile(r"[a-zA-Z0-9.-]{1,256}")
_HOST_ID = re.compile(r"[a-zA-Z0-9-]{1,256}(/[a-zA-Z0-9-]{1,256})?")
_PROCESS_ID = re.compile(r"[\x21-\x7e]{1,1024}")


@dataclass(frozen=True, slots=True)
class AWSKeys:
    """AWS credentials, for what is signed instead of carrying a token.

    Attributes:
        region: where the fleet is, such as us-east-1.
        access_key: access key id.
        secret_key: secret access key.
        session_token: of temporary credentials; empty for others.
    """

    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where to connect, and the right to.

    Attributes:
        websocket_url: `ws://` or `wss://` address, RegisterCompute's `GameLiftServiceSdkEndpoint`.
        auth_token: from GetComputeAuthToken; short-lived. Empty when the connection is signed with `aws`.
        aws: keys to sign the connection with; used only without a token.
    """

    websocket_url: str
    auth_token: str = field(default="", repr=False)
    aws: AWSKeys | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerParameters:
    """Which process connects, and how.

    `muster_gameserver.from_environment` makes them from the variables that managed fleets and launchers set.

    Attributes:
        websocket_url: `ws://` or `wss://` address, RegisterCompute's `GameLiftServiceSdkEndpoint`. May be empty when
            the `renew` of GameServer tells it.
        fleet_id: fleet of the compute.
        host_id: name of the compute, as given to RegisterCompute.
        process_id: unique to this process; kept over reconnections, never used again by another one.
        auth_token: from GetComputeAuthToken.
        aws: keys to sign the connection with, when there is no token.
    """

    websocket_url: str
    fleet_id: str
    host_id: str
    process_id: str
    auth_token: str = field(default="", repr=False)
    aws: AWSKeys | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            InvalidParameters: one is missing or malformed.
        """
        if self.websocket_url and not self.websocket_url.startswith(("ws://", "wss://")):
            raise InvalidParameters("websocket_url must begin with ws:// or wss://")
        for name, value, pattern in (
            ("fleet_id", self.fleet_id, _FLEET_ID),
            ("host_id", self.host_id, _HOST_ID),
            ("process_id", self.process_id, _PROCESS_ID),
        ):
            if not pattern.fullmatch(value):
                raise InvalidParameters(f"{name} must match {pattern.pattern}")

    def credentials(self) -> Credentials:
        """Return where and with what right this process connects first."""
        return Credentials(self.websocket_url, self.auth_token, None if self.auth_token else self.aws)


StartGameSession = Callable[[GameSession], Awaitable[None] | None]
UpdateGameSession = Callable[[GameSessionUpdate], Awaitable[None] | None]
ProcessTerminate = Callable[[], Awaitable[None] | None]
HealthCheck = Callable[[], Awaitable[bool] | bool]


def healthy() -> bool:
    """Say that all is well; the health check of a process that gives none."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessParameters:
    """What the process offers, and what to call. A callback is a plain function or a coroutine function.

    Start and update callbacks run one after the other in the order in which GameLift sent them; termination does not
    wait for them. A plain function must return soon: it holds up the event loop.

    Attributes:
        port: where players connect, 1 to 60000.
        log_paths: absolute paths of files that managed fleets keep after a session.
        on_start_game_session: a session is offered; prepare it, then call `activate_game_session`.
        on_update_game_session: backfill changed the session, or gave up; left out, nothing is done.
        on_process_terminate: the process shall end before `get_termination_time()`: save, call `process_ending`, leave.
            Left out, the SDK says `process_ending` and closes the connection.
        on_health_check: asked before every heartbeat. A coroutine that takes longer than 50 s counts as unhealthy, and
            so does an exception. Left out, the process is healthy as long as it runs.
    """

    port: int
    on_start_game_session: StartGameSession
    on_update_game_session: UpdateGameSession | None = None
    on_process_terminate: ProcessTerminate | None = None
    on_health_check: HealthCheck = healthy
    log_paths: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            InvalidParameters: the port is none.
        """
        if not 1 <= self.port <= HIGHEST_PORT:
            raise InvalidParameters(f"port must be 1 to {HIGHEST_PORT}")
