"""Custom locations, from which fleets choose."""

from muster_gamelift.errors import ConflictingState, InvalidRequest
from muster_gamelift.operations import render
from muster_gamelift.operations.call import Call, Output, found, keep_tags, page, within_quota
from muster_gamelift.state.catalogue import Location

LOCATIONS = 20
"""Custom locations in a region. Source: GameLift quotas."""


def create_location(call: Call) -> Output:
    """Create a custom location."""
    name = call.given["LocationName"]
    if name in call.world.locations:
        raise ConflictingState(f"Location {name} exists already.")
    within_quota(len(call.world.locations), LOCATIONS, "custom locations")
    location = call.world.locations.put(name, Location(name, call.change.now_s))
    keep_tags(call, call.world.arns.location(name))
    return {"Location": render.location(location, call.world.arns)}


def list_locations(call: Call) -> Output:
    """Return custom locations; with the filter AWS the home region alone."""
    filters = call.given.get("Filters", ["AWS", "CUSTOM"])
    rows = [Location(call.world.region, 0.0)] if "AWS" in filters else []
    rows += list(call.world.locations) if "CUSTOM" in filters else []
    chosen, token = page(rows, lambda row: row.name, call.given, 100)
    return {"Locations": [render.location(row, call.world.arns) for row in chosen], "NextToken": token}


def delete_location(call: Call) -> Output:
    """Forget a custom location that no fleet uses."""
    location = found(call.world.locations, call.given["LocationName"], "Location")
    if call.world.fleets.count("location", location.name):
        raise InvalidRequest(f"Location {location.name} is used by a fleet.")
    call.world.locations.remove(location.name)
    call.world.tags.remove(call.world.arns.location(location.name))
    return {}
