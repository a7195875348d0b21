"""What follows from what: settling a change, and the regular pass over a world."""

import math
from collections.abc import Callable
from typing import Protocol, TypeVar

from muster_gamelift import matchmaking, placement, placing, sessions, tokens
from muster_gamelift.matchmaker import Finding
from muster_gamelift.state.tables import Table
from muster_gamelift.state.world import Change, World


def settle(change: Change) -> None:
    """Carry on what the change set in motion: sessions move placements, placements move matches."""
    while change.sessions_moved or change.placements_ended:
        if change.sessions_moved:
            session_arn = change.sessions_moved.popleft()
            placement.on_session(change, session_arn)
            placing.on_session(change, session_arn)
        else:
            placing.on_placement(change, change.placements_ended.popleft())


def run_pass(change: Change) -> None:
    """Do everything that is due at `change.now_s`: time-outs first, then placements, then matches.

    A pure function of the world, the instant and the identifiers: it waits for nothing and asks nobody.
    """
    tidy(change)
    for look in matchmaking.looks(change):
        conclude(change, look.find())
    change.wants_pass = False
    forget(change)


def tidy(change: Change, most: float = math.inf) -> bool:
    """Do what is due before a search: time-outs, placements, and taking in new tickets.

    Args:
        change: the change under way.
        most: so many tickets are timed out, and so many taken in, so that a turn stays short.

    Returns:
        Whether nothing is left.
    """
    sessions.expire(change)
    tokens.renew(change)
    settle(change)
    expired = matchmaking.expire(change, most)
    settle(change)
    placement.drive(change)
    settle(change)
    picked_up = matchmaking.pick_up(change, most)
    change.wants_pass = False
    return expired and picked_up


def conclude(change: Change, finding: Finding) -> None:
    """Make the matches of *finding*, and what follows from them."""
    matchmaking.conclude(change, finding)
    settle(change)


def forget(change: Change) -> None:
    """Drop ended rows that are too old or too many; a match and a process are of no interest once ended."""
    world, kept = change.world, change.limits.kept_rows
    before_s = change.now_s - change.limits.kept_s
    _trim(world.tickets, lambda one: world.tickets.remove(one.ticket_id), kept, before_s)
    _trim(world.placements, lambda one: world.placements.remove(one.placement_id), kept, before_s)
    _trim(world.sessions, lambda one: _forget_session(world, one.arn), kept, before_s)
    while match := world.matches.first("ended", at=True):
        world.matches.remove(match.match_id)
    while process := world.processes.first("ended", at=True):
        world.processes.remove(process.process_id)


class _Ending(Protocol):
    """A row that knows when it ended."""

    @property
    def ended_at_s(self) -> float | None:
        """Seconds since the epoch; None while it is open."""


E = TypeVar("E", bound=_Ending)


def _trim(table: Table[E], remove: Callable[[E], None], kept: int, before_s: float) -> None:
    while (oldest := table.first("ended", at=True)) and (
        table.count("ended", at=True) > kept or (oldest.ended_at_s or 0.0) <= before_s
    ):
        remove(oldest)


def _forget_session(world: World, arn: str) -> None:
    for seat in world.seats.find("session", arn):
        world.seats.remove(seat.seat_id)
    world.sessions.remove(arn)
