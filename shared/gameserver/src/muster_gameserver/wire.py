"""The WebSocket under the protocol: a port, and aiohttp behind it."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Protocol

import aiohttp

from muster_gameserver.errors import ConnectFailed

NORMAL = 1000
GOING_AWAY = 1001
ABNORMAL = 1006
"""Close codes of RFC 6455, section 7.4.1. ABNORMAL stands for a connection that broke without a close frame."""
_MAX_MESSAGE_BYTES = 1_048_576
"""More than twice the largest matchmaker data. Source: Server SDK 5, GameSession.MatchmakerData: 390,000 letters."""
_CLOSE_S = 2.0
_DIAL_S = 6.0


class WireClosed(Exception):
    """The connection is over.

    Attributes:
        code: the close code; ABNORMAL when it just broke.
    """

    def __init__(self, code: int) -> None:
        """Build it; *code* as above."""
        super().__init__(f"closed with code {code}")
        self.code = code


class Wire(Protocol):
    """One connection that carries text frames."""

    async def send(self, text: str) -> None:
        """Send one frame.

        Raises:
            WireClosed: the connection is over.
        """

    async def receive(self) -> str:
        """Return the next frame.

        Raises:
            WireClosed: the connection is over.
        """

    async def close(self, code: int = NORMAL) -> None:
        """Close the connection, telling the other side *code*. Safe to repeat."""


Dial = Callable[[str], Awaitable[Wire]]
"""Connects to an address, which holds a token and must not be logged. Raises ConnectFailed."""


class WebSocketWire:
    """A connection made by aiohttp."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Wrap *socket*."""
        self._socket = socket

    async def send(self, text: str) -> None:
        """Send one frame; see Wire."""
        try:
            await self._socket.send_str(text)
        except (ConnectionError, aiohttp.ClientError):
            raise WireClosed(self._socket.close_code or ABNORMAL) from None

    async def receive(self) -> str:
        """Return the next text frame, skipping others; see Wire."""
        while True:
            message = await self._socket.receive()
            if message.type is aiohttp.WSMsgType.TEXT:
                return str(message.data)
            if message.type in {
                aiohttp.WSMsgType.CLOSE,
                aiohttp.WSMsgType.CLOSING,
                aiohttp.WSMsgType.CLOSED,
                aiohttp.WSMsgType.ERROR,
            }:
                raise WireClosed(self._socket.close_code or ABNORMAL)

    async def close(self, code: int = NORMAL) -> None:
        """Close the connection; see Wire."""
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self._socket.close(code=code)
        except TimeoutError:
            pass  # the other side is gone; the socket is closed all the same


def sockets() -> aiohttp.ClientSession:
    """Return an HTTP session for connections that live for hours; the caller closes it."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, sock_connect=_DIAL_S))


def websocket_dial(
    http: aiohttp.ClientSession, *, timeout_s: float = _DIAL_S, tls: ssl.SSLContext | None = None
) -> Dial:
    """Return a Dial that connects through *http*.

    Args:
        http: owns the sockets; must outlive every wire.
        timeout_s: for the handshake.
        tls: how to check certificates of `wss://`; against the system's authorities when left out.
    """

    async def dial(url: str) -> Wire:
        try:
            async with asyncio.timeout(timeout_s):
                socket = await http.ws_connect(
                    url,
                    max_msg_size=_MAX_MESSAGE_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S),
                    ssl=tls or True,
                )
        # The cause is cut off on purpose: aiohttp's errors quote the address, and the address holds the token.
        except aiohttp.WSServerHandshakeError as error:
            raise ConnectFailed(error.status) from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise ConnectFailed from None
        return WebSocketWire(socket)

    return dial
