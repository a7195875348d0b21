"""Who may connect as a server process, and what becomes of it when the connection is lost.

Source: Server SDK 5 (Go 5.6.0, C++ 5.4.0), query parameters of the connection.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from muster_gamelift.errors import InvalidRequest, NotAuthorized, UnknownResource
from muster_gamelift.state.arns import name_of
from muster_gamelift.state.catalogue import compute_key
from muster_gamelift.state.processes import ServerProcess
from muster_gamelift.state.world import Change
from muster_gamelift.tokens import digest_of, renewal_s

SIGNED = "SigV4"
"""The authorization of a process that signs with AWS credentials; signatures are not verified locally."""

_PROCESS_ID = re.compile(r"[A-Za-z0-9._:-]{1,256}")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a connecting process says of itself.

    Attributes:
        process_id: chosen by the process, kept over reconnections.
        fleet_id: of its compute.
        compute_name: the machine it says it runs on.
        authorization: a token of GetComputeAuthToken, or `SigV4`.
        endpoint: where it reached us, such as `ws://127.0.0.1:9080`; empty when nobody can tell.
    """

    process_id: str
    fleet_id: str
    compute_name: str
    authorization: str = field(repr=False)
    endpoint: str = ""


def claim_of(query: Mapping[str, str], *, endpoint: str = "") -> Claim:
    """Return the claim in the query parameters of a connection to *endpoint*.

    Raises:
        InvalidRequest: a parameter is missing or malformed.
    """
    missing = [name for name in ("pID", "ComputeId", "FleetId", "Authorization") if not query.get(name)]
    if missing:
        raise InvalidRequest(f"Missing query parameters: {', '.join(missing)}.")
    if not _PROCESS_ID.fullmatch(query["pID"]):
        raise InvalidRequest("pID must be 1 to 256 letters, digits and ._:- characters.")
    if query["Authorization"] == SIGNED and not query.get("X-Amz-Signature"):
        raise InvalidRequest("A signed connection needs X-Amz-Signature.")
    return Claim(
        process_id=query["pID"],
        fleet_id=name_of(query["FleetId"]),
        compute_name=name_of(query["ComputeId"]),
        authorization=query["Authorization"],
        endpoint=endpoint,
    )


def attach(change: Change, claim: Claim) -> ServerProcess:
    """Link the process that *claim* describes; one that was linked before keeps its state and its session.

    Raises:
        UnknownResource: the compute is not registered with the fleet.
        NotAuthorized: the token is unknown, has expired, or belongs to another compute.
    """
    world = change.world
    compute = world.computes.get(compute_key(claim.fleet_id, claim.compute_name))
    if compute is None:
        raise UnknownResource("The compute is not registered with this fleet.")
    digest = SIGNED if claim.authorization == SIGNED else digest_of(claim.authorization)
    known = world.processes.get(claim.process_id)
    if known and not known.is_open:
        known = None
    if known and (known.fleet_id, known.compute_name) != (claim.fleet_id, claim.compute_name):
        raise NotAuthorized("This process id belongs to another compute.")
    # The token of a running process may have expired since: it proved itself with it when it came.
    if digest != SIGNED and not (known and known.token_digest == digest) and not _is_valid(change, claim, digest):
        raise NotAuthorized("The token is not a valid token of this compute.")
    change.wants_pass = True
    renew_at_s = renewal_s(change, digest) if claim.endpoint and digest != SIGNED else None
    if known:
        return world.processes.put(known.process_id, known.relinked(digest, claim.endpoint, renew_at_s))
    process = ServerProcess(
        process_id=claim.process_id,
        fleet_id=claim.fleet_id,
        compute_name=claim.compute_name,
        location=compute.location,
        token_digest=digest,
        heard_at_s=change.now_s,
        endpoint=claim.endpoint,
        renew_at_s=renew_at_s,
    )
    return world.processes.put(process.process_id, process)


def detach(change: Change, process_id: str) -> None:
    """Note that a process lost its connection; it has a grace to come back."""
    process = change.world.processes.get(process_id)
    if process and process.is_open:
        change.world.processes.put(process_id, process.unlinked(change.now_s))


def await_all(change: Change) -> None:
    """Give every process the grace to come back: the service was restarted, and all connections are lost."""
    for process in change.world.processes.find("open", at=True):
        change.world.processes.put(process.process_id, process.orphaned(change.now_s))


def _is_valid(change: Change, claim: Claim, digest: str) -> bool:
    token = change.world.tokens.get(digest)
    return (
        token is not None
        and change.now_s < token.expires_at_s
        and (token.fleet_id, token.compute_name) == (claim.fleet_id, claim.compute_name)
    )
