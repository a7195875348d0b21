"""Matchmaking configurations: a rule set, time-outs, and what follows a match."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from muster_gamelift.errors import InvalidRequest
from muster_gamelift.matchmaker import keeping_open
from muster_gamelift.operations import render
from muster_gamelift.operations.call import Call, Output, found, keep_tags, page, properties_of, within_quota
from muster_gamelift.state.arns import name_of
from muster_gamelift.state.catalogue import Configuration, FlexMatchMode

CONFIGURATIONS = 300
"""Configurations in a region. Source: GameLift quotas."""

_FIELDS = {
    "Description": "description",
    "RequestTimeoutSeconds": "request_timeout_s",
    "AcceptanceTimeoutSeconds": "acceptance_timeout_s",
    "AcceptanceRequired": "acceptance_required",
    "NotificationTarget": "notification_target",
    "AdditionalPlayerCount": "additional_players",
    "CustomEventData": "custom_event_data",
    "GameSessionData": "session_data",
    "BackfillMode": "backfill_mode",
}


def create_matchmaking_configuration(call: Call) -> Output:
    """Store a configuration under a new name."""
    name = call.given["Name"]
    if not name:
        raise InvalidRequest("A matchmaking configuration needs a name.")
    if name in call.world.configurations:
        raise InvalidRequest(f"A matchmaking configuration with the name {name} exists already.")
    within_quota(len(call.world.configurations), CONFIGURATIONS, "matchmaking configurations")
    blank = Configuration(
        name=name,
        rule_set_name="",
        request_timeout_s=call.given["RequestTimeoutSeconds"],
        acceptance_required=call.given["AcceptanceRequired"],
        created_at_s=call.change.now_s,
    )
    stored = _stored(call, blank)
    keep_tags(call, call.world.arns.configuration(name))
    return {"Configuration": render.configuration(stored, call.world.arns)}


def update_matchmaking_configuration(call: Call) -> Output:
    """Change the given members; tickets under way keep what they started with."""
    before = found(call.world.configurations, call.given["Name"], "Matchmaking configuration")
    return {"Configuration": render.configuration(_stored(call, before), call.world.arns)}


def describe_matchmaking_configurations(call: Call) -> Output:
    """Return the named configurations that exist, those of a rule set, or a page of all."""
    given, table = call.given, call.world.configurations
    rows = list(table)
    if "RuleSetName" in given:
        rows = list(table.find("rule_set", name_of(given["RuleSetName"])))
    if given.get("Names"):
        names = {name_of(name) for name in given["Names"]}
        rows = [row for row in rows if row.name in names]
    chosen, token = page(rows, lambda row: row.name, given, 100)
    return {
        "Configurations": [render.configuration(row, call.world.arns) for row in chosen],
        "NextToken": token,
    }


def delete_matchmaking_configuration(call: Call) -> Output:
    """Forget a configuration without open tickets."""
    row = found(call.world.configurations, call.given["Name"], "Matchmaking configuration")
    if call.world.tickets.count("configuration", row.name):
        raise InvalidRequest(f"Matchmaking configuration {row.name} has open matchmaking tickets.")
    call.world.configurations.remove(row.name)
    call.world.pools.remove(row.name)
    call.world.tags.remove(call.world.arns.configuration(row.name))
    return {}


def _stored(call: Call, before: Configuration) -> Configuration:
    given = call.given
    changes: dict[str, Any] = {field: given[member] for member, field in _FIELDS.items() if member in given}
    if "RuleSetName" in given:
        changes["rule_set_name"] = found(call.world.rule_sets, given["RuleSetName"], "Rule set").name
    if "GameSessionQueueArns" in given:
        changes["queue_arns"] = tuple(given["GameSessionQueueArns"])
    if "GameProperties" in given:
        changes["properties"] = properties_of(given)
    if "FlexMatchMode" in given:
        changes["mode"] = FlexMatchMode(given["FlexMatchMode"])
    after = replace(before, **changes)
    _refuse_nonsense(call, after, given)
    return call.world.configurations.put(after.name, after)


def _refuse_nonsense(call: Call, after: Configuration, given: Mapping[str, Any]) -> None:
    if after.notification_target and ":sns:" not in after.notification_target:
        raise InvalidRequest("NotificationTarget must be the ARN of an SNS topic.")
    if after.mode is FlexMatchMode.STANDALONE:
        _refuse_queue_matters(after)
        return
    if len(after.queue_arns) > 1:
        # Source: CreateMatchmakingConfiguration reference, GameSessionQueueArns.
        raise InvalidRequest("A matchmaking configuration supports only one queue.")
    if not after.queue_arns:
        raise InvalidRequest("FlexMatchMode WITH_QUEUE needs GameSessionQueueArns.")
    if "GameSessionQueueArns" in given:
        found(call.world.queues, after.queue_arns[0], "Game session queue")
    try:
        keeping_open(call.world.rule_sets[after.rule_set_name].rules, after.additional_players)
    except ValueError as error:
        raise InvalidRequest(f"AdditionalPlayerCount does not fit the rule set: {error}.") from error


def _refuse_queue_matters(after: Configuration) -> None:
    refused = {
        "BackfillMode AUTOMATIC": after.backfill_mode == "AUTOMATIC",
        "AdditionalPlayerCount": bool(after.additional_players),
        "GameSessionQueueArns": bool(after.queue_arns),
    }
    for what, is_given in refused.items():
        if is_given:
            raise InvalidRequest(f"{what} is not available with FlexMatchMode STANDALONE.")
