"""What a service is made of: plain data that `serve` runs.

Nothing runs while a `Service` is built, so a test can build one and look at it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from muster_runtime.http.raw import RawRoute
from muster_runtime.http.routes import Route

Probe = Callable[[], Awaitable[None]]
"""Asks one dependency whether it answers; raises any exception when it does not."""

Gate = Callable[[str, str], Awaitable[None]]
"""Lets a request through or raises a `MusterError`; told the client's address and the route, such as `/v1/me`."""


class Runnable(Protocol):
    """A loop that runs beside the HTTP server: a consumer, an outbox relay, a reconciler."""

    async def run(self, stop: asyncio.Event) -> None:
        """Run until *stop* is set, then finish what is under way and return.

        Returning before *stop* is set, or raising, ends the whole service with a non-zero exit: a service whose
        consumer died must not go on answering that it is healthy.
        """


@dataclass(frozen=True, slots=True)
class Service:
    """One wired service.

    Attributes:
        routes: its HTTP edge; the runtime adds `/livez`, `/readyz`, `/metrics` and `/openapi.json`.
        consumers: queue consumers by name. They start after HTTP listens, and readiness waits for them.
        jobs: other background loops by name, started and stopped with the consumers.
        relays: loops by name that pass on what requests, consumers and jobs leave to them, such as an outbox; stopped
            last, when all of those have ended.
        probes: dependencies by name, asked by `/readyz` (cached, with a time-out).
        title: one line for the API document.
        raw_routes: routes that speak another system's protocol byte for byte; see `muster_runtime.http.raw`.
        gate: asked about every request before its token and body are looked at, those that match no route
            (`unmatched`) included and `/livez`, `/readyz` and `/metrics` aside. It answers from memory: no deadline
            bounds it.
    """

    routes: Sequence[Route] = ()
    consumers: Mapping[str, Runnable] = field(default_factory=dict)
    jobs: Mapping[str, Runnable] = field(default_factory=dict)
    relays: Mapping[str, Runnable] = field(default_factory=dict)
    probes: Mapping[str, Probe] = field(default_factory=dict)
    title: str = ""
    raw_routes: Sequence[RawRoute] = ()
    gate: Gate | None = None
