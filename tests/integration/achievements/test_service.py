"""Achievements as one service: real HTTP, the local AWS, events through the bus."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
import pytest
from issuer import publishing
from patience import PATIENT

from muster_achievements.app import build
from muster_achievements.settings import Settings
from muster_events.achievements import AchievementUnlocked
from muster_events.envelope import Event, event
from muster_events.matches import MatchFinished, PlayerResult
from muster_events.registry import parse
from muster_runtime.auth.principal import OPERATOR
from muster_runtime.clock import SystemClock
from muster_runtime.messaging.envelopes import peel
from muster_runtime.messaging.publisher import Publisher
from muster_runtime.metrics import Metrics
from muster_runtime.testing import QueuePair, Sandbox, TokenMint, eventually, running

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class World:
    url: str
    http: aiohttp.ClientSession
    mint: TokenMint
    game_server: Publisher
    unlocks: QueuePair
    sandbox: Sandbox

    async def call(
        self, method: str, path: str, subject: str = "ann", scope: str = "guest", **more: object
    ) -> tuple[int, dict]:
        headers = {**self.mint.bearer(subject, scope), **more.pop("headers", {})}
        async with self.http.request(method, f"{self.url}{path}", headers=headers, **more) as answer:
            return answer.status, (await answer.json(content_type=None)) if await answer.read() else {}

    async def define(self, name: str, **definition: object) -> tuple[int, dict]:
        body = {"title": name, **definition}
        return await self.call("PUT", f"/v1/achievements/definitions/{name}", "ops", OPERATOR, json=body)

    async def finish(self, match: str, **goals: int) -> None:
        players = tuple(
            PlayerResult(player_id=player, team="home", goals=scored, won=scored > 0)
            for player, scored in goals.items()
        )
        finished = MatchFinished(
            match_id=match, game_session_arn="arn", started_at=NOON, ended_at=NOON, scores={}, players=players
        )
        await self.game_server.publish(event(finished, subject=match, occurred_at=NOON))

    async def unlocked(self, subject: str, achievement: str) -> bool:
        _, listed = await self.call("GET", "/v1/achievements", subject)
        return any(each["unlocked"] for each in listed["achievements"] if each["achievement_id"] == achievement)


@pytest.fixture
async def world(sandbox: Sandbox, token_mint: TokenMint, http_client: aiohttp.ClientSession) -> AsyncIterator[World]:
    bus, inbox, unlocks = await sandbox.bus(), await sandbox.queue(), await sandbox.queue()
    await sandbox.route(bus, inbox, source="players", types=["match.finished"])
    await sandbox.route(bus, unlocks, source="achievements", types=["achievement.unlocked"])
    async with publishing(token_mint) as issuer:
        settings = Settings(
            **issuer.settings,
            definitions_table=await sandbox.table("achievement_id"),
            progress_table=await sandbox.table("user_id", "item"),
            outbox_table=await sandbox.outbox_table(),
            events_queue=inbox.url,
            events_dead_letters=inbox.dead_letter_url,
            event_bus=bus,
            definitions_max_age_s=0,
            consumer_wait_s=1,
            jwks_timeout_s=60,
            **PATIENT,
        )
        game_server = Publisher(await sandbox.client("events"), bus=bus, clock=SystemClock(), metrics=Metrics())
        async with running("achievements", settings, build) as service:
            yield World(service.base_url, http_client, token_mint, game_server, unlocks, sandbox)


async def test_a_finished_match_unlocks_and_the_world_is_told_once(world: World) -> None:
    assert 201 == (await world.define("first_match", stat="matches_played", points=5))[0]
    assert 201 == (await world.define("hat_trick", stat="goals_scored", target=3))[0]

    await world.finish("m1", ann=2, bob=0)
    await world.finish("m1", ann=2, bob=0)
    await eventually(lambda: world.unlocked("ann", "first_match"), within_s=60)
    await eventually(lambda: world.unlocked("bob", "first_match"), within_s=60)

    status, hat_trick = await world.call("GET", "/v1/achievements/hat_trick")
    assert (200, 2, False) == (status, hat_trick["progress"], hat_trick["unlocked"])
    told: list[Event[AchievementUnlocked]] = []

    async def both_told() -> bool:
        messages = await world.sandbox.take(world.unlocks.url)
        told.extend(parse(peel(each["Body"], {}).document) for each in messages)  # type: ignore[misc]
        return len(told) >= 2

    await eventually(both_told, within_s=60)
    assert {("ann", "first_match", 5), ("bob", "first_match", 5)} == {
        (each.data.user_id, each.data.achievement_id, each.data.points) for each in told
    }


async def test_a_client_reports_progress_once_a_key_and_never_of_what_servers_count(world: World) -> None:
    await world.define("secrets", target=3)
    await world.define("first_match", stat="matches_played")
    path, key = "/v1/achievements/secrets/progress", {"Idempotency-Key": "k1"}

    first = await world.call("POST", path, json={"increment": 2}, headers=key)
    again = await world.call("POST", path, json={"increment": 2}, headers=key)
    other = await world.call("POST", path, json={"increment": 1}, headers=key)
    cheat = await world.call("POST", "/v1/achievements/first_match/progress", json={"increment": 1})
    last = await world.call("POST", path, json={"increment": 50})

    assert [(200, 2), (200, 2)] == [(status, body["progress"]) for status, body in (first, again)]
    assert [(422, "idempotency_key_reused"), (403, "server_only")] == [(s, b["code"]) for s, b in (other, cheat)]
    assert (200, 3, True) == (last[0], last[1]["progress"], last[1]["unlocked"])


async def test_players_do_not_define_achievements(world: World) -> None:
    status, body = await world.call("PUT", "/v1/achievements/definitions/x", json={"title": "Mine"})

    assert (403, "scope_insufficient") == (status, body["code"])


async def test_definitions_outside_the_rules_are_refused_by_name(world: World) -> None:
    reserved = await world.define("admin")
    odd = await world.define("a-b")
    statistic = await world.define("x", stat="kills")

    assert [(422, "definition_invalid"), (422, "definition_invalid")] == [(s, b["code"]) for s, b in (reserved, odd)]
    assert 422 == statistic[0]
    assert "body.stat" in str(statistic[1]["errors"])


async def test_a_deleted_definition_is_gone_and_a_secret_hides_until_earned(world: World) -> None:
    await world.define("hush", secret=True, stat="matches_won")
    await world.define("old")

    assert 204 == (await world.call("DELETE", "/v1/achievements/definitions/old", "ops", OPERATOR))[0]

    assert [] == (await world.call("GET", "/v1/achievements"))[1]["achievements"]
    assert (404, "achievement_unknown") == (
        (hush := await world.call("GET", "/v1/achievements/hush"))[0],
        hush[1]["code"],
    )
    await world.finish("m2", ann=1)
    await eventually(lambda: world.unlocked("ann", "hush"), within_s=60)
