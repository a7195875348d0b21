"""Steady arrival: how long tickets wait, and how long the rules make them wait.

What the rules impose on a ticket is measured beside the matcher: the first look at which ten waiting tickets, this one
among them, share their fast region and lie within the band that the oldest of them has reached. Before that no match
with the ticket can exist. From then on everything counts as the matcher's own delay: that the teams may be uneven
still, and that others need the same partners.
"""

import random
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence

from flexmatch_scenarios import STEADY, STEADY_BANDS, solo

from muster_flexmatch import Matchmaker, Ticket, parse_rule_set

SEED = 7
RATE = 500
SECONDS = 600
SEATS = 10
FAST_MS = 120

Place = tuple[float, int, str]
"""The skill of a ticket, how many widenings of the band its age has reached, and its id."""


def possible(tickets: Iterable[Ticket], now_s: float) -> Iterator[str]:
    """Yield those who could be in a match, as far as regions and the band tell."""
    regions: dict[str, list[Place]] = {}
    for ticket in tickets:
        (player,) = ticket.players
        skill = player.attributes["skill"]
        assert isinstance(skill, float)
        level = sum(now_s - ticket.started_at_s >= after_s for after_s, _ in STEADY_BANDS) - 1
        for region, latency in player.latencies.items():
            if latency <= FAST_MS:
                regions.setdefault(region, []).append((skill, level, ticket.ticket_id))
    for places in regions.values():
        places.sort()
        for level, (_, band) in enumerate(STEADY_BANDS):
            yield from within([place for place in places if place[1] <= level], level, band)


def within(places: Sequence[Place], level: int, band: float) -> Iterator[str]:
    """Yield those who stand in a window of at least a match, where somebody has reached the level of its width."""
    first = done = 0
    for end, (skill, _, _) in enumerate(places):
        while skill - places[first][0] > band:
            first += 1
        window = places[first : end + 1]
        if len(window) >= SEATS and any(each[1] == level for each in window):
            yield from (name for _, _, name in places[max(first, done) : end + 1])
            done = end + 1


def steady(seconds: int = SECONDS) -> str:
    """Run ten virtual minutes of steady arrival, one look a second, and return what came of it."""
    rng = random.Random(SEED)  # noqa: S311 - a made-up population
    matchmaker = Matchmaker(parse_rule_set(STEADY))
    could: dict[str, int] = {}
    waits: list[float] = []
    imposed: list[float] = []
    delays: list[float] = []
    looks: list[float] = []
    matches = number = 0
    for second in range(1, seconds + 1):
        for place in range(RATE):
            matchmaker.add(solo(rng, number, second - 1 + place / RATE))
            number += 1
        for name in possible(matchmaker, second):
            could.setdefault(name, second)
        started = time.process_time()
        outcome = matchmaker.tick(float(second), second)
        looks.append(time.process_time() - started)
        for match in outcome.matches:
            for name in match.ticket_ids:
                ticket = matchmaker.remove(name)
                assert ticket is not None
                waits.append(second - ticket.started_at_s)
                imposed.append(could[name] - ticket.started_at_s)
                delays.append(float(second - could[name]))
        matches += len(outcome.matches)
    return (
        f"{RATE} tickets/s for {seconds} s: {matches:,} matches, {100 * len(waits) / number:.2f} % of {number:,} "
        f"tickets matched; one look {1000 * statistics.median(looks):.0f} ms of CPU (longest "
        f"{1000 * max(looks):.0f} ms)\n"
        f"  waited: {quantiles(waits)}\n"
        f"  imposed by the rules: {quantiles(imposed)}\n"
        f"  waited longer than imposed: {quantiles(delays)}"
    )


def quantiles(values: list[float]) -> str:
    """Return where most values lie, in seconds."""
    values = sorted(values)
    cuts = [values[int(len(values) * share)] for share in (0.5, 0.9, 0.99, 0.999)]
    return (
        f"p50 {cuts[0]:.1f} s, p90 {cuts[1]:.1f} s, p99 {cuts[2]:.1f} s, p99.9 {cuts[3]:.1f} s, most {values[-1]:.1f} s"
    )
