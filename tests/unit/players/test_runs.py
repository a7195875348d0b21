import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import ValidationError

from muster_players.api import RunView, StartRun
from muster_players.domain import Failure, JourneyReport, RunPlan, RunStatus, Step, StepName
from muster_players.errors import RunsFull, RunUnknown
from muster_players.handlers import RunHandlers
from muster_players.jobs import Runner
from muster_players.store import MemoryRuns
from muster_runtime.testing import FakeClock, SequentialIds, eventually

PLAN = RunPlan(players=2)
REPORTS = (
    JourneyReport(player=1, match_id="m", steps=(Step(StepName.SIGN_IN, 1.0), Step(StepName.REQUEST, 0.5))),
    JourneyReport(
        player=2,
        steps=(Step(StepName.SIGN_IN, 3.0),),
        failure=Failure(StepName.SIGN_IN, "unreachable", "nobody"),
    ),
)


class FakePlayers:
    """Players who play when they are told to."""

    def __init__(self) -> None:
        self.playing = 0
        self.most = 0
        self.whistle = asyncio.Event()

    async def play(self, plan: RunPlan) -> tuple[JourneyReport, ...]:
        self.playing += 1
        self.most = max(self.most, self.playing)
        try:
            await self.whistle.wait()
        finally:
            self.playing -= 1
        return REPORTS


def a_desk(clock: FakeClock, *, waiting: int = 20, kept: int = 100) -> RunHandlers:
    return RunHandlers(store=MemoryRuns(kept=kept), clock=clock, ids=SequentialIds(), most_waiting=waiting)


@asynccontextmanager
async def runner(handlers: RunHandlers, players: FakePlayers, *, at_once: int = 2) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(Runner(handlers, players, at_once=at_once).run(stop))
        try:
            yield stop
        finally:
            stop.set()


async def test_a_run_goes_from_waiting_to_ended(clock: FakeClock) -> None:
    handlers, players = a_desk(clock), FakePlayers()
    run = await handlers.start(PLAN)
    assert RunStatus.WAITING is run.status

    async with runner(handlers, players):
        await eventually(lambda: players.playing == 1)
        assert RunStatus.RUNNING is (await handlers.show(run.run_id)).status
        players.whistle.set()
        await eventually(lambda: players.playing == 0)

    ended = await handlers.show(run.run_id)
    assert (RunStatus.ENDED, REPORTS) == (ended.status, ended.reports)


async def test_only_so_many_runs_are_executed_at_a_time_and_all_in_the_end(clock: FakeClock) -> None:
    handlers, players = a_desk(clock), FakePlayers()
    runs = [await handlers.start(PLAN) for _ in range(5)]

    async with runner(handlers, players, at_once=2):
        await eventually(lambda: players.playing == 2)
        players.whistle.set()

        async def all_ended() -> bool:
            return all([(await handlers.show(run.run_id)).status is RunStatus.ENDED for run in runs])

        await eventually(all_ended)

    assert 2 == players.most


async def test_a_run_asked_for_while_the_runner_is_idle_begins(clock: FakeClock) -> None:
    handlers, players = a_desk(clock), FakePlayers()

    async with runner(handlers, players):
        await asyncio.sleep(0)
        await handlers.start(PLAN)

        await eventually(lambda: players.playing == 1)


async def test_a_run_under_way_is_interrupted_when_the_service_stops(clock: FakeClock) -> None:
    handlers, players = a_desk(clock), FakePlayers()
    run = await handlers.start(PLAN)

    async with runner(handlers, players):
        await eventually(lambda: players.playing == 1)

    assert RunStatus.INTERRUPTED is (await handlers.show(run.run_id)).status
    assert 0 == players.playing


async def test_too_many_waiting_runs_are_refused(clock: FakeClock) -> None:
    handlers = a_desk(clock, waiting=1)
    await handlers.start(PLAN)

    with pytest.raises(RunsFull):
        await handlers.start(PLAN)


async def test_an_unknown_run_is_told(clock: FakeClock) -> None:
    with pytest.raises(RunUnknown):
        await a_desk(clock).show("none")


async def test_the_oldest_ended_runs_are_forgotten_and_open_ones_never(clock: FakeClock) -> None:
    handlers = a_desk(clock, kept=2)
    runs = [await handlers.start(PLAN) for _ in range(4)]
    for run in runs[1:3]:
        handlers.store.put(run.end(clock.now(), REPORTS))

    kept = [handlers.store.get(run.run_id) is not None for run in runs]

    assert [True, False, False, True] == kept


async def test_a_view_sums_up_what_the_players_went_through(clock: FakeClock) -> None:
    run = (await a_desk(clock).start(PLAN)).start(clock.now()).end(clock.now(), REPORTS)

    view = RunView.of(run)

    assert ("ENDED", 1, 1) == (view.status, view.succeeded, view.matches)
    assert ("sign in", 2, 2.0, 3.0) == tuple(view.steps[0].model_dump().values())
    assert {"step": "sign in", "kind": "unreachable", "players": 1} == view.failures[0].model_dump()
    assert [None, "unreachable"] == [each.failure for each in view.journeys]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"players": 1},
        {"players": 101},
        {"players": "2"},
        {"players": True},
        {"players": 2, "timeout_s": 0},
        {"players": 2, "timeout_s": float("nan")},
        {"players": 2, "latencies_ms": {}},
        {"players": 2, "latencies_ms": {"Custom Laptop": 20}},
        {"players": 2, "surprise": 1},
    ],
)
def test_a_bad_order_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        StartRun.model_validate(body)


def test_a_good_order_becomes_a_plan() -> None:
    plan = StartRun.model_validate({"players": 4, "timeout_s": 30.0, "latencies_ms": {"us-east-1": 40}}).plan()

    assert RunPlan(players=4, timeout_s=30.0, latencies_ms=(("us-east-1", 40),)) == plan
