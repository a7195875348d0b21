"""What is wrong with a ticket by itself: no pool and no wait can help."""

from muster_flexmatch.evaluate import Judge
from muster_flexmatch.explain.answer import Cause
from muster_flexmatch.explain.measures import regions
from muster_flexmatch.expressions import Unmeasurable
from muster_flexmatch.lint.rules import used_attributes
from muster_flexmatch.prune import enforced
from muster_flexmatch.rules import Latency, RuleSet, Sort
from muster_flexmatch.seating import Entrant
from muster_flexmatch.values import Ticket


def problem(rules: RuleSet, judge: Judge, ticket: Ticket, one: Entrant | None) -> Cause | None:
    """Return what keeps a ticket out of every match, whoever waits and however long; None when nothing does."""
    if one is None:
        return _no_entrant(rules, ticket)
    return _party(rules, one) or _attributes(rules, judge, one) or _latencies(rules, one)


def _no_entrant(rules: RuleSet, ticket: Ticket) -> Cause:
    if not ticket.players:
        return Cause("team-size", "players", "the ticket has no players", 0.0, 1.0)
    known = {team.name for team in rules.teams}
    for player in ticket.players:
        if ticket.is_backfill and player.team not in known:
            said = f"player {player.player_id} sits on team {player.team!r}, which this rule set does not have"
            return Cause("running-session", f"players[{player.player_id}].team", said, player.team)
    return Cause("duplicate-player", "players", "the ticket names a player twice")


def _party(rules: RuleSet, one: Entrant) -> Cause | None:
    if one.seats is not None:
        return None
    widest = max(team.max_players for team in rules.teams)
    for each in rules.expansions:
        if each.target == "teams" and each.field == "max_players":
            widest = max(widest, *(int(step.value) for step in each.steps))
    if one.size <= widest:
        return None
    text = f"a party of {one.size} is never split, and the widest team takes {widest}"
    return Cause("party-size", "teams", text, float(one.size), float(widest), float(one.size))


def _attributes(rules: RuleSet, judge: Judge, one: Entrant) -> Cause | None:
    for rule in rules.rules:
        if isinstance(rule, Sort):
            continue
        for name in sorted(used_attributes(rule)):
            for player in one.ticket.players:
                try:
                    judge.value(player.attributes, name)
                except Unmeasurable:
                    text = f"player {player.player_id} has no {name!r}, which rules[{rule.name}] measures; no default"
                    return Cause("attribute", f"players[{player.player_id}].attributes[{name}]", text)
    return None


def _latencies(rules: RuleSet, one: Entrant) -> Cause | None:
    needed = enforced(rules)
    if one.seats is not None:
        return None
    for rule in rules.rules:
        if not isinstance(rule, Latency) or rule.name not in needed:
            continue
        if not regions(one, rule.party):
            without = [player.player_id for player in one.ticket.players if not player.latencies]
            said = f"player {without[0]} sends no latencies" if without else "its players share no measured region"
            return Cause("region", f"rules[{rule.name}].maxLatency", f"{said}, which a latency rule needs")
    return None
