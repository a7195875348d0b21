"""Rows of docs/rows.md about the protocols: of game servers, of AWS clients, of the default bus."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request
from gamelift_bench import REGION, Bench

from muster_gamelift.bus.sink import BusSink
from muster_gamelift.servers import admission
from muster_gamelift.state.processes import ProcessStatus
from muster_gamelift.wire import API
from muster_gameserver.surroundings import Timings
from muster_runtime.testing.clock import FakeClock
from muster_runtime.testing.ids import SequentialIds
from muster_runtime.testing.waiting import eventually

row = pytest.mark.row


@pytest.fixture
def fleet(bench: Bench) -> Bench:
    bench.hosted()
    return bench


# Game servers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["Go", "Cpp", "CSharp", "Python", "Zig"])
@row("5.1.languages", "5.1.query")
def test_a_server_process_may_be_written_in_any_language(fleet: Bench, language: str) -> None:
    token = fleet.call("GetComputeAuthToken", FleetId=fleet.fleet_id, ComputeName="laptop")["AuthToken"]
    query = {
        "pID": "p-1",
        "sdkVersion": "5.4.0",
        "sdkLanguage": language,
        "ComputeId": "laptop",
        "FleetId": fleet.fleet_id,
        "IdempotencyToken": "0123456789abcdef0123456789abcdef",
        "Authorization": token,
    }

    fleet.engine.apply(REGION, lambda change: admission.attach(change, admission.claim_of(query)))

    assert fleet.world.processes["p-1"].linked


@row("5.2.ActivateServerProcess", "5.2.HeartbeatServerProcess")
def test_a_process_says_that_it_is_ready_and_how_it_feels(fleet: Bench) -> None:
    fleet.connect()
    ready = {"SdkVersion": "5.4.0", "SdkLanguage": "Go", "SdkToolName": "tool", "SdkToolVersion": "1", "LogPaths": []}

    activated = fleet.act("ActivateServerProcess", Port=7901, **ready)
    status = fleet.world.processes["p-1"].status
    before = fleet.world.processes["p-1"].is_free
    heard = fleet.act("HeartbeatServerProcess", HealthStatus=True)

    assert activated == heard == {}
    assert (status, fleet.world.processes["p-1"].port) == (ProcessStatus.ACTIVATED, 7901)
    assert (before, fleet.world.processes["p-1"].is_free) == (False, True)


@row("5.2.ActivateGameSession")
def test_a_process_activates_the_session_that_it_was_given(fleet: Bench) -> None:
    fleet.ready()
    given = {"FleetId": fleet.fleet_id, "Location": "custom-laptop", "MaximumPlayerSessionCount": 1}
    arn = fleet.call("CreateGameSession", **given)["GameSession"]["GameSessionId"]
    assert [message["GameSessionId"] for message in fleet.messages()] == [arn]

    assert fleet.act("ActivateGameSession", GameSessionId=arn) == {}

    (shown,) = fleet.call("DescribeGameSessions", GameSessionId=arn)["GameSessions"]
    assert shown["Status"] == "ACTIVE"


@row("5.3.CreateGameSession")
def test_a_process_is_told_all_about_its_session(fleet: Bench) -> None:
    fleet.ready(port=7901)
    fleet.call(
        "CreateGameSession",
        FleetId=fleet.fleet_id,
        Location="custom-laptop",
        MaximumPlayerSessionCount=4,
        Name="final",
        GameSessionData="data",
        GameProperties=[{"Key": "map", "Value": "sand"}],
    )

    assert fleet.messages() == [
        {
            "Action": "CreateGameSession",
            "GameSessionId": fleet.session_arn(),
            "GameSessionName": "final",
            "GameSessionData": "data",
            "MaximumPlayerSessionCount": 4,
            "IpAddress": "127.0.0.1",
            "Port": 7901,
            "GameProperties": {"map": "sand"},
        }
    ]


@row("5.4.rhythm", "5.4.health.check", "5.4.request", "5.4.connect")
def test_a_game_server_in_python_keeps_the_times_of_the_sdks() -> None:
    timings = Timings()

    assert (timings.heartbeat_s, timings.heartbeat_spread_s) == (60.0, 10.0)
    assert (timings.health_s, timings.request_s) == (50.0, 20.0)
    assert tuple(timings.dial_waits_s) == (4.0, 8.0, 16.0, 32.0, 32.0, 32.0)


# AWS clients -------------------------------------------------------------------------------------------------------


def api(engine: Any) -> API:
    return API(engine, ids=SequentialIds(), region=REGION, servers_url="", body_deadline_s=5.0)


async def post(engine: Any, operation: str, given: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any]]:
    """Send a request as it comes over the wire; return status and body of the answer."""
    body = aiohttp.StreamReader(Mock(), 2**16)
    body.feed_data(json.dumps(given).encode())
    body.feed_eof()
    sent = {"X-Amz-Target": f"GameLift.{operation}", "Host": "127.0.0.1:9080", **headers}
    answer: Any = await api(engine).handle(make_mocked_request("POST", "/", headers=sent, payload=body))
    return answer.status, json.loads(answer.body)


@row("4.3.InternalService", "4.3.Message")
async def test_what_fails_inside_is_an_internal_error_without_details(bench: Bench) -> None:
    class Broken:
        def call(self, *_given: object, **_named: object) -> object:
            raise RuntimeError("secret detail")

        async def settled(self) -> None:
            """Everything is kept already."""

    status, answer = await post(Broken(), "ListFleets", {})

    assert (status, answer["__type"]) == (500, "InternalServiceException")
    assert answer.keys() == {"__type", "Message"}
    assert "secret" not in answer["Message"]


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "AWS4-HMAC-SHA256 Credential=any/20250101/us-east-1/gamelift/aws4_request, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 Credential=AKIAOTHER/20990101/us-east-1/gamelift/aws4_request, Signature=ff",
        "Bearer something",
    ],
)
@row("4.4.credentials")
async def test_credentials_may_be_anything(bench: Bench, authorization: str) -> None:
    bench.configure()

    signed = {"Authorization": authorization} if authorization else {}

    status, answer = await post(bench.engine, "DescribeMatchmakingConfigurations", {}, **signed)

    assert status == 200
    assert [one["Name"] for one in answer["Configurations"]] == ["duel"]


@row("4.4.json", "4.4.json.times", "5.5.milliseconds")
async def test_a_request_and_its_answer_are_json_with_times_in_seconds(bench: Bench) -> None:
    bench.configure()
    players = [{"PlayerId": "ann"}]

    status, answer = await post(bench.engine, "StartMatchmaking", {"ConfigurationName": "duel", "Players": players})

    assert status == 200
    assert answer["MatchmakingTicket"]["StartTime"] == bench.now_s


# The default bus ---------------------------------------------------------------------------------------------------


class Bus:
    """Stands for EventBridge and SQS: one rule for placement notices, one queue."""

    meta = SimpleNamespace(endpoint_url="http://127.0.0.1:4566")

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    async def connect(self, _service: str) -> "Bus":
        return self

    async def list_rules(self, **_: str) -> dict[str, Any]:
        pattern = json.dumps({"detail-type": ["GameLift Queue Placement Event"]})
        return {"Rules": [{"Name": "placements", "Arn": "arn:rule", "State": "ENABLED", "EventPattern": pattern}]}

    async def list_targets_by_rule(self, **_: str) -> dict[str, Any]:
        return {"Targets": [{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:000000000000:queue"}]}

    async def get_queue_url(self, **_: str) -> dict[str, str]:
        return {"QueueUrl": "http://queue"}

    async def send_message(self, **request: Any) -> None:
        self.bodies.append(json.loads(request["MessageBody"]))


@row("3.1.placement.bus", "3.1.bus")
async def test_placement_notices_go_to_the_default_bus_without_any_topic(bench: Bench) -> None:
    bench.hosted(NotificationTarget="")
    placed = {"PlacementId": "pl-1", "GameSessionQueueName": "main", "MaximumPlayerSessionCount": 1}
    bench.call("StartGameSessionPlacement", **placed)
    bench.call("StopGameSessionPlacement", PlacementId="pl-1")
    bus, stop = Bus(), asyncio.Event()
    sink = BusSink(bus.connect, clock=FakeClock(), timeout_s=1.0, give_up_s=900.0, fresh_s=2.0, done=lambda _: None)
    for notice in bench.recorder.notices:
        sink.hand_over(notice)

    async with asyncio.TaskGroup() as group:
        group.create_task(sink.run(stop))
        await eventually(lambda: bus.bodies)
        stop.set()

    (told,) = bus.bodies
    assert (told["detail"]["type"], told["detail"]["placementId"]) == ("PlacementCancelled", "pl-1")
