"""Queues and placements, fleets with their computes and server processes, game sessions with their seats."""

from muster_gamelift.page.chronicle import Told
from muster_gamelift.page.views.source import Source, View, contains, part, short
from muster_gamelift.state.arns import name_of
from muster_gamelift.state.catalogue import Fleet, Queue
from muster_gamelift.state.placements import Placement
from muster_gamelift.state.processes import ServerProcess
from muster_gamelift.state.sessions import GameSession

PROCESSES_SHOWN = 200
_PLACEMENTS = {
    "PlacementsSucceeded": "PlacementFulfilled",
    "PlacementsCanceled": "PlacementCancelled",
    "PlacementsTimedOut": "PlacementTimedOut",
    "PlacementsFailed": "PlacementFailed",
}
"""AWS's metric -> the notice that counts for it. Source: flexmatch specification 2.7."""


def queues(source: Source) -> View:
    """Return queues and the placements in them, the newest first."""
    world, asked = source.world, source.question
    placements = [
        one
        for one in world.placements
        if contains(asked.text, (one.placement_id, one.queue_name, one.match_id))
        and asked.status in {"", str(one.status)}
    ]
    return {
        "queues": [_queue(source, one) for one in world.queues],
        **part(reversed(placements), asked.start, lambda one: placement_line(source, one)),
    }


def fleets(source: Source) -> View:
    """Return the fleets with their computes and processes."""
    return part(source.world.fleets, source.question.start, lambda one: _fleet(source, one))


def sessions(source: Source) -> View:
    """Return game sessions, the newest first; or one with its seats."""
    world, asked = source.world, source.question
    if asked.name:
        one = world.sessions.get(asked.name)
        return {"one": _session(source, one) if one else None}
    found = [
        one
        for one in world.sessions
        if asked.status in {"", str(one.status)} and contains(asked.text, (one.arn, one.plan.name, one.process_id))
    ]
    return part(reversed(found), asked.start, lambda one: session_line(source, one))


def placement_line(source: Source, one: Placement) -> View:
    """Return one placement."""
    return {
        "placementId": one.placement_id,
        "queue": one.queue_name,
        "status": str(one.status),
        "matchId": one.match_id,
        "players": len(one.plan.seats),
        "startedAt": one.started_at_s,
        "endedAt": one.ended_at_s,
        "timesOutAt": one.times_out_at_s,
        "location": one.session_location,
        "sessionArn": one.session_arn,
        "waitsFor": _waits_for(source, one),
    }


def session_line(source: Source, one: GameSession) -> View:
    """Return one game session in short."""
    return {
        "arn": one.arn,
        "id": name_of(one.arn),
        "name": one.plan.name,
        "status": str(one.status),
        "reason": one.reason,
        "fleetId": one.fleet_id,
        "location": one.location,
        "compute": one.compute_name,
        "process": one.process_id,
        "address": f"{one.dns_name or one.ip_address}:{one.port}",
        "seatsTaken": source.world.seats.count("taken", one.arn),
        "seats": one.plan.max_players,
        "acceptsPlayers": one.accepts_players,
        "createdAt": one.created_at_s,
        "endedAt": one.ended_at_s,
        "activateBy": one.activate_by_s,
        "placementId": one.placement_id,
    }


def _waits_for(source: Source, one: Placement) -> str | None:
    if not one.is_open:
        return None
    session = source.world.sessions.get(one.session_arn) if one.session_arn else None
    return f"process {session.process_id} to activate its session" if session else "a free server process"


def _queue(source: Source, one: Queue) -> View:
    world = source.world
    said = source.told.counts(world.region, one.name)
    fleet_ids = [name_of(arn) for arn in one.destinations]
    fleets_of = [(fleet_id, world.fleets.get(fleet_id)) for fleet_id in fleet_ids]
    policies = sorted(one.latency_policies, key=lambda policy: policy.maximum_ms)
    return {
        "name": one.name,
        "timeoutSeconds": one.timeout_s,
        "destinations": [{"fleetId": fleet_id, "name": fleet.name if fleet else None} for fleet_id, fleet in fleets_of],
        "allowedLocations": list(one.allowed_locations),
        "priorityOrder": list(one.priority_order),
        "policies": [{"maximumMs": policy.maximum_ms, "seconds": policy.duration_s} for policy in policies],
        "queueDepth": world.placements.count("queue", one.name),
        "metrics": {metric: said.get(kind, 0) for metric, kind in _PLACEMENTS.items()},
        "freeProcesses": sum(
            process.is_free
            for fleet_id, fleet in fleets_of
            if fleet
            for location in fleet.locations
            for process in world.processes.find("place", (fleet_id, location))
        ),
    }


def _fleet(source: Source, one: Fleet) -> View:
    world = source.world
    computes = world.computes.find("fleet", one.fleet_id)
    processes = [process for compute in computes for process in _processes(source, one.fleet_id, compute.name)]
    return {
        "fleetId": one.fleet_id,
        "name": one.name,
        "locations": list(one.locations),
        "cost": one.cost,
        "createdAt": one.created_at_s,
        "computes": [
            {
                "name": compute.name,
                "location": compute.location,
                "address": compute.dns_name or compute.ip_address,
                "processes": len(_processes(source, one.fleet_id, compute.name)),
            }
            for compute in computes
        ],
        "processCount": len(processes),
        "freeProcesses": sum(process.is_free for process in processes),
        "processes": [_process(process) for process in processes[:PROCESSES_SHOWN]],
    }


def _processes(source: Source, fleet_id: str, compute: str) -> tuple[ServerProcess, ...]:
    return source.world.processes.find("compute", (fleet_id, compute))


def _process(one: ServerProcess) -> View:
    return {
        "processId": one.process_id,
        "compute": one.compute_name,
        "location": one.location,
        "status": str(one.status),
        "linked": one.linked,
        "free": one.is_free,
        "port": one.port,
        "heardAt": one.heard_at_s,
        "badReports": one.bad_reports,
        "sessionArn": one.session_arn,
        "endBy": one.end_by_s,
    }


def _session(source: Source, one: GameSession) -> View:
    seats = source.world.seats.find("session", one.arn)
    return {
        **session_line(source, one),
        "properties": dict(one.plan.properties),
        "sessionData": one.plan.session_data,
        "matchmakerData": one.plan.matchmaker_data,
        "players": [
            {
                "playerId": seat.player_id,
                "status": str(seat.status),
                "seat": short(seat.seat_id),
                "createdAt": seat.created_at_s,
                "heldUntil": seat.held_until_s,
                "endedAt": seat.ended_at_s,
            }
            for seat in seats
        ],
        "tickets": _tickets_of(source, one),
    }


def _tickets_of(source: Source, session: GameSession) -> list[str]:
    """Return the tickets whose match was placed in *session*, as far as notices are remembered."""
    players = {seat.player_id for seat in source.world.seats.find("session", session.arn)}
    placement = source.world.placements.get(session.placement_id) if session.placement_id else None
    if placement is None or placement.match_id is None:
        return []
    told: list[Told] = source.told.latest(source.world.region, text=placement.match_id, before=None, most=1)
    named = [ticket for one in told for ticket in one.detail.get("tickets", ())]
    return [str(one["ticketId"]) for one in named if any(each["playerId"] in players for each in one["players"])]
