"""What the stores of achievements promise, on the fakes and on DynamoDB alike."""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Any

import pytest
from achievements_fakes import MemoryDefinitionStore, MemoryRecordStore

from muster_achievements.domain import (
    MOST_UNLOCKS,
    AchievementId,
    Change,
    Definition,
    Record,
    Stat,
    Unlock,
    UserId,
)
from muster_achievements.errors import AlreadyApplied, KeyReused, RecordMoved
from muster_achievements.ports import DefinitionStore, RecordStore
from muster_achievements.store import DynamoDefinitionStore, DynamoRecordStore
from muster_runtime.dynamo import Table
from muster_runtime.errors import Unavailable
from muster_runtime.messaging.outbox import Outbox
from muster_runtime.metrics import Metrics
from muster_runtime.testing import FakeClock, Faulty, RecordingPublisher, Sandbox
from muster_runtime.testing.faults import Call, timeout_after_commit

ANN = UserId("ann")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FIRST = Definition(AchievementId("first"), "First", "Play once", 5, 1, Stat.MATCHES_PLAYED)
HUSH = Definition(AchievementId("hush"), "Hush", target=3, secret=True, sort_order=-2)


class DefinitionStoreContract(ABC):
    """Subclass it with a fixture `store`."""

    @pytest.fixture
    @abstractmethod
    def store(self) -> Any: ...

    async def test_definitions_come_back_as_they_were(self, store: DefinitionStore) -> None:
        assert [True, True] == [await store.put(FIRST), await store.put(HUSH)]

        assert {FIRST, HUSH} == set(await store.all())

    async def test_a_definition_is_replaced_whole(self, store: DefinitionStore) -> None:
        await store.put(FIRST)
        changed = replace(FIRST, stat=None, points=0, description="")

        assert not await store.put(changed)

        assert (changed,) == await store.all()

    async def test_a_deleted_definition_is_gone_and_deleting_nothing_is_fine(self, store: DefinitionStore) -> None:
        await store.put(FIRST)
        await store.all()

        await store.delete(FIRST.achievement_id)
        await store.delete(FIRST.achievement_id)

        assert () == await store.all()


class TestMemoryDefinitionStore(DefinitionStoreContract):
    @pytest.fixture
    def store(self) -> DefinitionStore:
        return MemoryDefinitionStore()


class TestDynamoDefinitionStore(DefinitionStoreContract):
    @pytest.fixture
    async def store(self, sandbox: Sandbox, clock: FakeClock) -> DefinitionStore:
        table = await sandbox.table("achievement_id")
        return DynamoDefinitionStore(await sandbox.client("dynamodb"), table, clock=clock, max_age_s=5)

    async def test_another_instances_change_is_seen_once_the_copy_is_old(
        self, sandbox: Sandbox, clock: FakeClock
    ) -> None:
        dynamodb, table = await sandbox.client("dynamodb"), await sandbox.table("achievement_id")
        ours, theirs = (DynamoDefinitionStore(dynamodb, table, clock=clock, max_age_s=5) for _ in range(2))
        assert () == await ours.all()
        await theirs.put(FIRST)

        before = await ours.all()
        clock.advance(6)
        after = await ours.all()

        assert ((), (FIRST,)) == (before, after)

    async def test_a_read_that_a_write_of_ours_outran_is_not_kept(self, sandbox: Sandbox, clock: FakeClock) -> None:
        dynamodb, table = await sandbox.client("dynamodb"), await sandbox.table("achievement_id")

        async def put_before_the_answer_arrives(call: Call, request: dict[str, Any]) -> dict[str, Any]:
            answer = await call(**request)
            await store.put(FIRST)
            return answer

        faulty = Faulty(dynamodb, {"scan": [put_before_the_answer_arrives]})
        store = DynamoDefinitionStore(faulty, table, clock=clock, max_age_s=5)
        await store.all()

        assert (FIRST,) == await store.all()

    async def test_a_write_whose_answer_is_lost_is_seen(self, sandbox: Sandbox, clock: FakeClock) -> None:
        dynamodb, table = await sandbox.client("dynamodb"), await sandbox.table("achievement_id")
        faulty = Faulty(dynamodb, {"put_item": [timeout_after_commit()], "delete_item": [timeout_after_commit()]})
        store = DynamoDefinitionStore(faulty, table, clock=clock, max_age_s=5)
        assert () == await store.all()

        with pytest.raises(Unavailable):
            await store.put(FIRST)
        assert (FIRST,) == await store.all()

        with pytest.raises(Unavailable):
            await store.delete(FIRST.achievement_id)
        assert () == await store.all()

    async def test_many_who_find_the_copy_too_old_share_one_read_that_sees_every_write(
        self, sandbox: Sandbox, clock: FakeClock
    ) -> None:
        requests = []

        async def noted(call: Call, request: dict[str, Any]) -> dict[str, Any]:
            requests.append(request)
            return await call(**request)

        faulty = Faulty(await sandbox.client("dynamodb"), {"scan": repeat(noted)})
        store = DynamoDefinitionStore(faulty, await sandbox.table("achievement_id"), clock=clock, max_age_s=5)

        async with asyncio.TaskGroup() as group:
            reads = [group.create_task(store.all()) for _ in range(20)]

        assert [()] * 20 == [each.result() for each in reads]
        assert [True] == [request["ConsistentRead"] for request in requests]

    async def test_more_definitions_than_one_page_holds_are_all_read(self, store: DefinitionStore) -> None:
        many = {replace(FIRST, achievement_id=AchievementId(f"a{n}"), description="x" * 100_000) for n in range(12)}
        for each in many:
            await store.put(each)

        assert many == set(await store.all())


@dataclass
class World:
    store: RecordStore

    async def told(self) -> set[tuple[str, str]]:
        raise NotImplementedError


class RecordStoreContract(ABC):
    """Subclass it with a fixture `world`."""

    @pytest.fixture
    @abstractmethod
    def world(self) -> Any: ...

    async def test_an_unknown_player_has_an_empty_record(self, world: World) -> None:
        assert Record(ANN) == await world.store.load(ANN)

    async def test_a_record_comes_back_as_it_was_and_its_unlocks_are_told(self, world: World) -> None:
        record = Record(
            ANN, {Stat.GOALS_SCORED: 7}, {AchievementId("hush"): 2}, {AchievementId("first"): NOON}, version=1
        )

        await world.store.save(Change(record, (Unlock(AchievementId("first"), 5, NOON),)), cause="event#e1")

        assert record == await world.store.load(ANN)
        assert {("ann", "first")} == await world.told()

    async def test_a_cause_counts_once(self, world: World) -> None:
        await world.store.save(Change(Record(ANN, {Stat.MATCHES_WON: 1}, version=1)), cause="event#e1")

        with pytest.raises(AlreadyApplied):
            await world.store.save(Change(Record(ANN, {Stat.MATCHES_WON: 2}, version=2)), cause="event#e1")

        assert 1 == (await world.store.load(ANN)).stats[Stat.MATCHES_WON]

    async def test_a_cause_with_another_digest_is_a_reused_key(self, world: World) -> None:
        await world.store.save(Change(Record(ANN, version=1)), cause="client#k", digest="hush+1")

        with pytest.raises(KeyReused):
            await world.store.save(Change(Record(ANN, version=2)), cause="client#k", digest="hush+2")

    async def test_as_many_unlocks_as_one_change_may_have_are_stored_together(self, world: World) -> None:
        unlocks = tuple(Unlock(AchievementId(f"a{number}"), 5, NOON) for number in range(MOST_UNLOCKS))

        await world.store.save(Change(Record(ANN, version=1), unlocks), cause="event#e1")

        assert 1 == (await world.store.load(ANN)).version

    async def test_two_writers_of_one_version_make_one_change(self, world: World) -> None:
        unlock = Unlock(AchievementId("first"), 5, NOON)
        await world.store.save(Change(Record(ANN, version=1)), cause="event#e1")

        with pytest.raises(RecordMoved):
            await world.store.save(Change(Record(ANN, version=1), (unlock,)), cause="event#e2")

        assert set() == await world.told()
        await world.store.save(Change(Record(ANN, version=2), (unlock,)), cause="event#e2")
        assert {("ann", "first")} == await world.told()


class TestMemoryRecordStore(RecordStoreContract):
    @pytest.fixture
    def world(self) -> World:
        store = MemoryRecordStore()

        class MemoryWorld(World):
            async def told(self) -> set[tuple[str, str]]:
                return {(user_id, unlock.achievement_id) for user_id, unlock in store.told}

        return MemoryWorld(store)


class TestDynamoRecordStore(RecordStoreContract):
    @pytest.fixture
    async def world(self, sandbox: Sandbox, clock: FakeClock) -> World:
        dynamodb, table = await sandbox.client("dynamodb"), await sandbox.outbox_table()
        outbox = Outbox(dynamodb, table=table, publisher=RecordingPublisher(), clock=clock, metrics=Metrics())

        class DynamoWorld(World):
            async def told(self) -> set[tuple[str, str]]:
                rows = (await Table(dynamodb, table).scan()).items
                return {(row["subject"], "first" if '"first"' in row["detail"] else "?") for row in rows}

        progress = await sandbox.table("user_id", "item")
        return DynamoWorld(DynamoRecordStore(dynamodb, progress, outbox=outbox, clock=clock))

    async def test_a_cause_is_remembered_longer_than_a_queue_can_hold_its_message_and_not_for_ever(
        self, sandbox: Sandbox, clock: FakeClock
    ) -> None:
        dynamodb, outbox_table = await sandbox.client("dynamodb"), await sandbox.outbox_table()
        outbox = Outbox(dynamodb, table=outbox_table, publisher=RecordingPublisher(), clock=clock, metrics=Metrics())
        table = await sandbox.table("user_id", "item")
        store = DynamoRecordStore(dynamodb, table, outbox=outbox, clock=clock)

        await store.save(Change(Record(ANN, version=1)), cause="event#e1")

        rows = {row["item"]: row for row in (await Table(dynamodb, table).scan()).items}
        kept = timedelta(seconds=rows["applied#event#e1"]["expires_at"] - clock.epoch_s())
        assert timedelta(days=14) < kept < timedelta(days=60)
        assert "expires_at" not in rows["record"]
