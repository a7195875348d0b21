"""A clock that moves when the test says so."""

from datetime import UTC, datetime, timedelta
from typing import Final

START: Final = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
"""Where a fake clock begins unless told otherwise."""


class FakeClock:
    """A `muster_runtime.clock.Clock` that stands still until `advance`."""

    def __init__(self, start: datetime = START) -> None:
        """Begin at *start*, an aware instant."""
        self._now = start.astimezone(UTC)
        self._monotonic_s = 1000.0

    def now(self) -> datetime:
        """Return the present instant, time zone UTC."""
        return self._now

    def epoch_s(self) -> float:
        """Return the present instant as seconds since the Unix epoch."""
        return self._now.timestamp()

    def monotonic_s(self) -> float:
        """Return seconds on a clock that never goes back."""
        return self._monotonic_s

    def advance(self, seconds: float) -> None:
        """Let *seconds*, not negative, pass on both clocks."""
        if seconds < 0:
            raise ValueError("time does not go back; set the wall clock with jump()")
        self._now += timedelta(seconds=seconds)
        self._monotonic_s += seconds

    def jump(self, seconds: float) -> None:
        """Correct the wall clock by *seconds*, of either sign, while no time passes."""
        self._now += timedelta(seconds=seconds)
