"""The local edge passes on what belongs to a message, streams both ways, and says clearly when a service does not."""

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from time import monotonic
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp import web

from muster_deploy.edge import Edge
from muster_deploy.paths import Path
from muster_deploy.ports import free_ports
from muster_deploy.settings import Settings
from muster_runtime.testing import SequentialIds, eventually
from muster_tickets.api import LONGEST_WAIT_S

HOST = "127.0.0.1"
PATHS = (Path("shop", "/v1/things"), Path("shop", "/buy-thing", plain=True), Path("gone", "/v1/gone"))
Upstream = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    runners = []

    async def serve(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> str:
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, HOST, 0).start()
        return f"http://{HOST}:{runner.addresses[0][1]}"

    yield serve
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address that nobody answers, and that nobody else can take meanwhile."""
    with socket.socket() as held:
        held.bind((HOST, 0))
        yield f"http://{HOST}:{held.getsockname()[1]}"


@pytest.fixture
async def edge(nobody: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Awaitable[str]]]:
    # On a busy machine the upstreams of these tests are as slow as everything else.
    monkeypatch.setattr("muster_deploy.edge.CONNECT_TIMEOUT_S", 60.0)
    monkeypatch.setattr("muster_deploy.edge.PROBE_TIMEOUT_S", 60.0)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:

        async def start(shop: str, **settings: Any) -> str:
            (port,) = free_ports(1)
            upstreams = {"shop": shop, "gone": nobody}
            listening = asyncio.Event()
            chosen = Settings(**{"upstream_timeout_s": 60.0, **settings})
            made = Edge(upstreams, ids=SequentialIds(), settings=chosen, paths=PATHS)
            group.create_task(made.serve(HOST, port, stop, listening))
            await listening.wait()
            return f"http://{HOST}:{port}"

        yield start
        stop.set()


async def fine(request: web.Request) -> web.Response:
    return web.Response()


async def echo(request: web.Request) -> web.Response:
    body = await request.read()
    seen = {
        "method": request.method,
        "path": request.raw_path,
        "headers": dict(request.headers.items()),
        "body": body.decode("latin-1"),
    }
    return web.json_response(seen, status=207, headers={"ETag": '"7"', "Keep-Alive": "timeout=1"})


async def test_a_request_arrives_as_it_was_sent(upstream: Upstream, edge: Callable[..., Awaitable[str]]) -> None:
    base_url = await edge(await upstream(echo))

    async with (
        aiohttp.ClientSession() as http,
        http.post(
            f"{base_url}/prod//v1/things/a%2Fb?x=1&y=%20",
            data=b"\x00body",
            headers={"Authorization": "Bearer t", "X-Custom": "1", "Connection": "x-custom, keep-alive"},
        ) as answer,
    ):
        seen = await answer.json()

    assert 207 == answer.status
    assert '"7"' == answer.headers["ETag"]
    assert "Keep-Alive" not in answer.headers
    assert ("POST", "/v1/things/a%2Fb?x=1&y=%20", "\x00body") == (seen["method"], seen["path"], seen["body"])
    assert "Bearer t" == seen["headers"]["Authorization"]
    assert "X-Custom" not in seen["headers"]


async def test_the_true_peer_is_appended_to_what_the_caller_claims(
    upstream: Upstream, edge: Callable[..., Awaitable[str]]
) -> None:
    base_url = await edge(await upstream(echo))

    headers = {"X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6.6.6.6", "X-Forwarded-Proto": "gopher"}
    async with aiohttp.ClientSession() as http, http.get(f"{base_url}/v1/things", headers=headers) as answer:
        seen = (await answer.json())["headers"]

    assert "6.6.6.6, 127.0.0.1" == seen["X-Forwarded-For"]
    assert "http" == seen["X-Forwarded-Proto"]
    assert "Forwarded" not in seen


async def test_an_answer_streams_before_it_is_complete(upstream: Upstream, edge: Callable[..., Awaitable[str]]) -> None:
    go_on = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"first")
        await go_on.wait()
        await answer.write(b"second")
        return answer

    base_url = await edge(await upstream(slow))

    async with aiohttp.ClientSession() as http, http.get(f"{base_url}/v1/things") as answer:
        first = await answer.content.readany()
        go_on.set()
        rest = await answer.content.read()

    assert (b"first", b"second") == (first, rest)


async def test_a_service_sees_a_request_only_once_its_body_is_complete(
    upstream: Upstream, edge: Callable[..., Awaitable[str]]
) -> None:
    called = asyncio.Event()

    async def watch(request: web.Request) -> web.Response:
        called.set()
        return web.Response(body=await request.read())

    async def body() -> AsyncIterator[bytes]:
        yield b"first"
        # Its own health is asked meanwhile, so the half body had its time to be passed on.
        async with http.get(f"{base_url}/readyz"):
            called_early.append(called.is_set())
        yield b"second"

    async def healthy(request: web.Request) -> web.StreamResponse:
        return web.Response() if request.path == "/readyz" else await watch(request)

    called_early: list[bool] = []
    base_url = await edge(await upstream(healthy))

    async with aiohttp.ClientSession() as http, http.put(f"{base_url}/v1/things", data=body()) as answer:
        assert b"firstsecond" == await answer.read()
    assert [False] == called_early


async def _say(base_url: str, *pieces: bytes) -> tuple[bytes, float]:
    """Send raw bytes on one connection; return what came back until it was closed, and after how many seconds."""
    host, port = base_url.removeprefix("http://").split(":")
    began_s = monotonic()
    reader, writer = await asyncio.open_connection(host, int(port))
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer, monotonic() - began_s


async def test_headers_that_do_not_arrive_in_time_end_the_connection(
    upstream: Upstream, edge: Callable[..., Awaitable[str]]
) -> None:
    base_url = await edge(await upstream(echo), header_deadline_s=2.0)

    answer, seconds = await _say(base_url, b"GET /v1/things HTTP/1.1\r\nHost: here\r\nX-Slow: ")

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert seconds > 1.0


async def test_a_body_that_does_not_arrive_in_time_is_408_and_no_service_hears_of_it(
    upstream: Upstream, edge: Callable[..., Awaitable[str]]
) -> None:
    heard: list[str] = []

    async def count(request: web.Request) -> web.Response:
        heard.append(request.path)
        return web.Response()

    base_url = await edge(await upstream(count), body_deadline_s=0.2)

    answer, seconds = await _say(base_url, b"POST /v1/things HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\nhalf")

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"body_timeout" in answer
    assert seconds > 0.1
    assert [] == heard


async def test_a_body_that_ends_early_is_400(upstream: Upstream, edge: Callable[..., Awaitable[str]]) -> None:
    base_url = await edge(await upstream(echo))

    answer, _ = await _say(
        base_url,
        b"POST /v1/things HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"4\r\nhalf\r\nnothing\r\n",
    )

    # In one packet the broken chunk makes the whole request malformed; after a pause it breaks the body only.
    assert 400 == int(answer.split(b" ", 2)[1]), answer


async def test_a_long_poll_outlasts_the_deadlines_of_headers_and_bodies(
    upstream: Upstream, edge: Callable[..., Awaitable[str]]
) -> None:
    async def poll(request: web.Request) -> web.Response:
        # Both deadlines and the time of a thorough look are over by then.
        deadline_s = monotonic() + 2.5
        await eventually(lambda: monotonic() > deadline_s)
        return web.Response(text="at last")

    base_url = await edge(await upstream(poll), header_deadline_s=2.0, body_deadline_s=2.0)

    async with aiohttp.ClientSession() as http:
        for _ in range(2):
            async with http.get(f"{base_url}/v1/things") as answer:
                assert "at last" == await answer.text()


def test_the_longest_poll_fits_the_patience_of_the_edge() -> None:
    assert Settings().upstream_timeout_s > LONGEST_WAIT_S + 5


async def test_more_requests_than_a_service_may_have_at_a_time_wait_and_then_are_503(
    upstream: Upstream, edge: Callable[..., Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster_deploy.edge.CONNECT_TIMEOUT_S", 2.0)
    go_on = asyncio.Event()
    at_once: list[int] = []

    async def slow(request: web.Request) -> web.Response:
        at_once.append(1)
        await go_on.wait()
        return web.Response()

    base_url = await edge(await upstream(slow), upstream_connections=2)
    statuses: list[int] = []

    async def ask(http: aiohttp.ClientSession) -> None:
        async with http.get(f"{base_url}/v1/things") as answer:
            statuses.append(answer.status)

    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(ask(http))
        await eventually(lambda: statuses == [503])
        assert 2 == len(at_once)
        go_on.set()

    assert [503, 200, 200] == statuses


async def test_a_service_that_is_not_there_is_503_with_a_hint_to_come_back(
    upstream: Upstream, edge: Callable[..., Awaitable[str]]
) -> None:
    base_url = await edge(await upstream(echo))

    async with aiohttp.ClientSession() as http, http.get(f"{base_url}/v1/gone") as answer:
        problem = await answer.json(content_type="application/problem+json")

    assert (503, "1") == (answer.status, answer.headers["Retry-After"])
    assert ("unavailable", 503) == (problem["code"], problem["status"])
    assert answer.headers["X-Request-Id"] == problem["request_id"]


async def test_only_a_service_that_has_answered_before_is_missed(
    upstream: Upstream, edge: Callable[..., Awaitable[str]]
) -> None:
    answers = [web.Response(), None]

    async def once(request: web.Request) -> web.StreamResponse:
        answer = answers.pop(0)
        if answer is None:
            assert request.transport is not None
            request.transport.abort()
        return answer or web.Response()

    base_url = await edge(await upstream(once))

    with structlog.testing.capture_logs() as logs:
        async with aiohttp.ClientSession() as http:
            for path in ("/v1/gone", "/v1/things", "/v1/things"):
                async with http.post(f"{base_url}{path}"):
                    pass

    failed = [(line["service"], line["log_level"]) for line in logs if line["event"] == "upstream_failed"]
    assert [("gone", "info"), ("shop", "warning")] == failed


async def test_silence_is_504(upstream: Upstream, edge: Callable[..., Awaitable[str]]) -> None:
    over = asyncio.Event()

    async def silent(request: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    base_url = await edge(await upstream(silent), upstream_timeout_s=0.1)

    async with aiohttp.ClientSession() as http, http.get(f"{base_url}/v1/things") as answer:
        problem = await answer.json(content_type="application/problem+json")
    over.set()

    assert (504, "gateway_timeout") == (answer.status, problem["code"])


async def test_an_answer_that_breaks_off_at_once_is_502(
    upstream: Upstream, edge: Callable[..., Awaitable[str]]
) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    base_url = await edge(await upstream(broken))

    async with aiohttp.ClientSession() as http, http.post(f"{base_url}/v1/things") as answer:
        problem = await answer.json(content_type="application/problem+json")

    assert (502, "bad_gateway") == (answer.status, problem["code"])


async def test_an_answer_that_breaks_off_in_the_middle_breaks_off_for_the_caller_too(
    upstream: Upstream, edge: Callable[..., Awaitable[str]]
) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return answer

    base_url = await edge(await upstream(broken))

    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientError):
            async with http.get(f"{base_url}/v1/things") as answer:
                await answer.read()


@pytest.mark.parametrize(
    ("accept", "expected"), [("*/*", "text/plain"), ("application/json", "application/problem+json")]
)
async def test_callers_of_the_published_designs_read_text_unless_they_ask_for_json(
    edge: Callable[..., Awaitable[str]], nobody: str, accept: str, expected: str
) -> None:
    base_url = await edge(nobody)

    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{base_url}/buy-thing", headers={"Accept": accept}) as answer,
    ):
        text = await answer.text()

    assert (503, expected) == (answer.status, answer.content_type)
    assert text.startswith("Error: ") == (expected == "text/plain")


@pytest.mark.parametrize("path", ["/", "/nothing", "/v1", "//evil.example/v1"])
async def test_a_path_that_nobody_answers_is_404(edge: Callable[..., Awaitable[str]], path: str) -> None:
    base_url = await edge("http://127.0.0.1:1")

    async with aiohttp.ClientSession() as http, http.get(f"{base_url}{path}") as answer:
        assert (404, "not_found") == (answer.status, json.loads(await answer.text())["code"])


async def test_its_own_health_is_apart_from_that_of_the_services(
    upstream: Upstream, edge: Callable[..., Awaitable[str]]
) -> None:
    base_url = await edge(await upstream(fine))

    async with aiohttp.ClientSession() as http:
        async with http.get(f"{base_url}/livez") as live:
            assert 200 == live.status
        async with http.get(f"{base_url}/readyz") as ready:
            assert 503 == ready.status
            assert {"shop": "ready", "gone": "not ready"} == (await ready.json())["services"]


async def test_a_body_of_one_mebibyte_passes_and_a_larger_one_does_not(
    upstream: Upstream, edge: Callable[..., Awaitable[str]]
) -> None:
    async def measure(request: web.Request) -> web.Response:
        return web.json_response(len(await request.read()))

    async def in_chunks(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // 1024):
            yield b"x" * 1024

    base_url = await edge(await upstream(measure))

    async with aiohttp.ClientSession() as http:
        for body in (io.BytesIO(b"x" * 1_048_576), in_chunks(1_048_576)):
            async with http.post(f"{base_url}/v1/things", data=body) as answer:
                assert 1_048_576 == await answer.json()
        for body in (io.BytesIO(b"x" * 1_048_577), in_chunks(1_049_600)):
            async with http.post(f"{base_url}/v1/things", data=body) as answer:
                assert (413, "too_large") == (answer.status, json.loads(await answer.text())["code"])
