"""The HTTP edge around a handler: observe, check, parse, call, answer; every failure becomes an answer here."""

import asyncio
import re
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from aiohttp import HttpVersion10, HttpVersion11, web
from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Histogram
from pydantic import BaseModel

from muster_runtime import tracing
from muster_runtime.auth.principal import Principal
from muster_runtime.auth.tokens import ScopeInsufficient, bearer
from muster_runtime.auth.verifier import TokenVerifier
from muster_runtime.clock import Clock
from muster_runtime.deadlines import Deadlines
from muster_runtime.errors import MusterError, Unauthenticated
from muster_runtime.http import inputs
from muster_runtime.http.answers import response_of
from muster_runtime.http.callers import client_of, told_headers, wants_json
from muster_runtime.http.connection import Connection
from muster_runtime.http.edge_errors import BodyBroken, BodyMissing, BodyTooSlow, DeadlineExceeded, VersionUnsupported
from muster_runtime.http.health import Health, Phase
from muster_runtime.http.paths import Found, Table
from muster_runtime.http.problems import answer_of
from muster_runtime.http.raw import RawRoute
from muster_runtime.http.routes import Answer, Call, Route
from muster_runtime.ids import Ids
from muster_runtime.logging import bound
from muster_runtime.metrics import Metrics
from muster_runtime.service import Gate
from muster_runtime.settings import ServiceSettings

log = structlog.get_logger()

REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""What an `X-Request-Id` from outside must look like to be taken over; no dots, so that no token fits."""
UNMATCHED = "unmatched"
"""The route label of requests that matched none."""
QUIET_ROUTES = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked every few seconds by machines: logged at debug, and not kept at the gate."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Method labels in metrics; anything else a client makes up counts as `other`."""


@dataclass(slots=True)
class Exchange:
    """What is learnt about one request while it is handled, for the log line and the metrics.

    Attributes:
        request_id: ours, or the caller's.
        started_s: monotonic seconds at its arrival.
        client: address of who sent it, as the proxy in front tells it.
        found: its route; None until it is known.
        code: the stable code of the error it was answered with; empty for a success.
        trace_id: id of the trace that it is part of; empty until its route is known.
        closing: whether the connection closes after the answer, because what follows on it makes no sense.
    """

    request_id: str
    started_s: float
    client: str
    found: Found | None = None
    code: str = ""
    trace_id: str = ""
    closing: bool = False

    @property
    def template(self) -> str:
        """The route's pattern, or `unmatched`."""
        return self.found.template if self.found else UNMATCHED

    @property
    def is_quiet(self) -> bool:
        """Whether its log line is for debugging only."""
        route = self.found.route if self.found else None
        return self.template in QUIET_ROUTES or (isinstance(route, RawRoute) and route.quiet)


class Edge:
    """The HTTP edge of one service.

    Attributes:
        in_flight: requests being handled now.
        idle: set while there are none.
    """

    def __init__(  # noqa: PLR0913 - each is needed and named
        self,
        routes: Table,
        *,
        settings: ServiceSettings,
        clock: Clock,
        ids: Ids,
        metrics: Metrics,
        health: Health,
        verifier: TokenVerifier | None,
        gate: Gate | None = None,
    ) -> None:
        """Build the edge of a service from its parts."""
        self._routes = routes
        self._settings = settings
        self._clock = clock
        self._ids = ids
        self._metrics = metrics
        self._health = health
        self._verifier = verifier
        self._gate = gate
        self._deadlines = Deadlines(settings.request_deadline_s)
        self._counted: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        # Bound once: what a module's logger does at each line, it does for a logger not bound yet.
        self._log = log.bind()
        metrics.http_in_flight.set_function(lambda: self.in_flight)
        self.in_flight = 0
        self.idle = asyncio.Event()
        self.idle.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer *request*; never raises an error of ours or of a handler."""
        connection = request.protocol
        if isinstance(connection, Connection):
            connection.request_started(request.content)
        self._enter()
        client = client_of(request, trusted_proxies=self._settings.trusted_proxies)
        exchange = Exchange(self._request_id(request), self._clock.monotonic_s(), client)
        try:
            with bound(request_id=exchange.request_id):
                response = await self._traced(request, exchange)
                self._observe(request, exchange, response)
        finally:
            self._leave()
            if isinstance(connection, Connection):
                connection.request_finished()
        if exchange.closing or self._health.phase is Phase.DRAINING:
            response.force_close()
        return response

    async def _traced(self, request: web.Request, exchange: Exchange) -> web.StreamResponse:
        try:
            if request.version not in (HttpVersion10, HttpVersion11):
                exchange.closing = True
                raise VersionUnsupported
            exchange.found = await self._routes.find(request)
            name = f"{request.method} {exchange.template}"
            with tracing.span(name, kind=SpanKind.SERVER, parent=tracing.extract(request.headers)) as span:
                exchange.trace_id = tracing.trace_id(span)
                response = await self._guarded(request, exchange, exchange.found)
                span.set_attribute("http.response.status_code", response.status)
                return response
        except MusterError as error:
            return await self._unmatched(request, exchange, error)

    async def _unmatched(self, request: web.Request, exchange: Exchange, error: MusterError) -> web.Response:
        """Answer a request that no route takes; the gate counts it like any other."""
        try:
            await self._admit(exchange)
        except MusterError as refusal:
            error = refusal
        plain = self._routes.means_plain(request) and not wants_json(request.headers)
        return self._problem(exchange, error, plain=plain)

    async def _admit(self, exchange: Exchange) -> None:
        if self._gate is not None and exchange.template not in QUIET_ROUTES:
            await self._gate(exchange.client, exchange.template)

    async def _guarded(self, request: web.Request, exchange: Exchange, found: Found) -> web.StreamResponse:
        """Handle a request whose route is known; errors stay inside its span."""
        route = found.route
        plain = isinstance(route, Route) and route.plain_errors and not wants_json(request.headers)
        try:
            await self._admit(exchange)
            if isinstance(route, RawRoute):
                return await route.handler(request)
            call = await self._call(request, exchange, found, route)
            answer = await self._within_deadline(route, call)
            return response_of(answer, request_id=exchange.request_id)
        except MusterError as error:
            exchange.closing = isinstance(error, BodyTooSlow | BodyBroken)
            return self._problem(exchange, error, plain=plain)
        except Exception:
            # The last resort: outside nobody learns more than an id, inside everything is in the log.
            log.exception("request_failed", method=request.method, route=found.template)
            return self._problem(exchange, MusterError(), plain=plain)

    async def _call(self, request: web.Request, exchange: Exchange, found: Found, route: Route) -> Call:
        principal = None
        if route.scopes is not None:
            principal = await self._authenticate(request, route.scopes)
        path = inputs.check_path(found.values)
        query = inputs.parse_query(route.query, request.rel_url.raw_query_string) if route.query else None
        return Call(
            path=path,
            query=query,
            body=await self._body(request, route),
            headers=told_headers(request.headers),
            principal=principal,
            request_id=exchange.request_id,
            client=exchange.client,
        )

    async def _authenticate(self, request: web.Request, scopes: frozenset[str]) -> Principal:
        """Return the caller of a protected route."""
        verifier = self._verifier
        assert verifier is not None, "`application` refuses routes with scopes when there is no verifier"
        try:
            principal = await verifier.verify(bearer(request.headers.getall("Authorization", [])))
        except Unauthenticated as error:
            self._metrics.tokens_refused.labels(code=error.code).inc()
            raise
        if principal.scope not in scopes:
            self._metrics.tokens_refused.labels(code=ScopeInsufficient.code).inc()
            raise ScopeInsufficient
        return principal

    async def _body(self, request: web.Request, route: Route) -> BaseModel | None:
        deadline_s = self._settings.body_deadline_s
        if route.body is None:
            await inputs.refuse_body(request, deadline_s=deadline_s)
            return None
        if route.body_optional and (not request.body_exists or request.content_length == 0):
            return None
        try:
            raw = await inputs.read_body(
                request, limit_bytes=route.max_body_bytes, deadline_s=deadline_s, by_hand=route.by_hand
            )
        except BodyMissing:
            if route.body_optional:
                return None
            raise
        return inputs.parse_body(route.body, raw)

    async def _within_deadline(self, route: Route, call: Call) -> Answer:
        deadlines = self._deadlines if route.deadline_s is None else Deadlines(route.deadline_s)
        try:
            with deadlines.limit() as limit:
                return await route.handler(call)
        except TimeoutError as error:
            if limit.expired:
                raise DeadlineExceeded from error
            raise

    def _problem(self, exchange: Exchange, error: MusterError, *, plain: bool = False) -> web.Response:
        exchange.code = error.code
        self._metrics.http_problems.labels(route=exchange.template, code=error.code).inc()
        answer = answer_of(error, request_id=exchange.request_id, plain=plain)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and error.__cause__ is not None:
            log.warning("dependency_failed", code=error.code, cause=type(error.__cause__).__name__)
        return response_of(answer, request_id=exchange.request_id)

    def _observe(self, request: web.Request, exchange: Exchange, response: web.StreamResponse) -> None:
        """Count the request and write its one line; the query string and the path's values stay out of both."""
        seconds = self._clock.monotonic_s() - exchange.started_s
        method = request.method if request.method in METHODS else "other"
        requests, durations = self._counters(method, exchange.template, response.status)
        requests.inc()
        durations.observe(seconds)
        facts = {
            "method": method,
            "route": exchange.template,
            "status": response.status,
            "duration_ms": round(seconds * 1000, 3),
        }
        if exchange.code:
            facts["code"] = exchange.code
        if exchange.trace_id:
            facts["trace_id"] = exchange.trace_id
        write = self._log.debug if exchange.is_quiet else self._log.info
        write("request_answered", **facts)

    def _counters(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        """Return what counts such requests; looking labels up costs more than counting. The labels are closed sets."""
        if (known := self._counted.get((method, route, status))) is None:
            requests = self._metrics.http_requests.labels(method=method, route=route, status=str(status))
            durations = self._metrics.http_seconds.labels(method=method, route=route)
            known = self._counted[method, route, status] = (requests, durations)
        return known

    def _enter(self) -> None:
        self.in_flight += 1
        self.idle.clear()

    def _leave(self) -> None:
        self.in_flight -= 1
        if self.in_flight == 0:
            self.idle.set()

    def _request_id(self, request: web.Request) -> str:
        given = request.headers.get("X-Request-Id", "")
        return given if REQUEST_ID.fullmatch(given) else self._ids.uuid()
