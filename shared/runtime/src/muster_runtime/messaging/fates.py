"""What becomes of a message: the queue edge's table over the errors of `muster_runtime.errors`. Pure."""

import math
import random
from collections import deque
from dataclasses import dataclass

from muster_runtime.backoff import full_jitter
from muster_runtime.errors import (
    Busy,
    Forbidden,
    Invalid,
    Malformed,
    MusterError,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from muster_runtime.settings import ConsumerSettings

PARKED = (Malformed, Invalid, Unauthenticated, Forbidden, TooLarge)
"""Families that a repeat cannot mend: parked at the first receive."""

PATIENT = (Busy, Unavailable)
"""Families that say nothing about the message: never parked by us, however often it was received."""

LONGEST_DELAY_S = 43_200
"""Twelve hours. Source: SQS ChangeMessageVisibility reference."""


@dataclass(frozen=True, slots=True)
class Done:
    """Delete it: handled, or not for this consumer."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Give it back, hidden for a while.

    Attributes:
        code: what went wrong, for the metric.
        delay_s: whole seconds until it may be received again.
    """

    code: str
    delay_s: int


@dataclass(frozen=True, slots=True)
class Park:
    """Move it to the dead-letter queue.

    Attributes:
        reason: stable code, for the metric and the message attribute.
        error: what happened in a sentence, or an exception's class name; never the text of an unexpected exception,
            which may hold anything.
    """

    reason: str
    error: str


Fate = Done | Retry | Park


class HandlerOverdue(Exception):
    """A handler took longer than the consumer's deadline and was stopped."""


class TooManyParked(Exception):
    """The consumer parks more than its share of messages: ours is the fault, not theirs.

    It ends the service, so that a bad deployment stops at the first messages instead of emptying the queue into the
    dead-letter queue. What was parked can be moved back after the mending.
    """


def fate_of(error: Exception, *, receives: int, settings: ConsumerSettings, rng: random.Random | None = None) -> Fate:
    """Return what becomes of a message whose handling raised *error*.

    Args:
        error: what was raised.
        receives: how often the message was received so far, 1 or more.
        settings: limits and pauses.
        rng: where the spread of the pause comes from.
    """
    if isinstance(error, PARKED):
        return Park(error.code, error.detail)
    code = error.code if isinstance(error, MusterError) else type(error).__name__
    if receives >= settings.consumer_max_receives and not isinstance(error, PATIENT):
        return Park("too_many_receives", error.detail if isinstance(error, MusterError) else code)
    base_s, cap_s = settings.consumer_backoff_base_s, settings.consumer_backoff_cap_s
    spread = {} if rng is None else {"rng": rng}
    delay_s = full_jitter(receives, base_s=base_s, cap_s=cap_s, **spread)
    if isinstance(error, MusterError) and error.retry_after_s is not None:
        delay_s = max(delay_s, error.retry_after_s)
    return Retry(code, min(math.ceil(delay_s), LONGEST_DELAY_S))


class ParkedShare:
    """Counts which share of the last messages was parked."""

    def __init__(self, settings: ConsumerSettings) -> None:
        """Start empty."""
        self._limit = settings.consumer_parked_share
        self._minimum = settings.consumer_parked_minimum
        self._recent: deque[bool] = deque(maxlen=settings.consumer_parked_window)

    def note(self, *, parked: bool) -> bool:
        """Count one more message that left the queue; return whether the share is now too high."""
        self._recent.append(parked)
        if len(self._recent) < min(self._minimum, self._recent.maxlen or self._minimum):
            return False
        return sum(self._recent) > self._limit * len(self._recent)
