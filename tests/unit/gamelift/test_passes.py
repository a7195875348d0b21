"""Passes beside requests: the same matches as in one go, a little at a time, and nothing left behind."""

import asyncio
import math
from typing import Any

import pytest
from gamelift_bench import REGION, Bench

from muster_gamelift import flow, matchmaking
from muster_gamelift.engine import TICKETS_A_TURN
from muster_gamelift.matchmaker import SHORT
from muster_gamelift.state.deadlines import Deadlines
from muster_gamelift.state.tables import Journal, Table

LONE = {"name": "lone", "ruleLanguageVersion": "1.0", "teams": [{"name": "all", "minPlayers": 5, "maxPlayers": 5}]}


def running() -> asyncio.Event:
    runs = asyncio.Event()
    runs.set()
    return runs


def crowd(bench: Bench, tickets: int) -> None:
    bench.configure(rules=LONE)
    for number in range(tickets):
        bench.start(f"t-{number}")


@pytest.mark.parametrize("tickets", [10, SHORT + 5], ids=["few", "so many that a thread searches"])
async def test_a_pass_beside_requests_does_what_a_pass_in_one_go_does(bench: Bench, tickets: int) -> None:
    other = Bench()
    crowd(bench, tickets)
    crowd(other, tickets)

    await bench.engine.run_pass_aside(running())
    other.engine.run_pass()

    assert [ticket.status for ticket in other.world.tickets] == [ticket.status for ticket in bench.world.tickets]
    assert sorted(other.types()) == sorted(bench.types())
    assert tickets // 5 == len(bench.told("MatchmakingSucceeded"))


async def test_requests_have_their_turn_during_a_pass(bench: Bench) -> None:
    crowd(bench, 2 * TICKETS_A_TURN + 1)
    seen: list[int] = []

    async def ask() -> None:
        while len(seen) < 3:
            seen.append(bench.world.tickets.count("queued", at=True))
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        group.create_task(bench.engine.run_pass_aside(running()))
        group.create_task(ask())

    assert [TICKETS_A_TURN + 1, 1, 0] == seen


async def test_a_match_of_a_ticket_that_has_gone_meanwhile_is_not_made(bench: Bench) -> None:
    crowd(bench, 5)
    bench.engine.apply(REGION, flow.tidy)
    (look,) = bench.engine.apply(REGION, matchmaking.looks)
    finding = look.find()
    bench.call("StopMatchmaking", TicketId="t-3")

    bench.engine.apply(REGION, lambda change: flow.conclude(change, finding))

    assert [] == bench.told("PotentialMatchCreated")
    assert "SEARCHING" == bench.status("t-1")
    assert bench.engine.work.is_set()


async def test_a_pass_stops_when_time_does(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    # A pool whose search took long rests for a while, and on this clock no time passes.
    monkeypatch.setattr("muster_gamelift.engine.LONG_LOOK_S", math.inf)
    crowd(bench, 5)
    runs = asyncio.Event()

    await bench.engine.run_pass_aside(runs)
    assert [] == bench.told("PotentialMatchCreated")
    runs.set()
    await bench.engine.run_pass_aside(runs)

    assert 1 == len(bench.told("MatchmakingSucceeded"))


def test_an_arrival_in_a_large_pool_reads_no_other_ticket(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(bench, 300)
    bench.advance()
    read: list[str] = []
    once = Table.get

    def counting(self: Table[Any], key: str) -> Any:
        read.append(key)
        return once(self, key)

    monkeypatch.setattr(Table, "get", counting)
    monkeypatch.setattr(Table, "find", lambda self, index, at: counting(self, f"{index} {at}") or ())
    bench.start("one-more")

    assert not [key for key in read if key.startswith("t-")]
    assert len(read) < 10


def test_a_pass_over_a_pool_that_did_not_change_reads_no_ticket(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.configure(rules=LONE)
    for number in range(4):
        bench.start(f"t-{number}")
    bench.advance()
    bench.advance()
    read: list[str] = []
    once = Table.get

    def counting(self: Table[Any], key: str) -> Any:
        read.append(key)
        return once(self, key)

    monkeypatch.setattr(Table, "get", counting)
    bench.advance()

    assert [] == [key for key in read if key.startswith("t-") and key != "t-0"]


class Row:
    """Something that falls due."""

    def __init__(self, at_s: float | None) -> None:
        self.at_s = at_s


def test_what_falls_due_first_is_found_whatever_was_written_before() -> None:
    journal = Journal()
    table = Table[Row](journal)
    deadlines = Deadlines(table, lambda row: row.at_s)
    table.put("late", Row(9.0))
    table.put("early", Row(1.0))
    table.put("never", Row(None))

    assert deadlines.due(0.5) is None
    assert table["early"] is deadlines.due(1.0)
    table.put("early", Row(5.0))
    assert deadlines.due(1.0) is None
    assert table["early"] is deadlines.due(9.0)
    table.remove("early")
    assert table["late"] is deadlines.due(9.0)


def test_what_falls_due_is_right_again_after_a_change_was_undone() -> None:
    journal = Journal()
    table = Table[Row](journal)
    deadlines = Deadlines(table, lambda row: row.at_s)
    first = table.put("row", Row(1.0))
    journal.start()

    assert first is deadlines.due(1.0)
    table.put("row", Row(None))
    assert deadlines.due(1.0) is None
    journal.undo()

    assert first is deadlines.due(1.0)


def test_outdated_deadlines_do_not_pile_up() -> None:
    table = Table[Row](Journal())
    deadlines = Deadlines(table, lambda row: row.at_s)

    for number in range(5000):
        table.put("row", Row(float(number)))
        deadlines.due(-1.0)

    assert len(deadlines._heap) <= 1002
    assert table["row"] is deadlines.due(4999.0)
