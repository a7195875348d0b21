"""Group commit: while one batch is written by a thread, the changes that come make up the next.

The state in memory is ahead of the file. What leaves the service waits: an answer for `Store.settled`, notices and
messages to server processes for the `then` of their change. So nobody has been told anything that a restart forgets.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import structlog

from muster_gamelift.state.world import Notice, World
from muster_gamelift.storage.batch import Batch
from muster_gamelift.storage.database import Database, Remembered
from muster_runtime.backoff import first_of
from muster_runtime.errors import Unavailable

log = structlog.get_logger()

FORGET_AFTER_S: Final = 0.1
"""Published notices are forgotten with the next change, or after this long: nobody waits for it."""

Publishes = Callable[[Notice], bool]


class StoreFailed(Unavailable):
    """A change could not be written; the service ends rather than forget it in silence."""

    code = "store_failed"
    advice = "Look at the disk that holds the store, then start the service again."


class Store:
    """A `Keeper` on a file, and the job that ends the service when the file fails."""

    def __init__(self, database: Database, publishes: Publishes = lambda _notice: True) -> None:
        """Build the store; call it inside a running loop.

        Args:
            database: where it writes.
            publishes: whether a notice is to be published; others are not remembered.
        """
        self._database = database
        self._publishes = publishes
        self._loop = asyncio.get_running_loop()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._next = self._new_batch()
        self._written: Batch | None = None
        self._awaited: asyncio.Future[None] | None = None
        self._failure: StoreFailed | None = None
        self._failed = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    def keep(self, world: World, notices: Sequence[Notice], then: Callable[[], None]) -> None:
        """Take a finished change over; *then* is called once it is on the disk, or never."""
        if self._failure:
            return
        to_publish = [notice for notice in notices if self._publishes(notice)]
        if not world.journal.entries and not to_publish:
            self._follow(then)
            return
        self._next.add(world, to_publish, then)
        self._awaited = self._next.done
        self._write_next()

    async def settled(self) -> None:
        """Wait until everything kept so far is on the disk.

        Raises:
            StoreFailed: something could not be written.
        """
        if self._failure:
            raise self._failure
        if self._awaited is not None:
            # Shielded, because many wait for it, and one of them may be cancelled.
            await asyncio.shield(self._awaited)

    def published(self, notice: Notice) -> None:
        """Note that *notice* need not be remembered any more."""
        if not self._publishes(notice):
            return
        self._next.published.append(notice.envelope["id"])
        if self._timer is None:
            self._timer = self._loop.call_later(FORGET_AFTER_S, self._forget)

    async def run(self, stop: asyncio.Event) -> None:
        """Watch over the file until *stop* is set.

        Raises:
            StoreFailed: a change could not be written.
        """
        while not (stop.is_set() or self._failed.is_set()):
            await first_of(stop, self._failed, within_s=60.0)
        if self._failure:
            raise self._failure

    async def close(self) -> None:
        """Write what is left, and close the file."""
        if self._timer:
            self._timer.cancel()
        while not self._failure and (self._written or self._next.has_changes or self._next.published):
            last = self._next.done if self._written is None else self._written.done
            self._write_next()
            await asyncio.wait([last])
        self._writer.shutdown()
        self._database.close()

    def _follow(self, then: Callable[[], None]) -> None:
        """Call *then* after everything kept so far: a change that touched nothing has nothing to wait for itself."""
        if self._next.has_changes:
            self._next.effects.append(then)
        elif self._written:
            self._written.effects.append(then)
        else:
            then()

    def _forget(self) -> None:
        self._timer = None
        self._write_next()

    def _write_next(self) -> None:
        if self._written or self._failure or not (self._next.has_changes or self._next.published):
            return
        self._written, self._next = self._next, self._new_batch()
        writing = self._writer.submit(self._database.write, self._written)
        writing.add_done_callback(lambda done: self._loop.call_soon_threadsafe(self._on_written, done))

    def _on_written(self, writing: Future[None]) -> None:
        batch, self._written = self._written, None
        assert batch is not None
        error = writing.exception()
        if error is not None:
            self._fail(error, batch)
            return
        batch.done.set_result(None)
        if self._awaited is batch.done:
            self._awaited = None
        self._write_next()
        for then in batch.effects:
            try:
                then()
            except Exception:
                # What one change has to tell must not keep the others from telling theirs.
                log.exception("effect_failed")

    def _fail(self, error: BaseException, batch: Batch) -> None:
        log.error("store_failed", error=f"{type(error).__name__}: {error}", rows=len(batch.rows))
        self._failure = StoreFailed("The change could not be written to the disk.")
        self._failure.__cause__ = error
        for waited in (batch.done, self._next.done):
            waited.set_exception(self._failure)
            # Marks it as seen: perhaps nobody waits.
            waited.exception()
        self._failed.set()

    def _new_batch(self) -> Batch:
        return Batch(self._loop.create_future())


@asynccontextmanager
async def opened(
    path: Path, account: str, publishes: Publishes = lambda _notice: True
) -> AsyncIterator[tuple[Store, Remembered]]:
    """Open the store at *path*, and give it with what it remembers; everything kept is written when it is left.

    Args:
        path: of the file; made when it is not there.
        account: twelve digits.
        publishes: whether a notice is to be published; others are not remembered.

    Raises:
        StoreRefused: the file cannot be used.
    """
    database = await asyncio.to_thread(Database, path, account)
    try:
        remembered = await asyncio.to_thread(database.read)
    except BaseException:
        database.close()
        raise
    store = Store(database, publishes)
    try:
        yield store, remembered
    finally:
        await store.close()
