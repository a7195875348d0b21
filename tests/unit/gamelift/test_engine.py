import asyncio
import json
from typing import Any

import pytest

from muster_flexmatch import Ticket as Request
from muster_gamelift.errors import UnknownOperation
from muster_gamelift.jobs import Ticker
from muster_gamelift.state.catalogue import Configuration
from muster_gamelift.state.tickets import IllegalTransition, Ticket, TicketStatus
from muster_runtime.testing.waiting import eventually


def test_a_step_that_fails_leaves_the_state_as_it_was_and_tells_nobody(bench: Any) -> None:
    bench.configure()

    def step(change: Any) -> None:
        change.world.configurations.remove("duel")
        change.notices.append("never told")
        raise RuntimeError("stop here")

    with pytest.raises(RuntimeError):
        bench.engine.apply("us-east-1", step)

    assert "duel" in bench.world.configurations
    assert bench.recorder.notices == []


def test_unknown_operations_are_refused_by_name(bench: Any) -> None:
    with pytest.raises(UnknownOperation):
        bench.call("StartDancing")


@pytest.mark.row("2.2.timing")
def test_an_arrival_calls_for_a_pass(bench: Any) -> None:
    bench.configure()
    bench.engine.work.clear()
    bench.start("t-1")

    assert bench.engine.work.is_set()


def test_the_same_requests_at_the_same_times_give_the_same_notices(bench: Any) -> None:
    twin = type(bench)()
    for one in (bench, twin):
        one.configure(AcceptanceRequired=True)
        for number in range(9):
            one.start(f"t-{number}", PlayerAttributes={"skill": {"N": number}})
            one.advance(0.3)

    first, second = ([notice.envelope for notice in one.recorder.notices] for one in (bench, twin))
    assert json.dumps(first) == json.dumps(second)
    assert len(first) > 9


@pytest.mark.row("2.2.timing")
def test_an_unchanged_pool_is_searched_again_after_a_second_so_that_expansions_apply(bench: Any) -> None:
    rules = {
        "name": "",
        "ruleLanguageVersion": "1.0",
        "teams": [{"name": "all", "minPlayers": 2, "maxPlayers": 2}],
        "expansions": [{"target": "teams[all].minPlayers", "steps": [{"waitTimeSeconds": 5, "value": 1}]}],
    }
    bench.configure(rules=rules)
    bench.start("t-1")
    bench.advance()
    passes = bench.world.passes

    bench.advance(0.5)
    assert bench.world.passes == passes
    bench.advance(3.5)
    assert bench.status("t-1") == "SEARCHING"
    bench.advance(1)

    assert bench.status("t-1") == "COMPLETED"


async def test_the_ticker_passes_until_it_is_stopped(bench: Any) -> None:
    bench.configure()
    stop, ticker = asyncio.Event(), Ticker(bench.engine, every_s=30)

    async with asyncio.TaskGroup() as group:
        group.create_task(ticker.run(stop))
        bench.start("t-1", "ann")
        bench.start("t-2", "bob")
        await eventually(lambda: bench.status("t-1") == "COMPLETED")
        stop.set()


# The ticket's own guard: what must not happen does not, whoever asks ---------------------------------------------


def a_ticket(status: TicketStatus) -> Ticket:
    configuration = Configuration("c", "r", 60, acceptance_required=False, created_at_s=0.0)
    return Ticket(Request("t", (), 0.0), configuration, status=status)


ALLOWED = {
    "searching": {TicketStatus.QUEUED, TicketStatus.REQUIRES_ACCEPTANCE, TicketStatus.PLACING},
    "matched": {TicketStatus.SEARCHING},
    "accepted": {TicketStatus.REQUIRES_ACCEPTANCE},
    "completed": {TicketStatus.PLACING},
    "ended": {
        TicketStatus.QUEUED,
        TicketStatus.SEARCHING,
        TicketStatus.REQUIRES_ACCEPTANCE,
        TicketStatus.PLACING,
    },
}


@pytest.mark.parametrize("status", TicketStatus)
@pytest.mark.parametrize("step", ALLOWED)
@pytest.mark.row("4.1.nothing.else")
def test_a_ticket_takes_only_the_steps_that_its_state_allows(step: str, status: TicketStatus) -> None:
    ticket = a_ticket(status)
    steps = {
        "searching": ticket.searching,
        "matched": lambda: ticket.matched("m", {}, needs_acceptance=True),
        "accepted": ticket.accepted,
        "completed": lambda: ticket.completed(None, 1.0),
        "ended": lambda: ticket.ended(TicketStatus.FAILED, "r", "m", 1.0),
    }

    if status in ALLOWED[step]:
        assert steps[step]().status is not status
    else:
        with pytest.raises(IllegalTransition):
            steps[step]()


def test_a_ticket_never_ends_as_completed_without_a_match() -> None:
    with pytest.raises(IllegalTransition):
        a_ticket(TicketStatus.PLACING).ended(TicketStatus.COMPLETED, "r", "m", 1.0)
