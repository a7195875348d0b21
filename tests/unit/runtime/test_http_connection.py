import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from runtime_edge import settings
from virtual_time import virtual_time

from muster_runtime.http.connection import Connection
from muster_runtime.testing.waiting import eventually

REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
DEADLINE_S = 0.5


class FakeTransport(asyncio.Transport):
    """Remembers what was written, and tells its protocol when it is closed."""

    def __init__(self, protocol: Connection) -> None:
        super().__init__({"peername": ("192.0.2.1", 1)})
        self.closed_at_s = 0.0
        self.received = b""
        self.written = b""
        self.closed = asyncio.Event()
        self._protocol = protocol

    def write(self, data: object) -> None:
        self.written += bytes(data)  # type: ignore[call-overload] # whatever bytes-like it is

    def close(self) -> None:
        if not self.closed.is_set():
            self.closed.set()
            self.closed_at_s = asyncio.get_running_loop().time()
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def is_closing(self) -> bool:
        return self.closed.is_set()

    def get_write_buffer_size(self) -> int:
        return 0


@pytest.fixture(autouse=True)
async def _virtual_time() -> AsyncIterator[None]:
    with virtual_time():
        yield


@pytest.fixture
async def server() -> AsyncIterator[web.Server]:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        assert isinstance(request.protocol, Connection)
        request.protocol.request_started(request.content)
        request.protocol.request_finished()
        return web.Response(text="fine")

    made = web.Server(answer)
    yield made
    await made.shutdown(0.1)


@pytest.fixture
async def transport(server: web.Server) -> AsyncIterator[FakeTransport]:
    connection = Connection(server, settings(header_deadline_s=DEADLINE_S), lambda: "id-1")
    transport = FakeTransport(connection)
    connection.connection_made(transport)
    yield transport
    transport.close()
    await transport.closed.wait()


def _send(transport: FakeTransport, data: bytes) -> None:
    transport.received += data
    transport._protocol.data_received(data)


async def test_a_silent_connection_is_closed_without_a_word(transport: FakeTransport) -> None:
    await asyncio.wait_for(transport.closed.wait(), 30)

    assert b"" == transport.written


async def test_half_the_headers_are_waited_for_and_then_refused(transport: FakeTransport) -> None:
    _send(transport, REQUEST[:20])

    await asyncio.wait_for(transport.closed.wait(), 30)
    assert transport.written.startswith(b"HTTP/1.1 408 ")
    assert b"X-Error-Code: header_timeout" in transport.written


async def test_trickled_headers_do_not_stretch_the_deadline(transport: FakeTransport) -> None:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    while not transport.closed.is_set():
        _send(transport, b"a" if b" HTTP/1.1\r\n" in transport.received else b"GET / HTTP/1.1\r\nX-Slow: ")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DEADLINE_S / 5):
                await transport.closed.wait()

    assert loop.time() - began_s < 20 * DEADLINE_S
    assert len(transport.received) > len("GET / HTTP/1.1\r\nX-Slow: a")


async def test_an_answered_connection_may_idle_longer_than_the_deadline(transport: FakeTransport) -> None:
    _send(transport, REQUEST)
    await eventually(lambda: b"fine" in transport.written)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(transport.closed.wait(), DEADLINE_S * 3)


async def test_the_second_request_has_a_deadline_of_its_own(transport: FakeTransport) -> None:
    _send(transport, REQUEST)
    await eventually(lambda: b"fine" in transport.written)

    _send(transport, REQUEST[:10])

    await asyncio.wait_for(transport.closed.wait(), 30)
    assert b"408" not in transport.written


async def test_a_later_request_has_the_whole_deadline(transport: FakeTransport) -> None:
    loop = asyncio.get_running_loop()
    _send(transport, REQUEST)
    with contextlib.suppress(TimeoutError):
        # The timer of the first request is under way still when the second one begins.
        async with asyncio.timeout(DEADLINE_S / 2):
            await transport.closed.wait()
    began_s = loop.time()
    _send(transport, REQUEST[:10])

    await asyncio.wait_for(transport.closed.wait(), 30)
    assert transport.closed_at_s - began_s >= DEADLINE_S


async def test_bytes_that_are_no_http_get_a_problem_and_the_connection_closes(transport: FakeTransport) -> None:
    _send(transport, b"\x16\x03\x01\x02\x00 nonsense\r\n\r\n")

    await asyncio.wait_for(transport.closed.wait(), 30)
    assert b" 400 Bad Request\r\n" in transport.written
    assert b'"code":"request_malformed"' in transport.written
