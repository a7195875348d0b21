"""Matchmaking as one service: real HTTP, the local AWS, and the local GameLift behind an unmodified AWS client."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
import pytest
from issuer import publishing
from patience import GAMELIFT, PATIENT, let_dynamodb_take_its_time

from muster_events.envelope import event
from muster_events.tickets import TicketEnded
from muster_gamelift.app import build as build_gamelift
from muster_gamelift.settings import Settings as GameLiftSettings
from muster_matchmaking.app import build
from muster_matchmaking.settings import Settings
from muster_runtime.clock import SystemClock
from muster_runtime.dynamo import Table
from muster_runtime.messaging.publisher import Publisher
from muster_runtime.metrics import Metrics
from muster_runtime.testing import QueuePair, Sandbox, TokenMint, eventually, running

RULES = {
    "name": "pair",
    "ruleLanguageVersion": "1.0",
    "playerAttributes": [{"name": "skill", "type": "number", "default": 10}],
    "teams": [{"name": "all", "minPlayers": 2, "maxPlayers": 2}],
}
PATH = "/v1/matchmaking/tickets"
BODY = {"latencies_ms": {"us-east-1": 40, "eu-west-1": 0}}


@dataclass
class World:
    url: str
    http: aiohttp.ClientSession
    mint: TokenMint
    gamelift: object
    tickets: Publisher
    told: QueuePair
    inbox: QueuePair
    sandbox: Sandbox
    heard: list[str] = field(default_factory=list)

    async def call(self, method: str, path: str, subject: str = "ann", **more: object) -> tuple[int, dict, dict]:
        headers = {**self.mint.bearer(subject), **more.pop("headers", {})}
        async with self.http.request(method, f"{self.url}{path}", headers=headers, **more) as answer:
            text = await answer.text()
            return (
                answer.status,
                json.loads(text) if text.startswith(("{", "[")) else {"text": text},
                dict(answer.headers),
            )

    async def described(self, ticket_id: str) -> dict:
        answer = await self.gamelift.describe_matchmaking(TicketIds=[ticket_id])
        return answer["TicketList"][0] if answer["TicketList"] else {}

    async def hears(self, kind: str) -> bool:
        self.heard += [json.loads(each["Body"])["detail-type"] for each in await self.sandbox.take(self.told.url)]
        return kind in self.heard

    async def end(self, ticket_id: str) -> None:
        ended = TicketEnded(ticket_id=ticket_id, player_ids=("ann",), outcome="cancelled")
        await self.tickets.publish(event(ended, subject=ticket_id, sequence=3, occurred_at=datetime.now(UTC)))  # noqa: TID251 - any time does


@pytest.fixture
async def world(
    sandbox: Sandbox, token_mint: TokenMint, http_client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    bus, inbox, told = await sandbox.bus(), await sandbox.queue(), await sandbox.queue()
    await sandbox.route(bus, inbox, source="matchmaking", types=["ticket.requested"])
    await sandbox.route(bus, inbox, source="tickets", types=["ticket.matched", "ticket.ended"])
    await sandbox.route(bus, told, source="matchmaking", types=["ticket.requested", "ticket.refused"])
    players = await sandbox.table("player_id")
    await Table(await sandbox.client("dynamodb"), players).put({"player_id": "ann", "skill": 31.5})
    async with (
        publishing(token_mint) as issuer,
        running("gamelift", GameLiftSettings(**GAMELIFT), build_gamelift) as gamelift,
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL_GAMELIFT", gamelift.base_url)
        client = await sandbox.client("gamelift")
        await client.create_matchmaking_rule_set(Name="pair", RuleSetBody=json.dumps(RULES))
        await client.create_matchmaking_configuration(
            Name="pair",
            RuleSetName="pair",
            AcceptanceRequired=False,
            RequestTimeoutSeconds=3600,
            FlexMatchMode="STANDALONE",
        )
        settings = Settings(
            **issuer.settings,
            table=await sandbox.table("pk"),
            players_table=players,
            outbox_table=await sandbox.outbox_table(),
            events_queue=inbox.url,
            events_dead_letters=inbox.dead_letter_url,
            event_bus=bus,
            configuration="pair",
            consumer_wait_s=1,
            gamelift_timeout_s=30,
            jwks_timeout_s=60,
            **PATIENT,
        )
        tickets = Publisher(await sandbox.client("events"), bus=bus, clock=SystemClock(), metrics=Metrics())
        async with running("matchmaking", settings, build) as service:
            yield World(service.base_url, http_client, token_mint, client, tickets, told, inbox, sandbox)


async def test_a_request_is_a_flexmatch_ticket_with_skill_and_usable_latencies(world: World) -> None:
    status, ticket, headers = await world.call("POST", PATH, json=BODY)

    assert (202, f"/v1/tickets/{ticket['ticket_id']}") == (status, headers["Location"])
    submitted = (await world.described(ticket["ticket_id"]))["Players"][0]
    assert ("ann", {"N": 31.5}) == (submitted["PlayerId"], submitted["PlayerAttributes"]["skill"])
    assert {"us-east-1": 40, "eu-west-1": 1} == submitted["LatencyInMs"]
    await eventually(lambda: world.hears("ticket.requested"), within_s=60)


async def test_a_repeat_with_the_same_key_is_the_same_ticket_and_a_second_request_is_a_conflict(world: World) -> None:
    key = {"Idempotency-Key": "k"}
    first = await world.call("POST", PATH, json=BODY, headers=key)
    again = await world.call("POST", PATH, json=BODY, headers=key)
    second = await world.call("POST", PATH, json=BODY)

    assert first[1] == again[1]
    assert (409, "already_queued") == (second[0], second[1]["code"])
    assert first[1]["ticket_id"] in second[1]["detail"]


async def test_a_hundred_requests_at_once_make_one_ticket(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio  # noqa: PLC0415 - one test needs it

    let_dynamodb_take_its_time(monkeypatch)
    answers: list[int] = []

    async def ask() -> None:
        patience = aiohttp.ClientTimeout(total=PATIENT["request_deadline_s"])
        answers.append((await world.call("POST", PATH, json=BODY, timeout=patience))[0])

    async with asyncio.TaskGroup() as group:
        for _ in range(100):
            group.create_task(ask())

    assert [202] + [409] * 99 == sorted(answers)


async def test_the_event_of_a_ticket_that_ended_frees_its_player(world: World) -> None:
    _, ticket, _ = await world.call("POST", PATH, json=BODY)

    await world.end(ticket["ticket_id"])

    async def queued_again() -> bool:
        return (await world.call("POST", PATH, json=BODY))[0] == 202

    await eventually(queued_again, within_s=60)


async def test_a_player_cancels_and_a_stranger_cannot(world: World) -> None:
    _, ticket, _ = await world.call("POST", PATH, json=BODY)
    path = f"{PATH}/{ticket['ticket_id']}"

    stranger = await world.call("DELETE", path, "bob")
    own = await world.call("DELETE", path)
    late = await world.call("DELETE", path)

    assert [(404, "ticket_unknown"), (409, "too_late_to_cancel")] == [(s, b["code"]) for s, b, _ in (stranger, late)]
    assert 202 == own[0]
    assert "CANCELLED" == (await world.described(ticket["ticket_id"]))["Status"]


async def test_a_client_of_the_published_designs_gets_a_flexmatch_ticket(world: World) -> None:
    body = {"latencyInMs": {"us-east-1": 40.4, "eu-west-1": None}}

    first = await world.call("POST", "/prod//request-matchmaking?&a=b", json=body)
    again = await world.call("POST", "/request-matchmaking", json=body)
    none = await world.call("POST", "/request-matchmaking", "bob", json={"latencyInMs": {}})

    assert (200, "QUEUED", "pair") == (first[0], first[1]["Status"], first[1]["ConfigurationName"])
    assert {"PlayerId": "ann", "PlayerAttributes": {"skill": {"N": 31.5}}, "LatencyInMs": {"us-east-1": 40}} in first[
        1
    ]["Players"]
    assert first[1]["TicketId"] == again[1]["TicketId"]
    assert 422 == none[0]
    assert none[1]["text"].startswith("Error: ")


async def test_a_configuration_that_gamelift_does_not_know_refuses_and_frees(world: World) -> None:
    await world.gamelift.delete_matchmaking_configuration(Name="pair")

    refused = [(await world.call("POST", PATH, json=BODY))[1]["code"] for _ in range(2)]

    assert ["refused_by_gamelift"] * 2 == refused
    await eventually(lambda: world.hears("ticket.refused"), within_s=60)
