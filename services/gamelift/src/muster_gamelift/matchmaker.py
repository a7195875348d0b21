"""One look at a pool: which tickets make a match now. Pure: the same pool, time and seed give the same matches."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from muster_flexmatch import Match, Matchmaker, RuleSet
from muster_gamelift.state.pools import Pools
from muster_gamelift.state.tickets import PoolKey

SHORT: Final = 200
"""A look at so many tickets takes a few milliseconds, no longer than a handful of requests."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found.

    Attributes:
        key: the pool.
        matches: tickets and teams, ready to become potential matches; no ticket is in two.
        evaluations: rule name, how often it passed, how often it failed, over the whole look.
    """

    key: PoolKey
    matches: tuple[Match, ...]
    evaluations: tuple[tuple[str, int, int], ...]

    def split(self, most: int) -> Iterator["Finding"]:
        """Yield the finding in parts of so many matches; the evaluations are in the first."""
        yield replace(self, matches=self.matches[:most])
        for start in range(most, len(self.matches), most):
            yield Finding(self.key, self.matches[start : start + most], ())


@dataclass(frozen=True, slots=True)
class Look:
    """A look at one pool that is due.

    Attributes:
        key: the pool.
        pools: holds the matchmaker still while it is read.
        matchmaker: the pool's.
        now_s: seconds since the epoch; drives the expansions.
        seed: decides between equally good teams.
    """

    key: PoolKey
    pools: Pools
    matchmaker: Matchmaker
    now_s: float
    seed: int

    @property
    def is_short(self) -> bool:
        """Whether the look takes so little that nobody notices."""
        return len(self.matchmaker) <= SHORT

    def find(self) -> Finding:
        """Find the matches that the pool allows; changes nothing, and may run beside everything else."""
        with self.pools.held():
            outcome = self.matchmaker.tick(self.now_s, self.seed)
        totals = tuple((one.rule_name, one.passed, one.failed) for one in outcome.evaluations)
        return Finding(self.key, outcome.matches, totals)


def keeping_open(rules: RuleSet, slots: int) -> RuleSet:
    """Return *rules* with *slots* fewer places, taken one by one from the team with the most room above its minimum.

    For explanations, which name teams; the matcher itself fills the neediest team first and stops short of full.

    Raises:
        ValueError: the teams' minimums leave fewer than *slots* places to keep open.
    """
    teams = list(rules.teams)
    for _ in range(slots):
        # A team never shrinks to nothing: a match needs somebody on it where the rule set wants the team.
        room = [team.max_players - max(team.min_players, 1) for team in teams]
        widest = room.index(max(room))
        if room[widest] < 1:
            raise ValueError(f"the teams cannot keep {slots} slots open")
        teams[widest] = replace(teams[widest], max_players=teams[widest].max_players - 1)
    return replace(rules, teams=tuple(teams))
