"""Requests that no HTTP client can send: none gets a success, none gets a 5xx, every connection closes in the end."""

import asyncio
import contextlib
import gzip
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from runtime_edge import Page, Ticket, echo, settings

from muster_runtime.http.inputs import read_raw
from muster_runtime.http.raw import RawRoute
from muster_runtime.http.routes import Route
from muster_runtime.scope import Scope
from muster_runtime.service import Service
from muster_runtime.settings import ServiceSettings
from muster_runtime.testing.services import running

GET = b"GET /v1/tickets HTTP/1.1\r\nHost: test\r\n"
POST = b"POST /v1/tickets HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
GOOD = b'{"name": "a"}'


async def raw(request: web.Request) -> web.StreamResponse:
    return web.Response(body=await read_raw(request, limit_bytes=10_000, deadline_s=100))


async def build(_settings: ServiceSettings, _scope: Scope) -> Service:
    return Service(
        routes=[
            Route("POST", "/v1/tickets", echo, "Creates.", body=Ticket, max_body_bytes=64 * 1024),
            Route("GET", "/v1/tickets", echo, "Lists.", query=Page),
            Route("GET", "/login-as-guest", echo, "Signs in."),
        ],
        raw_routes=[RawRoute("POST", "/raw", raw)],
    )


@asynccontextmanager
async def serving(**deadlines: float) -> AsyncIterator[tuple[str, int]]:
    patient = {"header_deadline_s": 100.0, "body_deadline_s": 100.0}
    async with running("demo", settings(keep_alive_s=30.0, **(patient | deadlines)), build) as service:
        host, port = service.base_url.removeprefix("http://").split(":")
        yield host, int(port)


@pytest.fixture
async def address() -> AsyncIterator[tuple[str, int]]:
    """Where the service waits long enough for what a busy machine holds up."""
    async with serving() as where:
        yield where


@pytest.fixture
async def hasty_for_bodies() -> AsyncIterator[tuple[str, int]]:
    async with serving(body_deadline_s=0.5) as where:
        yield where


@pytest.fixture
async def hasty_for_headers() -> AsyncIterator[tuple[str, int]]:
    """Not hastier: what these tests do send must arrive before the deadline."""
    async with serving(header_deadline_s=2.0) as where:
        yield where


async def exchange(address: tuple[str, int], *pieces: bytes, pause_s: float = 0.0, within_s: float = 60.0) -> bytes:
    """Send *pieces* and return all that comes back until the other side closes."""
    reader, writer = await asyncio.open_connection(*address)
    received = b""

    async def send() -> None:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                if pause_s:
                    await asyncio.sleep(pause_s)  # a client that trickles is what is tested

    try:
        async with asyncio.timeout(within_s), asyncio.TaskGroup() as group:
            sending = group.create_task(send())
            with contextlib.suppress(ConnectionError):
                while chunk := await reader.read(65536):
                    received += chunk
            sending.cancel()
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return received


def status(received: bytes) -> int:
    found = re.match(rb"HTTP/\d\.\d (\d{3}) ", received)
    assert found, received[:200]
    return int(found.group(1))


def code(received: bytes) -> str:
    body = json.loads(received.split(b"\r\n\r\n", 1)[1])
    assert body["status"] == status(received)
    found: str = body["code"]
    return found


def with_length(head: bytes, body: bytes) -> bytes:
    return head + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body


BODIES: dict[str, tuple[bytes, int, str]] = {
    "NaN": (b'{"seats": NaN}', 400, "json_not_finite"),
    "a name twice": (b'{"name": "a", "name": "b"}', 400, "json_duplicate_name"),
    "deep": (b"[" * 30_000, 400, "json_too_deep"),
    "an endless integer": (b'{"seats": ' + b"9" * 5_000 + b"}", 400, "json_number_range"),
    "bad UTF-8": (b'{"name": "\xff"}', 400, "json_not_utf8"),
    "UTF-16": ('{"name": "a"}'.encode("utf-16"), 400, "json_byte_order_mark"),
    "a lone surrogate": (rb'{"name": "\ud800"}', 400, "json_surrogate"),
    "truncated": (b'{"name": "a', 400, "json_syntax"),
    "a wrong type": (b'{"name": []}', 422, "fields_invalid"),
    "too large": (b'{"name": "' + b"x" * 70_000 + b'"}', 413, "body_too_large"),
}


@pytest.mark.parametrize(("body", "expected", "name"), BODIES.values(), ids=BODIES)
async def test_a_bad_body_gets_its_code(body: bytes, expected: int, name: str, address: tuple[str, int]) -> None:
    received = await exchange(address, with_length(POST, body))

    assert (expected, name) == (status(received), code(received))


CHARSET = POST.replace(b"application/json", b"application/json; charset=utf-16")
HEADS: dict[str, tuple[bytes, int, str]] = {
    "another charset": (with_length(CHARSET, GOOD), 415, "media_unsupported"),
    "no content type": (
        with_length(POST.replace(b"Content-Type: application/json\r\n", b""), GOOD),
        415,
        "media_unsupported",
    ),
    "compressed": (with_length(POST + b"Content-Encoding: gzip\r\n", b"\x1f\x8b"), 415, "media_unsupported"),
    "HTTP/0.9": (b"GET /v1/tickets HTTP/0.9\r\nHost: test\r\n\r\n", 400, "http_version_unsupported"),
    "HTTP/1.2": (b"GET /v1/tickets HTTP/1.2\r\nHost: test\r\n\r\n", 400, "request_malformed"),
    "HTTP/2.0": (b"GET /v1/tickets HTTP/2.0\r\nHost: test\r\n\r\n", 400, "http_version_unsupported"),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "request_malformed"),
    "a TLS greeting": (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n",
        400,
        "request_malformed",
    ),
    "no version": (b"GET /v1/tickets\r\n\r\n", 400, "http_version_unsupported"),
    "an unknown method": (b"FROB /v1/tickets HTTP/1.1\r\nHost: test\r\n\r\n", 400, "request_malformed"),
    "OPTIONS of everything": (b"OPTIONS * HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", 404, "route_unknown"),
    "another resource": (
        b"GET http://evil.test/nope HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n",
        404,
        "route_unknown",
    ),
    "length and chunks": (
        POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "request_malformed",
    ),
    "two lengths": (POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, "request_malformed"),
    "a negative length": (POST + b"Content-Length: -1\r\n\r\n", 400, "request_malformed"),
    "a space before the colon": (GET + b"X-A : b\r\n\r\n", 400, "request_malformed"),
    "a folded header": (GET + b"X-A: b\r\n c\r\n\r\n", 400, "request_malformed"),
    "a NUL in a header": (GET + b"X-A: b\x00c\r\n\r\n", 400, "request_malformed"),
    "a request line of 32 KiB": (
        b"GET /" + b"a" * 32 * 1024 + b" HTTP/1.1\r\nHost: test\r\n\r\n",
        400,
        "request_malformed",
    ),
    "a header of 32 KiB": (GET + b"X-A: " + b"b" * 32 * 1024 + b"\r\n\r\n", 400, "request_malformed"),
    "a query of 17 KiB": (
        b"GET /v1/tickets?limit=" + b"1" * 17 * 1024 + b" HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n",
        414,
        "query_too_long",
    ),
    "a malformed chunk": (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "request_malformed"),
}


@pytest.mark.parametrize(("sent", "expected", "name"), HEADS.values(), ids=HEADS)
async def test_a_bad_request_gets_its_code_and_the_connection_closes(
    sent: bytes, expected: int, name: str, address: tuple[str, int]
) -> None:
    received = await exchange(address, sent)

    assert (expected, name) == (status(received), code(received))


async def test_a_chunk_that_turns_out_malformed_is_given_up_with_the_body(hasty_for_bodies: tuple[str, int]) -> None:
    received = await exchange(
        hasty_for_bodies, POST + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\n{ \r\n", b"zz\r\n", pause_s=0.05
    )

    assert (408, "body_timeout") == (status(received), code(received))


async def test_a_stalled_body_is_given_up(hasty_for_bodies: tuple[str, int]) -> None:
    received = await exchange(hasty_for_bodies, POST + b"Content-Length: 100\r\n\r\n" + GOOD)

    assert (408, "body_timeout") == (status(received), code(received))


async def test_a_body_that_never_begins_is_given_up(hasty_for_bodies: tuple[str, int]) -> None:
    received = await exchange(hasty_for_bodies, POST + b"Content-Length: 100\r\n\r\n")

    assert (408, "body_timeout") == (status(received), code(received))


async def test_a_trickled_body_is_given_up(hasty_for_bodies: tuple[str, int]) -> None:
    head = POST + b"Content-Length: 10000\r\n\r\n"

    received = await exchange(hasty_for_bodies, head, *([b" "] * 10_000), pause_s=0.05)

    assert (408, "body_timeout") == (status(received), code(received))


async def test_chunks_beyond_the_limit_are_refused_before_they_have_all_come(address: tuple[str, int]) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"

    received = await exchange(address, POST + b"Transfer-Encoding: chunked\r\n\r\n", *([chunk] * 20))

    assert (413, "body_too_large") == (status(received), code(received))


async def test_a_body_announced_too_large_is_refused_before_any_of_it_comes(address: tuple[str, int]) -> None:
    received = await exchange(address, POST + b"Content-Length: 100000000\r\n\r\n")

    assert (413, "body_too_large") == (status(received), code(received))


async def test_a_raw_route_gets_the_body_as_it_was_sent(address: tuple[str, int]) -> None:
    packed = gzip.compress(b"a" * 1_000_000)
    head = b"POST /raw HTTP/1.1\r\nHost: test\r\nContent-Encoding: gzip\r\n"

    received = await exchange(address, with_length(head, packed))

    assert 200 == status(received)
    assert received.endswith(packed)


async def test_the_headers_of_a_second_request_have_a_deadline_too(hasty_for_headers: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*hasty_for_headers)
    writer.write(GET + b"\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(GET)
    async with asyncio.timeout(60):
        rest = await reader.read()
    writer.close()
    await writer.wait_closed()

    assert 200 == status(head)
    assert b"HTTP/1.1 " not in rest


async def test_a_silent_connection_is_closed(hasty_for_headers: tuple[str, int]) -> None:
    assert b"" == await exchange(hasty_for_headers)


@pytest.mark.parametrize("half", [b"GET /v1", GET, GET + b"X-A: "], ids=["line", "headers", "header"])
async def test_headers_that_never_end_are_given_up(half: bytes, hasty_for_headers: tuple[str, int]) -> None:
    received = await exchange(hasty_for_headers, half)

    assert 408 == status(received)


async def test_trickled_headers_are_given_up(hasty_for_headers: tuple[str, int]) -> None:
    received = await exchange(hasty_for_headers, GET + b"X-A: ", *([b"a"] * 1000), pause_s=0.05)

    assert 408 == status(received)


async def test_a_client_that_leaves_in_the_middle_of_a_body_hurts_nobody(
    address: tuple[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        _reader, writer = await asyncio.open_connection(*address)
        writer.write(POST + b"Content-Length: 100\r\n\r\n{")
        await writer.drain()
        writer.transport.abort()

    received = await exchange(address, with_length(POST, GOOD))

    assert 200 == status(received)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_repeated_slashes_and_a_stage_prefix_arrive(address: tuple[str, int]) -> None:
    for path in (b"//login-as-guest", b"/prod//login-as-guest", b"/prod/login-as-guest?&a=b"):
        received = await exchange(address, b"GET " + path + b" HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        assert 200 == status(received), path


async def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(POST + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(GOOD))
    asked = await reader.readuntil(b"\r\n\r\n")
    writer.write(GOOD)
    received = await reader.read()
    writer.close()
    await writer.wait_closed()

    assert asked.startswith(b"HTTP/1.1 100 ")
    assert 200 == status(received)


async def test_an_unknown_expectation_is_ignored(address: tuple[str, int]) -> None:
    received = await exchange(address, with_length(POST + b"Expect: cake\r\n", GOOD))

    assert 200 == status(received)


async def test_one_connection_serves_many_requests(address: tuple[str, int]) -> None:
    received = await exchange(address, (GET + b"\r\n") * 20, GET + b"Connection: close\r\n\r\n")

    assert 21 == received.count(b"HTTP/1.1 200 OK")


async def test_head_has_the_headers_of_get_and_no_body(address: tuple[str, int]) -> None:
    received = await exchange(address, GET.replace(b"GET", b"HEAD") + b"Connection: close\r\n\r\n")

    head, _, body = received.partition(b"\r\n\r\n")
    assert 200 == status(received)
    assert b"Content-Length: " in head
    assert b"" == body
