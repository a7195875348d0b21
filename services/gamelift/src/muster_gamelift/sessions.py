"""Game sessions, seats and server processes: what happens to them, as changes to the world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from muster_gamelift.errors import GameSessionFull, InvalidGameSessionStatus, InvalidRequest, UnknownResource
from muster_gamelift.state.placements import SessionPlan
from muster_gamelift.state.processes import ServerProcess
from muster_gamelift.state.sessions import RESERVATION_S, GameSession, Seat, SeatStatus, SessionStatus
from muster_gamelift.state.world import Change, Push

ENDED_BY_TRIGGER = "TRIGGERED_ON_PROCESS_TERMINATE"
INTERRUPTED = "INTERRUPTED"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a new game session comes from.

    Attributes:
        session_id: last part of its ARN.
        placement_id: the placement that asked; None for CreateGameSession.
        protection_policy: the fleet's, or NoProtection.
    """

    session_id: str
    placement_id: str | None = None
    protection_policy: str = "NoProtection"


def free_process(change: Change, fleet_id: str, location: str) -> ServerProcess | None:
    """Return the longest-known process of a fleet location that can take a game session, or None."""
    for process in change.world.processes.find("place", (fleet_id, location)):
        if process.is_free:
            return process
    return None


def create(change: Change, process: ServerProcess, plan: SessionPlan, origin: Origin) -> GameSession:
    """Give *process* a game session, and tell it; the seats of the plan are made when it is activated."""
    world = change.world
    compute = world.computes[f"{process.fleet_id}/{process.compute_name}"]
    session = GameSession(
        arn=world.arns.game_session(process.fleet_id, process.location, origin.session_id),
        fleet_id=process.fleet_id,
        location=process.location,
        compute_name=process.compute_name,
        process_id=process.process_id,
        plan=plan,
        created_at_s=change.now_s,
        activate_by_s=change.now_s + change.limits.activation_s,
        ip_address=compute.ip_address,
        dns_name=compute.dns_name,
        port=process.port,
        protection_policy=origin.protection_policy,
        placement_id=origin.placement_id,
    )
    world.sessions.put(session.arn, session)
    world.processes.put(process.process_id, process.given(session.arn))
    change.pushes.append(Push(process.process_id, _invitation(session)))
    return session


def activate(change: Change, process: ServerProcess, session_arn: str) -> None:
    """Open the session that *process* was given, and reserve the seats it was planned with.

    Source: GameSessionPlacement reference: player sessions are created only after the session is placed.

    Raises:
        InvalidRequest: the process was not given this session, or the session is past activation.
    """
    session = change.world.sessions.get(session_arn)
    if session is None or session.process_id != process.process_id:
        raise InvalidRequest("This process was not given that game session.")
    if session.status is SessionStatus.ACTIVE:
        return
    if session.status is not SessionStatus.ACTIVATING:
        raise InvalidRequest(f"The game session is {session.status} and cannot be activated.")
    active = change.world.sessions.put(session.arn, session.activated())
    for player_id, player_data in active.plan.seats:
        _hold(change, active, player_id, player_data)
    change.sessions_moved.append(session.arn)


def create_seats(change: Change, session_arn: str, players: Sequence[tuple[str, str | None]]) -> tuple[Seat, ...]:
    """Reserve seats for all *players*, or for none.

    Raises:
        UnknownResource: no such game session.
        InvalidGameSessionStatus: the session is not ACTIVE, or takes no new players.
        GameSessionFull: fewer free slots than players.
    """
    session = existing(change, session_arn)
    if session.status is not SessionStatus.ACTIVE:
        raise InvalidGameSessionStatus(f"Game session {session.arn} is not active.")
    if not session.accepts_players:
        raise InvalidGameSessionStatus(f"Game session {session.arn} is not accepting new players.")
    free = session.plan.max_players - change.world.seats.count("taken", session.arn)
    if len(players) > free:
        raise GameSessionFull(f"Game session {session.arn} has {free} free player slots.")
    return tuple(_hold(change, session, player_id, player_data) for player_id, player_data in players)


def accept_seat(change: Change, process: ServerProcess, session_arn: str, seat_id: str) -> None:
    """Let the player of a reserved seat in.

    Raises:
        UnknownResource: no such seat in the session of this process.
        InvalidRequest: the seat is not reserved: taken already, given up or expired.
    """
    seat = _seat_of(change, process, session_arn, seat_id)
    if seat.status is not SeatStatus.RESERVED:
        raise InvalidRequest(f"The player session is {seat.status}, not RESERVED.")
    change.world.seats.put(seat.seat_id, seat.accepted())


def remove_seat(change: Change, process: ServerProcess, session_arn: str, seat_id: str) -> None:
    """Free the seat of a player who left.

    Raises:
        UnknownResource: no such seat in the session of this process.
        InvalidRequest: the seat is free already.
    """
    seat = _seat_of(change, process, session_arn, seat_id)
    if not seat.is_taken:
        raise InvalidRequest(f"The player session is {seat.status} already.")
    change.world.seats.put(seat.seat_id, seat.left(change.now_s))


def existing(change: Change, session_arn: str) -> GameSession:
    """Return the session.

    Raises:
        UnknownResource: no such game session.
    """
    session = change.world.sessions.get(session_arn)
    if session is None:
        raise UnknownResource(f"Game session {session_arn} not found.")
    return session


def ask_to_end(change: Change, session: GameSession, reason: str) -> GameSession:
    """Ask the process of *session* to end; the session ends with it, or when it takes too long."""
    after = change.world.sessions.put(session.arn, session.terminating(reason))
    change.sessions_moved.append(session.arn)
    ask_process_to_end(change, session.process_id)
    return after


def ask_process_to_end(change: Change, process_id: str) -> None:
    """Push TerminateProcess, once; the process is given up when it takes too long."""
    process = change.world.processes.get(process_id)
    if process is None or not process.is_open or process.end_by_s is not None:
        return
    by_s = change.now_s + change.limits.termination_s
    change.world.processes.put(process_id, process.asked_to_end(by_s))
    message = {"Action": "TerminateProcess", "TerminationTime": round(by_s * 1000)}
    change.pushes.append(Push(process_id, message))


def end_session(change: Change, session: GameSession) -> None:
    """End *session*: players in it have left, reservations are void."""
    if not session.is_open:
        return
    change.world.sessions.put(session.arn, session.terminated(change.now_s))
    for seat in change.world.seats.find("taken", session.arn):
        gone = seat.left(change.now_s) if seat.status is SeatStatus.ACTIVE else seat.expired(change.now_s)
        change.world.seats.put(seat.seat_id, gone)
    change.sessions_moved.append(session.arn)


def end_process(change: Change, process: ServerProcess) -> None:
    """End *process*, and the game session it runs."""
    change.world.processes.put(process.process_id, process.ended())
    session = change.world.sessions.get(process.session_arn) if process.session_arn else None
    if session:
        end_session(change, session)


def expire(change: Change) -> None:
    """End what ran out of time: reservations, activations, processes, tokens."""
    world, now_s = change.world, change.now_s
    while seat := world.reservation_ends.due(now_s):
        world.seats.put(seat.seat_id, seat.expired(now_s))
    for session in world.sessions.find("open", at=True):
        if session.status is SessionStatus.ACTIVATING and now_s >= session.activate_by_s:
            end_session(change, session)
            ask_process_to_end(change, session.process_id)
    for process in world.processes.find("open", at=True):
        if process.is_lost(now_s, grace_s=change.limits.relink_grace_s):
            if process.linked:
                ask_process_to_end(change, process.process_id)
            end_process(change, world.processes[process.process_id])
    for token in world.tokens:
        if now_s >= token.expires_at_s:
            world.tokens.remove(token.digest)


def _hold(change: Change, session: GameSession, player_id: str, player_data: str | None) -> Seat:
    seat = Seat(
        seat_id=f"psess-{change.ids.uuid()}",
        player_id=player_id,
        session_arn=session.arn,
        fleet_id=session.fleet_id,
        created_at_s=change.now_s,
        held_until_s=change.now_s + RESERVATION_S,
        player_data=player_data,
    )
    return change.world.seats.put(seat.seat_id, seat)


def _seat_of(change: Change, process: ServerProcess, session_arn: str, seat_id: str) -> Seat:
    seat = change.world.seats.get(seat_id)
    if seat is None or seat.session_arn != session_arn or process.session_arn != session_arn:
        raise UnknownResource("No such player session in the game session of this process.")
    return seat


def described(session: GameSession) -> Mapping[str, object]:
    """Return *session* as server processes are told of it when it changes.

    Source: Server SDK 5, GameSession of the UpdateGameSession message.
    """
    plan = session.plan
    members = {
        "GameSessionId": session.arn,
        "Name": plan.name,
        "FleetId": session.fleet_id,
        "Location": session.location,
        "Status": session.status,
        **_setting(session),
    }
    return {name: value for name, value in members.items() if value is not None}


def _invitation(session: GameSession) -> Mapping[str, object]:
    message = {
        "Action": "CreateGameSession",
        "GameSessionId": session.arn,
        "GameSessionName": session.plan.name,
        **_setting(session),
    }
    return {name: value for name, value in message.items() if value is not None}


def _setting(session: GameSession) -> Mapping[str, object]:
    plan = session.plan
    return {
        "GameSessionData": plan.session_data,
        "MatchmakerData": plan.matchmaker_data,
        "MaximumPlayerSessionCount": plan.max_players,
        "IpAddress": session.ip_address,
        "Port": session.port,
        "DnsName": session.dns_name,
        "GameProperties": dict(plan.properties),
    }
