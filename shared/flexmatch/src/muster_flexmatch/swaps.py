"""Teams made more even by swaps: parties of the same size change sides as long as it helps."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import Final

from muster_flexmatch.waiting import Waiting

ROUNDS: Final = 4
"""So often every pair is looked at; the first round does nearly all of the work."""
LEAST: Final = 1e-6
"""Less is noise of the arithmetic, and could go on for ever."""

Seated = Sequence[tuple[Waiting, str | None]]
"""Tickets and their teams; None for a running session, which stays where it is."""


def swapped(seated: Seated) -> list[tuple[Waiting, str | None]]:
    """Return the same tickets on teams of the same sizes, whose mean worths are closer to each other.

    Every swap lowers the sum over the teams of their worth, squared, by player; it is least when all means are equal.
    """
    teams = [team for _, team in seated]
    players: dict[str | None, int] = defaultdict(int)
    total: dict[str | None, float] = defaultdict(float)
    alike: dict[int, list[int]] = defaultdict(list)
    for at, (ticket, team) in enumerate(seated):
        if team is not None:
            players[team] += ticket.size
            total[team] += ticket.worth * ticket.size
            alike[ticket.size].append(at)
    pairs = [pair for same in alike.values() for pair in combinations(same, 2)]
    for _ in range(ROUNDS):
        swaps = 0
        for first, second in pairs:
            here, there = teams[first], teams[second]
            if here == there:
                continue
            moved = (seated[second][0].worth - seated[first][0].worth) * seated[first][0].size
            gain = moved * ((2 * total[there] - moved) / players[there] - (2 * total[here] + moved) / players[here])
            if gain > LEAST:
                teams[first], teams[second] = there, here
                total[here] += moved
                total[there] -= moved
                swaps += 1
        if not swaps:
            break
    return [(ticket, team) for (ticket, _), team in zip(seated, teams, strict=True)]
