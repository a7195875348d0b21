"""How long to wait before another try, and how to wait for it without missing the stop."""

import asyncio
import random
from typing import Final

_RANDOM: Final = random.SystemRandom()


def full_jitter(attempt: int, *, base_s: float, cap_s: float, rng: random.Random = _RANDOM) -> float:
    """Return seconds to wait before try *attempt* + 1: uniform between 0 and the exponential bound.

    Args:
        attempt: tries made so far, 1 or more.
        base_s: the bound after the first try, seconds.
        cap_s: the bound never exceeds it, seconds.
        rng: where the spread comes from.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog: of the variants compared, full jitter needs the
    fewest calls.
    """
    # The exponent is limited because 2 ** 2000 does not fit a float.
    bound = min(cap_s, base_s * 2.0 ** min(max(attempt, 1) - 1, 60))
    return rng.uniform(0.0, bound)


async def pause(stop: asyncio.Event, seconds: float) -> bool:
    """Wait *seconds*, or less when *stop* is set meanwhile; return whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return stop.is_set()
    return True


async def first_of(*events: asyncio.Event, within_s: float) -> None:
    """Wait until any of *events* is set, at most *within_s* seconds."""
    if any(event.is_set() for event in events):
        return
    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(event.wait()) for event in events]
        await asyncio.wait(waits, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
