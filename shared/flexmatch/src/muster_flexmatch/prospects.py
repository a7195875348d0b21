"""Whether enough players are left for the teams, given what rules say of single players and of pairs.

On the safe side, like `reach`: when the answer is no, no seating of these tickets is valid, and none is looked for.
Three kinds of rules often leave teams short: those that not everyone on a team can meet, such as one who leads; those
that want different strings within a team, such as roles; and those that allow only so many who have something.
"""

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from muster_flexmatch.compiled import Compiled, Weak
from muster_flexmatch.evaluate import Judge
from muster_flexmatch.expressions import Players, Unmeasurable, depth
from muster_flexmatch.prune import of_tickets
from muster_flexmatch.rules import Collection, Comparison, Rule
from muster_flexmatch.seating import Seating
from muster_flexmatch.waiting import Waiting


@dataclass(frozen=True, slots=True)
class _Needs:
    """What a range of levels asks of the players that are left.

    Attributes:
        teams: the lowest minimum by team.
        picky: rules over single teams.
        caps: rules that allow only so many tickets that have something, and how many.
        distinct: attribute whose strings differ within a team, with those teams.
    """

    teams: dict[str, int]
    picky: tuple[Weak, ...]
    caps: tuple[tuple[Rule, int], ...]
    distinct: tuple[tuple[str, frozenset[str]], ...]

    @property
    def idle(self) -> bool:
        """Whether there is nothing to ask."""
        return not (self.picky or self.caps or self.distinct)


class _Traits:
    """What is known of one ticket for one range of levels.

    Attributes:
        teams: those that it may join, as far as rules over single teams say.
        held: for each cap, whether it counts.
        strings: for each of the distinct attributes, the strings of its players.
    """

    __slots__ = ("held", "strings", "teams")

    def __init__(self, compiled: Compiled, needs: _Needs, one: Waiting) -> None:
        judge = compiled.judge
        self.teams = frozenset(
            name
            for name in needs.teams
            if all(
                any(judge.holds(form, _alone(compiled, one, name)) for form in weak.forms)
                for weak in needs.picky
                if weak.teams is not None and name in weak.teams
            )
        )
        anywhere = _alone(compiled, one, next(iter(needs.teams)))
        self.held = tuple(not judge.holds(rule, anywhere) for rule, _ in needs.caps)
        self.strings = tuple(_strings(judge, one, name) for name, _ in needs.distinct)


class Prospects:
    """Answers for one pool; remembers what it read of each ticket."""

    def __init__(self, compiled: Compiled) -> None:
        """Build it for a rule set."""
        self._compiled = compiled
        self._all = frozenset(team.name for team in compiled.rules.teams)
        self._needs: dict[tuple[int, int], _Needs] = {}
        self._traits: dict[Waiting, dict[tuple[int, int], _Traits]] = {}

    def forget(self, one: Waiting) -> None:
        """Forget a ticket that left."""
        self._traits.pop(one, None)

    def teams(self, one: Waiting, levels: tuple[int, int]) -> frozenset[str]:
        """Return the teams that a new ticket may join, as far as rules over single teams say.

        Args:
            one: the ticket.
            levels: the lowest and the highest that the finished candidate may have.
        """
        needs = self._needed(levels)
        return self._of(one, levels, needs).teams if needs.picky else self._all

    def enough(
        self, left: Sequence[Waiting], levels: tuple[int, int], seated: Sequence[tuple[Waiting, str | None]] = ()
    ) -> bool:
        """Whether teams may still come to their minimums.

        Args:
            left: who may still be seated.
            levels: the lowest and the highest that the finished candidate may have.
            seated: who sits where.
        """
        needs = self._needed(levels)
        if needs.idle or any(one.is_backfill for one in left) or any(one.is_backfill for one, _ in seated):
            return True
        missing = dict(needs.teams)
        for one, team in seated:
            if team is not None:
                missing[team] -= one.size
        missing = {name: count for name, count in missing.items() if count > 0}
        if not missing:
            return True
        traits = [self._of(one, levels, needs) for one in left]
        return (
            all(
                sum([one.size for one, each in zip(left, traits, strict=True) if name in each.teams]) >= count
                for name, count in missing.items()
            )
            and all(self._under(at, left, traits, levels, needs, missing, seated) for at in range(len(needs.caps)))
            and all(self._differing(at, traits, levels, needs, missing, seated) for at in range(len(needs.distinct)))
        )

    def _needed(self, levels: tuple[int, int]) -> _Needs:
        found = self._needs.get(levels)
        if found is None:
            found = self._needs[levels] = self._read(levels)
        return found

    def _of(self, one: Waiting, levels: tuple[int, int], needs: _Needs) -> _Traits:
        known = self._traits.get(one)
        if known is None:
            known = self._traits[one] = {}
        found = known.get(levels)
        if found is None:
            found = known[levels] = _Traits(self._compiled, needs, one)
        return found

    def _under(  # noqa: PLR0913, PLR0917 - the parts of one question
        self,
        at: int,
        left: Sequence[Waiting],
        traits: Sequence[_Traits],
        levels: tuple[int, int],
        needs: _Needs,
        missing: dict[str, int],
        seated: Sequence[tuple[Waiting, str | None]],
    ) -> bool:
        """Whether a cap leaves enough players: all who do not count, and the largest of those who do."""
        room = needs.caps[at][1] - sum(self._of(one, levels, needs).held[at] for one, _ in seated)
        free = sum([one.size for one, each in zip(left, traits, strict=True) if not each.held[at]])
        wanted = sum(missing.values()) - free
        if wanted <= 0:
            return True
        held = sorted([one.size for one, each in zip(left, traits, strict=True) if each.held[at]], reverse=True)
        return sum(held[: max(0, room)]) >= wanted

    def _differing(  # noqa: PLR0913, PLR0917 - the parts of one question
        self,
        at: int,
        traits: Sequence[_Traits],
        levels: tuple[int, int],
        needs: _Needs,
        missing: dict[str, int],
        seated: Sequence[tuple[Waiting, str | None]],
    ) -> bool:
        """Whether enough players with different strings are left: each string goes once into each team."""
        teams = needs.distinct[at][1] & missing.keys()
        open_to = Counter[object]()
        for one, team in seated:
            if team in teams:
                open_to.subtract(self._of(one, levels, needs).strings[at])
        left = Counter(text for each in traits for text in each.strings[at])
        found = sum([min(count, len(teams) + open_to[text]) for text, count in left.items()])
        return found >= sum(missing[name] for name in teams)

    def _read(self, levels: tuple[int, int]) -> _Needs:
        compiled = self._compiled
        scope = compiled.scope(*levels)
        distinct: dict[str, frozenset[str]] = {}
        caps: list[tuple[Rule, int]] = []
        for weak in scope.weak:
            name = _differs(weak.forms[0])
            if name in compiled.strings and weak.teams is not None and name is not None:
                distinct[name] = distinct.get(name, frozenset()) | weak.teams
            cap = _cap(weak, compiled.lists)
            if cap is not None:
                caps.append(cap)
        picky = tuple(weak for weak in scope.weak if weak.teams is not None and _differs(weak.forms[0]) is None)
        return _Needs(scope.needed, picky, tuple(caps), tuple(distinct.items()))


def _strings(judge: Judge, one: Waiting, name: str) -> list[object]:
    found: list[object] = []
    for player in one.entrant.whole.players:
        with contextlib.suppress(Unmeasurable):
            found.append(judge.value(player.attributes, name))
    return found


def _alone(compiled: Compiled, one: Waiting, team: str) -> Seating:
    seating = Seating(compiled.rules.teams)
    seating.add(one.entrant, team)
    return seating


def _differs(rule: Rule) -> str | None:
    """Return the attribute whose values differ within one team; None where a rule says something else."""
    match rule:
        case Comparison(operation="!=", reference=None, measurements=(Players(teams=(_,), attribute=str(name)),)):
            return name
        case _:
            return None


def _cap(weak: Weak, lists: frozenset[str]) -> tuple[Rule, int] | None:
    """Return a rule that fails for each ticket that counts, and how many may count in the whole match."""
    found = [each for each in weak.forms if isinstance(each, Collection) and each.operation == "contains"]
    if weak.teams is not None or len(found) < len(weak.forms) or len({each.reference for each in found}) > 1:
        return None
    measured = found[0].measurements
    if len(measured) > 1 or depth(measured[0]) != 2 or not of_tickets(measured[0], lists):
        return None  # what is counted must be tickets
    if any(each.max_count is None for each in found):
        return None
    return replace(found[0], min_count=None, max_count=0), max(each.max_count or 0 for each in found)
