import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import repeat
from typing import Any

import pytest
import structlog
from botocore.exceptions import ClientError
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from virtual_time import virtual_time

from muster_events import registry
from muster_events.envelope import Event, event
from muster_events.gamelift import MatchmakingNotice
from muster_events.registry import dump
from muster_events.tickets import TicketEnded, TicketMatched, TicketSearching
from muster_runtime import tracing
from muster_runtime.errors import Busy, Conflict, Invalid, Unavailable
from muster_runtime.messaging import settling
from muster_runtime.messaging.consumer import Consumer
from muster_runtime.messaging.fates import TooManyParked
from muster_runtime.messaging.queues import QueueMissing
from muster_runtime.messaging.reactions import Parse, Reactions
from muster_runtime.metrics import Metrics
from muster_runtime.settings import ConsumerSettings
from muster_runtime.testing import FakeClock, FakeSQS, Faulty, eventually
from muster_runtime.testing.faults import (
    duplicates,
    outage,
    partial,
    refuse,
    reorder,
    throttle,
    timeout_after_commit,
    unreachable,
)

QUICK: Mapping[str, Any] = {"consumer_backoff_base_s": 0.01, "consumer_backoff_cap_s": 0.02}
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def matched(ticket_id: str = "t-1", **options: Any) -> str:
    data = TicketMatched(ticket_id=ticket_id, player_ids=("p",), match_id="m")
    body: str = dump(event(data, subject=ticket_id, occurred_at=datetime(2026, 1, 1, tzinfo=UTC), **options))
    return body


class Bench:
    """A consumer on a fake queue, and what its handlers saw."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.sqs = FakeSQS(clock)
        self.dead_letters = self.sqs.create("inbox-dead-letters")
        self.queue = self.sqs.create("inbox")
        self.metrics = Metrics()
        self.seen: list[str] = []

    async def note(self, received: Event[TicketMatched]) -> None:
        self.seen.append(received.data.ticket_id)

    def consumer(
        self, reactions: Reactions | None = None, *, sqs: Any = None, parse: Parse = registry.parse, **settings: Any
    ) -> Consumer:
        return Consumer(
            sqs or self.sqs,
            name="inbox",
            queue_url=self.queue,
            dead_letter_url=self.dead_letters,
            reactions=reactions if reactions is not None else {TicketMatched: self.note},
            # Without validation: some tests want a shorter visibility than any real queue.
            settings=ConsumerSettings().model_copy(update={**QUICK, **settings}),
            clock=self.clock,
            metrics=self.metrics,
            parse=parse,
        )

    @asynccontextmanager
    async def consuming(self, reactions: Reactions | None = None, **options: Any) -> AsyncIterator[asyncio.Event]:
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.consumer(reactions, **options).run(stop))
            yield stop
            stop.set()

    async def drained(self) -> None:
        await eventually(lambda: not self.sqs.bodies(self.queue))

    def counted(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, {"consumer": "inbox", **labels}) or 0.0


@pytest.fixture(autouse=True)
async def _virtual_time() -> AsyncIterator[None]:
    with virtual_time():
        yield


@pytest.fixture
def bench(clock: FakeClock) -> Bench:
    return Bench(clock)


def failing(*errors: Exception | None) -> tuple[list[str], Callable[[Any], Awaitable[None]]]:
    calls: list[str] = []
    plan = iter(errors)

    async def handler(received: Event[TicketMatched]) -> None:
        calls.append(received.data.ticket_id)
        if (error := next(plan, errors[-1])) is not None:
            raise error

    return calls, handler


async def test_each_message_is_handled_and_deleted(bench: Bench) -> None:
    for number in range(25):
        bench.sqs.send(bench.queue, matched(f"t-{number}"))

    async with bench.consuming():
        await bench.drained()

    assert sorted(f"t-{number}" for number in range(25)) == sorted(bench.seen)
    assert 25 == bench.counted("muster_messages_done_total")
    assert 25 == bench.counted("muster_messages_received_total")
    assert 0 == bench.counted("muster_messages_in_flight")
    assert [] == bench.sqs.bodies(bench.dead_letters)


async def test_a_handler_gets_the_whole_event(bench: Bench) -> None:
    received: list[Event[Any]] = []

    async def keep(each: Event[Any]) -> None:
        received.append(each)

    bench.sqs.send(bench.queue, matched("t-1", sequence=7))
    async with bench.consuming({TicketMatched: keep}):
        await bench.drained()

    assert [("t-1", 7)] == [(each.subject, each.sequence) for each in received]


async def test_a_notice_reaches_its_handler_with_its_envelope(bench: Bench) -> None:
    received: list[MatchmakingNotice] = []

    async def keep(notice: MatchmakingNotice) -> None:
        received.append(notice)

    notice = {
        "id": "n-1",
        "source": "aws.gamelift",
        "detail-type": "GameLift Matchmaking Event",
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "detail": {"type": "MatchmakingSearching", "tickets": [{"ticketId": "t-1", "players": []}]},
    }
    bench.sqs.send(bench.queue, json.dumps({"Type": "Notification", "TopicArn": "arn", "Message": json.dumps(notice)}))
    async with bench.consuming({MatchmakingNotice: keep}):
        await bench.drained()

    assert ["n-1"] == [each.id for each in received]


@pytest.mark.parametrize(
    "body",
    [
        '{"id": "e", "type": "moon.landed", "version": 1, "data": {}}',
        matched().replace('"version":1', '"version":99'),
        dump(
            event(
                TicketSearching(ticket_id="t", player_ids=()), subject="t", occurred_at=datetime(2026, 1, 1, tzinfo=UTC)
            )
        ),
    ],
    ids=["unknown type", "unknown version", "no reaction"],
)
async def test_what_is_not_for_this_consumer_is_deleted_and_counted(bench: Bench, body: str) -> None:
    bench.sqs.send(bench.queue, body)

    async with bench.consuming():
        await bench.drained()

    assert [] == bench.seen
    assert [] == bench.sqs.bodies(bench.dead_letters)
    assert 1 == bench.counted("muster_messages_unrecognised_total")


async def test_a_poisoned_message_is_parked_whole_with_its_reason_and_the_rest_flows(bench: Bench) -> None:
    bench.sqs.send(bench.queue, "not json \N{SNOWMAN}", {"colour": "red"})
    bench.sqs.send(bench.queue, matched("t-1"))

    async with bench.consuming():
        await bench.drained()

    assert ["t-1"] == bench.seen
    assert ["not json \N{SNOWMAN}"] == bench.sqs.bodies(bench.dead_letters)
    assert [
        {
            "reason": "not_a_document",
            "error": "The message is not JSON.",
            "origin_queue": "inbox",
            "receive_count": "1",
            "colour": "red",
        }
    ] == bench.sqs.attributes(bench.dead_letters)
    assert 1 == bench.counted("muster_messages_parked_total", reason="not_a_document")


async def test_an_event_that_breaks_its_contract_is_parked_without_its_values(bench: Bench) -> None:
    bench.sqs.send(bench.queue, matched("t-1").replace('"match_id":"m"', '"match_id":{"secret":"s3cret"}'))

    async with bench.consuming():
        await bench.drained()

    (attributes,) = bench.sqs.attributes(bench.dead_letters)
    assert "not_an_event" == attributes["reason"]
    assert "match_id" in attributes["error"]
    assert "s3cret" not in attributes["error"]


async def test_a_message_with_ten_attributes_is_parked_with_its_trace_and_ours(bench: Bench) -> None:
    own = {f"a{number}": "x" for number in range(9)} | {"traceparent": TRACEPARENT}
    bench.sqs.send(bench.queue, "poison", own)

    async with bench.consuming():
        await bench.drained()

    (attributes,) = bench.sqs.attributes(bench.dead_letters)
    assert 10 == len(attributes)
    assert TRACEPARENT == attributes["traceparent"]
    assert {"reason", "error", "origin_queue", "receive_count"} < attributes.keys()


async def test_an_error_with_control_characters_can_still_be_parked(bench: Bench) -> None:
    _, handler = failing(Invalid("bad \x00 name \ufffe" + "x" * 5000))
    bench.sqs.send(bench.queue, matched())

    async with bench.consuming({TicketMatched: handler}):
        await bench.drained()

    (attributes,) = bench.sqs.attributes(bench.dead_letters)
    assert attributes["error"].startswith("bad   name  x")
    assert 1000 == len(attributes["error"])


async def test_a_message_that_cannot_be_parked_stays_in_its_queue(bench: Bench) -> None:
    faulty = Faulty(bench.sqs, {"send_message": [outage()]})
    bench.sqs.send(bench.queue, "poison")

    async with bench.consuming(sqs=faulty):
        await eventually(lambda: bench.counted("muster_settle_failures_total", step="park") == 1)
        assert ["poison"] == bench.sqs.bodies(bench.queue)
        bench.clock.advance(31)
        await bench.drained()

    assert ["poison"] == bench.sqs.bodies(bench.dead_letters)


async def test_a_crash_between_parking_and_deleting_parks_it_twice_and_loses_nothing(bench: Bench) -> None:
    faulty = Faulty(bench.sqs, {"delete_message_batch": repeat(refuse("ReceiptHandleIsInvalid"), 4)})
    bench.sqs.send(bench.queue, "poison")

    async with bench.consuming(sqs=faulty):
        await eventually(lambda: bench.counted("muster_settle_failures_total", step="delete") == 1)
        bench.clock.advance(31)
        await bench.drained()

    assert ["poison", "poison"] == bench.sqs.bodies(bench.dead_letters)


async def test_a_transient_failure_gives_the_message_back_with_a_pause(bench: Bench) -> None:
    _, handler = failing(Conflict(retry_after_s=7), None)
    bench.sqs.send(bench.queue, matched())

    async with bench.consuming({TicketMatched: handler}):
        await eventually(lambda: bench.sqs.hidden_for_s(bench.queue) == [7])
        bench.clock.advance(7)
        await bench.drained()

    assert 1 == bench.counted("muster_messages_retried_total", code="conflict")
    assert 1 == bench.counted("muster_messages_done_total")


async def test_a_bug_is_logged_with_its_traceback_and_parked_at_the_last_receive(bench: Bench) -> None:
    calls, handler = failing(KeyError("k"))
    bench.sqs.send(bench.queue, matched())

    with structlog.testing.capture_logs() as logs:
        async with bench.consuming({TicketMatched: handler}, consumer_max_receives=3):
            for tries in (1, 2):
                await eventually(lambda tries=tries: len(calls) == tries)
                await eventually(lambda: bench.sqs.hidden_for_s(bench.queue)[0] <= 1)
                bench.clock.advance(1)
            await bench.drained()

    assert 3 == len(calls)
    (attributes,) = bench.sqs.attributes(bench.dead_letters)
    assert ("too_many_receives", "KeyError", "3") == (
        attributes["reason"],
        attributes["error"],
        attributes["receive_count"],
    )
    failures = [each for each in logs if each["event"] == "message_failed"]
    assert 3 == len(failures)
    assert all(isinstance(each["exc_info"], KeyError) for each in failures)


async def test_an_outage_never_parks_a_message_however_long_it_lasts(bench: Bench) -> None:
    calls, handler = failing(*[Unavailable()] * 12, None)
    bench.sqs.send(bench.queue, matched())

    async with bench.consuming({TicketMatched: handler}, consumer_max_receives=2):

        def goes_on() -> bool:
            bench.clock.advance(1)
            return not bench.sqs.bodies(bench.queue)

        await eventually(goes_on)

    assert 13 == len(calls)
    assert [] == bench.sqs.bodies(bench.dead_letters)


async def test_a_handler_past_its_deadline_is_stopped_and_its_message_given_back(bench: Bench) -> None:
    stopped = asyncio.Event()

    async def hang(_: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    bench.sqs.send(bench.queue, matched())
    async with bench.consuming({TicketMatched: hang}, consumer_handler_deadline_s=0.02):
        await eventually(lambda: bench.counted("muster_messages_retried_total", code="HandlerOverdue") == 1)

    assert stopped.is_set()
    assert 1 == len(bench.sqs.bodies(bench.queue))


async def test_a_time_out_of_the_handlers_own_is_not_taken_for_the_deadline(bench: Bench) -> None:
    _, handler = failing(TimeoutError())
    bench.sqs.send(bench.queue, matched())

    async with bench.consuming({TicketMatched: handler}):
        await eventually(lambda: bench.counted("muster_messages_retried_total", code="TimeoutError") == 1)


async def cancelled_elsewhere(*_: Any) -> Any:
    """Wait for something that others share, and that one of them cancels."""
    shared: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    shared.cancel()
    return await shared


async def test_a_handler_that_ends_by_a_cancellation_of_something_else_has_failed_like_any_other(bench: Bench) -> None:
    bench.sqs.send(bench.queue, matched())

    async with bench.consuming({TicketMatched: cancelled_elsewhere}, consumer_max_receives=1):
        await eventually(lambda: bench.sqs.bodies(bench.dead_letters))

    assert 1 == bench.counted("muster_messages_parked_total", reason="too_many_receives")


async def test_a_receive_that_ends_by_a_cancellation_of_something_else_is_tried_again(bench: Bench) -> None:
    bench.sqs.send(bench.queue, matched())

    async with bench.consuming(sqs=Faulty(bench.sqs, {"receive_message": [cancelled_elsewhere]})):
        await eventually(lambda: bench.seen)

    assert 1 == bench.counted("muster_receive_failures_total")


async def test_no_more_is_received_than_can_be_started(bench: Bench) -> None:
    release = asyncio.Event()
    started: list[str] = []

    async def hold(received: Event[TicketMatched]) -> None:
        started.append(received.data.ticket_id)
        await release.wait()

    for number in range(20):
        bench.sqs.send(bench.queue, matched(f"t-{number}"))
    async with bench.consuming({TicketMatched: hold}, consumer_concurrency=3):
        await eventually(lambda: len(started) == 3)
        assert 3 == sum(bench.sqs.receives(bench.queue))
        assert 3 == bench.counted("muster_messages_in_flight")
        release.set()
        await bench.drained()

    assert 20 == len(started)
    assert 20 == bench.counted("muster_messages_done_total")


async def test_stopping_lets_the_long_poll_end_and_cancels_nothing(bench: Bench) -> None:
    bench.sqs = FakeSQS(bench.clock, long_poll_s=0.1)
    bench.dead_letters, bench.queue = bench.sqs.create("dead"), bench.sqs.create("inbox")

    async with bench.consuming() as stop:
        await eventually(lambda: bench.sqs.waiting == 1)
        stop.set()
        assert 1 == bench.sqs.waiting

    assert 0 == bench.sqs.cancelled_receives
    assert 0 == bench.sqs.waiting


async def test_messages_of_the_last_receive_are_given_back_unstarted(bench: Bench) -> None:
    bench.sqs = FakeSQS(bench.clock, long_poll_s=5)
    bench.dead_letters, bench.queue = bench.sqs.create("dead"), bench.sqs.create("inbox")

    async with bench.consuming() as stop:
        await eventually(lambda: bench.sqs.waiting == 1)
        stop.set()
        bench.sqs.send(bench.queue, matched())

    assert [] == bench.seen
    assert [0] == bench.sqs.hidden_for_s(bench.queue)
    assert 1 == bench.counted("muster_messages_returned_total")


async def test_stopping_waits_for_handlers_and_deletes_what_they_finished(bench: Bench) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def hold(_: object) -> None:
        started.set()
        await release.wait()

    bench.sqs.send(bench.queue, matched())
    async with bench.consuming({TicketMatched: hold}) as stop:
        await started.wait()
        stop.set()
        await eventually(lambda: bench.sqs.waiting == 0)
        release.set()

    assert [] == bench.sqs.bodies(bench.queue)


async def test_stopping_while_all_slots_are_taken_receives_nothing_more(bench: Bench) -> None:
    release = asyncio.Event()

    async def hold(_: object) -> None:
        await release.wait()

    for number in range(5):
        bench.sqs.send(bench.queue, matched(f"t-{number}"))
    async with bench.consuming({TicketMatched: hold}, consumer_concurrency=1) as stop:
        await eventually(lambda: bench.counted("muster_messages_in_flight") == 1)
        stop.set()
        release.set()

    assert [0, 0, 0, 0] == bench.sqs.receives(bench.queue)


@pytest.mark.parametrize("fault", [throttle(), outage(), unreachable(), refuse("AccessDenied")])
async def test_a_failed_receive_is_counted_and_tried_again(bench: Bench, fault: Any) -> None:
    faulty = Faulty(bench.sqs, {"receive_message": [fault] * 3})
    bench.sqs.send(bench.queue, matched())

    async with bench.consuming(sqs=faulty):
        await bench.drained()

    assert 3 == bench.counted("muster_receive_failures_total")


async def test_a_receive_whose_answer_is_lost_costs_a_receive_and_no_message(bench: Bench) -> None:
    faulty = Faulty(bench.sqs, {"receive_message": [timeout_after_commit()]})
    bench.sqs.send(bench.queue, matched("t-1"))

    async with bench.consuming(sqs=faulty):
        await eventually(lambda: bench.counted("muster_receive_failures_total") == 1)
        bench.clock.advance(31)
        await bench.drained()

    assert ["t-1"] == bench.seen


async def test_entries_that_a_batch_failed_to_delete_are_deleted_in_the_next(bench: Bench) -> None:
    faulty = Faulty(bench.sqs, {"delete_message_batch": [partial(0), partial(0), None]})
    bench.sqs.send(bench.queue, matched("t-1"))

    async with bench.consuming(sqs=faulty):
        await bench.drained()

    assert ["t-1"] == bench.seen
    assert 3 == faulty.calls.count("delete_message_batch")


async def test_many_finished_messages_are_deleted_in_few_calls(bench: Bench) -> None:
    faulty = Faulty(bench.sqs, {})
    for number in range(10):
        bench.sqs.send(bench.queue, matched(f"t-{number}"))

    async with bench.consuming(sqs=faulty):
        await bench.drained()

    assert faulty.calls.count("delete_message_batch") <= 3


async def test_repeats_and_another_order_reach_the_handler_as_they_come(bench: Bench) -> None:
    faulty = Faulty(bench.sqs, {"receive_message": [reorder()]})
    for number in range(3):
        bench.sqs.send(bench.queue, matched(f"t-{number}"))

    async with bench.consuming(sqs=faulty, consumer_concurrency=3):
        await bench.drained()

    assert ["t-2", "t-1", "t-0"] == bench.seen


async def test_a_message_received_twice_at_once_is_handled_twice_and_deleted_once(bench: Bench) -> None:
    faulty = Faulty(bench.sqs, {"receive_message": [duplicates()]})
    bench.sqs.send(bench.queue, matched("t-1"))

    async with bench.consuming(sqs=faulty):
        await eventually(lambda: len(bench.seen) == 2)
        await bench.drained()

    assert ["t-1", "t-1"] == bench.seen


async def test_parking_too_large_a_share_ends_the_consumer_and_leaves_the_rest_in_the_queue(bench: Bench) -> None:
    _, handler = failing(Invalid("bad deployment"))
    for number in range(200):
        bench.sqs.send(bench.queue, matched(f"t-{number}"))

    with pytest.raises(TooManyParked):
        await bench.consumer({TicketMatched: handler}, consumer_concurrency=5).run(asyncio.Event())

    parked = len(bench.sqs.bodies(bench.dead_letters))
    assert 20 <= parked <= 25
    assert 200 - parked == len(bench.sqs.bodies(bench.queue))


async def test_a_smaller_share_is_parked_without_end(bench: Bench) -> None:
    async def handler(received: Event[TicketMatched]) -> None:
        if int(received.data.ticket_id) % 3 == 0:
            raise Invalid("every third")

    for number in range(150):
        bench.sqs.send(bench.queue, matched(str(number)))
    async with bench.consuming({TicketMatched: handler}):
        await bench.drained()

    assert 50 == len(bench.sqs.bodies(bench.dead_letters))


@pytest.mark.parametrize("missing", ["queue", "dead_letters"])
async def test_a_queue_that_does_not_exist_is_fatal_at_the_start(bench: Bench, missing: str) -> None:
    setattr(bench, missing, "https://sqs.test/000000000000/nowhere")

    with pytest.raises(QueueMissing, match="nowhere"):
        await bench.consumer().run(asyncio.Event())


async def test_a_start_during_an_outage_waits_for_its_end(bench: Bench) -> None:
    faulty = Faulty(bench.sqs, {"get_queue_attributes": [outage(), throttle()]})
    bench.sqs.send(bench.queue, matched("t-1"))

    async with bench.consuming(sqs=faulty):
        await bench.drained()

    assert ["t-1"] == bench.seen


async def test_a_slow_message_is_kept_hidden_by_heartbeats(bench: Bench) -> None:
    release = asyncio.Event()

    async def hold(_: object) -> None:
        await release.wait()

    faulty = Faulty(bench.sqs, {})
    bench.sqs.send(bench.queue, matched())
    async with bench.consuming({TicketMatched: hold}, sqs=faulty, consumer_visibility_s=0.3):
        # Received for 0.3 s, and then hidden for a whole second, the least that SQS knows.
        await eventually(lambda: bench.sqs.hidden_for_s(bench.queue) == [1])
        bench.clock.advance(0.9)
        await eventually(lambda: bench.sqs.hidden_for_s(bench.queue) == [1])
        release.set()
        await bench.drained()

    assert 2 <= faulty.calls.count("change_message_visibility")
    assert 1 == bench.counted("muster_messages_received_total")
    assert 0 == bench.counted("muster_heartbeat_failures_total")


async def test_a_failed_heartbeat_is_counted_and_the_handler_goes_on(bench: Bench) -> None:
    release = asyncio.Event()

    async def hold(received: Event[TicketMatched]) -> None:
        await release.wait()
        await bench.note(received)

    faulty = Faulty(bench.sqs, {"change_message_visibility": [refuse("ReceiptHandleIsInvalid")]})
    bench.sqs.send(bench.queue, matched("t-1"))
    async with bench.consuming({TicketMatched: hold}, sqs=faulty, consumer_visibility_s=0.1):
        await eventually(lambda: bench.counted("muster_heartbeat_failures_total") == 1)
        release.set()
        await bench.drained()

    assert ["t-1"] == bench.seen


async def test_the_handler_runs_in_a_span_that_links_to_the_producer(bench: Bench, spans: InMemorySpanExporter) -> None:
    bench.sqs.send(bench.queue, matched(trace={"traceparent": TRACEPARENT}))

    async with bench.consuming():
        await bench.drained()

    (span,) = spans.get_finished_spans()
    assert "process inbox" == span.name
    assert span.parent is None
    assert [int(TRACEPARENT.split("-")[1], 16)] == [link.context.trace_id for link in span.links]


async def test_without_an_sdk_the_trace_of_the_producer_goes_on(bench: Bench) -> None:
    seen: list[str] = []

    async def keep(_: object) -> None:
        seen.append(tracing.inject()["traceparent"])

    bench.sqs.send(bench.queue, matched(trace={"traceparent": TRACEPARENT}))
    async with bench.consuming({TicketMatched: keep}):
        await bench.drained()

    assert [TRACEPARENT] == seen


async def test_logs_of_a_handler_name_the_message_and_the_event(bench: Bench) -> None:
    bound: list[Mapping[str, Any]] = []

    async def keep(_: object) -> None:
        bound.append(structlog.contextvars.get_contextvars())

    bench.sqs.send(bench.queue, matched("t-1", trace={"traceparent": TRACEPARENT}))
    async with bench.consuming({TicketMatched: keep}):
        await bench.drained()

    (context,) = bound
    assert {
        "consumer": "inbox",
        "message_id": "message-1",
        "receives": 1,
        "event_type": "ticket.matched",
        "subject": "t-1",
        "trace": TRACEPARENT.split("-")[1],
    }.items() <= context.items()
    assert json.loads(matched("t-1"))["id"] == context["event_id"]


async def test_the_age_of_a_message_is_measured_from_its_first_send(bench: Bench) -> None:
    bench.sqs.send(bench.queue, matched())
    bench.clock.advance(42)

    async with bench.consuming():
        await bench.drained()

    assert 42 == bench.counted("muster_message_age_seconds_sum")


async def test_one_consumer_takes_several_kinds_of_events(bench: Bench) -> None:
    ended: list[str] = []

    async def on_ended(received: Event[TicketEnded]) -> None:
        ended.append(received.data.ticket_id)

    data = TicketEnded(ticket_id="t-2", player_ids=(), outcome="failed")
    bench.sqs.send(bench.queue, matched("t-1"))
    bench.sqs.send(bench.queue, dump(event(data, subject="t-2", occurred_at=datetime(2026, 1, 1, tzinfo=UTC))))
    async with bench.consuming({TicketMatched: bench.note, TicketEnded: on_ended}):
        await bench.drained()

    assert (["t-1"], ["t-2"]) == (bench.seen, ended)


async def test_receiving_slows_down_while_a_dependency_is_away(bench: Bench) -> None:
    _, handler = failing(Busy())
    faulty = Faulty(bench.sqs, {})
    for number in range(50):
        bench.sqs.send(bench.queue, matched(f"t-{number}"))

    slow = {"consumer_backoff_base_s": 300, "consumer_backoff_cap_s": 300}
    async with bench.consuming({TicketMatched: handler}, sqs=faulty, consumer_concurrency=2, **slow):
        await eventually(lambda: bench.counted("muster_messages_retried_total", code="busy") >= 2)
        # It now pauses for seconds, where it would otherwise have gone through all messages.
        assert bench.counted("muster_messages_received_total") <= 4


async def test_a_message_that_cannot_be_given_back_comes_back_by_itself(bench: Bench) -> None:
    calls, handler = failing(Conflict(), Conflict(), None)
    faulty = Faulty(bench.sqs, {"change_message_visibility_batch": [outage(), partial(0)]})
    bench.sqs.send(bench.queue, matched())

    async with bench.consuming({TicketMatched: handler}, sqs=faulty):
        for failures in (1, 2):
            await eventually(
                lambda failures=failures: bench.counted("muster_settle_failures_total", step="return") == failures
            )
            assert [30] == bench.sqs.hidden_for_s(bench.queue)
            bench.clock.advance(30)
        await bench.drained()

    assert 3 == len(calls)


async def test_a_fault_of_the_consumer_itself_costs_one_message_its_turn_and_no_other(bench: Bench) -> None:
    class Spiteful:
        @property
        def id(self) -> str:
            raise LookupError("no id today")

    spite = iter([Spiteful()])

    def parse(document: Mapping[str, Any]) -> object:
        return next(spite, None) or registry.parse(document)

    bench.sqs.send(bench.queue, matched("t-1"))
    consumer = bench.consumer(parse=parse)
    stop = asyncio.Event()
    with structlog.testing.capture_logs() as logs:
        async with asyncio.TaskGroup() as group:
            group.create_task(consumer.run(stop))
            await eventually(lambda: any(each["event"] == "consumer_failed" for each in logs))
            bench.sqs.send(bench.queue, matched("t-2"))
            await eventually(lambda: bench.seen == ["t-2"])
            bench.clock.advance(30)
            await bench.drained()
            stop.set()

    assert ["t-2", "t-1"] == bench.seen


async def test_a_queue_with_commands_of_its_own_brings_its_own_parser(bench: Bench) -> None:
    class Rotate:
        pass

    rotations: list[Rotate] = []

    async def rotate(command: Rotate) -> None:
        rotations.append(command)

    bench.sqs.send(bench.queue, '{"command": "rotate"}')
    consumer = bench.consumer({Rotate: rotate}, parse=lambda _: Rotate())
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(consumer.run(stop))
        await bench.drained()
        stop.set()

    assert 1 == len(rotations)


async def test_a_probe_tells_a_queue_that_is_there_from_one_that_is_not(bench: Bench) -> None:
    await bench.consumer().ping()
    bench.queue += "-missing"

    with pytest.raises(ClientError, match="NonExistentQueue"):
        await bench.consumer().ping()


async def test_messages_handled_together_are_deleted_together(bench: Bench) -> None:
    faulty = Faulty(bench.sqs, {})
    for number in range(10):
        bench.sqs.send(bench.queue, matched(f"t-{number}"))

    async with bench.consuming(sqs=faulty):
        await bench.drained()

    assert 1 == faulty.calls.count("delete_message_batch")


async def test_a_message_handled_alone_is_deleted_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "GATHER_S", 3600.0)
    bench.sqs.send(bench.queue, matched())

    async with bench.consuming():
        await bench.drained()

    assert ["t-1"] == bench.seen


async def test_a_slow_handler_keeps_neither_deletions_nor_receives_of_others_waiting(bench: Bench) -> None:
    release = asyncio.Event()

    async def handle(received: Event[TicketMatched]) -> None:
        await bench.note(received)
        if received.subject == "slow":
            await release.wait()

    bench.sqs.send(bench.queue, matched("slow"))
    for number in range(12):
        bench.sqs.send(bench.queue, matched(f"t-{number}"))
    async with bench.consuming({TicketMatched: handle}):
        await eventually(lambda: bench.counted("muster_messages_done_total") == 12)
        await eventually(lambda: len(bench.sqs.hidden_for_s(bench.queue)) == 1)
        release.set()
        await bench.drained()

    assert 13 == len(set(bench.seen))


async def test_free_slots_gather_before_the_next_receive(bench: Bench) -> None:
    faulty = Faulty(bench.sqs, {})
    for number in range(30):
        bench.sqs.send(bench.queue, matched(f"t-{number}"))

    async with bench.consuming(sqs=faulty):
        await eventually(lambda: len(bench.seen) == 30)
        received = faulty.calls.count("receive_message")
        await bench.drained()

    assert received <= 4


async def test_heartbeats_of_several_messages_share_a_timer_and_name_their_own_message(bench: Bench) -> None:
    release = asyncio.Event()

    async def hold(_: object) -> None:
        await release.wait()

    faulty = Faulty(bench.sqs, {"change_message_visibility": [refuse("ServiceUnavailable")] * 2})
    bench.sqs.send(bench.queue, matched("t-1"))
    bench.sqs.send(bench.queue, matched("t-2"))
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        async with bench.consuming({TicketMatched: hold}, sqs=faulty, consumer_visibility_s=0.1):
            await eventually(lambda: faulty.calls.count("change_message_visibility") >= 6)
            release.set()
            await bench.drained()

    failed = [line["message_id"] for line in logs if line["event"] == "heartbeat_failed"]
    assert {"message-1", "message-2"} == set(failed)
    assert 2 == bench.counted("muster_heartbeat_failures_total")


async def test_a_message_is_settled_only_after_its_extension_under_way(bench: Bench) -> None:
    begun, answer, release = asyncio.Event(), asyncio.Event(), asyncio.Event()
    calls: list[str] = []

    class Slow(Faulty):
        async def change_message_visibility(self, **request: Any) -> Any:
            begun.set()
            await answer.wait()
            calls.append("extended")
            return await bench.sqs.change_message_visibility(**request)

        async def delete_message_batch(self, **request: Any) -> Any:
            calls.append("deleted")
            return await bench.sqs.delete_message_batch(**request)

    async def hold(_: object) -> None:
        await release.wait()

    bench.sqs.send(bench.queue, matched())
    async with bench.consuming({TicketMatched: hold}, sqs=Slow(bench.sqs, {}), consumer_visibility_s=1.5):
        await begun.wait()
        release.set()
        await eventually(lambda: bench.counted("muster_messages_done_total") == 1)
        answer.set()
        await bench.drained()

    assert ["extended", "deleted"] == calls
