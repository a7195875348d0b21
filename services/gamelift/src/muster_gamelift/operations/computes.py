"""Computes of Anywhere fleets, and the tokens with which their processes connect."""

import ipaddress

from muster_gamelift import sessions, tokens
from muster_gamelift.errors import ConflictingState, InvalidRequest
from muster_gamelift.operations import render
from muster_gamelift.operations.call import Call, Output, fleet_of, found, page, within_quota
from muster_gamelift.state.arns import name_of
from muster_gamelift.state.catalogue import Compute, compute_key
from muster_gamelift.state.world import Change

COMPUTES_OF_A_FLEET = 100
"""Source: GameLift quotas."""


def register_compute(call: Call) -> Output:
    """Add a machine to an Anywhere fleet; the answer says where its game servers connect."""
    given, fleet = call.given, fleet_of(call, absent=InvalidRequest)
    if ("IpAddress" in given) == ("DnsName" in given):
        raise InvalidRequest("A compute needs either IpAddress or DnsName.")
    if "IpAddress" in given:
        _check_address(given["IpAddress"])
    location = given.get("Location")
    if location is None:
        raise InvalidRequest("A compute of an Anywhere fleet needs a Location.")
    if location not in fleet.locations:
        raise InvalidRequest(f"Location {location} is not a location of fleet {fleet.fleet_id}.")
    name = given["ComputeName"]
    if compute_key(fleet.fleet_id, name) in call.world.computes:
        raise ConflictingState(f"Compute {name} is registered already.")
    within_quota(call.world.computes.count("fleet", fleet.fleet_id), COMPUTES_OF_A_FLEET, "computes of a fleet")
    compute = Compute(
        fleet_id=fleet.fleet_id,
        name=name,
        location=location,
        created_at_s=call.change.now_s,
        ip_address=given.get("IpAddress"),
        dns_name=given.get("DnsName"),
        certificate_path=given.get("CertificatePath"),
    )
    call.world.computes.put(compute.key, compute)
    return {"Compute": render.compute(compute, call.world.arns, call.servers_url)}


def deregister_compute(call: Call) -> Output:
    """Take a machine out of its fleet; its processes are given up, and their game sessions end."""
    close_compute(call.change, _compute_of(call))
    return {}


def close_compute(change: Change, compute: Compute) -> None:
    """Forget a compute; its processes are asked to end and given up, and their game sessions end."""
    for process in change.world.processes.find("compute", (compute.fleet_id, compute.name)):
        sessions.ask_process_to_end(change, process.process_id)
        sessions.end_process(change, change.world.processes[process.process_id])
    change.world.computes.remove(compute.key)


def describe_compute(call: Call) -> Output:
    """Return a compute."""
    return {"Compute": render.compute(_compute_of(call), call.world.arns, call.servers_url)}


def list_compute(call: Call) -> Output:
    """Return a fleet's computes, all of which are ACTIVE."""
    fleet = fleet_of(call, absent=InvalidRequest)
    rows = [
        row
        for row in call.world.computes.find("fleet", fleet.fleet_id)
        if call.given.get("Location", row.location) == row.location
        and call.given.get("ComputeStatus", "ACTIVE") == "ACTIVE"
    ]
    chosen, token = page(rows, lambda row: row.name, call.given, 100)
    computes = [render.compute(row, call.world.arns, call.servers_url) for row in chosen]
    return {"ComputeList": computes, "NextToken": token}


def get_compute_auth_token(call: Call) -> Output:
    """Issue a token for the processes of a compute; only its digest is kept."""
    compute = _compute_of(call)
    token, kept = tokens.issue(call.change, compute.fleet_id, compute.name)
    return {
        "FleetId": compute.fleet_id,
        "FleetArn": call.world.arns.fleet(compute.fleet_id),
        "ComputeName": compute.name,
        "ComputeArn": call.world.arns.compute(compute.name),
        "AuthToken": token,
        "ExpirationTimestamp": kept.expires_at_s,
    }


def _compute_of(call: Call) -> Compute:
    fleet = fleet_of(call)
    key = compute_key(fleet.fleet_id, name_of(call.given["ComputeName"]))
    compute = call.world.computes.get(key)
    return compute or found(call.world.computes, key, "Compute")


def _check_address(address: str) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise InvalidRequest(f"IpAddress {address} is not an IP address.") from None
