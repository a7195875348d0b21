"""What every `TicketStore` promises, checked on the fake that unit tests use and on DynamoDB."""

from abc import ABC, abstractmethod
from dataclasses import replace

import pytest
from tickets_fakes import (
    KEEP_ENDED_S,
    KEEP_OPEN_S,
    QUIET_S,
    START,
    TICKET,
    MemoryTicketStore,
    a_notice,
    a_ticket,
)

from muster_runtime.dynamo import Table
from muster_runtime.errors import Busy, Unavailable
from muster_runtime.testing import FakeClock, Faulty, Sandbox
from muster_runtime.testing.faults import outage, throttle, timeout_after_commit, unreachable
from muster_tickets.domain import Status, Ticket, TicketId
from muster_tickets.errors import TicketChanged
from muster_tickets.ports import Check, TicketStore
from muster_tickets.store import DynamoTicketStore


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


def numbered(number: int, status: Status = Status.SEARCHING) -> Ticket:
    notice = a_notice(status, 0, ticket_id=f"ticket-{number}")
    return replace(a_ticket(status), ticket_id=notice.ticket_id)


class TicketStoreContract(ABC):
    @pytest.fixture
    @abstractmethod
    def store(self) -> TicketStore:
        """The store under test; it goes by the fixture `clock`."""

    async def test_a_ticket_never_stored_is_none(self, store: TicketStore) -> None:
        assert await store.load(TICKET) is None

    @pytest.mark.parametrize("status", Status)
    async def test_a_stored_ticket_comes_back_as_it_went_in(self, store: TicketStore, status: Status) -> None:
        ticket = a_ticket(status)

        await store.save(ticket, expected=0)

        assert await store.load(TICKET) == ticket

    async def test_a_save_on_the_expected_sequence_replaces_the_ticket(self, store: TicketStore) -> None:
        await store.save(a_ticket(), expected=0)
        after = a_ticket(Status.PLACING, sequence=2)

        await store.save(after, expected=1)

        assert await store.load(TICKET) == after

    @pytest.mark.parametrize("expected", [0, 2])
    async def test_a_save_on_another_sequence_changes_nothing(self, store: TicketStore, expected: int) -> None:
        await store.save(a_ticket(), expected=0)

        with pytest.raises(TicketChanged):
            await store.save(a_ticket(Status.PLACING, sequence=expected + 1), expected=expected)

        assert await store.load(TICKET) == a_ticket()

    async def test_a_save_on_a_ticket_that_is_not_there_changes_nothing(self, store: TicketStore) -> None:
        with pytest.raises(TicketChanged):
            await store.save(a_ticket(sequence=2), expected=1)

        assert await store.load(TICKET) is None

    async def test_an_announcement_is_remembered(self, store: TicketStore) -> None:
        ticket = a_ticket(sequence=3, announced=2)
        await store.save(ticket, expected=0)

        await store.mark_announced(ticket)

        assert await store.load(TICKET) == replace(ticket, announced=3)

    async def test_an_announcement_of_a_state_that_is_past_changes_nothing(self, store: TicketStore) -> None:
        before, after = a_ticket(announced=0), a_ticket(Status.COMPLETED, sequence=2, announced=0)
        await store.save(before, expected=0)
        await store.save(after, expected=1)

        await store.mark_announced(before)

        assert await store.load(TICKET) == after

    async def test_an_announcement_of_a_ticket_that_is_gone_changes_nothing(self, store: TicketStore) -> None:
        await store.mark_announced(a_ticket())

        assert await store.load(TICKET) is None

    async def test_an_open_ticket_is_due_once_it_was_quiet(self, store: TicketStore, clock: FakeClock) -> None:
        await store.save(a_ticket(), expected=0)

        clock.advance(QUIET_S - 1)
        assert await store.due(limit=10) == ()
        clock.advance(1)
        assert await store.due(limit=10) == (Check(TICKET, clock.epoch_s()),)

    async def test_news_of_a_ticket_put_its_check_off(self, store: TicketStore, clock: FakeClock) -> None:
        await store.save(a_ticket(), expected=0)
        clock.advance(QUIET_S)

        await store.save(a_ticket(Status.PLACING, sequence=2), expected=1)

        assert await store.due(limit=10) == ()

    async def test_an_ended_and_announced_ticket_is_never_due(self, store: TicketStore, clock: FakeClock) -> None:
        await store.save(a_ticket(Status.COMPLETED, sequence=1, announced=1), expected=0)
        clock.advance(QUIET_S)

        assert await store.due(limit=10) == ()

    async def test_an_ended_ticket_is_due_until_it_was_announced(self, store: TicketStore, clock: FakeClock) -> None:
        ticket = a_ticket(Status.COMPLETED, sequence=1, announced=0)
        await store.save(ticket, expected=0)
        clock.advance(QUIET_S)

        due_before = await store.due(limit=10)
        await store.mark_announced(ticket)
        due_after = await store.due(limit=10)

        assert ([check.ticket_id for check in due_before], due_after) == ([TICKET], ())

    async def test_an_open_ticket_that_was_announced_is_still_due(self, store: TicketStore, clock: FakeClock) -> None:
        ticket = a_ticket(announced=0)
        await store.save(ticket, expected=0)
        await store.mark_announced(ticket)
        clock.advance(QUIET_S)

        assert len(await store.due(limit=10)) == 1

    async def test_the_longest_overdue_come_first_and_no_more_than_asked_for(
        self, store: TicketStore, clock: FakeClock
    ) -> None:
        for number in range(12):
            await store.save(numbered(number), expected=0)
            clock.advance(1)
        clock.advance(QUIET_S)

        due = await store.due(limit=5)

        assert [check.ticket_id for check in due] == [f"ticket-{number}" for number in range(5)]

    async def test_a_check_is_taken_once(self, store: TicketStore, clock: FakeClock) -> None:
        await store.save(a_ticket(), expected=0)
        clock.advance(QUIET_S)
        (check,) = await store.due(limit=10)

        taken = [await store.take(check, again_in_s=10), await store.take(check, again_in_s=10)]

        assert taken == [True, False]

    async def test_a_taken_check_is_due_again_later(self, store: TicketStore, clock: FakeClock) -> None:
        await store.save(a_ticket(), expected=0)
        clock.advance(QUIET_S)
        (check,) = await store.due(limit=10)
        await store.take(check, again_in_s=10)

        clock.advance(9)
        assert await store.due(limit=10) == ()
        clock.advance(1)
        assert [check.ticket_id for check in await store.due(limit=10)] == [TICKET]

    async def test_a_check_of_a_ticket_that_had_news_is_not_taken(self, store: TicketStore, clock: FakeClock) -> None:
        await store.save(a_ticket(), expected=0)
        clock.advance(QUIET_S)
        (check,) = await store.due(limit=10)
        await store.save(a_ticket(Status.PLACING, sequence=2), expected=1)

        assert await store.take(check, again_in_s=10) is False

    async def test_a_check_of_a_ticket_that_is_gone_is_not_taken(self, store: TicketStore) -> None:
        assert await store.take(Check(TicketId("gone"), 1.0), again_in_s=10) is False
        assert await store.load(TicketId("gone")) is None

    @pytest.mark.parametrize(("status", "keep_s"), [(Status.SEARCHING, KEEP_OPEN_S), (Status.FAILED, KEEP_ENDED_S)])
    async def test_a_ticket_is_forgotten_after_its_time(
        self, store: TicketStore, clock: FakeClock, status: Status, keep_s: float
    ) -> None:
        await store.save(a_ticket(status), expected=0)

        clock.advance(keep_s - 1)
        assert await store.load(TICKET) is not None
        clock.advance(1)
        assert await store.load(TICKET) is None

    async def test_a_forgotten_ticket_can_be_stored_anew(self, store: TicketStore, clock: FakeClock) -> None:
        await store.save(a_ticket(Status.FAILED, sequence=5), expected=0)
        clock.advance(KEEP_ENDED_S)

        with pytest.raises(TicketChanged):
            await store.save(a_ticket(sequence=6), expected=5)
        await store.save(a_ticket(), expected=0)

        assert await store.load(TICKET) == a_ticket()


def on_dynamodb(table: Table, clock: FakeClock) -> DynamoTicketStore:
    return DynamoTicketStore(table, clock=clock, quiet_s=QUIET_S, keep_open_s=KEEP_OPEN_S, keep_ended_s=KEEP_ENDED_S)


class TestMemoryTicketStore(TicketStoreContract):
    @pytest.fixture
    def store(self, clock: FakeClock) -> TicketStore:
        return MemoryTicketStore(clock)


class TestDynamoTicketStore(TicketStoreContract):
    @pytest.fixture
    async def store(self, clock: FakeClock, sandbox: Sandbox) -> TicketStore:
        name = await sandbox.table("ticket_id", indexes={"open": ("open_lane", "check_at")}, kinds={"check_at": "N"})
        return on_dynamodb(Table(await sandbox.client("dynamodb"), name), clock)

    async def test_it_answers_a_probe(self, store: DynamoTicketStore) -> None:
        await store.ping()

    async def test_what_goes_wrong_with_the_table_is_named_in_our_words(
        self, clock: FakeClock, sandbox: Sandbox
    ) -> None:
        name = await sandbox.table("ticket_id")
        plan = {"get_item": [throttle()], "put_item": [outage()], "update_item": [unreachable()]}
        store = on_dynamodb(Table(Faulty(await sandbox.client("dynamodb"), plan), name), clock)

        with pytest.raises(Busy):
            await store.load(TICKET)
        with pytest.raises(Unavailable):
            await store.save(a_ticket(), expected=0)
        with pytest.raises(Unavailable):
            await store.mark_announced(a_ticket())

    async def test_a_save_whose_answer_is_lost_is_found_by_the_repeat(self, clock: FakeClock, sandbox: Sandbox) -> None:
        name = await sandbox.table("ticket_id")
        client = Faulty(await sandbox.client("dynamodb"), {"put_item": [timeout_after_commit()]})
        store = on_dynamodb(Table(client, name), clock)

        with pytest.raises(Unavailable):
            await store.save(a_ticket(), expected=0)

        assert await store.load(TICKET) == a_ticket()
        with pytest.raises(TicketChanged):
            await store.save(a_ticket(), expected=0)
