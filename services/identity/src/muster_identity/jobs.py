"""What runs beside the requests: reading again what other instances and operators may have changed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from muster_runtime.backoff import pause
from muster_runtime.errors import MusterError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reload:
    """A `Runnable` that calls each reader again and again.

    Attributes:
        readers: what to call, by name; safe to repeat.
        every_s: seconds between two rounds.
    """

    readers: Mapping[str, Callable[[], Awaitable[None]]]
    every_s: float

    async def run(self, stop: asyncio.Event) -> None:
        """Read once per period until *stop* is set.

        A reader that fails is logged and tried again next time: what was read before still serves, and for how long
        is decided where it is used.
        """
        while not await pause(stop, self.every_s):
            for name, read in self.readers.items():
                try:
                    await read()
                except MusterError as error:
                    log.warning("reload_failed", what=name, error=error.code)
