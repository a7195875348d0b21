"""Tickets, running for real: HTTP on a free port, queues, table and bus on the local AWS, GameLift on the wire."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from multidict import CIMultiDict

from muster_events.envelope import Event, event
from muster_events.matchmaking import TicketRequested
from muster_events.registry import dump
from muster_runtime.testing import QueuePair, Sandbox, TokenMint, running
from muster_tickets.app import build
from muster_tickets.settings import Settings

CONFIGURATION = "arn:aws:gamelift:us-east-1:000000000000:matchmakingconfiguration/muster-arena"


@dataclass
class Outside:
    """GameLift on its JSON 1.1 protocol, and identity's key set, behind one port.

    `tickets` is what GameLift describes; `refusals` are the error codes of its next answers.
    """

    mint: TokenMint
    tickets: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    asked: list[list[str]] = field(default_factory=list)

    async def describe(self, request: web.Request) -> web.Response:
        assert request.headers["X-Amz-Target"] == "GameLift.DescribeMatchmaking"
        ticket_ids = json.loads(await request.read())["TicketIds"]
        self.asked.append(ticket_ids)
        if self.refusals:
            return web.json_response({"__type": self.refusals.pop(0), "Message": "injected"}, status=400)
        return web.json_response({"TicketList": [self.tickets[each] for each in ticket_ids if each in self.tickets]})

    async def jwks(self, request: web.Request) -> web.Response:
        return web.json_response(self.mint.jwks())


@dataclass
class System:
    """The running service with everything around it."""

    base_url: str
    sandbox: Sandbox
    mint: TokenMint
    outside: Outside
    http: aiohttp.ClientSession
    topic_arn: str
    bus: str
    notices: QueuePair
    events: QueuePair
    heard: QueuePair
    settings: Settings

    async def notify(self, kind: str, *tickets: dict[str, Any], notice_id: str, at_s: int, **detail: Any) -> None:
        """Let GameLift say something, as it does: the whole envelope as the message of an SNS notification."""
        sns = await self.sandbox.client("sns")
        document = {
            "version": "0",
            "id": notice_id,
            "detail-type": "GameLift Matchmaking Event",
            "source": "aws.gamelift",
            "account": "000000000000",
            "time": f"2026-11-20T12:00:{at_s:02}.000Z",
            "region": "us-east-1",
            "resources": [CONFIGURATION],
            "detail": {"type": kind, "tickets": list(tickets), **detail},
        }
        await sns.publish(TopicArn=self.topic_arn, Message=json.dumps(document))

    async def request(self, ticket_id: str, *player_ids: str) -> None:
        """Let matchmaking accept a request."""
        now = datetime.now(UTC)  # noqa: TID251 - the service goes by the machine's clock as well
        data = TicketRequested(
            ticket_id=ticket_id, player_ids=player_ids, configuration="muster-arena", requested_at=now
        )
        await self.publish(event(data, subject=ticket_id, occurred_at=now))

    async def publish(self, told: Event[Any]) -> None:
        events = await self.sandbox.client("events")
        entry = {
            "Source": f"muster.{told.source}",
            "DetailType": told.type,
            "Detail": dump(told),
            "EventBusName": self.bus,
        }
        answer = await events.put_events(Entries=[entry])
        assert answer["FailedEntryCount"] == 0

    async def show(
        self, ticket_id: str, player_id: str, *, query: str = "", **headers: str
    ) -> tuple[int, CIMultiDict[str], Any]:
        return await self.get(f"/v1/tickets/{ticket_id}{query}", player_id, **headers)

    async def get(self, path: str, player_id: str | None, **headers: str) -> tuple[int, CIMultiDict[str], Any]:
        """Ask as a player; the answer is status, headers and the JSON of the body, or its text where it has none."""
        sent = {**(self.mint.bearer(player_id) if player_id else {}), **headers}
        async with self.http.get(f"{self.base_url}{path}", headers=sent) as answer:
            text = await answer.text()
            is_json = "json" in answer.headers.get("Content-Type", "")
            return answer.status, answer.headers.copy(), json.loads(text) if is_json and text else text

    async def told(self) -> list[tuple[str, str, int]]:
        """Take what tickets has put on the bus since the last call: type, subject and sequence of each event."""
        details = [json.loads(message["Body"])["detail"] for message in await self.sandbox.take(self.heard.url)]
        return [(detail["type"], detail["subject"], detail["sequence"]) for detail in details]


@pytest.fixture
async def outside(token_mint: TokenMint) -> AsyncIterator[tuple[Outside, str]]:
    others = Outside(token_mint)
    app = web.Application()
    app.router.add_post("/", others.describe)
    app.router.add_get("/jwks", others.jwks)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield others, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
def overrides() -> dict[str, Any]:
    """What a test sets otherwise than the defaults."""
    return {}


@pytest.fixture
async def system(
    sandbox: Sandbox,
    outside: tuple[Outside, str],
    http_client: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    overrides: dict[str, Any],
) -> AsyncIterator[System]:
    others, url = outside
    monkeypatch.setenv("AWS_ENDPOINT_URL_GAMELIFT", url)
    table = await sandbox.table("ticket_id", indexes={"open": ("open_lane", "check_at")}, kinds={"check_at": "N"})
    notices, events, heard = await sandbox.queue(), await sandbox.queue(), await sandbox.queue()
    bus = await sandbox.bus()
    await sandbox.route(bus, events, source="matchmaking", types=["ticket.requested", "ticket.refused"])
    await sandbox.route(
        bus, heard, source="tickets", types=["ticket.searching", "ticket.placing", "ticket.matched", "ticket.ended"]
    )
    settings = Settings(
        **{
            "table": table,
            "notices_queue": notices.url,
            "notices_dead_letters": notices.dead_letter_url,
            "events_queue": events.url,
            "events_dead_letters": events.dead_letter_url,
            "event_bus": bus,
            "issuer_url": others.mint.issuer,
            "jwks_url": f"{url}/jwks",
            "consumer_wait_s": 1,
            "consumer_backoff_base_s": 0.01,
            "reconcile_every_s": 0.05,
            # Only bounds, on a machine that may be busy.
            "grace_s": 60,
            "probe_timeout_s": 60,
            **overrides,
        }
    )
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(running("tickets", settings, build))
        yield System(
            base_url=service.base_url,
            sandbox=sandbox,
            mint=others.mint,
            outside=others,
            http=http_client,
            topic_arn=await sandbox.topic(notices),
            bus=bus,
            notices=notices,
            events=events,
            heard=heard,
            settings=settings,
        )
