"""The WebSocket route: admits processes, answers their actions, sends them messages."""

import asyncio
import json
from http import HTTPStatus
from typing import Any, Final, NoReturn

import structlog
from aiohttp import WSMessage, WSMsgType, web

from muster_gamelift.engine import Engine
from muster_gamelift.errors import Fault, InvalidRequest, UnknownResource
from muster_gamelift.servers import actions, admission
from muster_gamelift.servers.links import NORMAL, Link, Links
from muster_runtime.errors import Conflict, NotFound, TooMany, Unauthenticated

log = structlog.get_logger()

PING_S: Final = 30.0
"""A peer that answers no ping within this time is taken for gone. Real time, also while the engine's stands still."""
CLOSE_S: Final = 1.0
LINGER_S: Final = 15.0
"""How long an older connection is left to its process, which closes it when everything on it is read.

The Go SDK takes five seconds for that. A close frame on the older one makes it drop the newer one.
Source: Go SDK 5.6.0, DISCONNECT_WEBSOCKET_TIMEOUT and its close handler.
"""
MAX_MESSAGE_BYTES: Final = 1024 * 1024
MAX_REQUEST_ID: Final = 256


class ServersEndpoint:
    """Answers the GET route that game servers open their WebSocket on."""

    def __init__(self, engine: Engine, links: Links, *, servers_url: str = "") -> None:
        """Build the route's handler.

        Args:
            engine: what processes act on.
            links: the open connections.
            servers_url: where processes are told to connect again; the address that they used when empty.
        """
        self._engine = engine
        self._links = links
        self._servers_url = servers_url

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Admit one process and serve it until its connection ends.

        Safe to repeat: a process that connects again takes up where it was.
        """
        socket = web.WebSocketResponse(heartbeat=PING_S, timeout=CLOSE_S, max_msg_size=MAX_MESSAGE_BYTES)
        if not socket.can_prepare(request):
            text = "This is a local GameLift: POST here with an AWS client, or connect a game server by WebSocket.\n"
            return web.Response(status=HTTPStatus.UPGRADE_REQUIRED, text=text, headers={"Upgrade": "websocket"})
        try:
            claim = admission.claim_of(request.query, endpoint=self._servers_url or _address_of(request))
            region = self._region_of(claim)
            process = self._engine.apply(region, lambda change: admission.attach(change, claim))
        except Fault as fault:
            log.info("server_process_refused", error=fault.aws_name)
            return web.Response(status=status_of(fault), text=fault.detail)
        link, answered = self._links.open(process.process_id), False
        log.info("server_process_linked", process_id=process.process_id, fleet_id=process.fleet_id)
        try:
            await socket.prepare(request)
            answered = True
            async with asyncio.TaskGroup() as group:
                group.create_task(_write(socket, link))
                retiring = group.create_task(_retire(link))
                await self._read(socket, link, region, process.process_id)
                # Ends the writer; the connection itself is closed already.
                link.close(NORMAL)
                retiring.cancel()
        except* (ConnectionError, asyncio.IncompleteReadError):
            log.info("server_process_broke_off", process_id=process.process_id)
        finally:
            if self._links.gone(process.process_id, link):
                self._engine.apply(region, lambda change: admission.detach(change, process.process_id))
            log.info("server_process_unlinked", process_id=process.process_id)
        # A socket that never opened cannot be closed, which is the first that happens to what is returned.
        return socket if answered else web.Response(status=HTTPStatus.BAD_REQUEST)

    def _region_of(self, claim: admission.Claim) -> str:
        region = self._engine.region_of_fleet(claim.fleet_id)
        if region is None:
            raise UnknownResource("There is no such fleet.")
        return region

    async def _read(self, socket: web.WebSocketResponse, link: Link, region: str, process_id: str) -> None:
        async for frame in socket:
            answer = self._answer(region, process_id, frame)
            await self._engine.settled()
            link.send(answer)
            await link.has_room.wait()

    def _answer(self, region: str, process_id: str, frame: WSMessage) -> dict[str, Any]:
        message: dict[str, Any] = {}
        try:
            message = _message(frame)
            members = self._engine.apply(region, lambda change: actions.answer(change, process_id, message))
            status: dict[str, Any] = {"StatusCode": 200}
        except Fault as fault:
            members, status = {}, {"StatusCode": status_of(fault), "ErrorMessage": fault.detail}
            log.info("server_action_refused", action=str(message.get("Action"))[:64], error=fault.aws_name)
        except Exception:
            # One message must not cost a running game its connection.
            log.exception("server_action_failed", action=str(message.get("Action"))[:64])
            members, status = {}, {"StatusCode": 500, "ErrorMessage": "An internal error occurred."}
        return {**_known(message), **status, **members}


def status_of(fault: Fault) -> int:
    """Return the status of an answer to a server process."""
    match fault:
        case NotFound():
            return HTTPStatus.NOT_FOUND
        case Conflict():
            return HTTPStatus.CONFLICT
        case Unauthenticated():
            return HTTPStatus.UNAUTHORIZED
        case TooMany():
            return HTTPStatus.TOO_MANY_REQUESTS
        case _:
            return HTTPStatus.BAD_REQUEST


async def _write(socket: web.WebSocketResponse, link: Link) -> None:
    while True:
        outgoing = await link.next()
        if isinstance(outgoing, int):
            if not socket.closed:
                await socket.close(code=outgoing)
            return
        await socket.send_str(outgoing)


async def _retire(link: Link) -> None:
    await link.superseded.wait()
    await asyncio.sleep(LINGER_S)
    link.close(NORMAL)


def _address_of(request: web.Request) -> str:
    return f"{'wss' if request.secure else 'ws'}://{request.host}"


def _message(frame: WSMessage) -> dict[str, Any]:
    if frame.type is not WSMsgType.TEXT:
        raise InvalidRequest("The message is not a text frame.")
    text: str = frame.data
    try:
        message = json.loads(text, parse_constant=_refuse)
        if "\\ud" in text.lower():
            # Half of a surrogate pair can be escaped in JSON, and can never be sent on.
            json.dumps(message, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise InvalidRequest("The message is not JSON.") from None
    if not isinstance(message, dict):
        raise InvalidRequest("The message is not a JSON object.")
    return message


def _refuse(constant: str) -> NoReturn:
    """Refuse NaN and Infinity: Python reads them, JSON does not know them."""
    raise ValueError(constant)


def _known(message: dict[str, Any]) -> dict[str, str]:
    """Return what an answer repeats of its request, where it is of the protocol's kind."""
    return {
        name: value
        for name in ("Action", "RequestId")
        if isinstance(value := message.get(name), str) and len(value) <= MAX_REQUEST_ID
    }
