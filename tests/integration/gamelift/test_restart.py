"""A local GameLift with a store, stopped and started again at the same address."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from patience import GAMELIFT
from ports import kept_port

from muster_gamelift.app import build
from muster_gamelift.settings import Settings
from muster_gamelift.storage.store import StoreFailed
from muster_runtime.aws import client_context
from muster_runtime.serve import ConsumerDied
from muster_runtime.testing.services import running
from muster_runtime.testing.waiting import eventually


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "anything")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with kept_port() as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL_GAMELIFT", f"http://127.0.0.1:{port}")
        yield Settings(port=port, tick_s=0.05, store=tmp_path / "gamelift.sqlite", **GAMELIFT)


async def fleet_of(client: Any) -> str:
    await client.create_location(LocationName="custom-laptop")
    fleet = await client.create_fleet(Name="arena", ComputeType="ANYWHERE", Locations=[{"Location": "custom-laptop"}])
    fleet_id: str = fleet["FleetAttributes"]["FleetId"]
    await client.register_compute(
        FleetId=fleet_id, ComputeName="laptop", IpAddress="127.0.0.1", Location="custom-laptop"
    )
    return fleet_id


async def test_a_game_goes_on_after_a_restart(
    settings: Settings, game_server_class: Callable[..., Any], http_client: aiohttp.ClientSession
) -> None:
    async with client_context("gamelift", settings) as client:
        async with running("gamelift", settings, build):
            server = game_server_class(http_client, client, await fleet_of(client), "p-1")
            await server.ready()
            await client.create_game_session(
                FleetId=server.fleet_id, Location="custom-laptop", MaximumPlayerSessionCount=2
            )
            arn = await server.host()
            seat = (await client.create_player_session(GameSessionId=arn, PlayerId="ann"))["PlayerSession"]
        await server.close()

        async with running("gamelift", settings, build):
            # The same process with the token it has: nothing of either was forgotten.
            await server.connect()
            accepted = await server.ask(
                "AcceptPlayerSession", GameSessionId=arn, PlayerSessionId=seat["PlayerSessionId"]
            )
            sessions = (await client.describe_game_sessions(FleetId=server.fleet_id))["GameSessions"]
            await server.close()

    assert accepted["StatusCode"] == 200
    assert [(one["GameSessionId"], one["Status"], one["CurrentPlayerSessionCount"]) for one in sessions] == [
        (arn, "ACTIVE", 1)
    ]


async def test_time_that_passed_while_the_service_was_down_counts(settings: Settings, duel_body: str) -> None:
    async with client_context("gamelift", settings) as client:
        async with running("gamelift", settings, build):
            await client.create_matchmaking_rule_set(Name="duel", RuleSetBody=duel_body)
            await client.create_matchmaking_configuration(
                Name="duel",
                RuleSetName="duel",
                RequestTimeoutSeconds=1,
                AcceptanceRequired=False,
                FlexMatchMode="STANDALONE",
            )
            started = await client.start_matchmaking(ConfigurationName="duel", Players=[{"PlayerId": "ann"}])
            ticket_id = started["MatchmakingTicket"]["TicketId"]

        async with running("gamelift", settings, build):

            async def is_timed_out() -> bool:
                (ticket,) = (await client.describe_matchmaking(TicketIds=[ticket_id]))["TicketList"]
                return bool(ticket["Status"] == "TIMED_OUT")

            await eventually(is_timed_out)


async def test_a_service_whose_disk_fails_says_so_and_stops(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    async def live() -> None:
        async with client_context("gamelift", settings) as client, running("gamelift", settings, build):
            with pytest.raises(client.exceptions.InternalServiceException):
                await client.create_location(LocationName="custom-laptop")

    monkeypatch.setattr("muster_gamelift.storage.database.Database.write", fail)
    with pytest.raises(ExceptionGroup) as caught:
        await live()

    assert caught.group_contains(ConsumerDied)
    assert caught.group_contains(StoreFailed)
    assert "no space left on device" in capsys.readouterr().out
