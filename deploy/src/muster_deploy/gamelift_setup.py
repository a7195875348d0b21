"""Set up the sample game in GameLift, the local one or the real one: fleet, queue, rule set, configuration."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from muster_deploy.environment import CONFIGURATION, LOCATION
from muster_runtime.aws import code_of

RULE_SET_NAME: Final = "muster-arena-v1"
"""Rule sets never change: another set of rules is another name."""
REQUEST_TIMEOUT_S: Final = 60
QUEUE_TIMEOUT_S: Final = 30
_FLEET_COST_PER_HOUR: Final = "10"
"""GameLift demands a cost of an ANYWHERE fleet, US dollars; queues compare it when they place by cost."""

RULE_SET: Final[Mapping[str, Any]] = {
    "name": RULE_SET_NAME,
    "ruleLanguageVersion": "1.0",
    "playerAttributes": [{"name": "skill", "type": "number", "default": 10}],
    "teams": [
        {"name": "home", "minPlayers": 1, "maxPlayers": 5},
        {"name": "away", "minPlayers": 1, "maxPlayers": 5},
    ],
    "rules": [
        {
            "name": "fair-teams",
            "description": "The average skill of each team is close to that of all players.",
            "type": "distance",
            "measurements": ["avg(teams[*].players.attributes[skill])"],
            "referenceValue": "avg(flatten(teams[*].players.attributes[skill]))",
            "maxDistance": 10,
        },
        {
            "name": "fast-enough",
            "description": "Nobody waits long for the server.",
            "type": "latency",
            "maxLatency": 150,
        },
    ],
    "expansions": [
        {
            "target": "rules[fair-teams].maxDistance",
            "steps": [
                {"waitTimeSeconds": 5, "value": 25},
                {"waitTimeSeconds": 15, "value": 100},
            ],
        },
        {
            "target": "rules[fast-enough].maxLatency",
            "steps": [{"waitTimeSeconds": 20, "value": 300}],
        },
    ],
}
"""One against one up to five against five. Skill counts first, and then the wait."""

_EXISTS: Final = frozenset({"ConflictException", "InvalidRequestException"})


@dataclass(frozen=True, slots=True)
class Arena:
    """What the sample game has in GameLift.

    Attributes:
        fleet_id: such as `fleet-...`.
        fleet_arn: its ARN.
        queue_arn: of the game session queue.
    """

    fleet_id: str
    fleet_arn: str
    queue_arn: str


async def set_up(
    gamelift: Any,  # noqa: ANN401 - aiobotocore clients have no static type
    *,
    matchmaking_topic: str,
    placement_topic: str,
) -> Arena:
    """Create what is missing, and point what exists at the topics.

    Safe to repeat: everything is found again by its name.

    Args:
        gamelift: client of the GameLift API.
        matchmaking_topic: ARN that matchmaking notices go to.
        placement_topic: ARN that placement notices go to.

    Raises:
        botocore.exceptions.ClientError: GameLift refused a call.
    """
    await _unless_there(
        lambda: gamelift.create_location(LocationName=LOCATION),
        lambda: _has_location(gamelift),
    )
    fleet = await _fleet(gamelift)
    queue_arn = await _queue(gamelift, fleet["FleetArn"], placement_topic)
    await _unless_there(
        lambda: gamelift.create_matchmaking_rule_set(Name=RULE_SET_NAME, RuleSetBody=json.dumps(RULE_SET)),
        lambda: _found(gamelift.describe_matchmaking_rule_sets, "RuleSets", Names=[RULE_SET_NAME]),
    )
    await _configuration(gamelift, queue_arn, matchmaking_topic)
    return Arena(fleet_id=fleet["FleetId"], fleet_arn=fleet["FleetArn"], queue_arn=queue_arn)


async def find_fleet(gamelift: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - a client
    """Return the attributes of the sample game's fleet, or None when there is none."""
    async for page in gamelift.get_paginator("list_fleets").paginate():
        if not page["FleetIds"]:
            continue
        described = await gamelift.describe_fleet_attributes(FleetIds=page["FleetIds"])
        for fleet in described["FleetAttributes"]:
            if fleet.get("Name") == CONFIGURATION and fleet.get("ComputeType") == "ANYWHERE":
                found: Mapping[str, Any] = fleet
                return found
    return None


async def _fleet(gamelift: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a client
    # Fleet names are not unique in GameLift, so the fleet is looked for before it is made.
    found = await find_fleet(gamelift)
    if found is not None:
        return found
    made = await gamelift.create_fleet(
        Name=CONFIGURATION,
        Description="Muster's sample game, on machines of your own",
        ComputeType="ANYWHERE",
        Locations=[{"Location": LOCATION}],
        AnywhereConfiguration={"Cost": _FLEET_COST_PER_HOUR},
    )
    attributes: Mapping[str, Any] = made["FleetAttributes"]
    return attributes


async def _queue(gamelift: Any, fleet_arn: str, topic: str) -> str:  # noqa: ANN401 - a client
    wanted = {
        "Name": CONFIGURATION,
        "TimeoutInSeconds": QUEUE_TIMEOUT_S,
        "Destinations": [{"DestinationArn": fleet_arn}],
        "NotificationTarget": topic,
    }
    exists = await _found(gamelift.describe_game_session_queues, "GameSessionQueues", Names=[CONFIGURATION])
    call = gamelift.update_game_session_queue if exists else gamelift.create_game_session_queue
    answer = await call(**wanted)
    arn: str = answer["GameSessionQueue"]["GameSessionQueueArn"]
    return arn


async def _configuration(gamelift: Any, queue_arn: str, topic: str) -> None:  # noqa: ANN401 - a client
    wanted = {
        "Name": CONFIGURATION,
        "FlexMatchMode": "WITH_QUEUE",
        "GameSessionQueueArns": [queue_arn],
        "RuleSetName": RULE_SET_NAME,
        "RequestTimeoutSeconds": REQUEST_TIMEOUT_S,
        "AcceptanceRequired": False,
        "NotificationTarget": topic,
        "BackfillMode": "MANUAL",
    }
    exists = await _found(gamelift.describe_matchmaking_configurations, "Configurations", Names=[CONFIGURATION])
    call = gamelift.update_matchmaking_configuration if exists else gamelift.create_matchmaking_configuration
    await call(**wanted)


async def _has_location(gamelift: Any) -> bool:  # noqa: ANN401 - a client
    answer = await gamelift.list_locations(Filters=["CUSTOM"])
    return any(location["LocationName"] == LOCATION for location in answer["Locations"])


async def _found(call: Callable[..., Awaitable[Mapping[str, Any]]], key: str, **arguments: Any) -> bool:  # noqa: ANN401 - AWS arguments
    try:
        return bool((await call(**arguments))[key])
    except ClientError as error:
        # GameLift answers a name that it does not know with an empty list or with NotFound, by operation.
        if code_of(error) == "NotFoundException":
            return False
        raise


async def _unless_there(create: Callable[[], Awaitable[Any]], is_there: Callable[[], Awaitable[bool]]) -> None:
    try:
        await create()
    except ClientError as error:
        # A taken name is a conflict for locations and an invalid request for rule sets.
        if code_of(error) not in _EXISTS or not await is_there():
            raise
