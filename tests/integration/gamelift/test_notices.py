"""Notices on their way: SNS topics that a configuration and a queue name, SQS queues behind them."""

import asyncio
import json
from typing import Any

import pytest
from patience import GAMELIFT

from muster_events.gamelift import MatchmakingNotice, PlacementNotice
from muster_events.registry import parse
from muster_gamelift.app import build
from muster_gamelift.settings import Settings
from muster_runtime.backoff import first_of
from muster_runtime.testing.services import running
from muster_runtime.testing.waiting import eventually


async def subscribed(sandbox: Any) -> tuple[str, str]:
    """Make a topic with a queue behind it; return the topic's ARN and the queue's URL."""
    queue = await sandbox.queue()
    sns = await sandbox.client("sns")
    topic_arn = (await sns.create_topic(Name=sandbox.name("topic")))["TopicArn"]
    await sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue.arn)
    return topic_arn, queue.url


async def received(sandbox: Any, queue_url: str, seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take what is there, and return every envelope so far."""
    seen.extend(json.loads(json.loads(message["Body"])["Message"]) for message in await sandbox.take(queue_url))
    return seen


async def configure(client: Any, body: str, topic_arn: str, **given: Any) -> None:
    await client.create_matchmaking_rule_set(Name="duel", RuleSetBody=body)
    await client.create_matchmaking_configuration(
        Name="duel",
        RuleSetName="duel",
        RequestTimeoutSeconds=3600,
        AcceptanceRequired=False,
        NotificationTarget=topic_arn,
        **given,
    )


@pytest.mark.parametrize("players", [2, 6])
@pytest.mark.row("3.1.topic", "3.1.same.envelope")
async def test_matchmaking_notices_reach_the_subscribers_of_the_topic(
    sandbox: Any, client: Any, duel_body: str, players: int
) -> None:
    topic_arn, queue_url = await subscribed(sandbox)
    await configure(client, duel_body, topic_arn, FlexMatchMode="STANDALONE")

    for number in range(players):
        await client.start_matchmaking(ConfigurationName="duel", Players=[{"PlayerId": f"p{number}"}])

    seen: list[dict[str, Any]] = []
    expected = players + 2 * (players // 2)

    async def all_there() -> bool:
        return len(await received(sandbox, queue_url, seen)) == expected

    await eventually(all_there, within_s=60)
    kinds = sorted(envelope["detail"]["type"] for envelope in seen)
    assert kinds == sorted(
        ["MatchmakingSearching"] * players + ["PotentialMatchCreated", "MatchmakingSucceeded"] * (players // 2)
    )
    assert len({envelope["id"] for envelope in seen}) == expected
    assert all(isinstance(parse(envelope), MatchmakingNotice) for envelope in seen)


@pytest.mark.row("3.1.fifo", "3.1.fifo.group")
async def test_a_fifo_topic_keeps_the_notices_of_a_match_in_order(sandbox: Any, client: Any, duel_body: str) -> None:
    sns, sqs = await sandbox.client("sns"), await sandbox.client("sqs")
    fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "false"}
    queue_url = (await sqs.create_queue(QueueName=f"{sandbox.name('queue')}.fifo", Attributes=fifo))["QueueUrl"]
    topic = {"FifoTopic": "true", "ContentBasedDeduplication": "false"}
    topic_arn = (await sns.create_topic(Name=f"{sandbox.name('topic')}.fifo", Attributes=topic))["TopicArn"]
    await sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=await arn_of(sandbox, queue_url))
    await configure(client, duel_body, topic_arn, FlexMatchMode="STANDALONE")

    for number in range(4):
        await client.start_matchmaking(ConfigurationName="duel", Players=[{"PlayerId": f"p{number}"}])

    seen: list[dict[str, Any]] = []

    async def all_there() -> bool:
        return len(await received(sandbox, queue_url, seen)) == 8

    await eventually(all_there, within_s=60)
    of_match: dict[str, list[str]] = {}
    for envelope in seen:
        if "matchId" in envelope["detail"]:
            of_match.setdefault(envelope["detail"]["matchId"], []).append(envelope["detail"]["type"])
    assert list(of_match.values()) == [["PotentialMatchCreated", "MatchmakingSucceeded"]] * 2


@pytest.mark.row("3.1.placement.topic")
async def test_placement_notices_reach_the_subscribers_of_the_queues_topic(
    sandbox: Any, client: Any, server: Any
) -> None:
    topic_arn, queue_url = await subscribed(sandbox)
    await client.update_game_session_queue(Name="main", NotificationTarget=topic_arn)
    process = server()
    await process.ready()
    await client.start_game_session_placement(
        PlacementId="pl-1", GameSessionQueueName="main", MaximumPlayerSessionCount=2
    )
    arn = await process.host()

    seen: list[dict[str, Any]] = []
    await eventually(lambda: received(sandbox, queue_url, seen), within_s=60)

    notice = parse(seen[0])
    assert isinstance(notice, PlacementNotice)
    assert notice.detail.placement_id == "pl-1"
    assert notice.detail.game_session_arn == arn


async def test_notices_wait_for_a_topic_that_is_not_there_yet(
    sandbox: Any, client: Any, duel_body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, subscribed_again = asyncio.Event(), asyncio.Event()

    async def until_subscribed(stop: asyncio.Event, _seconds: float) -> bool:
        tried.set()
        await first_of(stop, subscribed_again, within_s=60)
        return stop.is_set()

    # A try between the topic's return and the subscription would reach a topic that leads nowhere.
    monkeypatch.setattr("muster_gamelift.lanes.pause", until_subscribed)
    sns = await sandbox.client("sns")
    topic_arn, queue_url = await subscribed(sandbox)
    await sns.delete_topic(TopicArn=topic_arn)
    await configure(client, duel_body, topic_arn, FlexMatchMode="STANDALONE")
    await client.start_matchmaking(TicketId="t-1", ConfigurationName="duel", Players=[{"PlayerId": "ann"}])

    async def is_searching() -> bool:
        (ticket,) = (await client.describe_matchmaking(TicketIds=["t-1"]))["TicketList"]
        return bool(ticket["Status"] == "SEARCHING")

    await eventually(is_searching)
    await eventually(tried.is_set)
    again = (await sns.create_topic(Name=topic_arn.rsplit(":", 1)[-1]))["TopicArn"]
    assert again == topic_arn
    await sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=await arn_of(sandbox, queue_url))
    subscribed_again.set()

    seen: list[dict[str, Any]] = []
    await eventually(lambda: received(sandbox, queue_url, seen), within_s=60)
    assert seen[0]["detail"]["type"] == "MatchmakingSearching"


async def arn_of(sandbox: Any, queue_url: str) -> str:
    sqs = await sandbox.client("sqs")
    answer = await sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


async def test_notices_under_way_when_the_service_stops_are_still_published(
    sandbox: Any, duel_body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic_arn, queue_url = await subscribed(sandbox)
    monkeypatch.setattr("muster_gamelift.lanes.FLUSH_S", 50.0)
    async with running("gamelift", Settings(tick_s=0.05, **GAMELIFT), build) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL_GAMELIFT", service.base_url)
        client = await sandbox.client("gamelift")
        await configure(client, duel_body, topic_arn, FlexMatchMode="STANDALONE")
        await client.start_matchmaking(TicketId="t-1", ConfigurationName="duel", Players=[{"PlayerId": "ann"}])
        await client.stop_matchmaking(TicketId="t-1")

    seen: list[dict[str, Any]] = []
    await eventually(lambda: received(sandbox, queue_url, seen), within_s=60)
    assert "MatchmakingCancelled" in [envelope["detail"]["type"] for envelope in seen]
