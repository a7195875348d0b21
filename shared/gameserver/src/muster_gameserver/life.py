"""What goes on by itself while a server process lives: heartbeats, and the callbacks for what GameLift says."""

import asyncio
import inspect
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from muster_gameserver.errors import NotConnected, Refused, TimedOut
from muster_gameserver.link import Link
from muster_gameserver.parameters import HealthCheck, ProcessParameters, ServerParameters
from muster_gameserver.protocol import SDK_LANGUAGE, SDK_TOOL, SDK_VERSION, Incoming, Termination
from muster_gameserver.surroundings import Timings
from muster_gameserver.values import GameSession, GameSessionUpdate

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Life:
    """Heartbeats and callbacks of one server process.

    Attributes:
        session: the session that the process was given, as GameLift told last.
        terminates_at_s: when GameLift wants it gone, seconds since the epoch.
        is_ready: whether it said ProcessReady, and not ProcessEnding.
    """

    def __init__(
        self,
        link: Link,
        parameters: ServerParameters,
        timings: Timings,
        rng: random.Random,
        *,
        leave: Callable[[], Awaitable[None]],
    ) -> None:
        """Build it.

        Args:
            link: to GameLift.
            parameters: which process.
            timings: of heartbeats.
            rng: draws the spread of heartbeats.
            leave: ends the process when it is asked to end and has no callback for it.
        """
        self.session: GameSession | None = None
        self.terminates_at_s: float | None = None
        self.is_ready = False
        self._link = link
        self._parameters = parameters
        self._timings = timings
        self._rng = rng
        self._leave = leave
        self._process: ProcessParameters | None = None
        self._sessions: asyncio.Queue[GameSession | GameSessionUpdate] = asyncio.Queue()

    async def run(self) -> None:
        """Send heartbeats and run the callbacks until the link is lost."""
        async with asyncio.TaskGroup() as tasks:
            workers = [
                tasks.create_task(self._sort(tasks)),
                tasks.create_task(self._tell()),
                tasks.create_task(self._heartbeats()),
            ]
            await self._link.lost.wait()
            for worker in workers:
                worker.cancel()

    async def introduce(self, process: ProcessParameters) -> None:
        """Say what the process offers, and that it is well.

        Raises:
            GameServerError: GameLift refused, or does not answer.
        """
        # Known before GameLift is told: a session that comes with the answer must find its callback.
        self._process = process
        await self._activate(process)
        # A session may come with the answer to the heartbeat, and its callback wants to activate it.
        self.is_ready = True
        try:
            await self._heartbeat(process)
        except BaseException:
            self.is_ready = False
            raise

    # What GameLift says --------------------------------------------------------------------------------------------

    async def _sort(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            message: Incoming = await self._link.pushed.get()
            match message:
                case GameSession():
                    self.session = self._completed(message)
                    self._sessions.put_nowait(self.session)
                case GameSessionUpdate():
                    self.session = self._completed(message.session)
                    self._sessions.put_nowait(replace(message, session=self.session))
                case Termination():
                    self.terminates_at_s = message.at_s
                    tasks.create_task(self._terminate())

    async def _tell(self) -> None:
        while True:
            message = await self._sessions.get()
            process = self._process
            if process is None:
                _log.warning("game_session_before_process_ready", extra=self._facts())
            elif isinstance(message, GameSession):
                await self._run("on_start_game_session", process.on_start_game_session, message)
            elif process.on_update_game_session is not None:
                await self._run("on_update_game_session", process.on_update_game_session, message)

    async def _terminate(self) -> None:
        callback = self._process.on_process_terminate if self._process else None
        if callback is None:
            await self._leave()
        else:
            await self._run("on_process_terminate", callback)

    async def _run(self, name: str, callback: Callable[..., Awaitable[None] | None], *given: object) -> None:
        try:
            await _result(callback(*given))
        except Exception:  # noqa: BLE001 - what one callback breaks must not silence the others, nor the heartbeats
            _log.exception("callback_failed", extra=self._facts(callback=name))

    def _completed(self, session: GameSession) -> GameSession:
        """Return *session* with what GameLift leaves out because the process knows it, as AWS's SDKs do."""
        return session if session.fleet_id else replace(session, fleet_id=self._parameters.fleet_id)

    # Heartbeats ----------------------------------------------------------------------------------------------------

    async def _heartbeats(self) -> None:
        """Beat in a rhythm with some spread, and at once after every new connection."""
        loop = asyncio.get_running_loop()
        next_s = loop.time() + self._interval_s()
        while True:
            try:
                async with asyncio.timeout_at(next_s):
                    await self._link.connected.wait()
            except TimeoutError:
                pass
            else:
                self._link.connected.clear()
            next_s = loop.time() + self._interval_s()
            if self._process is not None and self.is_ready:
                await self._beat(self._process)

    def _interval_s(self) -> float:
        spread_s = self._timings.heartbeat_spread_s
        return max(0.0, self._timings.heartbeat_s + self._rng.uniform(-spread_s, spread_s))

    async def _beat(self, process: ProcessParameters) -> None:
        """Send a heartbeat; a process without a session introduces itself again when GameLift has forgotten it.

        While a session is played an introduction would offer an occupied process, so then a refusal is only noted.
        """
        try:
            try:
                await self._heartbeat(process)
            except Refused as refusal:
                _log.info("heartbeat_refused", extra=self._facts(status=refusal.status))
                if self.session is None and self.is_ready:
                    await self._activate(process)
                    await self._heartbeat(process)
        except Refused as refusal:
            _log.info("heartbeat_refused", extra=self._facts(status=refusal.status))
        except (TimedOut, NotConnected) as error:
            _log.info("heartbeat_missed", extra=self._facts(problem=str(error)))

    async def _heartbeat(self, process: ProcessParameters) -> None:
        well = await self._is_healthy(process.on_health_check)
        await self._link.ask("HeartbeatServerProcess", HealthStatus=well)

    async def _is_healthy(self, check: HealthCheck) -> bool:
        try:
            async with asyncio.timeout(self._timings.health_s):
                return bool(await _result(check()))
        except TimeoutError:
            _log.warning("health_check_too_slow", extra=self._facts())
        except Exception:  # noqa: BLE001 - a check that fails says that the process is not well
            _log.exception("callback_failed", extra=self._facts(callback="on_health_check"))
        return False

    async def _activate(self, process: ProcessParameters) -> None:
        await self._link.ask(
            "ActivateServerProcess",
            SdkVersion=SDK_VERSION,
            SdkLanguage=SDK_LANGUAGE,
            SdkToolName=SDK_TOOL,
            SdkToolVersion=SDK_VERSION,
            Port=process.port,
            LogPaths=list(process.log_paths),
        )

    def _facts(self, **facts: object) -> dict[str, object]:
        return {"process_id": self._parameters.process_id, **facts}


async def _result(given: Awaitable[T] | T) -> T:
    """Return what a callback gives, whether it is a plain function or a coroutine function."""
    if inspect.isawaitable(given):
        return await given
    return given
