import json
from datetime import UTC, datetime
from itertools import repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from muster_events.envelope import Event, event
from muster_events.tickets import TicketEnded, TicketMatched
from muster_runtime import tracing
from muster_runtime.errors import Busy, Invalid, Unavailable
from muster_runtime.messaging.publisher import (
    MAX_BYTES,
    MAX_ENTRIES,
    Entry,
    EntryTooLarge,
    Publisher,
    batches,
    entry,
)
from muster_runtime.metrics import Metrics
from muster_runtime.testing import FakeClock, FakeEvents, Faulty
from muster_runtime.testing.faults import outage, refuse, throttle, timeout_after_commit

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def an_event(ticket_id: str = "t-1", *, players: int = 1, **options: Any) -> Event[TicketMatched]:
    data = TicketMatched(ticket_id=ticket_id, player_ids=("p" * 100,) * players, match_id="m")
    return event(data, subject=ticket_id, occurred_at=NOW, **options)


def a_publisher(events: object, metrics: Metrics | None = None, **options: Any) -> Publisher:
    options = {"backoff_base_s": 0.001, **options}
    return Publisher(events, bus="muster", clock=FakeClock(), metrics=metrics or Metrics(), **options)


async def test_an_event_travels_whole_under_the_name_of_its_producer() -> None:
    bus = FakeEvents()
    sent = an_event(sequence=3, trace={"traceparent": "given"})

    await a_publisher(bus).publish(sent)

    (wire,) = bus.accepted
    assert ("muster", "muster.tickets", "ticket.matched", NOW) == (
        wire["EventBusName"],
        wire["Source"],
        wire["DetailType"],
        wire["Time"],
    )
    assert [sent] == bus.events


async def test_publishing_nothing_calls_nobody() -> None:
    bus = FakeEvents()

    await a_publisher(bus).publish()

    assert [] == bus.requests


async def test_many_events_go_out_ten_at_a_time_in_order() -> None:
    bus = FakeEvents()

    await a_publisher(bus).publish(*(an_event(f"t-{number}") for number in range(25)))

    assert [10, 10, 5] == [len(each) for each in bus.requests]
    assert [f"t-{number}" for number in range(25)] == [each.subject for each in bus.events]


async def test_large_events_go_out_in_as_many_calls_as_their_size_needs() -> None:
    bus = FakeEvents()

    await a_publisher(bus).publish(*(an_event(f"t-{number}", players=1000) for number in range(5)))

    assert [2, 2, 1] == [len(each) for each in bus.requests]


async def test_an_event_too_large_for_the_bus_is_refused_before_anything_is_sent() -> None:
    bus = FakeEvents()

    with pytest.raises(EntryTooLarge) as caught:
        await a_publisher(bus).publish(an_event("small"), an_event("large", players=3000))

    assert caught.value.size_bytes > MAX_BYTES
    assert [] == bus.requests


async def test_an_event_that_breaks_its_contract_is_refused_before_anything_is_sent() -> None:
    bus = FakeEvents()
    broken = an_event().model_copy(update={"source": "matchmaking"})

    with pytest.raises(Invalid):
        await a_publisher(bus).publish(an_event("fine"), broken)

    assert [] == bus.requests


async def test_only_the_entries_that_were_refused_are_sent_again() -> None:
    bus, metrics = FakeEvents(), Metrics()
    bus.refuse_next({1: "ThrottlingException", 3: "InternalFailure"})
    bus.refuse_next({0: "InternalFailure"})

    await a_publisher(bus, metrics).publish(*(an_event(f"t-{number}") for number in range(5)))

    assert [5, 2, 1] == [len(each) for each in bus.requests]
    assert ["t-0", "t-2", "t-4", "t-3", "t-1"] == [each.subject for each in bus.events]
    value = metrics.registry.get_sample_value
    assert 5 == value("muster_events_published_total", {"type": "ticket.matched"})
    assert 2 == value("muster_events_failed_total", {"code": "InternalFailure"})
    assert 1 == value("muster_events_failed_total", {"code": "ThrottlingException"})


@pytest.mark.parametrize(
    ("code", "family"), [("ThrottlingException", Busy), ("InternalFailure", Unavailable), ("Strange", Unavailable)]
)
async def test_it_gives_up_after_a_bounded_number_of_tries(code: str, family: type[Exception]) -> None:
    bus = FakeEvents()
    for _ in range(10):
        bus.refuse_next(every=code)

    with pytest.raises(family):
        await a_publisher(bus, attempts=4).publish(an_event())

    assert 4 == len(bus.requests)


async def test_it_gives_up_at_its_deadline() -> None:
    bus = FakeEvents()
    for _ in range(100):
        bus.refuse_next(every="InternalFailure")

    with pytest.raises(Unavailable):
        await a_publisher(bus, attempts=1000, deadline_s=0.05, backoff_base_s=0.02).publish(an_event())

    assert len(bus.requests) < 100


async def test_what_the_bus_refuses_for_good_is_not_tried_again() -> None:
    bus = FakeEvents()
    bus.refuse_next(every="MalformedDetail")

    with pytest.raises(Invalid, match="MalformedDetail"):
        await a_publisher(bus).publish(an_event())

    assert 1 == len(bus.requests)


@pytest.mark.parametrize(
    ("fault", "family"),
    [(throttle(), Busy), (outage(), Unavailable), (refuse("AccessDeniedException"), Unavailable)],
)
async def test_a_call_that_fails_as_a_whole_is_told_by_its_family(fault: Any, family: type[Exception]) -> None:
    metrics = Metrics()

    with pytest.raises(family):
        await a_publisher(Faulty(FakeEvents(), {"put_events": [fault]}), metrics).publish(an_event())

    assert 1 == sum(
        sample.value
        for metric in metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "muster_events_failed_total"
    )


async def test_a_repeat_after_a_lost_answer_carries_the_same_id() -> None:
    bus = FakeEvents()
    publisher = a_publisher(Faulty(bus, {"put_events": [timeout_after_commit()]}))

    with pytest.raises(Unavailable):
        await publisher.publish(an_event())
    await publisher.publish(an_event())

    first, second = bus.events
    assert first.id == second.id


async def test_an_event_without_trace_context_gets_the_present_one(spans: InMemorySpanExporter) -> None:
    bus = FakeEvents()

    await a_publisher(bus).publish(an_event())

    (span,) = spans.get_finished_spans()
    assert "publish ticket.matched" == span.name
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == bus.events[0].trace["traceparent"].split("-")[1]


async def test_an_event_keeps_the_trace_context_of_its_cause() -> None:
    bus = FakeEvents()

    with tracing.span("other"):
        await a_publisher(bus).publish(an_event(trace={"traceparent": "its own"}))

    assert {"traceparent": "its own"} == bus.events[0].trace


def test_characters_that_sqs_cannot_carry_are_escaped_and_mean_the_same() -> None:
    reason = "name \ufffe\uffff\x00\x1f end"
    data = TicketEnded(ticket_id="t", player_ids=(), outcome="failed", reason=reason)

    detail = entry(event(data, subject="t", occurred_at=NOW)).detail

    assert not set(detail) & {"\ufffe", "\uffff", "\x00", "\x1f"}
    assert reason == json.loads(detail)["data"]["reason"]


def sized(size_bytes: int) -> Entry:
    empty = Entry(id="e", source="s", type="t", detail="", occurred_at=NOW)
    return Entry(id="e", source="s", type="t", detail="x" * (size_bytes - empty.size_bytes), occurred_at=NOW)


@given(st.lists(st.integers(100, MAX_BYTES), max_size=60))
def test_batches_keep_the_order_and_both_limits(sizes: list[int]) -> None:
    entries = [sized(each) for each in sizes]

    made = list(batches(entries))

    assert entries == [each for batch in made for each in batch]
    assert all(1 <= len(batch) <= MAX_ENTRIES for batch in made)
    assert all(sum(each.size_bytes for each in batch) <= MAX_BYTES for batch in made)


def test_the_size_of_an_entry_counts_bytes_and_not_characters() -> None:
    narrow = Entry(id="e", source="s", type="t", detail="a", occurred_at=NOW)
    wide = Entry(id="e", source="s", type="t", detail="\N{SNOWMAN}", occurred_at=NOW)

    assert 2 == wide.size_bytes - narrow.size_bytes


async def test_an_endless_throttle_of_calls_ends_at_the_first() -> None:
    faulty = Faulty(FakeEvents(), {"put_events": repeat(throttle())})

    with pytest.raises(Busy):
        await a_publisher(faulty).publish(an_event())

    assert ["put_events"] == faulty.calls
