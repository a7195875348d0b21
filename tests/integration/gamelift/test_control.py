"""The control interface over HTTP, beside unmodified AWS clients and game servers."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from botocore.exceptions import ClientError
from patience import GAMELIFT

from muster_gamelift.app import build
from muster_gamelift.settings import Settings
from muster_runtime.aws import client_context
from muster_runtime.serve import Running
from muster_runtime.testing.clock import FakeClock
from muster_runtime.testing.ids import SequentialIds
from muster_runtime.testing.services import running
from muster_runtime.testing.waiting import eventually


class Controlled:
    """The local GameLift under control: its AWS client, and `/_control`."""

    def __init__(self, base_url: str, http: aiohttp.ClientSession, client: Any) -> None:
        self.base_url = base_url
        self.http = http
        self.client = client
        self.fleet_id = ""

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, str, bytes]:
        """Return status, content type and body of the answer."""
        async with self.http.request(method, f"{self.base_url}/_control/{path}", json=body) as answer:
            return answer.status, answer.content_type, await answer.read()

    async def get(self, path: str) -> Any:
        status, _, raw = await self.ask("GET", path)
        assert 200 == status, raw
        return json.loads(raw)

    async def post(self, path: str, **body: Any) -> Any:
        status, _, raw = await self.ask("POST", path, body)
        assert 200 == status, raw
        return json.loads(raw)

    async def told(self) -> list[str]:
        return [one["notice"]["detail"]["type"] for one in (await self.get("notices?after=0"))["notices"]]

    async def arena(self, body: str, *, timeout_s: int = 60, **configuration: Any) -> None:
        """Make a configuration with a queue and a fleet behind it, on the compute `laptop`."""
        await self.client.create_location(LocationName="custom-laptop")
        made = await self.client.create_fleet(
            Name="arena", ComputeType="ANYWHERE", Locations=[{"Location": "custom-laptop"}]
        )
        fleet = made["FleetAttributes"]
        self.fleet_id = fleet["FleetId"]
        await self.client.register_compute(
            FleetId=self.fleet_id, ComputeName="laptop", IpAddress="127.0.0.1", Location="custom-laptop"
        )
        queue = await self.client.create_game_session_queue(
            Name="main", TimeoutInSeconds=timeout_s, Destinations=[{"DestinationArn": fleet["FleetArn"]}]
        )
        await self.client.create_matchmaking_rule_set(Name="duel", RuleSetBody=body)
        members = {
            "Name": "duel",
            "RuleSetName": "duel",
            "RequestTimeoutSeconds": 90,
            "AcceptanceRequired": False,
            "GameSessionQueueArns": [queue["GameSessionQueue"]["GameSessionQueueArn"]],
        }
        await self.client.create_matchmaking_configuration(**{**members, **configuration})

    async def processes(self, count: int) -> Any:
        return await self.post("processes", fleetId=self.fleet_id, location="custom-laptop", count=count)

    async def start(self, *tickets: str) -> None:
        for ticket in tickets:
            await self.client.start_matchmaking(
                TicketId=ticket, ConfigurationName="duel", Players=[{"PlayerId": f"player-{ticket}"}]
            )

    async def statuses(self, *tickets: str) -> list[str]:
        found = (await self.client.describe_matchmaking(TicketIds=list(tickets)))["TicketList"]
        return [ticket["Status"] for ticket in found]


@pytest.fixture
async def controlled(
    local_region: None, http_client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Controlled]:
    settings = Settings(tick_s=0.05, control=True, **GAMELIFT)
    async with running("gamelift", settings, build) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL_GAMELIFT", service.base_url)
        async with client_context("gamelift", settings) as client:
            yield Controlled(service.base_url, http_client, client)


@pytest.fixture
def local_region(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give AWS clients what they insist on."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "anything")
    monkeypatch.setenv("AWS_REGION", "us-east-1")


ROUTES = [
    ("POST", "reset"),
    ("GET", "clock"),
    ("POST", "clock"),
    ("POST", "clock/advance"),
    ("GET", "notices"),
    ("GET", "faults"),
    ("POST", "faults"),
    ("POST", "processes"),
    ("GET", "explain/t-1"),
]


async def test_nothing_of_it_is_there_unless_switched_on(gamelift: Running, http_client: aiohttp.ClientSession) -> None:
    for method, path in ROUTES:
        async with http_client.request(method, f"{gamelift.base_url}/_control/{path}", json={}) as answer:
            assert 404 == answer.status, path
            assert "route_unknown" == (await answer.json(content_type=None))["code"]


async def test_a_ranked_match_is_played_while_time_stands(controlled: Controlled, duel_body: str) -> None:
    began = await controlled.post("clock", frozen=True)
    await controlled.arena(duel_body, AcceptanceRequired=True, AcceptanceTimeoutSeconds=10)
    assert {"fleetId": controlled.fleet_id, "location": "custom-laptop", "count": 1} == await controlled.processes(1)
    await controlled.start("t-1", "t-2")
    assert ["QUEUED", "QUEUED"] == await controlled.statuses("t-1", "t-2")

    assert {"now": began["now"] + 1, "frozen": True} == await controlled.post("clock/advance", seconds=1)
    assert ["REQUIRES_ACCEPTANCE", "REQUIRES_ACCEPTANCE"] == await controlled.statuses("t-1", "t-2")
    for ticket in ("t-1", "t-2"):
        await controlled.client.accept_match(TicketId=ticket, PlayerIds=[f"player-{ticket}"], AcceptanceType="ACCEPT")
    await controlled.post("clock/advance", seconds=0)

    assert ["COMPLETED", "COMPLETED"] == await controlled.statuses("t-1", "t-2")
    assert [
        "MatchmakingSearching",
        "MatchmakingSearching",
        "PotentialMatchCreated",
        "AcceptMatch",
        "AcceptMatch",
        "AcceptMatchCompleted",
        "PlacementFulfilled",
        "MatchmakingSucceeded",
    ] == await controlled.told()
    assert "ended" == (await controlled.get("explain/t-1"))["verdict"]


async def test_bodies_are_taken_as_curl_sends_them(controlled: Controlled) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for path, body in (("clock", b'{"frozen": true}'), ("clock/advance", b'{"seconds": 1}'), ("reset", b"{}")):
        async with controlled.http.post(f"{controlled.base_url}/_control/{path}", data=body, headers=form) as answer:
            assert 200 == answer.status, await answer.text()


async def test_passes_run_by_themselves_again_once_time_goes_on(controlled: Controlled, duel_body: str) -> None:
    await controlled.post("clock", frozen=True)
    await controlled.arena(duel_body)
    await controlled.post("clock/advance", seconds=3600)
    await controlled.start("t-1", "t-2")
    await controlled.processes(1)
    going = await controlled.post("clock", frozen=False)
    assert going["frozen"] is False

    async def both_completed() -> bool:
        return ["COMPLETED", "COMPLETED"] == await controlled.statuses("t-1", "t-2")

    await eventually(both_completed)
    assert (await controlled.get("clock"))["now"] > going["now"] - 0.001


async def test_a_connected_game_server_opens_its_session_within_the_advance(
    controlled: Controlled, duel_body: str, game_servers: Any
) -> None:
    await controlled.arena(duel_body)
    server = game_servers(controlled)
    await server.ready()
    await controlled.post("clock", frozen=True)
    await controlled.start("t-1", "t-2")

    async with asyncio.TaskGroup() as group:
        advance = group.create_task(controlled.post("clock/advance", seconds=30))
        await server.host()
    assert True is advance.result()["frozen"]

    assert ["COMPLETED", "COMPLETED"] == await controlled.statuses("t-1", "t-2")


async def test_a_reset_hangs_up_on_game_servers_and_forgets_their_fleet(
    controlled: Controlled, duel_body: str, game_servers: Any
) -> None:
    await controlled.arena(duel_body)
    server = game_servers(controlled)
    await server.ready()

    assert {} == await controlled.post("reset")

    assert 1000 == await server.closed()
    assert [] == (await controlled.client.list_fleets())["FleetIds"]
    assert {"notices": [], "last": 0} == await controlled.get("notices")


@pytest.fixture
async def game_servers(http_client: aiohttp.ClientSession, server_class: Any) -> AsyncIterator[Any]:
    """Make game servers for a `Controlled`; they are closed at the end."""
    made: list[Any] = []

    def make(controlled: Controlled) -> Any:
        made.append(server_class(http_client, controlled.client, controlled.fleet_id, "p-1"))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def test_a_client_that_tries_again_survives_throttling_and_others_do_not(
    controlled: Controlled, duel_body: str
) -> None:
    await controlled.arena(duel_body)
    async with client_context("gamelift", Settings(aws_attempts=2, **GAMELIFT)) as client:
        controlled.client = client
        await controlled.post("faults", operation="StartMatchmaking", error="ThrottlingException", times=1)
        await controlled.start("t-1")
        assert {"faults": []} == await controlled.get("faults")

        await controlled.post("faults", operation="StartMatchmaking", error="ThrottlingException", times=2)
        with pytest.raises(ClientError) as caught:
            await controlled.start("t-2")

    assert "ThrottlingException" == caught.value.response["Error"]["Code"]


NONSENSE: list[tuple[str, Any, int, str]] = [
    ("clock/advance", {"seconds": 1}, 409, "clock_not_frozen"),
    ("clock/advance", {"seconds": -1}, 422, "fields_invalid"),
    ("clock/advance", {}, 422, "fields_invalid"),
    ("clock", {"frozen": "yes"}, 422, "fields_invalid"),
    ("clock", [], 422, "fields_invalid"),
    ("reset", {"hard": True}, 422, "fields_invalid"),
    ("faults", {"operation": "StartDancing", "error": "ThrottlingException"}, 422, "operation_unknown"),
    ("processes", {"fleetId": "fleet-1", "location": "custom-laptop", "count": 1}, 404, "fleet_unknown"),
    ("explain", {}, 404, "route_unknown"),
]


async def test_what_makes_no_sense_is_refused_with_a_problem_that_says_what_to_do(controlled: Controlled) -> None:
    for path, body, status, code in NONSENSE:
        answered, content_type, raw = await controlled.ask("POST", path, body)
        problem = json.loads(raw)
        assert (status, "application/problem+json", code) == (answered, content_type, problem["code"])
        assert problem["detail"]
    for query in ("after=-1", "after=x", "before=1"):
        status, _, raw = await controlled.ask("GET", f"notices?{query}")
        assert (422, "fields_invalid") == (status, json.loads(raw)["code"])


async def test_an_advance_answers_after_the_notices_are_published(
    sandbox: Any, controlled: Controlled, duel_body: str
) -> None:
    queue = await sandbox.queue()
    sns = await sandbox.client("sns")
    topic_arn = (await sns.create_topic(Name=sandbox.name("topic")))["TopicArn"]
    await sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue.arn)
    await controlled.post("clock", frozen=True)
    await controlled.arena(duel_body, NotificationTarget=topic_arn)
    await controlled.processes(1)
    await controlled.start("t-1", "t-2")

    await controlled.post("clock/advance", seconds=5)
    published = [json.loads(json.loads(one["Body"])["Message"]) for one in await sandbox.take(queue.url)]

    # The emulator may deliver a little later, but it has them: nothing is left to publish.
    async def all_there() -> bool:
        published.extend(json.loads(json.loads(one["Body"])["Message"]) for one in await sandbox.take(queue.url))
        return len(published) == 4

    await eventually(all_there)
    recorded = [one["notice"] for one in (await controlled.get("notices"))["notices"]]
    matchmaking = [one for one in recorded if one["detail-type"] == "GameLift Matchmaking Event"]
    assert sorted(one["id"] for one in matchmaking) == sorted(one["id"] for one in published)


async def test_without_an_emulator_a_topic_keeps_nobody_waiting(controlled: Controlled, duel_body: str) -> None:
    await controlled.post("clock", frozen=True)
    await controlled.arena(duel_body, NotificationTarget="arn:aws:sns:us-east-1:000000000000:nowhere")
    await controlled.processes(1)
    await controlled.start("t-1", "t-2")

    await controlled.post("clock/advance", seconds=1)

    assert "MatchmakingSucceeded" == (await controlled.told())[-1]


async def test_a_reset_empties_the_store_as_well(
    local_region: None, http_client: aiohttp.ClientSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(control=True, store=tmp_path / "gamelift.db", **GAMELIFT)
    for expected in ([], ["custom-left"]):
        async with running("gamelift", settings, build) as service:
            monkeypatch.setenv("AWS_ENDPOINT_URL_GAMELIFT", service.base_url)
            async with client_context("gamelift", settings) as client:
                controlled = Controlled(service.base_url, http_client, client)
                found = (await client.list_locations(Filters=["CUSTOM"]))["Locations"]
                assert expected == [one["LocationName"] for one in found]
                await client.create_location(LocationName="custom-gone")
                await controlled.post("reset")
                await client.create_location(LocationName="custom-left")


async def test_the_same_requests_over_http_give_the_same_bytes(
    local_region: None, http_client: aiohttp.ClientSession, duel_body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play() -> bytes:
        settings = Settings(control=True, seed=5, **GAMELIFT)
        async with running("gamelift", settings, build, clock=FakeClock(), ids=SequentialIds()) as service:
            monkeypatch.setenv("AWS_ENDPOINT_URL_GAMELIFT", service.base_url)
            async with client_context("gamelift", settings) as client:
                controlled = Controlled(service.base_url, http_client, client)
                await controlled.post("clock", frozen=True)
                await controlled.arena(duel_body, AcceptanceRequired=True, AcceptanceTimeoutSeconds=5)
                await controlled.processes(1)
                await controlled.post("faults", notices="duplicate", rate=0.3, seed=1)
                await controlled.post("faults", notices="reorder", rate=0.3, seed=2)
                for number in range(6):
                    await controlled.start(f"t-{number}")
                    await controlled.post("clock/advance", seconds=0.7)
                await controlled.post("clock/advance", seconds=100)
                return (await controlled.ask("GET", "notices"))[2]

    first = await play()

    assert first == await play()
    assert len(json.loads(first)["notices"]) > 15
