"""Aliases: names for fleets that can be led elsewhere without their users noticing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from muster_gamelift.errors import InvalidRequest, TerminalRouting
from muster_gamelift.operations import render
from muster_gamelift.operations.call import Call, Output, found, keep_tags, page, within_quota
from muster_gamelift.state.arns import name_of
from muster_gamelift.state.catalogue import Alias, Fleet

ALIASES = 100
"""Aliases in a region. Source: GameLift quotas."""
PAGE = 100


@dataclass(frozen=True, slots=True)
class _Route:
    """Where an alias leads: to a fleet, or to words."""

    fleet_id: str | None
    message: str | None


def create_alias(call: Call) -> Output:
    """Store an alias; its name may be that of others."""
    given, now_s = call.given, call.change.now_s
    within_quota(len(call.world.aliases), ALIASES, "aliases")
    route = _route(given["RoutingStrategy"])
    if route.fleet_id and route.fleet_id not in call.world.fleets:
        # The model lists no NotFoundException for this operation.
        raise InvalidRequest(f"Fleet {route.fleet_id} not found.")
    alias = Alias(
        alias_id=f"alias-{call.change.ids.uuid()}",
        name=given["Name"],
        created_at_s=now_s,
        updated_at_s=now_s,
        description=given.get("Description"),
        fleet_id=route.fleet_id,
        message=route.message,
    )
    call.world.aliases.put(alias.alias_id, alias)
    keep_tags(call, call.world.arns.alias(alias.alias_id))
    return {"Alias": render.alias(alias, call.world.arns)}


def describe_alias(call: Call) -> Output:
    """Return an alias."""
    return {"Alias": render.alias(_alias_of(call), call.world.arns)}


def update_alias(call: Call) -> Output:
    """Change the given members; a routing strategy replaces the old one whole."""
    given = call.given
    before = _alias_of(call)
    after = replace(
        before,
        updated_at_s=call.change.now_s,
        name=given.get("Name", before.name),
        description=given.get("Description", before.description),
    )
    if "RoutingStrategy" in given:
        route = _route(given["RoutingStrategy"])
        if route.fleet_id:
            found(call.world.fleets, route.fleet_id, "Fleet")
        after = replace(after, fleet_id=route.fleet_id, message=route.message)
    call.world.aliases.put(after.alias_id, after)
    return {"Alias": render.alias(after, call.world.arns)}


def list_aliases(call: Call) -> Output:
    """Return a page of aliases, all or those of a name or of a kind of routing."""
    given = call.given
    rows = [
        row
        for row in call.world.aliases
        if given.get("Name") in {None, row.name} and given.get("RoutingStrategyType") in {None, render.routing_of(row)}
    ]
    chosen, token = page(rows, lambda row: row.alias_id, given, PAGE)
    return {"Aliases": [render.alias(row, call.world.arns) for row in chosen], "NextToken": token}


def resolve_alias(call: Call) -> Output:
    """Return the fleet that an alias leads to, whether or not it still exists."""
    fleet_id = _fleet_id(_alias_of(call))
    return {"FleetId": fleet_id, "FleetArn": call.world.arns.fleet(fleet_id)}


def delete_alias(call: Call) -> Output:
    """Forget an alias; queues that name it pass it over."""
    alias = _alias_of(call)
    call.world.aliases.remove(alias.alias_id)
    call.world.tags.remove(call.world.arns.alias(alias.alias_id))
    return {}


def routed_fleet(call: Call) -> Fleet:
    """Return the fleet that the input names, by FleetId or through AliasId.

    Raises:
        InvalidRequest: neither is given, or both are.
        UnknownResource: there is no such alias, or no such fleet.
        TerminalRouting: the alias leads to no fleet.
    """
    given = call.given
    if ("FleetId" in given) == ("AliasId" in given):
        raise InvalidRequest("Name a fleet by FleetId or by AliasId, one of the two.")
    fleet_id = given["FleetId"] if "FleetId" in given else _fleet_id(_alias_of(call))
    return found(call.world.fleets, fleet_id, "Fleet")


def _alias_of(call: Call) -> Alias:
    return found(call.world.aliases, call.given["AliasId"], "Alias")


def _fleet_id(alias: Alias) -> str:
    if alias.fleet_id is None:
        raise TerminalRouting(alias.message or f"Alias {alias.alias_id} leads to no fleet.")
    return alias.fleet_id


def _route(given: Mapping[str, Any]) -> _Route:
    members = {"SIMPLE": "FleetId", "TERMINAL": "Message"}
    kind = given.get("Type")
    if kind is None:
        raise InvalidRequest("RoutingStrategy needs a Type, SIMPLE or TERMINAL.")
    wanted = members.pop(kind)
    (other,) = members.values()
    if wanted not in given or other in given:
        raise InvalidRequest(f"A RoutingStrategy of Type {kind} needs {wanted}, and takes no {other}.")
    if kind == "TERMINAL":
        return _Route(None, given["Message"])
    return _Route(name_of(given["FleetId"]), None)
