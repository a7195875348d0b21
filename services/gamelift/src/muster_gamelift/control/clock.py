"""A clock that can be stopped, and moved by hand while it stands."""

import asyncio
from datetime import UTC, datetime

from muster_runtime.clock import Clock


class VirtualClock:
    """A `muster_runtime.clock.Clock` on top of another one.

    It never goes back: when it runs again after it stood still, it goes on from where it stood.

    Attributes:
        runs: set while time passes by itself; passes are made by themselves only then.
    """

    def __init__(self, base: Clock) -> None:
        """Build a clock that runs, and shows what *base* shows."""
        self._base = base
        self._ahead_s = 0.0
        self._stands_at_s: float | None = None
        self.runs = asyncio.Event()
        self.runs.set()

    @property
    def frozen(self) -> bool:
        """Whether time stands still."""
        return self._stands_at_s is not None

    def now(self) -> datetime:
        """Return the present instant, time zone UTC."""
        return datetime.fromtimestamp(self.epoch_s(), tz=UTC)

    def epoch_s(self) -> float:
        """Return the present instant as seconds since the Unix epoch."""
        if self._stands_at_s is not None:
            return self._stands_at_s
        return self._base.epoch_s() + self._ahead_s

    def monotonic_s(self) -> float:
        """Return real seconds: how long something outside takes has nothing to do with virtual time."""
        return self._base.monotonic_s()

    def freeze(self) -> None:
        """Stop at the present instant, in whole milliseconds as everything here counts. Safe to repeat."""
        if self._stands_at_s is None:
            self._stands_at_s = round(self.epoch_s(), 3)
            self.runs.clear()

    def unfreeze(self) -> None:
        """Go on from where it stands. Safe to repeat."""
        if self._stands_at_s is not None:
            self._ahead_s = self._stands_at_s - self._base.epoch_s()
            self._stands_at_s = None
            self.runs.set()

    def move_to(self, instant_s: float) -> None:
        """Set the instant at which the clock stands.

        Args:
            instant_s: seconds since the epoch, not before the present instant.

        Raises:
            ValueError: the clock runs, or the instant has passed.
        """
        if self._stands_at_s is None or instant_s < self._stands_at_s:
            raise ValueError("only a clock that stands can be moved, and only forward")
        self._stands_at_s = instant_s

    def reset(self) -> None:
        """Show again what the clock below shows, and run."""
        self._ahead_s = 0.0
        self._stands_at_s = None
        self.runs.set()
