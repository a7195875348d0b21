from datetime import UTC, datetime
from typing import Any

import pytest

from muster_events.envelope import event
from muster_events.matchmaking import TicketRefused, TicketRequested
from muster_events.registry import parse
from muster_tickets.consumer import notices_from, refused_from, requested_from
from muster_tickets.domain import Notice, Status

NOW = datetime(2026, 11, 20, 12, 0, 1, 500_000, tzinfo=UTC)


def received(
    kind: str, *tickets: dict[str, Any], time: str = "2026-11-20T12:00:01.500Z", **detail: Any
) -> tuple[Notice, ...]:
    notice = parse(
        {
            "version": "0",
            "id": "notice-1",
            "detail-type": "GameLift Matchmaking Event",
            "source": "aws.gamelift",
            "account": "000000000000",
            "time": time,
            "region": "us-east-1",
            "resources": ["arn:aws:gamelift:us-east-1:000000000000:matchmakingconfiguration/muster-arena"],
            "detail": {"type": kind, "tickets": list(tickets), **detail},
        }
    )
    return tuple(notices_from(notice))


def a_ticket(ticket_id: str, *players: dict[str, Any]) -> dict[str, Any]:
    return {"ticketId": ticket_id, "startTime": "2026-11-20T12:00:00.100Z", "players": list(players)}


ONE = a_ticket("t-1", {"playerId": "ann"}, {"playerId": "ben"})
TWO = a_ticket("t-2", {"playerId": "eve"})


@pytest.mark.parametrize(
    ("kind", "detail", "status"),
    [
        ("MatchmakingSearching", {"estimatedWaitMillis": "NOT_AVAILABLE"}, Status.SEARCHING),
        ("PotentialMatchCreated", {"matchId": "m", "acceptanceRequired": False}, Status.PLACING),
        (
            "PotentialMatchCreated",
            {"matchId": "m", "acceptanceRequired": True, "acceptanceTimeout": 600},
            Status.REQUIRES_ACCEPTANCE,
        ),
        ("AcceptMatchCompleted", {"matchId": "m", "acceptance": "Accepted"}, Status.PLACING),
        ("AcceptMatchCompleted", {"matchId": "m", "acceptance": "Rejected"}, Status.SEARCHING),
        ("AcceptMatchCompleted", {"matchId": "m", "acceptance": "TimedOut"}, Status.SEARCHING),
        ("MatchmakingSucceeded", {"matchId": "m"}, Status.COMPLETED),
        ("MatchmakingTimedOut", {"reason": "TimedOut", "message": "Removed."}, Status.TIMED_OUT),
        ("MatchmakingCancelled", {"reason": "Cancelled", "message": "Cancelled by request."}, Status.CANCELLED),
        ("MatchmakingFailed", {"matchId": "m", "reason": "UNEXPECTED_ERROR"}, Status.FAILED),
    ],
)
def test_each_notice_says_where_its_tickets_stand(kind: str, detail: dict[str, Any], status: Status) -> None:
    notices = received(kind, ONE, TWO, **detail)

    assert [(notice.ticket_id, notice.standing.status) for notice in notices] == [("t-1", status), ("t-2", status)]


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_no_event_could_carry_fails_before_anything_is_stored(time: str) -> None:
    with pytest.raises(OverflowError):
        received("MatchmakingSearching", ONE, time=time)


def test_a_notice_keeps_its_own_id_and_time() -> None:
    (notice,) = received("MatchmakingSearching", ONE)

    assert (notice.standing.notice_id, notice.standing.at) == ("notice-1", NOW)


def test_a_notice_tells_players_configuration_and_start() -> None:
    (notice,) = received("MatchmakingSearching", ONE)

    assert notice.player_ids == ("ann", "ben")
    assert notice.configuration == "muster-arena"
    assert notice.requested_at == datetime(2026, 11, 20, 12, 0, 0, 100_000, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["AcceptMatch", "SomethingOfNextYear"])
def test_a_notice_that_says_nothing_of_where_tickets_stand_is_not_for_us(kind: str) -> None:
    assert received(kind, ONE, matchId="m") == ()


def test_a_ticket_without_an_id_does_not_keep_the_others_of_its_match_from_being_kept() -> None:
    nameless = a_ticket("", {"playerId": "ann"})

    assert [notice.ticket_id for notice in received("MatchmakingSearching", nameless, TWO)] == ["t-2"]


def test_a_ticket_whose_player_rejected_is_cancelled_and_the_others_search_on() -> None:
    rejecting = a_ticket("t-1", {"playerId": "ann", "accepted": True}, {"playerId": "ben", "accepted": False})
    accepting = a_ticket("t-2", {"playerId": "eve", "accepted": True})

    first, second = received("AcceptMatchCompleted", rejecting, accepting, matchId="m", acceptance="Rejected")

    assert (first.standing.status, first.standing.reason) == (Status.CANCELLED, "Rejected")
    assert (second.standing.status, second.standing.match_id) == (Status.SEARCHING, None)


def test_each_player_of_each_ticket_of_a_match_gets_their_own_player_session() -> None:
    first = a_ticket(
        "t-1",
        {"playerId": "ben", "playerSessionId": "psess-ben", "team": "red"},
        {"playerId": "ann", "playerSessionId": "psess-ann", "team": "red"},
    )
    second = a_ticket("t-2", {"playerId": "eve", "playerSessionId": "psess-eve", "team": "blue"})

    notices = received("MatchmakingSucceeded", first, second, matchId="m", gameSessionInfo={"players": []})

    assert [[(seat.player_id, seat.player_session_id) for seat in notice.standing.seats] for notice in notices] == [
        [("ann", "psess-ann"), ("ben", "psess-ben")],
        [("eve", "psess-eve")],
    ]


def test_player_sessions_told_for_the_whole_match_reach_the_tickets_own_players_alone() -> None:
    everyone = [
        {"playerId": "ann", "playerSessionId": "psess-ann"},
        {"playerId": "ben", "playerSessionId": "psess-ben"},
        {"playerId": "eve", "playerSessionId": "psess-eve"},
    ]

    (notice,) = received("MatchmakingSucceeded", TWO, matchId="m", gameSessionInfo={"players": everyone})

    assert [(seat.player_id, seat.player_session_id) for seat in notice.standing.seats] == [("eve", "psess-eve")]


def test_a_match_without_a_dns_name_still_says_where_to_play() -> None:
    info = {"gameSessionArn": "arn:session", "ipAddress": "127.0.0.1", "port": 7777, "players": []}

    (notice,) = received("MatchmakingSucceeded", ONE, matchId="m", gameSessionInfo=info)

    session = notice.standing.session
    assert session is not None
    assert (session.ip_address, session.dns_name, session.port) == ("127.0.0.1", None, 7777)


def test_a_match_without_a_queue_has_no_game_session() -> None:
    (notice,) = received("MatchmakingSucceeded", ONE, matchId="m", gameSessionInfo={"players": []})

    assert notice.standing.session is None


def test_connection_details_are_taken_from_a_success_alone() -> None:
    info = {"gameSessionArn": "arn:session", "ipAddress": "127.0.0.1", "port": 7777, "players": []}
    seated = a_ticket("t-1", {"playerId": "ann", "playerSessionId": "psess-ann"})

    (notice,) = received("PotentialMatchCreated", seated, matchId="m", gameSessionInfo=info)

    assert (notice.standing.session, notice.standing.seats) == (None, ())


def test_a_request_says_who_wants_to_play_what() -> None:
    data = TicketRequested(ticket_id="t-1", player_ids=("ann", "ben"), configuration="muster-arena", requested_at=NOW)

    notice = requested_from(event(data, subject="t-1", occurred_at=NOW))

    assert (notice.ticket_id, notice.standing.status) == ("t-1", Status.REQUESTED)
    assert (notice.player_ids, notice.configuration) == (("ann", "ben"), "muster-arena")


def test_a_configuration_given_as_an_arn_counts_by_its_name() -> None:
    arn = "arn:aws:gamelift:us-east-1:000000000000:matchmakingconfiguration/muster-arena"
    data = TicketRequested(ticket_id="t-1", player_ids=("ann",), configuration=arn, requested_at=NOW)

    assert requested_from(event(data, subject="t-1", occurred_at=NOW)).configuration == "muster-arena"


def test_a_refusal_ends_the_ticket_with_its_reason() -> None:
    data = TicketRefused(ticket_id="t-1", player_ids=("ann",), reason="attribute missing")

    notice = refused_from(event(data, subject="t-1", occurred_at=NOW))

    assert (notice.standing.status, notice.standing.reason) == (Status.REFUSED, "attribute missing")
