"""What stands between us and one provider: a bulkhead and a circuit breaker."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from muster_identity.errors import ProviderLied, ProviderUnavailable
from muster_identity.gateway.providers.verdicts import unavailable
from muster_runtime.clock import Clock

FULL_RETRY_S = 1.0
"""When a provider has as many calls under way as it may: they end within their time-out, most far sooner."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one provider may cost us.

    Attributes:
        connect_s: longest wait for a connection.
        total_s: longest one call, its repeats included.
        attempts: tries of a call that is safe to repeat, the first included.
        pause_s: between two tries.
        concurrency: calls under way at a time.
        body_bytes: longest answer read.
        failures: failed calls in a row that open the breaker.
        open_s: how long it stays open before one call is let through.
    """

    connect_s: float
    total_s: float
    attempts: int
    pause_s: float
    concurrency: int
    body_bytes: int
    failures: int
    open_s: float


class Breaker:
    """Leaves a provider alone that failed several times in a row; then lets one call at a time try it."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        """Build a closed one."""
        self._limits = limits
        self._clock = clock
        self._failures = 0
        self._opened_at_s: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls are held back."""
        return self._opened_at_s is not None

    def wait_s(self) -> float:
        """Return after how many seconds a call may be tried; 0 means now."""
        if self._opened_at_s is None:
            return 0.0
        left_s = self._opened_at_s + self._limits.open_s - self._clock.monotonic_s()
        if left_s > 0:
            return left_s
        return self._limits.total_s if self._probing else 0.0

    def begin(self) -> None:
        """Note a call that `wait_s` let through."""
        self._probing = self.is_open

    def succeeded(self) -> None:
        """Note an answer, whatever it says about a credential."""
        self._failures, self._opened_at_s, self._probing = 0, None, False

    def failed(self) -> None:
        """Note a call without a sensible answer."""
        self._failures += 1
        if self._probing or self._failures >= self._limits.failures:
            self._opened_at_s = self._clock.monotonic_s()
        self._probing = False

    def abandoned(self) -> None:
        """Note a call that we broke off ourselves: it says nothing about the provider."""
        self._probing = False


class Guard:
    """Lets calls to one provider through, or refuses them at once."""

    def __init__(
        self, door: str, limits: Limits, clock: Clock, *, on_change: Callable[[bool], None] = lambda _open: None
    ) -> None:
        """Guard the provider behind *door*; *on_change* is told whenever the breaker may have opened or closed."""
        self._door = door
        self._limits = limits
        self._breaker = Breaker(limits, clock)
        self._under_way = 0
        self._on_change = on_change

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """Bound one call: a place is held while the block runs, and how it ends is noted.

        Raises:
            ProviderUnavailable: the breaker is open, or as many calls as may be are under way; none is waited for.
        """
        if (wait_s := self._breaker.wait_s()) > 0:
            raise unavailable(self._door, "breaker_open", retry_after_s=wait_s)
        if self._under_way >= self._limits.concurrency:
            raise unavailable(self._door, "too_many_calls", retry_after_s=FULL_RETRY_S)
        self._breaker.begin()
        self._under_way += 1
        end = self._breaker.abandoned
        try:
            yield
            end = self._breaker.succeeded
        except (ProviderUnavailable, ProviderLied):
            end = self._breaker.failed
            raise
        except Exception:
            # A refusal is an answer like any other.
            end = self._breaker.succeeded
            raise
        finally:
            self._under_way -= 1
            end()
            self._on_change(self._breaker.is_open)
