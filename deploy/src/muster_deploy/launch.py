"""Make the units of a running Muster: each service in the way that the settings ask for, and the sample game server."""

import asyncio
import sys
from collections.abc import Mapping

from muster_deploy.edge import Edge
from muster_deploy.environment import Facts, arena_environment, service_environment
from muster_deploy.report import Report
from muster_deploy.services import ARENA_MODULE, Entry
from muster_deploy.settings import Settings, export, inherited
from muster_deploy.supervise import Unit
from muster_deploy.topology import Topology
from muster_deploy.units import LoopUnit, ProcessUnit

PROVIDER_KINDS = ("STEAM", "APPLE", "GOOGLE", "FACEBOOK", "EPIC", "DISCORD", "OIDC", "COGNITO")
"""Begin the names of identity's settings of one provider."""


class Launcher:
    """Makes units; it starts nothing itself."""

    def __init__(self, settings: Settings, topology: Topology, report: Report) -> None:
        """Keep what every unit needs."""
        self._settings = settings
        self._topology = topology
        self._report = report

    def service(self, entry: Entry, facts: Facts) -> Unit:
        """Return the unit of one service: in this loop, or a process of its own."""
        variables = service_environment(entry, self._topology, facts) | self._comforts(entry.prefix)
        if entry.name == "identity":
            variables |= self._own_providers(variables)
        if self._settings.processes:
            return self._process(entry.name, entry.module, variables)
        export(variables)
        return LoopUnit(entry)

    def arena(self, facts: Facts) -> Unit:
        """Return the unit of the sample game server, which is a process in every case."""
        variables = arena_environment(self._topology, facts) | self._comforts("ARENA_")
        return self._process("arena", ARENA_MODULE, variables)

    def _comforts(self, prefix: str) -> dict[str, str]:
        """Return what makes a laptop pleasant, where the person did not say otherwise."""
        wanted = {
            f"{prefix}LOG_FORMAT": self._log_format(),
            f"{prefix}LOG_LEVEL": self._settings.log_level,
            f"{prefix}GRACE_S": str(self._settings.grace_s),
            # A receive in flight is never cut short, so it is the least time that stopping takes.
            f"{prefix}CONSUMER_WAIT_S": "2",
        }
        said = inherited()
        return {name: said.get(name, value) for name, value in wanted.items()}

    def _own_providers(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Return what the person said about a provider, which goes before the pretend one: all of it or nothing."""
        said = inherited()
        own: dict[str, str] = {}
        for kind in PROVIDER_KINDS:
            prefix = f"IDENTITY_{kind}"
            if any(name.startswith(prefix) for name in said):
                # What is empty counts as not there.
                own |= {name: said.get(name, "") for name in variables if name.startswith(prefix)}
        return own

    def _log_format(self) -> str:
        if self._settings.log_format != "auto":
            return self._settings.log_format
        return "columns" if sys.stdout.isatty() else "json"

    def _process(self, name: str, module: str, variables: Mapping[str, str]) -> ProcessUnit:
        return ProcessUnit(
            name,
            module,
            environment={**inherited(), "PYTHONUNBUFFERED": "1", **variables},
            on_line=lambda line: self._report.line(f"{name:<12} | {line}"),
            grace_s=self._settings.stop_grace_s,
        )


class EdgeUnit:
    """The local edge, which runs in this loop in every case."""

    name = "edge"

    def __init__(self, edge: Edge, topology: Topology, listening: asyncio.Event) -> None:
        """Describe it; *listening* is set once it listens."""
        self._edge, self._topology, self._listening = edge, topology, listening

    async def run(self, halt: asyncio.Event) -> None:
        """Serve until *halt* is set."""
        await self._edge.serve(self._topology.host, self._topology.edge_port, halt, self._listening)

    def kill(self) -> None:
        """Do nothing: cancelling its task, which the supervisor does, is all there is."""
