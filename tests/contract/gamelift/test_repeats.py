"""What happens when the same thing is asked for twice; and that a region knows nothing of another."""

from typing import Any

import pytest
from gamelift_bench import Bench

from muster_gamelift.errors import Fault


def fault_of_repeat(bench: Bench, operation: str, given: dict[str, Any]) -> str:
    bench.call(operation, **given)
    return bench.refused(operation, **given).aws_name


@pytest.mark.parametrize(
    ("operation", "given", "name"),
    [
        ("CreateLocation", {"LocationName": "custom-new"}, "ConflictException"),
        ("CreateGameSessionQueue", {"Name": "q"}, "InvalidRequestException"),
        ("CreateMatchmakingRuleSet", {"Name": "r", "RuleSetBody": ""}, "InvalidRequestException"),
        (
            "RegisterCompute",
            {"ComputeName": "tower", "IpAddress": "127.0.0.1", "Location": "custom-rack", "FleetId": ""},
            "ConflictException",
        ),
        ("CreateFleetLocations", {"FleetId": "", "Locations": [{"Location": "custom-moon"}]}, "ConflictException"),
        (
            "StartGameSessionPlacement",
            {"PlacementId": "p-1", "GameSessionQueueName": "main", "MaximumPlayerSessionCount": 1},
            "InvalidRequestException",
        ),
        (
            "StartMatchmaking",
            {"TicketId": "t-1", "ConfigurationName": "duel", "Players": [{"PlayerId": "ann"}]},
            "InvalidRequestException",
        ),
    ],
)
def test_what_exists_is_not_made_again(bench: Bench, operation: str, given: dict[str, Any], name: str) -> None:
    bench.hosted()
    bench.configure()
    bench.call("CreateLocation", LocationName="custom-moon")
    body = bench.world.rule_sets["duel-rules"].body
    filled = {"FleetId": bench.fleet_id, "RuleSetBody": body}
    given = {member: filled.get(member, value) for member, value in given.items()}

    assert fault_of_repeat(bench, operation, given) == name


def test_a_game_session_that_is_asked_for_twice_is_made_once(bench: Bench) -> None:
    bench.hosted()
    bench.ready("p-1")
    bench.ready("p-2")
    asked = {"FleetId": bench.fleet_id, "Location": "custom-laptop", "IdempotencyToken": "one"}

    first = bench.call("CreateGameSession", **asked, MaximumPlayerSessionCount=2)
    second = bench.call("CreateGameSession", **asked, MaximumPlayerSessionCount=2)
    other = bench.refused("CreateGameSession", **asked, MaximumPlayerSessionCount=3)

    assert first == second
    assert len(bench.world.sessions) == 1
    assert other.aws_name == "IdempotentParameterMismatchException"


def test_what_is_deleted_once_is_not_found_again(bench: Bench) -> None:
    bench.hosted()
    bench.configure()
    for operation, given in (
        ("DeleteMatchmakingConfiguration", {"Name": "duel"}),
        ("DeleteMatchmakingRuleSet", {"Name": "duel-rules"}),
        ("DeleteGameSessionQueue", {"Name": "main"}),
        ("DeregisterCompute", {"FleetId": bench.fleet_id, "ComputeName": "rack"}),
        ("DeleteFleet", {"FleetId": bench.fleet_id}),
        ("DeleteLocation", {"LocationName": "custom-rack"}),
    ):
        assert fault_of_repeat(bench, operation, given) == "NotFoundException"


def test_a_region_knows_nothing_of_another(bench: Bench) -> None:
    bench.configure()
    bench.start("t-1")

    def elsewhere(operation: str, **given: Any) -> Any:
        return bench.engine.call("eu-west-1", operation, given, servers_url="")

    assert elsewhere("DescribeMatchmaking", TicketIds=["t-1"]) == {"TicketList": []}
    assert elsewhere("DescribeMatchmakingConfigurations")["Configurations"] == []
    with pytest.raises(Fault, match="Matchmaking configuration duel not found"):
        elsewhere("StartMatchmaking", ConfigurationName="duel", Players=[{"PlayerId": "ann"}])
