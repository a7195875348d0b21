"""Wait for the thing itself, and not for a time."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

T = TypeVar("T")

_INTERVAL_S: Final = 0.01


async def eventually(ask: Callable[[], T | Awaitable[T]], *, within_s: float = 60.0) -> T:
    """Return the first true answer of *ask*.

    Args:
        ask: called again and again, at once at first; sync or async. A false answer or an AssertionError means: not
            yet. Any other exception fails the test.
        within_s: the longest to wait, seconds.

    Raises:
        AssertionError: it never came true; the last AssertionError of *ask* where there was one.
    """
    # The loop's own clock: a fake one would stand still.
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + within_s
    while True:
        failure: AssertionError | None = None
        try:
            asked = ask()
            answer: T = await asked if inspect.isawaitable(asked) else asked
            if answer:
                return answer
        except AssertionError as error:
            failure = error
        if loop.time() >= deadline_s:
            raise failure or AssertionError(f"not true within {within_s} s")
        await asyncio.sleep(_INTERVAL_S)
