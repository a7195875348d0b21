"""Aliases, and what else an operator changes about fleets that exist."""

from typing import Any

import pytest


def simple(bench: Any, name: str = "live", **given: Any) -> dict[str, Any]:
    routing = {"Type": "SIMPLE", "FleetId": bench.fleet_id}
    made = bench.call("CreateAlias", **{"Name": name, "RoutingStrategy": routing, **given})
    return dict(made["Alias"])


def terminal(bench: Any, message: str = "Get the new game.") -> dict[str, Any]:
    made = bench.call("CreateAlias", Name="old", RoutingStrategy={"Type": "TERMINAL", "Message": message})
    return dict(made["Alias"])


@pytest.mark.row("4.2.alias.simple")
def test_a_simple_alias_is_its_fleet(bench: Any) -> None:
    bench.hosted()
    alias = simple(bench, Description="for players")

    by_arn = bench.call("ResolveAlias", AliasId=alias["AliasArn"])

    assert by_arn == {"FleetId": bench.fleet_id, "FleetArn": bench.world.arns.fleet(bench.fleet_id)}
    assert alias == bench.call("DescribeAlias", AliasId=alias["AliasId"])["Alias"]
    assert (alias["Name"], alias["Description"]) == ("live", "for players")
    assert alias["RoutingStrategy"] == {"Type": "SIMPLE", "FleetId": bench.fleet_id, "Message": None}


@pytest.mark.parametrize("region_and_account", ["us-east-1:000000000000", "eu-west-1:123456789012", "us-east-1:"])
def test_an_arn_names_what_its_last_part_names(bench: Any, region_and_account: str) -> None:
    bench.hosted()

    described = bench.call(
        "DescribeFleetAttributes", FleetIds=[f"arn:aws:gamelift:{region_and_account}:fleet/{bench.fleet_id}"]
    )

    assert [bench.fleet_id] == [fleet["FleetId"] for fleet in described["FleetAttributes"]]


@pytest.mark.row("4.2.alias.terminal", "4.3.TerminalRoutingStrategy")
def test_a_terminal_alias_answers_its_message(bench: Any) -> None:
    bench.hosted()
    alias_id = terminal(bench)["AliasId"]

    refusals = [
        bench.refused("ResolveAlias", AliasId=alias_id),
        bench.refused("CreateGameSession", AliasId=alias_id, MaximumPlayerSessionCount=2),
        bench.refused("SearchGameSessions", AliasId=alias_id),
        bench.refused("DescribeGameSessions", AliasId=alias_id),
        bench.refused("DescribeGameSessionDetails", AliasId=alias_id),
    ]

    assert {refused.aws_name for refused in refusals} == {"TerminalRoutingStrategyException"}
    assert {refused.detail for refused in refusals} == {"Get the new game."}


@pytest.mark.row("4.2.session.alias")
def test_an_alias_stands_for_its_fleet_in_questions_about_game_sessions(bench: Any) -> None:
    bench.hosted()
    bench.ready()
    alias_id = simple(bench)["AliasId"]

    made = bench.call("CreateGameSession", AliasId=alias_id, Location="custom-laptop", MaximumPlayerSessionCount=2)
    bench.activate()

    assert made["GameSession"]["FleetId"] == bench.fleet_id
    for operation, member in (
        ("SearchGameSessions", "GameSessions"),
        ("DescribeGameSessions", "GameSessions"),
        ("DescribeGameSessionDetails", "GameSessionDetails"),
    ):
        assert len(bench.call(operation, AliasId=alias_id)[member]) == 1
    both = {"AliasId": alias_id, "FleetId": bench.fleet_id}
    assert bench.refused("SearchGameSessions", **both).aws_name == "InvalidRequestException"


@pytest.mark.row("4.2.queue.alias", "4.2.queue.destinations")
def test_an_alias_among_the_destinations_of_a_queue_leads_where_it_leads_when_the_session_is_placed(bench: Any) -> None:
    bench.hosted()
    bench.ready()
    alias = terminal(bench)
    bench.call("CreateGameSessionQueue", Name="by-alias", Destinations=[{"DestinationArn": alias["AliasArn"]}])
    asked = {"PlacementId": "p-1", "GameSessionQueueName": "by-alias", "MaximumPlayerSessionCount": 2}
    waiting = bench.call("StartGameSessionPlacement", **asked)["GameSessionPlacement"]

    routing = {"Type": "SIMPLE", "FleetId": bench.fleet_id}
    bench.call("UpdateAlias", AliasId=alias["AliasId"], RoutingStrategy=routing)
    bench.advance(1)
    bench.activate()

    placed = bench.call("DescribeGameSessionPlacement", PlacementId="p-1")["GameSessionPlacement"]
    assert (waiting["Status"], placed["Status"]) == ("PENDING", "FULFILLED")
    assert placed["GameSessionArn"] == bench.session_arn()


def test_an_updated_alias_keeps_what_was_not_named(bench: Any) -> None:
    bench.hosted()
    alias = simple(bench, Description="for players")
    bench.clock.advance(5)

    bench.call("UpdateAlias", AliasId=alias["AliasId"], Name="testers")

    shown = bench.call("DescribeAlias", AliasId=alias["AliasId"])["Alias"]
    assert shown == {**alias, "Name": "testers", "LastUpdatedTime": alias["CreationTime"] + 5}


def test_aliases_are_listed_by_name_by_routing_and_in_pages(bench: Any) -> None:
    bench.hosted()
    first, second, third = simple(bench), simple(bench), terminal(bench)

    assert bench.call("ListAliases", Name="live")["Aliases"] == [first, second]
    assert bench.call("ListAliases", RoutingStrategyType="TERMINAL")["Aliases"] == [third]
    page = bench.call("ListAliases", Limit=2)
    assert page["Aliases"] == [first, second]
    rest = bench.call("ListAliases", Limit=2, NextToken=page["NextToken"])
    assert rest == {"Aliases": [third], "NextToken": None}
    assert bench.refused("ListAliases", NextToken="none of ours").aws_name == "InvalidRequestException"


def test_a_deleted_alias_is_gone_and_its_tags_with_it(bench: Any) -> None:
    bench.hosted()
    alias = simple(bench, Tags=[{"Key": "team", "Value": "live"}])
    assert bench.call("ListTagsForResource", ResourceARN=alias["AliasArn"])["Tags"] == [
        {"Key": "team", "Value": "live"}
    ]

    assert bench.call("DeleteAlias", AliasId=alias["AliasId"]) == {}

    for operation in ("DescribeAlias", "ResolveAlias", "UpdateAlias", "DeleteAlias"):
        assert bench.refused(operation, AliasId=alias["AliasId"]).aws_name == "NotFoundException"
    assert bench.refused("ListTagsForResource", ResourceARN=alias["AliasArn"]).aws_name == "NotFoundException"


@pytest.mark.parametrize(
    "routing",
    [
        {},
        {"Type": "SIMPLE"},
        {"Type": "TERMINAL"},
        {"Type": "SIMPLE", "FleetId": "fleet-gone"},
        {"Type": "TERMINAL", "Message": "Bye.", "FleetId": "fleet-1"},
        {"Type": "SIMPLE", "FleetId": "fleet-1", "Message": "Bye."},
        {"Type": "ROUND_ROBIN"},
    ],
)
def test_a_routing_that_makes_no_sense_is_refused(bench: Any, routing: dict[str, Any]) -> None:
    assert bench.refused("CreateAlias", Name="a", RoutingStrategy=routing).aws_name == "InvalidRequestException"


def test_an_alias_cannot_be_led_to_a_fleet_that_is_not_there(bench: Any) -> None:
    bench.hosted()
    alias_id = simple(bench)["AliasId"]

    routing = {"Type": "SIMPLE", "FleetId": "fleet-gone"}
    refused = bench.refused("UpdateAlias", AliasId=alias_id, RoutingStrategy=routing)

    assert refused.aws_name == "NotFoundException"


@pytest.mark.row("2.6.aliases")
def test_there_is_a_limit_of_aliases(bench: Any) -> None:
    bench.hosted()
    for _ in range(100):
        simple(bench)

    routing = {"Type": "SIMPLE", "FleetId": bench.fleet_id}
    refused = bench.refused("CreateAlias", Name="one too many", RoutingStrategy=routing)

    assert (refused.aws_name, refused.detail) == ("LimitExceededException", "The limit of 100 aliases is reached.")


# Fleets ------------------------------------------------------------------------------------------------------------


def test_the_attributes_of_a_fleet_can_be_changed_one_by_one(bench: Any) -> None:
    bench.hosted()
    (before,) = bench.call("DescribeFleetAttributes")["FleetAttributes"]
    changes = {
        "Name": "new",
        "Description": "words",
        "NewGameSessionProtectionPolicy": "FullProtection",
        "ResourceCreationLimitPolicy": {"NewGameSessionsPerCreator": 2, "PolicyPeriodInMinutes": 5},
        "MetricGroups": ["all"],
        "AnywhereConfiguration": {"Cost": "2"},
    }

    for member, value in changes.items():
        answer = bench.call("UpdateFleetAttributes", FleetId=before["FleetArn"], **{member: value})
        assert answer == {"FleetId": bench.fleet_id, "FleetArn": before["FleetArn"]}

    (after,) = bench.call("DescribeFleetAttributes", FleetIds=[bench.fleet_id, "fleet-gone"])["FleetAttributes"]
    assert after == {**before, **changes}


def test_a_location_that_is_taken_from_a_fleet_takes_with_it_what_runs_there(bench: Any) -> None:
    arn = bench.running_session()

    answer = bench.call("DeleteFleetLocations", FleetId=bench.fleet_id, Locations=["custom-laptop"])

    assert [(one["Location"], one["Status"]) for one in answer["LocationStates"]] == [("custom-laptop", "DELETING")]
    (shown,) = bench.call("DescribeGameSessions", GameSessionId=arn)["GameSessions"]
    assert shown["Status"] == "TERMINATED"
    assert [one["ComputeName"] for one in bench.call("ListCompute", FleetId=bench.fleet_id)["ComputeList"]] == ["rack"]
    gone = bench.refused("DeleteFleetLocations", FleetId=bench.fleet_id, Locations=["custom-laptop"])
    last = bench.refused("DeleteFleetLocations", FleetId=bench.fleet_id, Locations=["custom-rack"])
    assert (gone.aws_name, last.aws_name) == ("NotFoundException", "InvalidRequestException")


def test_the_utilization_of_a_fleet_counts_what_runs_on_it(bench: Any) -> None:
    arn = bench.running_session()
    bench.call("CreatePlayerSession", GameSessionId=arn, PlayerId="ann")
    busy = {
        "FleetId": bench.fleet_id,
        "FleetArn": bench.world.arns.fleet(bench.fleet_id),
        "ActiveServerProcessCount": 1,
        "ActiveGameSessionCount": 1,
        "CurrentPlayerSessionCount": 1,
        "MaximumPlayerSessionCount": 3,
    }

    def at(location: str) -> dict[str, Any]:
        asked = {"FleetId": bench.fleet_id, "Location": location}
        return dict(bench.call("DescribeFleetLocationUtilization", **asked)["FleetUtilization"])

    assert bench.call("DescribeFleetUtilization")["FleetUtilization"] == [busy]
    assert bench.call("DescribeFleetUtilization", FleetIds=["fleet-gone"])["FleetUtilization"] == []
    assert at("custom-laptop") == {**busy, "Location": "custom-laptop"}
    assert (at("custom-rack")["ActiveServerProcessCount"], at("custom-rack")["ActiveGameSessionCount"]) == (0, 0)
    elsewhere = {"FleetId": bench.fleet_id, "Location": "custom-moon"}
    assert bench.refused("DescribeFleetLocationUtilization", **elsewhere).aws_name == "NotFoundException"


@pytest.mark.parametrize(
    "given",
    [
        {"CertificateConfiguration": {"CertificateType": "GENERATED"}},
        {"PlayerGatewayMode": "REQUIRED"},
        {"ServerLaunchPath": "/local/game"},
        {"Tags": [{"Key": "aws:owner", "Value": "me"}]},
        {"Tags": [{"Key": f"k{number}", "Value": ""} for number in range(51)]},
    ],
)
def test_a_fleet_that_could_only_be_managed_by_aws_is_refused(bench: Any, given: dict[str, Any]) -> None:
    bench.hosted()
    fleet = {"Name": "f", "ComputeType": "ANYWHERE", "Locations": [{"Location": "custom-rack"}]}

    assert bench.refused("CreateFleet", **fleet, **given).aws_name == "InvalidRequestException"
    assert bench.call("CreateFleet", **fleet)["FleetAttributes"]["Name"] == "f"
