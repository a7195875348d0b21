"""Notices on the default bus, with stand-ins for EventBridge, SQS and SNS."""

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from virtual_time import virtual_time

from muster_gamelift.bus.sink import BusSink
from muster_gamelift.state.world import Notice
from muster_runtime.testing.clock import FakeClock
from muster_runtime.testing.waiting import eventually

QUEUE, TOPIC = "arn:aws:sqs:us-east-1:000000000000:queue", "arn:aws:sns:us-east-1:000000000000:topic"


class AWS:
    """Stands for the three services; calls fail as often as they are told."""

    def __init__(self, endpoint: str = "http://127.0.0.1:4566") -> None:
        self.meta = SimpleNamespace(endpoint_url=endpoint)
        self.rules: dict[str, dict[str, Any]] = {}
        self.targets: dict[str, list[dict[str, Any]]] = {}
        self.failures: dict[str, int] = {}
        self.sent: list[dict[str, Any]] = []
        self.calls: list[str] = []

    def rule(
        self, name: str, pattern: dict[str, Any] | str | None, *targets: dict[str, Any], state: str = "ENABLED"
    ) -> None:
        text = pattern if isinstance(pattern, str) else json.dumps(pattern)
        found = {"Name": name, "Arn": f"arn:rule/{name}", "State": state}
        self.rules[name] = found if pattern is None else {**found, "EventPattern": text}
        self.targets[name] = [{"Id": str(number), **target} for number, target in enumerate(targets)]

    async def connect(self, _service: str) -> "AWS":
        return self

    async def list_rules(self, EventBusName: str, NextToken: str = "0") -> dict[str, Any]:  # noqa: N803 - AWS's names
        self._call("list_rules")
        assert EventBusName == "default"
        rules, place = list(self.rules.values()), int(NextToken)
        # One rule a page, so that paging is seen.
        return {"Rules": rules[place : place + 1], **({"NextToken": str(place + 1)} if place + 1 < len(rules) else {})}

    async def list_targets_by_rule(self, EventBusName: str, Rule: str) -> dict[str, Any]:  # noqa: N803 - AWS's names
        self._call("list_targets_by_rule")
        assert EventBusName == "default"
        return {"Targets": self.targets[Rule]}

    async def get_queue_url(self, QueueName: str, QueueOwnerAWSAccountId: str) -> dict[str, str]:  # noqa: N803 - AWS's names
        self._call("get_queue_url")
        return {"QueueUrl": f"http://queue/{QueueOwnerAWSAccountId}/{QueueName}"}

    async def send_message(self, **request: Any) -> None:
        self._call("send_message")
        self.sent.append(request)

    async def publish(self, **request: Any) -> None:
        self._call("publish")
        self.sent.append(request)

    def _call(self, operation: str) -> None:
        self.calls.append(operation)
        if self.failures.get(operation, 0) > 0:
            self.failures[operation] -= 1
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)


class Bus:
    """A sink under test."""

    def __init__(self, aws: AWS) -> None:
        self.clock = FakeClock()
        self.done: list[str] = []
        self.sink = BusSink(
            aws.connect,
            clock=self.clock,
            timeout_s=1.0,
            give_up_s=900.0,
            fresh_s=2.0,
            done=lambda notice: self.done.append(notice.envelope["id"]),
        )

    def tell(self, *ids: str, kind: str = "MatchmakingSearching") -> None:
        for one in ids:
            envelope = {"id": one, "source": "aws.gamelift", "time": "T", "detail": {"type": kind}}
            self.sink.hand_over(Notice("", envelope))

    async def until(self, seen: Callable[[], object]) -> None:
        stop = asyncio.Event()
        with virtual_time():
            async with asyncio.TaskGroup() as group:
                group.create_task(self.sink.run(stop))
                try:
                    await eventually(seen)
                finally:
                    stop.set()


ALL = {"source": ["aws.gamelift"]}


async def test_a_notice_goes_to_every_target_of_every_rule_that_wants_it() -> None:
    aws = AWS()
    aws.rule("all", ALL, {"Arn": QUEUE}, {"Arn": TOPIC})
    aws.rule("others", {"source": ["aws.ec2"]}, {"Arn": QUEUE})
    aws.rule("off", ALL, {"Arn": QUEUE}, state="DISABLED")
    aws.rule("clock", None, {"Arn": QUEUE})
    bus = Bus(aws)
    bus.tell("e-1", "e-2")

    await bus.until(lambda: len(bus.done) == 2)

    assert len(aws.sent) == 4
    queued = [one for one in aws.sent if "QueueUrl" in one]
    assert ["e-1", "e-2"] == [json.loads(one["MessageBody"])["id"] for one in queued]
    assert queued[0]["QueueUrl"] == "http://queue/000000000000/queue"
    assert ["e-1", "e-2"] == [json.loads(one["Message"])["id"] for one in aws.sent if "TopicArn" in one]
    assert aws.calls.count("get_queue_url") == 1


async def test_a_fifo_queue_gets_the_group_of_the_rule_and_each_notice_once() -> None:
    aws = AWS()
    aws.rule("all", ALL, {"Arn": f"{QUEUE}.fifo", "SqsParameters": {"MessageGroupId": "matches"}})
    bus = Bus(aws)
    bus.tell("e-1")

    await bus.until(lambda: bus.done)

    assert (aws.sent[0]["MessageGroupId"], aws.sent[0]["MessageDeduplicationId"]) == ("matches", "e-1")


async def test_targets_get_the_input_they_ask_for() -> None:
    aws = AWS()
    transformer = {"InputPathsMap": {"type": "$.detail.type"}, "InputTemplate": '"<type> by <aws.events.rule-name>"'}
    aws.rule("all", ALL, {"Arn": QUEUE, "InputTransformer": transformer}, {"Arn": TOPIC, "InputPath": "$.detail"})
    bus = Bus(aws)
    bus.tell("e-1")

    await bus.until(lambda: bus.done)

    bodies = {one.get("MessageBody", one.get("Message")) for one in aws.sent}
    assert bodies == {'"MatchmakingSearching by all"', '{"type":"MatchmakingSearching"}'}


async def test_what_cannot_be_served_is_left_out_and_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    aws = AWS()
    aws.rule("all", ALL, {"Arn": "arn:aws:lambda:us-east-1:000000000000:function:f"}, {"Arn": f"{TOPIC}.fifo"})
    aws.rule("broken", '{"source": "aws.gamelift"}', {"Arn": QUEUE})
    aws.rule("odd", ALL, {"Arn": QUEUE, "InputPath": "$..type"})
    bus = Bus(aws)
    bus.tell("e-1")
    await bus.until(lambda: bus.done)
    bus.clock.advance(60.0)
    bus.tell("e-2")
    await bus.until(lambda: len(bus.done) == 2)

    assert aws.sent == []
    written = capsys.readouterr().out
    assert written.count("bus_target_not_served") == 2
    assert written.count("bus_rule_ignored") == 1
    assert written.count("bus_input_refused") == 2


async def test_rules_are_read_again_when_they_are_old() -> None:
    aws = AWS()
    bus = Bus(aws)
    bus.tell("e-1")
    await bus.until(lambda: bus.done)
    aws.rule("all", ALL, {"Arn": QUEUE})
    bus.clock.advance(1.9)
    bus.tell("e-2")
    await bus.until(lambda: len(bus.done) == 2)
    assert aws.sent == []

    bus.clock.advance(0.1)
    bus.tell("e-3")
    await bus.until(lambda: len(bus.done) == 3)

    assert ["e-3"] == [json.loads(one["MessageBody"])["id"] for one in aws.sent]


@pytest.mark.parametrize("operation", ["list_rules", "list_targets_by_rule", "get_queue_url", "send_message"])
async def test_a_call_that_fails_is_repeated(operation: str) -> None:
    aws = AWS()
    aws.rule("all", ALL, {"Arn": QUEUE})
    aws.failures[operation] = 2
    bus = Bus(aws)
    bus.tell("e-1", "e-2")

    await bus.until(lambda: len(bus.done) == 2)

    assert ["e-1", "e-2"] == [json.loads(one["MessageBody"])["id"] for one in aws.sent]


async def test_notices_that_could_never_be_matched_are_given_up(capsys: pytest.CaptureFixture[str]) -> None:
    aws = AWS()
    aws.failures["list_rules"] = 1_000_000
    bus = Bus(aws)
    bus.tell("e-1")
    bus.clock.advance(900.0)
    bus.tell("e-2")

    await bus.until(lambda: bus.done)

    assert bus.done == ["e-1"]
    assert bus.sink.waiting == 1
    assert "notice_lost" in capsys.readouterr().out


async def test_the_bus_of_aws_itself_is_left_alone() -> None:
    aws = AWS("https://events.us-east-1.amazonaws.com")
    aws.rule("all", ALL, {"Arn": QUEUE})
    bus = Bus(aws)
    bus.tell("e-1")

    await bus.until(lambda: bus.done)

    assert aws.calls == []
