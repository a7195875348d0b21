"""The local edge: every client-facing route of every service under one address, as behind the load balancer."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final

import aiohttp
import structlog
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from muster_deploy.paths import PATHS, Match, Path, match, means_plain
from muster_deploy.settings import Settings
from muster_runtime.http.connection import Connection
from muster_runtime.http.edge_errors import BodyBroken, BodyTooLarge, BodyTooSlow
from muster_runtime.http.inputs import read_raw
from muster_runtime.ids import Ids

log = structlog.get_logger(__name__)

HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that speak of one connection and not of the message, and `Expect`, which the server here answers itself.

Source: RFC 9110, 7.6.1 and 10.1.1.
"""
MAX_BODY_BYTES: Final = 1024 * 1024
"""A guard for the edge alone; each route has its own, smaller limit."""
CONNECT_TIMEOUT_S: Final = 2.0
"""Longest wait for a connection to a service, the wait for one of those that there may be included."""
PROBE_TIMEOUT_S: Final = 2.0
_CHUNK_BYTES: Final = 64 * 1024
_LAST_ANSWERS_S: Final = 2.0
"""How long what is under way may go on after the stop."""
_PLAIN: Final = "text/plain; charset=utf-8"
_PROBLEM: Final = "application/problem+json"

_TITLES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("body_broken", "The body ended early, or its framing is malformed."),
    404: ("not_found", "No service answers this path."),
    408: ("body_timeout", "The body did not arrive in time. Send the whole body at once."),
    413: ("too_large", "The body is larger than this server accepts."),
    502: ("bad_gateway", "The service broke off its answer. Try again."),
    503: ("unavailable", "The service does not answer right now. Try again in a moment."),
    504: ("gateway_timeout", "The service took too long to answer. Try again."),
}


class Edge:
    """A reverse proxy: it passes on whole requests, and streams the answers.

    A service never waits for a slow client: a request goes on once its body is complete, and neither headers nor
    bodies may take longer than their deadlines.
    """

    def __init__(
        self,
        upstreams: Mapping[str, str],
        *,
        ids: Ids,
        settings: Settings,
        paths: Sequence[Path] = PATHS,
    ) -> None:
        """Describe it.

        Args:
            upstreams: address of each service by name.
            ids: where request ids come from.
            settings: deadlines of clients and services, and how many requests are passed on at a time.
            paths: which service answers what.
        """
        self._upstreams = dict(upstreams)
        self._ids = ids
        self._paths = paths
        self._settings = settings
        self._heard_of: set[str] = set()
        self._http: aiohttp.ClientSession | None = None

    async def serve(self, host: str, port: int, stop: asyncio.Event, listening: asyncio.Event) -> None:
        """Listen until *stop* is set, then finish what is under way.

        Args:
            host: address to listen on.
            port: port to listen on.
            stop: ends it.
            listening: set once it listens.
        """
        settings = self._settings
        async with AsyncExitStack() as stack:
            self._http = await stack.enter_async_context(
                aiohttp.ClientSession(
                    # No total: a long download, or a long poll, is fine while it moves.
                    timeout=aiohttp.ClientTimeout(
                        total=None, connect=CONNECT_TIMEOUT_S, sock_read=settings.upstream_timeout_s
                    ),
                    connector=aiohttp.TCPConnector(limit=0, limit_per_host=settings.upstream_connections),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    auto_decompress=False,
                    skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
                )
            )
            runner = web.AppRunner(self.application(), shutdown_timeout=2.0, handler_cancellation=True)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            server = runner.server
            if server is None:
                raise RuntimeError("a runner that is set up has a server")
            socket = await asyncio.get_running_loop().create_server(
                lambda: Connection(server, settings, self._ids.uuid), host, port, reuse_address=True
            )
            listening.set()
            await stop.wait()
            socket.close()
            server.pre_shutdown()
            await server.shutdown(_LAST_ANSWERS_S)

    def application(self) -> web.Application:
        """Return the web application: its own health, and everything else passed on."""
        application = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_tell_connection])
        application.router.add_get("/livez", self._live)
        application.router.add_get("/readyz", self._ready)
        application.router.add_route("*", "/{path:.*}", self._pass_on)
        return application

    async def _live(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _ready(self, _request: web.Request) -> web.Response:
        async with asyncio.TaskGroup() as group:
            asked = {name: group.create_task(self._is_ready(url)) for name, url in self._upstreams.items()}
        services = {name: "ready" if task.result() else "not ready" for name, task in asked.items()}
        ready = all(task.result() for task in asked.values())
        return web.json_response(
            {"status": "ready" if ready else "not ready", "services": services}, status=200 if ready else 503
        )

    async def _is_ready(self, url: str) -> bool:
        timeout = aiohttp.ClientTimeout(total=PROBE_TIMEOUT_S)
        try:
            async with self._session.get(f"{url}/readyz", timeout=timeout) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise RuntimeError("the edge does not serve yet")
        return self._http

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        path = request.raw_path.split("?", 1)[0]
        found = match(path, self._paths)
        if found is None or found.service not in self._upstreams:
            return self._problem(request, 404, plain=means_plain(path, self._paths))
        try:
            body = await self._body(request)
        except (BodyTooLarge, BodyTooSlow, BodyBroken) as error:
            status = {BodyTooLarge: 413, BodyTooSlow: 408, BodyBroken: 400}[type(error)]
            return self._problem(request, status, plain=found.plain)
        answer: web.StreamResponse | None = None
        try:
            async with self._session.request(
                request.method,
                self._target(request, found),
                headers=forwarded_headers(request.headers, peer=request.remote or "", scheme=request.scheme),
                data=body,
                allow_redirects=False,
            ) as upstream:
                self._heard_of.add(found.service)
                answer = web.StreamResponse(
                    status=upstream.status, reason=upstream.reason, headers=_end_to_end(upstream.headers)
                )
                await answer.prepare(request)
                async for chunk in upstream.content.iter_chunked(_CHUNK_BYTES):
                    await answer.write(chunk)
                await answer.write_eof()
                return answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # Who has not answered yet is starting: callers try again, and `make up` says who does not come up.
            tell = log.warning if found.service in self._heard_of else log.info
            tell(
                "upstream_failed",
                service=found.service,
                method=request.method,
                route=found.path.split("/")[1],
                error=type(error).__name__,
            )
            if answer is not None and answer.prepared:
                # Part of the answer is out: closing the connection is the only honest way to say that it broke.
                if request.transport is not None:
                    request.transport.abort()
                return answer
            return self._problem(request, _status_of(error), plain=found.plain)

    async def _body(self, request: web.Request) -> bytes | None:
        if not request.body_exists:
            return None
        if (request.content_length or 0) > MAX_BODY_BYTES:
            raise BodyTooLarge
        return await read_raw(request, limit_bytes=MAX_BODY_BYTES, deadline_s=self._settings.body_deadline_s)

    def _target(self, request: web.Request, found: Match) -> URL:
        query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
        return URL(f"{self._upstreams[found.service]}{found.path}{query}", encoded=True)

    def _problem(self, request: web.Request, status: int, *, plain: bool) -> web.Response:
        code, detail = _TITLES[status]
        request_id = self._ids.uuid()
        headers = {"X-Request-Id": request_id} | ({"Retry-After": "1"} if status == 503 else {})
        if not request.content.is_eof():
            # What is left of the body is nobody's to read.
            headers["Connection"] = "close"
        if plain and "json" not in request.headers.get("Accept", ""):
            return web.Response(
                status=status, body=f"Error: {detail}".encode(), headers=headers | {"Content-Type": _PLAIN}
            )
        body = {
            "type": "about:blank",
            "title": code.replace("_", " ").capitalize(),
            "status": status,
            "detail": detail,
            "code": code,
            "request_id": request_id,
        }
        return web.Response(status=status, body=json.dumps(body).encode(), headers=headers | {"Content-Type": _PROBLEM})


@web.middleware
async def _tell_connection(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Let the connection know when the headers are complete, and when the request is answered."""
    connection = request.protocol
    if isinstance(connection, Connection):
        connection.request_started(request.content)
    try:
        return await handler(request)
    finally:
        if isinstance(connection, Connection):
            connection.request_finished()


def forwarded_headers(headers: Mapping[str, str], *, peer: str, scheme: str) -> CIMultiDict[str]:
    """Return the request headers that go on to a service.

    Hop-by-hop headers stay here. The peer is appended to `X-Forwarded-For`, as a load balancer does, so that a
    service that trusts one proxy reads the true address at the end and never what a client claims.
    """
    sent = _end_to_end(headers)
    # `Forwarded` says the same in another way, and nobody here appends to it.
    for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded"):
        sent.popall(name, None)
    claimed = headers.get("X-Forwarded-For")
    sent["X-Forwarded-For"] = f"{claimed}, {peer}" if claimed else peer
    sent["X-Forwarded-Proto"] = scheme
    return sent


def _end_to_end(headers: Mapping[str, str]) -> CIMultiDict[str]:
    named = {name.strip().lower() for name in headers.get("Connection", "").split(",")}
    dropped = HOP_BY_HOP | named
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)


def _status_of(error: Exception) -> int:
    match error:
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return 503
        case TimeoutError():
            return 504
        case _:
            return 502
