"""Failures on order, the record of notices, and reset."""

import asyncio
from typing import Any

import pytest
from gamelift_bench import Recorder
from gamelift_control import ControlledBench

from muster_gamelift.control.faults import COMMON
from muster_gamelift.control.noticefaults import NoticeFault, NoticeFaults
from muster_gamelift.control.record import NoticeRecord
from muster_gamelift.state.world import Notice
from muster_runtime.testing.clock import FakeClock
from muster_runtime.testing.waiting import eventually

FAULTS = "/_control/faults"


@pytest.fixture
def controlled() -> ControlledBench:
    return ControlledBench()


def a_notice(number: int, kind: str = "MatchmakingSearching") -> Notice:
    return Notice("", {"id": str(number), "detail": {"type": kind}})


# Operations --------------------------------------------------------------------------------------------------------


async def test_an_operation_fails_as_often_as_ordered(controlled: ControlledBench) -> None:
    controlled.configure()
    await controlled.post(FAULTS, operation="StartMatchmaking", error="ThrottlingException", times=2)

    for _ in range(2):
        fault = controlled.refused("StartMatchmaking", ConfigurationName="duel", Players=[{"PlayerId": "ann"}])
        assert ("ThrottlingException", 400) == (fault.aws_name, fault.status)
        assert 0 == len(controlled.world.tickets)
    controlled.start("t-1")

    assert {"faults": []} == await controlled.get(FAULTS)


async def test_other_operations_do_not_fail_with_it(controlled: ControlledBench) -> None:
    await controlled.post(FAULTS, operation="StartMatchmaking", error="ServiceUnavailable")

    assert [] == controlled.call("ListFleets")["FleetIds"]
    assert 503 == controlled.refused("StartMatchmaking").status


async def test_orders_for_one_operation_are_worked_off_in_their_order(controlled: ControlledBench) -> None:
    for error in ("InternalServiceException", "NotFoundException"):
        answer = await controlled.post(FAULTS, operation="StopMatchmaking", error=error)
    assert [("InternalServiceException", 1), ("NotFoundException", 1)] == [
        (one["error"], one["times"]) for one in answer["faults"]
    ]

    told = [controlled.refused("StopMatchmaking") for _ in range(3)]

    assert ["InternalServiceException", "NotFoundException", "InvalidRequestException"] == [
        one.aws_name for one in told
    ]
    assert [500, 400, 400] == [one.status for one in told]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"operation": "StartDancing", "error": "ThrottlingException"}, "operation_unknown"),
        ({"operation": "StartMatchmaking", "error": "GameSessionFullException"}, "error_unknown"),
        ({"operation": "StartMatchmaking", "error": "Oops"}, "error_unknown"),
        ({"operation": "StartMatchmaking"}, "fields_invalid"),
        ({"error": "ThrottlingException"}, "fields_invalid"),
        ({"operation": "StartMatchmaking", "error": "ThrottlingException", "times": 0}, "fields_invalid"),
        ({"operation": "StartMatchmaking", "error": "ThrottlingException", "times": 1.5}, "fields_invalid"),
        ({"operation": "StartMatchmaking", "error": "ThrottlingException", "rate": 0.5}, "fields_invalid"),
        ({"operation": "StartMatchmaking", "error": "ThrottlingException", "notices": "drop"}, "fields_invalid"),
        ({}, "fields_invalid"),
        ({"notices": "lose"}, "fields_invalid"),
        ({"notices": "drop", "rate": 1.1}, "fields_invalid"),
        ({"notices": "drop", "rate": -0.1}, "fields_invalid"),
        ({"notices": "drop", "seed": -1}, "fields_invalid"),
        ({"notices": "drop", "times": 3}, "fields_invalid"),
        ({"notices": "drop", "seconds": 3}, "fields_invalid"),
        ({"notices": "delay"}, "fields_invalid"),
        ({"notices": "delay", "seconds": 0}, "fields_invalid"),
        ({"notices": "drop", "often": True}, "fields_invalid"),
    ],
)
async def test_orders_that_make_no_sense_are_refused(
    controlled: ControlledBench, body: dict[str, Any], code: str
) -> None:
    assert code == await controlled.post_refused(FAULTS, **body)
    assert {"faults": []} == await controlled.get(FAULTS)


@pytest.mark.parametrize("error", COMMON)
async def test_every_operation_may_answer_the_common_errors(controlled: ControlledBench, error: str) -> None:
    await controlled.post(FAULTS, operation="DescribeBuild", error=error)

    assert error == controlled.refused("DescribeBuild").aws_name


# Notices -----------------------------------------------------------------------------------------------------------


class Line:
    """Notices that go through faults, one each time `send` is called."""

    def __init__(self, *orders: NoticeFault) -> None:
        self.clock = FakeClock()
        self.out = Recorder()
        self.dropped: list[Notice] = []
        self.faults = NoticeFaults(self.out, self.clock, self.dropped.append)
        for order in orders:
            self.faults.add(order)
        self.sent = 0

    def send(self, count: int = 1, kind: str = "MatchmakingSearching") -> None:
        for _ in range(count):
            self.sent += 1
            self.faults.hand_over(a_notice(self.sent, kind))

    @property
    def numbers(self) -> list[int]:
        return [int(one.envelope["id"]) for one in self.out.notices]


def test_without_orders_notices_pass_untouched() -> None:
    line = Line()
    line.send(3)

    assert [1, 2, 3] == line.numbers
    assert line.faults.next_due_s is None


def test_dropped_notices_reach_nobody() -> None:
    order = NoticeFault("drop", 0.5, 4)
    line = Line(order)
    line.send(200)

    assert 200 - order.struck == len(line.numbers)
    assert 70 < order.struck < 130
    assert order.struck == len(line.dropped)
    assert sorted(set(line.numbers)) == line.numbers


@pytest.mark.row("3.1.any.order")
def test_duplicated_notices_come_twice_in_a_row() -> None:
    line = Line(NoticeFault("duplicate", 1, 0))
    line.send(2)

    assert [1, 1, 2, 2] == line.numbers


@pytest.mark.row("3.1.any.order")
def test_delayed_notices_come_when_their_time_has_come() -> None:
    line = Line(NoticeFault("delay", 1, 0, delay_s=2.5, type="Slow"))
    line.send(kind="Slow")
    line.send()
    assert [2] == line.numbers

    due_s = line.faults.next_due_s
    assert due_s == line.clock.epoch_s() + 2.5
    line.faults.release(due_s - 0.001)
    assert [2] == line.numbers
    line.faults.release(due_s)

    assert [2, 1] == line.numbers
    assert line.faults.next_due_s is None


@pytest.mark.row("3.1.any.order")
def test_reordered_notices_come_after_their_successor() -> None:
    line = Line(NoticeFault("reorder", 1, 0))
    line.send(4)

    assert [2, 1, 4, 3] == line.numbers


def test_a_reordered_notice_without_successor_comes_a_second_later() -> None:
    line = Line(NoticeFault("reorder", 1, 0))
    line.send()
    assert [] == line.numbers
    assert line.faults.next_due_s == line.clock.epoch_s() + 1

    line.faults.release(line.clock.epoch_s() + 1)

    assert [1] == line.numbers


@pytest.mark.parametrize("kind", ["drop", "duplicate", "delay", "reorder"])
def test_the_same_seed_strikes_the_same_notices(kind: Any) -> None:
    def through(seed: int) -> list[int]:
        line = Line(NoticeFault(kind, 0.3, seed, delay_s=1.0 if kind == "delay" else 0.0))
        line.send(100)
        line.faults.release(line.clock.epoch_s() + 2)
        return line.numbers

    assert through(5) == through(5)
    assert through(5) != through(6)
    assert list(range(1, 101)) != through(5)


def test_orders_do_not_disturb_each_others_draws() -> None:
    alone = NoticeFault("duplicate", 0.3, 5)
    beside = NoticeFault("duplicate", 0.3, 5)
    Line(alone).send(100)
    Line(NoticeFault("drop", 0.5, 1), beside).send(100)

    assert alone.struck == beside.struck


async def test_delayed_notices_come_by_themselves_while_time_runs() -> None:
    line = Line(NoticeFault("delay", 1, 0, delay_s=2.0))
    stop, runs = asyncio.Event(), asyncio.Event()

    async with asyncio.TaskGroup() as group:
        group.create_task(line.faults.run(stop, runs))
        line.send()
        line.clock.advance(2)
        for _ in range(10):
            await asyncio.sleep(0)
        assert [] == line.numbers
        runs.set()
        await eventually(lambda: line.numbers == [1])
        stop.set()


async def test_a_delayed_notice_comes_at_its_very_instant_of_an_advance(controlled: ControlledBench) -> None:
    began_s = await controlled.freeze()
    await controlled.post(FAULTS, notices="delay", seconds=2.25)
    controlled.configure()
    controlled.start("t-1")

    await controlled.pass_time(0)
    assert [] == await controlled.recorded()
    await controlled.pass_time(2)
    assert [] == await controlled.recorded()
    await controlled.pass_time(1)

    assert ["MatchmakingSearching"] == await controlled.recorded_types()
    assert began_s + 3 == controlled.now_s


async def test_an_advance_leaves_no_reordered_notice_behind(controlled: ControlledBench) -> None:
    await controlled.freeze()
    await controlled.post(FAULTS, notices="reorder")
    controlled.configure()
    controlled.start("t-1")

    await controlled.pass_time(0)

    assert ["MatchmakingSearching"] == await controlled.recorded_types()
    (shown,) = (await controlled.get(FAULTS))["faults"]
    assert {"notices": "reorder", "rate": 1.0, "seed": 0, "struck": 1} == shown


async def test_the_record_and_the_publishers_see_the_same(controlled: ControlledBench) -> None:
    await controlled.freeze()
    await controlled.post(FAULTS, notices="drop", rate=0.5, seed=2)
    controlled.configure()
    for number in range(20):
        controlled.start(f"t-{number}")
    await controlled.pass_time(1)

    assert await controlled.recorded() == [notice.envelope for notice in controlled.recorder.notices]
    assert 20 < len(await controlled.recorded()) < 40


def test_cleared_faults_drop_what_they_held_back() -> None:
    line = Line(NoticeFault("delay", 1, 0, delay_s=5, type="Slow"), NoticeFault("reorder", 1, 0))
    line.send(kind="Slow")
    line.send()
    line.faults.clear()
    line.faults.release(line.clock.epoch_s() + 60)

    assert [] == line.numbers
    assert {"1", "2"} == {notice.envelope["id"] for notice in line.dropped}


# The record --------------------------------------------------------------------------------------------------------


async def test_notices_are_numbered_from_one_also_those_that_nobody_asked_for(controlled: ControlledBench) -> None:
    assert {"notices": [], "last": 0} == await controlled.get("/_control/notices")
    await controlled.freeze()
    controlled.configure(NotificationTarget="")
    controlled.start("t-1")
    controlled.start("t-2")
    await controlled.pass_time(0)

    answer = await controlled.get("/_control/notices", "after=0")

    assert [1, 2, 3, 4] == [one["n"] for one in answer["notices"]]
    assert "MatchmakingSucceeded" == answer["notices"][-1]["notice"]["detail"]["type"]
    assert 4 == answer["last"]
    assert [3, 4] == [one["n"] for one in (await controlled.get("/_control/notices", "after=2"))["notices"]]
    assert {"notices": [], "last": 4} == await controlled.get("/_control/notices", "after=99")


def test_a_full_record_forgets_the_oldest_and_keeps_their_numbers() -> None:
    record = NoticeRecord(most=3)
    for number in range(1, 6):
        record.hand_over(a_notice(number))

    assert [3, 4, 5] == [one.number for one in record.after(0)]
    assert ["5"] == [one.envelope["id"] for one in record.after(4)]
    assert 5 == record.last


# Reset -------------------------------------------------------------------------------------------------------------


async def test_reset_leaves_nothing_behind(controlled: ControlledBench) -> None:
    controlled.configure_with_queue()
    await controlled.processes(2)
    await controlled.freeze()
    await controlled.post(FAULTS, operation="StartMatchmaking", error="ThrottlingException")
    await controlled.post(FAULTS, notices="delay", seconds=60)
    controlled.call("ListLocations")
    await controlled.pass_time(10)

    assert {} == await controlled.post("/_control/reset")

    assert {"now": controlled.clock.epoch_s(), "frozen": False} == await controlled.get("/_control/clock")
    assert {"faults": []} == await controlled.get(FAULTS)
    assert {"notices": [], "last": 0} == await controlled.get("/_control/notices")
    assert 1 == controlled.hung_up
    assert () == controlled.engine.worlds
    assert [] == controlled.call("ListFleets")["FleetIds"]
    controlled.configure("duel")


async def test_after_a_reset_the_same_requests_give_the_same_again(controlled: ControlledBench) -> None:
    async def play() -> list[str]:
        await controlled.freeze()
        controlled.configure_with_queue()
        await controlled.processes(1)
        controlled.start("t-1")
        controlled.start("t-2")
        await controlled.pass_time(5)
        return await controlled.recorded_types()

    first = await play()
    await controlled.post("/_control/reset")

    assert first == await play()
    assert "MatchmakingSucceeded" in first


# Explain -----------------------------------------------------------------------------------------------------------


async def test_a_ticket_of_any_region_is_explained(controlled: ControlledBench) -> None:
    controlled.configure()
    controlled.start("t-1")

    explained = await controlled.get("/_control/explain/{ticket_id}", ticket_id="t-1")

    assert "t-1" == explained["ticketId"]
    assert explained["sentences"]


async def test_an_unknown_ticket_cannot_be_explained(controlled: ControlledBench) -> None:
    with pytest.raises(Exception, match="ticket id") as caught:
        await controlled.get("/_control/explain/{ticket_id}", ticket_id="t-9")
    assert "ticket_unknown" == getattr(caught.value, "code", "")
