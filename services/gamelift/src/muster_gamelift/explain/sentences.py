"""The story of a ticket that waits, in plain sentences."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from muster_flexmatch import RuleSet
from muster_flexmatch.explain import Cause, Change, Check, Explanation, Partial
from muster_flexmatch.explain.changes import FIELDS
from muster_flexmatch.rules import Rule
from muster_gamelift.explain import demands
from muster_gamelift.explain.answer import listed, number, several

_HEADLINES: Final = {
    "attribute": "A player lacks an attribute that a rule needs",
    "duplicate-player": "A player of this ticket is on another ticket too",
    "party-size": "The party is too large for every team",
    "region": "No region is fast enough for everybody",
    "running-session": "No open seats of a running session fit",
    "seats": "The parties that wait do not fill the teams",
    "team-size": "Too few players wait",
}
_LIMITS: Final = {
    "maxDistance": "allows a distance of {after} instead of {before}",
    "minDistance": "asks for a distance of at least {after} instead of {before}",
    "maxLatency": "allows {after} ms instead of {before} ms",
    "minCount": "asks for at least {after} instead of {before}",
    "maxCount": "allows {after} instead of {before}",
    "referenceValue": "compares with {after} instead of {before}",
    "minPlayers": "needs at least {after} instead of {before}",
    "maxPlayers": "takes up to {after} instead of {before}",
}


def rule_name(element: str) -> str:
    """Return the rule that an element such as `rules[Fair].maxDistance` belongs to; empty for other elements."""
    return element[len("rules[") :].rpartition("]")[0] if element.startswith("rules[") else ""


def headline(found: Explanation) -> str:
    """Return the explanation in a few words."""
    match found.status, found.cause:
        case "matchable", _:
            return "About to be matched"
        case "outranked", _:
            return "Could play now, but older tickets come first"
        case _, None:
            return "Waiting"
        case status, cause:
            what = _HEADLINES.get(cause.kind) or f"Held back by the rule {rule_name(cause.element)}"
            return f"{what}, and no time will change that" if status == "never" else what


def about(
    rules: RuleSet, descriptions: Mapping[str, str], found: Explanation, *, times_out_in_s: float
) -> tuple[tuple[str, str], ...]:
    """Return the story: how it stands, what stops it, the best so far, the others, and what comes next."""
    told = [("So far", _standing(found))]
    if found.cause:
        told.append(("What stops it", _cause(rules, descriptions, found, found.cause)))
        told += [("And also", _cause(rules, descriptions, found, one)) for one in found.together]
        if found.alternatives:
            others = listed([_called(one) for one in found.alternatives])
            told.append(("Or", f"A match would come about as well without {others}."))
    if found.partial and found.status in {"waiting", "never"}:
        told.append(("Best so far", _best(found.partial)))
    told.append(("The others", _others(found)))
    if found.status in {"waiting", "never"}:
        told.append(("What will change", _next(rules, found, times_out_in_s)))
    return tuple(told)


def _standing(found: Explanation) -> str:
    waited = f"It has waited {number(found.age_s)} s"
    match found.status:
        case "matchable":
            return f"{waited}. The next look at the pool matches it with {listed(found.partners) or 'nobody else'}."
        case "outranked":
            return f"{waited}. It could play with {listed(found.partners)}, but older tickets take them first."
        case "never":
            return f"{waited}, and as it is it can never be matched."
        case _:
            return f"{waited}. With the tickets that wait now no match is possible."


def _cause(rules: RuleSet, descriptions: Mapping[str, str], found: Explanation, cause: Cause) -> str:
    name = rule_name(cause.element)
    if not name or cause.kind not in {"rule", "region"}:
        return f"What stops it: {cause.text}."
    rule = _at_limit(rules, name, cause)
    about_it = f" (“{descriptions[name]}”)" if name in descriptions else ""
    as_check = Check(cause.element, held=False, value=cause.value, limit=cause.limit, text=cause.text)
    has = demands.measured(rule, as_check)
    parts = [
        f"The rule {name}{about_it} stops it. It wants: {demands.wanted(rule)}. The nearest possible match: {has}."
    ]
    if cause.against:
        parts.append(f"It keeps apart from: {listed(cause.against)}.")
    if cause.needed is not None and cause.needed != cause.limit and found.status != "never":
        then = "it would stand in nobody's way" if found.together else "there would be a match now"
        parts.append(f"With {number(cause.needed)} instead of {_value(cause.limit)} {then}.")
    return " ".join(parts)


def _at_limit(rules: RuleSet, name: str, cause: Cause) -> Rule:
    """Return the rule with the limit that holds at the age of the candidate."""
    rule = next(each for each in rules.rules if each.name == name)
    field = FIELDS.get(cause.element.rpartition(".")[2])
    if field is None or not hasattr(rule, field) or not isinstance(cause.limit, float | int):
        return rule
    change: dict[str, Any] = {field: cause.limit}
    return replace(rule, **change)


def _best(partial: Partial) -> str:
    short = [one for one in partial.seats if one.players < one.min_players]
    players = several(len(partial.teams), "player")
    if not short:
        failing = [rule_name(one.element) for one in partial.checks if not one.held]
        against = f", but {listed(failing)} says no" if len(failing) == 1 else f", but {listed(failing)} say no"
        return f"The best match so far has {players}: enough for every team{against if failing else ''}."
    stand = listed([f"{one.team} {one.players} of at least {one.min_players}" for one in short])
    return f"The best match so far has {players}: {stand}."


def _others(found: Explanation) -> str:
    pairs = found.pairs
    if not pairs.others:
        return "No other ticket waits in this pool."
    apart = [f"{rule_name(by) or by} keeps {number(count)} away" for by, count in pairs.conflicts.items()]
    ends = f"; {', '.join(apart[:4])}" if apart else ""
    noun = "other ticket" if pairs.others == 1 else "other tickets"
    return f"Of {number(pairs.others)} {noun}, {number(pairs.compatible)} could be in one match with it{ends}."


def _next(rules: RuleSet, found: Explanation, times_out_in_s: float) -> str:
    timeout = f"its request times out in {number(times_out_in_s)} s"
    if found.change is None:
        if found.status == "never":
            return f"No expansion of the rule set will change that; {timeout}."
        return f"No expansion of the rule set will change that: it waits for other tickets, and {timeout}."
    change = found.change
    enough = (
        "That is enough for a match with the tickets that wait now."
        if change.enough
        else "That alone is not enough for a match with the tickets that wait now."
    )
    late = f" But {timeout}, before that." if change.in_s >= times_out_in_s else ""
    return f"In {number(change.in_s)} s {_changed(change)}{_clock(rules, found, change)}. {enough}{late}"


def _changed(change: Change) -> str:
    owner, _, field = change.target.rpartition(".")
    kind, _, names = owner.removesuffix("]").partition("[")
    template = _LIMITS.get(field)
    if template is None or kind not in {"rules", "teams"}:
        return f"{change.target} changes from {_value(change.before)} to {_value(change.after)}"
    what = template.format(after=_value(change.after), before=_value(change.before))
    return f"{'the rule' if kind == 'rules' else 'the team'} {names} {what}"


def _clock(rules: RuleSet, found: Explanation, change: Change) -> str:
    if change.ticket_id == found.ticket_id:
        return ""
    which = "newest" if rules.algorithm.expansion_age == "newest" else "oldest"
    return f" (the clock is ticket {change.ticket_id}: the {which} of a match counts)"


def _called(cause: Cause) -> str:
    name = rule_name(cause.element)
    return f"the rule {name}" if name else cause.element


def _value(value: float | str | None) -> str:
    return "none" if value is None else number(value) if isinstance(value, int | float) else value
