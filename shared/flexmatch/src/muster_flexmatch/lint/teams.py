"""Teams and the algorithm block: who can be matched with too few, too unevenly, or hardly ever."""

from collections.abc import Iterator, Sequence
from typing import Final

from muster_flexmatch.expressions import Call
from muster_flexmatch.lint.finding import Context, Finding, advice, warning
from muster_flexmatch.rules import Comparison, RuleSet, Team

CODES: Final = (
    "lone-player-match",
    "backfill-loses-to-lone-player",
    "small-matches-at-once",
    "uneven-teams",
    "many-players-needed",
    "many-small-teams",
    "quantity-is-fixed",
    "party-fits-no-team",
    "empty-match",
    "sort-attributes-ignored",
    "balanced-attribute-ignored",
    "backfill-priority-ignored",
)
LARGE: Final = 40
MANY_TEAMS: Final = 20
MANY_PLAYERS: Final = 20


def _minimum(rules: RuleSet) -> int:
    return sum(team.min_players for team in rules.teams)


def _bases(rules: RuleSet) -> dict[str, Team]:
    return {team.base: team for team in reversed(rules.teams)}


def _relaxes(rules: RuleSet, field: str) -> bool:
    return any(each.target == "teams" and each.field == field for each in rules.expansions)


def _lone_player(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    if rules.max_players < 2 or _minimum(rules) > 1:
        return
    if rules.algorithm.backfill_priority == "high":
        yield warning(
            "backfill-loses-to-lone-player",
            "algorithm.backfillPriority",
            "one player alone is a complete match, so newcomers start sessions of their own although sessions that "
            "wait for players come first",
            "raise minPlayers so that a match needs at least two tickets, and relax it by an expansion",
        )
    if _minimum(rules) == 0:
        yield warning(
            "empty-match",
            "teams",
            "every team may stay empty, so any single ticket is a match",
            "give at least one team a minPlayers of 1 or more",
        )
    else:
        yield warning(
            "lone-player-match",
            "teams",
            f"the minimums add up to {_minimum(rules)}: a ticket that looks at an empty pool is matched at once, alone",
            "begin with the minPlayers you want to play with and lower it by an expansion",
        )


def _small_matches(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    low, high = _minimum(rules), rules.max_players
    if 1 < low < high:
        yield advice(
            "small-matches-at-once",
            "teams",
            f"a match is made as soon as {low} of {high} seats are taken and nobody else fits; it does not wait for "
            "the others to arrive",
            "begin with minPlayers near maxPlayers and lower it by expansions, so that waiting buys fuller matches",
        )


def _uneven(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    loose = [team for team in rules.teams if team.min_players < team.max_players]
    if len(rules.teams) < 2 or not loose or any(map(_counts_players, rules.rules)):
        return
    smallest = min(team.min_players for team in loose)
    largest = max(team.max_players for team in loose)
    yield advice(
        "uneven-teams",
        "teams",
        f"nothing keeps teams equal: {largest} against {smallest} is a valid match",
        'add a comparison of "count(teams[A].players)" with "count(teams[B].players)"',
    )


def _counts_players(rule: object) -> bool:
    if not isinstance(rule, Comparison):
        return False
    return any(isinstance(each, Call) and each.function == "count" for each in (*rule.measurements, rule.reference))


def _needs_many(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    low = _minimum(rules)
    if low >= MANY_PLAYERS and not _relaxes(rules, "min_players"):
        yield advice(
            "many-players-needed",
            "teams",
            f"{low} players must fit together, whatever the hour; at quiet times nobody plays",
            "lower minPlayers by expansions",
        )
    if rules.max_players > LARGE and len(rules.teams) > MANY_TEAMS:
        yield warning(
            "many-small-teams",
            "teams",
            f"{len(rules.teams)} teams must all reach their minimum; users report that large matches of many small "
            "teams hardly come about",
            "lower minPlayers, to 0 if a team may stay empty, or use fewer and larger teams",
        )


def _quantity(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    for base, team in _bases(rules).items():
        number = sum(each.base == base for each in rules.teams)
        reached = [team.min_players, *_values(rules, base)]
        if number > 2 and min(reached) > 0:
            yield advice(
                "quantity-is-fixed",
                f"teams[{base}].quantity",
                f"all {number} teams must have players; the number of teams cannot be expanded",
                f"expand teams[{base}].minPlayers to 0 if fewer teams may play",
            )


def _values(rules: RuleSet, base: str) -> Sequence[int]:
    return [
        int(step.value)
        for each in rules.expansions
        if each.target == "teams" and each.field == "min_players" and base in each.names
        for step in each.steps
    ]


def _party(rules: RuleSet, context: Context) -> Iterator[Finding]:
    widest = max(team.max_players for team in rules.teams)
    widest = max(
        [
            widest,
            *(int(s.value) for e in rules.expansions if e.field == "max_players" for s in e.steps),
        ]
    )
    if context.largest_party > widest:
        yield warning(
            "party-fits-no-team",
            "teams",
            f"parties of {context.largest_party} are never matched: the widest team takes {widest}, and a ticket is "
            "never split",
            "limit parties in the client, or widen a team",
        )


def _ignored(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    algorithm = rules.algorithm
    if algorithm.sort_by and algorithm.batching != "sorted":
        yield warning(
            "sort-attributes-ignored",
            "algorithm.sortByAttributes",
            f"batchingPreference is {algorithm.batching}, which does not sort",
            'set batchingPreference to "sorted", or leave sortByAttributes out',
        )
    if algorithm.balanced_attribute is not None and algorithm.strategy != "balanced":
        yield warning(
            "balanced-attribute-ignored",
            "algorithm.balancedAttribute",
            "only the strategy balanced evens teams on it; AWS does not with exhaustiveSearch",
            'set strategy to "balanced", or write a distance rule between the team averages',
        )
    if rules.max_players > LARGE and algorithm.backfill_priority != "normal":
        yield warning(
            "backfill-priority-ignored",
            "algorithm.backfillPriority",
            "large matches always prefer running sessions",
            "leave it out",
        )


CHECKS: Final = (_lone_player, _small_matches, _uneven, _needs_many, _quantity, _party, _ignored)
