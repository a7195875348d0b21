"""Game session queues."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from muster_gamelift import placement
from muster_gamelift.errors import InvalidRequest
from muster_gamelift.operations import render
from muster_gamelift.operations.call import Call, Output, found, keep_tags, page, within_quota
from muster_gamelift.state.arns import name_of
from muster_gamelift.state.catalogue import LatencyPolicy, Queue
from muster_gamelift.state.placements import PlacementStatus

QUEUES = 100
DESTINATIONS = 10
SHORTEST_TIMEOUT_S, LONGEST_TIMEOUT_S = 10, 600
"""Source: GameLift quotas."""


def create_game_session_queue(call: Call) -> Output:
    """Store a queue under a new name."""
    name = call.given["Name"]
    if name in call.world.queues:
        raise InvalidRequest(f"A game session queue with the name {name} exists already.")
    within_quota(len(call.world.queues), QUEUES, "game session queues")
    stored = _stored(call, Queue(name=name, timeout_s=LONGEST_TIMEOUT_S))
    keep_tags(call, call.world.arns.queue(name))
    return {"GameSessionQueue": render.queue(stored, call.world.arns)}


def update_game_session_queue(call: Call) -> Output:
    """Change the given members; each replaces the old value whole."""
    before = found(call.world.queues, call.given["Name"], "Game session queue")
    return {"GameSessionQueue": render.queue(_stored(call, before), call.world.arns)}


def describe_game_session_queues(call: Call) -> Output:
    """Return the named queues that exist, or all, a page at a time.

    Source: DescribeGameSessionQueues reference: objects are returned only for queues that currently exist.
    """
    names = call.given.get("Names")
    if names:
        named = (call.world.queues.get(name_of(name)) for name in dict.fromkeys(names))
        rows = [row for row in named if row]
    else:
        rows = list(call.world.queues)
    chosen, token = page(rows, lambda row: row.name, call.given, 100)
    return {"GameSessionQueues": [render.queue(row, call.world.arns) for row in chosen], "NextToken": token}


def delete_game_session_queue(call: Call) -> Output:
    """Forget a queue; its pending placements fail."""
    row = found(call.world.queues, call.given["Name"], "Game session queue")
    for pending in call.world.placements.find("queue", row.name):
        placement.end(call.change, pending, PlacementStatus.FAILED)
    call.world.queues.remove(row.name)
    call.world.tags.remove(call.world.arns.queue(row.name))
    return {}


def _stored(call: Call, before: Queue) -> Queue:
    given = call.given
    changes: dict[str, Any] = {}
    if "TimeoutInSeconds" in given:
        changes["timeout_s"] = _timeout_s(given["TimeoutInSeconds"])
    if "PlayerLatencyPolicies" in given:
        changes["latency_policies"] = tuple(_policy(one) for one in given["PlayerLatencyPolicies"])
    if "Destinations" in given:
        changes["destinations"] = _destinations(call)
    if "FilterConfiguration" in given:
        changes["allowed_locations"] = tuple(given["FilterConfiguration"].get("AllowedLocations", ()))
    if "PriorityConfiguration" in given:
        priority = given["PriorityConfiguration"]
        changes["priority_order"] = _once_each(priority.get("PriorityOrder", ()))
        changes["location_order"] = _once_each(priority.get("LocationOrder", ()))
    if "CustomEventData" in given:
        changes["custom_event_data"] = given["CustomEventData"]
    if "NotificationTarget" in given:
        changes["notification_target"] = given["NotificationTarget"]
    after = replace(before, **changes)
    if after.notification_target and ":sns:" not in after.notification_target:
        raise InvalidRequest("NotificationTarget must be the ARN of an SNS topic.")
    return call.world.queues.put(after.name, after)


def _timeout_s(given: int) -> int:
    if not SHORTEST_TIMEOUT_S <= given <= LONGEST_TIMEOUT_S:
        raise InvalidRequest(f"TimeoutInSeconds must be {SHORTEST_TIMEOUT_S} to {LONGEST_TIMEOUT_S}.")
    return given


def _policy(given: Mapping[str, Any]) -> LatencyPolicy:
    if "MaximumIndividualPlayerLatencyMilliseconds" not in given:
        raise InvalidRequest("A player latency policy needs MaximumIndividualPlayerLatencyMilliseconds.")
    return LatencyPolicy(given["MaximumIndividualPlayerLatencyMilliseconds"], given.get("PolicyDurationSeconds"))


def _destinations(call: Call) -> tuple[str, ...]:
    arns = tuple(one.get("DestinationArn", "") for one in call.given["Destinations"])
    if len(arns) > DESTINATIONS:
        raise InvalidRequest(f"A game session queue has at most {DESTINATIONS} destinations.")
    for arn in arns:
        if not arn.startswith("arn:"):
            raise InvalidRequest("Every destination needs a DestinationArn.")
        if ":alias/" in arn:
            found(call.world.aliases, arn, "Alias")
        else:
            found(call.world.fleets, arn, "Fleet")
    return arns


def _once_each(names: list[str]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise InvalidRequest("A priority order names each value at most once.")
    return tuple(names)
