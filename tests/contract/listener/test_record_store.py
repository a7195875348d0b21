"""What every `RecordStore` promises, checked on the fake that unit tests use and on DynamoDB."""

from abc import ABC, abstractmethod
from dataclasses import replace

import pytest
from listener_fakes import (
    ARN,
    KEEP_S,
    MATCH,
    PLACEMENT,
    START,
    MemoryRecordStore,
    a_match,
    a_placement,
    a_session,
    an_ended_session,
    an_entry,
)

from muster_listener.domain import Address, Match, Outcome, Placement, Record, Session, SessionArn, SessionStatus, Stage
from muster_listener.errors import RecordChanged
from muster_listener.ports import Cursor, RecordStore
from muster_listener.store import DynamoRecordStore
from muster_runtime.dynamo import Table
from muster_runtime.testing import FakeClock, Sandbox

RECORDS = (
    *(a_placement(outcome) for outcome in Outcome),
    a_session(),
    an_ended_session(),
    Session(arn=ARN, address=Address()),
    *(a_match(stage) for stage in Stage),
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


class RecordStoreContract(ABC):
    @pytest.fixture
    @abstractmethod
    def store(self) -> RecordStore:
        """The store under test; it goes by the fixture `clock`."""

    @pytest.mark.parametrize("kind", [Placement, Session, Match])
    async def test_a_record_never_stored_is_none(self, store: RecordStore, kind: type) -> None:
        assert await store.load(kind, "nothing") is None

    @pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
    async def test_a_stored_record_comes_back_as_it_went_in(self, store: RecordStore, record: Record) -> None:
        record = replace(record, sequence=1)

        await store.save(record, expected=0)

        assert await store.load(type(record), record.id) == record  # type: ignore[type-var]  # any kind

    async def test_records_of_different_kinds_with_the_same_id_do_not_meet(self, store: RecordStore) -> None:
        await store.save(a_session(arn=SessionArn("same"), sequence=1), expected=0)

        assert await store.load(Placement, "same") is None
        assert await store.load(Match, "same") is None

    async def test_a_save_on_the_expected_sequence_replaces_the_record(self, store: RecordStore) -> None:
        await store.save(a_session(sequence=1), expected=0)

        await store.save(an_ended_session(sequence=2), expected=1)

        assert await store.load(Session, ARN) == an_ended_session(sequence=2)

    @pytest.mark.parametrize("expected", [0, 2])
    async def test_a_save_on_another_sequence_changes_nothing(self, store: RecordStore, expected: int) -> None:
        await store.save(a_session(sequence=1), expected=0)

        with pytest.raises(RecordChanged):
            await store.save(an_ended_session(sequence=expected + 1), expected=expected)

        assert await store.load(Session, ARN) == a_session(sequence=1)

    async def test_a_save_on_a_record_that_is_not_there_changes_nothing(self, store: RecordStore) -> None:
        with pytest.raises(RecordChanged):
            await store.save(a_match(sequence=2), expected=1)

        assert await store.load(Match, MATCH) is None

    async def test_what_was_told_is_remembered(self, store: RecordStore) -> None:
        await store.save(a_placement(sequence=1), expected=0)
        await store.save(an_ended_session(sequence=1), expected=0)

        await store.mark_told(a_placement())
        await store.mark_told(a_session())

        assert await store.load(Placement, PLACEMENT) == a_placement(sequence=1, is_told=True)
        assert await store.load(Session, ARN) == an_ended_session(sequence=1, is_told=True)

    async def test_telling_of_a_record_that_is_gone_does_not_bring_it_back(self, store: RecordStore) -> None:
        await store.mark_told(a_placement())

        assert await store.load(Placement, PLACEMENT) is None

    async def test_a_record_is_forgotten_after_its_time_and_can_be_stored_anew(
        self, store: RecordStore, clock: FakeClock
    ) -> None:
        await store.save(a_placement(sequence=3), expected=0)

        clock.advance(KEEP_S - 1)
        assert await store.load(Placement, PLACEMENT) is not None
        clock.advance(1)
        assert await store.load(Placement, PLACEMENT) is None
        with pytest.raises(RecordChanged):
            await store.save(a_placement(sequence=4), expected=3)
        await store.save(a_placement(sequence=1), expected=0)

    async def test_a_notice_can_be_logged_again(self, store: RecordStore) -> None:
        await store.log(an_entry())
        await store.log(an_entry())

    async def test_sessions_are_listed_by_status_with_the_latest_change_first(
        self, store: RecordStore, clock: FakeClock
    ) -> None:
        for number in range(4):
            await store.save(a_session(arn=SessionArn(f"arn-{number}"), sequence=1), expected=0)
            clock.advance(0.25)
        await store.save(an_ended_session(arn=SessionArn("arn-1"), sequence=2), expected=1)

        placed = await store.sessions(SessionStatus.PLACED, limit=10, after=None)
        ended = await store.sessions(SessionStatus.ENDED, limit=10, after=None)

        assert [listed.session.arn for listed in placed.sessions] == ["arn-3", "arn-2", "arn-0"]
        assert [listed.session.arn for listed in ended.sessions] == ["arn-1"]
        assert ended.sessions[0].session == an_ended_session(arn=SessionArn("arn-1"), sequence=2)
        assert ended.sessions[0].updated_at == clock.now()

    async def test_pages_follow_each_other_without_a_gap_or_a_repeat(
        self, store: RecordStore, clock: FakeClock
    ) -> None:
        for number in range(5):
            await store.save(a_session(arn=SessionArn(f"arn-{number}"), sequence=1), expected=0)
            clock.advance(0.25)

        arns: list[str] = []
        after: Cursor | None = None
        pages = 0
        while pages == 0 or after is not None:
            page = await store.sessions(SessionStatus.PLACED, limit=2, after=after)
            arns += [listed.session.arn for listed in page.sessions]
            after, pages = page.following, pages + 1

        assert arns == ["arn-4", "arn-3", "arn-2", "arn-1", "arn-0"]

    async def test_a_page_may_begin_after_a_session_that_is_gone(self, store: RecordStore, clock: FakeClock) -> None:
        await store.save(a_session(sequence=1), expected=0)
        clock.advance(2)

        page = await store.sessions(
            SessionStatus.PLACED, limit=10, after=Cursor(arn=SessionArn("gone"), updated_at=clock.now())
        )

        assert [listed.session.arn for listed in page.sessions] == [ARN]

    async def test_forgotten_sessions_are_not_listed(self, store: RecordStore, clock: FakeClock) -> None:
        await store.save(a_session(sequence=1), expected=0)
        clock.advance(KEEP_S)

        assert (await store.sessions(SessionStatus.PLACED, limit=10, after=None)).sessions == ()


class TestMemoryRecordStore(RecordStoreContract):
    @pytest.fixture
    def store(self, clock: FakeClock) -> RecordStore:
        return MemoryRecordStore(clock)


class TestDynamoRecordStore(RecordStoreContract):
    @pytest.fixture
    async def table(self, sandbox: Sandbox) -> Table:
        name = await sandbox.table("pk", "sk", indexes={"by_status": ("status", "updated_at")})
        return Table(await sandbox.client("dynamodb"), name)

    @pytest.fixture
    async def store(self, clock: FakeClock, table: Table) -> RecordStore:
        return DynamoRecordStore(table, clock=clock, keep_s=KEEP_S)

    async def test_it_answers_a_probe(self, store: DynamoRecordStore) -> None:
        await store.ping()

    async def test_a_notice_is_one_row_that_goes_after_its_time(
        self, store: DynamoRecordStore, table: Table, clock: FakeClock
    ) -> None:
        await store.log(an_entry())
        clock.advance(60)
        await store.log(an_entry())

        assert await table.get({"pk": "notice#notice-1", "sk": "record"}) == {
            "pk": "notice#notice-1",
            "sk": "record",
            "kind": "placement",
            "type": "PlacementFulfilled",
            "at": "2026-11-20T12:00:00.000000+00:00",
            "about": ["placement-1"],
            "body": "{}",
            "expires_at": int(START.timestamp() + KEEP_S),
        }
