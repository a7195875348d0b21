"""What a simulation tells."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Spread:
    """How values are distributed; all 0 when there are none.

    Attributes:
        count: how many there are.
        mean: their average.
        p50: half of them are at most this; the others likewise.
        p75: see p50.
        p90: see p50.
        p95: see p50.
        p99: see p50.
        most: the largest.
        curve: the values below which 0, 2, 4, … 100 % lie; empty when there are none.
    """

    count: int
    mean: float
    p50: float
    p75: float
    p90: float
    p95: float
    p99: float
    most: float
    curve: tuple[float, ...] = ()


def spread(values: Sequence[float]) -> Spread:
    """Return how values are distributed."""
    if not values:
        return Spread(0, 0, 0, 0, 0, 0, 0, 0)
    ordered = sorted(values)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]

    mean = math.fsum(ordered) / len(ordered)
    curve = tuple(at(percent / 100) for percent in range(0, 101, 2))
    return Spread(len(ordered), mean, at(0.5), at(0.75), at(0.9), at(0.95), at(0.99), ordered[-1], curve)


@dataclass(frozen=True, slots=True)
class Quality:
    """How alike the players of a match are in one number attribute.

    Attributes:
        within: the largest value less the smallest, for each match.
        between: the largest team average less the smallest, for each match of two teams or more.
    """

    within: Spread
    between: Spread


@dataclass(frozen=True, slots=True)
class RuleRate:
    """How often a rule let candidates pass."""

    name: str
    passed: int
    failed: int

    @property
    def share(self) -> float:
        """Share that passed, 0 to 1; 1 when nothing was asked."""
        asked = self.passed + self.failed
        return self.passed / asked if asked else 1.0


@dataclass(frozen=True, slots=True)
class Moment:
    """One stretch of the simulated time.

    Attributes:
        at_s: where it begins.
        arrived: tickets that came.
        matched: tickets that were matched.
        left: tickets that gave up or timed out.
        matches: matches made.
        waiting: tickets in the pool at its end.
        wait_p50: seconds that half of the matched had waited at most.
        wait_p90: seconds that nine tenths had.
    """

    at_s: float
    arrived: int
    matched: int
    left: int
    matches: int
    waiting: int
    wait_p50: float
    wait_p90: float


@dataclass(frozen=True, slots=True)
class Group:
    """Tickets with something in common.

    Attributes:
        name: what that is, such as a range of skill.
        tickets: how many came.
        matched: how many of them were matched.
        wait: seconds that those had waited.
    """

    name: str
    tickets: int
    matched: int
    wait: Spread


@dataclass(frozen=True, slots=True)
class Why:
    """What stopped some of those who left, each explained at the moment before.

    Attributes:
        element: what stopped them.
        tickets: how many of the sample.
        example: one of them, in words.
    """

    element: str
    tickets: int
    example: str


@dataclass(frozen=True, slots=True)
class Result:
    """What one rule set does with one population.

    Attributes:
        rule_set: its name.
        population: its name.
        seed: of the simulation.
        seconds: how long people arrived.
        tickets: how many came, those who returned among them.
        players: how many players those were.
        matched_tickets: how many were matched.
        matched_players: how many players those were.
        abandoned: tickets whose players gave up.
        timed_out: tickets that reached the request timeout.
        matches: how many matches were made.
        matches_per_minute: while people arrived.
        wait: seconds that matched tickets had waited.
        quality: by number attribute.
        latency: milliseconds of the worst connection of each match, in its best common region.
        sizes: matches by number of players.
        rules: in the order of the rule set.
        moments: the time in stretches.
        groups: tickets by kind and then by value: party size, region, tenths of each number attribute.
        why: what stopped those who left; a sample.
        looks: how often the pool was looked at.
    """

    rule_set: str
    population: str
    seed: int
    seconds: float
    tickets: int
    players: int
    matched_tickets: int
    matched_players: int
    abandoned: int
    timed_out: int
    matches: int
    matches_per_minute: float
    wait: Spread
    quality: Mapping[str, Quality]
    latency: Spread
    sizes: Mapping[int, int]
    rules: tuple[RuleRate, ...]
    moments: tuple[Moment, ...]
    groups: Mapping[str, tuple[Group, ...]]
    why: tuple[Why, ...]
    looks: int

    @property
    def matched_share(self) -> float:
        """Share of the tickets that were matched, 0 to 1."""
        return self.matched_tickets / self.tickets if self.tickets else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON-compatible values."""
        document: dict[str, Any] = asdict(self)
        document["sizes"] = {str(size): count for size, count in self.sizes.items()}
        document["matched_share"] = self.matched_share
        return document


def rows(results: Sequence[Result]) -> list[tuple[str, str, str, float]]:
    """Return results as a long table: rule set, metric, of what, value."""
    found: list[tuple[str, str, str, float]] = []
    for each in results:
        plain = {
            "tickets": each.tickets,
            "players": each.players,
            "matched_tickets": each.matched_tickets,
            "matched_players": each.matched_players,
            "matched_share": each.matched_share,
            "abandoned": each.abandoned,
            "timed_out": each.timed_out,
            "matches": each.matches,
            "matches_per_minute": each.matches_per_minute,
        }
        found += [(each.rule_set, name, "", float(value)) for name, value in plain.items()]
        found += _spread_rows(each.rule_set, "wait_s", each.wait)
        found += _spread_rows(each.rule_set, "latency_ms", each.latency)
        for name, quality in each.quality.items():
            found += _spread_rows(each.rule_set, f"within[{name}]", quality.within)
            found += _spread_rows(each.rule_set, f"between[{name}]", quality.between)
        found += [(each.rule_set, "rule_pass_share", rule.name, rule.share) for rule in each.rules]
        found += [(each.rule_set, "matches_of_size", str(size), float(n)) for size, n in sorted(each.sizes.items())]
        for kind, groups in each.groups.items():
            for group in groups:
                found.append((each.rule_set, f"wait_s_p50 by {kind}", group.name, group.wait.p50))
                found.append((each.rule_set, f"wait_s_p90 by {kind}", group.name, group.wait.p90))
        for moment in each.moments:
            found += [
                (each.rule_set, f"{name} over time", f"{moment.at_s:g}", float(value))
                for name, value in asdict(moment).items()
                if name != "at_s"
            ]
    return found


def _spread_rows(rule_set: str, metric: str, values: Spread) -> list[tuple[str, str, str, float]]:
    return [
        (rule_set, metric, name, float(value))
        for name, value in asdict(values).items()
        if name not in {"count", "curve"}
    ]
