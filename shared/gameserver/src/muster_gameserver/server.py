"""A game server as GameLift knows it: connected, ready, hosting one session, ended."""

import asyncio
import logging
import ssl
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from muster_gameserver.calls import Calls
from muster_gameserver.errors import GameServerError, InvalidParameters, NotConnected, TerminationTimeNotSet
from muster_gameserver.life import Life
from muster_gameserver.link import Link
from muster_gameserver.parameters import ProcessParameters, ServerParameters
from muster_gameserver.surroundings import Renew, Surroundings, Timings
from muster_gameserver.values import GameSession
from muster_gameserver.wire import sockets, websocket_dial

_log = logging.getLogger(__name__)


class GameServer(Calls):
    """The Server SDK 5: `async with GameServer(parameters) as server` connects, and closes at the end.

    One object stands for one server process in GameLift's sense. A program may run several, each with a process id
    and a port of its own.
    """

    def __init__(
        self,
        parameters: ServerParameters,
        *,
        renew: Renew | None = None,
        tls: ssl.SSLContext | None = None,
        timings: Timings | None = None,
        around: Surroundings | None = None,
    ) -> None:
        """Build it; entering the block connects.

        Args:
            parameters: which process, and how it connects first.
            renew: asked before every attempt to connect, since tokens are short-lived. Left out, the token that is
                known last is used again: that of *parameters*, or of a RefreshConnection.
            tls: how to check the certificate of `wss://`: `trusting(file)` or `unverified()` for a local GameLift;
                left out, against the system's authorities.
            timings: how long to wait for what; AWS's own when left out.
            around: what the SDK takes from outside; for tests.

        Raises:
            InvalidParameters: neither *parameters* nor *renew* says where to connect.
        """
        if not parameters.websocket_url and renew is None:
            raise InvalidParameters("websocket_url must begin with ws:// or wss://")
        super().__init__(parameters, around or Surroundings())
        self._timings = timings or Timings()
        self._renew = renew
        self._tls = tls
        self._stack = AsyncExitStack()
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        """Connect, with the waits of `Timings` between attempts.

        Raises:
            NotConnected: GameLift could not be reached, or refused every attempt.
        """
        try:
            dial = self._around.dial
            if dial is None:
                dial = websocket_dial(await self._stack.enter_async_context(sockets()), tls=self._tls)
            self._link = Link(self.parameters, dial=dial, renew=self._renew, timings=self._timings, around=self._around)
            self._life = Life(self._link, self.parameters, self._timings, self._around.rng, leave=self._leave)
            await self._tasks.__aenter__()
            self._runner = self._tasks.create_task(self._link.run())
            self._worker = self._tasks.create_task(self._life.run())
        except BaseException:
            await self._stack.aclose()
            raise
        try:
            await self._link.up.wait()
            if self._link.lost.is_set():
                raise NotConnected("GameLift could not be reached, or refused to connect")  # noqa: TRY301 - left below
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection; without `process_ending` before, GameLift takes the process for lost."""
        try:
            await self.destroy()
        finally:
            self._runner.cancel()
            self._worker.cancel()
            # The group hears of a cancellation only: what else the block raised shall come out as it is.
            told = (kind, error, trace) if isinstance(error, asyncio.CancelledError) else (None, None, None)
            try:
                await self._tasks.__aexit__(*told)
            finally:
                await self._stack.aclose()

    # Life ----------------------------------------------------------------------------------------------------------

    @property
    def game_session(self) -> GameSession | None:
        """The session that this process was given, as GameLift told last; None before."""
        return self._living().session

    @property
    def closed(self) -> asyncio.Event:
        """Set when there will be no connection any more: destroyed, ended by GameLift, or not to be reached."""
        return self._connection().lost

    async def process_ready(self, parameters: ProcessParameters) -> None:
        """Say that players can connect, take on sessions from now on, and begin the heartbeats.

        The first heartbeat goes out at once, because GameLift should offer no session before it.
        """
        await self._living().introduce(parameters)

    async def process_ending(self) -> None:
        """Say that the process is done; its session ends with it. Heartbeats stop, whatever GameLift answers."""
        self._living().is_ready = False
        await self._connection().ask("TerminateServerProcess")

    async def destroy(self) -> None:
        """Close the connection the orderly way. Safe to repeat; leaving the block does it too."""
        self._living().is_ready = False
        await self._connection().close()

    def get_termination_time(self) -> float:
        """Return when the process is ended if it has not ended itself, in seconds since the epoch.

        Raises:
            TerminationTimeNotSet: GameLift did not ask the process to end, or named no time.
        """
        at_s = self._living().terminates_at_s
        if at_s is None:
            raise TerminationTimeNotSet("GameLift has set no time for this process to end")
        return at_s

    # Inside --------------------------------------------------------------------------------------------------------

    async def _leave(self) -> None:
        """End the process that was asked to, when nobody else does."""
        try:
            await self.process_ending()
        except GameServerError as error:
            _log.info(
                "process_end_not_told",
                extra={"process_id": self.parameters.process_id, "problem": type(error).__name__},
            )
        await self.destroy()
