import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from muster_runtime.backoff import first_of, full_jitter, pause
from muster_runtime.metrics import Metrics


def test_two_services_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()

    one.messages_done.labels(consumer="inbox").inc()

    assert 1 == one.registry.get_sample_value("muster_messages_done_total", {"consumer": "inbox"})
    assert other.registry.get_sample_value("muster_messages_done_total", {"consumer": "inbox"}) is None


def test_the_exposition_shows_metrics_of_the_chassis_and_of_the_service() -> None:
    metrics = Metrics(CollectorRegistry())
    metrics.counter("muster_tickets_opened", "Tickets opened").inc()
    metrics.gauge("muster_tickets_open", "Tickets open now").set(3)
    metrics.histogram("muster_ticket_seconds", "Life of a ticket", buckets=(1, 10)).observe(5)

    body, content_type = metrics.exposition()

    assert content_type.startswith("text/plain")
    text = body.decode()
    assert "muster_tickets_opened_total 1.0" in text
    assert "muster_tickets_open 3.0" in text
    assert 'muster_ticket_seconds_bucket{le="10.0"} 1.0' in text
    assert "# HELP muster_messages_parked_total " in text


def test_every_metric_is_named_for_muster_and_explained() -> None:
    for metric in Metrics().registry.collect():
        assert metric.name.startswith("muster_")
        assert len(metric.documentation) > 10


def test_registering_a_name_twice_is_an_error() -> None:
    metrics = Metrics()

    with pytest.raises(ValueError, match="muster_ready"):
        metrics.gauge("muster_ready", "again")


@given(st.integers(-5, 10**6), st.floats(0, 100), st.floats(0, 1000))
def test_a_backoff_is_never_negative_nor_above_its_cap(attempt: int, base_s: float, cap_s: float) -> None:
    assert 0 <= full_jitter(attempt, base_s=base_s, cap_s=cap_s) <= cap_s


async def test_a_pause_ends_early_when_told_to_stop() -> None:
    stop = asyncio.Event()

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        paused = group.create_task(pause(stop, 60))
        stop.set()

    assert paused.result() is True


async def test_a_pause_that_was_not_stopped_says_so() -> None:
    assert await pause(asyncio.Event(), 0.001) is False


async def test_a_stop_before_the_pause_is_seen() -> None:
    stop = asyncio.Event()
    stop.set()

    assert await pause(stop, 0) is True


async def test_the_first_of_several_events_ends_the_wait() -> None:
    one, other = asyncio.Event(), asyncio.Event()

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(first_of(one, other, within_s=60))
        other.set()


async def test_waiting_for_none_of_several_events_ends_at_its_limit() -> None:
    await first_of(asyncio.Event(), asyncio.Event(), within_s=0.001)
