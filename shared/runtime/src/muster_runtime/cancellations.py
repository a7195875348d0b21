"""Tells a task's own cancellation from that of something it waits for.

Both arrive as `CancelledError`. The first must go on its way. The second, such as that of a future shared with others,
is a failure like any other; taken for the first it would end a task in silence, because task groups let go of what was
cancelled.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class CancelledElsewhere(Exception):
    """What a task waited for was cancelled, and the task was not."""


@contextmanager
def none_but_ours() -> Iterator[None]:
    """Let no cancellation out of the block but that of the present task.

    Raises:
        CancelledElsewhere: something else was cancelled.
    """
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise CancelledElsewhere("something that was waited for was cancelled") from error
