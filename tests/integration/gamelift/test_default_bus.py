"""The default EventBridge bus: rules and queues of the emulator, notices of the local GameLift."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from gamelift_patterns import CASES, EVENT
from patience import GAMELIFT

from muster_events.gamelift import MatchmakingNotice
from muster_events.registry import parse
from muster_gamelift.app import build
from muster_gamelift.settings import Settings
from muster_runtime.aws import client_context
from muster_runtime.testing.services import running
from muster_runtime.testing.waiting import eventually


@pytest.fixture
async def bus_client(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """A client of a local GameLift that serves the default bus."""
    settings = Settings(tick_s=0.05, default_bus=True, default_bus_fresh_s=0.0, **GAMELIFT)
    async with running("gamelift", settings, build) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL_GAMELIFT", service.base_url)
        async with client_context("gamelift", settings) as client:
            yield client


async def ruled(sandbox: Any, pattern: dict[str, Any], **target: Any) -> str:
    """Put a rule on the default bus that leads to a new queue; return the queue's URL."""
    queue = await sandbox.queue()
    events, rule = await sandbox.client("events"), sandbox.name("rule")
    await events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    answer = await events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": queue.arn, **target}])
    assert answer["FailedEntryCount"] == 0
    url: str = queue.url
    return url


async def bodies(sandbox: Any, queue_url: str, seen: list[Any]) -> list[Any]:
    seen.extend(json.loads(message["Body"]) for message in await sandbox.take(queue_url))
    return seen


@pytest.mark.row("3.1.bus")
async def test_rules_of_the_default_bus_get_the_notices_they_want_in_the_form_they_want(
    sandbox: Any, bus_client: Any, duel_body: str
) -> None:
    name = sandbox.name("duel")
    own = {"source": ["aws.gamelift"], "resources": [{"suffix": f"/{name}"}]}
    all_url = await ruled(sandbox, own)
    matched = {**own, "detail": {"type": [{"anything-but": "MatchmakingSearching"}]}}
    paths = {"match": "$.detail.matchId", "type": "$.detail.type"}
    transformer = {"InputPathsMap": paths, "InputTemplate": '{"match": <match>, "text": "<type>"}'}
    some_url = await ruled(sandbox, matched, InputTransformer=transformer)
    await bus_client.create_matchmaking_rule_set(Name=name, RuleSetBody=duel_body)
    await bus_client.create_matchmaking_configuration(
        Name=name, RuleSetName=name, RequestTimeoutSeconds=3600, AcceptanceRequired=False, FlexMatchMode="STANDALONE"
    )

    for player in ("ann", "bob"):
        await bus_client.start_matchmaking(ConfigurationName=name, Players=[{"PlayerId": player}])

    everything: list[Any] = []
    parts: list[Any] = []

    async def all_there() -> bool:
        await bodies(sandbox, all_url, everything)
        await bodies(sandbox, some_url, parts)
        return len(everything) >= 4 and len(parts) >= 2

    await eventually(all_there, within_s=60)
    assert sorted(one["detail"]["type"] for one in everything) == [
        "MatchmakingSearching",
        "MatchmakingSearching",
        "MatchmakingSucceeded",
        "PotentialMatchCreated",
    ]
    assert all(isinstance(parse(one), MatchmakingNotice) for one in everything)
    match_id = next(one["detail"]["matchId"] for one in everything if "matchId" in one["detail"])
    assert [part["text"] for part in parts] == ["PotentialMatchCreated", "MatchmakingSucceeded"]
    assert {part["match"] for part in parts} == {match_id}


async def test_the_emulator_decides_about_events_as_we_do(sandbox: Any) -> None:
    events = await sandbox.client("events")
    whole = {**EVENT, "id": "1", "account": "000000000000", "time": "2025-01-01T00:00:00Z", "region": "us-east-1"}

    for name, matcher, expected in CASES:
        pattern = json.dumps({"detail": {name: [matcher]}})
        answer = await events.test_event_pattern(EventPattern=pattern, Event=json.dumps(whole))
        assert answer["Result"] is expected, pattern
