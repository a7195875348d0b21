"""Every operation of the API by its name: those that this service offers, and what the others answer."""

from collections.abc import Mapping

from muster_gamelift.operations.aliases import (
    create_alias,
    delete_alias,
    describe_alias,
    list_aliases,
    resolve_alias,
    update_alias,
)
from muster_gamelift.operations.call import Operation
from muster_gamelift.operations.computes import (
    deregister_compute,
    describe_compute,
    get_compute_auth_token,
    list_compute,
    register_compute,
)
from muster_gamelift.operations.configurations import (
    create_matchmaking_configuration,
    delete_matchmaking_configuration,
    describe_matchmaking_configurations,
    update_matchmaking_configuration,
)
from muster_gamelift.operations.fleets import (
    create_fleet,
    create_fleet_locations,
    delete_fleet,
    delete_fleet_locations,
    describe_fleet_attributes,
    describe_fleet_location_attributes,
    list_fleets,
    update_fleet_attributes,
)
from muster_gamelift.operations.game_sessions import (
    create_game_session,
    describe_game_session_details,
    describe_game_sessions,
    search_game_sessions,
    terminate_game_session,
    update_game_session,
)
from muster_gamelift.operations.locations import create_location, delete_location, list_locations
from muster_gamelift.operations.matchmaking import (
    accept_match,
    describe_matchmaking,
    start_match_backfill,
    start_matchmaking,
    stop_matchmaking,
)
from muster_gamelift.operations.placements import (
    describe_game_session_placement,
    start_game_session_placement,
    stop_game_session_placement,
)
from muster_gamelift.operations.player_sessions import (
    create_player_session,
    create_player_sessions,
    describe_player_sessions,
)
from muster_gamelift.operations.queues import (
    create_game_session_queue,
    delete_game_session_queue,
    describe_game_session_queues,
    update_game_session_queue,
)
from muster_gamelift.operations.rule_sets import (
    create_matchmaking_rule_set,
    delete_matchmaking_rule_set,
    describe_matchmaking_rule_sets,
    validate_matchmaking_rule_set,
)
from muster_gamelift.operations.tags import list_tags_for_resource, tag_resource, untag_resource
from muster_gamelift.operations.unoffered import UNOFFERED
from muster_gamelift.operations.utilization import describe_fleet_location_utilization, describe_fleet_utilization

OFFERED: Mapping[str, Operation] = {
    "AcceptMatch": accept_match,
    "CreateAlias": create_alias,
    "CreateFleet": create_fleet,
    "CreateFleetLocations": create_fleet_locations,
    "CreateGameSession": create_game_session,
    "CreateGameSessionQueue": create_game_session_queue,
    "CreateLocation": create_location,
    "CreateMatchmakingConfiguration": create_matchmaking_configuration,
    "CreateMatchmakingRuleSet": create_matchmaking_rule_set,
    "CreatePlayerSession": create_player_session,
    "CreatePlayerSessions": create_player_sessions,
    "DeleteAlias": delete_alias,
    "DeleteFleet": delete_fleet,
    "DeleteFleetLocations": delete_fleet_locations,
    "DeleteGameSessionQueue": delete_game_session_queue,
    "DeleteLocation": delete_location,
    "DeleteMatchmakingConfiguration": delete_matchmaking_configuration,
    "DeleteMatchmakingRuleSet": delete_matchmaking_rule_set,
    "DeregisterCompute": deregister_compute,
    "DescribeAlias": describe_alias,
    "DescribeCompute": describe_compute,
    "DescribeFleetAttributes": describe_fleet_attributes,
    "DescribeFleetLocationAttributes": describe_fleet_location_attributes,
    "DescribeFleetLocationUtilization": describe_fleet_location_utilization,
    "DescribeFleetUtilization": describe_fleet_utilization,
    "DescribeGameSessionDetails": describe_game_session_details,
    "DescribeGameSessionPlacement": describe_game_session_placement,
    "DescribeGameSessionQueues": describe_game_session_queues,
    "DescribeGameSessions": describe_game_sessions,
    "DescribeMatchmaking": describe_matchmaking,
    "DescribeMatchmakingConfigurations": describe_matchmaking_configurations,
    "DescribeMatchmakingRuleSets": describe_matchmaking_rule_sets,
    "DescribePlayerSessions": describe_player_sessions,
    "GetComputeAuthToken": get_compute_auth_token,
    "ListAliases": list_aliases,
    "ListCompute": list_compute,
    "ListFleets": list_fleets,
    "ListLocations": list_locations,
    "ListTagsForResource": list_tags_for_resource,
    "RegisterCompute": register_compute,
    "ResolveAlias": resolve_alias,
    "SearchGameSessions": search_game_sessions,
    "StartGameSessionPlacement": start_game_session_placement,
    "StartMatchBackfill": start_match_backfill,
    "StartMatchmaking": start_matchmaking,
    "StopGameSessionPlacement": stop_game_session_placement,
    "StopMatchmaking": stop_matchmaking,
    "TagResource": tag_resource,
    "TerminateGameSession": terminate_game_session,
    "UntagResource": untag_resource,
    "UpdateAlias": update_alias,
    "UpdateFleetAttributes": update_fleet_attributes,
    "UpdateGameSession": update_game_session,
    "UpdateGameSessionQueue": update_game_session_queue,
    "UpdateMatchmakingConfiguration": update_matchmaking_configuration,
    "ValidateMatchmakingRuleSet": validate_matchmaking_rule_set,
}

OPERATIONS: Mapping[str, Operation] = {**UNOFFERED, **OFFERED}
