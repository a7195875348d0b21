"""Configurations with the metrics of their pools, and rule sets."""

from collections.abc import Iterable
from typing import Any

from muster_flexmatch.layout import formatted
from muster_gamelift.operations import render
from muster_gamelift.page.views.source import Source, View, contains, part
from muster_gamelift.state.arns import name_of
from muster_gamelift.state.catalogue import Configuration, PoolCounts, RuleSetRecord
from muster_gamelift.state.tickets import IN_POOL, Ticket

_COUNTERS = {
    "TicketsStarted": "TicketsStarted",
    "PlayersStarted": "PlayersStarted",
    "MatchesCreated": "PotentialMatchCreated",
    "MatchesAccepted": "AcceptMatchCompleted Accepted",
    "MatchesRejected": "AcceptMatchCompleted Rejected",
    "MatchAcceptancesTimedOut": "AcceptMatchCompleted TimedOut",
    "MatchesPlaced": "MatchmakingSucceeded",
    "TicketsFailed": "MatchmakingFailed",
    "TicketsTimedOut": "MatchmakingTimedOut",
    "TicketsCancelled": "MatchmakingCancelled",
}
"""AWS's metric -> the notices that count for it. Source: flexmatch specification 2.7; TicketsCancelled is ours."""


def configurations(source: Source) -> View:
    """Return the list of configurations, or one with everything about it."""
    world, question = source.world, source.question
    if question.name:
        one = world.configurations.get(question.name)
        return {"one": _configuration(source, one) if one else None}
    found = [one for one in world.configurations if contains(question.text, (one.name, one.rule_set_name))]
    return part(found, question.start, lambda one: _line(source, one))


def pools(source: Source) -> list[View]:
    """Return the pools that people wait in, the fullest first, ten at most."""
    lines = [_line(source, one) for one in source.world.configurations]
    return sorted(lines, key=lambda line: -line["currentTickets"])[:10]


def rule_sets(source: Source) -> View:
    """Return the list of rule sets, or one with its text."""
    world, question = source.world, source.question
    if question.name:
        one = world.rule_sets.get(question.name)
        return {"one": _rule_set(source, one) if one else None}
    found = [one for one in world.rule_sets if contains(question.text, (one.name, one.rules.name))]
    return part(found, question.start, lambda one: _rule_set_line(source, one))


def _waiting(source: Source, configuration: Configuration) -> list[Ticket]:
    found = source.world.tickets.find("configuration", configuration.name)
    return [ticket for ticket in found if ticket.status in IN_POOL]


def _line(source: Source, one: Configuration) -> View:
    waiting = _waiting(source, one)
    oldest_s = min((ticket.started_at_s for ticket in waiting), default=None)
    counts = source.world.pools.get(one.name) or PoolCounts()
    return {
        "name": one.name,
        "ruleSet": one.rule_set_name,
        "mode": str(one.mode),
        "acceptanceRequired": one.acceptance_required,
        "backfillMode": one.backfill_mode,
        "queues": [name_of(arn) for arn in one.queue_arns],
        "currentTickets": len(waiting),
        "currentPlayers": sum(len(ticket.player_ids) for ticket in waiting),
        "oldestSince": oldest_s,
        "estimateSeconds": counts.estimate_s,
    }


def _configuration(source: Source, one: Configuration) -> View:
    counts = source.world.pools.get(one.name) or PoolCounts()
    said = source.told.counts(source.world.region, one.name)
    return {
        **_line(source, one),
        "metrics": {metric: said.get(kind, 0) for metric, kind in _COUNTERS.items()},
        "timeToSuccess": list(counts.waits_s),
        "rules": _evaluations(source, one, counts),
        "described": _present(render.configuration(one, source.world.arns)),
    }


def _evaluations(source: Source, one: Configuration, counts: PoolCounts) -> list[View]:
    record = source.world.rule_sets.get(one.rule_set_name)
    names = [rule.name for rule in record.rules.rules] if record else []
    return [
        {"name": name, "passed": counts.rules[name][0], "failed": counts.rules[name][1]}
        for name in dict.fromkeys([*names, *counts.rules])
        if name in counts.rules
    ]


def _rule_set_line(source: Source, one: RuleSetRecord) -> View:
    rules = one.rules
    return {
        "name": one.name,
        "label": rules.name,
        "teams": [
            {"name": team.name, "minPlayers": team.min_players, "maxPlayers": team.max_players} for team in rules.teams
        ][:12],
        "teamCount": len(rules.teams),
        "maxPlayers": rules.max_players,
        "rules": [rule.name for rule in rules.rules],
        "expansions": len(rules.expansions),
        "usedBy": [each.name for each in source.world.configurations.find("rule_set", one.name)],
        "createdAt": one.created_at_s,
    }


def _rule_set(source: Source, one: RuleSetRecord) -> View:
    return {**_rule_set_line(source, one), "warnings": list(one.rules.warnings), "body": formatted(one.body)}


def _present(structure: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in structure.items() if value not in (None, [], "")}


def present(structures: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return structures of the API without what they leave out."""
    return [_present(one) for one in structures]
