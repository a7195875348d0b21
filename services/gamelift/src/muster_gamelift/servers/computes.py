"""What a server process may ask about the machine that it runs on.

Source: Server SDK 5 protocol; flexmatch specification 5.2.
"""

from collections.abc import Mapping
from typing import Any

from muster_gamelift.errors import UnknownResource
from muster_gamelift.state.catalogue import compute_key
from muster_gamelift.state.processes import ServerProcess
from muster_gamelift.state.world import Change

Message = Mapping[str, Any]


def get_compute_certificate(change: Change, process: ServerProcess, _message: Message) -> Mapping[str, Any]:
    """Tell the path that RegisterCompute was given; empty when it was given none.

    Source: RegisterCompute reference, CertificatePath: the path is not checked.
    """
    compute = change.world.computes.get(compute_key(process.fleet_id, process.compute_name))
    if compute is None:
        raise UnknownResource("The compute of this process is not registered any more.")
    return {"CertificatePath": compute.certificate_path or "", "ComputeName": compute.name}


def get_fleet_role_credentials(_change: Change, _process: ServerProcess, _message: Message) -> Mapping[str, Any]:
    """Tell that there is no role: SDKs take an empty AccessKeyId for "not a managed fleet".

    Source: Go SDK 5.6.0; Anywhere fleets, the only ones here, have no instance role.
    """
    texts = ("AssumedRoleUserArn", "AssumedRoleId", "AccessKeyId", "SecretAccessKey", "SessionToken")
    return {**dict.fromkeys(texts, ""), "Expiration": 0}
