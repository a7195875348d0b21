"""How good a match is: how alike its players are, and how near."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from muster_flexmatch.lint.rules import used_attributes
from muster_flexmatch.rules import RuleSet
from muster_flexmatch.values import Match, Player, Ticket


@dataclass(frozen=True, slots=True)
class Measured:
    """One match in numbers.

    Attributes:
        within: the largest value less the smallest, by attribute.
        between: the largest team average less the smallest, by attribute; of two teams or more.
        latency_ms: the worst connection in the best common region; None without one.
    """

    within: Mapping[str, float]
    between: Mapping[str, float]
    latency_ms: float | None


def numbers_of(rules: RuleSet) -> tuple[str, ...]:
    """Return the number attributes that rules read; all declared ones when they read none."""
    declared = [each.name for each in rules.attributes if each.type == "number"]
    used = {name for rule in rules.rules for name in used_attributes(rule)}
    return tuple(name for name in declared if name in used) or tuple(declared)


def measured(names: Sequence[str], match: Match, tickets: Sequence[Ticket]) -> Measured:
    """Measure a match."""
    players = [player for ticket in tickets for player in ticket.players]
    within: dict[str, float] = {}
    between: dict[str, float] = {}
    for name in names:
        by_team: dict[str, list[float]] = {}
        for player in players:
            value = player.attributes.get(name)
            if isinstance(value, int | float):
                by_team.setdefault(match.teams[player.player_id], []).append(float(value))
        values = [value for each in by_team.values() for value in each]
        if values:
            within[name] = max(values) - min(values)
        if len(by_team) > 1:
            averages = [math.fsum(each) / len(each) for each in by_team.values()]
            between[name] = max(averages) - min(averages)
    return Measured(within, between, _latency(players))


def _latency(players: Sequence[Player]) -> float | None:
    tables = [player.latencies for player in players if player.latencies]
    if not tables:
        return None
    common = [region for region in tables[0] if all(region in table for table in tables)]
    return float(min(max(table[region] for table in tables) for region in common)) if common else None
