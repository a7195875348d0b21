"""Why a ticket that searches is not matched yet."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from muster_flexmatch import RuleSet, RuleSetInvalid
from muster_flexmatch import Ticket as Request
from muster_flexmatch.explain import Cause, Explanation, Partial, explain
from muster_flexmatch.jsontext import load
from muster_flexmatch.prune import enforced
from muster_gamelift import matchmaker
from muster_gamelift.explain import demands, sentences
from muster_gamelift.explain.answer import Said
from muster_gamelift.state.catalogue import FlexMatchMode
from muster_gamelift.state.tickets import Ticket, pool_of
from muster_gamelift.state.world import World

NAMED = 50
"""So many ticket ids are listed where there may be thousands."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Everything that an explanation needs, apart from the world.

    Attributes:
        rules: the rule set, its teams reduced by the slots to keep open.
        descriptions: rule name -> what its author wrote about it.
        requests: all tickets that search together.
        ticket: the one in question.
        now_s: seconds since the epoch.
        seed: of the next look at the pool.
    """

    rules: RuleSet
    descriptions: Mapping[str, str]
    requests: Sequence[Request]
    ticket: Ticket
    now_s: float
    seed: int


def pool_around(world: World, ticket: Ticket, now_s: float) -> Pool:
    """Return the pool of a ticket that searches, as it is now."""
    record = world.rule_sets[ticket.configuration.rule_set_name]
    others = world.tickets.find("pool", pool_of(ticket))
    rules, newest = record.rules, max(others, key=lambda one: one.started_at_s).configuration
    if newest.mode is FlexMatchMode.WITH_QUEUE and newest.additional_players:
        rules = matchmaker.keeping_open(rules, newest.additional_players)
    requests = [one.request for one in others]
    return Pool(rules, _descriptions(record.body), requests, ticket, now_s, world.passes + 1)


def said(pool: Pool) -> Said:
    """Tell why the ticket waits: in sentences, and every rule with what it wants and what it has."""
    found = explain(pool.rules, pool.requests, pool.ticket.ticket_id, pool.now_s, pool.seed)
    left_s = max(0.0, pool.ticket.times_out_at_s - pool.now_s)
    facts = {
        "cause": _cause(found.cause) if found.cause else None,
        "alsoNeeded": [_cause(one) for one in found.together],
        "alternatives": [_cause(one) for one in found.alternatives],
        "rules": _rules(pool, found.partial) if found.partial else [],
        "teams": _teams(pool, found.partial) if found.partial else [],
        "candidateAgeSeconds": found.partial.age_s if found.partial else None,
        "others": {
            "count": found.pairs.others,
            "compatible": found.pairs.compatible,
            "keptApart": [{"by": element, "count": count} for element, count in found.pairs.conflicts.items()],
        },
        "change": _change(found),
        "partners": list(found.partners[:NAMED]),
    }
    told = sentences.about(pool.rules, pool.descriptions, found, times_out_in_s=left_s)
    return Said(found.status, sentences.headline(found), told, facts)


def _descriptions(body: str) -> dict[str, str]:
    try:
        listed = load(body).get("rules")
    except RuleSetInvalid:  # pragma: no cover - it was read when it was stored
        return {}
    rules = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    texts = {str(one.get("name")): one.get("description") for one in rules}
    return {name: text for name, text in texts.items() if isinstance(text, str) and text.strip()}


def _rules(pool: Pool, partial: Partial) -> list[dict[str, Any]]:
    rules = pool.rules.at_age(partial.age_s)
    named = {rule.name: rule for rule in rules.rules}
    alone = enforced(rules)
    rows = []
    for check in partial.checks:
        rule = named[sentences.rule_name(check.element)]
        rows.append(
            {
                "name": rule.name,
                "type": type(rule).__name__,
                "description": pool.descriptions.get(rule.name),
                "element": check.element,
                "passes": check.held,
                "countsAlone": rule.name in alone,
                "wants": demands.wanted(rule),
                "has": demands.measured(rule, check),
                "measured": _json(check.value),
                "limit": _json(check.limit),
                "detail": check.text,
                "against": list(check.against[:NAMED]),
            }
        )
    return rows


def _teams(pool: Pool, partial: Partial) -> list[dict[str, Any]]:
    taking_part = set(partial.ticket_ids)
    ticket_of = {
        player.player_id: one.ticket_id
        for one in pool.requests
        if one.ticket_id in taking_part
        for player in one.players
    }
    return [
        {
            "name": seats.team,
            "minPlayers": seats.min_players,
            "maxPlayers": seats.max_players,
            "players": [
                {"playerId": player_id, "ticketId": ticket_of[player_id]}
                for player_id, team in partial.teams.items()
                if team == seats.team
            ],
        }
        for seats in partial.seats
    ]


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "kind": cause.kind,
        "element": cause.element,
        "text": cause.text,
        "measured": _json(cause.value),
        "limit": _json(cause.limit),
        "needed": _json(cause.needed),
        "against": list(cause.against[:NAMED]),
    }


def _change(found: Explanation) -> dict[str, Any] | None:
    change = found.change
    if change is None:
        return None
    return {
        "target": change.target,
        "before": _json(change.before),
        "after": _json(change.after),
        "inSeconds": round(change.in_s, 3),
        "at": change.at_s,
        "ticketId": change.ticket_id,
        "enough": change.enough,
    }


def _json(value: float | str | None) -> float | str | None:
    """Return *value* as JSON can say it: there is no infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
