"""Server processes without a game."""

from typing import Any

import pytest
from gamelift_control import ControlledBench

from muster_gamelift.state.processes import ServerProcess


@pytest.fixture
def controlled() -> ControlledBench:
    bench = ControlledBench()
    bench.configure_with_queue()
    return bench


def processes(bench: ControlledBench) -> list[ServerProcess]:
    return [one for one in bench.world.processes if one.is_open]


async def test_a_match_is_placed_on_one_within_the_same_pass(controlled: ControlledBench) -> None:
    await controlled.freeze()
    await controlled.processes(1)
    controlled.start("t-1")
    controlled.start("t-2")

    await controlled.pass_time(0)

    assert "COMPLETED" == controlled.status("t-1")
    connection = controlled.ticket("t-2")["GameSessionConnectionInfo"]
    assert ("127.0.0.1", 50_000) == (connection["IpAddress"], connection["Port"])
    assert ["PlacementFulfilled", "MatchmakingSucceeded"] == (await controlled.recorded_types())[-2:]


async def test_a_session_asked_for_directly_is_active_at_once(controlled: ControlledBench) -> None:
    await controlled.processes(1)
    made = controlled.call(
        "CreateGameSession", FleetId=controlled.fleet_id, Location="custom-laptop", MaximumPlayerSessionCount=2
    )
    arn = made["GameSession"]["GameSessionId"]

    assert "ACTIVE" == controlled.world.sessions[arn].status
    seat = controlled.call("CreatePlayerSession", GameSessionId=arn, PlayerId="ann")["PlayerSession"]
    assert "RESERVED" == seat["Status"]


async def test_a_process_ends_with_its_session_and_another_takes_its_place(controlled: ControlledBench) -> None:
    await controlled.processes(1)
    (before,) = processes(controlled)
    made = controlled.call(
        "CreateGameSession", FleetId=controlled.fleet_id, Location="custom-laptop", MaximumPlayerSessionCount=2
    )
    arn = made["GameSession"]["GameSessionId"]

    controlled.call("TerminateGameSession", GameSessionId=arn, TerminationMode="TRIGGER_ON_PROCESS_TERMINATE")

    assert "TERMINATED" == controlled.world.sessions[arn].status
    (after,) = processes(controlled)
    assert before.process_id != after.process_id
    assert after.is_free


async def test_their_compute_is_described_like_any_other(controlled: ControlledBench) -> None:
    await controlled.processes(2)

    named = {"FleetId": controlled.fleet_id, "ComputeName": "built-in-custom-laptop"}
    compute = controlled.call("DescribeCompute", **named)["Compute"]

    assert ("ACTIVE", "127.0.0.1", "custom-laptop") == (
        compute["ComputeStatus"],
        compute["IpAddress"],
        compute["Location"],
    )
    assert {50_000, 50_001} == {one.port for one in processes(controlled)}
    assert {"built-in-custom-laptop"} == {one.compute_name for one in processes(controlled)}


async def test_the_count_is_what_is_kept_not_what_is_added(controlled: ControlledBench) -> None:
    for count in (2, 5, 5, 3):
        await controlled.processes(count)
        assert count == len(processes(controlled))


async def test_processes_without_a_session_go_first(controlled: ControlledBench) -> None:
    await controlled.processes(3)
    made = controlled.call(
        "CreateGameSession", FleetId=controlled.fleet_id, Location="custom-laptop", MaximumPlayerSessionCount=2
    )
    arn = made["GameSession"]["GameSessionId"]

    await controlled.processes(1)
    assert [arn] == [one.session_arn for one in processes(controlled)]
    await controlled.processes(0)

    assert [] == processes(controlled)
    assert "TERMINATED" == controlled.world.sessions[arn].status


async def test_places_have_processes_of_their_own(controlled: ControlledBench) -> None:
    await controlled.processes(1, "custom-laptop")
    await controlled.processes(2, "custom-rack")
    await controlled.processes(0, "custom-laptop")

    assert ["custom-rack", "custom-rack"] == [one.location for one in processes(controlled)]


async def test_they_are_never_missed_for_silence(controlled: ControlledBench) -> None:
    await controlled.freeze()
    await controlled.processes(1)
    (before,) = processes(controlled)

    await controlled.pass_time(3600)

    assert [before] == processes(controlled)


async def test_players_who_never_come_lose_their_seats(controlled: ControlledBench) -> None:
    await controlled.freeze()
    await controlled.processes(1)
    controlled.start("t-1")
    controlled.start("t-2")
    await controlled.pass_time(0)
    assert {"RESERVED"} == {seat.status for seat in controlled.world.seats}

    await controlled.pass_time(60)

    assert {"TIMEDOUT"} == {seat.status for seat in controlled.world.seats}


@pytest.mark.parametrize("operation", ["DeleteFleet", "DeregisterCompute"])
async def test_they_are_gone_with_their_fleet_or_compute(controlled: ControlledBench, operation: str) -> None:
    await controlled.processes(2)
    named = {"FleetId": controlled.fleet_id}
    if operation == "DeregisterCompute":
        named["ComputeName"] = "built-in-custom-laptop"
    controlled.call(operation, **named)

    assert [] == processes(controlled)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"fleetId": "fleet-0"}, "fleet_unknown"),
        ({"location": "custom-moon"}, "location_unknown"),
        ({"count": -1}, "fields_invalid"),
        ({"count": 1001}, "fields_invalid"),
        ({"count": "2"}, "fields_invalid"),
        ({"port": 1}, "fields_invalid"),
    ],
)
async def test_places_that_do_not_exist_are_refused(
    controlled: ControlledBench, changed: dict[str, Any], code: str
) -> None:
    body = {"fleetId": controlled.fleet_id, "location": "custom-laptop", "count": 1, **changed}

    assert code == await controlled.post_refused("/_control/processes", **body)


async def test_a_fleet_may_be_named_by_its_arn(controlled: ControlledBench) -> None:
    arn = controlled.world.arns.fleet(controlled.fleet_id)
    answer = await controlled.post("/_control/processes", fleetId=arn, location="custom-laptop", count=1)

    assert {"fleetId": controlled.fleet_id, "location": "custom-laptop", "count": 1} == answer


async def test_messages_to_real_game_servers_pass_by(controlled: ControlledBench) -> None:
    controlled.ready("p-real", compute="rack")
    controlled.call(
        "CreateGameSession", FleetId=controlled.fleet_id, Location="custom-rack", MaximumPlayerSessionCount=2
    )

    assert "CreateGameSession" == controlled.messages("p-real")[0]["Action"]
