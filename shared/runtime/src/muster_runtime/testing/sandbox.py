"""AWS resources for one test: made with unique names, so that tests never meet, and clients that are closed."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from muster_runtime.testing.local_aws import LocalAWS

_numbers: Final = count(1)


@dataclass(frozen=True, slots=True)
class QueuePair:
    """A queue and its dead-letter queue.

    Attributes:
        url: URL of the queue.
        arn: ARN of the queue.
        dead_letter_url: URL of the dead-letter queue.
    """

    url: str
    arn: str
    dead_letter_url: str


class Sandbox:
    """Makes AWS resources and clients for one test; the fixture `sandbox` gives one."""

    def __init__(self, local_aws: LocalAWS, stack: AsyncExitStack, *, prefix: str) -> None:
        """Build it; clients are closed with *stack*, and every name starts with *prefix*."""
        self.local_aws = local_aws
        self._stack = stack
        self._prefix = prefix
        self._clients: dict[str, Any] = {}

    async def client(self, service: str) -> Any:  # noqa: ANN401 - aiobotocore clients have no static type
        """Return the client of *service*, the same on each call."""
        if service not in self._clients:
            self._clients[service] = await self._stack.enter_async_context(self.local_aws.client(service))
        return self._clients[service]

    def name(self, kind: str) -> str:
        """Return a name that nobody else has, such as `muster-test-gw0-queue-7`."""
        return f"{self._prefix}-{kind}-{next(_numbers)}"

    async def queue(self, *, max_receives: int = 20, visibility_s: int = 30) -> QueuePair:
        """Make a queue whose redrive policy leads to a dead-letter queue after *max_receives*."""
        sqs = await self.client("sqs")
        name = self.name("queue")
        dead_letter_url: str = (await sqs.create_queue(QueueName=f"{name}-dead-letters"))["QueueUrl"]
        redrive = {"deadLetterTargetArn": await self._arn(dead_letter_url), "maxReceiveCount": max_receives}
        attributes = {"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": str(visibility_s)}
        url: str = (await sqs.create_queue(QueueName=name, Attributes=attributes))["QueueUrl"]
        return QueuePair(url, await self._arn(url), dead_letter_url)

    async def depth(self, queue_url: str) -> tuple[int, int]:
        """Return how many messages of a queue are visible, and how many are in flight."""
        sqs = await self.client("sqs")
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = await sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
        return int(answer["Attributes"][names[0]]), int(answer["Attributes"][names[1]])

    async def take(self, queue_url: str) -> list[dict[str, Any]]:
        """Receive and delete the messages of a queue that are visible now, with their attributes."""
        sqs = await self.client("sqs")
        taken: list[dict[str, Any]] = []
        while messages := (
            await sqs.receive_message(
                QueueUrl=queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=0
            )
        ).get("Messages", []):
            for each in messages:
                await sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=each["ReceiptHandle"])
            taken.extend(messages)
        return taken

    async def table(
        self,
        key: str,
        sort: str | None = None,
        *,
        indexes: Mapping[str, tuple[str, str | None]] | None = None,
        kinds: Mapping[str, str] | None = None,
    ) -> str:
        """Make a table and return its name.

        Args:
            key: partition key.
            sort: sort key.
            indexes: partition and sort key of each global secondary index, by name; all attributes are projected.
            kinds: DynamoDB type (`N`, `B`) of those keys that are not strings.
        """
        dynamodb = await self.client("dynamodb")
        name = self.name("table")
        keys = {"": (key, sort), **(indexes or {})}
        attributes = sorted({each for pair in keys.values() for each in pair if each})
        request: dict[str, Any] = {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": _schema(key, sort),
            "AttributeDefinitions": [
                {"AttributeName": each, "AttributeType": (kinds or {}).get(each, "S")} for each in attributes
            ],
        }
        if indexes:
            request["GlobalSecondaryIndexes"] = [
                {"IndexName": index, "KeySchema": _schema(*pair), "Projection": {"ProjectionType": "ALL"}}
                for index, pair in indexes.items()
            ]
        await dynamodb.create_table(**request)
        await dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 10})
        return name

    async def outbox_table(self) -> str:
        """Make a table for `muster_runtime.messaging.outbox.Outbox` and return its name."""
        return await self.table("lane", "id")

    async def bus(self) -> str:
        """Make an event bus and return its name."""
        events = await self.client("events")
        name = self.name("bus")
        await events.create_event_bus(Name=name)
        return name

    async def route(self, bus: str, queue: QueuePair, *, source: str, types: Sequence[str]) -> None:
        """Let events of *types* from *source* (without prefix) flow from *bus* to *queue*."""
        events = await self.client("events")
        rule = self.name("rule")
        pattern = json.dumps({"source": [f"muster.{source}"], "detail-type": list(types)})
        arn = (await events.put_rule(Name=rule, EventBusName=bus, EventPattern=pattern))["RuleArn"]
        await self._allow(queue, "events.amazonaws.com", arn)
        answer = await events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "queue", "Arn": queue.arn}])
        if answer["FailedEntryCount"]:
            raise AssertionError(f"put_targets refused: {answer['FailedEntries']}")

    async def topic(self, *queues: QueuePair, raw: bool = False) -> str:
        """Make a topic that delivers to *queues*, and return its ARN; *raw* leaves out SNS's envelope."""
        sns = await self.client("sns")
        arn: str = (await sns.create_topic(Name=self.name("topic")))["TopicArn"]
        for queue in queues:
            await self._allow(queue, "sns.amazonaws.com", arn)
            await sns.subscribe(
                TopicArn=arn,
                Protocol="sqs",
                Endpoint=queue.arn,
                Attributes={"RawMessageDelivery": "true"} if raw else {},
            )
        return arn

    async def _allow(self, queue: QueuePair, service: str, source_arn: str) -> None:
        sqs = await self.client("sqs")
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": queue.arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": source_arn}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        await sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": policy})

    async def _arn(self, queue_url: str) -> str:
        sqs = await self.client("sqs")
        answer = await sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
        arn: str = answer["Attributes"]["QueueArn"]
        return arn


def _schema(key: str, sort: str | None) -> list[dict[str, str]]:
    schema = [{"AttributeName": key, "KeyType": "HASH"}]
    return [*schema, {"AttributeName": sort, "KeyType": "RANGE"}] if sort else schema
