"""Rows of docs/rows.md about operations: each does what it is for, and answers in its shape of the service model."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from gamelift_bench import DUEL, Bench
from gamelift_rows_shapes import breaches, model

from muster_gamelift.operations.table import OFFERED
from muster_gamelift.operations.unoffered import EMPTY, REFUSED, UNSUPPORTED

row = pytest.mark.row
BODY = json.dumps(DUEL)
Answer = Mapping[str, Any]


class Desk:
    """Calls operations and holds every answer against the service model."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.called: set[str] = set()

    def __call__(self, operation: str, **given: Any) -> Any:
        answer = self.bench.call(operation, **given)
        assert breaches(operation, answer) == []
        self.called.add(operation)
        return answer

    def hosted(self) -> str:
        self.bench.hosted()
        return self.bench.fleet_id

    def session(self) -> str:
        return self.bench.running_session()


def start_matchmaking(desk: Desk) -> None:
    desk.bench.configure()
    players = [{"PlayerId": "ann", "PlayerAttributes": {"skill": {"N": 3}}, "LatencyInMs": {"eu": 9}}]

    ticket = desk("StartMatchmaking", ConfigurationName="duel", Players=players, TicketId="t-1")["MatchmakingTicket"]

    assert (ticket["TicketId"], ticket["Status"]) == ("t-1", "QUEUED")


def describe_matchmaking(desk: Desk) -> None:
    desk.bench.configure_with_queue()
    desk.bench.ready()
    desk.bench.start("t-1")
    desk.bench.start("t-2")
    desk.bench.advance()
    desk.bench.activate()

    tickets = desk("DescribeMatchmaking", TicketIds=["t-1", "t-2"])["TicketList"]

    assert [one["Status"] for one in tickets] == ["COMPLETED"] * 2


def stop_matchmaking(desk: Desk) -> None:
    desk.bench.configure()
    desk.bench.start("t-1")

    assert desk("StopMatchmaking", TicketId="t-1") == {}
    assert desk.bench.status("t-1") == "CANCELLED"


def accept_match(desk: Desk) -> None:
    desk.bench.configure(AcceptanceRequired=True)
    desk.bench.start("t-1", "ann")
    desk.bench.start("t-2", "bob")
    desk.bench.advance()

    assert desk("AcceptMatch", TicketId="t-1", PlayerIds=["ann"], AcceptanceType="ACCEPT") == {}
    assert desk("AcceptMatch", TicketId="t-2", PlayerIds=["bob"], AcceptanceType="ACCEPT") == {}
    assert desk.bench.status("t-1") == "COMPLETED"


def start_match_backfill(desk: Desk) -> None:
    desk.bench.configure_with_queue(BackfillMode="MANUAL")
    desk.bench.ready()
    arn = desk.bench.call(
        "CreateGameSession", FleetId=desk.bench.fleet_id, Location="custom-laptop", MaximumPlayerSessionCount=2
    )["GameSession"]["GameSessionId"]
    desk.bench.activate()
    players = [{"PlayerId": "ann", "Team": "red", "PlayerAttributes": {"skill": {"N": 3}}}]

    started = desk("StartMatchBackfill", ConfigurationName="duel", Players=players, GameSessionArn=arn, TicketId="b-1")

    assert started["MatchmakingTicket"]["Status"] == "QUEUED"
    assert started["MatchmakingTicket"]["Players"][0]["Team"] == "red"


def configurations(desk: Desk) -> None:
    arn = desk.hosted() and desk.bench.world.arns.queue("main")
    desk.bench.call("CreateMatchmakingRuleSet", Name="rules", RuleSetBody=BODY)
    given = {"RuleSetName": "rules", "RequestTimeoutSeconds": 9, "AcceptanceRequired": False}

    made = desk("CreateMatchmakingConfiguration", Name="c", GameSessionQueueArns=[arn], **given)["Configuration"]
    changed = desk("UpdateMatchmakingConfiguration", Name="c", Description="new")["Configuration"]
    (shown,) = desk("DescribeMatchmakingConfigurations", Names=["c"])["Configurations"]

    assert made["FlexMatchMode"] == "WITH_QUEUE"
    assert shown == changed
    assert shown["Description"] == "new"
    assert desk("DeleteMatchmakingConfiguration", Name="c") == {}
    assert desk("DescribeMatchmakingConfigurations")["Configurations"] == []


def rule_sets(desk: Desk) -> None:
    assert desk("ValidateMatchmakingRuleSet", RuleSetBody=BODY) == {"Valid": True}
    desk("CreateMatchmakingRuleSet", Name="rules", RuleSetBody=BODY, Tags=[{"Key": "k", "Value": "v"}])

    (shown,) = desk("DescribeMatchmakingRuleSets", Names=["rules"])["RuleSets"]

    assert shown["RuleSetBody"] == BODY
    assert desk("DeleteMatchmakingRuleSet", Name="rules") == {}


def queues(desk: Desk) -> None:
    arn = desk.bench.world.arns.fleet(desk.hosted())
    desk("CreateGameSessionQueue", Name="q", Destinations=[{"DestinationArn": arn}], CustomEventData="x")
    desk("UpdateGameSessionQueue", Name="q", TimeoutInSeconds=30)

    (shown,) = desk("DescribeGameSessionQueues", Names=["q"])["GameSessionQueues"]

    assert (shown["TimeoutInSeconds"], shown["CustomEventData"]) == (30, "x")
    assert desk("DeleteGameSessionQueue", Name="q") == {}


def placements(desk: Desk) -> None:
    desk.hosted()
    latency = {"PlayerId": "ann", "RegionIdentifier": "custom-laptop", "LatencyInMilliseconds": 8.5}
    given = {"GameSessionQueueName": "main", "MaximumPlayerSessionCount": 2, "PlayerLatencies": [latency]}
    desk("StartGameSessionPlacement", PlacementId="a", DesiredPlayerSessions=[{"PlayerId": "ann"}], **given)
    desk.bench.ready()
    desk.bench.advance()
    desk.bench.activate()
    desk("StartGameSessionPlacement", PlacementId="b", **given)

    fulfilled = desk("DescribeGameSessionPlacement", PlacementId="a")["GameSessionPlacement"]
    stopped = desk("StopGameSessionPlacement", PlacementId="b")["GameSessionPlacement"]

    assert (fulfilled["Status"], stopped["Status"]) == ("FULFILLED", "CANCELLED")


def game_sessions(desk: Desk) -> None:
    fleet_id = desk.hosted()
    desk.bench.ready()
    made = desk(
        "CreateGameSession", FleetId=fleet_id, Location="custom-laptop", MaximumPlayerSessionCount=2, Name="final"
    )
    arn = made["GameSession"]["GameSessionId"]
    desk.bench.activate()
    changed = desk("UpdateGameSession", GameSessionId=arn, ProtectionPolicy="FullProtection")["GameSession"]
    (found,) = desk("SearchGameSessions", FleetId=fleet_id, FilterExpression="gameSessionName = 'final'")[
        "GameSessions"
    ]
    (shown,) = desk("DescribeGameSessions", GameSessionId=arn)["GameSessions"]
    (detail,) = desk("DescribeGameSessionDetails", GameSessionId=arn)["GameSessionDetails"]

    assert changed == found == shown == detail["GameSession"]
    assert detail["ProtectionPolicy"] == "FullProtection"
    ending = desk("TerminateGameSession", GameSessionId=arn, TerminationMode="TRIGGER_ON_PROCESS_TERMINATE")
    assert ending["GameSession"]["Status"] == "TERMINATING"


def player_sessions(desk: Desk) -> None:
    arn = desk.session()
    desk("CreatePlayerSession", GameSessionId=arn, PlayerId="ann", PlayerData="x")
    desk("CreatePlayerSessions", GameSessionId=arn, PlayerIds=["bob", "cyd"], PlayerDataMap={"bob": "y"})

    shown = desk("DescribePlayerSessions", GameSessionId=arn)["PlayerSessions"]

    assert [(one["PlayerId"], one.get("PlayerData")) for one in shown] == [("ann", "x"), ("bob", "y"), ("cyd", None)]


def fleets(desk: Desk) -> None:
    desk("CreateLocation", LocationName="custom-one")
    desk("CreateLocation", LocationName="custom-two")
    one, two = ([{"Location": f"custom-{name}"}] for name in ("one", "two"))
    made = desk("CreateFleet", Name="f", ComputeType="ANYWHERE", Locations=one, AnywhereConfiguration={"Cost": "1"})
    fleet_id = made["FleetAttributes"]["FleetId"]
    desk("CreateFleetLocations", FleetId=fleet_id, Locations=two)

    (shown,) = desk("DescribeFleetAttributes", FleetIds=[fleet_id])["FleetAttributes"]
    states = desk("DescribeFleetLocationAttributes", FleetId=fleet_id)["LocationAttributes"]

    assert shown["Status"] == "ACTIVE"
    assert [state["LocationState"]["Location"] for state in states] == ["custom-one", "custom-two"]
    assert desk("ListFleets")["FleetIds"] == [fleet_id]
    assert {each["LocationName"] for each in desk("ListLocations")["Locations"]} >= {"custom-one", "custom-two"}
    assert desk("DeleteFleet", FleetId=fleet_id) == {}
    assert desk("DeleteLocation", LocationName="custom-one") == {}
    assert desk("ListFleets")["FleetIds"] == []


def computes(desk: Desk) -> None:
    fleet_id = desk.hosted()
    given = {"FleetId": fleet_id, "ComputeName": "attic"}
    made = desk("RegisterCompute", **given, IpAddress="10.0.0.1", Location="custom-rack")["Compute"]

    shown = desk("DescribeCompute", **given)["Compute"]
    listed = desk("ListCompute", FleetId=fleet_id)["ComputeList"]
    token = desk("GetComputeAuthToken", **given)

    assert made == shown
    assert [one["ComputeName"] for one in listed] == ["laptop", "rack", "attic"]
    assert token["ComputeName"] == "attic"
    assert desk("DeregisterCompute", **given) == {}


def changed_fleets(desk: Desk) -> None:
    fleet_id = desk.hosted()
    desk("CreateLocation", LocationName="custom-attic")
    desk("CreateFleetLocations", FleetId=fleet_id, Locations=[{"Location": "custom-attic"}])

    assert desk("UpdateFleetAttributes", FleetId=fleet_id, Name="new")["FleetId"] == fleet_id
    gone = desk("DeleteFleetLocations", FleetId=fleet_id, Locations=["custom-attic"])

    assert [one["Location"] for one in gone["LocationStates"]] == ["custom-attic"]
    (shown,) = desk("DescribeFleetAttributes", FleetIds=[fleet_id])["FleetAttributes"]
    left = desk("DescribeFleetLocationAttributes", FleetId=fleet_id)["LocationAttributes"]
    assert shown["Name"] == "new"
    assert [one["LocationState"]["Location"] for one in left] == ["custom-laptop", "custom-rack"]


def aliases(desk: Desk) -> None:
    fleet_id = desk.hosted()
    made = desk("CreateAlias", Name="live", RoutingStrategy={"Type": "SIMPLE", "FleetId": fleet_id})["Alias"]
    named = {"AliasId": made["AliasId"]}
    changed = desk("UpdateAlias", **named, Description="new")["Alias"]

    assert made["AliasId"].startswith("alias-")
    assert desk("DescribeAlias", **named)["Alias"] == changed
    assert desk("ListAliases")["Aliases"] == [changed]
    assert desk("ResolveAlias", **named)["FleetId"] == fleet_id
    assert desk("DeleteAlias", **named) == {}
    assert desk("ListAliases")["Aliases"] == []


def tags(desk: Desk) -> None:
    desk.bench.configure()
    arn = desk.bench.world.arns.configuration("duel")

    assert desk("TagResource", ResourceARN=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]) == {}
    assert desk("UntagResource", ResourceARN=arn, TagKeys=["a"]) == {}
    assert desk("ListTagsForResource", ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": ""}]


STORIES: Mapping[str, Callable[[Desk], None]] = {
    "4.7.StartMatchmaking": start_matchmaking,
    "4.7.DescribeMatchmaking": describe_matchmaking,
    "4.7.StopMatchmaking": stop_matchmaking,
    "4.7.AcceptMatch": accept_match,
    "4.7.StartMatchBackfill": start_match_backfill,
    "4.7.CreateMatchmakingConfiguration": configurations,
    "4.7.DescribeMatchmakingConfigurations": configurations,
    "4.7.UpdateMatchmakingConfiguration": configurations,
    "4.7.DeleteMatchmakingConfiguration": configurations,
    "4.7.CreateMatchmakingRuleSet": rule_sets,
    "4.7.DescribeMatchmakingRuleSets": rule_sets,
    "4.7.ValidateMatchmakingRuleSet": rule_sets,
    "4.7.DeleteMatchmakingRuleSet": rule_sets,
    "4.7.CreateGameSessionQueue": queues,
    "4.7.DescribeGameSessionQueues": queues,
    "4.7.UpdateGameSessionQueue": queues,
    "4.7.DeleteGameSessionQueue": queues,
    "4.7.StartGameSessionPlacement": placements,
    "4.7.DescribeGameSessionPlacement": placements,
    "4.7.StopGameSessionPlacement": placements,
    "4.7.CreateGameSession": game_sessions,
    "4.7.UpdateGameSession": game_sessions,
    "4.7.TerminateGameSession": game_sessions,
    "4.7.DescribeGameSessions": game_sessions,
    "4.7.DescribeGameSessionDetails": game_sessions,
    "4.7.SearchGameSessions": game_sessions,
    "4.7.CreatePlayerSession": player_sessions,
    "4.7.CreatePlayerSessions": player_sessions,
    "4.7.DescribePlayerSessions": player_sessions,
    "4.7.CreateFleet": fleets,
    "4.7.DescribeFleetAttributes": fleets,
    "4.7.ListFleets": fleets,
    "4.7.DeleteFleet": fleets,
    "4.7.CreateFleetLocations": fleets,
    "4.7.DescribeFleetLocationAttributes": fleets,
    "4.7.CreateLocation": fleets,
    "4.7.ListLocations": fleets,
    "4.7.DeleteLocation": fleets,
    "4.7.RegisterCompute": computes,
    "4.7.DeregisterCompute": computes,
    "4.7.DescribeCompute": computes,
    "4.7.ListCompute": computes,
    "4.7.GetComputeAuthToken": computes,
    "4.7.UpdateFleetAttributes": changed_fleets,
    "4.7.DeleteFleetLocations": changed_fleets,
    "4.7.CreateAlias": aliases,
    "4.7.UpdateAlias": aliases,
    "4.7.DescribeAlias": aliases,
    "4.7.ListAliases": aliases,
    "4.7.ResolveAlias": aliases,
    "4.7.DeleteAlias": aliases,
    "4.7.TagResource": tags,
    "4.7.UntagResource": tags,
    "4.7.ListTagsForResource": tags,
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=row(name), id=name) for name in STORIES])
def test_the_operation_does_its_work_and_answers_in_its_shape(name: str) -> None:
    desk = Desk()

    STORIES[name](desk)

    assert name.removeprefix("4.7.") in desk.called


@row("4.7.no.StopMatchBackfill")
def test_stop_match_backfill_is_no_operation_of_the_api(bench: Bench) -> None:
    assert "StopMatchBackfill" not in model().operation_names
    assert bench.refused("StopMatchBackfill", TicketId="b-1").aws_name == "UnknownOperationException"


@row("4.7.tier3", "4.3.UnsupportedRegion")
def test_every_operation_that_is_not_offered_says_so(bench: Bench) -> None:
    others = sorted({*UNSUPPORTED, *REFUSED})

    answers = {name: bench.refused(name, **sample(name)) for name in others}

    named = {
        **dict.fromkeys(UNSUPPORTED, "UnsupportedRegionException"),
        **dict.fromkeys(REFUSED, "InvalidRequestException"),
    }
    assert {name: fault.aws_name for name, fault in answers.items()} == named
    assert {*others, *EMPTY, *OFFERED} == {*model().operation_names}
    assert [name for name, fault in answers.items() if f"{name} is not offered" not in fault.detail] == []


def sample(operation: str) -> dict[str, Any]:
    """Return an input of *operation* that the model allows."""
    shape = model().operation_model(operation).input_shape
    return {} if shape is None else {name: value(shape.members[name]) for name in shape.required_members}


TEXTS = (
    "x" * 3, "fleet-1", "build-1", "script-1", "containerfleet-1", "alias-1", "custom-place", "10.0.0.1/8", "1.0.0",
    "arn:aws:iam::000000000000:role/some-role", "arn:aws:gamelift:us-east-1::gameservergroup/some",
    "i-0123456789abcdef0",
)  # fmt: skip


def value(shape: Any) -> Any:
    """Return a value of *shape*."""
    least = max(1, shape.metadata.get("min", 1))
    match shape.type_name:
        case "structure":
            return {name: value(shape.members[name]) for name in shape.required_members}
        case "list":
            return [value(shape.member)] * least
        case "string":
            pattern = shape.metadata.get("pattern", "")
            fitting = [text for text in TEXTS if len(text) >= least and re.fullmatch(pattern or ".*", text)]
            return shape.enum[0] if shape.enum else fitting[0]
        case kind:
            return {"map": {}, "boolean": True}.get(kind, least)
