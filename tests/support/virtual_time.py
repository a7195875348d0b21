"""A loop whose time jumps to the next timer whenever nothing else is left to do, for unit tests of timers.

Timers then fire at their very instants, however busy the machine is, and nobody waits for them. Only for tests without
sockets and threads: what comes from outside the loop is not waited for as long as there is a timer.
"""

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def virtual_time() -> Iterator[None]:
    """Let the running loop have such a time."""
    loop: Any = asyncio.get_running_loop()
    select = loop._selector.select
    # A whole number, so that sums of halves and quarters of a second are exact.
    now_s = float(math.ceil(loop.time()))

    def jump(timeout_s: float | None = None) -> Any:
        nonlocal now_s
        if timeout_s is None:
            return select(None)
        events = select(0)
        if not events:
            now_s += timeout_s
        return events

    loop.time, loop._selector.select = (lambda: now_s), jump
    try:
        yield
    finally:
        del loop.time, loop._selector.select
