"""Child processes are started again when they die, stopped when asked, and never outlive their parent."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from muster_deploy.problems import CannotStart
from muster_deploy.readiness import wait_until_ready
from muster_deploy.supervise import Supervisor
from muster_deploy.units import ProcessUnit
from muster_runtime.clock import SystemClock
from muster_runtime.testing import eventually

SUPPORT = Path(__file__).parents[2] / "support"


def a_unit(lines: list[str], behaviour: str, *, name: str = "fake", grace_s: float = 60.0) -> ProcessUnit:
    environment = {"PYTHONPATH": str(SUPPORT), "PYTHONUNBUFFERED": "1", "FAKE_BEHAVIOUR": behaviour}
    return ProcessUnit(name, "fake_child", environment=environment, on_line=lines.append, grace_s=grace_s)


def is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    # A killed process that nobody has waited for yet is dead all the same.
    return "\nState:\tZ" not in status


async def test_a_killed_child_is_started_again_and_its_neighbour_is_left_alone() -> None:
    lines: list[str] = []
    others: list[str] = []
    warnings: list[str] = []
    async with asyncio.TaskGroup() as group:
        supervisor = Supervisor(group, clock=SystemClock(), warn=warnings.append)
        unit = a_unit(lines, "obedient")
        supervisor.start(unit, layer=0)
        supervisor.start(a_unit(others, "obedient", name="other"), layer=0)
        await eventually(lambda: lines == ["started"] and others == ["started"])
        first = unit.pid
        assert first is not None

        os.kill(first, signal.SIGKILL)

        await eventually(lambda: lines == ["started", "started"])
        assert unit.pid not in {None, first}
        assert ["started"] == others
        await supervisor.stop(grace_s=60)
    assert ["fake was killed by signal 9; starting it again in 0.2 s"] == warnings
    assert ["started", "started", "stopped"] == lines


async def test_a_child_that_crashes_at_once_is_started_again_ever_more_slowly() -> None:
    lines: list[str] = []
    warnings: list[str] = []
    async with asyncio.TaskGroup() as group:
        supervisor = Supervisor(group, clock=SystemClock(), warn=warnings.append)
        kept = supervisor.start(a_unit(lines, "crash"), layer=0)
        # Asked for at that moment: the stop may meet a fourth life, and that ends in another way.
        last_words = await eventually(lambda: kept.crashes >= 3 and kept.last_words)
        await supervisor.stop(grace_s=60)

    assert ["0.2 s", "0.4 s", "0.8 s"] == [warning.rsplit(" in ", 1)[1] for warning in warnings[:3]]
    assert "exit code 3" in str(last_words)


async def test_a_child_with_bad_settings_is_not_started_again() -> None:
    lines: list[str] = []
    warnings: list[str] = []
    async with asyncio.TaskGroup() as group:
        supervisor = Supervisor(group, clock=SystemClock(), warn=warnings.append)
        kept = supervisor.start(a_unit(lines, "refuse"), layer=0)
        await eventually(lambda: kept.hopeless)
        # The port of RFC 863, on which nobody answers.
        with pytest.raises(CannotStart, match=r"fake does not start\. It cannot run: its settings are bad"):
            await wait_until_ready(kept, "http://127.0.0.1:9", timeout_s=60)
        await supervisor.stop(grace_s=60)

    assert ["started"] == lines
    assert [] == warnings


async def test_a_unit_is_replaced_in_its_place_without_a_warning() -> None:
    old: list[str] = []
    new: list[str] = []
    warnings: list[str] = []
    stopped: list[list[str]] = []

    @contextmanager
    def note(names: Sequence[str]) -> Iterator[None]:
        yield
        stopped.append(list(names))

    async with asyncio.TaskGroup() as group:
        supervisor = Supervisor(group, clock=SystemClock(), warn=warnings.append)
        supervisor.start(a_unit([], "obedient", name="base"), layer=0)
        supervisor.start(a_unit(old, "obedient"), layer=1)
        await eventually(lambda: old == ["started"])

        await supervisor.replace(a_unit(new, "obedient"), grace_s=60)
        await eventually(lambda: new == ["started"])

        assert ["started", "stopped"] == old
        await supervisor.stop(grace_s=5, around=note)
    assert ["started", "stopped"] == new
    assert [["fake"], ["base"]] == stopped
    assert [] == warnings


async def test_higher_layers_are_stopped_before_lower_ones() -> None:
    order: list[str] = []
    lines: dict[str, list[str]] = {"low": [], "high": []}
    async with asyncio.TaskGroup() as group:
        supervisor = Supervisor(group, clock=SystemClock(), warn=order.append)
        for layer, name in enumerate(lines):
            unit = a_unit(lines[name], "obedient", name=name)
            unit._on_line = lambda line, name=name: (order.append(f"{name} {line}"), lines[name].append(line))
            supervisor.start(unit, layer=layer)
        await eventually(lambda: all(lines.values()))
        order.clear()

        await supervisor.stop(grace_s=60)

    assert ["high stopped", "low stopped"] == order


async def test_a_deaf_child_is_killed_with_its_own_children_when_the_grace_is_over() -> None:
    lines: list[str] = []
    async with asyncio.TaskGroup() as group:
        supervisor = Supervisor(group, clock=SystemClock(), warn=lines.append)
        unit = a_unit(lines, "deaf", grace_s=0.3)
        supervisor.start(unit, layer=0)
        await eventually(lambda: any(line.startswith("grandchild ") for line in lines))
        grandchild = int(next(line for line in lines if line.startswith("grandchild ")).split()[1])
        child = unit.pid
        assert child is not None

        await supervisor.stop(grace_s=60)

        await eventually(lambda: not is_alive(child) and not is_alive(grandchild))


def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, str(SUPPORT / "fake_parent.py")],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(SUPPORT)},
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_alive(child)

    parent.kill()
    parent.wait(timeout=60)
    parent.stdout.close()

    asyncio.run(eventually(lambda: not is_alive(child)))
