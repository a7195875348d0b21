"""Time as an argument: services never read the wall clock themselves."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where a service gets its time from."""

    def now(self) -> datetime:
        """Return the present instant, time zone UTC."""

    def epoch_s(self) -> float:
        """Return the present instant as seconds since the Unix epoch."""

    def monotonic_s(self) -> float:
        """Return seconds on a clock that never goes back; only differences mean anything."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """Return the present instant, time zone UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the one place that reads it

    def epoch_s(self) -> float:
        """Return the present instant as seconds since the Unix epoch."""
        return time.time()  # noqa: TID251 - this is the one place that reads it

    def monotonic_s(self) -> float:
        """Return seconds on a clock that never goes back; only differences mean anything."""
        return time.monotonic()
