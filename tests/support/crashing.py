"""Stop a program between any two of its outbound calls, and see what a restart makes of it.

async def attempt(crash: CrashPoint) -> None:
    store = MemoryStore()
    with suppress(Crashed):
        await handlers(crash.on(store)).on_notice(notice)
    await handlers(store).on_notice(notice)      # the message is delivered again, to a process that works
    assert ...

assert await at_every_point(attempt) == 8        # four calls: before and after each
"""

import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

P = TypeVar("P")


class Crashed(BaseException):
    """The process is gone. Not an Exception: no error handling sees its own end."""


class CrashPoint:
    """Counts the outbound calls of the ports it is put on, and stops the program at one of them.

    Each call has two points: before it, so that it never happens, and after it, so that it happens and the program
    does not learn of it. Once stopped, every further call stops as well: the dead make no calls.
    """

    def __init__(self, at: int) -> None:
        """Stop at point *at*, counted from 1."""
        self._left = at
        self.reached = False

    def on(self, port: P) -> P:
        """Return *port* with every coroutine method passing two points."""
        return cast("P", _Wrapped(port, self))

    def pass_by(self) -> None:
        self._left -= 1
        self.reached = self.reached or self._left <= 0
        if self.reached:
            raise Crashed


@contextmanager
def until_crash() -> Iterator[None]:
    """Run the body until it ends or crashes, also inside a task group."""
    try:
        yield
    except* Crashed:
        pass


class _Wrapped:
    def __init__(self, port: object, point: CrashPoint) -> None:
        self._port = port
        self._point = point

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not inspect.iscoroutinefunction(found):
            return found

        @wraps(found)
        async def call(*args: Any, **kwargs: Any) -> Any:
            self._point.pass_by()
            answer = await found(*args, **kwargs)
            self._point.pass_by()
            return answer

        return call


async def at_every_point(attempt: Callable[[CrashPoint], Awaitable[None]], *, at_most: int = 1000) -> int:
    """Run *attempt* with a crash at the first point, at the second, and so on; return how many points there were."""
    for at in range(1, at_most + 1):
        point = CrashPoint(at)
        await attempt(point)
        if not point.reached:
            return at - 1
    raise AssertionError(f"still crashing after {at_most} points: the program does not come to an end")
