"""Game session placements: requests to a queue."""

from collections.abc import Mapping, Sequence
from typing import Any

from muster_gamelift import placement
from muster_gamelift.errors import InvalidRequest
from muster_gamelift.operations import render
from muster_gamelift.operations.call import Call, Output, found, player_slots, properties_of
from muster_gamelift.state.catalogue import Queue
from muster_gamelift.state.placements import Override, Placement, SessionPlan


def start_game_session_placement(call: Call) -> Output:
    """Ask a queue for a game session."""
    given, now_s = call.given, call.change.now_s
    placement_id = given["PlacementId"]
    if placement_id in call.world.placements:
        raise InvalidRequest(f"A placement with the id {placement_id} exists already.")
    queue = found(call.world.queues, given["GameSessionQueueName"], "Game session queue")
    plan = SessionPlan(
        max_players=player_slots(given),
        name=given.get("GameSessionName"),
        properties=properties_of(given),
        session_data=given.get("GameSessionData"),
        seats=_seats(given.get("DesiredPlayerSessions", ())),
    )
    if len(plan.seats) > plan.max_players:
        raise InvalidRequest("More DesiredPlayerSessions than MaximumPlayerSessionCount.")
    latencies = _latencies(given.get("PlayerLatencies", ()))
    started = placement.start(
        call.change,
        Placement(
            placement_id=placement_id,
            queue_name=queue.name,
            plan=plan,
            started_at_s=now_s,
            times_out_at_s=now_s + queue.timeout_s,
            latencies=latencies,
            override=_override(queue, given, has_latencies=bool(latencies)),
        ),
    )
    return {"GameSessionPlacement": render.placement(started, call.world)}


def describe_game_session_placement(call: Call) -> Output:
    """Return a placement."""
    row = found(call.world.placements, call.given["PlacementId"], "Placement")
    return {"GameSessionPlacement": render.placement(row, call.world)}


def stop_game_session_placement(call: Call) -> Output:
    """Cancel a pending placement."""
    row = found(call.world.placements, call.given["PlacementId"], "Placement")
    return {"GameSessionPlacement": render.placement(placement.stop(call.change, row), call.world)}


def _seats(given: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str | None], ...]:
    if not all(one.get("PlayerId") for one in given):
        raise InvalidRequest("Every desired player session needs a PlayerId.")
    seats = tuple((one["PlayerId"], one.get("PlayerData")) for one in given)
    if len({player_id for player_id, _ in seats}) < len(seats):
        raise InvalidRequest("DesiredPlayerSessions names each player at most once.")
    return seats


def _latencies(given: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    latencies: dict[str, dict[str, float]] = {}
    for one in given:
        if not {"PlayerId", "RegionIdentifier", "LatencyInMilliseconds"} <= one.keys():
            raise InvalidRequest("A player latency needs PlayerId, RegionIdentifier and LatencyInMilliseconds.")
        latencies.setdefault(one["PlayerId"], {})[one["RegionIdentifier"]] = one["LatencyInMilliseconds"]
    return latencies


def _override(queue: Queue, given: Mapping[str, Any], *, has_latencies: bool) -> Override | None:
    wanted = given.get("PriorityConfigurationOverride")
    if wanted is None:
        return None
    if has_latencies:
        raise InvalidRequest("PriorityConfigurationOverride cannot be used with PlayerLatencies.")
    if not queue.priority_order or queue.priority_order[0] != "LOCATION":
        raise InvalidRequest("PriorityConfigurationOverride needs a queue whose first priority is LOCATION.")
    falls_back = wanted.get("PlacementFallbackStrategy", "DEFAULT_AFTER_SINGLE_PASS") != "NONE"
    return Override(tuple(wanted["LocationOrder"]), falls_back=falls_back)
