"""The connection of one server process: kept up, moved when asked, and with its requests matched to their answers."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from muster_gameserver.errors import GameServerError, NotConnected, NotSDKMessage, TimedOut, refusal
from muster_gameserver.parameters import Credentials, ServerParameters
from muster_gameserver.protocol import (
    Incoming,
    Refresh,
    Reply,
    Unknown,
    connect_url,
    parse,
    request,
)
from muster_gameserver.surroundings import Renew, Surroundings, Timings
from muster_gameserver.wire import GOING_AWAY, NORMAL, Dial, Wire, WireClosed

_log = logging.getLogger(__name__)
_TIMEOUTS_BEFORE_REDIAL = 2
"""Two unanswered requests in a row mean that the connection is dead. Source: the Go SDK does the same."""

_UNANSWERED = 4000
"""Our close code for a dead connection. Private range: 1000 and 1001 would mean that we do not come back."""


class Link:
    """A connection to GameLift that outlives its sockets.

    `run` owns every socket; the other methods may be called while it runs.
    """

    def __init__(
        self,
        parameters: ServerParameters,
        *,
        dial: Dial,
        renew: Renew | None,
        timings: Timings,
        around: Surroundings,
    ) -> None:
        """Build a link.

        Args:
            parameters: which process connects; the same over reconnections.
            dial: makes connections.
            renew: gives the right to connect; when None, the last one that is known is used again.
            timings: see Timings.
            around: where identifiers, time and pauses come from.
        """
        self._parameters = parameters
        self._credentials = parameters.credentials()
        self._dial = dial
        self._renew = renew
        self._timings = timings
        self._around = around
        self._wire: Wire | None = None
        self.up = asyncio.Event()
        """Set while there is a connection, and when there will be none any more."""
        self._redial = asyncio.Event()
        self._pending: dict[str, tuple[Wire, asyncio.Future[Reply]]] = {}
        self._timeouts = 0
        self.connected = asyncio.Event()
        """Set at every new connection; whoever waits for it clears it."""
        self.pushed: asyncio.Queue[Incoming] = asyncio.Queue()
        """What GameLift said by itself, in order, without RefreshConnection."""
        self.lost = asyncio.Event()
        """Set when there will be no connection any more: closed by GameLift, or not to be reached."""

    async def run(self) -> None:
        """Connect, and keep connected until GameLift ends it or cannot be reached; then set `lost`.

        Cancelling it closes the sockets.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                self._redial.set()
                while not self.lost.is_set():
                    await self._redial.wait()
                    self._redial.clear()
                    if self.lost.is_set():
                        break
                    wire = await self._dial_patiently()
                    if wire is None:
                        self.lost.set()
                        break
                    if self._wire is not None:  # GameLift moved the connection while we were dialling
                        await wire.close()
                        continue
                    self._adopt(wire, tasks)
        finally:
            self._wire = None
            self.lost.set()
            self.up.set()  # whoever waits for a connection learns that none will come
            self._fail_pending(None)

    async def ask(self, action: str, **fields: Any) -> Mapping[str, Any]:  # noqa: ANN401 - JSON as it comes
        """Send a request and return the fields of its answer.

        Args:
            action: as the protocol names it.
            fields: as the protocol names them.

        Raises:
            NotConnected: the link is down and stayed down, or broke before the answer came.
            TimedOut: no answer in time; GameLift may have acted or not.
            Refused: GameLift said no.
        """
        wire: Wire | None = None
        try:
            async with asyncio.timeout(self._timings.request_s):
                wire = await self._connected_wire()
                reply = await self._exchange(wire, action, fields)
        except TimeoutError:
            if wire is None:
                raise NotConnected(f"{action}: no connection in time") from None
            self._timeouts += 1
            if self._timeouts >= _TIMEOUTS_BEFORE_REDIAL:
                _log.warning("gamelift_connection_given_up", extra=self._facts(unanswered=self._timeouts))
                await wire.close(_UNANSWERED)
            raise TimedOut(action) from None
        self._timeouts = 0
        if reply.status != 200:
            raise refusal(action, reply.status, reply.error)
        return reply.fields

    async def close(self) -> None:
        """Close the connection the orderly way; GameLift sees it as meant. Safe to repeat."""
        self.lost.set()
        self._redial.set()
        self.up.set()
        if self._wire is not None:
            await self._wire.close(NORMAL)

    async def _connected_wire(self) -> Wire:
        while self._wire is None:
            if self.lost.is_set():
                raise NotConnected("the link to GameLift is over")
            await self.up.wait()
        return self._wire

    async def _exchange(self, wire: Wire, action: str, fields: Mapping[str, Any]) -> Reply:
        request_id = self._around.new_id()
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._pending[request_id] = (wire, future)
        try:
            await wire.send(request(action, request_id, fields))
            return await future
        except WireClosed:
            raise NotConnected(f"{action}: the connection broke") from None
        finally:
            del self._pending[request_id]

    async def _dial_patiently(self) -> Wire | None:
        """Try to connect until it works; None when the last attempt failed too."""
        for wait in (*self._timings.dial_waits_s, None):
            if self.lost.is_set():
                return None
            try:
                if self._renew is not None:
                    self._credentials = await self._renew()
                return await self._dial(self._url(self._credentials))
            except GameServerError as error:
                _log.info("gamelift_connect_failed", extra=self._facts(problem=str(error)))
            if wait is not None:
                await self._around.pause(wait)
        _log.warning("gamelift_unreachable", extra=self._facts())
        return None

    def _url(self, credentials: Credentials) -> str:
        return connect_url(
            self._parameters,
            credentials,
            idempotency_token=self._around.new_id(),
            now_s=self._around.epoch_s(),
        )

    def _facts(self, **facts: object) -> dict[str, object]:
        return {"process_id": self._parameters.process_id, **facts}

    def _adopt(self, wire: Wire, tasks: asyncio.TaskGroup) -> None:
        """Make *wire* the one that requests use."""
        self._wire = wire
        self._timeouts = 0
        self.up.set()
        self.connected.set()
        tasks.create_task(self._read(wire, tasks))

    async def _read(self, wire: Wire, tasks: asyncio.TaskGroup) -> None:
        """Take in what *wire* brings until it closes."""
        try:
            while True:
                await self._take(await wire.receive(), wire, tasks)
        except WireClosed as end:
            self._fail_pending(wire)
            if wire is self._wire:
                self._wire = None
                self.up.clear()
                self._after_close(end.code)
        finally:
            await wire.close()

    def _after_close(self, code: int) -> None:
        if self.lost.is_set() or code in {NORMAL, GOING_AWAY}:
            # Source: the SDKs do not come back after 1000 and 1001.
            self.lost.set()
            self.up.set()
        else:
            _log.info("gamelift_connection_broke", extra=self._facts(code=code))
        self._redial.set()

    async def _take(self, text: str, wire: Wire, tasks: asyncio.TaskGroup) -> None:
        try:
            message = parse(text)
        except NotSDKMessage as error:
            _log.warning("gamelift_message_not_understood", extra=self._facts(problem=str(error)))
            return
        match message:
            case Reply(request_id=request_id) if request_id in self._pending:
                future = self._pending[request_id][1]
                if not future.done():
                    future.set_result(message)
            case Reply():
                _log.debug("gamelift_answer_too_late", extra=self._facts())
            case Unknown(action=action):
                _log.info("gamelift_message_ignored", extra=self._facts(action=action[:64]))
            case Refresh(credentials=credentials):
                tasks.create_task(self._move(credentials, wire, tasks))
            case _:
                self.pushed.put_nowait(message)

    async def _move(self, credentials: Credentials, old: Wire, tasks: asyncio.TaskGroup) -> None:
        """Open a second connection, then drop the first: no request falls between."""
        try:
            wire = await self._dial(self._url(credentials))
        except GameServerError as error:
            # The old connection still works, and GameLift asks again; if it drops it, the normal way back begins.
            _log.warning("gamelift_connection_not_moved", extra=self._facts(problem=str(error)))
            return
        if self.lost.is_set():
            await wire.close()
            return
        self._credentials = credentials
        self._adopt(wire, tasks)
        unanswered = [future for holder, future in self._pending.values() if holder is old]
        if unanswered:
            await asyncio.wait(unanswered, timeout=self._timings.request_s)
        await old.close(NORMAL)
        _log.info("gamelift_connection_moved", extra=self._facts())

    def _fail_pending(self, wire: Wire | None) -> None:
        """Tell whoever waits for an answer over *wire* (None: over any) that none will come."""
        for holder, future in self._pending.values():
            if wire in {None, holder} and not future.done():
                future.set_exception(NotConnected("the connection broke before the answer came"))
