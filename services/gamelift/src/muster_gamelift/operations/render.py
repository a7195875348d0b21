"""Turns values into the structures of the API."""

from collections.abc import Mapping
from typing import Any

from muster_flexmatch import Player
from muster_gamelift.notices import GATEWAY_STATUS
from muster_gamelift.state.arns import Arns
from muster_gamelift.state.catalogue import (
    Alias,
    Compute,
    Configuration,
    Fleet,
    FlexMatchMode,
    Location,
    Properties,
    Queue,
    RuleSetRecord,
)
from muster_gamelift.state.placements import Placement
from muster_gamelift.state.sessions import GameSession, Seat
from muster_gamelift.state.tickets import Connection, Ticket
from muster_gamelift.state.world import World

Structure = dict[str, Any]


def rule_set(record: RuleSetRecord, arns: Arns) -> Structure:
    """Return a MatchmakingRuleSet."""
    return {
        "RuleSetName": record.name,
        "RuleSetArn": arns.rule_set(record.name),
        "RuleSetBody": record.body,
        "CreationTime": record.created_at_s,
    }


def configuration(value: Configuration, arns: Arns) -> Structure:
    """Return a MatchmakingConfiguration."""
    with_queue = value.mode is FlexMatchMode.WITH_QUEUE
    return {
        "Name": value.name,
        "ConfigurationArn": arns.configuration(value.name),
        "Description": value.description,
        "GameSessionQueueArns": list(value.queue_arns) if with_queue else None,
        "RequestTimeoutSeconds": value.request_timeout_s,
        "AcceptanceTimeoutSeconds": value.acceptance_timeout_s,
        "AcceptanceRequired": value.acceptance_required,
        "RuleSetName": value.rule_set_name,
        "RuleSetArn": arns.rule_set(value.rule_set_name),
        "NotificationTarget": value.notification_target or None,
        "AdditionalPlayerCount": value.additional_players if with_queue else None,
        "CustomEventData": value.custom_event_data,
        "CreationTime": value.created_at_s,
        "GameProperties": properties(value.properties),
        "GameSessionData": value.session_data,
        "BackfillMode": value.backfill_mode,
        "FlexMatchMode": value.mode,
    }


def ticket(value: Ticket, arns: Arns, estimate_s: float | None) -> Structure:
    """Return a MatchmakingTicket; the estimate shows while the ticket is open."""
    return {
        "TicketId": value.ticket_id,
        "ConfigurationName": value.configuration.name,
        "ConfigurationArn": arns.configuration(value.configuration.name),
        "Status": value.status,
        "StatusReason": value.reason,
        "StatusMessage": value.message,
        "StartTime": value.started_at_s,
        "EndTime": value.ended_at_s,
        "Players": [_player(player, value.teams) for player in value.request.players],
        "GameSessionConnectionInfo": connection(value.connection) if value.connection else None,
        "EstimatedWaitTime": None if estimate_s is None or not value.is_open else round(estimate_s),
    }


def connection(value: Connection) -> Structure:
    """Return a GameSessionConnectionInfo."""
    return {
        "GameSessionArn": value.session_arn,
        "IpAddress": value.ip_address,
        "DnsName": value.dns_name,
        "Port": value.port,
        "MatchedPlayerSessions": [
            {"PlayerId": player_id, "PlayerSessionId": seat_id} for player_id, seat_id in value.seats.items()
        ],
        "PlayerGatewayStatus": GATEWAY_STATUS,
    }


def queue(value: Queue, arns: Arns) -> Structure:
    """Return a GameSessionQueue."""
    priority = {
        "PriorityOrder": list(value.priority_order) or None,
        "LocationOrder": list(value.location_order) or None,
    }
    return {
        "Name": value.name,
        "GameSessionQueueArn": arns.queue(value.name),
        "TimeoutInSeconds": value.timeout_s,
        "PlayerLatencyPolicies": [
            {
                "MaximumIndividualPlayerLatencyMilliseconds": policy.maximum_ms,
                "PolicyDurationSeconds": policy.duration_s,
            }
            for policy in value.latency_policies
        ],
        "Destinations": [{"DestinationArn": arn} for arn in value.destinations],
        "FilterConfiguration": {"AllowedLocations": list(value.allowed_locations)} if value.allowed_locations else None,
        "PriorityConfiguration": priority if value.priority_order or value.location_order else None,
        "CustomEventData": value.custom_event_data,
        "NotificationTarget": value.notification_target or None,
    }


def placement(value: Placement, world: World) -> Structure:
    """Return a GameSessionPlacement; address and seats show once the session is there."""
    session = world.sessions.get(value.session_arn) if value.session_arn else None
    placed = session if session and not value.is_open else None
    seats = world.seats.find("session", placed.arn) if placed else ()
    return {
        "PlacementId": value.placement_id,
        "GameSessionQueueName": value.queue_name,
        "Status": value.status,
        "GameProperties": properties(value.plan.properties),
        "MaximumPlayerSessionCount": value.plan.max_players,
        "GameSessionName": value.plan.name,
        "GameSessionId": placed.arn if placed else None,
        "GameSessionArn": placed.arn if placed else None,
        "GameSessionRegion": world.region if placed else None,
        "PlayerLatencies": [
            {"PlayerId": player_id, "RegionIdentifier": location, "LatencyInMilliseconds": latency_ms}
            for player_id, known in value.latencies.items()
            for location, latency_ms in known.items()
        ],
        "StartTime": value.started_at_s,
        "EndTime": value.ended_at_s,
        "IpAddress": placed.ip_address if placed else None,
        "DnsName": placed.dns_name if placed else None,
        "Port": placed.port if placed else None,
        "PlacedPlayerSessions": [
            {"PlayerId": seat.player_id, "PlayerSessionId": seat.seat_id}
            for seat in seats
            if (seat.player_id, seat.player_data) in value.plan.seats
        ],
        "GameSessionData": value.plan.session_data,
        "MatchmakerData": value.plan.matchmaker_data,
        "PriorityConfigurationOverride": {
            "PlacementFallbackStrategy": "DEFAULT_AFTER_SINGLE_PASS" if value.override.falls_back else "NONE",
            "LocationOrder": list(value.override.locations),
        }
        if value.override
        else None,
        "PlayerGatewayStatus": GATEWAY_STATUS if placed else None,
    }


def game_session(value: GameSession, world: World) -> Structure:
    """Return a GameSession."""
    return {
        "GameSessionId": value.arn,
        "Name": value.plan.name,
        "FleetId": value.fleet_id,
        "FleetArn": world.arns.fleet(value.fleet_id),
        "CreationTime": value.created_at_s,
        "TerminationTime": value.ended_at_s,
        "CurrentPlayerSessionCount": world.seats.count("taken", value.arn),
        "MaximumPlayerSessionCount": value.plan.max_players,
        "Status": value.status,
        "StatusReason": value.reason,
        "GameProperties": properties(value.plan.properties),
        "IpAddress": value.ip_address,
        "DnsName": value.dns_name,
        "Port": value.port,
        "PlayerSessionCreationPolicy": "ACCEPT_ALL" if value.accepts_players else "DENY_ALL",
        "CreatorId": value.plan.creator_id,
        "GameSessionData": value.plan.session_data,
        "MatchmakerData": value.plan.matchmaker_data,
        "Location": value.location,
        "ComputeName": value.compute_name,
        "PlayerGatewayStatus": GATEWAY_STATUS,
    }


def player_session(value: Seat, world: World) -> Structure:
    """Return a PlayerSession, with the address of its game session."""
    session = world.sessions[value.session_arn]
    return {
        "PlayerSessionId": value.seat_id,
        "PlayerId": value.player_id,
        "GameSessionId": value.session_arn,
        "FleetId": value.fleet_id,
        "FleetArn": world.arns.fleet(value.fleet_id),
        "CreationTime": value.created_at_s,
        "TerminationTime": value.ended_at_s,
        "Status": value.status,
        "IpAddress": session.ip_address,
        "DnsName": session.dns_name,
        "Port": session.port,
        "PlayerData": value.player_data,
    }


def fleet(value: Fleet, arns: Arns) -> Structure:
    """Return FleetAttributes of an Anywhere fleet."""
    limit = {
        "NewGameSessionsPerCreator": value.sessions_per_creator,
        "PolicyPeriodInMinutes": value.creator_period_min,
    }
    return {
        "FleetId": value.fleet_id,
        "FleetArn": arns.fleet(value.fleet_id),
        "Description": value.description,
        "Name": value.name,
        "CreationTime": value.created_at_s,
        "Status": "ACTIVE",
        "NewGameSessionProtectionPolicy": value.protection_policy,
        "ResourceCreationLimitPolicy": None if value.sessions_per_creator is None else limit,
        "MetricGroups": list(value.metric_groups) or None,
        "CertificateConfiguration": {"CertificateType": "DISABLED"},
        "ComputeType": "ANYWHERE",
        "AnywhereConfiguration": None if value.cost is None else {"Cost": value.cost},
        "PlayerGatewayMode": "DISABLED",
    }


def alias(value: Alias, arns: Arns) -> Structure:
    """Return an Alias."""
    return {
        "AliasId": value.alias_id,
        "Name": value.name,
        "AliasArn": arns.alias(value.alias_id),
        "Description": value.description,
        "RoutingStrategy": {"Type": routing_of(value), "FleetId": value.fleet_id, "Message": value.message},
        "CreationTime": value.created_at_s,
        "LastUpdatedTime": value.updated_at_s,
    }


def routing_of(value: Alias) -> str:
    """Return the Type of an alias's RoutingStrategy."""
    return "SIMPLE" if value.fleet_id else "TERMINAL"


def location(value: Location, arns: Arns) -> Structure:
    """Return a LocationModel."""
    return {"LocationName": value.name, "LocationArn": arns.location(value.name)}


def compute(value: Compute, arns: Arns, servers_url: str) -> Structure:
    """Return a Compute; game servers connect to *servers_url*."""
    return {
        "FleetId": value.fleet_id,
        "FleetArn": arns.fleet(value.fleet_id),
        "ComputeName": value.name,
        "ComputeArn": arns.compute(value.name),
        "IpAddress": value.ip_address,
        "DnsName": value.dns_name,
        "ComputeStatus": "ACTIVE",
        "Location": value.location,
        "CreationTime": value.created_at_s,
        "GameLiftServiceSdkEndpoint": servers_url,
    }


def properties(pairs: Properties) -> list[Structure] | None:
    """Return GameProperties, or None where there are none."""
    return [{"Key": key, "Value": value} for key, value in pairs] or None


def _player(player: Player, teams: Mapping[str, str] | None) -> Structure:
    attributes = {name: attribute(value) for name, value in player.attributes.items()}
    team = teams.get(player.player_id) if teams else player.team
    return {
        "PlayerId": player.player_id,
        "PlayerAttributes": attributes or None,
        "Team": team,
        "LatencyInMs": dict(player.latencies) or None,
    }


def attribute(value: object) -> Structure:
    """Return an AttributeValue."""
    match value:
        case str():
            return {"S": value}
        case bool() | float() | int():
            return {"N": float(value)}
        case Mapping():
            return {"SDM": dict(value)}
        case _:
            return {"SL": list(value)}  # type: ignore[call-overload] # the matcher's attributes have four forms
