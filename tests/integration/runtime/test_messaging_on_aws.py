import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from muster_events.envelope import Event, event
from muster_events.registry import dump
from muster_events.tickets import TicketMatched
from muster_runtime import tracing
from muster_runtime.clock import SystemClock
from muster_runtime.dynamo import Table, transact
from muster_runtime.errors import Invalid, Unavailable
from muster_runtime.messaging.consumer import Consumer
from muster_runtime.messaging.outbox import Outbox
from muster_runtime.messaging.publisher import Publisher
from muster_runtime.messaging.queues import QueueMissing
from muster_runtime.metrics import Metrics
from muster_runtime.settings import ConsumerSettings
from muster_runtime.testing import Faulty, QueuePair, RecordingPublisher, Sandbox, eventually
from muster_runtime.testing.faults import unreachable

Handler = Callable[[Event[TicketMatched]], Awaitable[None]]


def matched(ticket_id: str) -> Event[TicketMatched]:
    data = TicketMatched(ticket_id=ticket_id, player_ids=("p",), match_id="m")
    return event(data, subject=ticket_id, occurred_at=datetime(2026, 1, 1, tzinfo=UTC))


async def fill(sandbox: Sandbox, queue: QueuePair, messages: int) -> None:
    sqs = await sandbox.client("sqs")
    for start in range(0, messages, 10):
        entries = [
            {"Id": str(number), "MessageBody": dump(matched(f"t-{number}"))}
            for number in range(start, min(start + 10, messages))
        ]
        await sqs.send_message_batch(QueueUrl=queue.url, Entries=entries)


async def a_consumer(
    sandbox: Sandbox, queue: QueuePair, handler: Handler, metrics: Metrics | None = None, **settings: Any
) -> Consumer:
    return Consumer(
        await sandbox.client("sqs"),
        name="inbox",
        queue_url=queue.url,
        dead_letter_url=queue.dead_letter_url,
        reactions={TicketMatched: handler},
        settings=ConsumerSettings(**{"consumer_wait_s": 1, **settings}),
        clock=SystemClock(),
        metrics=metrics or Metrics(),
    )


@asynccontextmanager
async def consuming(*consumers: Consumer) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for consumer in consumers:
            group.create_task(consumer.run(stop))
        try:
            yield stop
        finally:
            stop.set()


async def is_empty(sandbox: Sandbox, queue_url: str) -> bool:
    return await sandbox.depth(queue_url) == (0, 0)


async def test_five_hundred_messages_are_each_handled_once(sandbox: Sandbox) -> None:
    queue = await sandbox.queue()
    await fill(sandbox, queue, 500)
    seen: Counter[str] = Counter()

    async def note(received: Event[TicketMatched]) -> None:
        seen[received.data.ticket_id] += 1

    async with consuming(*[await a_consumer(sandbox, queue, note, consumer_concurrency=20) for _ in range(2)]):
        await eventually(lambda: is_empty(sandbox, queue.url), within_s=100)

    assert {f"t-{number}": 1 for number in range(500)} == seen
    assert (0, 0) == await sandbox.depth(queue.dead_letter_url)


async def test_stopping_during_a_long_poll_loses_nothing_and_hides_nothing(sandbox: Sandbox) -> None:
    queue = await sandbox.queue(visibility_s=600)
    sqs = await sandbox.client("sqs")
    polls, metrics = Faulty(sqs, {}), Metrics()
    seen: list[str] = []

    async def note(received: Event[TicketMatched]) -> None:
        seen.append(received.data.ticket_id)

    consumer = Consumer(
        polls,
        name="inbox",
        queue_url=queue.url,
        dead_letter_url=queue.dead_letter_url,
        reactions={TicketMatched: note},
        settings=ConsumerSettings(consumer_wait_s=20, consumer_visibility_s=600),
        clock=SystemClock(),
        metrics=metrics,
    )
    async with asyncio.timeout(100), consuming(consumer) as stop:
        await eventually(lambda: polls.calls.count("receive_message") == 1)
        stop.set()
        await fill(sandbox, queue, 10)

    # All that the last poll brought was given back at once, although it was hidden for ten minutes.
    assert [] == seen
    assert 10 == metrics.registry.get_sample_value("muster_messages_returned_total", {"consumer": "inbox"})
    assert 1 == polls.calls.count("receive_message")
    assert (10, 0) == await sandbox.depth(queue.url)


async def test_messages_waiting_behind_a_slow_one_are_left_for_others(sandbox: Sandbox) -> None:
    queue = await sandbox.queue()
    await fill(sandbox, queue, 12)
    started, release = asyncio.Event(), asyncio.Event()

    async def hold(_: Event[TicketMatched]) -> None:
        started.set()
        await release.wait()

    async with consuming(await a_consumer(sandbox, queue, hold, consumer_concurrency=2)) as stop:
        await started.wait()
        await eventually(lambda: at_depth(sandbox, queue, (10, 2)))
        stop.set()
        release.set()

    assert (10, 0) == await sandbox.depth(queue.url)


async def at_depth(sandbox: Sandbox, queue: QueuePair, depth: tuple[int, int]) -> bool:
    return await sandbox.depth(queue.url) == depth


async def test_poison_is_parked_whole_with_its_reason_and_the_rest_flows(sandbox: Sandbox) -> None:
    queue = await sandbox.queue()
    sqs = await sandbox.client("sqs")
    seen: list[str] = []
    attributes = {"traceparent": {"DataType": "String", "StringValue": "kept"}}
    await sqs.send_message(QueueUrl=queue.url, MessageBody="{poison \N{SNOWMAN}", MessageAttributes=attributes)
    await fill(sandbox, queue, 3)

    async def note(received: Event[TicketMatched]) -> None:
        seen.append(received.data.ticket_id)

    async with consuming(await a_consumer(sandbox, queue, note)):
        await eventually(lambda: is_empty(sandbox, queue.url))

    assert {"t-0", "t-1", "t-2"} == set(seen)
    (parked,) = await sandbox.take(queue.dead_letter_url)
    assert "{poison \N{SNOWMAN}" == parked["Body"]
    assert {
        "reason": "not_a_document",
        "error": "The message is not JSON.",
        "origin_queue": queue.url.rsplit("/", 1)[-1],
        "receive_count": "1",
        "traceparent": "kept",
    } == {name: value["StringValue"] for name, value in parked["MessageAttributes"].items()}


async def test_a_parked_message_can_be_moved_back_and_handled(sandbox: Sandbox) -> None:
    queue = await sandbox.queue()
    sqs = await sandbox.client("sqs")
    await fill(sandbox, queue, 1)
    broken = True
    seen: list[str] = []

    async def handler(received: Event[TicketMatched]) -> None:
        if broken:
            raise Invalid("not yet mended")
        seen.append(received.data.ticket_id)

    async with consuming(await a_consumer(sandbox, queue, handler)):
        await eventually(lambda: is_empty(sandbox, queue.url))
        broken = False
        (parked,) = await sandbox.take(queue.dead_letter_url)
        await sqs.send_message(QueueUrl=queue.url, MessageBody=parked["Body"])
        await eventually(lambda: bool(seen))

    assert ["t-0"] == seen


async def test_a_slow_message_is_not_given_to_anybody_else(sandbox: Sandbox) -> None:
    queue = await sandbox.queue()
    await fill(sandbox, queue, 1)
    release = asyncio.Event()
    started: list[str] = []
    metrics = Metrics()

    async def hold(received: Event[TicketMatched]) -> None:
        started.append(received.data.ticket_id)
        await release.wait()

    consumers = [await a_consumer(sandbox, queue, hold, metrics, consumer_visibility_s=7) for _ in range(2)]
    async with consuming(*consumers):
        await eventually(lambda: bool(started))
        began_s = SystemClock().monotonic_s()
        # Past the visibility of the receive: only heartbeats can keep it hidden now.
        await eventually(lambda: SystemClock().monotonic_s() - began_s > 9, within_s=60)
        release.set()
        await eventually(lambda: is_empty(sandbox, queue.url))

    assert ["t-0"] == started
    assert 0 == (metrics.registry.get_sample_value("muster_heartbeat_failures_total", {"consumer": "inbox"}) or 0)


async def test_a_consumer_of_a_queue_that_is_not_there_ends_at_once(sandbox: Sandbox) -> None:
    queue = await sandbox.queue()

    async def ignore(_: Event[TicketMatched]) -> None:
        pass

    missing = QueuePair(queue.url + "-missing", queue.arn, queue.dead_letter_url)
    consumer = await a_consumer(sandbox, missing, ignore)

    with pytest.raises(QueueMissing):
        await consumer.run(asyncio.Event())


async def test_a_relay_that_dies_between_publish_and_delete_repeats_the_same_id(sandbox: Sandbox) -> None:
    dynamodb = await sandbox.client("dynamodb")
    table = await sandbox.outbox_table()
    publisher = RecordingPublisher()

    def outbox(client: Any) -> Outbox:
        return Outbox(client, table=table, publisher=publisher, clock=SystemClock(), metrics=Metrics())

    dying = outbox(Faulty(dynamodb, {"batch_write_item": [unreachable()]}))
    await transact(dynamodb, [dying.op(matched("t-1"))])

    with pytest.raises(Unavailable):
        await dying.relay()
    await outbox(dynamodb).relay()

    assert [matched("t-1").id] * 2 == [each.id for each in publisher.events]
    assert 0 == await outbox(dynamodb).relay()


async def test_state_and_its_event_commit_together_and_reach_a_consumer(sandbox: Sandbox) -> None:
    dynamodb, events = await sandbox.client("dynamodb"), await sandbox.client("events")
    tickets = Table(dynamodb, await sandbox.table("ticket_id"))
    bus, queue = await sandbox.bus(), await sandbox.queue()
    await sandbox.route(bus, queue, source="tickets", types=["ticket.matched"])
    clock, metrics = SystemClock(), Metrics()
    publisher = Publisher(events, bus=bus, clock=clock, metrics=metrics)
    outbox = Outbox(
        dynamodb, table=await sandbox.outbox_table(), publisher=publisher, clock=clock, metrics=metrics, idle_poll_s=60
    )
    seen: list[Event[TicketMatched]] = []

    async def note(received: Event[TicketMatched]) -> None:
        seen.append(received)

    async with consuming(await a_consumer(sandbox, queue, note)) as stop, asyncio.TaskGroup() as group:
        group.create_task(outbox.run(stop))
        operations = [
            tickets.put_op({"ticket_id": "t-1"}, condition="attribute_not_exists(ticket_id)"),
            outbox.op(matched("t-1")),
        ]
        await transact(dynamodb, operations)
        outbox.kick(operations)
        await eventually(lambda: bool(seen))
        stop.set()

    assert ["t-1"] == [each.subject for each in seen]
    assert {"ticket_id": "t-1"} == await tickets.get({"ticket_id": "t-1"})


async def test_trace_context_goes_from_publisher_over_bus_and_queue_to_the_handler(
    sandbox: Sandbox, spans: InMemorySpanExporter
) -> None:
    bus, queue = await sandbox.bus(), await sandbox.queue()
    await sandbox.route(bus, queue, source="tickets", types=["ticket.matched"])
    publisher = Publisher(await sandbox.client("events"), bus=bus, clock=SystemClock(), metrics=Metrics())
    seen: list[str] = []

    async def note(received: Event[TicketMatched]) -> None:
        seen.append(received.subject)

    async with consuming(await a_consumer(sandbox, queue, note)):
        with tracing.span("POST /v1/tickets"):
            request_trace = tracing.trace_id()
            await publisher.publish(matched("t-1"))
        await eventually(lambda: bool(seen))

    by_name = {span.name: span for span in spans.get_finished_spans()}
    published, processed = by_name["publish ticket.matched"], by_name["process inbox"]
    (link,) = processed.links
    assert published.context is not None
    assert (request_trace, published.context.span_id) == (f"{link.context.trace_id:032x}", link.context.span_id)


@pytest.mark.parametrize("raw", [False, True])
async def test_a_topic_delivers_wrapped_or_raw_and_the_handler_sees_no_difference(
    sandbox: Sandbox, *, raw: bool
) -> None:
    queue = await sandbox.queue()
    topic = await sandbox.topic(queue, raw=raw)
    sns = await sandbox.client("sns")
    seen: list[tuple[str, str]] = []

    async def note(received: Event[TicketMatched]) -> None:
        seen.append((received.subject, tracing.trace_id()))

    trace_id = "0af7651916cd43dd8448eb211c80319c"
    header = {"DataType": "String", "StringValue": f"00-{trace_id}-b7ad6b7169203331-01"}
    async with consuming(await a_consumer(sandbox, queue, note)):
        await sns.publish(TopicArn=topic, Message=dump(matched("t-1")), MessageAttributes={"traceparent": header})
        await eventually(lambda: bool(seen))

    assert [("t-1", trace_id)] == seen
