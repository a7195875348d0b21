"""Tells, ticket by ticket, when a candidate under construction can no longer become a match."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import and_
from typing import NamedTuple

from muster_flexmatch.compiled import Compiled, Least, Scope
from muster_flexmatch.seating import Seating
from muster_flexmatch.waiting import EVERY_REGION, Waiting


class _State(NamedTuple):
    """What the seated tickets have in common.

    Attributes:
        low: the lowest level that the finished candidate may have.
        high: the highest one.
        spans: lowest and highest value for each span.
        strings: the string for each `Same`; None while nobody is seated.
        masks: for each latency rule and each of its distinct limits, the regions that all share.
    """

    low: int
    high: int
    spans: tuple[tuple[float, float], ...]
    strings: tuple[str, ...] | None
    masks: tuple[tuple[int, ...], ...]


class Guard:
    """Follows a seating as tickets join and leave it; the latest to join is the first to leave."""

    def __init__(self, compiled: Compiled, seating: Seating, *, low: int, high: int, singly: bool = True) -> None:
        """Start with an empty seating.

        Args:
            compiled: the rule set.
            seating: what is followed.
            low: the lowest level of those who may join.
            high: the highest one.
            singly: whether rules over single teams that judge each ticket on its own are asked too; not needed where
                who may join which team is known.
        """
        self._singly = singly
        self._compiled = compiled
        self._seating = seating
        everything = tuple((EVERY_REGION,) * len(each.distinct) for each in compiled.regions)
        nothing = ((float("inf"), float("-inf")),) * len(compiled.spans)
        self._states = [_State(low, high, nothing, None, everything)]
        self._asked: tuple[_State | None, Waiting | None, int, tuple[_State, str | None]]
        self._asked = (None, None, 0, (self._states[0], None))

    def admits(self, one: Waiting, level: int) -> str | None:
        """Return a rule that forbids a ticket whatever team it joins; None when there is none, and it may join."""
        outcome = self._extended(one, level)
        self._asked = (self._states[-1], one, level, outcome)
        return outcome[1]

    def join(self, one: Waiting, level: int, team: str | None) -> str | None:
        """Note that a ticket was seated; return the name of a rule that is now broken for good, or None.

        Args:
            one: the ticket, which sits already.
            level: how many expansion ages it has reached.
            team: where it sits; None for a running session.
        """
        before = self._states[-1]
        # Whoever joins was mostly asked for just before, and with the same answer.
        of, asked, at, outcome = self._asked
        known = of is before and asked is one and at == level
        state, broken = outcome if known else self._extended(one, level)
        self._states.append(state)
        if broken is not None:
            return broken
        scope = self._compiled.scope(state.low, state.high)
        if not scope.weak and not scope.least:
            return None
        everywhere = team is None or (state.low, state.high) != (before.low, before.high)
        for weak in scope.weak:
            if weak.singly and weak.teams is not None and not self._singly:
                continue
            if (everywhere or weak.teams is None or team in weak.teams) and not any(
                self._compiled.judge.holds(form, self._seating) for form in weak.forms
            ):
                return weak.rule
        for least in scope.least:
            if not self._attainable(least, scope):
                return least.rule.name
        return None

    def leave(self) -> None:
        """Note that the latest ticket to join left."""
        self._states.pop()

    def _extended(self, one: Waiting, level: int) -> tuple[_State, str | None]:
        """Return the state with one more ticket, and a rule that it breaks."""
        state = self._states[-1]
        compiled = self._compiled
        low, high = state.low, state.high
        if compiled.newest:
            high = min(high, level)
        else:
            low = max(low, level)
        if state.strings is not None and state.strings != one.strings:
            pairs = zip(compiled.sames, state.strings, one.strings, strict=True)
            return state, next(same.rule for same, seen, mine in pairs if seen != mine)
        scope = compiled.scope(low, high)
        broken = None
        spans = []
        for at, (mine, (lowest, highest)) in enumerate(zip(one.values, state.spans, strict=True)):
            lowest = mine if mine < lowest else lowest  # noqa: FURB136, PLW2901 - the hottest loop of all
            highest = mine if mine > highest else highest  # noqa: FURB136, PLW2901 - the same
            if highest - lowest > scope.spans[at]:
                broken = compiled.spans[at].rule
            spans.append((lowest, highest))
        masks = []
        for at, (every, mine_too) in enumerate(zip(state.masks, one.masks, strict=True)):
            shared = (every[0] & mine_too[0],) if len(every) == 1 else tuple(map(and_, every, mine_too))
            if not shared[scope.regions[at]]:
                broken = broken or compiled.regions[at].rule
            masks.append(shared)
        return _State(low, high, tuple(spans), one.strings, tuple(masks)), broken

    def _attainable(self, least: Least, scope: Scope) -> bool:
        """Whether so many collections can still come to contain the string, given the seats that are left."""
        seats = sum(scope.room[team] - self._seating.sizes[team] for team in least.teams)
        wanted = (least.rule.min_count or 0) - seats
        if wanted <= 0:
            return True
        return self._compiled.judge.holds(replace(least.rule, min_count=wanted, max_count=None), self._seating)


def compatible(
    compiled: Compiled, anchor: Waiting, others: Sequence[Waiting], levels: Mapping[str, int], failed: dict[str, int]
) -> list[Waiting]:
    """Return those of *others* who could ever play with *anchor*, as far as numbers, strings and regions of two tell.

    What a `Guard` with only the anchor says, without the state that it keeps.

    Args:
        compiled: the rule set.
        anchor: who is to play.
        others: who may join.
        levels: how many expansion ages each has reached.
        failed: takes how often each rule forbids somebody.
    """
    own = levels[anchor.ticket_id]
    reached = [levels[one.ticket_id] for one in others]
    low, high = min(reached, default=own), max(reached, default=own)
    newest = compiled.newest
    scopes = {
        level: compiled.scope(min(low, own), min(own, level))
        if newest
        else compiled.scope(max(own, level), max(high, own))
        for level in {*reached}
    }
    values, strings, masks = anchor.values, anchor.strings, anchor.masks
    found: list[Waiting] = []
    for one, level in zip(others, reached, strict=True):
        scope = scopes[level]
        if one.strings != strings:
            pairs = zip(compiled.sames, strings, one.strings, strict=True)
            failed[next(same.rule for same, mine, theirs in pairs if mine != theirs)] += 1
            continue
        for at, theirs in enumerate(one.values):
            if abs(theirs - values[at]) > scope.spans[at]:
                failed[compiled.spans[at].rule] += 1
                break
        else:
            for at, place in enumerate(scope.regions):
                if not one.masks[at][place] & masks[at][place]:
                    failed[compiled.regions[at].rule] += 1
                    break
            else:
                found.append(one)
    return found
