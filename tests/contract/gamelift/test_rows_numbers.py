"""Rows of flexmatch's docs/rows.md about numbers: how much of everything there may be."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from gamelift_bench import DUEL, Bench

from muster_gamelift.errors import LimitExceeded

row = pytest.mark.row
BODY = json.dumps(DUEL)
STANDALONE = {
    "RuleSetName": "duel-rules",
    "RequestTimeoutSeconds": 60,
    "AcceptanceRequired": False,
    "FlexMatchMode": "STANDALONE",
}


def configuration(bench: Bench, name: str = "other", **given: Any) -> None:
    if "duel-rules" not in bench.world.rule_sets:
        bench.call("CreateMatchmakingRuleSet", Name="duel-rules", RuleSetBody=BODY)
    bench.call("CreateMatchmakingConfiguration", **{"Name": name, **STANDALONE, **given})


def rule_set(bench: Bench, name: str) -> None:
    bench.call("CreateMatchmakingRuleSet", Name=name, RuleSetBody=BODY)


def queue(bench: Bench, name: str, **given: Any) -> None:
    bench.call("CreateGameSessionQueue", Name=name, **given)


def fleet(bench: Bench, name: str) -> None:
    if "custom-place" not in bench.world.locations:
        bench.call("CreateLocation", LocationName="custom-place")
    bench.call("CreateFleet", Name=name, ComputeType="ANYWHERE", Locations=[{"Location": "custom-place"}])


def compute(bench: Bench, name: str) -> None:
    if not bench.fleet_id:
        bench.call("CreateLocation", LocationName="custom-place")
        place = [{"Location": "custom-place"}]
        made = bench.call("CreateFleet", Name="f", ComputeType="ANYWHERE", Locations=place)
        bench.fleet_id = made["FleetAttributes"]["FleetId"]
    given = {"ComputeName": name, "IpAddress": "127.0.0.1", "Location": "custom-place"}
    bench.call("RegisterCompute", FleetId=bench.fleet_id, **given)


def location(bench: Bench, name: str) -> None:
    bench.call("CreateLocation", LocationName=f"custom-{name}")


def alias(bench: Bench, name: str) -> None:
    bench.call("CreateAlias", Name=name, RoutingStrategy={"Type": "TERMINAL", "Message": "Get the new game."})


QUOTAS: Mapping[str, tuple[int, Callable[[Bench, str], None]]] = {
    "2.6.configurations": (300, configuration),
    "2.6.rule.sets": (1000, rule_set),
    "2.6.queues": (100, queue),
    "2.6.fleets": (30, fleet),
    "2.6.computes": (100, compute),
    "2.6.locations": (20, location),
    "2.6.aliases": (100, alias),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=row(name), id=name) for name in QUOTAS])
def test_there_are_so_many_and_no_more(bench: Bench, name: str) -> None:
    limit, make = QUOTAS[name]
    for number in range(limit):
        make(bench, f"n{number}")

    with pytest.raises(LimitExceeded, match=f"limit of {limit} "):
        make(bench, "one-more")


@row("2.6.fleet.locations")
def test_a_fleet_has_at_most_ten_locations(bench: Bench) -> None:
    for number in range(11):
        location(bench, f"p{number}")
    places = [{"Location": f"custom-p{number}"} for number in range(11)]

    bench.call("CreateFleet", Name="f", ComputeType="ANYWHERE", Locations=places[:10])
    refused = bench.refused("CreateFleet", Name="g", ComputeType="ANYWHERE", Locations=places)

    assert refused.aws_name == "InvalidRequestException"
    assert "10" in refused.detail


@row("2.6.destinations")
def test_a_queue_has_at_most_ten_destinations(bench: Bench) -> None:
    for number in range(11):
        fleet(bench, f"f{number}")
    arns = [{"DestinationArn": bench.world.arns.fleet(one.fleet_id)} for one in bench.world.fleets]

    queue(bench, "full", Destinations=arns[:10])
    refused = bench.refused("CreateGameSessionQueue", Name="over", Destinations=arns)

    assert refused.aws_name == "InvalidRequestException"


MEMBERS: Mapping[str, tuple[str, Any, Any]] = {
    "2.6.request.timeout": ("RequestTimeoutSeconds", 43_200, 43_201),
    "2.6.acceptance.timeout": ("AcceptanceTimeoutSeconds", 600, 601),
    "2.4.range": ("AcceptanceTimeoutSeconds", 1, 0),
    "2.6.custom.event.data": ("CustomEventData", "x" * 256, "x" * 257),
    "2.6.session.data": ("GameSessionData", "x" * 4096, "x" * 4097),
    "2.6.properties": (
        "GameProperties",
        [{"Key": f"{number:032}", "Value": "v" * 96} for number in range(16)],
        [{"Key": f"{number:032}", "Value": "v"} for number in range(17)],
    ),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=row(name), id=name) for name in MEMBERS])
def test_a_configuration_takes_so_much_and_no_more(bench: Bench, name: str) -> None:
    member, most, more = MEMBERS[name]
    with_queue = {"FlexMatchMode": "WITH_QUEUE", "GameSessionQueueArns": [bench.hosted()]}
    bench.call("CreateMatchmakingRuleSet", Name="duel-rules", RuleSetBody=BODY)

    configuration(bench, "fits", **with_queue, **{member: most})
    given = {"Name": "over", **STANDALONE, **with_queue, member: more}
    refused = bench.refused("CreateMatchmakingConfiguration", **given)

    (shown,) = bench.call("DescribeMatchmakingConfigurations", Names=["fits"])["Configurations"]
    assert shown[member] == most
    assert refused.aws_name == "InvalidRequestException"


@pytest.mark.parametrize(
    "given",
    [
        {"RequestTimeoutSeconds": 0},
        {"GameProperties": [{"Key": "k" * 33, "Value": "v"}]},
        {"GameProperties": [{"Key": "k", "Value": "v" * 97}]},
    ],
)
@row("2.6.request.timeout", "2.6.properties")
def test_a_configuration_out_of_range_is_refused(bench: Bench, given: dict[str, Any]) -> None:
    rule_set(bench, "duel-rules")

    refused = bench.refused("CreateMatchmakingConfiguration", **{"Name": "c", **STANDALONE, **given})

    assert refused.aws_name == "InvalidRequestException"


@row("2.6.session.data")
def test_data_of_a_session_made_by_hand_or_placed_may_be_longer(bench: Bench) -> None:
    bench.hosted()
    bench.ready()
    longest = "x" * 262_144
    placed = {"PlacementId": "p", "GameSessionQueueName": "main", "MaximumPlayerSessionCount": 2}
    made = {"FleetId": bench.fleet_id, "Location": "custom-laptop", "MaximumPlayerSessionCount": 2}

    session = bench.call("CreateGameSession", **made, GameSessionData=longest)["GameSession"]
    placement = bench.call("StartGameSessionPlacement", **placed, GameSessionData=longest)["GameSessionPlacement"]

    assert session["GameSessionData"] == placement["GameSessionData"] == longest
    for operation, given in (
        ("CreateGameSession", made),
        ("StartGameSessionPlacement", {**placed, "PlacementId": "q"}),
    ):
        assert bench.refused(operation, **given, GameSessionData=longest + "x").aws_name == "InvalidRequestException"


@row("2.6.player.sessions")
def test_a_game_session_has_at_most_two_hundred_player_sessions(bench: Bench) -> None:
    bench.hosted()
    bench.ready()
    given = {"FleetId": bench.fleet_id, "Location": "custom-laptop"}

    refused = bench.refused("CreateGameSession", **given, MaximumPlayerSessionCount=201)
    bench.call("CreateGameSession", **given, MaximumPlayerSessionCount=200)

    assert refused.aws_name == "InvalidRequestException"


@row("1.1.immutable")
def test_a_rule_set_cannot_be_changed(bench: Bench) -> None:
    rule_set(bench, "duel-rules")

    assert bench.refused("UpdateMatchmakingRuleSet", Name="duel-rules").aws_name == "UnknownOperationException"
    again = bench.refused("CreateMatchmakingRuleSet", Name="duel-rules", RuleSetBody=BODY.replace("10", "20"))
    assert again.aws_name == "InvalidRequestException"
    (shown,) = bench.call("DescribeMatchmakingRuleSets", Names=["duel-rules"])["RuleSets"]
    assert shown["RuleSetBody"] == BODY


@row("1.5.latency.elsewhere")
def test_a_match_may_be_placed_where_the_rule_would_not_have_it(bench: Bench) -> None:
    rules = {**DUEL, "rules": [{"name": "Fast", "type": "latency", "maxLatency": 50}]}
    bench.configure(rules=rules, FlexMatchMode="WITH_QUEUE", GameSessionQueueArns=[bench.hosted()])
    for number in (1, 2):
        bench.start(f"t-{number}", LatencyInMs={"custom-laptop": 20, "custom-rack": 200})
    bench.ready("far", compute="rack")

    bench.advance()

    assert bench.status("t-1") == "PLACING"
    assert [message["Action"] for message in bench.messages("far")] == ["CreateGameSession"]
