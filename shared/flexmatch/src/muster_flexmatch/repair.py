"""Other teams for the same tickets: what is tried when a full candidate fails."""

import contextlib
from collections.abc import Callable, Iterator

from muster_flexmatch.evaluate import Judge
from muster_flexmatch.expressions import Unmeasurable
from muster_flexmatch.seating import Seating
from muster_flexmatch.waiting import Waiting

Seats = list[tuple[Waiting, str | None]]
MayJoin = Callable[[Waiting, str], bool]


def swaps(seated: Seats, may_join: MayJoin) -> Iterator[Seats]:
    """Yield *seated* with two tickets exchanged that have the same size and sit on different teams.

    Args:
        seated: who sits where.
        may_join: whether a ticket may sit on a team at all.
    """
    for first, (one, team) in enumerate(seated):
        for second in range(first + 1, len(seated)):
            other, elsewhere = seated[second]
            if team is None or elsewhere is None or team == elsewhere or one.size != other.size:
                continue
            if not may_join(one, elsewhere) or not may_join(other, team):
                continue
            changed = list(seated)
            changed[first], changed[second] = (one, elsewhere), (other, team)
            yield changed


def weight(judge: Judge, seating: Seating, team: str, attribute: str) -> float:
    """Return a team's total of a number: the weaker of two that are equally open goes first."""
    total = 0.0
    for group in seating.groups[team]:
        for player in group.players:
            with contextlib.suppress(Unmeasurable):
                value = judge.value(player.attributes, attribute)
                total += value if isinstance(value, int | float) else 0.0
    return total
