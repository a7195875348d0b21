"""Keep units running: each is restarted alone, with a growing pause, and all are stopped in layers."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Final, Protocol

from muster_runtime.backoff import pause
from muster_runtime.clock import Clock

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 10.0
STEADY_S: Final = 30.0
"""A unit that lived this long starts again with the first pause."""


class Ended(Exception):
    """A unit ended by itself; the message says how, as in `was killed by signal 9`."""


class Hopeless(Exception):
    """A unit that cannot run as it was described: starting it again would change nothing."""


class Unit(Protocol):
    """Something that runs until it is told to halt: a service in this loop, or a child process."""

    @property
    def name(self) -> str:
        """Short name for the terminal."""

    async def run(self, halt: asyncio.Event) -> None:
        """Run once, until *halt* is set; a return before that, or an exception, is a crash.

        Raises:
            Ended: it ended by itself, in a way that needs no more words.
            Hopeless: it is not worth another try.
        """

    def kill(self) -> None:
        """End it at once, without asking."""


@dataclass(slots=True)
class Kept:
    """A unit under supervision.

    Attributes:
        unit: what runs.
        layer: higher layers stop first.
        halt: tells it to end.
        crashes: how often it ended by itself.
        crashed: set each time; whoever waits for it clears it.
        hopeless: it is not started again.
        last_words: why it ended the last time.
    """

    unit: Unit
    layer: int
    halt: asyncio.Event = field(default_factory=asyncio.Event)
    crashes: int = 0
    crashed: asyncio.Event = field(default_factory=asyncio.Event)
    hopeless: bool = False
    last_words: str = ""
    task: asyncio.Task[None] | None = None


class Supervisor:
    """Starts units, starts them again when they crash, and stops them layer by layer."""

    def __init__(self, group: asyncio.TaskGroup, *, clock: Clock, warn: Callable[[str], None]) -> None:
        """Run in *group*, and tell *warn* about crashes."""
        self._group = group
        self._clock = clock
        self._warn = warn
        self._kept: dict[str, Kept] = {}

    def start(self, unit: Unit, *, layer: int) -> Kept:
        """Start *unit* and keep it running.

        Args:
            unit: its name must be new.
            layer: units of higher layers are stopped before those of lower ones.
        """
        kept = Kept(unit, layer)
        self._kept[unit.name] = kept
        kept.task = self._group.create_task(self._keep_running(kept))
        return kept

    async def replace(self, unit: Unit, *, grace_s: float) -> Kept:
        """Stop the unit of the same name, and start *unit* in its place and layer.

        Args:
            unit: what runs from now on.
            grace_s: what the old one may take over its end, seconds.
        """
        old = self._kept[unit.name]
        await self._end([old], grace_s=grace_s)
        return self.start(unit, layer=old.layer)

    @property
    def names(self) -> Sequence[str]:
        """Names of all units, in the order of their start."""
        return tuple(self._kept)

    def kept(self, name: str) -> Kept:
        """Return the unit called *name* as it is supervised."""
        return self._kept[name]

    async def stop(
        self,
        *,
        grace_s: float,
        around: Callable[[Sequence[str]], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """Stop every unit, the highest layer first; what takes longer than its share of time is killed.

        Args:
            grace_s: for all layers together, seconds.
            around: entered with the names of a layer's units while they stop.
        """
        ends_at_s = self._clock.monotonic_s() + grace_s
        for layer in sorted({kept.layer for kept in self._kept.values()}, reverse=True):
            members = [kept for kept in self._kept.values() if kept.layer == layer]
            with around([kept.unit.name for kept in members]):
                await self._end(members, grace_s=ends_at_s - self._clock.monotonic_s())
        self._kept.clear()

    def kill(self) -> None:
        """End every unit at once."""
        for kept in self._kept.values():
            kept.unit.kill()

    async def _end(self, members: Sequence[Kept], *, grace_s: float) -> None:
        tasks = [self._halt(kept) for kept in members]
        _, late = await asyncio.wait(tasks, timeout=max(0.1, grace_s))
        if late:
            for kept in members:
                kept.unit.kill()
            for task in late:
                task.cancel()
            await asyncio.wait(late)

    def _halt(self, kept: Kept) -> asyncio.Task[None]:
        kept.halt.set()
        if kept.task is None:
            raise RuntimeError("a kept unit has a task")
        return kept.task

    async def _keep_running(self, kept: Kept) -> None:
        in_a_row = 0
        while not kept.halt.is_set():
            began_s = self._clock.monotonic_s()
            kept.last_words = await _run_once(kept)
            if kept.halt.is_set():
                return
            kept.crashes += 1
            kept.crashed.set()
            if kept.hopeless:
                await kept.halt.wait()
                return
            steady = self._clock.monotonic_s() - began_s >= STEADY_S
            in_a_row = 1 if steady else in_a_row + 1
            wait_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(in_a_row - 1, 10))
            self._warn(f"{kept.unit.name} {kept.last_words}; starting it again in {wait_s:.1f} s")
            await pause(kept.halt, wait_s)


async def _run_once(kept: Kept) -> str:
    try:
        await kept.unit.run(kept.halt)
    except Hopeless as error:
        kept.hopeless = True
        return f"cannot run: {error}"
    except Ended as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever ended a unit, the others go on and it is started again
        return f"failed: {_innermost(error)}"
    return "ended"


def _innermost(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
