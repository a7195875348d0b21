"""The Server SDK 5 for Python against the local GameLift, over ws and over wss, through a whole life."""

import asyncio
import json
import math
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from patience import PATIENT

from muster_gamelift.app import build
from muster_gamelift.servers.tls import TLSPort
from muster_gamelift.settings import Settings
from muster_gameserver import (
    AWSKeys,
    GameServer,
    GameSession,
    GameSessionUpdate,
    NotConnected,
    NotFound,
    NotManaged,
    Player,
    ProcessParameters,
    ServerParameters,
    Timings,
    TokenRefused,
    compute_auth_token,
    parse_matchmaker_data,
    trusting,
    unverified,
)
from muster_runtime.aws import client_context
from muster_runtime.scope import Scope
from muster_runtime.service import Service
from muster_runtime.testing import FakeClock, eventually, running

TOKEN_S = 120.0
KEYS = AWSKeys("us-east-1", "anything", "anything")
RULES = {
    "name": "duel",
    "ruleLanguageVersion": "1.0",
    "playerAttributes": [{"name": "skill", "type": "number", "default": 10}],
    "teams": [
        {"name": "red", "minPlayers": 1, "maxPlayers": 1},
        {"name": "blue", "minPlayers": 1, "maxPlayers": 1},
    ],
}


@dataclass
class Local:
    """A local GameLift on a clock that the test moves, with a fleet of one compute."""

    client: Any
    clock: FakeClock
    url: str
    tls: TLSPort
    fleet_id: str = ""
    configuration_arn: str = ""

    def context(self) -> ssl.SSLContext:
        assert self.tls.certificate is not None
        return trusting(self.tls.certificate)

    async def token(self) -> str:
        return await compute_auth_token(KEYS, fleet_id=self.fleet_id, compute_name="laptop", endpoint=self.url)

    async def parameters(self, scheme: str = "ws", **changes: Any) -> ServerParameters:
        address = f"wss://127.0.0.1:{self.tls.port}" if scheme == "wss" else self.url.replace("http", "ws", 1)
        usual: dict[str, Any] = {
            "websocket_url": address,
            "fleet_id": self.fleet_id,
            "host_id": "laptop",
            "process_id": "p-1",
            "auth_token": await self.token(),
        }
        return ServerParameters(**{**usual, **changes})

    async def start(self, ticket_id: str, *players: str) -> None:
        listed = [{"PlayerId": one, "LatencyInMs": {"custom-laptop": 20}} for one in players]
        await self.client.start_matchmaking(TicketId=ticket_id, ConfigurationName="duel", Players=listed)

    async def completed(self, ticket_id: str) -> Any:
        async def ask() -> Any:
            (ticket,) = (await self.client.describe_matchmaking(TicketIds=[ticket_id]))["TicketList"]
            return ticket if ticket["Status"] == "COMPLETED" else None

        return await eventually(ask)

    async def seats(self, *ticket_ids: str) -> dict[str, str]:
        tickets = [await self.completed(one) for one in ticket_ids]
        return {
            seat["PlayerId"]: seat["PlayerSessionId"]
            for ticket in tickets
            for seat in ticket["GameSessionConnectionInfo"]["MatchedPlayerSessions"]
        }

    async def status_of(self, arn: str) -> str:
        (session,) = (await self.client.describe_game_sessions(GameSessionId=arn))["GameSessions"]
        return str(session["Status"])


@asynccontextmanager
async def local(**settings: Any) -> AsyncIterator[Local]:
    kept: list[Service] = []

    async def build_and_keep(given: Settings, scope: Scope) -> Service:
        kept.append(await build(given, scope))
        return kept[-1]

    usual: dict[str, Any] = {"tick_s": 0.02, "token_s": TOKEN_S, "servers_tls_port": 0}
    usual |= PATIENT
    clock, given = FakeClock(), Settings(**{**usual, **settings})
    async with running("gamelift", given, build_and_keep, clock=clock) as service:
        port = kept[0].jobs["servers_tls"]
        assert isinstance(port, TLSPort)
        await port.listening.wait()
        with pytest.MonkeyPatch.context() as patch:
            # A pool whose search took long rests for a while, and on this clock no time passes by itself.
            patch.setattr("muster_gamelift.engine.LONG_LOOK_S", math.inf)
            patch.setenv("AWS_REGION", "us-east-1")
            patch.setenv("AWS_ACCESS_KEY_ID", "anything")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "anything")
            patch.setenv("AWS_ENDPOINT_URL_GAMELIFT", service.base_url)
            async with client_context("gamelift", given) as client:
                made = Local(client, clock, service.base_url, port)
                await furnish(made)
                yield made


async def furnish(made: Local) -> None:
    client = made.client
    await client.create_location(LocationName="custom-laptop")
    fleet = await client.create_fleet(Name="arena", ComputeType="ANYWHERE", Locations=[{"Location": "custom-laptop"}])
    made.fleet_id, arn = fleet["FleetAttributes"]["FleetId"], fleet["FleetAttributes"]["FleetArn"]
    await client.register_compute(
        FleetId=made.fleet_id,
        ComputeName="laptop",
        IpAddress="127.0.0.1",
        Location="custom-laptop",
        CertificatePath="/tls/game.pem",
    )
    queue = await client.create_game_session_queue(
        Name="main", TimeoutInSeconds=20, Destinations=[{"DestinationArn": arn}]
    )
    await client.create_matchmaking_rule_set(Name="duel", RuleSetBody=json.dumps(RULES))
    configuration = await client.create_matchmaking_configuration(
        Name="duel",
        RuleSetName="duel",
        RequestTimeoutSeconds=60,
        AcceptanceRequired=False,
        BackfillMode="MANUAL",
        FlexMatchMode="WITH_QUEUE",
        GameSessionQueueArns=[queue["GameSessionQueue"]["GameSessionQueueArn"]],
    )
    made.configuration_arn = configuration["Configuration"]["ConfigurationArn"]


@dataclass
class Game:
    """A game that notes what it is told, and opens every session at once."""

    server: GameServer
    sessions: list[GameSession] = field(default_factory=list)
    updates: list[GameSessionUpdate] = field(default_factory=list)
    asked_to_end: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, session: GameSession) -> None:
        self.sessions.append(session)
        await self.server.activate_game_session()

    def parameters(self) -> ProcessParameters:
        return ProcessParameters(
            port=7777,
            on_start_game_session=self.start,
            on_update_game_session=self.updates.append,
            on_process_terminate=self.asked_to_end.set,
        )

    async def updated(self, count: int) -> GameSessionUpdate:
        await eventually(lambda: len(self.updates) >= count)
        return self.updates[-1]


async def break_off(server: GameServer) -> None:
    """Break the connection as a crash does, and wait until the SDK has another one."""
    wire: Any = server._link._wire if server._link else None
    wire._socket._response.connection.transport.abort()
    await eventually(lambda: server._link and server._link._wire not in {None, wire})


@pytest.mark.parametrize("scheme", ["ws", "wss"])
@pytest.mark.row("5.3.CreateGameSession", "5.3.UpdateGameSession", "5.3.RefreshConnection", "5.5.wss")
async def test_a_game_server_lives_its_whole_life(scheme: str) -> None:  # noqa: PLR0915 - one story, told in order
    async with local() as gamelift:
        server = GameServer(
            await gamelift.parameters(scheme), tls=gamelift.context(), timings=Timings(dial_waits_s=(0.01,) * 20)
        )
        game = Game(server)
        async with server:
            await server.process_ready(game.parameters())

            # A match comes, and its players.
            await gamelift.start("t-ann", "ann")
            await gamelift.start("t-bob", "bob")
            seats = await gamelift.seats("t-ann", "t-bob")
            (session,) = game.sessions
            arrangement = parse_matchmaker_data(session.matchmaker_data)
            assert {"ann", "bob"} == {player.player_id for player in arrangement.players}
            assert (2, 7777, gamelift.fleet_id) == (session.maximum_players, session.port, session.fleet_id)
            for seat in seats.values():
                await server.accept_player_session(seat)
            first = await server.describe_player_sessions(status="ACTIVE", limit=1)
            assert (1, True) == (len(first.player_sessions), first.next_token is not None)
            assert {"ann", "bob"} == {one.player_id async for one in server.player_sessions(status="ACTIVE")}
            (ann,) = (await server.describe_player_sessions(player_id="ann")).player_sessions
            assert gamelift.clock.epoch_s() == pytest.approx(ann.created_at_s)

            # One leaves, and backfill finds another.
            await server.remove_player_session(seats["bob"])
            staying = [player for player in arrangement.players if player.player_id == "ann"]
            ticket = await server.start_match_backfill(configuration_arn=gamelift.configuration_arn, players=staying)
            await gamelift.start("t-cat", "cat")
            update = await game.updated(1)
            assert ("MATCHMAKING_DATA_UPDATED", ticket) == (update.reason, update.backfill_ticket_id)
            after = parse_matchmaker_data(update.session.matchmaker_data)
            assert "cat" in {player.player_id for player in after.players}
            cats = await gamelift.seats("t-cat")
            await server.accept_player_session(cats["cat"])

            # Another leaves; this time nobody shall come.
            await server.remove_player_session(cats["cat"])
            second = await server.start_match_backfill(
                configuration_arn=gamelift.configuration_arn, players=[Player("ann", staying[0].team)], ticket_id="b-2"
            )
            assert second == "b-2"
            await server.stop_match_backfill(configuration_arn=gamelift.configuration_arn, ticket_id="b-2")
            cancelled = await game.updated(2)
            assert ("BACKFILL_CANCELLED", "b-2") == (cancelled.reason, cancelled.backfill_ticket_id)
            await server.update_player_session_creation_policy("DENY_ALL")

            # The machine.
            certificate = await server.get_compute_certificate()
            assert ("/tls/game.pem", "laptop") == (certificate.path, certificate.compute_name)
            with pytest.raises(NotManaged):
                await server.get_fleet_role_credentials("arn:aws:iam::000000000000:role/game")

            # The connection breaks, and later is moved before its token runs out.
            await break_off(server)
            assert await gamelift.status_of(session.game_session_id) == "ACTIVE"
            before = server._link._wire if server._link else None
            gamelift.clock.advance(0.8 * TOKEN_S)
            await eventually(lambda: server._link and server._link._wire is not before)
            gamelift.clock.advance(0.4 * TOKEN_S)
            await break_off(server)
            with pytest.raises(NotFound):
                await server.accept_player_session("psess-of-nobody")

            # The end.
            await gamelift.client.terminate_game_session(
                GameSessionId=session.game_session_id, TerminationMode="TRIGGER_ON_PROCESS_TERMINATE"
            )
            await game.asked_to_end.wait()
            assert server.get_termination_time() > gamelift.clock.epoch_s()
            await server.process_ending()
            assert await gamelift.status_of(session.game_session_id) == "TERMINATED"


async def test_a_certificate_of_ours_is_trusted_only_by_whoever_is_told_to() -> None:
    async with local() as gamelift:
        parameters = await gamelift.parameters("wss")
        strict = GameServer(parameters, timings=Timings(dial_waits_s=()))
        with pytest.raises(NotConnected):
            await strict.__aenter__()

        async with GameServer(parameters, tls=unverified(), timings=Timings(dial_waits_s=())) as server:
            await server.process_ready(Game(server).parameters())


async def test_a_signed_connection_needs_no_token() -> None:
    async with (
        local() as gamelift,
        GameServer(await gamelift.parameters(auth_token="", aws=KEYS), timings=Timings(dial_waits_s=())) as server,
    ):
        await server.process_ready(Game(server).parameters())


async def test_a_token_of_an_unknown_compute_is_refused() -> None:
    async with local() as gamelift:
        with pytest.raises(TokenRefused) as refused:
            await compute_auth_token(KEYS, fleet_id=gamelift.fleet_id, compute_name="attic", endpoint=gamelift.url)
        with pytest.raises(TokenRefused):
            await compute_auth_token(KEYS, fleet_id="fleet-1", compute_name="attic", endpoint="http://127.0.0.1:1")

    assert refused.value.code == "NotFoundException"


async def test_a_process_that_is_given_up_is_told_to_end() -> None:
    async with local() as gamelift:
        server = GameServer(await gamelift.parameters(), timings=Timings(dial_waits_s=()))
        game = Game(server)
        async with server:
            await server.process_ready(game.parameters())
            gamelift.clock.advance(3600)

            await game.asked_to_end.wait()
            await server.process_ending()


async def test_the_certificate_of_a_folder_is_kept_for_the_next_run(tmp_path: Path) -> None:
    certificates = []
    for _ in range(2):
        async with local(servers_tls_folder=tmp_path / "tls"):
            certificates.append((tmp_path / "tls" / "certificate.pem").read_bytes())

    assert certificates[0] == certificates[1]
    assert (tmp_path / "tls" / "key.pem").stat().st_mode & 0o077 == 0
