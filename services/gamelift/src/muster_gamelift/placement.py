"""Queues: where a game session goes, and what becomes of the request for one.

Source: GameLift guide, game session queues; flexmatch specification 4.5.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from muster_gamelift import notices, sessions
from muster_gamelift.errors import InvalidRequest
from muster_gamelift.sessions import Origin
from muster_gamelift.state.arns import name_of
from muster_gamelift.state.catalogue import Fleet, Queue
from muster_gamelift.state.placements import Placement, PlacementStatus
from muster_gamelift.state.sessions import SessionStatus
from muster_gamelift.state.world import Change, World

DEFAULT_ORDER = ("LATENCY", "COST", "DESTINATION", "LOCATION")
"""Criteria that a queue leaves out are appended in this order."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One location of one fleet, where a session could go."""

    fleet_id: str
    location: str


def latency_cap_ms(queue: Queue, elapsed_s: float) -> int | None:
    """Return the cap that holds *elapsed_s* seconds into a placement, or None when the queue has no policies.

    Policies apply from the lowest cap up, each for its duration; the last one holds until the time-out.
    """
    policies = sorted(queue.latency_policies, key=lambda policy: policy.maximum_ms)
    if not policies:
        return None
    ends_s = 0.0
    for policy in policies:
        ends_s = math.inf if policy.duration_s is None else ends_s + policy.duration_s
        if elapsed_s < ends_s:
            return policy.maximum_ms
    return policies[-1].maximum_ms


def candidates(queue: Queue, fleets: Mapping[str, Fleet], placement: Placement, now_s: float) -> tuple[Spot, ...]:
    """Return the spots where *placement* may go now, best first.

    Args:
        queue: its queue, with fleets as destinations.
        fleets: by id; destinations that are not among them are passed over.
        placement: pending.
        now_s: seconds since the epoch.
    """
    order = [name_of(arn) for arn in queue.destinations]
    spots = [
        Spot(fleet_id, location)
        for fleet_id in order
        if fleet_id in fleets
        for location in fleets[fleet_id].locations
        if not queue.allowed_locations or location in queue.allowed_locations
    ]
    override = placement.override
    if override and not (override.falls_back and placement.override_tried):
        # A stable sort keeps the queue's order of destinations within a location.
        chosen = [spot for spot in spots if spot.location in override.locations]
        return tuple(sorted(chosen, key=lambda spot: override.locations.index(spot.location)))
    cap_ms = latency_cap_ms(queue, now_s - placement.started_at_s) if placement.latencies else None
    if cap_ms is not None:
        spots = [spot for spot in spots if _worst_ms(placement, spot.location) <= cap_ms]
    return tuple(sorted(spots, key=lambda spot: _rank(spot, queue, fleets, placement)))


def start(change: Change, placement: Placement) -> Placement:
    """Take a placement on and look for a process at once."""
    change.world.placements.put(placement.placement_id, placement)
    _look(change, placement)
    return change.world.placements[placement.placement_id]


def stop(change: Change, placement: Placement) -> Placement:
    """Cancel a pending placement.

    Raises:
        InvalidRequest: the placement has ended, or its game session is being created.
    """
    if not placement.is_open:
        raise InvalidRequest(f"Placement {placement.placement_id} is {placement.status} and cannot be stopped.")
    if placement.session_arn:
        raise InvalidRequest(f"Placement {placement.placement_id} is creating a game session already.")
    return end(change, placement, PlacementStatus.CANCELLED)


def end(change: Change, placement: Placement, status: PlacementStatus) -> Placement:
    """End *placement*; a session still being activated for it is given up unless the placement is fulfilled."""
    session = change.world.sessions.get(placement.session_arn) if placement.session_arn else None
    after = change.world.placements.put(placement.placement_id, placement.ended(status, change.now_s))
    fulfilled = status is PlacementStatus.FULFILLED
    if session and session.is_open and not fulfilled:
        sessions.end_session(change, session)
        sessions.ask_process_to_end(change, session.process_id)
    queue = change.world.queues.get(placement.queue_name)
    if queue:
        told = session if fulfilled else None
        seats = change.world.seats.find("taken", told.arn) if told else ()
        notices.placement_ended(change, after, queue, told, seats)
    change.placements_ended.append(placement.placement_id)
    return after


def drive(change: Change) -> None:
    """Time out pending placements, and look for a process for the others."""
    for placement in change.world.placements.find("open", at=True):
        if change.now_s >= placement.times_out_at_s:
            end(change, placement, PlacementStatus.TIMED_OUT)
        elif placement.session_arn is None:
            _look(change, placement)


def on_session(change: Change, session_arn: str) -> None:
    """Fulfil the placement whose session was activated; look again when the session ended first."""
    session = change.world.sessions[session_arn]
    placement = change.world.placements.get(session.placement_id) if session.placement_id else None
    if placement is None or not placement.is_open or placement.session_arn != session_arn:
        return
    if session.status is SessionStatus.ACTIVE:
        end(change, placement, PlacementStatus.FULFILLED)
    elif not session.is_open:
        again = placement.looking_again()
        change.world.placements.put(placement.placement_id, again)


def _look(change: Change, placement: Placement) -> None:
    queue = change.world.queues.get(placement.queue_name)
    if queue is None:
        end(change, placement, PlacementStatus.FAILED)
        return
    fleets = {fleet.fleet_id: fleet for fleet in change.world.fleets}
    for spot in candidates(_routed(queue, change.world), fleets, placement, change.now_s):
        process = sessions.free_process(change, spot.fleet_id, spot.location)
        if process:
            policy = fleets[spot.fleet_id].protection_policy
            origin = Origin(change.ids.uuid(), placement.placement_id, policy)
            session = sessions.create(change, process, placement.plan, origin)
            change.world.placements.put(placement.placement_id, placement.reserving(session.arn, spot.location))
            return
    if placement.override and not placement.override_tried:
        change.world.placements.put(placement.placement_id, replace(placement, override_tried=True))


def _routed(queue: Queue, world: World) -> Queue:
    """Return *queue* with the fleets that the aliases among its destinations lead to now; dead ends are passed over."""
    aliases = [world.aliases.get(name_of(arn)) for arn in queue.destinations]
    routed = (
        world.arns.fleet(alias.fleet_id) if alias and alias.fleet_id else arn
        for arn, alias in zip(queue.destinations, aliases, strict=True)
    )
    return replace(queue, destinations=tuple(dict.fromkeys(routed)))


def _worst_ms(placement: Placement, location: str) -> float:
    """Return the highest latency to *location*; without data of some player it is out of reach."""
    return max(known.get(location, math.inf) for known in placement.latencies.values())


def _mean_ms(placement: Placement, location: str) -> float:
    known = [one[location] for one in placement.latencies.values() if location in one]
    return sum(known) / len(known) if known else math.inf


def _rank(spot: Spot, queue: Queue, fleets: Mapping[str, Fleet], placement: Placement) -> tuple[tuple[float, str], ...]:
    criteria = (*queue.priority_order, *(name for name in DEFAULT_ORDER if name not in queue.priority_order))
    cost = fleets[spot.fleet_id].cost
    values: Mapping[str, tuple[float, str]] = {
        "LATENCY": (_mean_ms(placement, spot.location), ""),
        "COST": (math.inf if cost is None else float(cost), ""),
        "DESTINATION": (_position(spot.fleet_id, [name_of(arn) for arn in queue.destinations]), ""),
        "LOCATION": (_position(spot.location, queue.location_order), spot.location),
    }
    return tuple(values[name] for name in criteria)


def _position(name: str, order: Sequence[str]) -> float:
    return order.index(name) if name in order else math.inf
