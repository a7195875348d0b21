from datetime import UTC, datetime
from typing import Any

import pytest
from listener_fakes import ARN, MATCH, PLACEMENT

from muster_events.envelope import event
from muster_events.gamelift import MatchmakingNotice, PlacementNotice
from muster_events.matches import MatchFinished, PlayerResult
from muster_events.registry import parse
from muster_listener.consumer import (
    matchmaking_entry,
    placement_entry,
    reports_of_end,
    reports_of_match,
    reports_of_placement,
)
from muster_listener.domain import Address, Match, Outcome, Placement, Session, SessionStatus, Stage

NOW = datetime(2026, 11, 20, 12, 0, 1, tzinfo=UTC)


def a_notice(kind: str, detail: dict[str, Any]) -> Any:
    return parse(
        {
            "version": "0",
            "id": "notice-1",
            "detail-type": kind,
            "source": "aws.gamelift",
            "account": "000000000000",
            "time": "2026-11-20T12:00:01.000Z",
            "region": "us-east-1",
            "resources": [],
            "detail": detail,
        }
    )


def of_match(kind: str, **detail: Any) -> MatchmakingNotice:
    players = [
        {"playerId": "ann", "team": "red", "playerSessionId": "psess-ann"},
        {"playerId": "ben", "team": "blue", "playerSessionId": "psess-ben"},
    ]
    tickets = [{"ticketId": "t-2", "players": players[:1]}, {"ticketId": "t-1", "players": players[1:]}]
    told = {"type": kind, "tickets": tickets, "matchId": MATCH, **detail}
    notice = a_notice("GameLift Matchmaking Event", told)
    assert isinstance(notice, MatchmakingNotice)
    return notice


def of_placement(kind: str, **detail: Any) -> PlacementNotice:
    notice = a_notice(
        "GameLift Queue Placement Event",
        {
            "type": kind,
            "placementId": PLACEMENT,
            "startTime": "2026-11-20T12:00:00Z",
            "endTime": "2026-11-20T12:00:00.5Z",
            **detail,
        },
    )
    assert isinstance(notice, PlacementNotice)
    return notice


FULFILLED = {
    "gameSessionArn": ARN,
    "gameSessionRegion": "us-east-1",
    "gameSessionLocation": "custom-laptop",
    "ipAddress": "127.0.0.1",
    "port": "7777",
    "placedPlayerSessions": [
        {"playerId": "ben", "playerSessionId": "psess-ben"},
        {"playerId": "ann", "playerSessionId": "psess-ann"},
    ],
}


def test_a_fulfilled_placement_reports_itself_and_its_session() -> None:
    placement, session = reports_of_placement(of_placement("PlacementFulfilled", **FULFILLED))

    assert isinstance(placement, Placement)
    assert isinstance(session, Session)
    assert (placement.outcome, placement.session_arn) == (Outcome.FULFILLED, ARN)
    assert placement.ended_at == datetime(2026, 11, 20, 12, 0, 0, 500_000, tzinfo=UTC)
    assert placement.player_ids == session.player_ids == ("ann", "ben")
    assert session.address == Address("us-east-1", "custom-laptop", "127.0.0.1", None, 7777)
    assert (session.arn, session.placement_id, session.status) == (ARN, PLACEMENT, SessionStatus.PLACED)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("PlacementCancelled", Outcome.CANCELLED),
        ("PlacementTimedOut", Outcome.TIMED_OUT),
        ("PlacementFailed", Outcome.FAILED),
    ],
)
def test_a_placement_that_found_no_place_reports_itself_alone(kind: str, outcome: Outcome) -> None:
    (placement,) = reports_of_placement(of_placement(kind))

    assert isinstance(placement, Placement)
    assert (placement.outcome, placement.session_arn) == (outcome, None)


def test_a_placement_without_an_end_time_ended_when_it_was_told() -> None:
    (placement,) = reports_of_placement(of_placement("PlacementFailed", endTime=None))

    assert isinstance(placement, Placement)
    assert placement.ended_at == NOW


@pytest.mark.parametrize(
    ("kind", "detail", "stage"),
    [
        ("PotentialMatchCreated", {}, Stage.FORMED),
        ("AcceptMatch", {}, Stage.FORMED),
        ("AcceptMatchCompleted", {"acceptance": "Accepted"}, Stage.ACCEPTED),
        ("AcceptMatchCompleted", {"acceptance": "Rejected"}, Stage.DECLINED),
        ("AcceptMatchCompleted", {"acceptance": "TimedOut"}, Stage.DECLINED),
        ("MatchmakingFailed", {}, Stage.FAILED),
    ],
)
def test_a_notice_of_a_match_reports_how_far_it_has_come(kind: str, detail: dict[str, Any], stage: Stage) -> None:
    (match,) = reports_of_match(of_match(kind, **detail))

    assert isinstance(match, Match)
    assert (match.match_id, match.stage) == (MATCH, stage)
    assert match.ticket_ids == ("t-1", "t-2")
    assert match.teams == {"ann": "red", "ben": "blue"}


def test_a_match_that_succeeded_reports_its_session_too() -> None:
    info = {"gameSessionArn": ARN, "ipAddress": "127.0.0.1", "port": 7777, "players": []}

    match, session = reports_of_match(of_match("MatchmakingSucceeded", gameSessionInfo=info))

    assert isinstance(match, Match)
    assert isinstance(session, Session)
    assert (match.stage, match.session_arn) == (Stage.PLACED, ARN)
    assert (session.match_id, session.address) == (MATCH, Address(ip_address="127.0.0.1", port=7777))


@pytest.mark.parametrize("kind", ["MatchmakingSearching", "MatchmakingCancelled", "SomethingOfNextYear"])
def test_a_notice_that_is_not_about_a_match_reports_nothing(kind: str) -> None:
    assert list(reports_of_match(of_match(kind))) == []


def test_a_placement_notice_of_a_later_gamelift_reports_nothing() -> None:
    assert list(reports_of_placement(of_placement("PlacementPondered"))) == []


def test_every_notice_has_a_log_entry_under_its_own_id_that_names_what_it_is_about() -> None:
    of_a_match = matchmaking_entry(of_match("SomethingOfNextYear"))
    of_a_placement = placement_entry(of_placement("PlacementFulfilled", **FULFILLED))

    assert (of_a_match.notice_id, of_a_match.type, of_a_match.at) == ("notice-1", "SomethingOfNextYear", NOW)
    assert of_a_match.about == ("t-2", "t-1", MATCH)
    assert (of_a_placement.kind, of_a_placement.about) == ("placement", (PLACEMENT,))


def test_what_opens_a_seat_is_not_kept_in_the_log() -> None:
    entries = (
        matchmaking_entry(of_match("MatchmakingSucceeded")),
        placement_entry(of_placement("PlacementFulfilled", **FULFILLED)),
    )

    assert all("psess" not in entry.body and "ann" in entry.body for entry in entries)


def test_the_end_of_a_match_reports_scores_and_the_end_of_its_session() -> None:
    data = MatchFinished(
        match_id=MATCH,
        game_session_arn=ARN,
        started_at=NOW,
        ended_at=NOW,
        scores={"red": 2, "blue": 1},
        players=(
            PlayerResult(player_id="ben", team="blue", goals=1, won=False),
            PlayerResult(player_id="ann", team="red", goals=2, won=True),
        ),
    )
    told = event(data, subject=MATCH, occurred_at=NOW)

    match, session = reports_of_end(told)

    assert isinstance(match, Match)
    assert isinstance(session, Session)
    assert (match.stage, match.scores) == (Stage.FINISHED, {"red": 2, "blue": 1})
    assert (session.status, session.player_ids, session.cause) == (SessionStatus.ENDED, ("ann", "ben"), told.id)


def test_what_has_no_name_reports_nothing() -> None:
    data = MatchFinished(match_id="", game_session_arn="", started_at=NOW, ended_at=NOW, scores={}, players=())

    assert list(reports_of_match(of_match("MatchmakingSucceeded", matchId=""))) == []
    assert list(reports_of_placement(of_placement("PlacementFailed", placementId=""))) == []
    assert list(reports_of_end(event(data, subject="m", occurred_at=NOW))) == []
