"""What rules measure: empty teams, literals that look like expressions, lists where one number was meant."""

import re
from collections.abc import Iterator
from typing import Final

from muster_flexmatch import expressions
from muster_flexmatch.expressions import Call, Expression, Number, Players
from muster_flexmatch.lint.finding import Context, Finding, advice, warning
from muster_flexmatch.rules import Collection, Comparison, Distance, Rule, RuleSet

CODES: Final = (
    "average-of-empty-team",
    "reference-is-literal",
    "list-reference",
    "average-gap-doubles",
    "count-above-minimum",
)
_LOOKS_MEANT: Final = re.compile(r"\w+\s*\(|\bteams?\b|\.players\b|attributes")
_FAILS_ON_NOTHING: Final = {"avg", "min", "max", "median", "stddev"}


def _measuring(rules: RuleSet) -> Iterator[tuple[Comparison | Distance | Collection, list[Expression]]]:
    for rule in rules.rules:
        if isinstance(rule, Comparison | Distance | Collection):
            reference = [rule.reference] if isinstance(rule.reference, Number | Players | Call) else []
            yield rule, [*rule.measurements, *reference]


def _per_team(expression: Expression) -> Iterator[Players]:
    """Yield the players that an aggregate consumes team by team."""
    match expression:
        case Call(function=function, argument=Players() as players) if function in _FAILS_ON_NOTHING:
            yield players
        case Call(argument=argument):
            yield from _per_team(argument)


def _empty(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    lowest = {team.name: team.min_players for team in rules.teams}
    for each in rules.expansions:
        if each.target == "teams" and each.field == "min_players":
            for team in rules.teams:
                if any(map(team.answers_to, each.names)):
                    lowest[team.name] = min(lowest[team.name], *(int(step.value) for step in each.steps))
    maybe_empty = [team for team in rules.teams if not lowest[team.name]]
    for rule, parts in _measuring(rules):
        for players in (found for part in parts for found in _per_team(part)):
            hit = [t for t in maybe_empty if players.teams is None or any(map(t.answers_to, players.teams))]
            if hit:
                yield warning(
                    "average-of-empty-team",
                    f"rules[{rule.name}]",
                    f"fails whenever team {hit[0].name} stays empty, which its minPlayers of 0 allows",
                    "measure flatten(teams[*]…), or keep minPlayers at 1",
                )
                break


def _literal(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    for rule in rules.rules:
        reference = getattr(rule, "reference", None)
        texts = [reference] if isinstance(reference, str) else list(reference) if isinstance(reference, tuple) else []
        for each in texts:
            if _LOOKS_MEANT.search(each):
                yield warning(
                    "reference-is-literal",
                    f"rules[{rule.name}].referenceValue",
                    f"{each!r} is compared as it stands: it begins neither with a known function nor with teams[",
                    f"known functions are {', '.join(expressions.FUNCTIONS)}",
                )


def _lists(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    for rule in rules.rules:
        if not isinstance(rule, Comparison | Distance) or not isinstance(rule.reference, Players | Call):
            continue
        if expressions.depth(rule.reference) > 0:
            yield warning(
                "list-reference",
                f"rules[{rule.name}].referenceValue",
                "yields a list, and AWS does not say how values are compared with one (here: one by one where both "
                "are as long, else each with each)",
                "reduce it to one value with avg, min or max",
            )


def _doubled(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    if len(rules.teams) != 2:
        return
    for rule in rules.rules:
        match rule:
            case Distance(
                measurements=(Call("avg", Players(None, str())),),
                reference=Call("avg", Call("flatten", Players(None, str()))),
                max_distance=float(limit),
            ):
                yield advice(
                    "average-gap-doubles",
                    f"rules[{rule.name}].maxDistance",
                    f"each average may lie {limit:g} from the common one, so the teams may lie {2 * limit:g} apart",
                    f"write {limit / 2:g} if the teams should lie within {limit:g} of each other",
                )


def _count_above(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    low = sum(team.min_players for team in rules.teams)
    for rule in rules.rules:
        match rule:
            case Collection(operation="contains", min_count=int(wanted)) if low < wanted <= rules.max_players:
                yield advice(
                    "count-above-minimum",
                    f"rules[{rule.name}].minCount",
                    f"wants {wanted} collections although the teams settle for {low} players: matches of fewer than "
                    f"{wanted} never come about",
                    "lower minCount together with minPlayers",
                )


def reads(rule: Rule) -> tuple[Expression, ...]:
    """Return the expressions of a rule, its reference among them."""
    if not isinstance(rule, Comparison | Distance | Collection):
        return ()
    reference = rule.reference
    return (*rule.measurements, *((reference,) if isinstance(reference, Number | Players | Call) else ()))


CHECKS: Final = (_empty, _literal, _lists, _doubled, _count_above)
