"""One seat of the machine: a server process that hosts one session, ends, and starts afresh under a new id."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from muster_gameserver import (
    Credentials,
    GameServer,
    GameServerError,
    GameSession,
    GameSessionUpdate,
    NotConnected,
    ProcessParameters,
    ServerParameters,
    Surroundings,
    TerminationTimeNotSet,
    Timings,
    UpdateReason,
)
from muster_players.arena.door import Door
from muster_players.arena.fixture import fixture_of
from muster_players.arena.guests import GuestRules, Lobby, Room
from muster_players.arena.match import Match, MatchTimes, Outcome
from muster_runtime.backoff import first_of, full_jitter, pause
from muster_runtime.clock import Clock
from muster_runtime.ids import Ids

_log = structlog.get_logger()
_EMPTY_S = 2.0
"""How long the end of a session waits until the seats are given back."""
_GOODBYE_S = 3.0
"""How long GameLift is given to hear that a process ended."""
_A_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """What all slots of an arena share.

    Attributes:
        host: address to listen on.
        compute: name given to RegisterCompute.
        fleet_id: its fleet.
        credentials: gets the right to connect.
        around: how the Server SDK reaches GameLift, and what else it takes from outside.
        timings: of the Server SDK.
        times: of a match.
        rules: for connections.
        report: takes in how a match ended.
        clock: tells the time.
        ids: draws identifiers.
    """

    host: str
    compute: str
    fleet_id: str
    credentials: Callable[[], Awaitable[Credentials]]
    around: Surroundings
    timings: Timings
    times: MatchTimes
    rules: GuestRules
    report: Callable[[Outcome], None]
    clock: Clock
    ids: Ids


class Slot:
    """A Runnable: one TCP port, and one logical server process after the other behind it.

    Attributes:
        port: the TCP port; 0 until it listens, when any free one was asked for.
        phase: what it does now: `starting`, `idle`, `hosting` or `stopped`.
    """

    def __init__(self, plan: SlotPlan, port: int) -> None:
        """Build a slot that will listen on *port*; 0 takes any free one."""
        self.port = port
        self.phase = "starting"
        self._plan = plan
        self._lobby = Lobby(plan.rules, plan.clock)

    @property
    def match(self) -> Match | None:
        """The match that is on."""
        return None if self._lobby.room is None else self._lobby.room.match

    async def run(self, stop: asyncio.Event) -> None:
        """Host sessions until *stop* is set; then end the one that is on, and say goodbye to GameLift.

        Raises:
            OSError: the port is taken.
        """
        async with asyncio.TaskGroup() as guests:
            tasks: set[asyncio.Task[None]] = set()

            def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                task = guests.create_task(self._lobby.receive(reader, writer))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

            server = await asyncio.start_server(receive, self._plan.host, self.port)
            try:
                self.port = server.sockets[0].getsockname()[1]
                await self._host_sessions(stop)
            finally:
                self.phase = "stopped"
                server.close()
                for task in tasks:
                    task.cancel()

    async def _host_sessions(self, stop: asyncio.Event) -> None:
        failures = 0
        while not stop.is_set():
            if await self._live_once(stop):
                failures = 0
                continue
            failures += 1
            await pause(stop, full_jitter(failures, base_s=0.5, cap_s=10.0))

    async def _live_once(self, stop: asyncio.Event) -> bool:
        """Be one server process from its start to its end; return whether that went well."""
        connected = asyncio.Event()
        self.phase = "starting"
        async with asyncio.TaskGroup() as tasks:
            life = tasks.create_task(self._live(stop, connected))
            life.add_done_callback(lambda _: connected.set())
            await first_of(stop, connected, within_s=_A_DAY_S)
            if not connected.is_set():
                life.cancel()  # it may try to connect for minutes, and nobody waits for that any more
        return not life.cancelled() and life.result()

    async def _live(self, stop: asyncio.Event, connected: asyncio.Event) -> bool:
        process_id = self._plan.ids.uuid()
        try:
            async with self._server(process_id) as server:
                connected.set()
                life = _Life(server, self._lobby)
                if not await self._get_ready(server, life, stop):
                    return False
                self.phase = "idle"
                _log.info("process_ready", process_id=process_id, port=self.port)
                await first_of(stop, life.called, server.closed, within_s=_A_DAY_S)
                was_dropped = server.closed.is_set() and life.session is None
                if life.session is not None and not stop.is_set():
                    self.phase = "hosting"
                    await self._host(life.session, server, life, stop)
                await _say_goodbye(server)
                _log.info("process_ended", process_id=process_id)
                # A process that GameLift drops while it is idle counts as failed, lest we come back in a tight loop.
                return not was_dropped
        except NotConnected:
            return False

    def _server(self, process_id: str) -> GameServer:
        parameters = ServerParameters(
            websocket_url="", fleet_id=self._plan.fleet_id, host_id=self._plan.compute, process_id=process_id
        )
        return GameServer(
            parameters, renew=self._plan.credentials, timings=self._plan.timings, around=self._plan.around
        )

    async def _get_ready(self, server: GameServer, life: "_Life", stop: asyncio.Event) -> bool:
        while not stop.is_set() and not server.closed.is_set():
            try:
                await server.process_ready(life.parameters(self.port))
            except NotConnected:
                continue  # it broke meanwhile; the connection comes back by itself, or is closed for good
            except GameServerError as error:
                _log.warning("process_not_ready", process_id=server.parameters.process_id, problem=str(error))
                return False
            else:
                return True
        return False

    async def _host(self, session: GameSession, server: GameServer, life: "_Life", stop: asyncio.Event) -> None:
        """Play the match of an offered session."""
        fixture = fixture_of(session.game_session_id, session.matchmaker_data)
        match = Match(fixture, times=self._plan.times, clock=self._plan.clock)
        self._lobby.open(Room(match, Door(server, session.game_session_id)))
        try:
            await server.activate_game_session()
            _log.info("match_awaited", match_id=fixture.match_id, port=self.port, players=len(fixture.expected))
            outcome = await self._play(match, life, stop)
            _log.info("match_ended", match_id=fixture.match_id, reason=outcome.reason, scores=outcome.scores)
            self._plan.report(outcome)
        except GameServerError as error:
            _log.warning("session_not_activated", match_id=fixture.match_id, problem=str(error))
            match.over.set()
        finally:
            await self._lobby.shut(within_s=_EMPTY_S)

    async def _play(self, match: Match, life: "_Life", stop: asyncio.Event) -> Outcome:
        """Play, and pass the wish to stop on to the match, whoever has it: we ourselves, or GameLift."""
        ending = asyncio.Event()

        async def listen() -> None:
            await first_of(stop, life.terminated, within_s=_A_DAY_S)
            ending.set()

        async with asyncio.TaskGroup() as tasks:
            listener = tasks.create_task(listen())
            try:
                return await match.play(ending)
            finally:
                listener.cancel()


async def _say_goodbye(server: GameServer) -> None:
    try:
        async with asyncio.timeout(_GOODBYE_S):
            await server.process_ending()
    except (GameServerError, TimeoutError) as error:
        process_id = server.parameters.process_id
        _log.info("process_end_not_told", process_id=process_id, problem=type(error).__name__)


class _Life:
    """What GameLift said to one server process."""

    def __init__(self, server: GameServer, lobby: Lobby) -> None:
        self.session: GameSession | None = None
        self.called = asyncio.Event()
        self.terminated = asyncio.Event()
        self._server = server
        self._lobby = lobby

    def parameters(self, port: int) -> ProcessParameters:
        return ProcessParameters(
            port=port,
            on_start_game_session=self._start,
            on_update_game_session=self._update,
            on_process_terminate=self._terminate,
        )

    def _start(self, session: GameSession) -> None:
        if self.session is None:
            self.session = session
            self.called.set()

    def _terminate(self) -> None:
        try:
            at_s: float | None = self._server.get_termination_time()
        except TerminationTimeNotSet:
            at_s = None
        _log.info("process_end_asked", at_s=at_s)
        self.terminated.set()
        self.called.set()

    def _update(self, update: GameSessionUpdate) -> None:
        """Backfill found players: from now on they are expected too."""
        room = self._lobby.room
        if room is not None and update.reason == UpdateReason.MATCHMAKING_DATA_UPDATED:
            room.match.fixture = fixture_of(update.session.game_session_id, update.session.matchmaker_data)
