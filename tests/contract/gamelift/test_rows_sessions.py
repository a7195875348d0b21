"""Rows of docs/rows.md about game sessions, placements, matchmaker data and computes."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from gamelift_bench import DUEL, Bench

from muster_gamelift.errors import Fault

row = pytest.mark.row


def session(bench: Bench, arn: str) -> dict[str, Any]:
    (shown,) = bench.call("DescribeGameSessions", GameSessionId=arn)["GameSessions"]
    return dict(shown)


# Searching sessions ------------------------------------------------------------------------------------------------


def arena(bench: Bench) -> None:
    """Start three sessions, a second apart: small, large, large and full."""
    bench.hosted()
    for number, (name, most, field) in enumerate((("small", 2, "sand"), ("large", 9, "snow"), ("full", 1, "snow"))):
        process = f"p-{number}"
        bench.ready(process, port=7000 + number)
        bench.call(
            "CreateGameSession",
            FleetId=bench.fleet_id,
            Location="custom-laptop",
            MaximumPlayerSessionCount=most,
            Name=name,
            IdempotencyToken=name,
            GameProperties=[{"Key": "map", "Value": field}],
        )
        arn = bench.activate(process)
        bench.clock.advance(1)
    bench.call("CreatePlayerSession", GameSessionId=arn, PlayerId="ann")


def found(bench: Bench, **given: Any) -> list[str]:
    answer = bench.call("SearchGameSessions", FleetId=bench.fleet_id, **given)
    return [one["Name"] for one in answer["GameSessions"]]


FILTERS: Mapping[str, tuple[str, list[str]]] = {
    "4.2.search.filter.gameSessionName": ("gameSessionName = 'large'", ["large"]),
    "4.2.search.filter.gameSessionId": ("gameSessionId = '{prefix}/small'", ["small"]),
    "4.2.search.filter.gameSessionProperties": ("gameSessionProperties.map = 'snow'", ["large", "full"]),
    "4.2.search.filter.maximumSessions": ("maximumSessions > 1", ["small", "large"]),
    "4.2.search.filter.creationTimeMillis": ("creationTimeMillis < {middle}", ["small"]),
    "4.2.search.filter.playerSessionCount": ("playerSessionCount = 1", ["full"]),
    "4.2.search.filter.hasAvailablePlayerSessions": ("hasAvailablePlayerSessions = true", ["small", "large"]),
    "4.2.search.and": ("gameSessionProperties.map = 'snow' AND maximumSessions < 9", ["full"]),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=row(name), id=name) for name in FILTERS])
def test_a_search_finds_the_sessions_that_its_filter_names(bench: Bench, name: str) -> None:
    expression, expected = FILTERS[name]
    middle_ms = bench.now_s * 1000 + 500
    arena(bench)
    prefix = session(bench, bench.session_arn("p-0"))["GameSessionId"].rpartition("/")[0]

    assert found(bench, FilterExpression=expression.format(prefix=prefix, middle=middle_ms)) == expected


@pytest.mark.parametrize(
    ("comparator", "expected"),
    [
        ("=", ["small"]), ("<>", ["large", "full"]), ("<", ["full"]), (">", ["large"]), ("<=", ["small", "full"]),
        (">=", ["small", "large"]),
    ],
)  # fmt: skip
@row("4.2.search.comparators")
def test_a_search_compares_in_six_ways(bench: Bench, comparator: str, expected: list[str]) -> None:
    arena(bench)

    assert found(bench, FilterExpression=f"maximumSessions {comparator} 2") == expected


@row("4.2.search.sort")
def test_a_search_answers_in_the_order_asked_for(bench: Bench) -> None:
    arena(bench)

    assert found(bench, SortExpression="maximumSessions ASC") == ["full", "small", "large"]
    assert found(bench, SortExpression="creationTimeMillis DESC") == ["full", "large", "small"]
    assert found(bench, SortExpression="playerSessionCount DESC")[0] == "full"
    assert found(bench, SortExpression="gameSessionProperties.map ASC")[0] == "small"


@row("4.2.search")
def test_a_search_finds_active_sessions_of_the_fleet_and_the_location_named(bench: Bench) -> None:
    arena(bench)
    bench.act("TerminateServerProcess", "p-1")
    bench.ready("p-9", compute="rack")
    bench.call("CreateGameSession", FleetId=bench.fleet_id, Location="custom-rack", MaximumPlayerSessionCount=1)

    assert found(bench) == ["small", "full"], "neither the ended one nor the one that is not active yet"
    assert found(bench, Location="custom-rack") == []
    assert bench.refused("SearchGameSessions", FleetId="fleet-gone").aws_name == "NotFoundException"


@row("4.2.search.page", "4.2.pages")
def test_a_search_answers_twenty_sessions_a_page(bench: Bench) -> None:
    bench.hosted()
    for number in range(21):
        process = f"p-{number}"
        bench.ready(process, port=7000 + number)
        given = {"FleetId": bench.fleet_id, "Location": "custom-laptop", "MaximumPlayerSessionCount": 1}
        bench.call("CreateGameSession", **given, Name=f"n{number}")
        bench.activate(process)

    first = bench.call("SearchGameSessions", FleetId=bench.fleet_id, Limit=100)
    second = bench.call("SearchGameSessions", FleetId=bench.fleet_id, NextToken=first["NextToken"])

    assert [len(page["GameSessions"]) for page in (first, second)] == [20, 1]
    assert {one["Name"] for page in (first, second) for one in page["GameSessions"]} == {f"n{n}" for n in range(21)}


# Sessions and seats ------------------------------------------------------------------------------------------------


@row("4.2.session.not.activated")
def test_a_session_that_its_process_does_not_activate_in_time_is_terminated(bench: Bench) -> None:
    bench.hosted()
    bench.ready()
    given = {"FleetId": bench.fleet_id, "Location": "custom-laptop", "MaximumPlayerSessionCount": 1}
    arn = bench.call("CreateGameSession", **given)["GameSession"]["GameSessionId"]

    bench.advance(bench.limits.activation_s - 0.1)
    before = session(bench, arn)["Status"]
    bench.advance(0.1)

    assert (before, session(bench, arn)["Status"]) == ("ACTIVATING", "TERMINATED")


@row("4.2.seats.25")
def test_at_most_twenty_five_seats_are_reserved_at_once(bench: Bench) -> None:
    arn = bench.running_session(MaximumPlayerSessionCount=100)
    players = [f"p{number}" for number in range(26)]

    over = bench.refused("CreatePlayerSessions", GameSessionId=arn, PlayerIds=players)
    made = bench.call("CreatePlayerSessions", GameSessionId=arn, PlayerIds=players[:25])

    assert over.aws_name == "InvalidRequestException"
    assert len(made["PlayerSessions"]) == 25


# Placements --------------------------------------------------------------------------------------------------------


@row("4.5.candidates")
def test_every_location_of_every_destination_is_a_candidate(bench: Bench) -> None:
    bench.hosted()
    bench.call("CreateLocation", LocationName="custom-attic")
    other = bench.call("CreateFleet", Name="o", ComputeType="ANYWHERE", Locations=[{"Location": "custom-attic"}])
    arns = [bench.world.arns.fleet(bench.fleet_id), other["FleetAttributes"]["FleetArn"]]
    bench.call("CreateGameSessionQueue", Name="wide", Destinations=[{"DestinationArn": arn} for arn in arns])
    bench.ready("p-laptop")
    bench.ready("p-rack", compute="rack")
    bench.fleet_id = other["FleetAttributes"]["FleetId"]
    attic = {"ComputeName": "laptop", "IpAddress": "127.0.0.1", "Location": "custom-attic"}
    bench.call("RegisterCompute", FleetId=bench.fleet_id, **attic)
    bench.ready("p-attic")

    for number in range(3):
        bench.call(
            "StartGameSessionPlacement",
            PlacementId=f"pl-{number}",
            GameSessionQueueName="wide",
            MaximumPlayerSessionCount=1,
        )
    bench.advance()

    given = [bench.messages(process) for process in ("p-laptop", "p-rack", "p-attic")]
    assert [[message["Action"] for message in messages] for messages in given] == [["CreateGameSession"]] * 3


@pytest.mark.parametrize(
    ("order", "latencies", "refused"),
    [
        (["LOCATION"], [], False),
        (["COST", "LOCATION"], [], True),
        (["LOCATION"], [{"PlayerId": "a", "RegionIdentifier": "r", "LatencyInMilliseconds": 1}], True),
    ],
)
@row("4.5.override.needs")
def test_an_override_needs_location_first_and_no_latencies(
    bench: Bench, order: list[str], latencies: list[dict[str, Any]], *, refused: bool
) -> None:
    bench.hosted(PriorityConfiguration={"PriorityOrder": order})
    given: dict[str, Any] = {
        "PlacementId": "pl-1",
        "GameSessionQueueName": "main",
        "MaximumPlayerSessionCount": 1,
        "PriorityConfigurationOverride": {"LocationOrder": ["custom-rack"]},
        "PlayerLatencies": latencies,
    }
    given = {name: value for name, value in given.items() if value}

    if refused:
        assert bench.refused("StartGameSessionPlacement", **given).aws_name == "InvalidRequestException"
    else:
        assert bench.call("StartGameSessionPlacement", **given)["GameSessionPlacement"]["Status"] == "PENDING"


# Matchmaker data ---------------------------------------------------------------------------------------------------


def matched(bench: Bench, **configuration: Any) -> dict[str, Any]:
    """Let two players meet in a session; return its matchmaker data."""
    bench.configure_with_queue(**configuration)
    bench.ready()
    for number, name in enumerate(("ann", "bob")):
        bench.start(f"t-{number}", name, LatencyInMs={"custom-laptop": 20})
    bench.advance()
    return dict(json.loads(bench.messages()[0]["MatchmakerData"]))


@pytest.mark.parametrize("mode", ["MANUAL", "AUTOMATIC", None])
@row("4.6.mode")
def test_matchmaker_data_name_the_backfill_mode(bench: Bench, mode: str | None) -> None:
    assert matched(bench, **({} if mode is None else {"BackfillMode": mode}))["autoBackfillMode"] == mode


@row("4.6.no.latency")
def test_matchmaker_data_have_no_latencies(bench: Bench) -> None:
    data = matched(bench)

    assert {key for team in data["teams"] for player in team["players"] for key in player} == {"playerId", "attributes"}
    assert "custom-laptop" not in json.dumps(data)


@row("4.6.described", "4.6.leavers")
def test_the_description_of_a_session_has_the_matchmaker_data_also_of_who_left(bench: Bench) -> None:
    data = matched(bench)
    arn = bench.activate()
    seat = bench.ticket("t-0")["GameSessionConnectionInfo"]["MatchedPlayerSessions"][0]["PlayerSessionId"]
    bench.act("AcceptPlayerSession", GameSessionId=arn, PlayerSessionId=seat)
    bench.act("RemovePlayerSession", GameSessionId=arn, PlayerSessionId=seat)

    assert json.loads(session(bench, arn)["MatchmakerData"]) == data
    assert {player["playerId"] for team in data["teams"] for player in team["players"]} == {"ann", "bob"}


def crowd(bench: Bench, letters: int) -> str:
    """Let two hundred players with mottos of so many letters meet; return the state of the first ticket."""
    teams = [{"name": "all", "minPlayers": 200, "maxPlayers": 200}]
    algorithm = {"strategy": "balanced", "balancedAttribute": "skill"}
    attributes = [*DUEL["playerAttributes"], {"name": "motto", "type": "string", "default": "m" * letters}]
    rules = {**DUEL, "playerAttributes": attributes, "teams": teams, "rules": [], "algorithm": algorithm}
    bench.configure(rules=rules, FlexMatchMode="WITH_QUEUE", GameSessionQueueArns=[bench.hosted()])
    bench.ready()
    for number in range(20):
        bench.start(f"t-{number}", *(f"{number:04}-{place}-{'x' * 990}" for place in range(10)))
    bench.advance()
    return bench.status("t-0")


@row("2.6.matchmaker.data")
def test_the_data_of_the_largest_match_are_kept_whole_up_to_a_limit(bench: Bench) -> None:
    assert crowd(bench, 500) == "PLACING"

    data = bench.messages()[0]["MatchmakerData"]
    assert len({player["playerId"] for player in json.loads(data)["teams"][0]["players"]}) == 200
    assert 300_000 < len(data) <= 390_000


@row("2.6.matchmaker.data")
def test_a_match_whose_data_are_beyond_the_limit_fails(bench: Bench) -> None:
    assert crowd(bench, 1000) == "FAILED"

    assert bench.messages() == []
    assert "390,000" in bench.ticket("t-0")["StatusMessage"]
    assert bench.types()[-1] == "MatchmakingFailed"


# Computes, locations, tokens ---------------------------------------------------------------------------------------


@row("4.2.custom.locations")
def test_the_names_of_custom_locations_begin_with_custom(bench: Bench) -> None:
    assert bench.refused("CreateLocation", LocationName="attic-room").aws_name == "InvalidRequestException"
    bench.call("CreateLocation", LocationName="custom-attic")


@row("4.2.token")
def test_a_token_is_short_and_plain_and_says_when_it_expires(bench: Bench) -> None:
    bench.hosted()
    given = {"FleetId": bench.fleet_id, "ComputeName": "laptop"}

    one, two = (bench.call("GetComputeAuthToken", **given) for _ in range(2))

    assert re.fullmatch(r"[a-zA-Z0-9-]{1,64}", one["AuthToken"])
    assert one["AuthToken"] != two["AuthToken"]
    assert one["ExpirationTimestamp"] == bench.now_s + bench.limits.token_s


# Exceptions --------------------------------------------------------------------------------------------------------


@row("4.3.Conflict")
def test_what_exists_already_is_a_conflict(bench: Bench) -> None:
    bench.call("CreateLocation", LocationName="custom-one")

    assert bench.refused("CreateLocation", LocationName="custom-one").aws_name == "ConflictException"


@row("4.3.Unauthorized")
def test_a_token_that_is_none_is_unauthorized(bench: Bench) -> None:
    bench.hosted()

    with pytest.raises(Fault) as refused:
        bench.connect(token="made-up")

    assert refused.value.aws_name == "UnauthorizedException"


@row("4.3.not.here")
def test_four_exceptions_of_the_model_are_never_raised() -> None:
    never = {f"{name}Exception" for name in ("InvalidFleetStatus", "NotReady", "OutOfCapacity", "TaggingFailed")}

    raised = {kind.aws_name for kind in Fault.__subclasses__()}

    assert raised & never == set()
    assert {"ConflictException", "LimitExceededException", "UnsupportedRegionException"} <= raised


@row("5.5.arn")
def test_the_arn_of_a_configuration_passes_the_check_of_game_servers(bench: Bench) -> None:
    bench.configure()
    arn = bench.start("t-1")["ConfigurationArn"]

    # Source: Go Server SDK 5.6.0, validation of StartMatchBackfill.
    assert re.fullmatch(r"arn:(aws|aws-cn):gamelift:([a-z]{2}-[a-z]+-\d{1}):(\d{12})?:([a-z]+)\/(.+)", arn)
