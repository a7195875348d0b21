"""How busy fleets are."""

from collections.abc import Sequence

from muster_gamelift.errors import UnknownResource
from muster_gamelift.operations.call import Call, Output, fleet_of, page
from muster_gamelift.state.arns import name_of
from muster_gamelift.state.catalogue import Fleet
from muster_gamelift.state.sessions import GameSession

PAGE = 100


def describe_fleet_utilization(call: Call) -> Output:
    """Return what runs on the named fleets that exist, or on a page of all.

    Anywhere fleets have nothing in the home region, so all their locations are counted together, and none is named.
    """
    named = call.given.get("FleetIds")
    if named:
        fleets = (call.world.fleets.get(name_of(one)) for one in dict.fromkeys(named))
        return {"FleetUtilization": [_utilization(call, fleet, fleet.locations) for fleet in fleets if fleet]}
    chosen, token = page(call.world.fleets, lambda row: row.fleet_id, call.given, PAGE)
    return {"FleetUtilization": [_utilization(call, row, row.locations) for row in chosen], "NextToken": token}


def describe_fleet_location_utilization(call: Call) -> Output:
    """Return what runs at one location of a fleet."""
    fleet, location = fleet_of(call), call.given["Location"]
    if location not in fleet.locations:
        raise UnknownResource(f"Location {location} of fleet {fleet.fleet_id} not found.")
    return {"FleetUtilization": {**_utilization(call, fleet, (location,)), "Location": location}}


def _utilization(call: Call, fleet: Fleet, locations: Sequence[str]) -> Output:
    world = call.world
    running = [row for row in world.sessions.find("fleet", fleet.fleet_id) if _runs(row, locations)]
    return {
        "FleetId": fleet.fleet_id,
        "FleetArn": world.arns.fleet(fleet.fleet_id),
        "ActiveServerProcessCount": sum(world.processes.count("place", (fleet.fleet_id, one)) for one in locations),
        "ActiveGameSessionCount": len(running),
        "CurrentPlayerSessionCount": sum(world.seats.count("taken", row.arn) for row in running),
        "MaximumPlayerSessionCount": sum(row.plan.max_players for row in running),
    }


def _runs(session: GameSession, locations: Sequence[str]) -> bool:
    return session.is_open and session.location in locations
