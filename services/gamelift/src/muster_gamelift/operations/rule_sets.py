"""Matchmaking rule sets: immutable, named, checked by the FlexMatch library."""

from muster_flexmatch import RuleSet, RuleSetInvalid, parse_rule_set
from muster_gamelift.errors import InvalidRequest
from muster_gamelift.operations import render
from muster_gamelift.operations.call import Call, Output, found, keep_tags, page, within_quota
from muster_gamelift.state.catalogue import RuleSetRecord

RULE_SETS = 1000
"""Rule sets in a region. Source: GameLift quotas."""


def parsed(body: str) -> RuleSet:
    """Return the parsed rule set.

    Raises:
        InvalidRequest: the body breaks rules of the language; all problems are named.
    """
    try:
        return parse_rule_set(body)
    except RuleSetInvalid as error:
        raise InvalidRequest(f"The rule set is invalid: {'; '.join(error.problems)}") from error


def create_matchmaking_rule_set(call: Call) -> Output:
    """Store a rule set under a new name."""
    name, body = call.given["Name"], call.given["RuleSetBody"]
    if not name:
        raise InvalidRequest("A rule set needs a name.")
    if name in call.world.rule_sets:
        raise InvalidRequest(f"A rule set with the name {name} exists already.")
    within_quota(len(call.world.rule_sets), RULE_SETS, "rule sets")
    record = RuleSetRecord(name, body, parsed(body), call.change.now_s)
    call.world.rule_sets.put(name, record)
    keep_tags(call, call.world.arns.rule_set(name))
    return {"RuleSet": render.rule_set(record, call.world.arns)}


def validate_matchmaking_rule_set(call: Call) -> Output:
    """Check a body without storing it."""
    parsed(call.given["RuleSetBody"])
    return {"Valid": True}


def describe_matchmaking_rule_sets(call: Call) -> Output:
    """Return the named rule sets, all of which must exist, or a page of all."""
    names = call.given.get("Names")
    if names:
        rows = [found(call.world.rule_sets, name, "Rule set") for name in dict.fromkeys(names)]
    else:
        rows = list(call.world.rule_sets)
    chosen, token = page(rows, lambda row: row.name, call.given, 10)
    return {"RuleSets": [render.rule_set(row, call.world.arns) for row in chosen], "NextToken": token}


def delete_matchmaking_rule_set(call: Call) -> Output:
    """Forget a rule set that no configuration and no open ticket uses."""
    record = found(call.world.rule_sets, call.given["Name"], "Rule set")
    if call.world.configurations.count("rule_set", record.name):
        raise InvalidRequest(f"Rule set {record.name} is used by a matchmaking configuration.")
    if call.world.tickets.count("rule_set", record.name):
        raise InvalidRequest(f"Rule set {record.name} is used by open matchmaking tickets.")
    call.world.rule_sets.remove(record.name)
    call.world.tags.remove(call.world.arns.rule_set(record.name))
    return {}
