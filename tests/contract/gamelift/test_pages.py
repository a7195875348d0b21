"""Every operation that the AWS clients page through: the pages, put together, are the whole; bad tokens are refused."""

from collections.abc import Callable
from typing import Any

import botocore.session
import pytest
from gamelift_bench import Bench

from muster_gamelift.operations.table import OFFERED

PAGED = botocore.session.get_session().get_paginator_model("gamelift")
COUNT = 5


def fleets(bench: Bench) -> dict[str, Any]:
    bench.hosted()
    for number in range(COUNT - 1):
        bench.call("CreateFleet", Name=f"f-{number}", ComputeType="ANYWHERE", Locations=[{"Location": "custom-rack"}])
    return {}


def computes(bench: Bench) -> dict[str, Any]:
    bench.hosted()
    for number in range(COUNT - 2):
        named = {"FleetId": bench.fleet_id, "ComputeName": f"c-{number}", "Location": "custom-rack"}
        bench.call("RegisterCompute", **named, IpAddress="127.0.0.1")
    return {"FleetId": bench.fleet_id}


def sessions(bench: Bench) -> dict[str, Any]:
    bench.hosted()
    for number in range(COUNT):
        process_id = f"p-{number}"
        bench.ready(process_id)
        place = {"FleetId": bench.fleet_id, "Location": "custom-laptop"}
        bench.call("CreateGameSession", **place, MaximumPlayerSessionCount=2)
        bench.activate(process_id)
        bench.clock.advance(1)
    return {"FleetId": bench.fleet_id}


def seats(bench: Bench) -> dict[str, Any]:
    arn = bench.running_session(MaximumPlayerSessionCount=COUNT)
    bench.call("CreatePlayerSessions", GameSessionId=arn, PlayerIds=[f"p-{number}" for number in range(COUNT)])
    return {"GameSessionId": arn}


def queues(bench: Bench) -> dict[str, Any]:
    for number in range(COUNT):
        bench.call("CreateGameSessionQueue", Name=f"q-{number}")
    return {}


def configurations(bench: Bench) -> dict[str, Any]:
    for number in range(COUNT):
        bench.configure(f"c-{number}")
    return {}


def locations(bench: Bench) -> dict[str, Any]:
    for number in range(COUNT):
        bench.call("CreateLocation", LocationName=f"custom-{number}")
    return {"Filters": ["CUSTOM"]}


def aliases(bench: Bench) -> dict[str, Any]:
    for number in range(COUNT):
        bench.call("CreateAlias", Name=f"a-{number}", RoutingStrategy={"Type": "TERMINAL", "Message": "Gone."})
    return {}


SCENES: dict[str, Callable[[Bench], dict[str, Any]]] = {
    "DescribeFleetAttributes": fleets,
    "DescribeFleetUtilization": fleets,
    "DescribeGameSessionDetails": sessions,
    "DescribeGameSessionQueues": queues,
    "DescribeGameSessions": sessions,
    "DescribeMatchmakingConfigurations": configurations,
    "DescribeMatchmakingRuleSets": configurations,
    "DescribePlayerSessions": seats,
    "ListAliases": aliases,
    "ListCompute": computes,
    "ListFleets": fleets,
    "ListLocations": locations,
    "SearchGameSessions": sessions,
}


def test_every_operation_with_pages_has_a_scene() -> None:
    # botocore lists no paginator for DescribeFleetLocationAttributes, which has pages as well.
    assert {*PAGED._paginator_config} & {*OFFERED} == {*SCENES}


@pytest.mark.row("4.2.pages")
@pytest.mark.parametrize("operation", SCENES)
def test_the_pages_put_together_are_the_whole(bench: Bench, operation: str) -> None:
    given = SCENES[operation](bench)
    member = PAGED.get_paginator(operation)["result_key"]
    whole = bench.call(operation, **given)

    pieces, token = [], {}
    for _ in range(COUNT):
        page = bench.call(operation, **given, Limit=2, **token)
        pieces.append(page[member])
        if page["NextToken"] is None:
            break
        token = {"NextToken": page["NextToken"]}

    assert [len(piece) for piece in pieces] == [2, 2, 1]
    assert [one for piece in pieces for one in piece] == whole[member]
    assert whole["NextToken"] is None


@pytest.mark.parametrize("token", ["nonsense", "bm9uZSBvZiBvdXJz", "====", "\U0001f3ae", "a"])
@pytest.mark.parametrize("operation", SCENES)
def test_a_token_that_is_none_of_ours_is_refused(bench: Bench, operation: str, token: str) -> None:
    given = SCENES[operation](bench)

    assert bench.refused(operation, **given, NextToken=token).aws_name == "InvalidRequestException"


def test_a_fleet_s_locations_have_pages_as_well(bench: Bench) -> None:
    bench.hosted()

    first = bench.call("DescribeFleetLocationAttributes", FleetId=bench.fleet_id, Limit=1)
    second = bench.call("DescribeFleetLocationAttributes", FleetId=bench.fleet_id, NextToken=first["NextToken"])

    names = [one["LocationState"]["Location"] for page in (first, second) for one in page["LocationAttributes"]]
    assert names == ["custom-laptop", "custom-rack"]
    assert second["NextToken"] is None
