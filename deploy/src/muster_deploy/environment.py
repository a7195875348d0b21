"""From stack outputs to environment variables: what each service is told, and the files that tell it by hand."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from muster_deploy.services import Entry
from muster_deploy.topology import Topology
from muster_identity.testing import setup

_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")
_QUEUE_URL = re.compile(r"https?://[^/]+(/\d{12}/[A-Za-z0-9_-]+)")
CONFIGURATION = "muster-arena"
"""Name of the FlexMatch configuration, the fleet and the queue of the sample game."""
LOCATION = "custom-laptop"
"""The one location of the sample fleet; GameLift demands the prefix `custom-`."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An OAuth client of Muster.

    Attributes:
        client_id: its name.
        secret: never logged.
    """

    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known once the resources exist.

    Attributes:
        outputs: of all stacks together, by output name.
        fleet_id: of the sample game's fleet; empty until GameLift was set up.
        operator: the OAuth client with the scope `operator`; None until it was seeded.
    """

    outputs: Mapping[str, str]
    fleet_id: str = ""
    operator: Credentials | None = None

    @property
    def account(self) -> str:
        """AWS account number, read from an ARN and never assumed."""
        return self.outputs["MatchmakingNoticesTopic"].split(":")[4]


def variable(output: str) -> str:
    """Return the environment variable that carries a stack output: `TICKETS_TABLE` for `TicketsTable`."""
    return _WORD_START.sub("_", output).upper()


def relocated(outputs: Mapping[str, str], endpoint: str) -> dict[str, str]:
    """Return *outputs* with every queue URL led to *endpoint*.

    An emulator that kept its data gives out the URLs of its last start, when its port may have been another.
    """
    found = {name: _QUEUE_URL.fullmatch(value) for name, value in outputs.items()}
    return {name: f"{endpoint}{match[1]}" if (match := found[name]) else value for name, value in outputs.items()}


LOCAL_LIMITS: Mapping[str, str] = {
    "IDENTITY_LIMIT_REQUESTS_BURST": "20000",
    "IDENTITY_LIMIT_REQUESTS_PER_S": "5000",
    "IDENTITY_LIMIT_GUESTS_BURST": "10000",
    "IDENTITY_LIMIT_GUESTS_PER_S": "1000",
}
"""On one laptop all virtual players come from one address. The limits stay on, so that what counts them runs."""


def aws_environment(topology: Topology) -> dict[str, str]:
    """Return what AWS clients are made by: region, endpoints, and made-up keys where nobody checks them."""
    variables = {"AWS_REGION": topology.region, "AWS_DEFAULT_REGION": topology.region}
    if topology.aws_endpoint is not None:
        variables |= {
            "AWS_ENDPOINT_URL": topology.aws_endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            # Without it botocore asks the instance metadata service of the machine, and waits for it.
            "AWS_EC2_METADATA_DISABLED": "true",
            # Emulators let pass what DynamoDB refuses.
            "MUSTER_CHECK_DYNAMODB": "true",
        }
    if topology.gamelift_endpoint is not None:
        variables["AWS_ENDPOINT_URL_GAMELIFT"] = topology.gamelift_endpoint
    return variables


def service_environment(entry: Entry, topology: Topology, facts: Facts) -> dict[str, str]:
    """Return everything one service reads, and nothing of another's.

    Args:
        entry: the service.
        topology: where everything is.
        facts: what the stacks gave out.
    """
    prefix = entry.prefix
    variables = aws_environment(topology) | {
        f"{prefix}HOST": topology.host,
        f"{prefix}PORT": str(topology.ports[entry.name]),
        f"{prefix}EVENT_BUS": facts.outputs.get("EventBusName", ""),
        f"{prefix}ISSUER_URL": topology.base_url,
        f"{prefix}JWKS_URL": f"{topology.base_url}/.well-known/jwks.json",
        f"{prefix}REVOCATIONS_URL": f"{topology.base_url}/.well-known/revocations.json",
        f"{prefix}TRUSTED_PROXIES": "1" if entry.edge else "0",
    }
    for output, value in facts.outputs.items():
        name = variable(output)
        if name.startswith(prefix):
            variables[name] = value
    variables |= _particulars(entry.name, topology, facts)
    return variables


def arena_environment(topology: Topology, facts: Facts) -> dict[str, str]:
    """Return what the sample game server reads."""
    return aws_environment(topology) | {
        "ARENA_EVENT_BUS": facts.outputs.get("EventBusName", ""),
        "ARENA_FLEET_ID": facts.fleet_id,
        "ARENA_ADDRESS": topology.host,
        "ARENA_HOST": topology.host,
        "ARENA_PORT": str(topology.arena_port),
        "ARENA_LOCATION": LOCATION,
        "ARENA_PORT_FIRST": str(topology.arena_port_first),
        "ARENA_SLOTS": str(topology.arena_slots),
    }


def addresses(topology: Topology) -> dict[str, str]:
    """Return where everything listens: the one base URL, and each service itself."""
    urls = {f"MUSTER_{name.upper()}_URL": topology.url(name) for name in topology.ports}
    return {"MUSTER_BASE_URL": topology.base_url, **urls}


def shared_environment(topology: Topology, facts: Facts) -> dict[str, str]:
    """Return what a test or a tool outside needs to find this Muster."""
    variables = aws_environment(topology) | addresses(topology)
    variables["MUSTER_EVENT_BUS"] = facts.outputs.get("EventBusName", "")
    variables["MUSTER_MATCHMAKING_CONFIGURATION"] = CONFIGURATION
    variables["MUSTER_FLEET_ID"] = facts.fleet_id
    if facts.operator is not None:
        variables["MUSTER_OPERATOR_CLIENT_ID"] = facts.operator.client_id
        variables["MUSTER_OPERATOR_CLIENT_SECRET"] = facts.operator.secret
    return variables


def all_files(entries: Sequence[Entry], topology: Topology, facts: Facts) -> dict[str, Mapping[str, str]]:
    """Return every env file by name: one for each service, the arena's, and `muster` for tools outside.

    A service's file names the addresses of the others too: whoever runs it by hand wants to call them.
    """
    known = addresses(topology)
    files: dict[str, Mapping[str, str]] = {
        entry.name: known | service_environment(entry, topology, facts) for entry in entries
    }
    files["arena"] = arena_environment(topology, facts)
    files["muster"] = shared_environment(topology, facts)
    return files


def _particulars(name: str, topology: Topology, facts: Facts) -> dict[str, str]:
    told: dict[str, str] = {}
    match name:
        case "identity":
            told = dict(setup.environment(topology.providers_url)) if topology.providers_url is not None else {}
            told |= LOCAL_LIMITS if topology.aws_endpoint is not None else {}
        case "providers":
            told = {"PROVIDERS_URL": topology.url("providers")}
        case "matchmaking":
            told = {"MATCHMAKING_CONFIGURATION": CONFIGURATION}
        case "gamelift":
            told = {"GAMELIFT_REGION": topology.region, "GAMELIFT_ACCOUNT": facts.account}
        case "players":
            told = {"MUSTER_BASE_URL": topology.base_url}
        case _:
            pass
    return told
