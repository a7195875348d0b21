"""One HTTP connection: aiohttp's own protocol, with a deadline for headers and errors in our format.

aiohttp times a connection out only after its keep-alive time, which must be longer than that of the load balancer.
So the time from the first byte of a request (or from the connection itself) to the end of its headers is measured
here, whether the client stalls or trickles.

Known limit: half a request that arrives in one packet with the whole request before it, and nothing after, is closed
by the keep-alive time instead, like an idle connection.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import StreamReader, web
from typing_extensions import override

from muster_runtime.errors import MusterError
from muster_runtime.http.answers import response_of
from muster_runtime.http.edge_errors import RequestMalformed
from muster_runtime.http.problems import answer_of
from muster_runtime.settings import ServiceSettings

MAX_LINE_BYTES = 24 * 1024
"""Longest request line: the longest query that is read, and room for the path."""
MAX_FIELD_BYTES = 16 * 1024
"""Longest header: the longest token, and room to refuse longer ones politely."""
LINGER_S = 1.0
"""How long an unread body is thrown away, so that the client can read our answer before the connection closes."""

_TIMED_OUT = (
    b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\nX-Error-Code: header_timeout\r\n\r\n"
)

log = structlog.get_logger()


class Connection(web.RequestHandler):
    """A server connection that closes when the headers of a request do not arrive in time."""

    __slots__ = ("_body", "_busy", "_deadline_s", "_fresh", "_new_id", "_silent", "_since", "_timer")

    def __init__(self, server: web.Server, settings: ServiceSettings, new_id: Callable[[], str]) -> None:
        """Build a connection that is not yet made.

        Args:
            server: aiohttp's server, which dispatches to the application.
            settings: where the deadlines come from.
            new_id: gives a request id to those requests that are too malformed to carry one.
        """
        options: dict[str, Any] = {
            "keepalive_timeout": settings.keep_alive_s,
            "access_log": None,
            "max_line_size": MAX_LINE_BYTES,
            "max_field_size": MAX_FIELD_BYTES,
            "lingering_time": LINGER_S,
            # Bodies are read as they are: what a client compressed may unpack to anything.
            "auto_decompress": False,
        }
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self._deadline_s = settings.header_deadline_s
        self._new_id = new_id
        self._body: StreamReader | None = None
        self._busy = False
        self._fresh = True
        self._silent = True
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def request_started(self, body: StreamReader) -> None:
        """Note that the headers of a request are complete, and that its *body* follows."""
        self._busy, self._fresh, self._since, self._body = True, False, None, body

    def request_finished(self) -> None:
        """Note that a request is answered; the next bytes begin another."""
        self._busy = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the deadline of the first request."""
        super().connection_made(transport)
        self._expect_headers()

    @override
    def data_received(self, data: bytes) -> None:
        """Start the deadline at the first byte of each later request."""
        self._silent = False
        # What arrives before the end of an answered request's body is thrown away by aiohttp, within `LINGER_S`.
        if not self._busy and self._since is None and (self._body is None or self._body.is_eof()):
            self._expect_headers()
        super().data_received(data)

    @override
    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the deadline."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        super().connection_lost(exc)

    @override
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP request, or what failed outside our own error handling; closes the connection."""
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun; there is no way to send another")
        request_id = self._new_id()
        if status < 500:
            error: MusterError = RequestMalformed()
            log.info("request_malformed", request_id=request_id, reason=type(exc).__name__)
        else:
            error = MusterError()
            log.error("request_failed", request_id=request_id, exc_info=exc)
        response = response_of(answer_of(error, request_id=request_id), request_id=request_id)
        response.force_close()
        return response

    def _expect_headers(self) -> None:
        self._since = self._loop.time()
        # One timer a connection, looked at lazily, costs less than one a request.
        if self._timer is None:
            self._timer = self._loop.call_later(self._deadline_s, self._check)

    def _check(self) -> None:
        self._timer = None
        if self._since is None or self.transport is None:
            return
        left_s = self._since + self._deadline_s - self._loop.time()
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._check)
            return
        log.info("connection_timed_out", silent=self._silent)
        if self._fresh and not self._silent:
            # Nothing was answered on this connection yet, so this cannot land in the middle of another answer.
            self.transport.write(_TIMED_OUT)
        self.force_close()
