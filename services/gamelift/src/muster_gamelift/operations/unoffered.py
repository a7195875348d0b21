"""Operations of the API that this local GameLift does not offer: what each answers.

Lists of what cannot exist here are truthfully empty. Everything else is refused with a message that says what to use
instead: with UnsupportedRegionException where the model lists it, because that is AWS's own way to say "not here", with
InvalidRequestException otherwise.
"""

from collections.abc import Mapping
from typing import Final

from muster_gamelift.errors import Fault, InvalidRequest, NotOffered
from muster_gamelift.operations.call import Call, Operation, Output

_COMPUTES = "Fleets here are of ComputeType ANYWHERE: register computes with RegisterCompute, see them with ListCompute"
_START_BY_HAND = "Start game servers by hand on a compute that RegisterCompute has registered"
_NO_CONTAINERS = f"{_START_BY_HAND}, in containers of your own if you like"
_NO_FLEETIQ = "FleetIQ is not part of it; create a fleet of ComputeType ANYWHERE and ask for game sessions"
_NO_PEERING = "There is no VPC; game servers reach the address in GameLiftServiceSdkEndpoint directly"
_USAGE = "See DescribeFleetLocationUtilization for what runs, ListCompute for what it may run on"
_LOGS = "Logs stay where the game server writes them; notices and the page of this service tell what happened"

EMPTY: Final[Mapping[str, str]] = {
    "DescribeVpcPeeringAuthorizations": "VpcPeeringAuthorizations",
    "DescribeVpcPeeringConnections": "VpcPeeringConnections",
    "ListBuilds": "Builds",
    "ListContainerFleets": "ContainerFleets",
    "ListContainerGroupDefinitions": "ContainerGroupDefinitions",
    "ListGameServerGroups": "GameServerGroups",
    "ListScripts": "Scripts",
}
"""Operation -> the member of its answer that is an empty list, because nothing of the kind can be created here."""

UNSUPPORTED: Final[Mapping[str, str]] = {
    "CreateContainerFleet": _NO_CONTAINERS,
    "CreateContainerGroupDefinition": _NO_CONTAINERS,
    "DeleteContainerFleet": _NO_CONTAINERS,
    "DeleteContainerGroupDefinition": _NO_CONTAINERS,
    "DeleteScalingPolicy": _COMPUTES,
    "DescribeContainerFleet": _NO_CONTAINERS,
    "DescribeContainerGroupDefinition": _NO_CONTAINERS,
    "DescribeContainerGroupPortMappings": _NO_CONTAINERS,
    "DescribeEC2InstanceLimits": _COMPUTES,
    "DescribeFleetCapacity": _USAGE,
    "DescribeFleetDeployment": _NO_CONTAINERS,
    "DescribeFleetEvents": _LOGS,
    "DescribeFleetLocationCapacity": _USAGE,
    "DescribeFleetPortSettings": "Ports are those that game servers report when they are ready",
    "DescribeInstances": _COMPUTES,
    "DescribeScalingPolicies": _COMPUTES,
    "GetComputeAccess": "Computes are your own machines; log in as you always do",
    "GetPlayerConnectionDetails": "There is no player gateway; connect to IpAddress and Port of the game session",
    "ListContainerGroupDefinitionVersions": _NO_CONTAINERS,
    "ListFleetDeployments": _NO_CONTAINERS,
    "PutScalingPolicy": _COMPUTES,
    "StartFleetActions": _COMPUTES,
    "StopFleetActions": _COMPUTES,
    "UpdateContainerFleet": _NO_CONTAINERS,
    "UpdateContainerGroupDefinition": _NO_CONTAINERS,
    "UpdateFleetCapacity": _COMPUTES,
}
"""Operation -> what to use instead; answered with UnsupportedRegionException."""

REFUSED: Final[Mapping[str, str]] = {
    "ClaimGameServer": _NO_FLEETIQ,
    "CreateBuild": _START_BY_HAND,
    "CreateGameServerGroup": _NO_FLEETIQ,
    "CreateScript": _START_BY_HAND,
    "CreateVpcPeeringAuthorization": _NO_PEERING,
    "CreateVpcPeeringConnection": _NO_PEERING,
    "DeleteBuild": _START_BY_HAND,
    "DeleteGameServerGroup": _NO_FLEETIQ,
    "DeleteScript": _START_BY_HAND,
    "DeleteVpcPeeringAuthorization": _NO_PEERING,
    "DeleteVpcPeeringConnection": _NO_PEERING,
    "DeregisterGameServer": _NO_FLEETIQ,
    "DescribeBuild": _START_BY_HAND,
    "DescribeGameServer": _NO_FLEETIQ,
    "DescribeGameServerGroup": _NO_FLEETIQ,
    "DescribeGameServerInstances": _NO_FLEETIQ,
    "DescribeRuntimeConfiguration": _START_BY_HAND,
    "DescribeScript": _START_BY_HAND,
    "GetGameSessionLogUrl": _LOGS,
    "GetInstanceAccess": "Computes are your own machines; log in as you always do",
    "ListGameServers": _NO_FLEETIQ,
    "RegisterGameServer": _NO_FLEETIQ,
    "RequestUploadCredentials": _START_BY_HAND,
    "ResumeGameServerGroup": _NO_FLEETIQ,
    "SuspendGameServerGroup": _NO_FLEETIQ,
    "UpdateBuild": _START_BY_HAND,
    "UpdateFleetPortSettings": "Ports are those that game servers report when they are ready",
    "UpdateGameServer": _NO_FLEETIQ,
    "UpdateGameServerGroup": _NO_FLEETIQ,
    "UpdateRuntimeConfiguration": _START_BY_HAND,
    "UpdateScript": _START_BY_HAND,
}
"""Operation -> what to use instead; answered with InvalidRequestException."""


def _empty(member: str) -> Operation:
    def answer(_call: Call) -> Output:
        return {member: []}

    return answer


def _refusing(name: str, advice: str, kind: type[Fault]) -> Operation:
    def answer(_call: Call) -> Output:
        raise kind(f"{name} is not offered by this local GameLift. {advice}.")

    return answer


UNOFFERED: Final[Mapping[str, Operation]] = {
    **{name: _empty(member) for name, member in EMPTY.items()},
    **{name: _refusing(name, advice, NotOffered) for name, advice in UNSUPPORTED.items()},
    **{name: _refusing(name, advice, InvalidRequest) for name, advice in REFUSED.items()},
}
"""Every operation of the API that is not in the table of those offered."""
