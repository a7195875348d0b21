"""The last word on a candidate: team sizes and every rule, at the candidate's own age.

Whatever is formed passes here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from muster_flexmatch.compiled import Compiled
from muster_flexmatch.counts import Counts
from muster_flexmatch.misfit import misfit
from muster_flexmatch.repair import MayJoin, swaps
from muster_flexmatch.rules import RuleSet
from muster_flexmatch.seating import Seating
from muster_flexmatch.waiting import Waiting

SWAPS: Final = 60
"""Exchanges between teams that are tried to mend one full candidate."""

Seated = Sequence[tuple[Waiting, str | None]]
"""Tickets with their teams; None for a running session, whose players have theirs."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A valid candidate: a match.

    Attributes:
        tickets: who plays.
        teams: team by player id.
    """

    tickets: tuple[Waiting, ...]
    teams: dict[str, str]

    @property
    def players(self) -> int:
        """How many play."""
        return len(self.teams)


class Verifier:
    """Judges complete candidates of one rule set."""

    def __init__(self, compiled: Compiled) -> None:
        """Build a verifier."""
        self._compiled = compiled

    def check(self, seated: Seated, now_s: float, counts: Counts) -> Candidate | None:
        """Return the candidate if it is valid as it stands; count what was evaluated."""
        rules = self._applying(seated, now_s)
        seating = seating_of(self._compiled, seated)
        if rules is None or not self._complete(rules, seating, seated):
            return None
        return self._judged(rules, seating, seated, counts)

    def mend(
        self, seated: Seated, now_s: float, counts: Counts, *, repair: MayJoin | None
    ) -> tuple[Candidate | None, int]:
        """Return the candidate, with other teams where that makes it valid, and how many seatings were judged.

        Args:
            seated: who sits where.
            now_s: the present, on the clock of the tickets.
            counts: takes what is evaluated.
            repair: whether a ticket may sit on a team, where other teams are to be tried.
        """
        rules = self._applying(seated, now_s)
        seating = seating_of(self._compiled, seated)
        if rules is None or not self._complete(rules, seating, seated):
            return None, 1
        found = self._judged(rules, seating, seated, counts)
        if found is not None or repair is None:
            return found, 1
        judge, enforced = self._compiled.judge, self._compiled.enforced
        least = misfit(judge, rules, enforced, seating)
        tried = 1
        current = list(seated)
        improved = True
        while improved and tried < SWAPS:
            improved = False
            for changed in swaps(current, repair):
                tried += 1
                seating = seating_of(self._compiled, changed)
                now = misfit(judge, rules, enforced, seating)
                if now < least:
                    current, least, improved = changed, now, True
                    if not least:
                        return self._judged(rules, seating, current, counts), tried
                    break
                if tried >= SWAPS:
                    break
        return None, tried

    def _judged(self, rules: RuleSet, seating: Seating, seated: Seated, counts: Counts) -> Candidate | None:
        verdicts = self._compiled.judge.verdicts(rules, seating)
        counts.take(verdicts)
        for name in self._compiled.enforced:
            if not verdicts.get(name, True):
                return None
        return Candidate(tuple(one for one, _ in seated), seating.assigned())

    def _complete(self, rules: RuleSet, seating: Seating, seated: Seated) -> bool:
        """Whether every team has its numbers, and nobody plays twice."""
        sizes = seating.sizes
        if not all(team.min_players <= sizes[team.name] <= team.max_players for team in rules.teams):
            return False
        players = seating.players
        return (
            players == sum(one.size for one, _ in seated) and players <= rules.max_players - self._compiled.empty_seats
        )

    def _applying(self, seated: Seated, now_s: float) -> RuleSet | None:
        """Return the rule set as it is at the candidate's age; None for a running session without anybody new."""
        sessions = [one for one, _ in seated if one.is_backfill]
        if len(sessions) == len(seated) or len(sessions) > 1:
            return None
        starts = [one.order[0] for one, _ in seated]
        start = max(starts) if self._compiled.newest else min(starts)
        return self._compiled.variants[self._compiled.level(max(0.0, now_s - start))]


def seating_of(compiled: Compiled, seated: Seated) -> Seating:
    """Return the seating that a list of tickets and teams describes."""
    seating = Seating(compiled.rules.teams)
    for one, team in seated:
        seating.add(one.entrant, team)
    return seating
