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

from muster_runtime.backoff import first_of
from muster_runtime.cancellations import none_but_ours
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
"""Share of the grace kept for HTTP, after the consumers had theirs; and once more for the relays, after HTTP."""


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
    """A consumer, job or relay returned although nobody had told it to stop."""


class ConsumerDied(ExceptionGroup[Exception]):
    """At least one consumer, job or relay ended early; the exceptions say which and why."""


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

    The order: clients, HTTP listening (not ready yet), consumers, jobs and relays, ready. The drain: not ready,
    consumers take no more, what is under way finishes within `settings.grace_s`, HTTP closes, relays pass on what is
    left, clients close.

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
        ConsumerDied: a consumer, job or relay raised, or returned before it was told to stop.
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
            relays = {f"relay {name}": one for name, one in service.relays.items()}
            await life.run(_Wave(_parts(service, scope.jobs)), _Wave(relays), ready)
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


class _Wave:
    """Parts that are told to stop at the same moment."""

    def __init__(self, parts: Mapping[str, Runnable]) -> None:
        self.parts = parts
        self.halt = asyncio.Event()
        self.under_way = set(parts)
        self.ended = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []

    def note_end(self, name: str) -> None:
        self.under_way.discard(name)
        if not self.under_way:
            self.ended.set()


class _Life:
    """From listening to drained."""

    def __init__(self, listener: Listener, grace_s: float, *, stop: asyncio.Event, hurry: asyncio.Event) -> None:
        self._listener = listener
        self._grace_s = grace_s
        self._stop = stop
        self._hurry = hurry
        self._ending = asyncio.Event()
        self._failures: list[Exception] = []

    async def run(self, parts: _Wave, relays: _Wave, ready: Callable[[], None]) -> None:
        """Run *parts* and *relays* beside the open listener until the service ends.

        *relays* are told to stop when nobody is left who could give them something to do: after *parts* have ended and
        the listener, which is closed in every case.
        """
        loop = asyncio.get_running_loop()
        deadline_s = loop.time()
        kept_s = self._grace_s * LAST_MOMENTS
        async with asyncio.TaskGroup() as last:
            self._start(relays, last)
            try:
                async with asyncio.TaskGroup() as group:
                    watcher = group.create_task(self._watch_stop())
                    self._start(parts, group)
                    # Everyone gets a turn before the service calls itself ready: what cannot even start ends it now.
                    await asyncio.sleep(0)
                    if not self._failures and not self._stop.is_set():
                        ready()
                    await self._ending.wait()
                    deadline_s = loop.time() + self._grace_s
                    log.info("service_draining", grace_s=self._grace_s, under_way=_under_way(parts, relays))
                    self._listener.health.phase = Phase.DRAINING
                    await self._drain(parts, until_s=deadline_s - 2 * kept_s)
                    watcher.cancel()
            finally:
                left_s = deadline_s - kept_s - loop.time()
                await self._listener.close(grace_s=0.0 if self._hurry.is_set() else left_s)
            # Requests that are cut short take a while to close; the relays have their time all the same.
            await self._drain(relays, until_s=max(deadline_s, loop.time() + kept_s))
        if self._failures:
            raise ConsumerDied("the service ended because a part of it did", self._failures)
        if under_way := _under_way(parts, relays):
            raise DrainCutShort(f"still under way: {', '.join(under_way)}")

    def _start(self, wave: _Wave, group: asyncio.TaskGroup) -> None:
        wave.tasks = [group.create_task(self._run_one(name, one, wave), name=name) for name, one in wave.parts.items()]

    async def _drain(self, wave: _Wave, *, until_s: float) -> None:
        """Tell *wave* to stop, and wait for it until *until_s* on the loop's clock, or until somebody is in a hurry."""
        wave.halt.set()
        if wave.under_way:
            left_s = until_s - asyncio.get_running_loop().time()
            await first_of(wave.ended, self._hurry, within_s=max(0.0, left_s))
        if wave.under_way:
            cause = "drain_skipped" if self._hurry.is_set() else "grace_exceeded"
            log.warning(cause, under_way=_under_way(wave))
        for task in wave.tasks:
            # Only those that did not settle are still there to be cancelled.
            task.cancel()

    async def _run_one(self, name: str, runnable: Runnable, wave: _Wave) -> None:
        try:
            with none_but_ours():
                await runnable.run(wave.halt)
            if not wave.halt.is_set():
                raise RunnableEnded(f"{name} returned before it was told to stop")  # noqa: TRY301 - one way to report
        except Exception as error:
            # Not left to the task group: it would cancel the siblings, and a receive in flight must never be cancelled.
            log.exception("part_failed", part=name)
            self._failures.append(error)
            self._ending.set()
        wave.note_end(name)

    async def _watch_stop(self) -> None:
        await self._stop.wait()
        self._ending.set()


def _under_way(*waves: _Wave) -> list[str]:
    return sorted(name for wave in waves for name in wave.under_way)
