import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from muster_events.envelope import Event, event
from muster_events.tickets import TicketMatched
from muster_runtime.dynamo import Item, dump, load
from muster_runtime.errors import Busy, Invalid, Unavailable
from muster_runtime.messaging.outbox import LANES, Outbox, lane_of
from muster_runtime.messaging.publisher import EntryTooLarge
from muster_runtime.metrics import Metrics
from muster_runtime.testing import FakeClock, Faulty, RecordingPublisher, eventually
from muster_runtime.testing.faults import Fault, outage, refuse, throttle, timeout_after_commit, unprocessed

ELSEWHERE = next(subject for n in range(99) if lane_of(subject := f"u-{n}") != lane_of("t-1"))
"""A subject whose events lie in another lane than those about `t-1`."""
QUICK = {"idle_poll_s": 30.0, "backoff_base_s": 0.001, "backoff_cap_s": 0.002}


class Rows:
    """As much of a DynamoDB client as an outbox needs, over rows in memory."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}
        self.page = 100
        self.consistent: list[bool] = []

    def commit(self, op: dict[str, Any]) -> None:
        row = load(op["Put"]["Item"])
        self.rows[row["lane"], row["id"]] = row

    async def query(
        self,
        *,
        ExpressionAttributeValues: Any,  # noqa: N803 - DynamoDB's word
        ConsistentRead: bool,  # noqa: N803 - DynamoDB's word
        ExclusiveStartKey: Any = None,  # noqa: N803 - DynamoDB's word
        **_: Any,
    ) -> Any:
        self.consistent.append(ConsistentRead)
        lane = load(ExpressionAttributeValues)[":lane"]
        after = load(ExclusiveStartKey)["id"] if ExclusiveStartKey else ""
        found = sorted((row for row in self.rows.values() if row["lane"] == lane), key=lambda row: row["id"])
        left = [row for row in found if row["id"] > after]
        answer: dict[str, Any] = {"Items": [dump(row) for row in left[: self.page]]}
        if len(left) > self.page:
            answer["LastEvaluatedKey"] = dump({"lane": lane, "id": left[self.page - 1]["id"]})
        return answer

    async def batch_write_item(self, *, RequestItems: Any) -> Any:  # noqa: N803 - DynamoDB's word
        for requests in RequestItems.values():
            assert len(requests) <= 25
            for request in requests:
                key = load(request["DeleteRequest"]["Key"])
                self.rows.pop((key["lane"], key["id"]), None)
        return {"UnprocessedItems": {}}


class Bench:
    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.rows = Rows()
        self.publisher = RecordingPublisher()
        self.metrics = Metrics()

    def outbox(self, client: Any = None, publisher: Any = None, **options: Any) -> Outbox:
        return Outbox(
            client or self.rows,
            table="outbox",
            publisher=publisher or self.publisher,
            clock=self.clock,
            metrics=self.metrics,
            **(QUICK | options),
        )

    def commit(self, outbox: Outbox, *events: Event[Any]) -> list[Item]:
        operations = [outbox.op(each) for each in events]
        for op in operations:
            self.rows.commit(op)
        return operations

    def counted(self, name: str) -> float:
        return self.metrics.registry.get_sample_value(name) or 0.0


@pytest.fixture
def bench(clock: FakeClock) -> Bench:
    return Bench(clock)


@asynccontextmanager
async def idling(outbox: Outbox, client: Faulty) -> AsyncIterator[asyncio.Event]:
    """Run *outbox*; the block begins once it has looked at all lanes, and what it gives, or the end, stops it."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(outbox.run(stop))
        await eventually(lambda: len(client.calls) == len(LANES))
        yield stop
        stop.set()


def an_event(ticket_id: str = "t-1", *, sequence: int = 0, players: int = 1) -> Event[TicketMatched]:
    data = TicketMatched(ticket_id=ticket_id, player_ids=("p" * 100,) * players, match_id="m")
    return event(data, subject=ticket_id, sequence=sequence, occurred_at=datetime(2026, 1, 1, tzinfo=UTC))


async def test_a_committed_event_is_published_and_its_row_deleted(bench: Bench) -> None:
    outbox = bench.outbox()
    bench.commit(outbox, an_event())

    assert 1 == await outbox.relay()

    assert [an_event().id] == [each.id for each in bench.publisher.events]
    assert {} == bench.rows.rows
    assert 1 == bench.counted("muster_outbox_relayed_total")


async def test_a_kick_during_a_pass_that_is_too_late_for_it_starts_the_next_one_at_once(bench: Bench) -> None:
    outbox, stop, query, passes = bench.outbox(), asyncio.Event(), bench.rows.query, []

    async def commit_after_the_last_lane_was_read(**request: Any) -> Any:
        answer = await query(**request)
        passes.append(request)
        if len(passes) == len(LANES):
            outbox.kick(bench.commit(outbox, an_event()))
        return answer

    bench.rows.query = commit_after_the_last_lane_was_read  # type: ignore[method-assign]

    async with asyncio.TaskGroup() as group:
        group.create_task(outbox.run(stop))
        await eventually(lambda: bench.publisher.events)
        stop.set()

    assert {} == bench.rows.rows


async def test_the_operation_is_a_put_without_a_condition(bench: Bench) -> None:
    op = bench.outbox().op(an_event())

    assert {"Put"} == op.keys()
    assert "outbox" == op["Put"]["TableName"]
    assert "ConditionExpression" not in op["Put"]


async def test_the_same_fact_committed_twice_is_one_row(bench: Bench) -> None:
    outbox = bench.outbox()
    bench.commit(outbox, an_event(), an_event())

    assert 1 == len(bench.rows.rows)


async def test_an_event_that_cannot_be_sent_fails_before_it_is_committed(bench: Bench) -> None:
    with pytest.raises(EntryTooLarge):
        bench.outbox().op(an_event(players=3000))
    with pytest.raises(Invalid):
        bench.outbox().op(an_event().model_copy(update={"source": "listener"}))


@pytest.mark.parametrize("error", [Busy(), Unavailable(), RuntimeError("a bug")])
async def test_a_failed_publish_keeps_the_row_and_is_tried_again(bench: Bench, error: Exception) -> None:
    bench.publisher.fail_next(error, error)
    outbox, stop = bench.outbox(), asyncio.Event()
    bench.commit(outbox, an_event())

    async with asyncio.TaskGroup() as group:
        group.create_task(outbox.run(stop))
        await eventually(lambda: not bench.rows.rows)
        stop.set()

    assert 1 == len(bench.publisher.events)
    assert 2 == bench.counted("muster_outbox_failures_total")


async def test_a_crash_between_publish_and_delete_repeats_with_the_same_id(bench: Bench) -> None:
    crashing = bench.outbox(Faulty(bench.rows, {"batch_write_item": [outage()]}))
    bench.commit(crashing, an_event())

    with pytest.raises(Unavailable):
        await crashing.relay()
    await bench.outbox().relay()

    assert [an_event().id] * 2 == [each.id for each in bench.publisher.events]
    assert {} == bench.rows.rows


async def test_a_delete_whose_answer_is_lost_repeats_nothing(bench: Bench) -> None:
    outbox = bench.outbox(Faulty(bench.rows, {"batch_write_item": [timeout_after_commit()]}))
    bench.commit(outbox, an_event())

    with pytest.raises(Unavailable):
        await outbox.relay()
    await outbox.relay()

    assert 1 == len(bench.publisher.events)


async def test_deletes_that_dynamodb_leaves_out_are_made_up_for(bench: Bench) -> None:
    outbox = bench.outbox(Faulty(bench.rows, {"batch_write_item": [unprocessed(0, 1), unprocessed(0)]}))
    bench.commit(outbox, *(an_event("t-1", sequence=number) for number in range(40)))

    assert 40 == await outbox.relay()

    assert {} == bench.rows.rows


async def test_a_throttled_query_is_tried_again(bench: Bench) -> None:
    outbox, stop = bench.outbox(Faulty(bench.rows, {"query": [throttle()]})), asyncio.Event()
    bench.commit(outbox, an_event())

    async with asyncio.TaskGroup() as group:
        group.create_task(outbox.run(stop))
        await eventually(lambda: not bench.rows.rows)
        stop.set()

    assert 1 == bench.counted("muster_outbox_failures_total")


@pytest.mark.parametrize("fault", [throttle(), refuse("AccessDeniedException")])
async def test_a_lane_that_fails_holds_no_other_up_and_is_told_of_in_the_end(bench: Bench, fault: Fault) -> None:
    outbox = bench.outbox(Faulty(bench.rows, {"query": [fault, None, outage()]}))
    subjects = {lane_of(subject): subject for subject in (f"t-{number}" for number in range(99))}
    bench.commit(outbox, *(an_event(subject) for subject in subjects.values()))

    with pytest.raises((Busy, ClientError)):
        await outbox.relay()

    assert {LANES[0], LANES[2]} == {lane for lane, _ in bench.rows.rows}


async def test_a_kick_wakes_an_idle_relay_at_once(bench: Bench) -> None:
    client = Faulty(bench.rows, {})
    outbox = bench.outbox(client)

    async with idling(outbox, client):
        outbox.kick(bench.commit(outbox, an_event()))
        await eventually(lambda: len(bench.publisher.events) == 1, within_s=30)


async def test_an_event_costs_one_look_at_its_own_lane(bench: Bench) -> None:
    client = Faulty(bench.rows, {})
    outbox = bench.outbox(client)

    async with idling(outbox, client):
        outbox.kick([{"Put": {"TableName": "tickets", "Item": {}}}, *bench.commit(outbox, an_event())])
        await eventually(lambda: not bench.rows.rows)

    assert ["query", "batch_write_item"] == client.calls[len(LANES) :]


async def test_kicks_of_one_moment_have_all_their_lanes_looked_at(bench: Bench) -> None:
    client = Faulty(bench.rows, {})
    outbox = bench.outbox(client, idle_poll_s=600)

    async with idling(outbox, client):
        outbox.kick(bench.commit(outbox, an_event("t-1")))
        outbox.kick(bench.commit(outbox, an_event(ELSEWHERE)))
        await eventually(lambda: not bench.rows.rows)


async def test_a_look_at_a_lane_sees_every_row_that_was_committed_before(bench: Bench) -> None:
    await bench.outbox().relay()

    assert [True] * len(LANES) == bench.rows.consistent


async def test_what_told_of_nothing_wakes_nobody(bench: Bench) -> None:
    client = Faulty(bench.rows, {})
    outbox = bench.outbox(client)

    async with idling(outbox, client):
        outbox.kick([{"Put": {"TableName": "tickets", "Item": {}}}, {"Delete": {"TableName": "outbox", "Key": {}}}])

    assert len(LANES) == len(client.calls)


async def test_kicks_without_end_do_not_hide_what_another_process_left(bench: Bench) -> None:
    busy, left = an_event("t-1"), an_event(ELSEWHERE)
    client = Faulty(bench.rows, {})
    outbox = bench.outbox(client, idle_poll_s=0.02)
    query = bench.rows.query

    async def query_and_kick(**request: Any) -> Any:
        outbox.kick([outbox.op(busy)])
        await asyncio.sleep(0)
        return await query(**request)

    async with idling(outbox, client):
        bench.rows.query = query_and_kick  # type: ignore[method-assign]  # only the fake can be stopped there
        outbox.kick([outbox.op(busy)])
        bench.commit(outbox, left)
        await eventually(lambda: left.id in {each.id for each in bench.publisher.events})


async def test_a_lane_that_failed_is_looked_at_again_before_the_next_poll(bench: Bench) -> None:
    client = Faulty(bench.rows, {})
    outbox = bench.outbox(client, idle_poll_s=600)

    async with idling(outbox, client):
        bench.publisher.fail_next(Unavailable())
        outbox.kick(bench.commit(outbox, an_event()))
        await eventually(lambda: not bench.rows.rows)

    assert 1 == len(bench.publisher.events)


async def test_the_oldest_and_the_stuck_are_told_of_all_lanes_whichever_was_looked_at(bench: Bench) -> None:
    outbox = bench.outbox()
    bench.commit(outbox, an_event("t-1"), an_event(ELSEWHERE))
    bench.clock.advance(90)
    # Each lane is refused as a whole, and then its one row.
    bench.publisher.fail_next(Invalid(), Invalid(), Invalid(), Invalid())
    await outbox.relay()
    assert 2 == bench.counted("muster_outbox_stuck_rows")

    await outbox.relay([lane_of("t-1")])

    assert 1 == bench.counted("muster_outbox_stuck_rows")
    assert 90 == bench.counted("muster_outbox_oldest_seconds")


async def test_a_row_left_by_another_process_is_found_without_a_kick(bench: Bench) -> None:
    outbox, stop = bench.outbox(idle_poll_s=0.02), asyncio.Event()

    async with asyncio.TaskGroup() as group:
        group.create_task(outbox.run(stop))
        await eventually(lambda: bench.counted("muster_outbox_oldest_seconds") == 0)
        bench.commit(outbox, an_event())
        await eventually(lambda: len(bench.publisher.events) == 1)
        stop.set()


async def test_stopping_relays_what_was_kicked_for_last(bench: Bench) -> None:
    client = Faulty(bench.rows, {})
    outbox = bench.outbox(client)

    async with idling(outbox, client) as stop:
        operations = bench.commit(outbox, an_event())
        stop.set()
        outbox.kick(operations)

    assert 1 == len(bench.publisher.events)


@pytest.mark.parametrize("error", [Unavailable(), RuntimeError("a bug")])
async def test_a_last_pass_that_fails_leaves_the_row_for_the_next_start(bench: Bench, error: Exception) -> None:
    client = Faulty(bench.rows, {})
    outbox = bench.outbox(client)

    async with idling(outbox, client) as stop:
        operations = bench.commit(outbox, an_event())
        bench.publisher.fail_next(error)
        stop.set()
        outbox.kick(operations)

    assert 1 == len(bench.rows.rows)


async def test_stopping_during_the_pause_after_a_failed_pass_tries_once_more(bench: Bench) -> None:
    client = Faulty(bench.rows, {})
    outbox = bench.outbox(client, backoff_base_s=3600, backoff_cap_s=3600)

    async with idling(outbox, client):
        bench.publisher.fail_next(Unavailable())
        outbox.kick(bench.commit(outbox, an_event()))
        await eventually(lambda: bench.counted("muster_outbox_failures_total"))

    assert {} == bench.rows.rows


async def test_stopping_an_idle_relay_does_not_wait_for_its_poll(bench: Bench) -> None:
    client = Faulty(bench.rows, {})
    outbox = bench.outbox(client)

    async with asyncio.timeout(30), idling(outbox, client):
        pass


async def test_two_relays_on_one_table_lose_nothing(bench: Bench) -> None:
    one, other = bench.outbox(), bench.outbox()
    events = [an_event(f"t-{number}") for number in range(60)]
    bench.commit(one, *events)

    async with asyncio.TaskGroup() as group:
        group.create_task(one.relay())
        group.create_task(other.relay())

    assert {each.id for each in events} == {each.id for each in bench.publisher.events}
    assert {} == bench.rows.rows


async def test_events_of_one_subject_go_out_in_order(bench: Bench) -> None:
    outbox = bench.outbox()
    bench.commit(outbox, *(an_event("t-1", sequence=number) for number in reversed(range(30))))

    await outbox.relay()

    assert list(range(30)) == [each.sequence for each in bench.publisher.events]


class Picky(RecordingPublisher):
    """A bus that refuses the events of some subjects for good."""

    def __init__(self, *subjects: str) -> None:
        super().__init__()
        self.subjects = subjects

    async def send(self, entries: Any) -> None:
        if any(f'"subject":"{subject}"' in each.detail for each in entries for subject in self.subjects):
            raise Invalid("refused for good")
        await super().send(entries)


async def test_a_row_that_the_bus_refuses_for_good_stays_and_blocks_no_other(bench: Bench) -> None:
    picky = Picky("t-1")
    outbox = bench.outbox(publisher=picky)
    bench.commit(outbox, *(an_event(f"t-{number}") for number in range(20)))

    assert 19 == await outbox.relay()

    assert ["t-1"] == [row["subject"] for row in bench.rows.rows.values()]
    assert 1 == bench.counted("muster_outbox_stuck_rows")


async def test_rows_behind_a_whole_page_of_stuck_ones_are_still_relayed(bench: Bench) -> None:
    bench.rows.page = 5
    outbox = bench.outbox(publisher=Picky("t-1"))
    bench.commit(outbox, *(an_event("t-1", sequence=number) for number in range(12)))
    others = [f"u-{number}" for number in range(40)]
    bench.commit(outbox, *(an_event(each) for each in others if lane_of(each) == lane_of("t-1")))

    await outbox.relay()

    assert {"t-1"} == {row["subject"] for row in bench.rows.rows.values()}


async def test_the_age_of_the_oldest_row_is_shown(bench: Bench) -> None:
    outbox = bench.outbox()
    bench.commit(outbox, an_event("t-1"))
    bench.clock.advance(90)

    await outbox.relay()

    assert 90 == bench.counted("muster_outbox_oldest_seconds")


async def test_the_age_of_the_oldest_row_grows_while_the_bus_is_away_and_stays_while_dynamodb_is(bench: Bench) -> None:
    outbox = bench.outbox(Faulty(bench.rows, {"query": [None, None, throttle(), None]}))
    bench.commit(outbox, an_event())
    lane = [lane_of("t-1")]

    bench.publisher.fail_next(Unavailable(), Unavailable())
    for age_s in (90, 180):
        bench.clock.advance(90)
        with pytest.raises(Unavailable):
            await outbox.relay(lane)
        assert age_s == bench.counted("muster_outbox_oldest_seconds")

    with pytest.raises(Busy):
        await outbox.relay(lane)
    assert 180 == bench.counted("muster_outbox_oldest_seconds")

    await outbox.relay(lane)
    await outbox.relay(lane)
    assert 0 == bench.counted("muster_outbox_oldest_seconds")


async def test_what_is_stuck_is_told_of_while_the_bus_is_away(bench: Bench) -> None:
    outbox = bench.outbox()
    bench.commit(outbox, an_event())
    bench.publisher.fail_next(Invalid(), Invalid())
    await outbox.relay()

    bench.publisher.fail_next(Unavailable())
    with pytest.raises(Unavailable):
        await outbox.relay()

    assert 1 == bench.counted("muster_outbox_stuck_rows")


@given(st.text(min_size=1))
def test_every_subject_has_one_lane(subject: str) -> None:
    assert lane_of(subject) in LANES
    assert lane_of(subject) == lane_of(subject)


def test_subjects_spread_over_all_lanes() -> None:
    assert set(LANES) == {lane_of(f"ticket-{number}") for number in range(100)}
