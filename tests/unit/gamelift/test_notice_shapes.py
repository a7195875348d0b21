"""Every type of notice, whole: an unknown, missing or renamed field fails here."""

from typing import Any

import pytest

from muster_events.gamelift import MatchmakingNotice, PlacementNotice
from muster_events.registry import parse

CONFIGURATION_ARN = "arn:aws:gamelift:us-east-1:000000000000:matchmakingconfiguration/duel"
METRICS = [{"ruleName": "EvenSkill", "passedCount": 1, "failedCount": 0}]


def last(bench: Any) -> Any:
    return bench.recorder.notices[-1]


def entry(bench: Any, ticket_id: str, **player: Any) -> dict[str, Any]:
    started = bench.ticket(ticket_id)["StartTime"] == bench.now_s
    assert started, "the builder assumes that no time has passed"
    return {
        "ticketId": ticket_id,
        "startTime": iso(bench),
        "players": [{"playerId": f"player-{ticket_id}", **player}],
    }


def iso(bench: Any) -> str:
    return str(bench.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"))


@pytest.fixture
def searching(bench: Any) -> Any:
    bench.configure(CustomEventData="season-4")
    bench.start("t-1")
    bench.advance()
    return bench


@pytest.fixture
def proposed(bench: Any) -> Any:
    """Two tickets that wait for acceptance, nothing told yet but the potential match."""
    bench.configure(AcceptanceRequired=True, AcceptanceTimeoutSeconds=20)
    bench.start("t-1")
    bench.start("t-2")
    bench.advance()
    return bench


@pytest.fixture
def hosted(bench: Any) -> Any:
    """Two tickets whose match has a session that waits for activation."""
    bench.configure_with_queue()
    bench.ready()
    bench.start("t-1")
    bench.start("t-2")
    bench.advance()
    return bench


def teams(bench: Any) -> tuple[str, str]:
    first, second = (bench.ticket(one)["Players"][0]["Team"] for one in ("t-1", "t-2"))
    return str(first), str(second)


def match_id(bench: Any) -> str:
    return str(bench.told("PotentialMatchCreated")[-1]["matchId"])


@pytest.mark.row("3.2.members", "3.2.time", "3.2.resources", "3.2.account")
def test_the_envelope_of_a_matchmaking_notice(searching: Any) -> None:
    notice = last(searching)

    assert notice.target_arn == "arn:aws:sns:us-east-1:000000000000:matchmaking"
    assert notice.envelope == {
        "version": "0",
        "id": notice.envelope["id"],
        "detail-type": "GameLift Matchmaking Event",
        "source": "aws.gamelift",
        "account": "000000000000",
        "time": iso(searching),
        "region": "us-east-1",
        "resources": [CONFIGURATION_ARN],
        "detail": notice.envelope["detail"],
    }


@pytest.mark.row("3.2.id")
def test_notices_have_ids_of_their_own(proposed: Any) -> None:
    ids = [notice.envelope["id"] for notice in proposed.recorder.notices]

    assert len(set(ids)) == len(ids) == 3


@pytest.mark.row(
    "3.3.MatchmakingSearching", "3.3.tickets", "3.3.gameSessionInfo", "3.3.customEventData", "3.3.estimatedWaitMillis"
)
def test_matchmaking_searching(searching: Any) -> None:
    assert searching.told()[-1] == {
        "type": "MatchmakingSearching",
        "estimatedWaitMillis": "NOT_AVAILABLE",
        "tickets": [entry(searching, "t-1")],
        "gameSessionInfo": {"players": [{"playerId": "player-t-1"}]},
        "customEventData": "season-4",
    }


@pytest.mark.row("3.3.PotentialMatchCreated", "3.3.ruleEvaluationMetrics", "3.3.one.for.all")
def test_potential_match_created_with_acceptance(proposed: Any) -> None:
    one, two = teams(proposed)

    assert proposed.told()[-1] == {
        "type": "PotentialMatchCreated",
        "matchId": match_id(proposed),
        "acceptanceRequired": True,
        "acceptanceTimeout": 20,
        "ruleEvaluationMetrics": METRICS,
        "tickets": [entry(proposed, "t-1", team=one), entry(proposed, "t-2", team=two)],
        "gameSessionInfo": {
            "players": [{"playerId": "player-t-1", "team": one}, {"playerId": "player-t-2", "team": two}]
        },
    }


@pytest.mark.row("3.3.PotentialMatchCreated", "3.3.acceptanceTimeout")
def test_potential_match_created_without_acceptance_names_no_time(hosted: Any) -> None:
    detail = hosted.told("PotentialMatchCreated")[-1]

    assert detail["acceptanceRequired"] is False
    assert "acceptanceTimeout" not in detail


@pytest.mark.row("3.3.AcceptMatch")
def test_accept_match_shows_the_answers_so_far(proposed: Any) -> None:
    proposed.accept("t-2")
    one, two = teams(proposed)

    assert proposed.told()[-1] == {
        "type": "AcceptMatch",
        "matchId": match_id(proposed),
        "tickets": [entry(proposed, "t-1", team=one), entry(proposed, "t-2", team=two, accepted=True)],
        "gameSessionInfo": {
            "players": [
                {"playerId": "player-t-1", "team": one},
                {"playerId": "player-t-2", "team": two, "accepted": True},
            ]
        },
    }


@pytest.mark.parametrize(("answer", "acceptance"), [("ACCEPT", "Accepted"), ("REJECT", "Rejected")])
@pytest.mark.row("3.3.AcceptMatchCompleted.Accepted", "3.3.AcceptMatchCompleted.Rejected")
def test_accept_match_completed(proposed: Any, answer: str, acceptance: str) -> None:
    one, two = teams(proposed)
    proposed.accept("t-1")
    proposed.accept("t-2", answer=answer)

    assert proposed.told("AcceptMatchCompleted") == [
        {
            "type": "AcceptMatchCompleted",
            "matchId": match_id(proposed),
            "acceptance": acceptance,
            "tickets": [entry(proposed, "t-1", team=one), entry(proposed, "t-2", team=two)],
            "gameSessionInfo": {
                "players": [{"playerId": "player-t-1", "team": one}, {"playerId": "player-t-2", "team": two}]
            },
        }
    ]


@pytest.mark.row("3.3.standalone")
def test_matchmaking_succeeded_standalone_has_teams_and_no_session(proposed: Any) -> None:
    proposed.accept("t-1")
    proposed.accept("t-2")
    one, two = teams(proposed)

    assert proposed.told()[-1] == {
        "type": "MatchmakingSucceeded",
        "matchId": match_id(proposed),
        "tickets": [entry(proposed, "t-1", team=one), entry(proposed, "t-2", team=two)],
        "gameSessionInfo": {
            "players": [{"playerId": "player-t-1", "team": one}, {"playerId": "player-t-2", "team": two}]
        },
    }


@pytest.mark.row("3.3.MatchmakingSucceeded", "3.3.port.number")
def test_matchmaking_succeeded_with_queue_tells_where_to_go(hosted: Any) -> None:
    arn = hosted.activate()
    one, two = teams(hosted)
    seats = hosted.call("DescribePlayerSessions", GameSessionId=arn)["PlayerSessions"]
    by_player = {seat["PlayerId"]: seat["PlayerSessionId"] for seat in seats}
    first = {"team": one, "playerSessionId": by_player["player-t-1"]}
    second = {"team": two, "playerSessionId": by_player["player-t-2"]}

    assert hosted.told()[-1] == {
        "type": "MatchmakingSucceeded",
        "matchId": match_id(hosted),
        "tickets": [entry(hosted, "t-1", **first), entry(hosted, "t-2", **second)],
        "gameSessionInfo": {
            "gameSessionArn": arn,
            "ipAddress": "127.0.0.1",
            "port": 7777,
            "playerGatewayStatus": "DISABLED",
            "players": [{"playerId": "player-t-1", **first}, {"playerId": "player-t-2", **second}],
        },
    }
    assert all(seat.startswith("psess-") for seat in by_player.values())


@pytest.mark.row("3.3.MatchmakingTimedOut", "3.3.players.only")
def test_matchmaking_timed_out(searching: Any) -> None:
    told = entry(searching, "t-1")
    searching.advance(60)

    assert searching.told()[-1] == {
        "type": "MatchmakingTimedOut",
        "reason": "TimedOut",
        "message": "Removed from matchmaking due to timing out.",
        "ruleEvaluationMetrics": [],
        "tickets": [told],
        "gameSessionInfo": {"players": [{"playerId": "player-t-1"}]},
        "customEventData": "season-4",
    }


@pytest.mark.row("3.3.MatchmakingCancelled", "3.3.players.only")
def test_matchmaking_cancelled(searching: Any) -> None:
    searching.call("StopMatchmaking", TicketId="t-1")

    assert searching.told()[-1] == {
        "type": "MatchmakingCancelled",
        "reason": "Cancelled",
        "message": "Cancelled by request.",
        "ruleEvaluationMetrics": [],
        "tickets": [entry(searching, "t-1")],
        "gameSessionInfo": {"players": [{"playerId": "player-t-1"}]},
        "customEventData": "season-4",
    }


@pytest.mark.row("2.7.ended")
def test_an_ended_ticket_tells_how_often_rules_were_judged_since_it_started(bench: Any) -> None:
    bench.configure()
    bench.start("t-1", "ann", PlayerAttributes={"skill": {"N": 10}})
    bench.start("t-2", "bob", PlayerAttributes={"skill": {"N": 90}})
    bench.advance()
    bench.call("StopMatchmaking", TicketId="t-1")

    (metric,) = bench.told("MatchmakingCancelled")[0]["ruleEvaluationMetrics"]
    assert metric["ruleName"] == "EvenSkill"
    assert metric["failedCount"] >= 1


@pytest.mark.row("3.3.MatchmakingFailed")
def test_matchmaking_failed(hosted: Any) -> None:
    one, two = teams(hosted)
    hosted.call("DeleteGameSessionQueue", Name="main")

    assert hosted.told()[-1] == {
        "type": "MatchmakingFailed",
        "matchId": match_id(hosted),
        "reason": "UNEXPECTED_ERROR",
        "message": "An unexpected error was encountered during match placing.",
        "tickets": [entry(hosted, "t-1", team=one), entry(hosted, "t-2", team=two)],
        "gameSessionInfo": {
            "players": [{"playerId": "player-t-1", "team": one}, {"playerId": "player-t-2", "team": two}]
        },
    }


def place(bench: Any) -> None:
    bench.hosted(CustomEventData="eu-queue")
    bench.call(
        "StartGameSessionPlacement",
        PlacementId="pl-1",
        GameSessionQueueName="main",
        MaximumPlayerSessionCount=2,
        DesiredPlayerSessions=[{"PlayerId": "ann"}],
    )


@pytest.mark.row("3.4.PlacementFulfilled", "3.4.detail.type", "3.4.port.text", "3.4.customEventData")
def test_placement_fulfilled_in_its_envelope(bench: Any) -> None:
    place(bench)
    bench.ready()
    bench.advance()
    arn = bench.activate()
    (seat,) = bench.call("DescribePlayerSessions", PlayerId="ann")["PlayerSessions"]

    notice = last(bench)
    assert notice.target_arn == "arn:aws:sns:us-east-1:000000000000:placements"
    assert notice.envelope["detail-type"] == "GameLift Queue Placement Event"
    assert notice.envelope["resources"] == ["arn:aws:gamelift:us-east-1:000000000000:gamesessionqueue/main"]
    assert notice.envelope["detail"] == {
        "type": "PlacementFulfilled",
        "placementId": "pl-1",
        "startTime": iso(bench),
        "endTime": iso(bench),
        "gameSessionArn": arn,
        "gameSessionRegion": "us-east-1",
        "gameSessionLocation": "custom-laptop",
        "ipAddress": "127.0.0.1",
        "port": "7777",
        "computeName": "laptop",
        "playerGatewayStatus": "DISABLED",
        "placedPlayerSessions": [{"playerId": "ann", "playerSessionId": seat["PlayerSessionId"]}],
        "customEventData": "eu-queue",
    }


@pytest.mark.parametrize("kind", ["PlacementCancelled", "PlacementTimedOut", "PlacementFailed"])
@pytest.mark.row("3.4.PlacementCancelled", "3.4.PlacementTimedOut", "3.4.PlacementFailed")
def test_a_placement_that_came_to_nothing(bench: Any, kind: str) -> None:
    place(bench)
    started = iso(bench)
    bench.clock.advance(3)
    match kind:
        case "PlacementCancelled":
            bench.call("StopGameSessionPlacement", PlacementId="pl-1")
        case "PlacementFailed":
            bench.call("DeleteGameSessionQueue", Name="main")
        case _:
            bench.advance(17)

    assert bench.told()[-1] == {
        "type": kind,
        "placementId": "pl-1",
        "startTime": started,
        "endTime": iso(bench),
        "customEventData": "eu-queue",
    }


@pytest.mark.row("3.3.consumers")
def test_every_notice_parses_as_musters_consumers_read_it(hosted: Any) -> None:
    hosted.activate()
    hosted.start("t-3")
    hosted.advance(60)

    kinds = {type(parse(dict(notice.envelope))) for notice in hosted.recorder.notices}

    assert kinds == {MatchmakingNotice, PlacementNotice}
