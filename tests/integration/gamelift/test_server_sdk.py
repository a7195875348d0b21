"""A game server on the Server SDK 5 protocol, from ProcessReady to ProcessEnding."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from muster_gamelift.app import build
from muster_gamelift.settings import Settings
from muster_runtime.testing.services import running


async def start(client: Any, *names: str) -> None:
    for name in names:
        await client.start_matchmaking(
            TicketId=f"t-{name}",
            ConfigurationName="duel",
            Players=[{"PlayerId": name, "LatencyInMs": {"custom-laptop": 20}}],
        )


async def status_of(client: Any, arn: str) -> str:
    (session,) = (await client.describe_game_sessions(GameSessionId=arn))["GameSessions"]
    return str(session["Status"])


@pytest.mark.row("5.1.answer", "5.1.push", "5.1.endpoint")
async def test_the_whole_life_of_a_match_on_a_game_server(
    client: Any, server: Any, configuration: str, wait_for_status: Any
) -> None:
    process = server()
    await process.ready()
    await start(client, "ann", "bob")

    message = await process.told()
    assert message["Action"] == "CreateGameSession"
    assert "RequestId" not in message
    assert message["MaximumPlayerSessionCount"] == 2
    teams = json.loads(message["MatchmakerData"])["teams"]
    assert {one["playerId"] for team in teams for one in team["players"]} == {"ann", "bob"}
    arn = message["GameSessionId"]
    await wait_for_status("t-ann", "PLACING")
    assert (await process.ask("ActivateGameSession", GameSessionId=arn))["StatusCode"] == 200

    ticket = await wait_for_status("t-ann", "COMPLETED")
    info = ticket["GameSessionConnectionInfo"]
    assert (info["GameSessionArn"], info["IpAddress"], info["Port"]) == (arn, "127.0.0.1", 7777)
    seats = {}
    for name in ("ann", "bob"):
        (seat,) = (await wait_for_status(f"t-{name}", "COMPLETED"))["GameSessionConnectionInfo"][
            "MatchedPlayerSessions"
        ]
        seats[seat["PlayerId"]] = seat["PlayerSessionId"]

    for seat in seats.values():
        answer = await process.ask("AcceptPlayerSession", GameSessionId=arn, PlayerSessionId=seat)
        assert answer["StatusCode"] == 200
    described = await process.ask("DescribePlayerSessions", GameSessionId=arn, PlayerSessionStatusFilter="ACTIVE")
    assert {seat["PlayerId"] for seat in described["PlayerSessions"]} == {"ann", "bob"}
    assert all(isinstance(seat["CreationTime"], int) for seat in described["PlayerSessions"])
    policy = await process.ask("UpdatePlayerSessionCreationPolicy", GameSessionId=arn, PlayerSessionPolicy="DENY_ALL")
    removed = await process.ask("RemovePlayerSession", GameSessionId=arn, PlayerSessionId=seats["ann"])
    ended = await process.ask("TerminateServerProcess")

    assert [one["StatusCode"] for one in (policy, removed, ended)] == [200] * 3
    assert await status_of(client, arn) == "TERMINATED"
    left = (await client.describe_player_sessions(GameSessionId=arn))["PlayerSessions"]
    assert {seat["Status"] for seat in left} == {"COMPLETED"}


@pytest.mark.row("5.1.error", "5.1.frames")
async def test_errors_carry_a_status_and_leave_the_connection_open(client: Any, server: Any) -> None:
    process = server()
    await process.ready()

    unknown = await process.ask("StartDancing")
    seat = await process.ask("AcceptPlayerSession", GameSessionId="arn:none", PlayerSessionId="psess-none")
    field = await process.ask("ActivateGameSession")
    await process._socket.send_str("not json")
    garbled = await process.receive()
    await process._socket.send_str("[]")
    listed = await process.receive()
    healthy = await process.ask("HeartbeatServerProcess", HealthStatus=True)

    assert [one["StatusCode"] for one in (unknown, seat, field, garbled, listed)] == [400, 404, 400, 400, 400]
    assert all(one["ErrorMessage"] for one in (unknown, seat, field, garbled, listed))
    assert healthy == {"Action": "HeartbeatServerProcess", "RequestId": healthy["RequestId"], "StatusCode": 200}


@pytest.mark.row("5.4.same.pid")
async def test_a_process_that_breaks_off_and_comes_back_keeps_its_session(
    client: Any, server: Any, configuration: str, wait_for_status: Any
) -> None:
    process = server()
    await process.ready()
    await start(client, "ann", "bob")
    arn = await process.host()
    await wait_for_status("t-ann", "COMPLETED")

    await process.drop()
    await process.connect()

    assert (await process.ask("HeartbeatServerProcess", HealthStatus=True))["StatusCode"] == 200
    described = await process.ask("DescribePlayerSessions", GameSessionId=arn)
    assert len(described["PlayerSessions"]) == 2
    assert await status_of(client, arn) == "ACTIVE"


@pytest.mark.row("5.4.close.1000")
async def test_a_second_connection_replaces_the_first_which_is_closed_when_it_lingers(
    client: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster_gamelift.servers.endpoint.LINGER_S", 0.01)
    process = server("p-1")
    await process.ready()
    twin = server("p-1")
    await twin.connect()

    assert await process.closed() == 1000
    assert (await twin.ask("HeartbeatServerProcess", HealthStatus=True))["StatusCode"] == 200


async def test_the_first_of_two_connections_still_answers_but_news_go_to_the_second(client: Any, server: Any) -> None:
    process = server("p-1")
    await process.ready()
    twin = server("p-1")
    await twin.connect()

    assert (await process.ask("HeartbeatServerProcess", HealthStatus=True))["StatusCode"] == 200
    await client.create_game_session(FleetId=process.fleet_id, MaximumPlayerSessionCount=2)
    assert (await twin.told())["Action"] == "CreateGameSession"
    assert process.pushed.empty()


async def test_frames_of_another_kind_are_answered_and_too_long_ones_cost_only_the_connection(
    client: Any, server: Any
) -> None:
    process = server()
    await process.ready()

    await process._socket.send_bytes(b"{}")
    binary = await process.receive()
    await process._socket.send_str('{"Action": "HeartbeatServerProcess", "RequestId": "r", "HealthStatus": NaN}')
    no_json = await process.receive()
    await process._socket.send_str(json.dumps({"Action": "HeartbeatServerProcess", "RequestId": ["r"] * 9}))
    odd = await process.receive()
    await process._socket.send_str("x" * (1024 * 1024 + 1))

    assert [one["StatusCode"] for one in (binary, no_json, odd)] == [400] * 3
    assert "RequestId" not in odd
    assert await process.closed() == 1009
    await process.connect()
    assert (await process.ask("HeartbeatServerProcess", HealthStatus=True))["StatusCode"] == 200


@pytest.mark.row("5.3.TerminateProcess")
async def test_termination_is_pushed_to_the_process(client: Any, server: Any) -> None:
    process = server()
    await process.ready()
    await client.create_game_session(FleetId=process.fleet_id, MaximumPlayerSessionCount=2)
    arn = await process.host()

    await client.terminate_game_session(GameSessionId=arn, TerminationMode="TRIGGER_ON_PROCESS_TERMINATE")

    message = await process.told()
    assert message["Action"] == "TerminateProcess"
    assert isinstance(message["TerminationTime"], int)
    assert await status_of(client, arn) == "TERMINATING"
    await process.ask("TerminateServerProcess")
    assert await status_of(client, arn) == "TERMINATED"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Authorization": "made-up"}, 401),
        ({"FleetId": "fleet-none"}, 404),
        ({"ComputeId": "attic"}, 404),
        ({"pID": ""}, 400),
    ],
)
async def test_who_may_not_connect_is_told_by_the_handshake(
    client: Any, server: Any, http_client: aiohttp.ClientSession, change: dict[str, str], status: int
) -> None:
    process = server()
    await process.connect()
    query = {
        "pID": "p-9",
        "ComputeId": "laptop",
        "FleetId": process.fleet_id,
        "Authorization": process.token,
        **change,
    }

    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http_client.ws_connect(process.endpoint, params=query)

    assert refused.value.status == status


async def test_a_process_that_goes_while_it_is_answered_is_no_error_of_ours(
    http_client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def gone(*_: object) -> None:
        raise ConnectionResetError

    async with running("gamelift", Settings(), build) as service:
        fleet_id, token = await register(http_client, service.base_url)
        query = {"pID": "p", "ComputeId": "laptop", "FleetId": fleet_id, "Authorization": token}
        with monkeypatch.context() as patch:
            patch.setattr(web.WebSocketResponse, "prepare", gone)
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await http_client.ws_connect(service.base_url, params=query)

        # Nothing is left of it: the same process comes in.
        socket = await http_client.ws_connect(service.base_url, params=query)
        await socket.close()

    assert [] == [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.row("5.4.close.other")
async def test_stopping_closes_connections_so_that_they_come_back(http_client: aiohttp.ClientSession) -> None:
    # The reader outlives the service: a close is complete only when the peer answers it.
    async with asyncio.TaskGroup() as readers, running("gamelift", Settings(), build) as service:
        fleet_id, token = await register(http_client, service.base_url)
        query = {"pID": "p", "ComputeId": "laptop", "FleetId": fleet_id, "Authorization": token}
        socket = await http_client.ws_connect(service.base_url, params=query)
        frame = readers.create_task(socket.receive())

    assert frame.result().type is aiohttp.WSMsgType.CLOSE
    assert socket.close_code == 1012


async def register(http: aiohttp.ClientSession, url: str) -> tuple[str, str]:
    async def call(operation: str, **given: Any) -> Any:
        headers = {"X-Amz-Target": f"GameLift.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        async with http.post(url, data=json.dumps(given), headers=headers) as answer:
            assert answer.status == 200
            return await answer.json(content_type=None)

    await call("CreateLocation", LocationName="custom-laptop")
    fleet = await call("CreateFleet", Name="f", ComputeType="ANYWHERE", Locations=[{"Location": "custom-laptop"}])
    fleet_id = fleet["FleetAttributes"]["FleetId"]
    named = {"FleetId": fleet_id, "ComputeName": "laptop"}
    await call("RegisterCompute", **named, IpAddress="127.0.0.1", Location="custom-laptop")
    return fleet_id, (await call("GetComputeAuthToken", **named))["AuthToken"]


async def test_a_waiting_match_is_placed_as_soon_as_a_process_is_ready(
    client: Any, server: Any, configuration: str, wait_for_status: Any
) -> None:
    await start(client, "ann", "bob")
    await wait_for_status("t-bob", "PLACING")
    process = server()

    await process.ready(port=7801)
    await process.host()

    ticket = await wait_for_status("t-bob", "COMPLETED")
    assert ticket["GameSessionConnectionInfo"]["Port"] == 7801
