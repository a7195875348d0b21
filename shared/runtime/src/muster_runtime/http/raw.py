"""The way out of the route table, for a service that must speak somebody else's protocol byte for byte.

The table in `muster_runtime.http.routes` gives strict JSON, problem answers and an API document. A service that stands
in for another system (AWS's JSON 1.1 protocol, a WebSocket) can use none of these: its bodies, content types and error
shapes are given. Such a service lists `RawRoute`s in `Service.raw_routes`. Everything else keeps using the table.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

RawHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""Reads the request itself and answers in its own protocol, errors included."""


@dataclass(frozen=True, slots=True)
class RawRoute:
    """One route that bypasses body parsing, token checks, problem answers, deadlines and the API document.

    The handler bounds its own body size and time (`muster_runtime.http.inputs.read_raw` helps), and it should not
    raise: an exception that escapes is logged and answered with the runtime's own problem body. Request ids, the log
    line, metrics, tracing, stage prefixes and the drain are those of every route.

    Attributes:
        method: upper case, such as `POST`; a WebSocket is a `GET`.
        path: such as `/`; a `{name}` stands for one segment, which the handler reads from the request itself.
        handler: takes the aiohttp request, answers any aiohttp response, a WebSocket included.
        quiet: its log line is for debugging only, because the handler itself tells what is worth telling.
    """

    method: str
    path: str
    handler: RawHandler
    quiet: bool = False
