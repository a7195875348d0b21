"""What a server process may ask for, one function an action.

Source: Server SDK 5 protocol; flexmatch specification 5.2. Times are whole milliseconds here, seconds in the API.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from muster_gamelift import sessions
from muster_gamelift.errors import InvalidRequest, UnknownResource
from muster_gamelift.operations.call import page
from muster_gamelift.operations.player_sessions import PAGE
from muster_gamelift.servers.backfill import start_match_backfill, stop_match_backfill
from muster_gamelift.servers.computes import get_compute_certificate, get_fleet_role_credentials
from muster_gamelift.sessions import end_process
from muster_gamelift.state.processes import ProcessStatus, ServerProcess
from muster_gamelift.state.sessions import GameSession, Seat, SeatStatus
from muster_gamelift.state.world import Change

T = TypeVar("T")
Message = Mapping[str, Any]
Action = Callable[[Change, ServerProcess, Message], Mapping[str, Any]]
"""Reads the message, changes the world, returns the members of the answer beside the usual ones."""

HIGHEST_PORT = 60_000
"""Source: the service model, PortNumber."""


def answer(change: Change, process_id: str, message: Message) -> Mapping[str, Any]:
    """Carry out the action of *message* for a process.

    Raises:
        UnknownResource: the process has ended, or something it names does not exist.
        InvalidRequest: the action is unknown, or a field is missing or wrong.
    """
    process = change.world.processes.get(process_id)
    if process is None or not process.is_open:
        if message.get("Action") == "TerminateServerProcess":
            return {}  # what it wants has happened: it was given up before it could say so
        raise UnknownResource("The server process has ended.")
    action = ACTIONS.get(str(message.get("Action")))
    if action is None:
        raise InvalidRequest("The action is unknown, or not offered by this local GameLift.")
    return action(change, process, message)


def activate_server_process(change: Change, process: ServerProcess, message: Message) -> Mapping[str, Any]:
    """Take a process as ready to run sessions, once its first heartbeat comes."""
    port = _field(message, "Port", int)
    if not 1 <= port <= HIGHEST_PORT:
        raise InvalidRequest(f"Port must be 1 to {HIGHEST_PORT}.")
    change.world.processes.put(process.process_id, process.activated(port, change.now_s))
    return {}


def heartbeat_server_process(change: Change, process: ServerProcess, message: Message) -> Mapping[str, Any]:
    """Note how a process feels."""
    if process.status is ProcessStatus.CONNECTED:
        raise InvalidRequest("The server process is not activated.")
    healthy = _field(message, "HealthStatus", bool)
    after = change.world.processes.put(process.process_id, process.heard(change.now_s, healthy=healthy))
    change.wants_pass = after.is_free and not process.is_free
    return {}


def activate_game_session(change: Change, process: ServerProcess, message: Message) -> Mapping[str, Any]:
    """Open the session that the process was given."""
    sessions.activate(change, process, _field(message, "GameSessionId", str))
    return {}


def accept_player_session(change: Change, process: ServerProcess, message: Message) -> Mapping[str, Any]:
    """Let a player in who showed a player session id."""
    session_arn, seat_id = _field(message, "GameSessionId", str), _field(message, "PlayerSessionId", str)
    sessions.accept_seat(change, process, session_arn, seat_id)
    return {}


def remove_player_session(change: Change, process: ServerProcess, message: Message) -> Mapping[str, Any]:
    """Free the seat of a player who left."""
    session_arn, seat_id = _field(message, "GameSessionId", str), _field(message, "PlayerSessionId", str)
    sessions.remove_seat(change, process, session_arn, seat_id)
    return {}


def describe_player_sessions(change: Change, process: ServerProcess, message: Message) -> Mapping[str, Any]:
    """Return seats of the process's own session; those of others are none of its business."""
    named = [name for name in ("GameSessionId", "PlayerId", "PlayerSessionId") if message.get(name)]
    if len(named) != 1:
        raise InvalidRequest("Give exactly one of GameSessionId, PlayerId and PlayerSessionId.")
    wanted = _field(message, "PlayerSessionStatusFilter", str) if message.get("PlayerSessionStatusFilter") else None
    if wanted is not None and wanted not in set(SeatStatus):
        raise InvalidRequest(f"PlayerSessionStatusFilter must be one of {', '.join(SeatStatus)}.")
    value = _field(message, named[0], str)
    of_seat: Mapping[str, Callable[[Seat], str]] = {
        "GameSessionId": lambda seat: seat.session_arn,
        "PlayerId": lambda seat: seat.player_id,
        "PlayerSessionId": lambda seat: seat.seat_id,
    }
    own = change.world.seats.find("session", process.session_arn) if process.session_arn else ()
    rows = [seat for seat in own if of_seat[named[0]](seat) == value]
    if named[0] == "GameSessionId" and wanted is not None:
        rows = [seat for seat in rows if seat.status == wanted]
    chosen, token = page(rows, lambda seat: seat.seat_id, _paging(message), PAGE)
    seats = [_shown(change, seat) for seat in chosen]
    return {"PlayerSessions": seats, **({"NextToken": token} if token else {})}


def update_player_session_creation_policy(
    change: Change, process: ServerProcess, message: Message
) -> Mapping[str, Any]:
    """Open or close the session to new players."""
    session = _own_session(change, process, message)
    policy = _field(message, "PlayerSessionPolicy", str)
    if policy not in {"ACCEPT_ALL", "DENY_ALL"}:
        raise InvalidRequest("PlayerSessionPolicy must be ACCEPT_ALL or DENY_ALL.")
    change.world.sessions.put(session.arn, session.accepting(players=policy == "ACCEPT_ALL"))
    return {}


def terminate_server_process(change: Change, process: ServerProcess, _message: Message) -> Mapping[str, Any]:
    """Let a process go that says it is ending; its session ends with it."""
    end_process(change, process)
    change.wants_pass = True
    return {}


ACTIONS: Mapping[str, Action] = {
    "ActivateServerProcess": activate_server_process,
    "HeartbeatServerProcess": heartbeat_server_process,
    "ActivateGameSession": activate_game_session,
    "AcceptPlayerSession": accept_player_session,
    "RemovePlayerSession": remove_player_session,
    "DescribePlayerSessions": describe_player_sessions,
    "UpdatePlayerSessionCreationPolicy": update_player_session_creation_policy,
    "StartMatchBackfill": start_match_backfill,
    "StopMatchBackfill": stop_match_backfill,
    "GetComputeCertificate": get_compute_certificate,
    "GetFleetRoleCredentials": get_fleet_role_credentials,
    "TerminateServerProcess": terminate_server_process,
}


def _own_session(change: Change, process: ServerProcess, message: Message) -> GameSession:
    session_arn = _field(message, "GameSessionId", str)
    if session_arn != process.session_arn:
        raise InvalidRequest("This process was not given that game session.")
    return sessions.existing(change, session_arn)


def _paging(message: Message) -> Mapping[str, Any]:
    paging: dict[str, Any] = {}
    # Some SDKs leave empty members out, others send them as 0 and "".
    if message.get("Limit"):
        paging["Limit"] = _field(message, "Limit", int)
        if paging["Limit"] < 1:
            raise InvalidRequest("Limit must be at least 1.")
    if message.get("NextToken"):
        paging["NextToken"] = _field(message, "NextToken", str)
    return paging


def _field(message: Message, name: str, kind: type[T]) -> T:
    value = message.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise InvalidRequest(f"{name} must be a {kind.__name__}.")
    return value


def _shown(change: Change, seat: Seat) -> Mapping[str, Any]:
    session = change.world.sessions[seat.session_arn]
    members = {
        "PlayerId": seat.player_id,
        "PlayerSessionId": seat.seat_id,
        "GameSessionId": seat.session_arn,
        "FleetId": seat.fleet_id,
        "PlayerData": seat.player_data,
        "IpAddress": session.ip_address,
        "Port": session.port,
        "DnsName": session.dns_name,
        "CreationTime": round(seat.created_at_s * 1000),
        "TerminationTime": None if seat.ended_at_s is None else round(seat.ended_at_s * 1000),
        "Status": seat.status,
    }
    return {name: value for name, value in members.items() if value is not None}
