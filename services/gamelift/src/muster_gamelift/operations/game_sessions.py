"""Game sessions."""

from collections.abc import Sequence
from dataclasses import replace

from muster_gamelift import sessions
from muster_gamelift.errors import (
    FleetCapacityExceeded,
    IdempotentParameterMismatch,
    InvalidGameSessionStatus,
    InvalidRequest,
    LimitExceeded,
)
from muster_gamelift.operations import render
from muster_gamelift.operations.aliases import routed_fleet
from muster_gamelift.operations.call import Call, Output, page, player_slots, properties_of
from muster_gamelift.search import parse_filter, parse_sort
from muster_gamelift.sessions import Origin
from muster_gamelift.state.catalogue import Fleet
from muster_gamelift.state.placements import SessionPlan
from muster_gamelift.state.sessions import GameSession, SessionStatus

PAGE = 100
SEARCH_PAGE = 20
"""Source: SearchGameSessions reference."""


def create_game_session(call: Call) -> Output:
    """Give a free process of a fleet location a game session."""
    given, fleet = call.given, routed_fleet(call)
    if "GameSessionId" in given and "IdempotencyToken" in given:
        raise InvalidRequest("Give either IdempotencyToken or GameSessionId, not both.")
    location = _location(call, fleet)
    plan = SessionPlan(
        max_players=player_slots(given),
        name=given.get("Name"),
        properties=properties_of(given),
        session_data=given.get("GameSessionData"),
        creator_id=given.get("CreatorId"),
    )
    token = given.get("IdempotencyToken") or given.get("GameSessionId")
    if token:
        earlier = call.world.sessions.get(call.world.arns.game_session(fleet.fleet_id, location, token))
        if earlier and earlier.plan != plan:
            raise IdempotentParameterMismatch(f"Game session {token} was created with other parameters.")
        if earlier:
            return {"GameSession": render.game_session(earlier, call.world)}
    _within_creator_limit(call, fleet)
    process = sessions.free_process(call.change, fleet.fleet_id, location)
    if process is None:
        raise FleetCapacityExceeded(f"No server process is available in {fleet.fleet_id} at {location}.")
    origin = Origin(token or call.change.ids.uuid(), protection_policy=fleet.protection_policy)
    session = sessions.create(call.change, process, plan, origin)
    return {"GameSession": render.game_session(session, call.world)}


def describe_game_sessions(call: Call) -> Output:
    """Return one game session, or a page of a fleet's."""
    chosen, token = _described(call)
    return {"GameSessions": [render.game_session(row, call.world) for row in chosen], "NextToken": token}


def describe_game_session_details(call: Call) -> Output:
    """Return what DescribeGameSessions does, with protection policies."""
    chosen, token = _described(call)
    details = [
        {"GameSession": render.game_session(row, call.world), "ProtectionPolicy": row.protection_policy}
        for row in chosen
    ]
    return {"GameSessionDetails": details, "NextToken": token}


def search_game_sessions(call: Call) -> Output:
    """Return the active game sessions of a fleet that pass a filter, in the order asked for."""
    fleet = routed_fleet(call)
    rows = [
        row
        for row in call.world.sessions.find("fleet", fleet.fleet_id)
        if row.status is SessionStatus.ACTIVE and call.given.get("Location", row.location) == row.location
    ]
    passes = parse_filter(call.given.get("FilterExpression", ""))
    in_order = parse_sort(call.given.get("SortExpression", ""))
    taken = {row.arn: call.world.seats.count("taken", row.arn) for row in rows}
    matching = [row for row in rows if passes(row, taken[row.arn])]
    ordered = in_order(matching, taken)
    chosen, token = page(ordered, lambda row: row.arn, call.given, SEARCH_PAGE)
    return {"GameSessions": [render.game_session(row, call.world) for row in chosen], "NextToken": token}


def update_game_session(call: Call) -> Output:
    """Change the given members of an active game session."""
    given = call.given
    session = sessions.existing(call.change, given["GameSessionId"])
    if session.status is not SessionStatus.ACTIVE:
        raise InvalidGameSessionStatus(f"Game session {session.arn} is {session.status}, not ACTIVE.")
    plan = session.plan
    if "MaximumPlayerSessionCount" in given:
        plan = replace(plan, max_players=player_slots(given))
    if "Name" in given:
        plan = replace(plan, name=given["Name"])
    if "GameProperties" in given:
        plan = replace(plan, properties=properties_of(given))
    if plan.max_players < call.world.seats.count("taken", session.arn):
        raise InvalidRequest("MaximumPlayerSessionCount is less than the player sessions there are.")
    after = replace(
        session,
        plan=plan,
        accepts_players=given.get("PlayerSessionCreationPolicy", "ACCEPT_ALL") == "ACCEPT_ALL"
        if "PlayerSessionCreationPolicy" in given
        else session.accepts_players,
        protection_policy=given.get("ProtectionPolicy", session.protection_policy),
    )
    call.world.sessions.put(after.arn, after)
    return {"GameSession": render.game_session(after, call.world)}


def terminate_game_session(call: Call) -> Output:
    """Ask the process of a game session to end."""
    session = sessions.existing(call.change, call.given["GameSessionId"])
    if call.given["TerminationMode"] == "FORCE_TERMINATE":
        raise InvalidRequest("FORCE_TERMINATE needs an agent on the compute, which Anywhere computes do not have here.")
    if session.status is not SessionStatus.ACTIVE:
        raise InvalidGameSessionStatus(f"Game session {session.arn} is {session.status}, not ACTIVE.")
    after = sessions.ask_to_end(call.change, session, sessions.ENDED_BY_TRIGGER)
    return {"GameSession": render.game_session(after, call.world)}


def _location(call: Call, fleet: Fleet) -> str:
    location: str | None = call.given.get("Location")
    if location is None:
        if len(fleet.locations) != 1:
            raise InvalidRequest("The fleet has several locations; name one.")
        return fleet.locations[0]
    if location not in fleet.locations:
        raise InvalidRequest(f"Location {location} is not a location of fleet {fleet.fleet_id}.")
    return location


def _within_creator_limit(call: Call, fleet: Fleet) -> None:
    creator_id = call.given.get("CreatorId")
    if creator_id is None or fleet.sessions_per_creator is None:
        return
    since_s = call.change.now_s - (fleet.creator_period_min or 0) * 60
    recent = [
        row
        for row in call.world.sessions.find("fleet", fleet.fleet_id)
        if row.plan.creator_id == creator_id and row.created_at_s > since_s
    ]
    if len(recent) >= fleet.sessions_per_creator:
        raise LimitExceeded(f"Creator {creator_id} has reached the fleet's limit of new game sessions.")


def _described(call: Call) -> tuple[Sequence[GameSession], str | None]:
    given = call.given
    if "GameSessionId" in given:
        rows = [sessions.existing(call.change, given["GameSessionId"])]
    else:
        rows = list(call.world.sessions.find("fleet", routed_fleet(call).fleet_id))
    if "StatusFilter" in given and given["StatusFilter"] not in set(SessionStatus):
        raise InvalidRequest(f"StatusFilter must be one of {', '.join(SessionStatus)}.")
    rows = [
        row
        for row in rows
        if given.get("StatusFilter", row.status) == row.status and given.get("Location", row.location) == row.location
    ]
    return page(rows, lambda row: row.arn, given, PAGE)
