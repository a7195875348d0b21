import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import structlog
from runtime_edge import EdgeUnderTest, told

from muster_runtime.http.health import Phase
from muster_runtime.testing.clock import FakeClock


class Probe:
    """A dependency that the test switches."""

    def __init__(self, act: Callable[[], Awaitable[None]] | None = None) -> None:
        self.asked = 0
        self.error: Exception | None = None
        self._act = act

    async def __call__(self) -> None:
        self.asked += 1
        if self._act is not None:
            await self._act()
        if self.error is not None:
            raise self.error


async def ready(edge: EdgeUnderTest) -> tuple[int, Any]:
    response = await edge.ask("GET", "/readyz")
    return response.status, told(response)


async def test_a_running_service_whose_dependencies_answer_is_ready() -> None:
    edge = EdgeUnderTest(probes={"table": Probe(), "queue": Probe()})

    status, body = await ready(edge)

    assert 200 == status
    assert {"service": "demo", "status": "ready", "probes": {"table": "ok", "queue": "ok"}} == body
    assert 1 == edge.sample("muster_ready")


@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.DRAINING])
async def test_a_service_that_starts_or_drains_is_not_ready_and_says_why(phase: Phase) -> None:
    edge = EdgeUnderTest(probes={"table": Probe()})
    edge.health.phase = phase

    status, body = await ready(edge)

    assert (503, phase.value) == (status, body["status"])
    assert 0 == edge.sample("muster_ready")


async def test_a_failing_dependency_is_named_and_its_message_is_not_told() -> None:
    table = Probe()
    table.error = ConnectionError("10.0.0.1 hunter2")
    edge = EdgeUnderTest(probes={"table": table, "queue": Probe()})

    with structlog.testing.capture_logs() as logs:
        status, body = await ready(edge)

    assert (503, "failing", {"table": "failing", "queue": "ok"}) == (status, body["status"], body["probes"])
    assert "hunter2" not in str(logs)
    assert 0 == edge.sample("muster_probe_up", probe="table")


async def test_a_dependency_that_does_not_answer_in_time_is_named() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    edge = EdgeUnderTest(probes={"table": Probe(never)}, probe_timeout_s=0.01)

    assert {"table": "timeout"} == (await ready(edge))[1]["probes"]


async def test_dependencies_are_asked_at_the_same_time() -> None:
    meeting = asyncio.Barrier(2)

    async def meet() -> None:
        await meeting.wait()

    assert 200 == (await ready(EdgeUnderTest(probes={"a": Probe(meet), "b": Probe(meet)})))[0]


async def test_answers_are_reused_for_a_moment(clock: FakeClock) -> None:
    table = Probe()
    edge = EdgeUnderTest(probes={"table": table}, clock=clock, readiness_cache_s=1.0)
    await ready(edge)
    table.error = ConnectionError()

    clock.advance(0.9)
    assert 200 == (await ready(edge))[0]
    clock.advance(0.1)
    assert 503 == (await ready(edge))[0]
    assert 2 == table.asked


async def test_many_who_ask_at_once_make_one_round_of_probes() -> None:
    table = Probe()
    edge = EdgeUnderTest(probes={"table": table})

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(ready(edge))

    assert 1 == table.asked


async def test_a_change_is_logged_once_each_way(clock: FakeClock) -> None:
    table = Probe()
    table.error = ConnectionError()
    edge = EdgeUnderTest(probes={"table": table}, clock=clock)

    with structlog.testing.capture_logs() as logs:
        for error in (table.error, table.error, None, None):
            table.error = error
            await ready(edge)
            clock.advance(5)

    assert ["failing", "ok"] == [line["state"] for line in logs if line["event"] == "probe_changed"]


async def test_the_process_is_alive_whatever_its_dependencies_say() -> None:
    table = Probe()
    table.error = ConnectionError()
    edge = EdgeUnderTest(probes={"table": table})
    edge.health.phase = Phase.STARTING

    response = await edge.ask("GET", "/livez")

    assert (200, {"service": "demo", "status": "alive"}) == (response.status, told(response))
    assert 0 == table.asked
