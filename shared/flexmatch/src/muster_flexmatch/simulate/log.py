"""What happens in a simulation, kept until it is over and made into a result."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from muster_flexmatch.explain import explain
from muster_flexmatch.rules import RuleSet, Sort
from muster_flexmatch.simulate.arrivals import Arrival
from muster_flexmatch.simulate.options import Options
from muster_flexmatch.simulate.quality import measured, numbers_of
from muster_flexmatch.simulate.result import Group, Moment, Quality, Result, RuleRate, Spread, Why, spread
from muster_flexmatch.values import Evaluation, Match, Ticket

STRETCHES = 60
"""Points of the curves over time."""
LARGEST_POOL_EXPLAINED = 400
"""Tickets of a pool that are kept for an explanation; the newest of a larger one are left out."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A ticket and how long it waited."""

    arrival: Arrival
    wait_s: float


@dataclass(frozen=True, slots=True)
class _Left:
    """A ticket that left, and who waited with it."""

    ticket: Ticket
    at_s: float
    pool: tuple[Ticket, ...]


class Log:
    """Counts and lists; `result` makes sense of them."""

    def __init__(self, rules: RuleSet, seconds: float, options: Options) -> None:
        """Begin with nothing."""
        self.waits: list[Ended] = []
        self._rules = rules
        self._seconds = seconds
        self._options = options
        self._stretch = seconds / STRETCHES
        self._numbers = numbers_of(rules)
        self._arrived: list[Arrival] = []
        self._abandoned = 0
        self._timed_out = 0
        self._matches = 0
        self._matches_while_open = 0
        self._within: dict[str, list[float]] = {name: [] for name in self._numbers}
        self._between: dict[str, list[float]] = {name: [] for name in self._numbers}
        self._latency: list[float] = []
        self._sizes: Counter[int] = Counter()
        self._passed: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._by_stretch: dict[str, Counter[int]] = {name: Counter() for name in ("arrived", "left", "matches")}
        self._waits_by_stretch: dict[int, list[float]] = {}
        self._pool_by_stretch: dict[int, int] = {}
        self._sampled: list[_Left] = []
        self._seen_leaving = 0
        self._rng = random.Random(f"{options.seed} sample")  # noqa: S311 - a simulation, no secrets
        self._looks = 0

    def arrived(self, arrival: Arrival) -> None:
        """Note a ticket that came."""
        self._arrived.append(arrival)
        self._by_stretch["arrived"][self._place(arrival.ticket.started_at_s)] += 1

    def left(self, arrival: Arrival, at_s: float, pool: Iterable[Ticket]) -> None:
        """Note a ticket that gave up or timed out; keep some of them to be explained."""
        timeout = self._options.timeout_s
        if arrival.leaves_after_s >= timeout:
            self._timed_out += 1
        else:
            self._abandoned += 1
        self._by_stretch["left"][self._place(at_s)] += 1
        self._seen_leaving += 1
        wanted = self._options.explained
        place = len(self._sampled) if len(self._sampled) < wanted else self._rng.randrange(self._seen_leaving)
        if place >= wanted:
            return
        kept = sorted(pool, key=lambda each: each.started_at_s)[:LARGEST_POOL_EXPLAINED]
        if all(each.ticket_id != arrival.ticket.ticket_id for each in kept):
            kept.append(arrival.ticket)
        self._sampled[place : place + 1] = [_Left(arrival.ticket, at_s, tuple(kept))]

    def matched(self, match: Match, ended: Sequence[Ended], now_s: float) -> None:
        """Note a match."""
        self._matches += 1
        self._matches_while_open += now_s <= self._seconds
        self.waits += ended
        place = self._place(now_s)
        self._by_stretch["matches"][place] += 1
        self._waits_by_stretch.setdefault(place, []).extend(each.wait_s for each in ended)
        self._sizes[len(match.teams)] += 1
        found = measured(self._numbers, match, [each.arrival.ticket for each in ended])
        for name, value in found.within.items():
            self._within[name].append(value)
        for name, value in found.between.items():
            self._between[name].append(value)
        if found.latency_ms is not None:
            self._latency.append(found.latency_ms)

    def looked(self, evaluations: Sequence[Evaluation]) -> None:
        """Note what a look at the pool evaluated."""
        self._looks += 1
        for each in evaluations:
            self._passed[each.rule_name] += each.passed
            self._failed[each.rule_name] += each.failed

    def sample(self, now_s: float, waiting: int) -> None:
        """Note how many wait now."""
        self._pool_by_stretch[self._place(now_s)] = waiting

    def result(self, ended_s: float) -> Result:
        """Make sense of it all."""
        matched_players = sum(len(each.arrival.ticket.players) for each in self.waits)
        return Result(
            rule_set=self._rules.name,
            population=self._options.population,
            seed=self._options.seed,
            seconds=self._seconds,
            tickets=len(self._arrived),
            players=sum(len(each.ticket.players) for each in self._arrived),
            matched_tickets=len(self.waits),
            matched_players=matched_players,
            abandoned=self._abandoned,
            timed_out=self._timed_out,
            matches=self._matches,
            matches_per_minute=self._matches_while_open / (self._seconds / 60),
            wait=spread([each.wait_s for each in self.waits]),
            quality={name: Quality(spread(self._within[name]), spread(self._between[name])) for name in self._numbers},
            latency=spread(self._latency),
            sizes=dict(sorted(self._sizes.items())),
            rules=tuple(
                RuleRate(rule.name, self._passed[rule.name], self._failed[rule.name])
                for rule in self._rules.rules
                if not isinstance(rule, Sort)
            ),
            moments=tuple(self._moments(ended_s)),
            groups=self._groups(),
            why=tuple(self._why()),
            looks=self._looks,
        )

    def _place(self, at_s: float) -> int:
        return int(at_s / self._stretch)

    def _moments(self, ended_s: float) -> Iterable[Moment]:
        waiting = 0
        for place in range(self._place(ended_s) + 1):
            waits: Spread = spread(self._waits_by_stretch.get(place, []))
            waiting = self._pool_by_stretch.get(place, waiting)
            yield Moment(
                place * self._stretch,
                self._by_stretch["arrived"][place],
                waits.count,
                self._by_stretch["left"][place],
                self._by_stretch["matches"][place],
                waiting,
                waits.p50,
                waits.p90,
            )

    def _groups(self) -> Mapping[str, tuple[Group, ...]]:
        waits = {each.arrival.ticket.ticket_id: each.wait_s for each in self.waits}
        found = {"party size": _grouped(self._arrived, waits, lambda each: f"{len(each.ticket.players)}")}
        if any(each.region for each in self._arrived):
            found["region"] = _grouped(self._arrived, waits, lambda each: each.region)
        for name in self._numbers:
            if tenths := _tenths(self._arrived, waits, name):
                found[name] = tenths
        return found

    def _why(self) -> Iterable[Why]:
        elements: Counter[str] = Counter()
        examples: dict[str, str] = {}
        for each in self._sampled:
            said = explain(self._rules, each.pool, each.ticket.ticket_id, each.at_s, self._options.seed)
            element = said.cause.element if said.cause is not None else said.status
            elements[element] += 1
            examples.setdefault(element, said.summary)
        for element, count in elements.most_common():
            yield Why(element, count, examples[element])


def _grouped(
    arrived: Sequence[Arrival], waits: Mapping[str, float], kind: Callable[[Arrival], str]
) -> tuple[Group, ...]:
    members: dict[str, list[Arrival]] = {}
    for each in arrived:
        members.setdefault(kind(each), []).append(each)
    return tuple(_group(name, members[name], waits) for name in sorted(members, key=lambda name: (len(name), name)))


def _group(name: str, members: Sequence[Arrival], waits: Mapping[str, float]) -> Group:
    found = [waits[each.ticket.ticket_id] for each in members if each.ticket.ticket_id in waits]
    return Group(name, len(members), len(found), spread(found))


def _tenths(arrived: Sequence[Arrival], waits: Mapping[str, float], name: str) -> tuple[Group, ...]:
    """Return ten groups of equal size by the average of an attribute, the lowest first."""
    values: list[tuple[float, int, Arrival]] = []
    for place, each in enumerate(arrived):
        found = [player.attributes.get(name) for player in each.ticket.players]
        plain = [value for value in found if isinstance(value, int | float)]
        if plain:
            values.append((sum(plain) / len(plain), place, each))
    if len(values) < 20 or len({value for value, _, _ in values}) < 10:
        return ()
    values.sort()
    size = len(values) / 10
    parts = [values[round(at * size) : round((at + 1) * size)] for at in range(10)]
    return tuple(
        _group(f"{_short(part[0][0])} to {_short(part[-1][0])}", [each for _, _, each in part], waits) for part in parts
    )


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
