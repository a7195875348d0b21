import asyncio
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from virtual_time import virtual_time

from muster_gamelift.sink import SNSSink
from muster_gamelift.state.world import Notice
from muster_runtime.testing.clock import FakeClock
from muster_runtime.testing.waiting import eventually

TOPIC = "arn:aws:sns:us-east-1:000000000000:topic"


class Topics:
    """Stands for SNS: refuses the first calls to a topic as often as it is told."""

    def __init__(self, **failures: int) -> None:
        self.failures = failures
        self.published: list[dict[str, Any]] = []

    async def publish(self, **request: Any) -> dict[str, str]:
        name = request["TopicArn"].rsplit(":", 1)[-1]
        if self.failures.get(name, 0) > 0:
            self.failures[name] -= 1
            raise ClientError({"Error": {"Code": "NotFound", "Message": "no such topic"}}, "Publish")
        self.published.append(request)
        return {"MessageId": "1"}

    def numbers(self) -> list[int]:
        return [json.loads(one["Message"])["n"] for one in self.published]


def a_notice(number: int, topic: str = TOPIC, **detail: Any) -> Notice:
    return Notice(topic, {"id": f"id-{number}", "n": number, "detail": {"type": "MatchmakingSearching", **detail}})


def sink_for(topics: Topics, clock: FakeClock | None = None) -> SNSSink:
    async def connect() -> Topics:
        return topics

    return SNSSink(connect, clock=clock or FakeClock(), timeout_s=1.0, give_up_s=900.0)


async def run_until(sink: SNSSink, done: Any) -> None:
    stop = asyncio.Event()
    with virtual_time():
        async with asyncio.TaskGroup() as group:
            group.create_task(sink.run(stop))
            try:
                await eventually(done)
            finally:
                stop.set()


async def test_notices_of_a_topic_are_published_in_order() -> None:
    topics = Topics()
    sink = sink_for(topics)
    for number in range(5):
        sink.hand_over(a_notice(number))

    await run_until(sink, lambda: len(topics.published) == 5)

    assert topics.numbers() == [0, 1, 2, 3, 4]
    assert topics.published[0].keys() == {"TopicArn", "Message"}


@pytest.mark.row("3.1.at.least.once")
async def test_a_failed_publish_is_repeated_and_order_is_kept() -> None:
    topics = Topics(topic=2)
    sink = sink_for(topics)
    for number in range(3):
        sink.hand_over(a_notice(number))

    await run_until(sink, lambda: len(topics.published) == 3)

    assert topics.numbers() == [0, 1, 2]


async def test_a_topic_that_is_down_does_not_hold_up_another() -> None:
    topics = Topics(down=1_000_000)
    sink = sink_for(topics)
    sink.hand_over(a_notice(1, "arn:aws:sns:us-east-1:000000000000:down"))
    sink.hand_over(a_notice(2))

    await run_until(sink, lambda: topics.numbers() == [2])

    assert sink.waiting == 1


async def test_notices_without_a_target_go_nowhere() -> None:
    sink = sink_for(Topics())
    sink.hand_over(a_notice(1, ""))

    assert sink.waiting == 0


async def test_a_notice_is_given_up_when_it_is_too_old() -> None:
    topics, clock = Topics(topic=1), FakeClock()
    sink = sink_for(topics, clock)
    sink.hand_over(a_notice(1))
    clock.advance(900)
    sink.hand_over(a_notice(2))

    await run_until(sink, lambda: sink.waiting == 0)

    assert topics.numbers() == [2]


async def test_what_is_left_at_the_stop_is_still_published() -> None:
    topics = Topics()
    sink = sink_for(topics)
    stop = asyncio.Event()
    stop.set()
    for number in range(3):
        sink.hand_over(a_notice(number))

    await sink.run(stop)

    assert topics.numbers() == [0, 1, 2]


@pytest.mark.row("3.1.fifo.group")
async def test_a_fifo_topic_gets_a_group_and_a_deduplication_id() -> None:
    topics = Topics()
    sink = sink_for(topics)
    sink.hand_over(a_notice(1, f"{TOPIC}.fifo", matchId="m-1"))
    sink.hand_over(a_notice(2, f"{TOPIC}.fifo", tickets=[{"ticketId": "t-1"}]))

    await run_until(sink, lambda: len(topics.published) == 2)

    assert [(one["MessageGroupId"], one["MessageDeduplicationId"]) for one in topics.published] == [
        ("m-1", "id-1"),
        ("t-1", "id-2"),
    ]
