"""`up`: start everything, prove it with one match, stay up until told to stop."""

import asyncio

from muster_deploy.demo import play
from muster_deploy.ending import Ending
from muster_deploy.ports import NoFreePort
from muster_deploy.problems import CannotStart, leaves
from muster_deploy.report import Report
from muster_deploy.services import PROVIDERS, SERVICES, by_name
from muster_deploy.settings import Settings
from muster_deploy.system import Starter, System, running
from muster_runtime import logging
from muster_runtime.clock import Clock
from muster_runtime.ids import Ids


async def up(settings: Settings, *, report: Report, clock: Clock, ids: Ids) -> int:
    """Run Muster until SIGTERM or Ctrl-C; a second one kills everything at once.

    Returns:
        The exit code: 0 after a stop that was asked for, 1 when Muster could not start or go on, or its match failed.
    """
    logging.configure(settings.log_format, settings.log_level)
    main = asyncio.current_task()
    if main is None:
        raise RuntimeError("up runs in a task")
    ending, starters, code = Ending(main), list[Starter](), 0
    refusals = list[str]()
    report.line(f"Muster starts, {'one process each' if settings.processes else 'all services in one loop'}")
    with ending.by_signals(lambda: _kill(starters, report)):
        try:
            async with running(
                settings, report=report, clock=clock, ids=ids, killer=starters, lost=ending.lose
            ) as system:
                ending.started.set()
                code = await _stay(system, ending, settings, report=report, clock=clock)
        except* (CannotStart, NoFreePort) as problems:
            code = 1
            refusals = [f"Cannot start: {problem}" for problem in leaves(problems)]
        except* asyncio.CancelledError:
            # The end came before everything was up, and cancelled the start.
            if not ending.stop.is_set():
                raise
    last = [f"Stopped: {ending.problem}"] if ending.problem else refusals or ["Stopped."]
    for line in last:
        report.line(line)
    return 1 if ending.problem else code


async def _stay(system: System, ending: Ending, settings: Settings, *, report: Report, clock: Clock) -> int:
    """Show what is up, prove it, and wait for the end; return the exit code."""
    _show(system, report)
    code = 0
    if settings.demo:
        code = 0 if await _prove(system, ending.stop, report=report, clock=clock) else 1
    if not ending.stop.is_set():
        report.line("make demo plays another match, make watch draws it, Ctrl-C stops everything.")
    await ending.stop.wait()
    report.line()
    report.line(f"Stopping: {ending.problem}" if ending.problem else "Stopping (Ctrl-C again kills everything at once)")
    return code


def _kill(starters: list[Starter], report: Report) -> None:
    for starter in starters:
        starter.kill()
    report.last("Killed.")


def _show(system: System, report: Report) -> None:
    topology, known = system.topology, by_name([*SERVICES, PROVIDERS])
    rows = [("base URL", topology.base_url, "every client-facing route")]
    rows += [(name, topology.url(name), known[name].title if name in known else "") for name in topology.ports]
    if topology.aws_endpoint is not None:
        rows.append(("AWS", topology.aws_endpoint, topology.backend))
    report.table(f"Ready in {report.elapsed_s:.1f} s", rows)


async def _prove(system: System, stop: asyncio.Event, *, report: Report, clock: Clock) -> bool:
    """Play one match, unless the stop comes first; return False when it failed. Muster stays up to be looked at."""
    async with asyncio.TaskGroup() as group:
        match = group.create_task(play(system.topology.base_url, report=report, clock=clock))
        stopped = group.create_task(stop.wait())
        await asyncio.wait([match, stopped], return_when=asyncio.FIRST_COMPLETED)
        match.cancel()
        stopped.cancel()
    return match.cancelled() or match.result()
