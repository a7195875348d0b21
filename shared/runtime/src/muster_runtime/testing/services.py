"""A real service in the test's own loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from muster_runtime.clock import Clock
from muster_runtime.ids import Ids
from muster_runtime.serve import Build, Running, serve
from muster_runtime.settings import ServiceSettings

S = TypeVar("S", bound=ServiceSettings)


@asynccontextmanager
async def running(
    name: str, settings: S, build: Build[S], *, clock: Clock | None = None, ids: Ids | None = None
) -> AsyncIterator[Running]:
    """Run a service as `main` would, on a free port, and drain it at the end.

        async with running("tickets", Settings(...), build) as tickets:
            async with http_client.get(f"{tickets.base_url}/readyz") as answer: ...

    Args:
        name: the service's name.
        settings: its settings; `port` 0 takes a free port.
        build: its `app.build`.
        clock: its clock; the machine's when left out.
        ids: its identifiers; random ones when left out.

    Raises:
        ExceptionGroup: it failed to start, or ended before the test did.
    """
    stop = asyncio.Event()
    ready: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(name, settings, build, stop=stop, started=ready.set_result, clock=clock, ids=ids))
        try:
            yield await ready
        finally:
            stop.set()
