"""Where everything of one running Muster is: addresses and ports, settled before anything starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from muster_deploy.ports import free_ports
from muster_deploy.services import Entry
from muster_deploy.settings import Backend, Settings


@dataclass(frozen=True, slots=True)
class Topology:
    """Addresses of one running Muster.

    Attributes:
        host: everything listens here.
        region: AWS region.
        backend: which AWS.
        edge_port: of the one base URL.
        emulator_port: of the AWS emulator; unused with another backend.
        ports: HTTP port by service name.
        arena_port: HTTP port of the sample game server, for its health.
        arena_port_first: first TCP port of the sample game server.
        arena_slots: how many ports follow, that one included.
        aws_endpoint: None on real AWS.
    """

    host: str
    region: str
    backend: Backend
    edge_port: int
    emulator_port: int
    ports: Mapping[str, int]
    arena_port: int
    arena_port_first: int
    arena_slots: int
    aws_endpoint: str | None

    @property
    def base_url(self) -> str:
        """The one address that clients need."""
        return f"http://{self.host}:{self.edge_port}"

    @property
    def arena_url(self) -> str:
        """Where the sample game server tells of its health."""
        return f"http://{self.host}:{self.arena_port}"

    def url(self, service: str) -> str:
        """Return the address of one service."""
        return f"http://{self.host}:{self.ports[service]}"

    @property
    def providers_url(self) -> str | None:
        """Where the pretend providers answer; None where only real ones do."""
        return self.url("providers") if "providers" in self.ports else None

    @property
    def gamelift_endpoint(self) -> str | None:
        """Where the GameLift API answers; None where it is the real one."""
        return self.url("gamelift") if "gamelift" in self.ports else None


def settle(settings: Settings, services: Sequence[Entry], *, region: str, localstack: str | None) -> Topology:
    """Choose every port, a free one where the settings say 0.

    Args:
        settings: what was asked for.
        services: what will run.
        region: AWS region.
        localstack: its endpoint, when it is the backend.
    """
    wanted = {entry.name: int(getattr(settings, f"{entry.name}_port", 0)) for entry in services}
    names = ["edge", "emulator", "arena", *wanted]
    given = [settings.port, settings.emulator_port, settings.arena_port, *wanted.values()]
    spare = iter(free_ports(len(names), settings.host))
    chosen = {name: port or next(spare) for name, port in zip(names, given, strict=True)}
    arena = settings.arena_port_first or free_ports(settings.arena_slots, settings.host, consecutive=True)[0]
    endpoint = {
        "emulator": f"http://{settings.host}:{chosen['emulator']}",
        "localstack": localstack,
        "real": None,
    }[settings.aws]
    return Topology(
        host=settings.host,
        region=region,
        backend=settings.aws,
        edge_port=chosen["edge"],
        emulator_port=chosen["emulator"],
        ports={name: chosen[name] for name in wanted},
        arena_port=chosen["arena"],
        arena_port_first=arena,
        arena_slots=settings.arena_slots,
        aws_endpoint=endpoint,
    )
