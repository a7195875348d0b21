"""GameLift's notices, as received."""

from typing import Any

import pytest

from muster_events import registry
from muster_events.gamelift import MatchmakingNotice, NoticePlayer, PlacementNotice


def a_matchmaking_notice(**detail: Any) -> MatchmakingNotice:
    parsed = registry.parse(
        {
            "version": "0",
            "id": "n-1",
            "detail-type": "GameLift Matchmaking Event",
            "source": "aws.gamelift",
            "account": "000000000000",
            "time": "2026-11-20T10:00:01.421Z",
            "region": "us-east-1",
            "resources": ["arn:aws:gamelift:us-east-1:000000000000:matchmakingconfiguration/arena"],
            "detail": {"type": "MatchmakingSucceeded", **detail},
        }
    )
    assert isinstance(parsed, MatchmakingNotice)
    return parsed


def a_placement_notice(**detail: Any) -> PlacementNotice:
    parsed = registry.parse(
        {
            "id": "n-1",
            "detail-type": "GameLift Queue Placement Event",
            "source": "aws.gamelift",
            "time": "2026-11-20T10:00:01.421Z",
            "detail": {"type": "PlacementFulfilled", "placementId": "p-1", **detail},
        }
    )
    assert isinstance(parsed, PlacementNotice)
    return parsed


def test_camel_case_names_become_snake_case_attributes() -> None:
    player = {"playerId": "u-1", "team": "red", "accepted": True, "playerSessionId": "psess-1"}
    notice = a_matchmaking_notice(
        matchId="m-1",
        tickets=[{"ticketId": "t-1", "startTime": "2026-11-20T10:00:00.100Z", "players": [player]}],
        gameSessionInfo={"gameSessionArn": "arn", "ipAddress": "127.0.0.1", "port": 7777, "players": [player]},
        ruleEvaluationMetrics=[{"ruleName": "Even", "passedCount": 3, "failedCount": 1}],
        customEventData="blue",
    )

    detail = notice.detail
    assert detail.match_id == "m-1"
    assert detail.tickets[0].ticket_id == "t-1"
    assert detail.tickets[0].players == (
        NoticePlayer(player_id="u-1", team="red", accepted=True, player_session_id="psess-1"),
    )
    assert detail.game_session_info is not None
    assert detail.game_session_info.game_session_arn == "arn"
    assert [(each.rule_name, each.passed_count, each.failed_count) for each in detail.rule_evaluation_metrics] == [
        ("Even", 3, 1)
    ]
    assert detail.custom_event_data == "blue"


@pytest.mark.parametrize(
    ("port", "expected"),
    [(7777, 7777), ("6262", 6262), (None, None), ("", None), ("http", None), ("-1", None), ("٣", None), ([], None)],
)
def test_a_port_is_a_number_however_it_was_written(port: object, expected: int | None) -> None:
    info = a_matchmaking_notice(gameSessionInfo={"port": port}).detail.game_session_info

    assert info is not None
    assert expected == info.port
    assert expected == a_placement_notice(port=port).detail.port


def test_an_absent_port_is_none() -> None:
    assert a_placement_notice().detail.port is None


@pytest.mark.parametrize(("wait", "expected"), [(12000, 12000), ("NOT_AVAILABLE", None), (None, None)])
def test_an_unknown_wait_is_none(wait: object, expected: int | None) -> None:
    assert expected == a_matchmaking_notice(estimatedWaitMillis=wait).detail.estimated_wait_millis


def test_a_type_that_aws_adds_later_is_kept_as_it_is() -> None:
    assert a_matchmaking_notice(type="MatchmakingPaused").detail.type == "MatchmakingPaused"


def test_an_odd_time_that_only_informs_does_not_lose_the_notice() -> None:
    notice = a_matchmaking_notice(tickets=[{"ticketId": "t-1", "startTime": "yesterday"}])

    assert notice.detail.tickets[0].start_time is None


def test_null_lists_are_empty_lists() -> None:
    notice = a_matchmaking_notice(tickets=None, ruleEvaluationMetrics=None, gameSessionInfo={"players": None})

    assert notice.detail.tickets == ()
    assert notice.detail.rule_evaluation_metrics == ()
    assert notice.detail.game_session_info is not None
    assert notice.detail.game_session_info.players == ()


def test_a_ticket_without_an_id_is_not_a_notice() -> None:
    with pytest.raises(registry.NotAnEvent, match=r"detail\.tickets\.0\.ticketId: Field required"):
        a_matchmaking_notice(tickets=[{"players": []}])


def test_a_player_session_id_does_not_show_when_a_notice_is_printed() -> None:
    notice = a_matchmaking_notice(
        tickets=[{"ticketId": "t-1", "players": [{"playerId": "u-1", "playerSessionId": "psess-secret"}]}]
    )

    assert notice.detail.tickets[0].players[0].player_session_id == "psess-secret"
    assert "psess-secret" not in f"{notice!r} {notice}"


def test_a_notice_built_in_python_is_written_with_the_names_of_aws() -> None:
    written = a_placement_notice(port="6262", gameSessionArn="arn").detail.model_dump(by_alias=True, exclude_none=True)

    assert written == {
        "type": "PlacementFulfilled",
        "placementId": "p-1",
        "gameSessionArn": "arn",
        "port": 6262,
        "placedPlayerSessions": (),
    }
