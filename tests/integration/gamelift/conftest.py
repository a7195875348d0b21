"""The local GameLift as a running service, an AWS client for it, and a game server that speaks Server SDK 5."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import aiohttp
import pytest
from gamelift_drivers import AwsCli
from patience import GAMELIFT

from muster_gamelift.app import build
from muster_gamelift.settings import Settings
from muster_runtime.aws import client_context
from muster_runtime.serve import Running
from muster_runtime.testing.services import running
from muster_runtime.testing.waiting import eventually

DUEL = json.dumps(
    {
        "name": "duel",
        "ruleLanguageVersion": "1.0",
        "playerAttributes": [{"name": "skill", "type": "number", "default": 10}],
        "teams": [
            {"name": "red", "minPlayers": 1, "maxPlayers": 1},
            {"name": "blue", "minPlayers": 1, "maxPlayers": 1},
        ],
    }
)


class GameServer:
    """One server process on the Server SDK 5 protocol, driven by the test step by step."""

    def __init__(self, http: aiohttp.ClientSession, client: Any, fleet_id: str, process_id: str) -> None:
        self._http = http
        self._client = client
        self._socket: Any = None
        self._numbers = 0
        self.fleet_id = fleet_id
        self.process_id = process_id
        self.token = ""
        self.endpoint = ""
        self.pushed: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def connect(self) -> None:
        """Get an endpoint and a token the first time, then open the WebSocket."""
        if not self.endpoint:
            named = {"FleetId": self.fleet_id, "ComputeName": "laptop"}
            compute = (await self._client.describe_compute(**named))["Compute"]
            self.endpoint = compute["GameLiftServiceSdkEndpoint"]
            self.token = (await self._client.get_compute_auth_token(**named))["AuthToken"]
        query = {
            "pID": self.process_id,
            "sdkVersion": "5.4.0",
            "sdkLanguage": "Go",
            "ComputeId": "laptop",
            "FleetId": self.fleet_id,
            "IdempotencyToken": f"{self.process_id}-{self._numbers}",
            "Authorization": self.token,
        }
        self._socket = await self._http.ws_connect(self.endpoint, params=query)

    async def ask(self, action: str, **fields: Any) -> dict[str, Any]:
        """Send a request and return its answer; messages that come in between are kept in `pushed`."""
        self._numbers += 1
        request_id = str(self._numbers)
        await self._socket.send_str(json.dumps({"Action": action, "RequestId": request_id, **fields}))
        while True:
            message = await self.receive()
            if message.get("RequestId") == request_id:
                assert message["Action"] == action
                return message
            self.pushed.put_nowait(message)

    async def receive(self) -> dict[str, Any]:
        frame = await asyncio.wait_for(self._socket.receive(), 60)
        assert frame.type is aiohttp.WSMsgType.TEXT, frame
        message: dict[str, Any] = json.loads(frame.data)
        return message

    async def told(self) -> dict[str, Any]:
        """Return the next message that GameLift sent by itself."""
        return self.pushed.get_nowait() if not self.pushed.empty() else await self.receive()

    async def closed(self) -> int | None:
        """Wait until the other side closes; return its code."""
        while not self._socket.closed:
            await asyncio.wait_for(self._socket.receive(), 60)
        code: int | None = self._socket.close_code
        return code

    async def ready(self, port: int = 7777) -> None:
        await self.connect()
        activated = await self.ask(
            "ActivateServerProcess", SdkVersion="5.4.0", SdkLanguage="Go", Port=port, LogPaths=[]
        )
        assert activated["StatusCode"] == 200
        assert (await self.ask("HeartbeatServerProcess", HealthStatus=True))["StatusCode"] == 200

    async def host(self) -> str:
        """Wait for a session and activate it; return its ARN."""
        message = await self.told()
        assert message["Action"] == "CreateGameSession"
        arn: str = message["GameSessionId"]
        assert (await self.ask("ActivateGameSession", GameSessionId=arn))["StatusCode"] == 200
        return arn

    async def drop(self) -> None:
        """Break the connection as a crash does: without a close frame."""
        self._socket._response.connection.transport.abort()
        await self._socket.close()

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()


@pytest.fixture
async def gamelift(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    """Run the service, and lead AWS clients to it."""
    for name, value in {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "anything",
        "AWS_SECRET_ACCESS_KEY": "anything",
    }.items():
        monkeypatch.setenv(name, value)
    # Game servers of these tests read, and so answer pings, only when the test drives them.
    monkeypatch.setattr("muster_gamelift.servers.endpoint.PING_S", 600.0)
    async with running("gamelift", Settings(tick_s=0.05, **GAMELIFT), build) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL_GAMELIFT", service.base_url)
        yield service


@pytest.fixture
async def client(gamelift: Running) -> AsyncIterator[Any]:
    """An unmodified aiobotocore client."""
    async with client_context("gamelift", Settings(**GAMELIFT)) as made:
        yield made


@pytest.fixture
def game_server_class() -> type[GameServer]:
    return GameServer


@pytest.fixture
async def game_server(client: Any, http_client: aiohttp.ClientSession) -> AsyncIterator[Callable[..., GameServer]]:
    """Make game servers on the compute `laptop` of a fleet: `game_server(fleet_id)`; they are closed at the end."""
    made: list[GameServer] = []

    def make(fleet_id: str, process_id: str = "p-1") -> GameServer:
        made.append(GameServer(http_client, client, fleet_id, process_id))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
async def server(client: Any, game_server: Callable[..., GameServer]) -> Callable[..., GameServer]:
    """Make a fleet with a compute and a queue, and game servers on it: `server("p-1")`."""
    await client.create_location(LocationName="custom-laptop")
    fleet = await client.create_fleet(Name="arena", ComputeType="ANYWHERE", Locations=[{"Location": "custom-laptop"}])
    fleet_id, fleet_arn = fleet["FleetAttributes"]["FleetId"], fleet["FleetAttributes"]["FleetArn"]
    await client.register_compute(
        FleetId=fleet_id, ComputeName="laptop", IpAddress="127.0.0.1", Location="custom-laptop"
    )
    await client.create_game_session_queue(
        Name="main", TimeoutInSeconds=600, Destinations=[{"DestinationArn": fleet_arn}]
    )
    return lambda process_id="p-1": game_server(fleet_id, process_id)


@pytest.fixture
async def configuration(client: Any, server: Any) -> str:
    """A configuration with the queue of `server`."""
    queue = (await client.describe_game_session_queues(Names=["main"]))["GameSessionQueues"][0]
    await client.create_matchmaking_rule_set(Name="duel", RuleSetBody=DUEL)
    await client.create_matchmaking_configuration(
        Name="duel",
        RuleSetName="duel",
        RequestTimeoutSeconds=3600,
        AcceptanceRequired=False,
        FlexMatchMode="WITH_QUEUE",
        GameSessionQueueArns=[queue["GameSessionQueueArn"]],
    )
    return "duel"


@pytest.fixture
def duel_body() -> str:
    return DUEL


@pytest.fixture
def wait_for_status(client: Any) -> Callable[[str, str], Any]:
    """Return a function that waits until a ticket has a status, and returns the ticket."""

    async def wait(ticket_id: str, status: str) -> Any:
        async def ask() -> Any:
            (ticket,) = (await client.describe_matchmaking(TicketIds=[ticket_id]))["TicketList"]
            return ticket if ticket["Status"] == status else None

        return await eventually(ask, within_s=60)

    return wait


@pytest.fixture
def server_class() -> type[GameServer]:
    """For tests that run a service of their own."""
    return GameServer


@pytest.fixture(scope="session")
def aws_cli() -> Iterator[AwsCli]:
    """The AWS CLI, in one process for all its tests; it starts with the first."""
    with AwsCli() as aws:
        yield aws
