"""Events that commit together with the state they tell of, and are relayed to the bus afterwards.

A row of the outbox table is one event: `lane` (partition key), `id` (sort key, the event's id), and the entry as the
bus takes it. It is written in the transaction that changes the state, and deleted after the bus took it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zlib import crc32

import structlog

from muster_events.envelope import Event
from muster_runtime.backoff import first_of, full_jitter, pause
from muster_runtime.clock import Clock
from muster_runtime.dynamo import Item, Table, delete_all
from muster_runtime.errors import Invalid, MusterError
from muster_runtime.messaging.publisher import Entry, Sender, entry
from muster_runtime.metrics import Metrics

LANES: Final = ("0", "1", "2", "3")
"""Partitions of the outbox; all events of one subject are in one lane."""
PAGE: Final = 100
"""Rows that are read and published together."""

log = structlog.get_logger(__name__)


class Outbox:
    """Builds outbox rows, and relays them to the bus.

    Delivery is at least once, and never lost: a row is deleted only after the bus took its event. A relay that stops
    in between, or two relays at work on one table, publish an event twice, with the same id. Order holds per subject
    as far as rows lie in one page; a consumer that needs order looks at `sequence`.
    """

    def __init__(  # noqa: PLR0913 - each has a default that serves
        self,
        dynamodb: Any,  # noqa: ANN401 - an aiobotocore client, made at run time
        *,
        table: str,
        publisher: Sender,
        clock: Clock,
        metrics: Metrics,
        idle_poll_s: float = 5.0,
        backoff_base_s: float = 0.5,
        backoff_cap_s: float = 30.0,
    ) -> None:
        """Build an outbox; nothing is relayed before `run`.

        Args:
            dynamodb: a DynamoDB client from `Scope.aws("dynamodb")`.
            table: name of the outbox table, keys `lane` and `id`.
            publisher: puts entries on the bus.
            clock: tells how old rows are.
            metrics: where all is counted.
            idle_poll_s: how often to look when nobody kicks: what another process left behind is found after so long.
            backoff_base_s: bound of the first pause after a pass that failed; it doubles with each.
            backoff_cap_s: the longest such pause.
        """
        self._dynamodb = dynamodb
        self._table = Table(dynamodb, table)
        self._publisher = publisher
        self._clock = clock
        self._metrics = metrics
        self._idle_poll_s = idle_poll_s
        self._backoff_base_s = backoff_base_s
        self._backoff_cap_s = backoff_cap_s
        self._kicked = asyncio.Event()
        self._due: set[str] = set()
        self._passes = {lane: _Pass() for lane in LANES}

    def op(self, event: Event[Any]) -> Item:
        """Return the operation that puts *event* into the outbox, for `muster_runtime.dynamo.transact`.

        It has no condition on purpose. A row that is there already has the same id and so is the same fact: writing
        it again changes nothing, while a condition would cancel the whole transaction over an announcement that is
        already on its way. Whether the state may change is for the transaction's other operations to say.

        Raises:
            Invalid: the event breaks its contract or is too large; found here, before anything is committed.
        """
        ready = entry(event)
        return self._table.put_op(
            {
                "lane": lane_of(event.subject),
                "id": event.id,
                "source": ready.source,
                "type": ready.type,
                "detail": ready.detail,
                "occurred_at": ready.occurred_at.isoformat(),
                "subject": event.subject,
                "sequence": event.sequence,
                "stored_at_s": self._clock.epoch_s(),
            }
        )

    def kick(self, committed: Iterable[Item]) -> None:
        """Wake the relay for the events among *committed*, the operations of a transaction, once it has committed.

        Without it the idle poll finds the rows.
        """
        lanes = {
            put["Item"]["lane"]["S"]
            for op in committed
            if (put := op.get("Put")) and put["TableName"] == self._table.name
        }
        if lanes:
            self._due |= lanes
            self._kicked.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until *stop* is set, then once more what was kicked for meanwhile, or failed last; raises nothing.

        A kick has its lanes looked at; every `idle_poll_s` all of them are, for what another process left behind.
        What is left in the end stays in the table for the next start, or for another process.
        """
        failures, loop = 0, asyncio.get_running_loop()
        look_at_s = loop.time()
        while not stop.is_set():
            self._kicked.clear()
            if loop.time() >= look_at_s:
                self._due.update(LANES)
                look_at_s = loop.time() + self._idle_poll_s
            lanes, self._due = self._due, set()
            try:
                await self.relay(sorted(lanes))
            except MusterError as error:
                failures += 1
                self._due |= lanes
                self._metrics.outbox_failures.inc()
                log.warning("outbox_pass_failed", code=error.code, failures=failures)
                await pause(stop, full_jitter(failures, base_s=self._backoff_base_s, cap_s=self._backoff_cap_s))
                continue
            except Exception:
                failures += 1
                self._due |= lanes
                self._metrics.outbox_failures.inc()
                log.exception("outbox_pass_broke", failures=failures)
                await pause(stop, full_jitter(failures, base_s=self._backoff_base_s, cap_s=self._backoff_cap_s))
                continue
            failures = 0
            await first_of(stop, self._kicked, within_s=max(0.0, look_at_s - loop.time()))
        if self._due:
            await self._last_pass()

    async def relay(self, lanes: Iterable[str] = LANES) -> int:
        """Make one pass over *lanes*; return how many rows were published and deleted.

        Each lane is tried, whatever becomes of the others. The first that fails says what is raised.

        Raises:
            Busy: DynamoDB or the bus throttle; rows not yet deleted stay.
            Unavailable: DynamoDB or the bus do not answer; rows not yet deleted stay.
        """
        moved, failures = 0, list[Exception]()
        for lane in lanes:
            done = _Pass()
            try:
                await self._relay_lane(lane, done)
            except Exception as error:  # noqa: BLE001 - raised below, when the other lanes have had their turn
                # Not looked at to its end, so no better off than it was.
                self._passes[lane].oldest_s = max(self._passes[lane].oldest_s, done.oldest_s)
                failures.append(error)
            else:
                self._passes[lane] = done
            moved += done.moved
        self._metrics.outbox_stuck.set(sum(each.stuck for each in self._passes.values()))
        self._metrics.outbox_age_s.set(max(each.oldest_s for each in self._passes.values()))
        if failures:
            raise failures[0]
        return moved

    async def _relay_lane(self, lane: str, done: "_Pass") -> None:
        """Relay every page of a lane, and note it in *done*: rows that are stuck must not hide those behind them."""
        start: Item | None = None
        while True:
            page = await self._table.query(
                key_condition="lane = :lane", values={":lane": lane}, limit=PAGE, start=start, consistent=True
            )
            now_s = self._clock.epoch_s()
            # Before anything can fail: the age matters most while nothing goes out.
            done.oldest_s = max([done.oldest_s, *(now_s - float(row["stored_at_s"]) for row in page.items)])
            rows = sorted(page.items, key=lambda row: (row["subject"], row["sequence"], row["occurred_at"]))
            sent = await self._publish(rows)
            await delete_all(self._dynamodb, self._table.name, [{"lane": lane, "id": row["id"]} for row in sent])
            self._metrics.outbox_relayed.inc(len(sent))
            done.moved += len(sent)
            done.stuck += len(rows) - len(sent)
            if (start := page.next_key) is None:
                return

    async def _publish(self, rows: Sequence[Item]) -> Sequence[Item]:
        """Publish *rows* and return those that may be deleted: all but what the bus refuses for good."""
        if not rows:
            return rows
        try:
            await self._publisher.send([_entry(row) for row in rows])
        except Invalid:
            return await self._publish_singly(rows)
        return rows

    async def _publish_singly(self, rows: Sequence[Item]) -> Sequence[Item]:
        """Publish *rows* one by one, so that a bad one stays behind alone; some go out a second time."""
        sent = []
        for row in rows:
            try:
                await self._publisher.send([_entry(row)])
            except Invalid as error:
                # No traceback: the code says all, and the row is told of again on each pass.
                log.error("outbox_row_stuck", event_id=row["id"], event_type=row["type"], code=error.code)  # noqa: TRY400
            else:
                sent.append(row)
        return sent

    async def _last_pass(self) -> None:
        try:
            await self.relay(sorted(self._due))
        except MusterError as error:
            log.warning("outbox_left_for_later", code=error.code)
        except Exception:
            # Nothing is lost, so the service has not ended badly.
            log.exception("outbox_last_pass_broke")


@dataclass(slots=True)
class _Pass:
    """What the last pass over one lane did."""

    moved: int = 0
    stuck: int = 0
    oldest_s: float = 0.0


def lane_of(subject: str) -> str:
    """Return the lane of all events about *subject*: the same in every process and on every day."""
    return LANES[crc32(subject.encode()) % len(LANES)]


def _entry(row: Item) -> Entry:
    return Entry(
        id=row["id"],
        source=row["source"],
        type=row["type"],
        detail=row["detail"],
        occurred_at=datetime.fromisoformat(row["occurred_at"]),
    )
