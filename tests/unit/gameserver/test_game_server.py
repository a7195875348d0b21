import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from gameserver_fakes import ARN, FakeGameLift
from virtual_time import virtual_time

from muster_gameserver import (
    BadRequest,
    Credentials,
    GameServer,
    GameSession,
    GameSessionUpdate,
    InvalidParameters,
    NoGameSession,
    NotConnected,
    NotFound,
    NotManaged,
    Player,
    ProcessNotReady,
    ProcessParameters,
    Refused,
    ServerParameters,
    ServiceFailed,
    Surroundings,
    TerminationTimeNotSet,
    TimedOut,
    Timings,
    TooManyRequests,
)
from muster_runtime.testing import FakeClock, SequentialIds, eventually

OFFER = {"Action": "CreateGameSession", "GameSessionId": ARN, "MatchmakerData": "{}", "GameSessionName": "duel"}
UPDATE = {
    "Action": "UpdateGameSession",
    "GameSession": {"GameSessionId": ARN, "MatchmakerData": "new"},
    "UpdateReason": "MATCHMAKING_DATA_UPDATED",
    "BackfillTicketId": "b-1",
}
END = {"Action": "TerminateProcess", "TerminationTime": 1_700_000_000_500}
REFRESH = {"Action": "RefreshConnection", "RefreshConnectionEndpoint": "ws://b", "AuthToken": "fresh"}
CONFIGURATION = "arn:aws:gamelift:us-east-1:000000000000:matchmakingconfiguration/duel"
PARAMETERS = ServerParameters(
    websocket_url="ws://gamelift.test", fleet_id="fleet-1", host_id="laptop", process_id="p-1", auth_token="token-0"
)


class Heard:
    """What the callbacks were called with, and what the SDK took from outside."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self.pauses: list[float] = []
        self.tokens = 0
        self.clock = FakeClock()

    async def hear(self, message: GameSession | GameSessionUpdate) -> None:
        self.all.append(message)

    async def end(self) -> None:
        self.all.append("end")

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def renew(self) -> Credentials:
        self.tokens += 1
        return Credentials("ws://gamelift.test", f"token-{self.tokens}")

    def process(self, **changes: Any) -> ProcessParameters:
        usual: dict[str, Any] = {
            "port": 7777,
            "on_start_game_session": self.hear,
            "on_update_game_session": self.hear,
            "on_process_terminate": self.end,
        }
        return ProcessParameters(**{**usual, **changes})


@pytest.fixture(autouse=True)
async def _virtual_time() -> AsyncIterator[None]:
    with virtual_time():
        yield


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def gamelift() -> FakeGameLift:
    return FakeGameLift()


def a_server(
    gamelift: FakeGameLift, heard: Heard, renew: Callable[[], Awaitable[Credentials]] | None = None, **timings: Any
) -> GameServer:
    around = Surroundings(
        dial=gamelift.dial, pause=heard.pause, new_id=SequentialIds().uuid, epoch_s=heard.clock.epoch_s
    )
    return GameServer(PARAMETERS, renew=renew, timings=Timings(**timings), around=around)


@pytest.fixture
async def server(gamelift: FakeGameLift, heard: Heard) -> AsyncIterator[GameServer]:
    """A process that is ready."""
    async with a_server(gamelift, heard, request_s=30.0) as made:
        await made.process_ready(heard.process())
        yield made


@asynccontextmanager
async def hosting(gamelift: FakeGameLift, heard: Heard, **timings: Any) -> AsyncIterator[GameServer]:
    async with a_server(gamelift, heard, **timings) as made:
        await made.process_ready(heard.process())
        gamelift.wire.push(OFFER)
        await eventually(lambda: heard.all)
        yield made


# Ready -------------------------------------------------------------------------------------------------------------


@pytest.mark.row("5.4.first.heartbeat")
async def test_a_ready_process_activates_and_beats_at_once(gamelift: FakeGameLift, heard: Heard) -> None:
    async with a_server(gamelift, heard) as server:
        await server.process_ready(heard.process(log_paths=["/logs/a"]))

    activated, beat = gamelift.asked
    assert ("ActivateServerProcess", 7777, ["/logs/a"]) == (
        activated["Action"],
        activated["Port"],
        activated["LogPaths"],
    )
    assert {"SdkVersion", "SdkLanguage", "SdkToolName", "SdkToolVersion"} <= activated.keys()
    assert {"Action": "HeartbeatServerProcess", "HealthStatus": True} == beat


async def test_calls_that_come_too_early_are_told_so(gamelift: FakeGameLift, heard: Heard) -> None:
    server = a_server(gamelift, heard)
    with pytest.raises(NotConnected):
        await server.process_ready(heard.process())

    async with server:
        with pytest.raises(ProcessNotReady):
            await server.activate_game_session()
        await server.process_ready(heard.process())
        with pytest.raises(NoGameSession):
            await server.activate_game_session()
        with pytest.raises(TerminationTimeNotSet):
            server.get_termination_time()


async def test_a_refused_introduction_leaves_the_process_unready(gamelift: FakeGameLift, heard: Heard) -> None:
    gamelift.refuse["HeartbeatServerProcess"] = 400
    async with a_server(gamelift, heard) as server:
        with pytest.raises(BadRequest):
            await server.process_ready(heard.process())
        with pytest.raises(ProcessNotReady):
            await server.activate_game_session()


@pytest.mark.parametrize("port", [0, 60_001])
def test_a_port_must_be_one(port: int, heard: Heard) -> None:
    with pytest.raises(InvalidParameters):
        heard.process(port=port)


@pytest.mark.parametrize(
    "wrong", [{"websocket_url": "http://x"}, {"fleet_id": "a b"}, {"host_id": ""}, {"process_id": "a b"}]
)
def test_parameters_that_cannot_be_right_are_refused(wrong: dict[str, str]) -> None:
    usual = {"websocket_url": "ws://x", "fleet_id": "fleet-1", "host_id": "laptop", "process_id": "p-1"}

    with pytest.raises(InvalidParameters):
        ServerParameters(**{**usual, **wrong})


def test_somebody_must_say_where_to_connect() -> None:
    nowhere = ServerParameters(websocket_url="", fleet_id="fleet-1", host_id="laptop", process_id="p-1")

    with pytest.raises(InvalidParameters):
        GameServer(nowhere)


# Heartbeats --------------------------------------------------------------------------------------------------------


@pytest.mark.row("5.4.rhythm")
async def test_heartbeats_go_on_in_their_rhythm(gamelift: FakeGameLift, heard: Heard) -> None:
    async with a_server(gamelift, heard, heartbeat_s=0.01, heartbeat_spread_s=0.005) as server:
        await server.process_ready(heard.process())

        await eventually(lambda: gamelift.actions().count("HeartbeatServerProcess") >= 4)
        assert 1 == gamelift.actions().count("ActivateServerProcess")


async def test_a_health_check_may_be_a_plain_function_or_a_coroutine_function(
    gamelift: FakeGameLift, heard: Heard
) -> None:
    async def ill() -> bool:
        return False

    for check, expected in ((lambda: True, True), (ill, False)):
        async with a_server(gamelift, heard) as server:
            await server.process_ready(heard.process(on_health_check=check))
        beats = [each for each in gamelift.asked if each["Action"] == "HeartbeatServerProcess"]
        assert expected is beats[-1]["HealthStatus"]


@pytest.mark.row("5.4.health.check")
async def test_a_health_check_that_hangs_or_breaks_counts_as_unhealthy(gamelift: FakeGameLift, heard: Heard) -> None:
    async def hang() -> bool:
        return await asyncio.Event().wait()

    def broken() -> bool:
        raise RuntimeError("no")

    for check in (hang, broken):
        async with a_server(gamelift, heard, health_s=0.0) as server:
            await server.process_ready(heard.process(on_health_check=check))
        beats = [each for each in gamelift.asked if each["Action"] == "HeartbeatServerProcess"]
        assert beats[-1]["HealthStatus"] is False


async def test_a_refused_heartbeat_leads_to_a_new_introduction(gamelift: FakeGameLift, heard: Heard) -> None:
    async with a_server(gamelift, heard, heartbeat_s=0.01, heartbeat_spread_s=0.0) as server:
        await server.process_ready(heard.process())
        gamelift.refuse["HeartbeatServerProcess"] = 404

        await eventually(lambda: gamelift.actions().count("ActivateServerProcess") >= 2)


# What GameLift says ------------------------------------------------------------------------------------------------


async def test_what_gamelift_says_reaches_the_callbacks(
    server: GameServer, gamelift: FakeGameLift, heard: Heard
) -> None:
    gamelift.wire.push(OFFER)
    gamelift.wire.push(UPDATE)
    await eventually(lambda: len(heard.all) == 2)
    gamelift.wire.push(END)
    await eventually(lambda: len(heard.all) == 3)

    offered, updated, ended = heard.all
    assert GameSession(ARN, matchmaker_data="{}", name="duel", fleet_id="fleet-1") == offered
    assert ("MATCHMAKING_DATA_UPDATED", "b-1", "new") == (
        updated.reason,
        updated.backfill_ticket_id,
        updated.session.matchmaker_data,
    )
    assert "end" == ended
    assert 1_700_000_000.5 == server.get_termination_time()
    assert server.game_session is not None
    assert "new" == server.game_session.matchmaker_data


async def test_the_wish_to_end_does_not_wait_for_a_session_that_is_still_loading(
    gamelift: FakeGameLift, heard: Heard
) -> None:
    async def load(_: GameSession) -> None:
        await asyncio.Event().wait()

    async with a_server(gamelift, heard) as server:
        await server.process_ready(heard.process(on_start_game_session=load))
        gamelift.wire.push(OFFER)
        gamelift.wire.push(END)

        await eventually(lambda: heard.all == ["end"])


async def test_a_session_that_comes_with_the_answer_can_be_activated_by_its_callback(
    gamelift: FakeGameLift, heard: Heard
) -> None:
    async with a_server(gamelift, heard) as server:

        async def start(_: GameSession) -> None:
            await server.activate_game_session()

        waiting = asyncio.Event()

        def check() -> bool:
            # Between the activation and the first heartbeat.
            gamelift.wire.push(OFFER)
            waiting.set()
            return True

        await server.process_ready(heard.process(on_start_game_session=start, on_health_check=check))
        await eventually(lambda: "ActivateGameSession" in gamelift.actions())
        assert waiting.is_set()


async def test_a_callback_that_breaks_silences_neither_the_others_nor_the_heartbeats(
    gamelift: FakeGameLift, heard: Heard
) -> None:
    def broken(_: GameSession) -> None:
        raise RuntimeError("no")

    async with a_server(gamelift, heard, heartbeat_s=0.01, heartbeat_spread_s=0.0) as server:
        await server.process_ready(heard.process(on_start_game_session=broken))
        gamelift.wire.push(OFFER)
        gamelift.wire.push(UPDATE)
        await eventually(lambda: heard.all)
        beats = gamelift.actions().count("HeartbeatServerProcess")

        await eventually(lambda: gamelift.actions().count("HeartbeatServerProcess") > beats)


async def test_without_a_callback_for_it_the_end_is_said_and_the_connection_closed(
    gamelift: FakeGameLift, heard: Heard
) -> None:
    async with a_server(gamelift, heard) as server:
        await server.process_ready(heard.process(on_process_terminate=None))
        gamelift.wire.push(END)

        await eventually(server.closed.is_set)
    assert "TerminateServerProcess" == gamelift.actions()[-1]
    assert 1000 == gamelift.wire.closed_with


async def test_nonsense_and_news_from_the_future_do_no_harm(gamelift: FakeGameLift, heard: Heard) -> None:
    async with a_server(gamelift, heard) as server:
        gamelift.wire.say("not json")
        gamelift.wire.push({"Action": "SomethingNew"})
        gamelift.wire.push({"Action": "X", "RequestId": "of-nobody", "StatusCode": 200})

        await server.process_ready(heard.process())


# Calls -------------------------------------------------------------------------------------------------------------


async def test_every_call_names_the_hosted_session(gamelift: FakeGameLift, heard: Heard) -> None:
    gamelift.seats["psess-1"] = ("ann", "RESERVED")
    gamelift.answers["StartMatchBackfill"] = {"TicketId": "drawn"}
    gamelift.answers["GetComputeCertificate"] = {"CertificatePath": "/tls/cert.pem", "ComputeName": "laptop"}
    async with hosting(gamelift, heard) as server:
        del gamelift.asked[:]
        await server.activate_game_session()
        await server.update_player_session_creation_policy("DENY_ALL")
        await server.accept_player_session("psess-1")
        await server.remove_player_session("psess-1")
        drawn = await server.start_match_backfill(configuration_arn=CONFIGURATION, players=[Player("ann", "red")])
        await server.stop_match_backfill(configuration_arn=CONFIGURATION, ticket_id=drawn)
        certificate = await server.get_compute_certificate()

    match_of = {"GameSessionArn": ARN, "MatchmakingConfigurationArn": CONFIGURATION}
    player = {"PlayerId": "ann", "Team": "red", "PlayerAttributes": {}, "LatencyInMs": {}}
    assert [
        {"Action": "ActivateGameSession", "GameSessionId": ARN},
        {
            "Action": "UpdatePlayerSessionCreationPolicy",
            "GameSessionId": ARN,
            "PlayerSessionPolicy": "DENY_ALL",
        },
        {"Action": "AcceptPlayerSession", "GameSessionId": ARN, "PlayerSessionId": "psess-1"},
        {"Action": "RemovePlayerSession", "GameSessionId": ARN, "PlayerSessionId": "psess-1"},
        {"Action": "StartMatchBackfill", **match_of, "TicketId": "", "Players": [player]},
        {"Action": "StopMatchBackfill", **match_of, "TicketId": "drawn"},
        {"Action": "GetComputeCertificate"},
    ] == gamelift.asked
    assert ("/tls/cert.pem", "laptop") == (certificate.path, certificate.compute_name)


async def test_player_sessions_are_described_by_one_filter_and_page_by_page(
    gamelift: FakeGameLift, heard: Heard
) -> None:
    seat = {"PlayerId": "ann", "PlayerSessionId": "psess-1", "GameSessionId": ARN, "Status": "ACTIVE"}
    async with hosting(gamelift, heard) as server:
        gamelift.answers["DescribePlayerSessions"] = {"PlayerSessions": [seat], "NextToken": "more"}
        page = await server.describe_player_sessions(status="ACTIVE", limit=1)
        with pytest.raises(InvalidParameters):
            await server.describe_player_sessions(player_id="ann", player_session_id="psess-1")
        with pytest.raises(InvalidParameters):
            await server.describe_player_sessions(limit=0)

        all_of_them = []
        async for one in server.player_sessions():
            all_of_them.append(one.player_id)
            if len(all_of_them) == 2:
                gamelift.answers["DescribePlayerSessions"] = {"PlayerSessions": [seat]}

    asked = [each for each in gamelift.asked if each["Action"] == "DescribePlayerSessions"]
    assert {
        "Action": "DescribePlayerSessions",
        "GameSessionId": ARN,
        "PlayerSessionStatusFilter": "ACTIVE",
        "Limit": 1,
    } == asked[0]
    assert (("ann",), "more") == (tuple(each.player_id for each in page.player_sessions), page.next_token)
    assert ["ann"] * 3 == all_of_them
    assert [None, "more", "more"] == [each.get("NextToken") for each in asked[1:]]


async def test_a_policy_must_be_one(server: GameServer, gamelift: FakeGameLift) -> None:
    with pytest.raises(InvalidParameters):
        await server.update_player_session_creation_policy("MAYBE")


async def test_role_credentials_are_used_again_until_they_are_nearly_over(
    server: GameServer, gamelift: FakeGameLift, heard: Heard
) -> None:
    def good_for(seconds: float) -> None:
        gamelift.answers["GetFleetRoleCredentials"] = {
            "AccessKeyId": "a",
            "SecretAccessKey": "b",
            "SessionToken": "c",
            "Expiration": round((heard.clock.epoch_s() + seconds) * 1000),
        }

    role = "arn:aws:iam::000000000000:role/game"
    good_for(3600)
    for _ in range(2):
        await server.get_fleet_role_credentials(role)
    assert 1 == gamelift.actions().count("GetFleetRoleCredentials")
    assert "fleet-1-laptop" == gamelift.asked[-1]["RoleSessionName"]

    heard.clock.advance(3600 - 900)
    await server.get_fleet_role_credentials(role)
    assert 2 == gamelift.actions().count("GetFleetRoleCredentials")


async def test_a_fleet_that_is_not_managed_has_no_role_and_is_asked_only_once(
    server: GameServer, gamelift: FakeGameLift
) -> None:
    gamelift.answers["GetFleetRoleCredentials"] = {"AccessKeyId": "", "Expiration": 0}

    for _ in range(2):
        with pytest.raises(NotManaged):
            await server.get_fleet_role_credentials("arn:aws:iam::000000000000:role/game")
    assert 1 == gamelift.actions().count("GetFleetRoleCredentials")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, BadRequest), (404, NotFound), (429, TooManyRequests), (503, ServiceFailed), (418, Refused)],
)
async def test_a_refusal_has_the_type_of_its_status_and_hides_what_gamelift_said(
    gamelift: FakeGameLift, heard: Heard, status: int, kind: type[Refused]
) -> None:
    gamelift.refuse["AcceptPlayerSession"] = status
    async with hosting(gamelift, heard) as server:
        with pytest.raises(Refused) as refused:
            await server.accept_player_session("psess-1")

    assert kind is type(refused.value)
    assert (status, "no: psess-1") == (refused.value.status, refused.value.message)
    assert "psess-1" not in str(refused.value)


# Connection --------------------------------------------------------------------------------------------------------


@pytest.mark.row("5.4.request")
async def test_two_requests_without_answer_make_a_new_connection(gamelift: FakeGameLift, heard: Heard) -> None:
    async with hosting(gamelift, heard, request_s=0.01) as server:
        gamelift.silent.add("ActivateGameSession")
        for _ in range(2):
            with pytest.raises(TimedOut):
                await server.activate_game_session()

        await eventually(lambda: len(gamelift.wires) == 2)
        assert gamelift.wires[0].closed_with not in {None, 1000, 1001}


async def test_a_broken_connection_is_made_again_with_the_same_process_id_and_a_new_token(
    gamelift: FakeGameLift, heard: Heard
) -> None:
    async with a_server(gamelift, heard, heard.renew) as server:
        await server.process_ready(heard.process())
        gamelift.wire.drop()

        await eventually(lambda: gamelift.actions().count("HeartbeatServerProcess") == 2)
        assert all("pID=p-1" in wire.url for wire in gamelift.wires)
        assert "token-1" in gamelift.wires[0].url
        assert "token-2" in gamelift.wires[1].url


async def test_an_idle_process_introduces_itself_again_when_gamelift_has_forgotten_it(
    gamelift: FakeGameLift, heard: Heard
) -> None:
    async with a_server(gamelift, heard) as server:
        await server.process_ready(heard.process())
        gamelift.refuse["HeartbeatServerProcess"] = 400
        gamelift.wire.drop()

        await eventually(lambda: len(gamelift.asked) == 5)
        beat = "HeartbeatServerProcess"
        assert [beat, "ActivateServerProcess", beat] == gamelift.actions()[2:]


async def test_a_process_with_a_session_only_beats_after_a_break(gamelift: FakeGameLift, heard: Heard) -> None:
    async with hosting(gamelift, heard) as server:
        gamelift.refuse["HeartbeatServerProcess"] = 400
        gamelift.wire.drop()

        await eventually(lambda: len(gamelift.asked) == 3)
        gamelift.refuse.clear()
        await server.activate_game_session()
        assert ["HeartbeatServerProcess", "ActivateGameSession"] == gamelift.actions()[2:]


@pytest.mark.row("5.4.connect")
async def test_attempts_to_connect_back_off_as_the_sdks_do(gamelift: FakeGameLift, heard: Heard) -> None:
    gamelift.unreachable = 6
    async with a_server(gamelift, heard):
        assert [4.0, 8.0, 16.0, 32.0, 32.0, 32.0] == heard.pauses
        assert 1 == len(gamelift.wires)


@pytest.mark.row("5.4.connect")
async def test_after_seven_attempts_entering_fails(gamelift: FakeGameLift, heard: Heard) -> None:
    gamelift.unreachable = 7
    with pytest.raises(NotConnected):
        async with a_server(gamelift, heard):
            pass

    assert [] == gamelift.wires


async def test_what_the_block_raises_comes_out_as_it_is(gamelift: FakeGameLift, heard: Heard) -> None:
    with pytest.raises(ZeroDivisionError):
        async with a_server(gamelift, heard):
            raise ZeroDivisionError

    assert 1000 == gamelift.wire.closed_with


async def test_a_cancelled_block_closes_the_connection_and_stays_cancelled(
    gamelift: FakeGameLift, heard: Heard
) -> None:
    async def live() -> None:
        async with a_server(gamelift, heard):
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        life = tasks.create_task(live())
        await eventually(lambda: gamelift.wires)
        life.cancel()

    assert life.cancelled()
    assert 1000 == gamelift.wire.closed_with


@pytest.mark.parametrize("code", [1000, 1001])
@pytest.mark.row("5.4.meant.close")
async def test_a_meant_close_is_final(gamelift: FakeGameLift, heard: Heard, code: int) -> None:
    async with a_server(gamelift, heard) as server:
        gamelift.wire.drop(code)

        await eventually(server.closed.is_set)
        assert 1 == len(gamelift.wires)


async def test_a_request_whose_connection_breaks_fails_at_once(gamelift: FakeGameLift, heard: Heard) -> None:
    async with hosting(gamelift, heard) as server, asyncio.TaskGroup() as tasks:
        gamelift.silent.add("ActivateGameSession")

        async def ask() -> None:
            with pytest.raises(NotConnected):
                await server.activate_game_session()

        tasks.create_task(ask())
        await eventually(lambda: "ActivateGameSession" in gamelift.actions())
        gamelift.wire.drop()


@pytest.mark.row("5.3.RefreshConnection")
async def test_a_moved_connection_is_opened_before_the_old_one_is_dropped(gamelift: FakeGameLift, heard: Heard) -> None:
    async with hosting(gamelift, heard) as server:
        gamelift.wire.push(REFRESH)

        await eventually(lambda: gamelift.wires[0].closed_with == 1000)
        assert gamelift.wire.url.startswith("ws://b/?")
        assert "fresh" in gamelift.wire.url
        await server.activate_game_session()
        assert not server.closed.is_set()
        assert 2 == len(gamelift.wires)


async def test_after_a_move_the_new_token_is_used_for_coming_back(gamelift: FakeGameLift, heard: Heard) -> None:
    async with hosting(gamelift, heard):
        gamelift.wire.push(REFRESH)
        await eventually(lambda: gamelift.wires[0].closed_with == 1000)
        gamelift.wire.drop()

        await eventually(lambda: len(gamelift.wires) == 3)
        assert "fresh" in gamelift.wire.url


async def test_a_move_that_fails_keeps_the_connection(gamelift: FakeGameLift, heard: Heard) -> None:
    async with hosting(gamelift, heard) as server:
        gamelift.unreachable = 1
        gamelift.wire.push(REFRESH)
        await eventually(lambda: gamelift.unreachable == 0)

        await server.activate_game_session()
        assert 1 == len(gamelift.wires)


async def test_an_ending_process_says_so_and_beats_no_more(gamelift: FakeGameLift, heard: Heard) -> None:
    async with a_server(gamelift, heard, heartbeat_s=0.01, heartbeat_spread_s=0.0) as server:
        await server.process_ready(heard.process())
        await server.process_ending()
        await server.destroy()
        await server.destroy()

    assert "TerminateServerProcess" == gamelift.actions()[-1]
    assert 1000 == gamelift.wire.closed_with
    assert 1 == len(gamelift.wires)
