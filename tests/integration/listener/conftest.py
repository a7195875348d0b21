"""The listener, running for real: HTTP on a free port, queues, table and bus on the local AWS."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from muster_events.envelope import Event
from muster_events.registry import dump
from muster_listener.app import build
from muster_listener.settings import Settings
from muster_runtime.testing import QueuePair, Sandbox, TokenMint, running

EVENTS = ["session.placed", "placement.ended", "session.ended"]


@dataclass
class System:
    """The running service with everything around it."""

    base_url: str
    sandbox: Sandbox
    mint: TokenMint
    http: aiohttp.ClientSession
    matchmaking_topic: str
    placement_topic: str
    bus: str
    notices: QueuePair
    events: QueuePair
    heard: QueuePair

    async def notify(self, topic_arn: str, detail_type: str, notice_id: str, detail: dict[str, Any]) -> None:
        """Let GameLift say something, as it does: the whole envelope as the message of an SNS notification."""
        sns = await self.sandbox.client("sns")
        document = {
            "version": "0",
            "id": notice_id,
            "detail-type": detail_type,
            "source": "aws.gamelift",
            "account": "000000000000",
            "time": "2026-11-20T12:00:01.000Z",
            "region": "us-east-1",
            "resources": [],
            "detail": detail,
        }
        await sns.publish(TopicArn=topic_arn, Message=json.dumps(document))

    async def placed(self, kind: str, notice_id: str, placement_id: str, **detail: Any) -> None:
        """Let a placement queue say something."""
        told = {"type": kind, "placementId": placement_id, "endTime": "2026-11-20T12:00:00.500Z", **detail}
        await self.notify(self.placement_topic, "GameLift Queue Placement Event", notice_id, told)

    async def matched(self, kind: str, notice_id: str, **detail: Any) -> None:
        """Let a matchmaker say something."""
        told = {"type": kind, "tickets": [], **detail}
        await self.notify(self.matchmaking_topic, "GameLift Matchmaking Event", notice_id, told)

    async def publish(self, told: Event[Any]) -> None:
        events = await self.sandbox.client("events")
        entry = {
            "Source": f"muster.{told.source}",
            "DetailType": told.type,
            "Detail": dump(told),
            "EventBusName": self.bus,
        }
        assert (await events.put_events(Entries=[entry]))["FailedEntryCount"] == 0

    async def get(self, path: str, *, scope: str | None = "operator") -> tuple[int, Any]:
        """Ask with a token of that scope, or without any; the answer is the status and the JSON of the body."""
        headers = self.mint.bearer("somebody", scope) if scope else {}
        async with self.http.get(f"{self.base_url}{path}", headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def told(self) -> list[tuple[str, str]]:
        """Take what the listener has put on the bus since the last call: type and subject of each event."""
        details = [json.loads(message["Body"])["detail"] for message in await self.sandbox.take(self.heard.url)]
        return [(detail["type"], detail["subject"]) for detail in details]


@pytest.fixture
async def jwks_url(token_mint: TokenMint) -> AsyncIterator[str]:
    async def jwks(request: web.Request) -> web.Response:
        return web.json_response(token_mint.jwks())

    app = web.Application()
    app.router.add_get("/jwks", jwks)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/jwks"
    await runner.cleanup()


@pytest.fixture
async def system(
    sandbox: Sandbox, token_mint: TokenMint, jwks_url: str, http_client: aiohttp.ClientSession
) -> AsyncIterator[System]:
    table = await sandbox.table("pk", "sk", indexes={"by_status": ("status", "updated_at")})
    notices, events, heard = await sandbox.queue(), await sandbox.queue(), await sandbox.queue()
    bus = await sandbox.bus()
    await sandbox.route(bus, events, source="players", types=["match.finished"])
    await sandbox.route(bus, heard, source="listener", types=EVENTS)
    settings = Settings(
        table=table,
        notices_queue=notices.url,
        notices_dead_letters=notices.dead_letter_url,
        events_queue=events.url,
        events_dead_letters=events.dead_letter_url,
        event_bus=bus,
        issuer_url=token_mint.issuer,
        jwks_url=jwks_url,
        consumer_wait_s=1,
        consumer_backoff_base_s=0.01,
        grace_s=60,
    )
    async with running("listener", settings, build) as service:
        yield System(
            base_url=service.base_url,
            sandbox=sandbox,
            mint=token_mint,
            http=http_client,
            matchmaking_topic=await sandbox.topic(notices),
            placement_topic=await sandbox.topic(notices),
            bus=bus,
            notices=notices,
            events=events,
            heard=heard,
        )
