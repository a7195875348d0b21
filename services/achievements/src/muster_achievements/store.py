"""Definitions and records in DynamoDB."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from muster_achievements.domain import AchievementId, Change, Definition, Record, Stat, Unlock, UserId
from muster_achievements.errors import AlreadyApplied, KeyReused, RecordMoved
from muster_events.achievements import AchievementUnlocked
from muster_events.envelope import Event, event
from muster_runtime.clock import Clock
from muster_runtime.dynamo import Table, TransactionCancelled, transact
from muster_runtime.messaging.outbox import Outbox

CONDITION = "ConditionalCheckFailed"
CAUSES_KEPT = timedelta(days=30)
"""How long a cause is remembered: longer than SQS (14 days at most) can hold the message that would repeat it."""


class DynamoDefinitionStore:
    """`DefinitionStore` on a small table that is read whole and kept for a few seconds."""

    def __init__(self, client: Any, table: str, *, clock: Clock, max_age_s: float) -> None:  # noqa: ANN401 - aiobotocore clients are untyped
        """Use *table* through *client*, reading it again when the copy is older than *max_age_s* seconds."""
        self._client = client
        self._name = table
        self._table = Table(client, table)
        self._clock = clock
        self._max_age_s = max_age_s
        self._kept: tuple[Definition, ...] = ()
        self._kept_until_s = float("-inf")
        self._writes = 0
        self._reading = asyncio.Lock()

    async def all(self) -> tuple[Definition, ...]:
        """Return every definition; may be a few seconds old, but never older than this instance's own writes."""
        if self._clock.monotonic_s() < self._kept_until_s:
            return self._kept
        # One read serves everyone who finds the copy too old at the same moment.
        async with self._reading:
            if self._clock.monotonic_s() < self._kept_until_s:
                return self._kept
            writes = self._writes
            definitions = await self._read()
            if writes == self._writes:
                self._kept = definitions
                self._kept_until_s = self._clock.monotonic_s() + self._max_age_s
            # A write of ours ended meanwhile: this may be from before it, so nobody who comes later shall get it.
            return definitions

    async def _read(self) -> tuple[Definition, ...]:
        page = await self._table.scan(consistent=True)
        rows = list(page.items)
        while page.next_key is not None:
            page = await self._table.scan(start=page.next_key, consistent=True)
            rows += page.items
        return tuple(_definition(row) for row in rows)

    async def put(self, definition: Definition) -> bool:
        """Store *definition*, replacing one of the same id; True when it is new."""
        row = {name: value for name, value in asdict(definition).items() if value is not None}
        before = await self._table.get({"achievement_id": definition.achievement_id})
        try:
            await self._table.put(row)
        finally:
            self._forget()
        return before is None

    async def delete(self, achievement_id: AchievementId) -> None:
        """Remove the definition; does nothing when there is none. Players keep what they earned."""
        try:
            await self._table.delete({"achievement_id": achievement_id})
        finally:
            self._forget()

    def _forget(self) -> None:
        """Drop the copy: a write has ended, or may have happened although it failed."""
        self._writes += 1
        self._kept_until_s = float("-inf")

    async def ping(self) -> None:
        """Ask the table whether it answers."""
        await self._table.ping()


class DynamoRecordStore:
    """`RecordStore` on one table: row `record` is the player's, rows `applied#...` are the causes that made it."""

    def __init__(self, client: Any, table: str, *, outbox: Outbox, clock: Clock) -> None:  # noqa: ANN401 - aiobotocore clients are untyped
        """Use *table* through *client*; events go through *outbox*."""
        self._client = client
        self._table = Table(client, table)
        self._outbox = outbox
        self._clock = clock

    async def load(self, user_id: UserId) -> Record:
        """Return the player's record; an empty one of version 0 when there is none."""
        row = await self._table.get({"user_id": user_id, "item": "record"})
        return _record(user_id, row) if row else Record(user_id)

    async def save(self, change: Change, *, cause: str, digest: str = "") -> None:
        """Store the changed record and queue `achievement.unlocked` for each unlock, all or nothing, once a cause.

        Raises:
            AlreadyApplied: this cause is in the record already.
            KeyReused: this cause is in the record already, with another digest.
            RecordMoved: another writer changed the record first.
        """
        record = change.record
        expires_at = int((self._clock.now() + CAUSES_KEPT).timestamp())
        applied = {"user_id": record.user_id, "item": f"applied#{cause}", "digest": digest, "expires_at": expires_at}
        operations = (
            self._table.put_op(applied, condition="attribute_not_exists(user_id)"),
            self._table.put_op(
                _row(record),
                condition="attribute_not_exists(user_id) OR version = :before",
                values={":before": record.version - 1},
            ),
            *(self._outbox.op(_unlocked(record.user_id, unlock, cause)) for unlock in change.unlocks),
        )
        try:
            await transact(self._client, operations)
        except TransactionCancelled as cancelled:
            if cancelled.reasons[0] == CONDITION:
                known = cancelled.items[0] or {}
                raise (AlreadyApplied if known.get("digest", digest) == digest else KeyReused) from cancelled
            if CONDITION in cancelled.reasons:
                raise RecordMoved from cancelled
            raise
        self._outbox.kick(operations)

    async def ping(self) -> None:
        """Ask the table whether it answers."""
        await self._table.ping()


def _unlocked(user_id: UserId, unlock: Unlock, cause: str) -> Event[AchievementUnlocked]:
    """Return the event of an unlock; its id is the same however often the unlock is told."""
    return event(
        AchievementUnlocked(
            user_id=user_id,
            achievement_id=unlock.achievement_id,
            points=unlock.points,
            unlocked_at=unlock.unlocked_at,
        ),
        subject=user_id,
        key=unlock.achievement_id,
        occurred_at=unlock.unlocked_at,
        causes=(cause.removeprefix("event#"),) if cause.startswith("event#") else (),
    )


def _definition(row: dict[str, Any]) -> Definition:
    return Definition(
        achievement_id=AchievementId(row["achievement_id"]),
        title=row["title"],
        description=row["description"],
        points=int(row["points"]),
        target=int(row["target"]),
        stat=Stat(row["stat"]) if row.get("stat") else None,
        secret=bool(row["secret"]),
        sort_order=int(row["sort_order"]),
    )


def _row(record: Record) -> dict[str, Any]:
    return {
        "user_id": record.user_id,
        "item": "record",
        "version": record.version,
        "stats": {stat.value: value for stat, value in record.stats.items()},
        "progress": dict(record.progress),
        "unlocked": {key: moment.astimezone(UTC).isoformat() for key, moment in record.unlocked.items()},
    }


def _record(user_id: UserId, row: dict[str, Any]) -> Record:
    return Record(
        user_id=user_id,
        stats={Stat(name): int(value) for name, value in row["stats"].items()},
        progress={AchievementId(key): int(value) for key, value in row["progress"].items()},
        unlocked={AchievementId(key): datetime.fromisoformat(value) for key, value in row["unlocked"].items()},
        version=int(row["version"]),
    )
