"""Tickets out of a population. Pure: the same population and seed give the same tickets."""

import itertools
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from muster_flexmatch.rules import RuleSet
from muster_flexmatch.simulate.population import Population, Region
from muster_flexmatch.values import Attribute, Player, Ticket


@dataclass(frozen=True, slots=True)
class Arrival:
    """A ticket on its way into the pool.

    Attributes:
        ticket: the ticket; it starts when it arrives.
        leaves_after_s: when its players give up.
        region: where they live; empty when unknown.
    """

    ticket: Ticket
    leaves_after_s: float
    region: str = ""


def arrivals(population: Population, seed: int) -> list[Arrival]:
    """Return everyone who arrives, in order."""
    rng = random.Random(f"{seed} arrivals")  # noqa: S311 - a simulation, no secrets
    sizes, weights = list(population.parties), list(population.parties.values())
    parties: list[int] = []
    left = population.players
    while left > 0:
        parties.append(min(left, rng.choices(sizes, weights)[0]))
        left -= parties[-1]
    times = _times(population, len(parties), rng)
    return [
        _arrival(population, number, size, at_s, rng)
        for number, (size, at_s) in enumerate(zip(parties, times, strict=True))
    ]


def recorded(tickets: Iterable[Ticket], leaves_after_s: float) -> list[Arrival]:
    """Return recorded tickets as arrivals, the first at 0 s."""
    ordered = sorted(tickets, key=lambda each: (each.started_at_s, each.ticket_id))
    start = ordered[0].started_at_s if ordered else 0.0
    return [
        Arrival(Ticket(each.ticket_id, each.players, each.started_at_s - start), leaves_after_s) for each in ordered
    ]


def complete(rules: RuleSet, found: Sequence[Arrival]) -> list[Arrival]:
    """Return arrivals as a rule set takes them, with the defaults of attributes filled in.

    Raises:
        AttributeInvalid: a player lacks an attribute, or has one of the wrong type.
    """
    return [
        Arrival(
            Ticket(
                each.ticket.ticket_id,
                tuple(
                    Player(one.player_id, rules.check_player(one.attributes), one.latencies, one.team)
                    for one in each.ticket.players
                ),
                each.ticket.started_at_s,
            ),
            each.leaves_after_s,
            each.region,
        )
        for each in found
    ]


def _times(population: Population, count: int, rng: random.Random) -> list[float]:
    shape = _closed(population.shape or ((0.0, 1.0),), population.seconds)
    totals = [0.0]
    for (at, level), (until, then) in itertools.pairwise(shape):
        totals.append(totals[-1] + (until - at) * (level + then) / 2)
    shares = (
        [(place + 0.5) / count for place in range(count)] if population.steady else [rng.random() for _ in range(count)]
    )
    return sorted(_inverse(shape, totals, share * totals[-1]) for share in shares)


def _closed(shape: Sequence[tuple[float, float]], seconds: float) -> list[tuple[float, float]]:
    points = [point for point in shape if point[0] <= seconds] or [(0.0, 1.0)]
    if points[0][0] > 0:
        points.insert(0, (0.0, points[0][1]))
    if points[-1][0] < seconds:
        points.append((seconds, points[-1][1]))
    return points


def _inverse(shape: Sequence[tuple[float, float]], totals: Sequence[float], wanted: float) -> float:
    """Return the time up to which *wanted* have arrived."""
    place = next((at for at in range(1, len(totals)) if totals[at] >= wanted), len(totals) - 1)
    (start, level), (end, then) = shape[place - 1], shape[place]
    rest, slope = wanted - totals[place - 1], (then - level) / (end - start) if end > start else 0.0
    if abs(slope) < 1e-12:
        return start + rest / level if level else end
    root = max(0.0, level * level + 2 * slope * rest)
    return min(end, start + (math.sqrt(root) - level) / slope)


def _arrival(population: Population, number: int, size: int, at_s: float, rng: random.Random) -> Arrival:
    region_name, region = _region(population, rng)
    shared = {name: each.draw(rng) for name, each in population.attributes.items()}
    players = tuple(
        Player(f"p{number}-{place}", _member(population, shared, place, rng), _latencies(region, rng))
        for place in range(size)
    )
    patience = population.patience.draw(rng) if population.patience is not None else population.request_timeout_s
    ticket = Ticket(f"t{number}", players, at_s)
    return Arrival(ticket, min(max(0.0, patience), population.request_timeout_s), region_name)


def _region(population: Population, rng: random.Random) -> tuple[str, Region | None]:
    if not population.regions:
        return "", None
    names = list(population.regions)
    name = rng.choices(names, [population.regions[each].share for each in names])[0]
    return name, population.regions[name]


def _member(
    population: Population, shared: Mapping[str, Attribute], place: int, rng: random.Random
) -> dict[str, Attribute]:
    """Return one member's attributes: friends want the same things, and their numbers lie near each other."""
    if place == 0:
        return dict(shared)
    found: dict[str, Attribute] = {}
    for name, value in shared.items():
        own = population.attributes[name].draw(rng) if isinstance(value, float) else value
        if isinstance(value, float) and isinstance(own, float):
            own = value + (own - value) * population.party_spread
        found[name] = own
    return found


def _latencies(region: Region | None, rng: random.Random) -> dict[str, int]:
    if region is None:
        return {}
    return {name: max(1, round(each.draw(rng))) for name, each in region.latencies.items()}
