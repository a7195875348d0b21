"""The committed templates, brought into a real (if local) AWS, do what the services rely on."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from muster_deploy.apply import OPERATOR, ApplyFailed, apply, outputs_of, seed_clients
from muster_deploy.settings import Settings
from muster_deploy.templates import Template, load
from muster_events.routing import NOTICE_FEEDS, SUBSCRIPTIONS
from muster_runtime.aws import client_context
from muster_runtime.ids import SystemIds
from muster_runtime.testing import LocalAWS

# A client that asked again because the emulator is slow would find that its stack exists.
LIMITS = Settings(aws_connect_timeout_s=60.0, aws_read_timeout_s=60.0)


@dataclass(frozen=True)
class Stage:
    """The templates under a prefix of their own, so that tests never meet."""

    prefix: str
    outputs: Mapping[str, str]

    def physical(self, name: str) -> str:
        return self.prefix + name.removeprefix("muster")

    def queue_url(self, name: str) -> str:
        return next(url for url in self.outputs.values() if url.endswith(f"/{self.physical(name)}"))


@pytest.fixture
async def stage(local_aws: LocalAWS) -> Stage:
    prefix = f"t{SystemIds().uuid()[:8]}"
    return Stage(prefix, await apply(load(), prefix=prefix, limits=LIMITS, local=True))


async def _receive(sqs: Any, url: str, *, wait_s: int = 2) -> list[Any]:
    answer = await sqs.receive_message(QueueUrl=url, WaitTimeSeconds=wait_s, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


async def test_what_is_deployed_twice_is_the_same(local_aws: LocalAWS) -> None:
    prefix = f"t{SystemIds().uuid()[:8]}"
    first = await apply(load(), prefix=prefix, limits=LIMITS, local=True)
    again = await apply(load(), prefix=prefix, limits=LIMITS, local=True)

    assert first == again
    assert first == await outputs_of(load(), prefix=prefix, limits=LIMITS)


async def test_a_second_apply_leaves_rows_messages_and_secrets_alone(stage: Stage) -> None:
    queue = stage.queue_url("muster-tickets-events")
    async with client_context("dynamodb", LIMITS) as dynamodb, client_context("sqs", LIMITS) as sqs:
        row = {"ticket_id": {"S": "kept"}}
        await dynamodb.put_item(TableName=stage.outputs["TicketsTable"], Item=row)
        await sqs.send_message(QueueUrl=queue, MessageBody='{"kept": true}')

        await apply(load(), prefix=stage.prefix, limits=LIMITS, local=True)

        found = await dynamodb.get_item(TableName=stage.outputs["TicketsTable"], Key=row)
        assert row == found["Item"]
        assert [{"kept": True}] == await _receive(sqs, queue)


async def test_a_changed_template_updates_its_stack_in_place(stage: Stage) -> None:
    template = next(template for template in load() if template.name == "muster-tickets-data")
    document = json.loads(template.body)
    document["Resources"]["TicketsEventsQueue"]["Properties"]["VisibilityTimeout"] = 77
    changed = Template(template.name, json.dumps(document))

    await apply([changed], prefix=stage.prefix, limits=LIMITS, local=True)

    async with client_context("sqs", LIMITS) as sqs:
        answer = await sqs.get_queue_attributes(
            QueueUrl=stage.queue_url("muster-tickets-events"), AttributeNames=["VisibilityTimeout"]
        )
    assert {"VisibilityTimeout": "77"} == answer["Attributes"]


async def test_a_template_that_cannot_be_deployed_says_which_resource_and_why(local_aws: LocalAWS) -> None:
    prefix = f"t{SystemIds().uuid()[:8]}"
    body = {
        "Parameters": {"Prefix": {"Type": "String"}},
        "Resources": {"Odd": {"Type": "AWS::Nowhere::Thing", "Properties": {}}},
    }

    with pytest.raises(ExceptionGroup) as caught:
        await apply([Template("muster-odd", json.dumps(body))], prefix=prefix, limits=LIMITS, local=True)

    (error,) = caught.value.exceptions
    assert isinstance(error, ApplyFailed)
    assert f"{prefix}-odd" == error.stack
    assert "AWS::Nowhere::Thing" in str(error)


async def test_rows_expire_where_the_template_says_so(stage: Stage) -> None:
    expiring = []
    async with client_context("dynamodb", LIMITS) as dynamodb:
        for output, table in stage.outputs.items():
            if output.endswith("Table"):
                answer = await dynamodb.describe_time_to_live(TableName=table)
                description = answer["TimeToLiveDescription"]
                if description["TimeToLiveStatus"] == "ENABLED":
                    assert "expires_at" == description["AttributeName"]
                    expiring.append(output)

    of_identity = [
        f"Identity{name}Table" for name in ("Audit", "Bans", "Limits", "Resolutions", "Revocations", "Sessions")
    ]
    assert [*of_identity, "ListenerTable", "MatchmakingTable", "TicketsTable"] == sorted(expiring)


async def test_every_event_reaches_exactly_the_queues_of_its_subscribers(stage: Stage) -> None:
    types = sorted({(each.event_type, each.producer) for each in SUBSCRIPTIONS})
    entries = [
        {
            "EventBusName": stage.outputs["EventBusName"],
            "Source": f"muster.{producer}",
            "DetailType": event_type,
            "Detail": json.dumps({"type": event_type}),
        }
        for event_type, producer in types
    ]
    entries.append(entries[0] | {"Source": "muster.somebody-else"})

    async with client_context("events", LIMITS) as events, client_context("sqs", LIMITS) as sqs:
        answer = await events.put_events(Entries=entries)
        assert 0 == answer["FailedEntryCount"]
        queues = sorted({each.queue for each in SUBSCRIPTIONS})
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_receive(sqs, stage.queue_url(queue))) for queue in queues]
        arrived = {
            (queue, message["detail-type"], message["source"])
            for queue, task in zip(queues, tasks, strict=True)
            for message in task.result()
        }

    assert {(each.queue, each.event_type, f"muster.{each.producer}") for each in SUBSCRIPTIONS} == arrived


async def test_every_notice_reaches_exactly_the_queues_of_its_feeds(stage: Stage) -> None:
    topics = {
        "muster-matchmaking-notices": stage.outputs["MatchmakingNoticesTopic"],
        "muster-placement-notices": stage.outputs["PlacementNoticesTopic"],
    }
    async with client_context("sns", LIMITS) as sns, client_context("sqs", LIMITS) as sqs:
        for name, arn in topics.items():
            await sns.publish(TopicArn=arn, Message=json.dumps({"topic": name}))
        arrived = set()
        for queue in sorted({feed.queue for feed in NOTICE_FEEDS}):
            for envelope in await _receive(sqs, stage.queue_url(queue)):
                arrived.add((json.loads(envelope["Message"])["topic"], queue))

    assert {(feed.topic, feed.queue) for feed in NOTICE_FEEDS} == arrived


async def test_a_message_that_is_received_too_often_goes_to_the_dead_letters(stage: Stage) -> None:
    queue, dead = stage.queue_url("muster-tickets-events"), stage.queue_url("muster-tickets-events-dead-letters")
    async with client_context("sqs", LIMITS) as sqs:
        await sqs.send_message(QueueUrl=queue, MessageBody='{"poison": true}')
        told = await sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])
        most = int(json.loads(told["Attributes"]["RedrivePolicy"])["maxReceiveCount"])
        for _ in range(most + 1):
            answer = await sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0, WaitTimeSeconds=0)
            if not answer.get("Messages"):
                break

        assert [{"poison": True}] == await _receive(sqs, dead)


async def test_clients_get_their_secrets_once(stage: Stage) -> None:
    secret = stage.outputs["IdentityClientsSecret"]

    first = await seed_clients(secret, limits=LIMITS, ids=SystemIds())
    second = await seed_clients(secret, limits=LIMITS, ids=SystemIds())

    assert first == second
    assert {"operator", "arena"} == set(first)
    assert len(first[OPERATOR].secret) >= 32


async def test_a_client_that_an_operator_added_or_changed_is_kept(stage: Stage) -> None:
    secret = stage.outputs["IdentityClientsSecret"]
    await seed_clients(secret, limits=LIMITS, ids=SystemIds())
    theirs = {"operator": {"secret": "mine", "scope": "operator"}, "extra": {"secret": "x", "scope": "server"}}
    async with client_context("secretsmanager", LIMITS) as secrets:
        await secrets.put_secret_value(SecretId=secret, SecretString=json.dumps(theirs))

    clients = await seed_clients(secret, limits=LIMITS, ids=SystemIds())

    assert {"operator", "extra", "arena"} == set(clients)
    assert "mine" == clients[OPERATOR].secret


async def test_a_stage_that_is_not_deployed_has_no_outputs(local_aws: LocalAWS) -> None:
    assert await outputs_of(load(), prefix=f"t{SystemIds().uuid()[:8]}", limits=LIMITS) is None
