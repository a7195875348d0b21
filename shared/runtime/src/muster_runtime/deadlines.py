"""Many time-outs of one length, for the price of one timer.

`asyncio.timeout` makes a timer for each block and cancels nearly all of them again. Blocks that may all take equally
long end in the order in which they began, so one timer that looks at the oldest is enough for all of them.
"""

import asyncio
from types import TracebackType
from typing import Self


class Deadlines:
    """Bounds every block that is entered through it by the same time."""

    def __init__(self, seconds: float) -> None:
        """Bound blocks by *seconds*."""
        self._seconds = seconds
        # In the order of their ends, because all are equally far from their beginnings.
        self._open: dict[Deadline, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def limit(self) -> "Deadline":
        """Return a new bound, for one `with` block in one task."""
        return Deadline(self)

    def begin(self, deadline: "Deadline") -> float:
        """Note a block that begins now; return when it must have ended, on the loop's clock."""
        loop = asyncio.get_running_loop()
        due_s = loop.time() + self._seconds
        self._open[deadline] = None
        if self._timer is None:
            self._timer = loop.call_at(due_s, self._look)
        return due_s

    def end(self, deadline: "Deadline") -> None:
        """Forget a block that has ended."""
        # One that has expired is not there any more.
        self._open.pop(deadline, None)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        for deadline in list(self._open):
            if deadline.due_s > loop.time():
                self._timer = loop.call_at(deadline.due_s, self._look)
                return
            del self._open[deadline]
            deadline.expire()


class Deadline:
    """One bounded block: `with`, as `async with asyncio.timeout(...)`.

    Leaving the block raises TimeoutError when its time was over, in place of the cancellation that ended it.

    Attributes:
        due_s: when it must have ended, on the loop's clock.
        expired: whether that time came before the end.
    """

    __slots__ = ("_cancelling", "_deadlines", "_task", "due_s", "expired")

    def __init__(self, deadlines: Deadlines) -> None:
        """Build a bound of which nothing has begun."""
        self._deadlines = deadlines
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self.due_s = 0.0
        self.expired = False

    def expire(self) -> None:
        """Cancel the block; its time is over."""
        self.expired = True
        if self._task is not None:
            self._task.cancel()

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        if self._task is None:
            raise RuntimeError("a deadline needs a task to cancel")
        self._cancelling = self._task.cancelling()
        self.due_s = self._deadlines.begin(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task, self._task = self._task, None
        self._deadlines.end(self)
        # Cancelled by somebody else as well: theirs goes on. Source: `asyncio.Timeout` does the same.
        if self.expired and task is not None and task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
