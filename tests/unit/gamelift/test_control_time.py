"""Virtual time: what stands, what moves, and what falls due on the way."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from gamelift_bench import DUEL
from gamelift_control import ControlledBench

from muster_gamelift.control.clock import VirtualClock
from muster_gamelift.engine import TICKETS_A_TURN
from muster_gamelift.jobs import Ticker
from muster_runtime.testing.clock import FakeClock
from muster_runtime.testing.waiting import eventually

ONE_BECOMES_ENOUGH = {
    "name": "",
    "ruleLanguageVersion": "1.0",
    "teams": [{"name": "all", "minPlayers": 2, "maxPlayers": 2}],
    "expansions": [{"target": "teams[all].minPlayers", "steps": [{"waitTimeSeconds": 5, "value": 1}]}],
}


@pytest.fixture
def controlled() -> ControlledBench:
    return ControlledBench()


# The clock ---------------------------------------------------------------------------------------------------------


def test_a_clock_that_stands_ignores_real_time_and_goes_on_from_where_it_stood() -> None:
    real = FakeClock()
    clock = VirtualClock(real)
    real.advance(5.0004)
    clock.freeze()
    stands_s = clock.epoch_s()
    real.advance(100)

    assert clock.frozen
    assert stands_s == clock.epoch_s() == clock.now().timestamp()
    assert round(stands_s, 3) == stands_s

    clock.move_to(stands_s + 30)
    clock.unfreeze()
    real.advance(2)

    assert not clock.frozen
    assert clock.epoch_s() == pytest.approx(stands_s + 32)


def test_real_seconds_go_on_while_the_clock_stands() -> None:
    real = FakeClock()
    clock = VirtualClock(real)
    clock.freeze()
    before_s = clock.monotonic_s()
    real.advance(3)

    assert before_s + 3 == clock.monotonic_s()


@pytest.mark.parametrize("by_s", [-0.001, -60])
def test_a_clock_never_goes_back(by_s: float) -> None:
    clock = VirtualClock(FakeClock())
    clock.freeze()
    with pytest.raises(ValueError, match="forward"):
        clock.move_to(clock.epoch_s() + by_s)


def test_a_clock_that_runs_cannot_be_moved() -> None:
    clock = VirtualClock(FakeClock())
    with pytest.raises(ValueError, match="stands"):
        clock.move_to(clock.epoch_s() + 1)


def test_a_reset_clock_shows_real_time_again() -> None:
    real = FakeClock(datetime(2026, 1, 1, tzinfo=UTC))
    clock = VirtualClock(real)
    clock.freeze()
    clock.move_to(clock.epoch_s() + 3600)
    clock.reset()

    assert real.epoch_s() == clock.epoch_s()
    assert clock.runs.is_set()


async def test_the_clock_is_told_and_stopped_and_let_go(controlled: ControlledBench) -> None:
    assert {"now": controlled.now_s, "frozen": False} == await controlled.get("/_control/clock")

    assert {"now": controlled.now_s, "frozen": True} == await controlled.post("/_control/clock", frozen=True)
    await controlled.pass_time(12.5)

    assert {"now": controlled.clock.epoch_s() + 12.5, "frozen": True} == await controlled.get("/_control/clock")
    assert False is (await controlled.post("/_control/clock", frozen=False))["frozen"]


# Passes ------------------------------------------------------------------------------------------------------------


async def test_time_can_be_advanced_only_while_it_stands(controlled: ControlledBench) -> None:
    assert "clock_not_frozen" == await controlled.post_refused("/_control/clock/advance", seconds=1)


@pytest.mark.parametrize("seconds", [-1, "1", True, None, float("1e9")])
async def test_a_span_is_a_number_of_seconds_of_at_most_a_day(controlled: ControlledBench, seconds: Any) -> None:
    await controlled.freeze()

    assert "fields_invalid" == await controlled.post_refused("/_control/clock/advance", seconds=seconds)


async def test_no_pass_runs_by_itself_while_time_stands(controlled: ControlledBench) -> None:
    stop, ticker = asyncio.Event(), Ticker(controlled.engine, every_s=0.001, runs=controlled.control.clock.runs)
    await controlled.freeze()
    controlled.configure()

    async with asyncio.TaskGroup() as group:
        group.create_task(ticker.run(stop))
        controlled.start("t-1")
        for _ in range(50):
            await asyncio.sleep(0)
        assert "QUEUED" == controlled.status("t-1")
        assert controlled.engine.work.is_set()

        await controlled.post("/_control/clock", frozen=False)
        await eventually(lambda: controlled.status("t-1") == "SEARCHING")
        stop.set()


async def test_no_seconds_make_exactly_one_pass_at_the_present_time(
    controlled: ControlledBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    began_s = await controlled.freeze()
    made = count_passes(controlled, monkeypatch)
    controlled.configure()
    controlled.start("t-1")
    controlled.start("t-2")

    await controlled.pass_time(0)

    assert [began_s] == made
    assert "COMPLETED" == controlled.status("t-1") == controlled.status("t-2")


@pytest.mark.parametrize("reset", [False, True])
async def test_a_pass_under_way_ends_when_time_stops_and_is_made_up_for(
    controlled: ControlledBench, *, reset: bool
) -> None:
    controlled.configure()
    for number in range(TICKETS_A_TURN + 1):
        controlled.start(f"t-{number}")
    controlled.engine.work.clear()

    async with asyncio.TaskGroup() as group:
        group.create_task(controlled.engine.run_pass_aside(controlled.control.clock.runs))
        await asyncio.sleep(0)
        await controlled.freeze()
        if reset:
            await controlled.post("/_control/reset")

    if reset:
        assert () == controlled.engine.worlds
        return
    assert [] == [one for one in controlled.types() if one != "MatchmakingSearching"]
    assert controlled.engine.work.is_set()
    await controlled.pass_time(0)
    assert TICKETS_A_TURN // 2 == len(controlled.told("MatchmakingSucceeded"))


def count_passes(bench: ControlledBench, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list that grows by the instant of each pass."""
    made: list[float] = []
    run_pass = bench.engine.run_pass

    def counted() -> None:
        made.append(bench.now_s)
        run_pass()

    monkeypatch.setattr(bench.engine, "run_pass", counted)
    return made


async def test_each_virtual_second_has_a_pass_and_so_has_the_end(
    controlled: ControlledBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    began_s = await controlled.freeze()
    made = count_passes(controlled, monkeypatch)

    await controlled.pass_time(3.25)

    assert [began_s + 1, began_s + 2, began_s + 3, began_s + 3.25] == made


async def test_what_arrived_before_has_its_pass_before_time_moves(
    controlled: ControlledBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    began_s = await controlled.freeze()
    controlled.configure()
    controlled.start("t-1")
    made = count_passes(controlled, monkeypatch)

    await controlled.pass_time(1)

    assert [began_s, began_s + 1] == made


async def test_an_hour_of_idle_pools_costs_a_pass_a_second(
    controlled: ControlledBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await controlled.freeze()
    controlled.configure()
    made = count_passes(controlled, monkeypatch)

    await controlled.pass_time(3600)

    assert 3600 == len(made)


async def test_a_ticket_times_out_at_its_very_millisecond(controlled: ControlledBench) -> None:
    controlled.configure(RequestTimeoutSeconds=12)
    began_s = await controlled.freeze()
    await controlled.pass_time(0.3)
    controlled.start("t-1")

    await controlled.pass_time(60)

    ended = controlled.world.tickets["t-1"]
    assert "TIMED_OUT" == ended.status
    assert round(began_s + 12.3, 3) == ended.ended_at_s


async def test_acceptance_ends_at_its_very_millisecond(controlled: ControlledBench) -> None:
    controlled.configure(AcceptanceRequired=True, AcceptanceTimeoutSeconds=7)
    await controlled.freeze()
    await controlled.pass_time(0.125)
    controlled.start("t-1")
    controlled.start("t-2")
    await controlled.pass_time(0)
    offered_s = controlled.now_s

    await controlled.pass_time(30)

    (told,) = [one for one in await controlled.recorded() if one["detail"]["type"] == "AcceptMatchCompleted"]
    assert "TimedOut" == told["detail"]["acceptance"]
    assert datetime.fromisoformat(told["time"]).timestamp() == offered_s + 7


async def test_an_expansion_applies_at_its_very_millisecond(controlled: ControlledBench) -> None:
    controlled.configure(rules=ONE_BECOMES_ENOUGH)
    await controlled.freeze()
    controlled.start("t-0", "nobody-waits-for-this-one")
    controlled.call("StopMatchmaking", TicketId="t-0")
    await controlled.pass_time(0.4)
    controlled.start("t-1")
    started_s = controlled.now_s
    await controlled.pass_time(0.3)

    await controlled.pass_time(30)

    assert started_s + 5 == controlled.world.tickets["t-1"].ended_at_s


async def test_a_placement_times_out_at_its_very_millisecond(controlled: ControlledBench) -> None:
    controlled.hosted(TimeoutInSeconds=15)
    await controlled.freeze()
    await controlled.pass_time(0.75)
    controlled.call(
        "StartGameSessionPlacement", PlacementId="pl-1", GameSessionQueueName="main", MaximumPlayerSessionCount=2
    )
    started_s = controlled.now_s

    await controlled.pass_time(60)

    placement = controlled.world.placements["pl-1"]
    assert ("TIMED_OUT", started_s + 15) == (placement.status, placement.ended_at_s)


async def test_a_looser_latency_cap_holds_from_its_very_millisecond(controlled: ControlledBench) -> None:
    policies = [
        {"MaximumIndividualPlayerLatencyMilliseconds": 50, "PolicyDurationSeconds": 6},
        {"MaximumIndividualPlayerLatencyMilliseconds": 200},
    ]
    controlled.hosted(PlayerLatencyPolicies=policies, TimeoutInSeconds=60)
    await controlled.processes(1)
    await controlled.freeze()
    await controlled.pass_time(0.2)
    controlled.call(
        "StartGameSessionPlacement",
        PlacementId="pl-1",
        GameSessionQueueName="main",
        MaximumPlayerSessionCount=2,
        PlayerLatencies=[{"PlayerId": "ann", "RegionIdentifier": "custom-laptop", "LatencyInMilliseconds": 120}],
    )
    started_s = controlled.now_s

    await controlled.pass_time(30)

    placement = controlled.world.placements["pl-1"]
    assert ("FULFILLED", started_s + 6) == (placement.status, placement.ended_at_s)


async def test_seats_and_silent_processes_are_given_up_in_order(controlled: ControlledBench) -> None:
    controlled.running_session()
    arn = controlled.session_arn()
    await controlled.freeze()
    controlled.call("CreatePlayerSession", GameSessionId=arn, PlayerId="ann")
    reserved_s = controlled.now_s

    await controlled.pass_time(300)

    (seat,) = controlled.world.seats.find("session", arn)
    assert ("TIMEDOUT", reserved_s + 60) == (seat.status, seat.ended_at_s)
    assert controlled.world.sessions[arn].ended_at_s == round(reserved_s + 210.001, 3)


async def test_an_advance_ends_only_when_all_notices_are_published() -> None:
    controlled = ControlledBench(delivery_s=30.0)
    await controlled.freeze()
    controlled.unpublished = 1
    async with asyncio.TaskGroup() as group:
        advanced = group.create_task(controlled.pass_time(0))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not advanced.done()
        controlled.unpublished = 0

    assert advanced.done()


async def test_an_advance_tells_when_notices_cannot_be_published(controlled: ControlledBench) -> None:
    began_s = await controlled.freeze()
    controlled.unpublished = 3

    assert "notices_waiting" == await controlled.post_refused("/_control/clock/advance", seconds=2)
    assert began_s + 2 == controlled.now_s


# Game servers ------------------------------------------------------------------------------------------------------


async def test_time_waits_for_a_connected_game_server_to_open_its_session() -> None:
    controlled = ControlledBench(servers_s=30.0)
    controlled.configure_with_queue()
    controlled.ready()
    await controlled.freeze()
    controlled.start("t-1")
    controlled.start("t-2")

    async with asyncio.TaskGroup() as group:
        advanced = group.create_task(controlled.pass_time(3))
        await eventually(lambda: bool(controlled.messages()))
        assert not advanced.done()
        controlled.activate()

    assert "COMPLETED" == controlled.status("t-1")


async def test_time_waits_only_once_for_a_game_server_that_does_not_answer(
    controlled: ControlledBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    controlled.configure_with_queue()
    controlled.ready()
    await controlled.freeze()
    controlled.start("t-1")
    controlled.start("t-2")
    waits: list[float] = []
    timeout = asyncio.timeout

    def counted(seconds: float) -> Any:
        waits.append(seconds)
        return timeout(seconds)

    monkeypatch.setattr(asyncio, "timeout", counted)
    await controlled.pass_time(10)

    assert 1 == waits.count(0.0)
    assert "PLACING" == controlled.status("t-1")


# The same again ----------------------------------------------------------------------------------------------------


async def test_the_same_requests_and_seed_give_the_same_notices_byte_for_byte() -> None:
    async def play() -> str:
        bench = ControlledBench()
        await bench.freeze()
        bench.configure_with_queue(rules=DUEL, AcceptanceRequired=True, AcceptanceTimeoutSeconds=5)
        await bench.processes(2)
        await bench.post("/_control/faults", notices="duplicate", rate=0.2, seed=11)
        await bench.post("/_control/faults", notices="delay", rate=0.2, seed=12, seconds=2.5)
        await bench.post("/_control/faults", notices="reorder", rate=0.3, seed=13)
        for number in range(12):
            bench.start(f"t-{number}", PlayerAttributes={"skill": {"N": number * 3}})
            await bench.pass_time(0.4)
            if bench.status(f"t-{number}") == "REQUIRES_ACCEPTANCE" and number % 4:
                bench.accept(f"t-{number}")
        await bench.pass_time(90)
        return json.dumps(await bench.recorded())

    first = await play()

    assert first == await play()
    assert first.count('"detail-type"') > 30
