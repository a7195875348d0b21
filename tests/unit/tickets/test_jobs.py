import asyncio
from dataclasses import dataclass, field
from typing import cast

import pytest

from muster_runtime.errors import Unavailable
from muster_runtime.metrics import Metrics
from muster_tickets.domain import TicketId
from muster_tickets.handlers import CHECKS_A_ROUND, TicketHandlers
from muster_tickets.jobs import Reconciler, TicketBell

TICKET, OTHER = TicketId("t-1"), TicketId("t-2")


@dataclass
class Rounds:
    """Stands for the handlers: each round gives the next outcome, and the last one stops the job."""

    stop: asyncio.Event
    outcomes: list[int | Exception]
    rounds: int = field(default=0)

    async def reconcile(self) -> int:
        self.rounds += 1
        outcome = self.outcomes.pop(0)
        if not self.outcomes:
            self.stop.set()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def a_job(
    outcomes: list[int | Exception], *, every_s: float, metrics: Metrics | None = None
) -> tuple[Reconciler, Rounds, asyncio.Event]:
    stop = asyncio.Event()
    rounds = Rounds(stop, outcomes)
    job = Reconciler(cast("TicketHandlers", rounds), every_s=every_s, metrics=metrics or Metrics())
    return job, rounds, stop


async def test_a_round_that_fails_does_not_end_the_job() -> None:
    job, rounds, stop = a_job([Unavailable(), 0, 3], every_s=0.001)

    await job.run(stop)

    assert rounds.rounds == 3


async def test_what_was_looked_after_and_what_failed_is_counted() -> None:
    metrics = Metrics()
    job, _, stop = a_job([Unavailable(), 2, 3], every_s=0.001, metrics=metrics)

    await job.run(stop)

    assert metrics.registry.get_sample_value("muster_tickets_looked_after_total") == 5
    assert metrics.registry.get_sample_value("muster_reconciliation_failures_total", {"code": "unavailable"}) == 1


async def test_a_full_round_is_followed_by_the_next_one_without_a_pause() -> None:
    job, rounds, stop = a_job([CHECKS_A_ROUND, CHECKS_A_ROUND, 0], every_s=3600)

    async with asyncio.timeout(30):
        await job.run(stop)

    assert rounds.rounds == 3


async def test_a_bug_ends_the_job_and_so_the_service() -> None:
    job, _, stop = a_job([KeyError("bug"), 0], every_s=0.001)

    with pytest.raises(KeyError):
        await job.run(stop)


async def test_the_bell_wakes_those_who_wait_for_the_ticket() -> None:
    bell = TicketBell()

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        waits = [group.create_task(bell.wait(TICKET, within_s=3600)) for _ in range(3)]
        await asyncio.sleep(0)
        bell.ring(TICKET)

    assert [wait.result() for wait in waits] == [True, True, True]


async def test_the_bell_lets_others_wait_on() -> None:
    bell = TicketBell()

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        wait = group.create_task(bell.wait(TICKET, within_s=3600))
        await asyncio.sleep(0)
        bell.ring(OTHER)
        await asyncio.sleep(0)
        woken_by_other = wait.done()
        bell.ring(TICKET)

    assert not woken_by_other


async def test_a_wait_ends_by_itself_after_its_time() -> None:
    assert await TicketBell().wait(TICKET, within_s=0.001)


async def test_the_bell_forgets_tickets_nobody_waits_for() -> None:
    bell = TicketBell()

    await bell.wait(TICKET, within_s=0.001)

    assert bell._waiting == {}


async def test_stopping_sends_everyone_home_and_nobody_waits_after_that() -> None:
    bell, stop = TicketBell(), asyncio.Event()

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        job = group.create_task(bell.run(stop))
        wait = group.create_task(bell.wait(TICKET, within_s=3600))
        await asyncio.sleep(0)
        stop.set()

    assert job.done()
    assert wait.result() is False
    assert await bell.wait(TICKET, within_s=3600) is False
