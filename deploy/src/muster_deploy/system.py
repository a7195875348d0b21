"""One running Muster, from the emulator to the sample game server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass

from muster_deploy import apply, localstack, preflight, templates
from muster_deploy.achievements_setup import define
from muster_deploy.edge import Edge
from muster_deploy.emulator import Emulator
from muster_deploy.envfiles import write_files
from muster_deploy.environment import (
    Facts,
    all_files,
    aws_environment,
    relocated,
)
from muster_deploy.game import GAMELIFT, Game
from muster_deploy.launch import EdgeUnit, Launcher
from muster_deploy.problems import CannotStart
from muster_deploy.readiness import wait_until_ready
from muster_deploy.report import Report
from muster_deploy.services import PROVIDERS, SERVICES, Entry
from muster_deploy.settings import Settings, export, inherited
from muster_deploy.supervise import Supervisor
from muster_deploy.topology import Topology, settle
from muster_runtime.backoff import first_of
from muster_runtime.clock import Clock
from muster_runtime.ids import Ids

GAMELIFT_LAYER, SERVICE_LAYER, PLAYERS_LAYER, EDGE_LAYER = range(4)
"""Stopped from the last to the first: clients before servers, GameLift at the end."""


@dataclass(frozen=True, slots=True)
class System:
    """What runs, for those who use it.

    Attributes:
        topology: where everything is.
        facts: what the stacks gave out.
        supervisor: keeps the services running.
        environment: what the env file for outside tools holds.
    """

    topology: Topology
    facts: Facts
    supervisor: Supervisor
    environment: Mapping[str, str]


def entries_for(settings: Settings, services: Sequence[Entry] = SERVICES) -> Sequence[Entry]:
    """Return what to start: the local GameLift and the pretend providers only where AWS is local too."""
    if settings.aws == "real":
        return [entry for entry in services if entry.name != "gamelift"]
    return [*services, PROVIDERS]


def plan(settings: Settings, entries: Sequence[Entry]) -> Topology:
    """Settle where everything will be.

    Raises:
        CannotStart: LocalStack was asked for and is nowhere.
    """
    region = inherited().get("AWS_REGION") or inherited().get("AWS_DEFAULT_REGION") or settings.region
    found = localstack.endpoint() if settings.aws == "localstack" else None
    return settle(settings, entries, region=region, localstack=found)


class Starter:
    """Starts everything in order; `running` is the way in."""

    def __init__(  # noqa: PLR0913 - one collaborator each
        self,
        settings: Settings,
        *,
        entries: Sequence[Entry],
        group: asyncio.TaskGroup,
        stack: AsyncExitStack,
        report: Report,
        clock: Clock,
        ids: Ids,
        lost: Callable[[str], None],
    ) -> None:
        """Keep what starting needs; `running` says what each is."""
        self._settings = settings
        self._entries = entries
        self._group = group
        self._stack = stack
        self._report = report
        self._ids = ids
        self.topology = plan(settings, entries)
        self._supervisor = Supervisor(group, clock=clock, warn=lambda line: report.line(f"  ! {line}"))
        self._lost = lost
        self._launcher = Launcher(settings, self.topology, report)
        self._emulator: Emulator | None = None
        self._watchers: list[asyncio.Task[None]] = []

    async def start(self, *, game: bool) -> System:
        """Start everything; return once every service says that it is ready.

        Raises:
            CannotStart: something outside is in the way, or a service does not get ready.
        """
        report = self._report
        self._stack.push_async_exit(self._stop)
        edge_up, can_go = asyncio.Event(), asyncio.Event()
        self._start_edge(edge_up)
        with apply.told():
            async with asyncio.TaskGroup() as side:
                # Importing takes as long as the emulator and the templates do, so it happens meanwhile.
                imports = side.create_task(self._import_services(can_go))
                with report.step(self._aws_words()):
                    await self._start_aws()
                with report.step("tables, queues, topics and rules"):
                    facts = await self._apply(can_go)
                await imports
                await self._listening(edge_up)
        with report.step(f"{len(self._entries)} services" + (", and the sample game" if game else "")):
            self._start_services(facts)
            if game:
                facts = await self._start_game(facts)
            await self._wait_ready()
            if game and facts.operator is not None:
                await define(self.topology.base_url, facts.operator)
        return self._finish(facts)

    def kill(self) -> None:
        """End every child process at once."""
        self._supervisor.kill()
        if self._emulator is not None:
            self._emulator.kill()

    def _aws_words(self) -> str:
        endpoint = self.topology.aws_endpoint
        return (
            f"AWS: {self._settings.aws} at {endpoint}" if endpoint else f"AWS: your account in {self.topology.region}"
        )

    def _start_edge(self, listening: asyncio.Event) -> None:
        edge = Edge(
            {name: self.topology.url(name) for name in self.topology.ports},
            ids=self._ids,
            settings=self._settings,
        )
        self._supervisor.start(EdgeUnit(edge, self.topology, listening), layer=EDGE_LAYER)

    async def _listening(self, edge_up: asyncio.Event) -> None:
        kept = self._supervisor.kept("edge")
        await first_of(edge_up, kept.crashed, within_s=self._settings.start_timeout_s)
        if not edge_up.is_set():
            raise CannotStart(f"Nothing can listen on {self.topology.base_url}.", f"It {kept.last_words}.")

    async def _start_aws(self) -> None:
        if self._settings.aws == "emulator":
            self._emulator = Emulator(
                self._settings.emulator,
                host=self.topology.host,
                port=self.topology.emulator_port,
                run_dir=self._settings.run_dir,
                keep=self._settings.keep,
            )
            await self._emulator.start(self._group, lambda line: self._report.line(f"emulator     | {line}"))
            await self._emulator.wait_ready()
            self._watchers.append(self._group.create_task(self._watch(self._emulator)))
        export(aws_environment(self.topology))

    async def _apply(self, first_imported: asyncio.Event) -> Facts:
        shared, *others = templates.load()
        outputs = await self._bring([shared])
        # The sample game server waits for what is set up in GameLift, so GameLift has a head start.
        async with asyncio.TaskGroup() as group:
            group.create_task(self._start_first(Facts(outputs), first_imported))
            outputs |= await self._bring(others)
        clients = await apply.seed_clients(outputs["IdentityClientsSecret"], limits=self._settings, ids=self._ids)
        return Facts(outputs=outputs, operator=clients[apply.OPERATOR])

    async def _bring(self, some: Sequence[templates.Template]) -> dict[str, str]:
        local = self._settings.aws != "real"
        outputs = await apply.apply(some, prefix=self._settings.prefix, limits=self._settings, local=local)
        return outputs if self._emulator is None else relocated(outputs, self._emulator.endpoint)

    async def _import_services(self, first: asyncio.Event) -> None:
        for entry in self._entries:
            if not self._settings.processes:
                await asyncio.to_thread(entry.load)
            first.set()

    async def _start_first(self, facts: Facts, imported: asyncio.Event) -> None:
        await imported.wait()
        for entry in self._entries:
            if entry.name == GAMELIFT:
                self._start_service(entry, facts)

    def _start_services(self, facts: Facts) -> None:
        for entry in self._entries:
            if entry.name != GAMELIFT:
                self._start_service(entry, facts)

    def _start_service(self, entry: Entry, facts: Facts) -> None:
        layer = {GAMELIFT: GAMELIFT_LAYER, "players": PLAYERS_LAYER}.get(entry.name, SERVICE_LAYER)
        self._supervisor.start(self._launcher.service(entry, facts), layer=layer)

    async def _start_game(self, facts: Facts) -> Facts:
        game = Game(
            self._settings,
            self.topology,
            self._supervisor,
            server=self._launcher.arena,
            layer=PLAYERS_LAYER,
            say=lambda line: self._report.line(f"  ! {line}"),
        )
        facts = await game.start(facts)
        if self.topology.gamelift_endpoint is not None:
            self._watchers.append(self._group.create_task(game.keep(facts, self._write)))
        return facts

    async def _wait_ready(self) -> None:
        async with asyncio.TaskGroup() as group:
            for name in self._supervisor.names:
                if name != "edge":
                    group.create_task(self._answers(name))

    async def _answers(self, name: str) -> None:
        kept = self._supervisor.kept(name)
        url = self.topology.arena_url if name == "arena" else self.topology.url(name)
        await wait_until_ready(kept, url, timeout_s=self._settings.start_timeout_s)

    def _write(self, facts: Facts) -> Mapping[str, str]:
        files = all_files(self._entries, self.topology, facts)
        write_files(self._settings.run_dir / "env", files)
        return files["muster"]

    def _finish(self, facts: Facts) -> System:
        return System(self.topology, facts, self._supervisor, self._write(facts))

    async def _watch(self, emulator: Emulator) -> None:
        how = await emulator.death()
        what = "What was written since its last clean stop" if self._settings.keep else "Everything it held"
        self._lost(f"The AWS emulator {how}. {what} is gone, so nothing can go on: start Muster again.")

    async def _stop(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        for watcher in self._watchers:
            watcher.cancel()
        # When it cannot even start, why is all that a person wants to read.
        step = nullcontext if isinstance(error, Exception) else self._report.step
        await self._supervisor.stop(grace_s=self._settings.stop_grace_s, around=lambda names: step(", ".join(names)))
        if self._emulator is not None:
            step = step if self._emulator.running else nullcontext
            with step("AWS emulator" + (", with its data kept" if self._settings.keep else "")):
                await self._emulator.stop()


@asynccontextmanager
async def running(  # noqa: PLR0913 - each has a default that serves
    settings: Settings,
    *,
    report: Report,
    clock: Clock,
    ids: Ids,
    entries: Sequence[Entry] | None = None,
    game: bool = True,
    killer: list[Starter] | None = None,
    lost: Callable[[str], None] = lambda _problem: None,
) -> AsyncIterator[System]:
    """Run everything while the block runs.

    Args:
        settings: what to run, and where.
        report: where steps and warnings are told.
        clock: for times and pauses.
        ids: where ids and secrets come from.
        entries: which services; all of them when left out.
        game: set the sample game up in GameLift, and start its server.
        killer: gets the starter, whose `kill` ends every child at once.
        lost: told, in a sentence, when something ended that nothing can go on without.

    Raises:
        CannotStart: something outside is in the way.
    """
    preflight.check(settings)
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        starter = Starter(
            settings,
            entries=entries_for(settings) if entries is None else entries,
            group=group,
            stack=stack,
            report=report,
            clock=clock,
            ids=ids,
            lost=lost,
        )
        if killer is not None:
            killer.append(starter)
        yield await starter.start(game=game)
