from typing import Any

import pytest

from muster_gamelift.errors import InvalidRequest
from muster_gamelift.search import parse_filter, parse_sort
from muster_gamelift.state.placements import SessionPlan
from muster_gamelift.state.sessions import GameSession


def a_session(arn: str = "arn:1", **plan: Any) -> GameSession:
    return GameSession(
        arn=arn,
        fleet_id="fleet-1",
        location="custom-x",
        compute_name="c",
        process_id="p",
        plan=SessionPlan(
            **{"max_players": 10, "name": "final", "properties": (("map", "sand"), ("round", "12"))} | plan
        ),
        created_at_s=100.0,
        activate_by_s=160.0,
        ip_address="127.0.0.1",
        dns_name=None,
        port=7777,
    )


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", True),
        ("gameSessionName = 'final'", True),
        ("gameSessionName <> 'final'", False),
        ("gameSessionProperties.map = 'sand' AND playerSessionCount < 5", True),
        ("gameSessionProperties.map='sand' AND playerSessionCount>=5", False),
        ("gameSessionProperties.weather = 'rain'", False),
        ("gameSessionProperties.round > 9", True),
        ("maximumSessions = 10", True),
        ("hasAvailablePlayerSessions=true", True),
        ("hasAvailablePlayerSessions = false", False),
        ("creationTimeMillis <= 100000", True),
        ("gameSessionId = 'arn:1'", True),
    ],
)
def test_a_filter_says_which_sessions_pass(text: str, passes: bool) -> None:  # noqa: FBT001 - a table of cases
    assert parse_filter(text)(a_session(), 4) is passes


@pytest.mark.parametrize(
    "text",
    [
        "colour = 'red'",
        "gameSessionName",
        "gameSessionName = 'a' OR x = 1",
        "= 1",
        "a = 1 AND",
        "maximumSessions = 1 AND AND",
    ],
)
def test_a_filter_that_does_not_parse_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_filter(text)


def test_sessions_are_sorted_by_an_operand_and_those_without_it_come_last() -> None:
    one, two, three = a_session("1", max_players=5), a_session("2", max_players=9), a_session("3", properties=())
    taken = {"1": 3, "2": 1, "3": 2}

    def order(text: str) -> list[str]:
        return [row.arn for row in parse_sort(text)([one, two, three], taken)]

    assert order("") == ["1", "2", "3"]
    assert order("playerSessionCount ASC") == ["2", "3", "1"]
    assert order("maximumSessions DESC") == ["3", "2", "1"]
    assert order("gameSessionProperties.map ASC") == ["1", "2", "3"]


@pytest.mark.parametrize("text", ["maximumSessions", "maximumSessions UP", "colour ASC", "a b c"])
def test_a_sort_that_does_not_parse_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_sort(text)


def test_search_finds_active_sessions_only(bench: Any) -> None:
    arn = bench.running_session(Name="final")
    bench.ready("p-2")
    given = {"FleetId": bench.fleet_id, "Location": "custom-laptop", "MaximumPlayerSessionCount": 1}
    bench.call("CreateGameSession", **given, Name="final")

    answer = bench.call(
        "SearchGameSessions",
        FleetId=bench.fleet_id,
        FilterExpression="gameSessionName = 'final'",
        SortExpression="creationTimeMillis DESC",
    )

    assert [row["GameSessionId"] for row in answer["GameSessions"]] == [arn]
