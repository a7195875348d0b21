import json
from typing import Any

import pytest

from muster_gamelift.operations.table import OPERATIONS
from muster_gamelift.validation import gamelift_model

BODY = json.dumps(
    {
        "name": "",
        "ruleLanguageVersion": "1.0",
        "teams": [{"name": "all", "minPlayers": 1, "maxPlayers": 2}],
    }
)


def rule_set(bench: Any, name: str = "rules") -> None:
    bench.call("CreateMatchmakingRuleSet", Name=name, RuleSetBody=BODY)


def names(rows: Any, member: str = "Name") -> list[str]:
    return [row[member] for row in rows]


def test_every_operation_offered_is_one_of_the_model() -> None:
    assert set(OPERATIONS) <= gamelift_model().operations


def test_an_operation_that_is_not_offered_says_so_by_name(bench: Any) -> None:
    refused = bench.refused("CreateBuild")

    assert refused.aws_name == "InvalidRequestException"
    assert refused.detail.startswith("CreateBuild is not offered by this local GameLift. Start game servers by hand")


# Rule sets ---------------------------------------------------------------------------------------------------------


@pytest.mark.row("1.1.body.kept")
def test_a_rule_set_is_kept_byte_for_byte(bench: Any) -> None:
    body = f"// a comment\n{BODY}  "
    made = bench.call("CreateMatchmakingRuleSet", Name="rules", RuleSetBody=body)["RuleSet"]

    (shown,) = bench.call("DescribeMatchmakingRuleSets", Names=["rules"])["RuleSets"]

    assert shown == made
    assert shown == {
        "RuleSetName": "rules",
        "RuleSetArn": "arn:aws:gamelift:us-east-1:000000000000:matchmakingruleset/rules",
        "RuleSetBody": body,
        "CreationTime": bench.now_s,
    }


@pytest.mark.row("1.9.create")
def test_an_invalid_rule_set_is_refused_with_its_problems(bench: Any) -> None:
    body = json.dumps({"ruleLanguageVersion": "1.0", "teams": [], "rules": [{"name": "r", "type": "magic"}]})

    created = bench.refused("CreateMatchmakingRuleSet", Name="rules", RuleSetBody=body)
    validated = bench.refused("ValidateMatchmakingRuleSet", RuleSetBody=body)

    assert created.aws_name == "InvalidRequestException"
    assert created.detail == validated.detail
    assert "magic" in created.detail
    assert "teams" in created.detail


@pytest.mark.row("1.9.validate")
def test_a_valid_rule_set_is_called_valid_and_not_stored(bench: Any) -> None:
    assert bench.call("ValidateMatchmakingRuleSet", RuleSetBody=BODY) == {"Valid": True}
    assert bench.call("DescribeMatchmakingRuleSets")["RuleSets"] == []


@pytest.mark.row("4.2.rule.sets.unknown")
def test_rule_set_names_are_unique_and_unknown_ones_not_found(bench: Any) -> None:
    rule_set(bench)

    again = bench.refused("CreateMatchmakingRuleSet", Name="rules", RuleSetBody=BODY)
    assert again.aws_name == "InvalidRequestException"
    assert bench.refused("DescribeMatchmakingRuleSets", Names=["gone"]).aws_name == "NotFoundException"
    assert bench.refused("CreateMatchmakingRuleSet", Name="", RuleSetBody=BODY).aws_name == "InvalidRequestException"


@pytest.mark.row("4.2.pages")
def test_rule_sets_come_in_pages(bench: Any) -> None:
    for number in range(25):
        rule_set(bench, f"rules-{number}")

    first = bench.call("DescribeMatchmakingRuleSets")
    second = bench.call("DescribeMatchmakingRuleSets", NextToken=first["NextToken"], Limit=10)
    third = bench.call("DescribeMatchmakingRuleSets", NextToken=second["NextToken"])

    pages = [names(one["RuleSets"], "RuleSetName") for one in (first, second, third)]
    assert [len(page) for page in pages] == [10, 10, 5]
    assert [name for page in pages for name in page] == [f"rules-{number}" for number in range(25)]
    assert third["NextToken"] is None


@pytest.mark.parametrize("token", ["bm90aGluZw==", "%%%", "żółć"])
def test_a_made_up_token_is_refused(bench: Any, token: str) -> None:
    rule_set(bench)

    assert bench.refused("DescribeMatchmakingRuleSets", NextToken=token).aws_name == "InvalidRequestException"


@pytest.mark.row("4.2.rule.set.in.use")
def test_a_rule_set_in_use_cannot_be_deleted(bench: Any) -> None:
    bench.configure()
    assert bench.refused("DeleteMatchmakingRuleSet", Name="duel-rules").aws_name == "InvalidRequestException"

    rule_set(bench, "other")
    bench.start("t-1")
    bench.call("UpdateMatchmakingConfiguration", Name="duel", RuleSetName="other")
    assert "open matchmaking tickets" in bench.refused("DeleteMatchmakingRuleSet", Name="duel-rules").detail

    bench.call("StopMatchmaking", TicketId="t-1")
    assert bench.call("DeleteMatchmakingRuleSet", Name="duel-rules") == {}
    assert bench.refused("DeleteMatchmakingRuleSet", Name="duel-rules").aws_name == "NotFoundException"


# Configurations ----------------------------------------------------------------------------------------------------


def test_a_configuration_shows_everything_it_was_given(bench: Any) -> None:
    arn = bench.hosted()
    given = {
        "Description": "ranked",
        "GameSessionQueueArns": [arn],
        "RequestTimeoutSeconds": 90,
        "AcceptanceTimeoutSeconds": 15,
        "AcceptanceRequired": True,
        "NotificationTarget": "arn:aws:sns:us-east-1:000000000000:topic",
        "CustomEventData": "x",
        "GameProperties": [{"Key": "k", "Value": "v"}],
        "GameSessionData": "d",
        "BackfillMode": "MANUAL",
        "FlexMatchMode": "WITH_QUEUE",
    }
    bench.configure(**given, AdditionalPlayerCount=0)

    (shown,) = bench.call("DescribeMatchmakingConfigurations", Names=["duel"])["Configurations"]

    assert shown == {
        "Name": "duel",
        "ConfigurationArn": "arn:aws:gamelift:us-east-1:000000000000:matchmakingconfiguration/duel",
        "RuleSetName": "duel-rules",
        "RuleSetArn": "arn:aws:gamelift:us-east-1:000000000000:matchmakingruleset/duel-rules",
        "AdditionalPlayerCount": 0,
        "CreationTime": bench.now_s,
        **given,
    }


@pytest.mark.row("4.2.configuration.mode", "4.2.configuration.queue")
def test_a_configuration_without_a_mode_wants_a_queue(bench: Any) -> None:
    rule_set(bench)

    refused = bench.refused(
        "CreateMatchmakingConfiguration",
        Name="c",
        RuleSetName="rules",
        RequestTimeoutSeconds=1,
        AcceptanceRequired=False,
    )

    assert "GameSessionQueueArns" in refused.detail


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"RuleSetName": "gone"}, "NotFoundException"),
        ({"BackfillMode": "AUTOMATIC"}, "InvalidRequestException"),
        ({"AdditionalPlayerCount": 1}, "InvalidRequestException"),
        ({"GameSessionQueueArns": ["arn:aws:gamelift:us-east-1::gamesessionqueue/q"]}, "InvalidRequestException"),
        ({"NotificationTarget": "arn:aws:sqs:us-east-1:000000000000:queue"}, "InvalidRequestException"),
        ({"FlexMatchMode": "WITH_QUEUE"}, "InvalidRequestException"),
        (
            {"FlexMatchMode": "WITH_QUEUE", "GameSessionQueueArns": ["arn:aws:gamelift:::gamesessionqueue/gone"]},
            "NotFoundException",
        ),
        (
            {"FlexMatchMode": "WITH_QUEUE", "GameSessionQueueArns": ["arn:aws:gamelift:::gamesessionqueue/a"] * 2},
            "InvalidRequestException",
        ),
        ({"Name": ""}, "InvalidRequestException"),
    ],
)
@pytest.mark.row("4.2.configuration.queue", "4.2.configuration.standalone", "4.2.configuration.target")
def test_a_configuration_that_makes_no_sense_is_refused(bench: Any, given: dict[str, Any], name: str) -> None:
    rule_set(bench)
    members = {"Name": "c", "RuleSetName": "rules", "RequestTimeoutSeconds": 1, "AcceptanceRequired": False}

    refused = bench.refused("CreateMatchmakingConfiguration", **{**members, "FlexMatchMode": "STANDALONE", **given})

    assert refused.aws_name == name


def test_more_open_slots_than_the_teams_can_spare_are_refused(bench: Any) -> None:
    arn = bench.hosted()
    rule_set(bench)

    refused = bench.refused(
        "CreateMatchmakingConfiguration",
        Name="c",
        RuleSetName="rules",
        RequestTimeoutSeconds=1,
        AcceptanceRequired=False,
        GameSessionQueueArns=[arn],
        AdditionalPlayerCount=2,
    )

    assert "AdditionalPlayerCount" in refused.detail


@pytest.mark.row("4.2.configurations.unknown")
def test_configurations_are_found_by_name_arn_and_rule_set(bench: Any) -> None:
    bench.configure("one")
    bench.configure("two")
    arn = "arn:aws:gamelift:us-east-1:000000000000:matchmakingconfiguration/two"

    def found(**given: Any) -> list[str]:
        return names(bench.call("DescribeMatchmakingConfigurations", **given)["Configurations"])

    assert found() == ["one", "two"]
    assert found(Names=[arn, "gone"]) == ["two"]
    assert found(RuleSetName="one-rules") == ["one"]


@pytest.mark.row("4.2.configuration.in.use")
def test_a_configuration_with_open_tickets_cannot_be_deleted(bench: Any) -> None:
    bench.configure()
    bench.start("t-1")
    assert bench.refused("DeleteMatchmakingConfiguration", Name="duel").aws_name == "InvalidRequestException"

    bench.call("StopMatchmaking", TicketId="t-1")

    assert bench.call("DeleteMatchmakingConfiguration", Name="duel") == {}
    assert bench.refused("DeleteMatchmakingConfiguration", Name="duel").aws_name == "NotFoundException"


def test_a_configuration_name_is_used_once(bench: Any) -> None:
    bench.configure()

    refused = bench.refused(
        "CreateMatchmakingConfiguration",
        Name="duel",
        RuleSetName="duel-rules",
        RequestTimeoutSeconds=1,
        AcceptanceRequired=False,
        FlexMatchMode="STANDALONE",
    )
    assert refused.aws_name == "InvalidRequestException"


# Queues ------------------------------------------------------------------------------------------------------------


def test_a_queue_shows_everything_it_was_given(bench: Any) -> None:
    bench.hosted()
    given = {
        "TimeoutInSeconds": 30,
        "PlayerLatencyPolicies": [
            {"MaximumIndividualPlayerLatencyMilliseconds": 50, "PolicyDurationSeconds": 10},
            {"MaximumIndividualPlayerLatencyMilliseconds": 100, "PolicyDurationSeconds": None},
        ],
        "Destinations": [{"DestinationArn": bench.world.arns.fleet(bench.fleet_id)}],
        "FilterConfiguration": {"AllowedLocations": ["custom-laptop"]},
        "PriorityConfiguration": {"PriorityOrder": ["LOCATION"], "LocationOrder": ["custom-rack"]},
        "CustomEventData": "x",
        "NotificationTarget": "arn:aws:sns:us-east-1:000000000000:topic",
    }
    bench.call("CreateGameSessionQueue", Name="q", **given)

    (shown,) = bench.call("DescribeGameSessionQueues", Names=["q"])["GameSessionQueues"]

    arn = "arn:aws:gamelift:us-east-1:000000000000:gamesessionqueue/q"
    assert shown == {"Name": "q", "GameSessionQueueArn": arn, **given}


@pytest.mark.row("2.6.queue.timeout")
def test_a_queue_waits_ten_minutes_unless_told(bench: Any) -> None:
    made = bench.call("CreateGameSessionQueue", Name="q")["GameSessionQueue"]

    assert made["TimeoutInSeconds"] == 600


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"TimeoutInSeconds": 9}, "InvalidRequestException"),
        ({"TimeoutInSeconds": 601}, "InvalidRequestException"),
        ({"Destinations": [{"DestinationArn": "arn:aws:gamelift:us-east-1::fleet/fleet-gone"}]}, "NotFoundException"),
        (
            {"Destinations": [{"DestinationArn": "arn:aws:gamelift:us-east-1::alias/alias-1"}]},
            "NotFoundException",
        ),
        ({"Destinations": [{}]}, "InvalidRequestException"),
        ({"Destinations": [{"DestinationArn": "arn:x"}] * 11}, "InvalidRequestException"),
        ({"PlayerLatencyPolicies": [{"PolicyDurationSeconds": 5}]}, "InvalidRequestException"),
        ({"PriorityConfiguration": {"PriorityOrder": ["COST", "COST"]}}, "InvalidRequestException"),
        ({"NotificationTarget": "arn:aws:sqs:us-east-1:000000000000:queue"}, "InvalidRequestException"),
        ({"Name": "main"}, "InvalidRequestException"),
    ],
)
@pytest.mark.row("2.6.queue.timeout", "2.6.destinations")
def test_a_queue_that_makes_no_sense_is_refused(bench: Any, given: dict[str, Any], name: str) -> None:
    bench.hosted()

    assert bench.refused("CreateGameSessionQueue", **{"Name": "q", **given}).aws_name == name


def test_a_queue_is_updated_member_by_member(bench: Any) -> None:
    bench.hosted(TimeoutInSeconds=30)

    after = bench.call("UpdateGameSessionQueue", Name="main", CustomEventData="new")["GameSessionQueue"]

    assert (after["TimeoutInSeconds"], after["CustomEventData"]) == (30, "new")
    assert len(after["Destinations"]) == 1


@pytest.mark.row("4.2.queue.deleted")
def test_a_deleted_queue_is_gone_and_its_placements_fail(bench: Any) -> None:
    bench.hosted()
    placed = {"PlacementId": "p", "GameSessionQueueName": "main", "MaximumPlayerSessionCount": 1}
    bench.call("StartGameSessionPlacement", **placed)

    bench.call("DeleteGameSessionQueue", Name="main")

    shown = bench.call("DescribeGameSessionPlacement", PlacementId="p")["GameSessionPlacement"]
    assert shown["Status"] == "FAILED"
    assert bench.call("DescribeGameSessionQueues", Names=["main"])["GameSessionQueues"] == []


# Fleets, locations, computes ---------------------------------------------------------------------------------------


def test_an_anywhere_fleet_is_active_at_once(bench: Any) -> None:
    bench.hosted()

    (shown,) = bench.call("DescribeFleetAttributes", FleetIds=[bench.fleet_id])["FleetAttributes"]

    assert (shown["Status"], shown["ComputeType"]) == ("ACTIVE", "ANYWHERE")
    assert shown["AnywhereConfiguration"] == {"Cost": "0.5"}
    assert bench.call("ListFleets")["FleetIds"] == [bench.fleet_id]
    assert bench.call("ListFleets", BuildId="build-1")["FleetIds"] == []


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"ComputeType": "EC2"}, "InvalidRequestException"),
        ({"ComputeType": None}, "InvalidRequestException"),
        ({"Locations": None}, "InvalidRequestException"),
        ({"Locations": [{"Location": "custom-gone"}]}, "NotFoundException"),
        ({"Locations": [{"Location": "us-west-2"}]}, "InvalidRequestException"),
        ({"Locations": [{"Location": "custom-laptop"}] * 2}, "ConflictException"),
        ({"BuildId": "build-1"}, "InvalidRequestException"),
        ({"AnywhereConfiguration": {"Cost": "cheap"}}, "InvalidRequestException"),
    ],
)
def test_a_fleet_that_makes_no_sense_is_refused(bench: Any, given: dict[str, Any], name: str) -> None:
    bench.hosted()
    members = {"Name": "f", "ComputeType": "ANYWHERE", "Locations": [{"Location": "custom-laptop"}], **given}

    assert bench.refused("CreateFleet", **members).aws_name == name


def test_locations_are_added_to_a_fleet(bench: Any) -> None:
    bench.hosted()
    bench.call("CreateLocation", LocationName="custom-attic")

    bench.call("CreateFleetLocations", FleetId=bench.fleet_id, Locations=[{"Location": "custom-attic"}])

    shown = bench.call("DescribeFleetLocationAttributes", FleetId=bench.fleet_id)["LocationAttributes"]
    assert [one["LocationState"]["Location"] for one in shown] == ["custom-laptop", "custom-rack", "custom-attic"]
    again = {"FleetId": bench.fleet_id, "Locations": [{"Location": "custom-attic"}]}
    assert bench.refused("CreateFleetLocations", **again).aws_name == "ConflictException"


def test_custom_locations_live_until_deleted_and_not_while_used(bench: Any) -> None:
    bench.hosted()
    bench.call("CreateLocation", LocationName="custom-attic")

    listed = bench.call("ListLocations", Filters=["CUSTOM"])["Locations"]
    assert names(listed, "LocationName") == ["custom-laptop", "custom-rack", "custom-attic"]
    assert names(bench.call("ListLocations", Filters=["AWS"])["Locations"], "LocationName") == ["us-east-1"]
    assert bench.refused("CreateLocation", LocationName="custom-attic").aws_name == "ConflictException"
    assert bench.refused("DeleteLocation", LocationName="custom-rack").aws_name == "InvalidRequestException"
    bench.call("DeleteLocation", LocationName="custom-attic")
    assert bench.refused("DeleteLocation", LocationName="custom-attic").aws_name == "NotFoundException"


@pytest.mark.row("4.2.compute", "4.2.compute.status", "5.1.endpoint")
def test_a_registered_compute_says_where_its_servers_connect(bench: Any) -> None:
    bench.hosted()

    shown = bench.call("DescribeCompute", FleetId=bench.fleet_id, ComputeName="laptop")["Compute"]

    assert shown == {
        "FleetId": bench.fleet_id,
        "FleetArn": bench.world.arns.fleet(bench.fleet_id),
        "ComputeName": "laptop",
        "ComputeArn": "arn:aws:gamelift:us-east-1:000000000000:compute/laptop",
        "IpAddress": "127.0.0.1",
        "DnsName": None,
        "ComputeStatus": "ACTIVE",
        "Location": "custom-laptop",
        "CreationTime": bench.now_s,
        "GameLiftServiceSdkEndpoint": "ws://127.0.0.1:9080",
    }
    listed = bench.call("ListCompute", FleetId=bench.fleet_id, Location="custom-rack")["ComputeList"]
    assert names(listed, "ComputeName") == ["rack"]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"ComputeName": "laptop"}, "ConflictException"),
        ({"IpAddress": None}, "InvalidRequestException"),
        ({"DnsName": "host.example"}, "InvalidRequestException"),
        ({"IpAddress": "::::"}, "InvalidRequestException"),
        ({"Location": None}, "InvalidRequestException"),
        ({"Location": "custom-moon"}, "InvalidRequestException"),
        ({"FleetId": "fleet-gone"}, "InvalidRequestException"),
    ],
)
def test_a_compute_that_makes_no_sense_is_refused(bench: Any, given: dict[str, Any], name: str) -> None:
    bench.hosted()
    members = {"FleetId": bench.fleet_id, "ComputeName": "c", "IpAddress": "127.0.0.1", "Location": "custom-laptop"}

    assert bench.refused("RegisterCompute", **{**members, **given}).aws_name == name


def test_a_token_belongs_to_a_compute_and_expires(bench: Any) -> None:
    bench.hosted()

    answer = bench.call("GetComputeAuthToken", FleetId=bench.fleet_id, ComputeName="laptop")

    assert answer["ExpirationTimestamp"] == bench.now_s + bench.limits.token_s
    assert answer["AuthToken"] not in str(list(bench.world.tokens)), "only a digest is kept"
    gone = bench.refused("GetComputeAuthToken", FleetId=bench.fleet_id, ComputeName="gone")
    assert gone.aws_name == "NotFoundException"
    bench.advance(bench.limits.token_s)
    assert len(bench.world.tokens) == 0


def test_a_deregistered_compute_takes_its_processes_and_sessions_along(bench: Any) -> None:
    arn = bench.running_session()

    bench.call("DeregisterCompute", FleetId=bench.fleet_id, ComputeName="laptop")

    (shown,) = bench.call("DescribeGameSessions", GameSessionId=arn)["GameSessions"]
    assert shown["Status"] == "TERMINATED"
    assert bench.messages()[-1]["Action"] == "TerminateProcess"
    gone = bench.refused("DescribeCompute", FleetId=bench.fleet_id, ComputeName="laptop")
    assert gone.aws_name == "NotFoundException"


def test_a_deleted_fleet_is_gone_with_all_that_ran_on_it(bench: Any) -> None:
    arn = bench.running_session()
    arn_of_fleet = bench.world.arns.fleet(bench.fleet_id)

    assert bench.call("DeleteFleet", FleetId=arn_of_fleet) == {}

    (shown,) = bench.call("DescribeGameSessions", GameSessionId=arn)["GameSessions"]
    assert shown["Status"] == "TERMINATED"
    assert bench.call("DescribeFleetAttributes", FleetIds=[arn_of_fleet])["FleetAttributes"] == []


@pytest.mark.row("2.6.locations")
def test_quotas_are_kept(bench: Any) -> None:
    for number in range(20):
        bench.call("CreateLocation", LocationName=f"custom-{number}")

    assert bench.refused("CreateLocation", LocationName="custom-20").aws_name == "LimitExceededException"


# Tags --------------------------------------------------------------------------------------------------------------


@pytest.mark.row("4.2.tags")
def test_tags_are_given_at_creation_changed_and_taken_away(bench: Any) -> None:
    made = bench.call("CreateMatchmakingRuleSet", Name="r", RuleSetBody=BODY, Tags=[{"Key": "team", "Value": "a"}])
    arn = made["RuleSet"]["RuleSetArn"]

    bench.call("TagResource", ResourceARN=arn, Tags=[{"Key": "team", "Value": "b"}, {"Key": "cost", "Value": "1"}])
    assert bench.call("ListTagsForResource", ResourceARN=arn)["Tags"] == [
        {"Key": "team", "Value": "b"},
        {"Key": "cost", "Value": "1"},
    ]

    bench.call("UntagResource", ResourceARN=arn, TagKeys=["team", "never"])
    assert bench.call("ListTagsForResource", ResourceARN=arn)["Tags"] == [{"Key": "cost", "Value": "1"}]
    bench.call("DeleteMatchmakingRuleSet", Name="r")
    assert bench.refused("ListTagsForResource", ResourceARN=arn).aws_name == "NotFoundException"


def test_a_resource_has_at_most_fifty_tags(bench: Any) -> None:
    bench.configure()
    arn = bench.world.arns.configuration("duel")

    refused = bench.refused("TagResource", ResourceARN=arn, Tags=[{"Key": str(n), "Value": "x"} for n in range(51)])
    assert refused.aws_name == "InvalidRequestException"
