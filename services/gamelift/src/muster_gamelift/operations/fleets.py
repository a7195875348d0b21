"""Anywhere fleets, and which locations they have."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from muster_gamelift.errors import ConflictingState, InvalidRequest, UnknownResource
from muster_gamelift.operations import render
from muster_gamelift.operations.call import Call, Output, fleet_of, found, keep_tags, page, within_quota
from muster_gamelift.operations.computes import close_compute
from muster_gamelift.state.arns import name_of
from muster_gamelift.state.catalogue import Fleet

FLEETS = 30
LOCATIONS_OF_A_FLEET = 10
"""Anywhere fleets, and locations of each. Source: GameLift quotas."""

MANAGED_ONLY = (
    "BuildId",
    "ScriptId",
    "EC2InstanceType",
    "FleetType",
    "RuntimeConfiguration",
    "EC2InboundPermissions",
    "InstanceRoleArn",
    "PeerVpcId",
    "PeerVpcAwsAccountId",
    "ServerLaunchPath",
    "ServerLaunchParameters",
    "LogPaths",
    "InstanceRoleCredentialsProvider",
    "PlayerGatewayConfiguration",
)
"""Members that make no sense for computes that somebody else runs."""

_FIELDS = {
    "Name": "name",
    "Description": "description",
    "NewGameSessionProtectionPolicy": "protection_policy",
}


def create_fleet(call: Call) -> Output:
    """Create an Anywhere fleet; it is ACTIVE at once."""
    given = call.given
    if given.get("ComputeType") != "ANYWHERE":
        raise InvalidRequest("This local GameLift offers fleets of ComputeType ANYWHERE only.")
    managed = [member for member in MANAGED_ONLY if member in given]
    if managed:
        raise InvalidRequest(f"{', '.join(managed)} cannot be set on a fleet of ComputeType ANYWHERE.")
    if given.get("CertificateConfiguration", {}).get("CertificateType") == "GENERATED":
        raise InvalidRequest("Certificates are not generated for fleets of ComputeType ANYWHERE.")
    if given.get("PlayerGatewayMode", "DISABLED") != "DISABLED":
        raise InvalidRequest("This local GameLift offers no player gateway; PlayerGatewayMode must be DISABLED.")
    locations = _locations(call, given.get("Locations", ()))
    if not locations:
        raise InvalidRequest("A fleet of ComputeType ANYWHERE needs at least one custom location.")
    within_quota(len(call.world.fleets), FLEETS, "Anywhere fleets")
    blank = Fleet(fleet_id=f"fleet-{call.change.ids.uuid()}", name=given["Name"], created_at_s=call.change.now_s)
    fleet = replace(_changed(blank, given), locations=_joined((), locations))
    call.world.fleets.put(fleet.fleet_id, fleet)
    keep_tags(call, call.world.arns.fleet(fleet.fleet_id))
    return {"FleetAttributes": render.fleet(fleet, call.world.arns), "LocationStates": _states(fleet.locations)}


def update_fleet_attributes(call: Call) -> Output:
    """Change the given members; game sessions that run keep what they started with."""
    fleet = fleet_of(call)
    call.world.fleets.put(fleet.fleet_id, _changed(fleet, call.given))
    return {"FleetId": fleet.fleet_id, "FleetArn": call.world.arns.fleet(fleet.fleet_id)}


def describe_fleet_attributes(call: Call) -> Output:
    """Return the named fleets that exist, or a page of all.

    Source: DescribeFleetAttributes reference: an object is returned for each fleet, unless it is not found; paging is
    ignored when fleets are named.
    """
    named = call.given.get("FleetIds")
    if named:
        fleets = (call.world.fleets.get(name_of(one)) for one in dict.fromkeys(named))
        return {"FleetAttributes": [render.fleet(row, call.world.arns) for row in fleets if row]}
    chosen, token = page(call.world.fleets, lambda row: row.fleet_id, call.given, 100)
    return {"FleetAttributes": [render.fleet(row, call.world.arns) for row in chosen], "NextToken": token}


def list_fleets(call: Call) -> Output:
    """Return fleet ids; no Anywhere fleet has a build or a script."""
    rows = [] if "BuildId" in call.given or "ScriptId" in call.given else list(call.world.fleets)
    chosen, token = page(rows, lambda row: row.fleet_id, call.given, 100)
    return {"FleetIds": [row.fleet_id for row in chosen], "NextToken": token}


def delete_fleet(call: Call) -> Output:
    """Forget a fleet with its computes; its processes are asked to end and its game sessions end."""
    fleet = fleet_of(call)
    for compute in call.world.computes.find("fleet", fleet.fleet_id):
        close_compute(call.change, compute)
    call.world.fleets.remove(fleet.fleet_id)
    call.world.tags.remove(call.world.arns.fleet(fleet.fleet_id))
    return {}


def create_fleet_locations(call: Call) -> Output:
    """Add custom locations to a fleet."""
    fleet = fleet_of(call)
    added = _locations(call, call.given["Locations"])
    after = call.world.fleets.put(fleet.fleet_id, replace(fleet, locations=_joined(fleet.locations, added)))
    arn = call.world.arns.fleet(after.fleet_id)
    return {"FleetId": after.fleet_id, "FleetArn": arn, "LocationStates": _states(added)}


def delete_fleet_locations(call: Call) -> Output:
    """Take locations from a fleet; what runs there ends, and computes there are forgotten."""
    fleet, named = fleet_of(call), tuple(dict.fromkeys(call.given["Locations"]))
    for name in named:
        if name not in fleet.locations:
            raise UnknownResource(f"Location {name} of fleet {fleet.fleet_id} not found.")
    kept = tuple(name for name in fleet.locations if name not in named)
    if not kept:
        raise InvalidRequest("A fleet of ComputeType ANYWHERE needs at least one custom location; delete the fleet.")
    for compute in call.world.computes.find("fleet", fleet.fleet_id):
        if compute.location in named:
            close_compute(call.change, compute)
    call.world.fleets.put(fleet.fleet_id, replace(fleet, locations=kept))
    arn = call.world.arns.fleet(fleet.fleet_id)
    return {"FleetId": fleet.fleet_id, "FleetArn": arn, "LocationStates": _states(named, status="DELETING")}


def describe_fleet_location_attributes(call: Call) -> Output:
    """Return the state of a fleet's locations."""
    fleet = fleet_of(call)
    wanted = call.given.get("Locations") or fleet.locations
    chosen, token = page((name for name in wanted if name in fleet.locations), str, call.given, 100)
    return {
        "FleetId": fleet.fleet_id,
        "FleetArn": call.world.arns.fleet(fleet.fleet_id),
        "LocationAttributes": [{"LocationState": state} for state in _states(chosen)],
        "NextToken": token,
    }


def _locations(call: Call, given: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    names = tuple(one["Location"] for one in given)
    for name in names:
        if not name.startswith("custom-"):
            raise InvalidRequest(f"Location {name} is not a custom location; an Anywhere fleet needs one.")
        found(call.world.locations, name, "Location")
    return names


def _joined(before: tuple[str, ...], added: tuple[str, ...]) -> tuple[str, ...]:
    joined = (*before, *added)
    if len(set(joined)) < len(joined):
        raise ConflictingState("The fleet has one of these locations already.")
    if len(joined) > LOCATIONS_OF_A_FLEET:
        raise InvalidRequest(f"A fleet has at most {LOCATIONS_OF_A_FLEET} locations.")
    return joined


def _cost(given: str | None) -> str | None:
    if given is not None and not re.fullmatch(r"\d{1,5}(?:\.\d{1,5})?", given):
        raise InvalidRequest("AnywhereConfiguration Cost must be a decimal number, such as 0.05.")
    return given


def _states(names: Sequence[str], *, status: str = "ACTIVE") -> list[dict[str, str]]:
    return [{"Location": name, "Status": status, "PlayerGatewayStatus": "DISABLED"} for name in names]


def _changed(fleet: Fleet, given: Mapping[str, Any]) -> Fleet:
    """Return *fleet* with the members given that can be changed at any time."""
    changes: dict[str, Any] = {field: given[member] for member, field in _FIELDS.items() if member in given}
    if "MetricGroups" in given:
        changes["metric_groups"] = tuple(given["MetricGroups"])
    if "AnywhereConfiguration" in given:
        changes["cost"] = _cost(given["AnywhereConfiguration"].get("Cost"))
    if "ResourceCreationLimitPolicy" in given:
        limit = given["ResourceCreationLimitPolicy"]
        changes["sessions_per_creator"] = limit.get("NewGameSessionsPerCreator")
        changes["creator_period_min"] = limit.get("PolicyPeriodInMinutes")
    return replace(fleet, **changes)
