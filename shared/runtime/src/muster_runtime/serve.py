"""The life of one service: clients, HTTP, consumers, ready; then drain, in the opposite order.

Several services may live in one event loop: each call of `serve` has its own stop event, its own clients and its own
`service` in the log context.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import TypeVar

import structlog
from structlog.contextvars import bound_contextvars

from muster_runtime.clock import Clock
from muster_runtime.http.application import Listener, application
from muster_runtime.http.health import Phase
from muster_runtime.ids import Ids
from muster_runtime.scope import Scope
from muster_runtime.service import Runnable, Service
from muster_runtime.settings import ServiceSettings

log = structlog.get_logger()

S = TypeVar("S", bound=ServiceSettings)

Build = Callable[[S, Scope], Awaitable[Service]]
"""The one seam of a service: wires it from its settings and a scope, and runs nothing."""

LAST_MOMENTS = 0.1
"""Share of the grace kept for HTTP, after the consumers had theirs."""


@dataclass(frozen=True, slots=True)
class Running:
    """A service that is ready.

    Attributes:
        name: its name.
        base_url: where its HTTP edge listens, as `http://host:port`.
        ready_s: seconds from the call of `serve` until it was ready.
    """

    name: str
    base_url: str
    ready_s: float


class RunnableEnded(Exception):
    """A consumer or job returned although nobody had told it to stop."""


class ConsumerDied(ExceptionGroup[Exception]):
    """At least one consumer or job ended early; the exceptions say which and why."""


class DrainCutShort(Exception):
    """The service stopped before everything under way had finished: the grace was over, or a second signal came."""


async def serve(  # noqa: PLR0913 - each is named and most have defaults
    name: str,
    settings: S,
    build: Build[S],
    *,
    stop: asyncio.Event,
    hurry: asyncio.Event | None = None,
    started: Callable[[Running], None] | None = None,
    clock: Clock | None = None,
    ids: Ids | None = None,
) -> None:
    """Run one service until *stop* is set, then drain it and return.

    The order: clients, HTTP listening (not ready yet), consumers and jobs, ready. The drain: not ready, consumers
    take no more, what is under way finishes within `settings.grace_s`, HTTP closes, clients close.

    Args:
        name: the service's name, such as `tickets`; bound as `service` to every log line.
        settings: its settings.
        build: wires it.
        stop: set it to end the service; never cleared here.
        hurry: set it to skip the wait of the drain.
        started: called once, when the service is ready.
        clock: where it gets its time from; the machine's when left out.
        ids: where it gets identifiers from; random ones when left out.

    Raises:
        ConsumerDied: a consumer or job raised, or returned before it was told to stop.
        DrainCutShort: something was still under way when the grace was over.
    """
    with bound_contextvars(service=name):
        async with Scope(name, settings, clock=clock, ids=ids) as scope:
            began_s = scope.clock.monotonic_s()
            service = await build(settings, scope)
            made = application(
                service,
                settings,
                name=name,
                version=version_of(name),
                clock=scope.clock,
                ids=scope.ids,
                metrics=scope.metrics,
                verifier=scope.verifier,
            )
            listener = await Listener.open(made, settings, ids=scope.ids)

            def ready() -> None:
                listener.health.phase = Phase.RUNNING
                running = Running(name, listener.base_url, scope.clock.monotonic_s() - began_s)
                log.info("service_ready", base_url=running.base_url, ready_s=round(running.ready_s, 3))
                if started is not None:
                    started(running)

            life = _Life(listener, settings.grace_s, stop=stop, hurry=hurry or asyncio.Event())
            await life.run(_parts(service, scope.jobs), ready)
        log.info("service_stopped")


def version_of(name: str) -> str:
    """Return the version of the distribution `muster-NAME`; `0` where it is not installed."""
    try:
        return metadata.version(f"muster-{name}")
    except metadata.PackageNotFoundError:
        return "0"


def _parts(service: Service, shared: Mapping[str, Runnable]) -> dict[str, Runnable]:
    consumers = {f"consumer {name}": one for name, one in service.consumers.items()}
    return consumers | {f"job {name}": one for name, one in (*service.jobs.items(), *shared.items())}


class _Life:
    """From listening to drained."""

    def __init__(self, listener: Listener, grace_s: float, *, stop: asyncio.Event, hurry: asyncio.Event) -> None:
        self._listener = listener
        self._grace_s = grace_s
        self._stop = stop
        self._hurry = hurry
        self._halt = asyncio.Event()
        self._ending = asyncio.Event()
        self._settled = asyncio.Event()
        self._failures: list[Exception] = []
        self._under_way: set[str] = set()

    async def run(self, runnables: Mapping[str, Runnable], ready: Callable[[], None]) -> None:
        """Run *runnables* beside the open listener until the service ends; closes the listener in every case."""
        loop = asyncio.get_running_loop()
        deadline_s = loop.time()
        self._under_way = set(runnables)
        try:
            async with asyncio.TaskGroup() as group:
                watchers = [group.create_task(self._watch_stop()), group.create_task(self._watch_hurry())]
                tasks = [group.create_task(self._run_one(name, one), name=name) for name, one in runnables.items()]
                # Everyone gets a turn before the service calls itself ready: what cannot even start ends it now.
                await asyncio.sleep(0)
                if not self._failures and not self._stop.is_set():
                    ready()
                await self._ending.wait()
                deadline_s = loop.time() + self._grace_s
                await self._drain(tasks)
                for watcher in watchers:
                    watcher.cancel()
        finally:
            await self._listener.close(grace_s=0.0 if self._hurry.is_set() else deadline_s - loop.time())
        if self._failures:
            raise ConsumerDied("the service ended because a part of it did", self._failures)
        if self._under_way:
            raise DrainCutShort(f"still under way: {', '.join(sorted(self._under_way))}")

    async def _drain(self, tasks: list[asyncio.Task[None]]) -> None:
        log.info("service_draining", grace_s=self._grace_s, under_way=sorted(self._under_way))
        self._listener.health.phase = Phase.DRAINING
        self._halt.set()
        if self._under_way:
            try:
                async with asyncio.timeout(self._grace_s * (1 - LAST_MOMENTS)):
                    await self._settled.wait()
            except TimeoutError:
                log.warning("grace_exceeded", under_way=sorted(self._under_way))
        for task in tasks:
            # Only those that did not settle are still there to be cancelled.
            task.cancel()

    async def _run_one(self, name: str, runnable: Runnable) -> None:
        try:
            await runnable.run(self._halt)
            if not self._halt.is_set():
                raise RunnableEnded(f"{name} returned before it was told to stop")  # noqa: TRY301 - one way to report
        except Exception as error:
            # Not left to the task group: it would cancel the siblings, and a receive in flight must never be cancelled.
            log.exception("part_failed", part=name)
            self._failures.append(error)
            self._ending.set()
        self._under_way.discard(name)
        if not self._under_way:
            self._settled.set()

    async def _watch_stop(self) -> None:
        await self._stop.wait()
        self._ending.set()

    async def _watch_hurry(self) -> None:
        await self._hurry.wait()
        log.warning("drain_skipped")
        self._settled.set()
