"""When something falls due next: every instant at which a pass would find something to do that it did not find before.

Pure functions of a world, so that virtual time can go from one such instant to the next and miss none.
"""

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from muster_gamelift.state.processes import HEARTBEAT_S, MISSED_HEARTBEATS, ProcessStatus, ServerProcess
from muster_gamelift.state.sessions import SessionStatus
from muster_gamelift.state.world import Limits, World

STEP_S = 0.001
"""Instants are whole milliseconds."""


@dataclass(frozen=True, slots=True)
class Due:
    """What comes next in a region.

    Attributes:
        at_s: the instant, in seconds since the epoch and whole milliseconds; infinite when nothing ever falls due.
        pools: those in which a ticket then reaches a step of an expansion, so that they must be searched.
    """

    at_s: float
    pools: frozenset[Hashable] = frozenset()


def next_due(world: World, limits: Limits, now_s: float) -> Due:
    """Return what in *world* falls due first after *now_s*.

    Args:
        world: one region.
        limits: configured times.
        now_s: seconds since the epoch; what is due then has been done.
    """
    at_s = min((_whole_ms(one) for one in _ends(world, limits) if one > now_s), default=math.inf)
    steps = {key: _whole_ms(one) for key, one in _steps(world, now_s)}
    first_s = min(steps.values(), default=math.inf)
    if first_s > at_s:
        return Due(at_s)
    return Due(first_s, frozenset(key for key, one in steps.items() if one == first_s))


def is_overdue(world: World, now_s: float) -> bool:
    """Tell whether a ticket, an acceptance or a reservation has run out by *now_s*, and no pass has seen it yet."""
    return any(one is not None and one <= now_s for one in _heads(world))


def _heads(world: World) -> Iterator[float | None]:
    yield world.ticket_ends.first_s
    yield world.acceptance_ends.first_s
    yield world.reservation_ends.first_s


def _ends(world: World, limits: Limits) -> Iterator[float]:
    yield from (one for one in _heads(world) if one is not None)
    yield from _of_placements(world)
    for session in world.sessions.find("open", at=True):
        if session.status is SessionStatus.ACTIVATING:
            yield session.activate_by_s
    for process in world.processes.find("open", at=True):
        yield from _of_process(process, limits)
    for token in world.tokens:
        yield token.expires_at_s


def _steps(world: World, now_s: float) -> Iterator[tuple[Hashable, float]]:
    """Yield each pool and when, after *now_s*, one of its tickets reaches a step first."""
    for key in world.tickets.groups("pool"):
        tickets = world.tickets.find("pool", key)
        record = world.rule_sets.get(tickets[0].configuration.rule_set_name)
        waits = record.rules.thresholds if record else ()
        ahead = [at_s for ticket in tickets for wait_s in waits if (at_s := ticket.started_at_s + wait_s) > now_s]
        if ahead:
            yield key, min(ahead)


def _of_placements(world: World) -> Iterator[float]:
    for placement in world.placements.find("open", at=True):
        yield placement.times_out_at_s
        queue = world.queues.get(placement.queue_name)
        relaxed_s = placement.started_at_s
        for policy in sorted(queue.latency_policies, key=lambda one: one.maximum_ms) if queue else ():
            if policy.duration_s is not None:
                relaxed_s += policy.duration_s
                yield relaxed_s


def _of_process(process: ServerProcess, limits: Limits) -> Iterator[float]:
    if not process.linked and process.unlinked_at_s is not None:
        yield process.unlinked_at_s + limits.relink_grace_s
    if process.end_by_s is not None:
        yield process.end_by_s
    if process.linked and process.renew_at_s is not None:
        yield process.renew_at_s
    if process.status is not ProcessStatus.CONNECTED and not process.built_in:
        # Lost only once more than this has passed.
        yield process.heard_at_s + (MISSED_HEARTBEATS + 0.5) * HEARTBEAT_S + STEP_S


def _whole_ms(at_s: float) -> float:
    """Return the first instant in whole milliseconds that is not before *at_s*."""
    near_s = round(at_s, 3)
    return near_s if near_s >= at_s else round(at_s + STEP_S, 3)
