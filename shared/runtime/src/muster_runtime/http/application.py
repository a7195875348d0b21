"""From a `Service` to a running HTTP server."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import structlog
from aiohttp import web

from muster_runtime.auth.verifier import TokenVerifier
from muster_runtime.clock import Clock, SystemClock
from muster_runtime.healthcheck import url_of
from muster_runtime.http.connection import Connection
from muster_runtime.http.health import Health
from muster_runtime.http.middleware import Edge
from muster_runtime.http.paths import Table
from muster_runtime.http.routes import Answer, Call, Route
from muster_runtime.ids import Ids, SystemIds
from muster_runtime.metrics import Metrics
from muster_runtime.service import Service
from muster_runtime.settings import ServiceSettings

log = structlog.get_logger()

BACKLOG = 512
"""Connections that may wait to be accepted."""


@dataclass(frozen=True, slots=True)
class Application:
    """A service's HTTP side, ready to be listened for.

    Attributes:
        edge: answers requests.
        health: the state that its readiness route tells.
    """

    edge: Edge
    health: Health


def application(  # noqa: PLR0913 - each is named and has a default that serves
    service: Service,
    settings: ServiceSettings,
    *,
    name: str,
    version: str = "0",
    clock: Clock | None = None,
    ids: Ids | None = None,
    metrics: Metrics | None = None,
    verifier: TokenVerifier | None = None,
) -> Application:
    """Return the HTTP side of *service*: its own routes and `/livez`, `/readyz`, `/metrics`, `/openapi.json`.

    Call it inside a running loop.

    Args:
        service: what to serve.
        settings: deadlines and the rest.
        name: the service's name, such as `tickets`.
        version: for the API document.
        clock: where time comes from.
        ids: where request ids come from.
        metrics: where requests are counted.
        verifier: what checks bearer tokens; needed when a route has scopes.

    Raises:
        RuntimeError: a route has scopes and there is no verifier, or two routes collide.
    """
    clock, ids, metrics = clock or SystemClock(), ids or SystemIds(), metrics or Metrics()
    if verifier is None and any(route.scopes is not None for route in service.routes):
        raise RuntimeError("a route has scopes: call scope.use_verifier in build")
    health = Health(
        name,
        service.probes,
        clock=clock,
        metrics=metrics,
        cache_s=settings.readiness_cache_s,
        timeout_s=settings.probe_timeout_s,
    )
    own = (*health.routes(), *_documents(name, version, service, metrics))
    edge = Edge(
        Table((*service.routes, *own, *service.raw_routes)),
        settings=settings,
        clock=clock,
        ids=ids,
        metrics=metrics,
        health=health,
        verifier=verifier,
        gate=service.gate,
    )
    return Application(edge, health)


@dataclass(slots=True)
class Listener:
    """A listening HTTP server.

    Attributes:
        base_url: where it listens, as `http://host:port`.
        health: the state that its readiness route tells.
    """

    base_url: str
    health: Health
    _edge: Edge
    _server: web.Server
    _socket: asyncio.Server

    @classmethod
    async def open(cls, made: Application, settings: ServiceSettings, *, ids: Ids) -> Self:
        """Listen on the settings' address and serve *made*.

        Raises:
            OSError: the address is taken or not ours.
        """
        # Not aiohttp's application: its router and middleware chain would look each path up a second time.
        server = web.Server(_handler(made.edge), request_factory=_request)
        listening = await asyncio.get_running_loop().create_server(
            lambda: Connection(server, settings, ids.uuid),
            settings.host,
            settings.port,
            backlog=BACKLOG,
            reuse_address=True,
        )
        base_url = url_of(settings.host, listening.sockets[0].getsockname()[1], "")
        return cls(base_url, made.health, made.edge, server, listening)

    async def close(self, *, grace_s: float) -> None:
        """Accept no more connections, let requests under way finish within *grace_s*, close everything."""
        self._socket.close()
        try:
            async with asyncio.timeout(max(grace_s, 0.0)):
                await self._edge.idle.wait()
        except TimeoutError:
            log.warning("requests_cut_short", in_flight=self._edge.in_flight)
        # Handlers are done; what is left is to write their answers and to close idle connections.
        self._server.pre_shutdown()
        await self._server.shutdown(0.5)


def _document(title: str, version: str, routes: Sequence[Route]) -> str:
    from muster_runtime.http.openapi import document_json  # noqa: PLC0415 - a sixth of what a start imports

    return document_json(title, version, routes)


def _documents(name: str, version: str, service: Service, metrics: Metrics) -> Sequence[Route]:
    cached: list[str] = []

    async def openapi(_call: Call) -> Answer:
        if not cached:
            # In a thread, and imported there: it takes a third of a second, and most processes are never asked.
            cached.append(await asyncio.to_thread(_document, service.title or name, version, service.routes))
        return Answer(cached[0], content_type="application/json")

    async def exposition(_call: Call) -> Answer:
        body, content_type = metrics.exposition()
        return Answer(body, content_type=content_type)

    return (
        Route("GET", "/openapi.json", openapi, "The API document of this service."),
        Route("GET", "/metrics", exposition, "Metrics in the Prometheus text format."),
    )


def _handler(edge: Edge) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        assert isinstance(request, web.Request), "`_request` makes no others"
        # Ask for the body when the client waits to be asked; RFC 9110 allows to ignore any other expectation.
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return await edge.handle(request)

    return handle


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.Request:  # noqa: ANN401 - aiohttp's own parts, passed on
    return web.Request(message, payload, protocol, writer, task, asyncio.get_running_loop())
