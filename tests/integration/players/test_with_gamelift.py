"""The arena on the project's own GameLift: both sides of the Server SDK protocol meet."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from players_stand_in import REGION, StandIn, connected, stand_in

from muster_gamelift.app import build as build_gamelift
from muster_gamelift.settings import Settings as GameLiftSettings
from muster_players.arena.app import build as build_arena
from muster_players.arena.frames import ACCEPTED, REFUSED
from muster_players.arena.settings import ArenaSettings
from muster_runtime.aws import client_context
from muster_runtime.serve import Running
from muster_runtime.testing import eventually, running

RULES = {
    "name": "duel",
    "ruleLanguageVersion": "1.0",
    "teams": [
        {"name": "red", "minPlayers": 1, "maxPlayers": 5},
        {"name": "blue", "minPlayers": 1, "maxPlayers": 5},
    ],
}


@pytest.fixture
async def bus(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StandIn]:
    """Stands in for the event bus only."""
    async with stand_in() as fake:
        monkeypatch.setenv("AWS_ENDPOINT_URL", fake.base_url)
        monkeypatch.setenv("AWS_REGION", REGION)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield fake


@pytest.fixture
async def gamelift(bus: StandIn, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    async with running("gamelift", GameLiftSettings(tick_s=0.05), build_gamelift) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL_GAMELIFT", service.base_url)
        yield service


@pytest.fixture
async def client(gamelift: Running) -> AsyncIterator[Any]:
    async with client_context("gamelift", GameLiftSettings()) as made:
        yield made


async def a_fleet(client: Any) -> str:
    """Create what a match needs, and return the fleet's id."""
    await client.create_location(LocationName="custom-laptop")
    fleet = await client.create_fleet(
        Name="arena",
        ComputeType="ANYWHERE",
        Locations=[{"Location": "custom-laptop"}],
        AnywhereConfiguration={"Cost": "1"},
    )
    attributes = fleet["FleetAttributes"]
    queue = await client.create_game_session_queue(
        Name="arena", Destinations=[{"DestinationArn": attributes["FleetArn"]}]
    )
    await client.create_matchmaking_rule_set(Name="duel", RuleSetBody=json.dumps(RULES))
    await client.create_matchmaking_configuration(
        Name="arena",
        AcceptanceRequired=False,
        RequestTimeoutSeconds=600,
        RuleSetName="duel",
        GameSessionQueueArns=[queue["GameSessionQueue"]["GameSessionQueueArn"]],
        BackfillMode="MANUAL",
    )
    return str(attributes["FleetId"])


def an_arena(fleet_id: str, **changes: Any) -> ArenaSettings:
    usual: dict[str, Any] = {
        "fleet_id": fleet_id,
        "event_bus": "muster",
        "slots": 2,
        "port_first": 0,
        "match_s": 0.5,
        "sdk_redial_s": 0.05,
        "gather_s": 60,
        "first_line_s": 60,
        "grace_s": 60,
    }
    return ArenaSettings(**(usual | changes))


async def matched(client: Any, number: int) -> tuple[int, dict[str, str]]:
    """Match two players, and return the port and their player session ids by player id."""
    tickets = [f"ticket-{number}-{name}" for name in ("ann", "ben")]
    for ticket, name in zip(tickets, ("ann", "ben"), strict=True):
        players = [{"PlayerId": f"{name}-{number}", "LatencyInMs": {"custom-laptop": 20}}]
        await client.start_matchmaking(TicketId=ticket, ConfigurationName="arena", Players=players)

    async def completed() -> list[dict[str, Any]] | None:
        told = (await client.describe_matchmaking(TicketIds=tickets))["TicketList"]
        return told if all(ticket["Status"] == "COMPLETED" for ticket in told) else None

    told = await eventually(completed, within_s=60)
    assert told is not None
    # A ticket tells the seats of its own players alone.
    sessions = [ticket["GameSessionConnectionInfo"] for ticket in told]
    matched = [each for session in sessions for each in session["MatchedPlayerSessions"]]
    seats = {each["PlayerId"]: each["PlayerSessionId"] for each in matched}
    return sessions[0]["Port"], seats


async def test_a_flexmatch_match_is_played_in_the_arena(client: Any, bus: StandIn) -> None:
    async with running("arena", an_arena(await a_fleet(client)), build_arena):
        port, seats = await matched(client, 1)
        ann, ben = seats.values()
        async with connected(port, ann) as first, connected(port, ben) as second, connected(port, "psess-no") as none:
            assert ACCEPTED == await first.line()
            assert ACCEPTED == await second.line()
            assert REFUSED == await none.line()
            assert ["red", "blue"] == (await first.frame("welcome"))["sides"]
            await first.frame("end")
            await second.ended()

        await eventually(lambda: bus.events)
        players = bus.events[0]["data"]["players"]
        assert {"ann-1", "ben-1"} == {each["player_id"] for each in players}
        assert {"red", "blue"} == {each["team"] for each in players}


async def test_slots_serve_match_after_match(client: Any, bus: StandIn) -> None:
    async with running("arena", an_arena(await a_fleet(client)), build_arena):
        for number in range(4):
            port, seats = await matched(client, number)
            async with asyncio.TaskGroup() as tasks:
                for seat in seats.values():
                    tasks.create_task(_play(port, seat))

        await eventually(lambda: len(bus.events) == 4)
        assert 4 == len({event["data"]["match_id"] for event in bus.events})


async def test_sessions_end_in_gamelift_when_the_arena_stops(client: Any, bus: StandIn) -> None:
    fleet_id = await a_fleet(client)
    async with running("arena", an_arena(fleet_id, match_s=600), build_arena):
        port, seats = await matched(client, 1)
        ann, ben = seats.values()
        async with connected(port, ann) as first, connected(port, ben) as second:
            await first.line()
            await second.line()
            await first.frame("state")

    (session,) = (await client.describe_game_sessions(FleetId=fleet_id, Location="custom-laptop"))["GameSessions"]
    assert "TERMINATED" == session["Status"]


async def _play(port: int, seat: str) -> None:
    async with connected(port, seat) as player:
        assert ACCEPTED == await player.line()
        await player.frame("end")
