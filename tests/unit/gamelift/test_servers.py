import asyncio
import json
from typing import Any

import pytest

from muster_gamelift.errors import InvalidRequest, NotAuthorized, UnknownResource
from muster_gamelift.servers import admission
from muster_gamelift.servers.links import ANSWERS, NORMAL, OVERLOADED, RESTARTING, UNSENT, Links
from muster_gamelift.state.processes import ProcessStatus
from muster_gamelift.state.world import Push


def process(bench: Any, process_id: str = "p-1") -> Any:
    return bench.world.processes[process_id]


def detach(bench: Any, process_id: str = "p-1") -> None:
    bench.engine.apply("us-east-1", lambda change: admission.detach(change, process_id))


@pytest.fixture
def fleet(bench: Any) -> Any:
    bench.hosted()
    return bench


# Admission ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["pID", "ComputeId", "FleetId", "Authorization"])
@pytest.mark.row("5.1.query")
def test_a_connection_must_say_who_it_is(missing: str) -> None:
    query = {"pID": "p", "ComputeId": "c", "FleetId": "f", "Authorization": "t"}

    with pytest.raises(InvalidRequest, match=missing):
        admission.claim_of({name: value for name, value in query.items() if name != missing})


def test_a_malformed_process_id_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        admission.claim_of({"pID": "a b", "ComputeId": "c", "FleetId": "f", "Authorization": "t"})


@pytest.mark.row("5.1.signed")
def test_a_signed_connection_is_let_in_without_a_token(fleet: Any) -> None:
    query = {"pID": "p-1", "ComputeId": "laptop", "FleetId": fleet.fleet_id, "Authorization": "SigV4"}
    with pytest.raises(InvalidRequest):
        admission.claim_of(query)

    claim = admission.claim_of({**query, "X-Amz-Signature": "00"})
    fleet.engine.apply("us-east-1", lambda change: admission.attach(change, claim))

    assert process(fleet).linked


@pytest.mark.row("5.1.token")
def test_a_token_opens_only_its_own_compute(fleet: Any) -> None:
    token = fleet.call("GetComputeAuthToken", FleetId=fleet.fleet_id, ComputeName="rack")["AuthToken"]

    with pytest.raises(NotAuthorized):
        fleet.connect(compute="laptop", token=token)
    with pytest.raises(NotAuthorized):
        fleet.connect(compute="laptop", token="made-up")
    with pytest.raises(UnknownResource):
        fleet.connect(compute="attic", token=token)


@pytest.mark.row("4.2.token.expires")
def test_an_expired_token_opens_nothing_but_lets_its_own_process_back_in(fleet: Any) -> None:
    token = fleet.connect()
    detach(fleet)
    fleet.clock.advance(fleet.limits.token_s)

    fleet.connect("p-1", token=token)
    assert process(fleet).linked
    with pytest.raises(NotAuthorized):
        fleet.connect("p-2", token=token)


def test_a_process_id_is_not_taken_over_from_another_compute(fleet: Any) -> None:
    fleet.connect("p-1", compute="laptop")

    with pytest.raises(NotAuthorized):
        fleet.connect("p-1", compute="rack")


# Life --------------------------------------------------------------------------------------------------------------


@pytest.mark.row("5.5.first.heartbeat")
def test_a_process_is_offered_sessions_only_after_its_first_heartbeat(fleet: Any) -> None:
    given = {"PlacementId": "pl", "GameSessionQueueName": "main", "MaximumPlayerSessionCount": 1}
    fleet.call("StartGameSessionPlacement", **given)
    fleet.connect()
    fleet.advance()
    assert fleet.messages() == []

    fleet.act("ActivateServerProcess", Port=7777, LogPaths=[])
    fleet.advance()
    assert fleet.messages() == []

    fleet.act("HeartbeatServerProcess", HealthStatus=True)
    fleet.advance()
    assert [message["Action"] for message in fleet.messages()] == ["CreateGameSession"]


def test_a_ready_process_calls_for_a_pass(fleet: Any) -> None:
    fleet.connect()
    fleet.act("ActivateServerProcess", Port=7777)
    fleet.engine.work.clear()

    fleet.act("HeartbeatServerProcess", HealthStatus=True)

    assert fleet.engine.work.is_set()


def test_a_heartbeat_before_activation_is_refused(fleet: Any) -> None:
    fleet.connect()

    assert fleet.act_refused("HeartbeatServerProcess", HealthStatus=True).aws_name == "InvalidRequestException"


@pytest.mark.parametrize("port", [0, 60_001, "7777", None, True])
def test_a_port_must_be_one(fleet: Any, port: Any) -> None:
    fleet.connect()

    assert fleet.act_refused("ActivateServerProcess", Port=port).aws_name == "InvalidRequestException"


@pytest.mark.row("5.4.heartbeat")
def test_an_unhealthy_process_is_offered_nothing_and_given_up_after_three_reports(fleet: Any) -> None:
    fleet.ready()
    for _ in range(2):
        fleet.act("HeartbeatServerProcess", HealthStatus=False)
    fleet.advance()
    assert not process(fleet).is_free
    assert process(fleet).is_open

    fleet.act("HeartbeatServerProcess", HealthStatus=False)
    fleet.advance()

    assert "p-1" not in fleet.world.processes


def test_a_good_report_makes_up_for_bad_ones(fleet: Any) -> None:
    fleet.ready()
    fleet.act("HeartbeatServerProcess", HealthStatus=False)
    fleet.act("HeartbeatServerProcess", HealthStatus=True)

    assert process(fleet).is_free


@pytest.mark.row("5.4.heartbeat")
def test_a_silent_process_is_given_up_and_its_session_ends(fleet: Any) -> None:
    arn = fleet.running_session()

    fleet.advance(209)
    assert process(fleet).is_open
    fleet.advance(2)

    (shown,) = fleet.call("DescribeGameSessions", GameSessionId=arn)["GameSessions"]
    assert shown["Status"] == "TERMINATED"


@pytest.mark.row("5.4.same.pid")
def test_a_process_that_reconnects_in_time_keeps_its_session(fleet: Any) -> None:
    arn = fleet.running_session()
    detach(fleet)
    fleet.advance(59)
    assert not process(fleet).linked

    fleet.connect("p-1")
    fleet.act("ActivateServerProcess", Port=7777)
    fleet.advance(30)

    assert process(fleet).session_arn == arn
    assert process(fleet).status is ProcessStatus.READY
    (shown,) = fleet.call("DescribeGameSessions", GameSessionId=arn)["GameSessions"]
    assert shown["Status"] == "ACTIVE"


@pytest.mark.row("5.4.grace")
def test_a_process_that_does_not_come_back_is_given_up(fleet: Any) -> None:
    arn = fleet.running_session()
    detach(fleet)

    fleet.advance(60)

    (shown,) = fleet.call("DescribeGameSessions", GameSessionId=arn)["GameSessions"]
    assert shown["Status"] == "TERMINATED"


def test_a_process_without_connection_is_offered_nothing(fleet: Any) -> None:
    fleet.ready()
    detach(fleet)

    given = {"FleetId": fleet.fleet_id, "Location": "custom-laptop", "MaximumPlayerSessionCount": 1}
    assert fleet.refused("CreateGameSession", **given).aws_name == "FleetCapacityExceededException"


def test_a_process_runs_one_session_in_its_life(fleet: Any) -> None:
    fleet.running_session()
    fleet.act("TerminateServerProcess")

    assert fleet.act_refused("HeartbeatServerProcess", HealthStatus=True).aws_name == "NotFoundException"


def test_an_ended_process_id_may_come_again_as_a_new_process(fleet: Any) -> None:
    fleet.running_session()
    fleet.act("TerminateServerProcess")

    fleet.connect("p-1")

    assert process(fleet).session_arn is None
    assert process(fleet).status is ProcessStatus.CONNECTED


def test_unknown_actions_are_refused(fleet: Any) -> None:
    fleet.connect()

    assert fleet.act_refused("StartDancing").aws_name == "InvalidRequestException"


@pytest.mark.row("5.2.DescribePlayerSessions", "5.5.milliseconds")
def test_a_process_sees_the_seats_of_its_own_session_only(fleet: Any) -> None:
    arn = fleet.running_session()
    seats = fleet.call("CreatePlayerSessions", GameSessionId=arn, PlayerIds=["ann", "bob"], PlayerDataMap={"ann": "x"})
    fleet.ready("p-2")

    answer = fleet.act("DescribePlayerSessions", GameSessionId=arn, Limit=1)

    assert answer["PlayerSessions"] == [
        {
            "PlayerId": "ann",
            "PlayerSessionId": seats["PlayerSessions"][0]["PlayerSessionId"],
            "GameSessionId": arn,
            "FleetId": fleet.fleet_id,
            "PlayerData": "x",
            "IpAddress": "127.0.0.1",
            "Port": 7777,
            "CreationTime": round(fleet.now_s * 1000),
            "Status": "RESERVED",
        }
    ]
    rest = fleet.act("DescribePlayerSessions", GameSessionId=arn, NextToken=answer["NextToken"])
    assert [seat["PlayerId"] for seat in rest["PlayerSessions"]] == ["bob"]
    assert "NextToken" not in rest
    assert fleet.act("DescribePlayerSessions", "p-2", PlayerId="ann") == {"PlayerSessions": []}
    active = fleet.act("DescribePlayerSessions", GameSessionId=arn, PlayerSessionStatusFilter="ACTIVE")
    assert active == {"PlayerSessions": []}
    unfiltered = fleet.act("DescribePlayerSessions", PlayerId="ann", PlayerSessionStatusFilter="ACTIVE")
    assert len(unfiltered["PlayerSessions"]) == 1, "the filter counts with a game session only"
    assert fleet.act_refused("DescribePlayerSessions").aws_name == "InvalidRequestException"
    odd = fleet.act_refused("DescribePlayerSessions", PlayerId="ann", PlayerSessionStatusFilter="HAPPY")
    assert odd.aws_name == "InvalidRequestException"


def test_the_creation_policy_is_the_processes_own_affair(fleet: Any) -> None:
    arn = fleet.running_session()
    fleet.ready("p-2")

    odd = fleet.act_refused("UpdatePlayerSessionCreationPolicy", GameSessionId=arn, PlayerSessionPolicy="SOME")
    other = fleet.act_refused(
        "UpdatePlayerSessionCreationPolicy", "p-2", GameSessionId=arn, PlayerSessionPolicy="DENY_ALL"
    )

    assert odd.aws_name == other.aws_name == "InvalidRequestException"


# Links -------------------------------------------------------------------------------------------------------------


async def test_messages_leave_a_link_in_order() -> None:
    links = Links()
    link = links.open("p")

    links.push(Push("p", {"n": 1}))
    links.push(Push("nobody", {"n": 9}))
    links.push(Push("p", {"n": 2}))

    assert [json.loads(str(await link.next())) for _ in range(2)] == [{"n": 1}, {"n": 2}]


async def test_a_newer_connection_of_a_process_hears_what_is_new_and_the_older_may_still_answer() -> None:
    links = Links()
    older = links.open("p")
    newer = links.open("p")
    older.send({"Action": "Answer"})
    links.push(Push("p", {"Action": "News"}))

    assert older.superseded.is_set()
    assert "Answer" in str(await older.next())
    assert "News" in str(await newer.next())
    assert not links.gone("p", older)
    assert links.gone("p", newer)
    assert len(links) == 0


async def test_of_the_older_connections_of_a_process_only_the_last_is_kept() -> None:
    links = Links()
    oldest, _older, _newer = (links.open("p") for _ in range(3))

    assert await oldest.next() == NORMAL


async def test_a_connection_that_nobody_reads_takes_no_more_requests_and_is_given_up_at_last() -> None:
    link = Links().open("p")
    for number in range(ANSWERS - 1):
        link.send({"n": number})
    assert link.has_room.is_set()
    link.send({"n": "one more"})
    assert not link.has_room.is_set()
    await link.next()
    assert link.has_room.is_set()

    for number in range(2 * UNSENT):
        link.send({"n": number})
    sent = [await link.next() for _ in range(UNSENT + 1)]

    assert sent[-1] == OVERLOADED
    assert all(isinstance(one, str) for one in sent[:-1])


async def test_a_stopping_service_closes_its_connections_so_that_they_come_back() -> None:
    links, stop = Links(), asyncio.Event()
    early = links.open("early")
    stop.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(links.run(stop))
        assert await early.next() == RESTARTING
        late = links.open("late")
        assert await late.next() == RESTARTING
        links.gone("early", early)
        links.gone("late", late)
