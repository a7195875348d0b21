from typing import Any

import pytest

TRIO = {
    "name": "trio",
    "ruleLanguageVersion": "1.0",
    "teams": [{"name": "all", "minPlayers": 3, "maxPlayers": 3}],
}


@pytest.fixture
def waiting(bench: Any) -> Any:
    """Three tickets in a match that waits for acceptance; what was told so far is forgotten."""
    bench.configure(rules=TRIO, AcceptanceRequired=True, AcceptanceTimeoutSeconds=20)
    for ticket_id in ("t-1", "t-2", "t-3"):
        bench.start(ticket_id)
    bench.advance()
    bench.forget_told()
    return bench


@pytest.mark.row("2.4.waits", "2.1.potential")
def test_a_match_that_needs_acceptance_waits_for_it(waiting: Any) -> None:
    assert [waiting.status(one) for one in ("t-1", "t-2", "t-3")] == ["REQUIRES_ACCEPTANCE"] * 3
    assert waiting.ticket("t-1")["Players"][0]["Team"] == "all"


@pytest.mark.row("2.4.all.accept")
def test_the_match_goes_on_when_everybody_has_accepted(waiting: Any) -> None:
    waiting.accept("t-1")
    waiting.accept("t-2")
    assert waiting.status("t-1") == "REQUIRES_ACCEPTANCE"
    waiting.accept("t-3")

    assert [waiting.status(one) for one in ("t-1", "t-2", "t-3")] == ["COMPLETED"] * 3
    assert waiting.types() == ["AcceptMatch"] * 3 + ["AcceptMatchCompleted", "MatchmakingSucceeded"]
    assert waiting.told("AcceptMatchCompleted")[0]["acceptance"] == "Accepted"


@pytest.mark.row("2.4.reject", "2.4.no.cancelled", "2.4.final", "2.4.returns.told")
def test_a_rejection_drops_the_match_at_once(waiting: Any) -> None:
    waiting.accept("t-1")
    waiting.accept("t-2", answer="REJECT")

    assert waiting.status("t-1") == "SEARCHING"
    assert waiting.status("t-2") == waiting.status("t-3") == "CANCELLED"
    assert waiting.ticket("t-2")["StatusReason"] == "Rejected"
    assert waiting.types() == ["AcceptMatch"] * 2 + ["AcceptMatchCompleted", "MatchmakingSearching"]
    assert waiting.told("AcceptMatchCompleted")[0]["acceptance"] == "Rejected"
    assert "MatchmakingCancelled" not in waiting.types()


@pytest.mark.row("2.4.start.time")
def test_a_ticket_that_returns_keeps_its_start_time_and_loses_its_team(waiting: Any) -> None:
    started_s = waiting.now_s
    waiting.clock.advance(5)
    waiting.accept("t-1")
    waiting.accept("t-2", answer="REJECT")

    ticket = waiting.ticket("t-1")
    assert ticket["StartTime"] == started_s
    assert ticket["Players"][0]["Team"] is None
    assert ticket["StatusReason"] == "MatchNotAccepted"
    waiting.call("StopMatchmaking", TicketId="t-1")
    assert waiting.ticket("t-1")["StatusReason"] == "Cancelled"


def test_the_next_match_ends_the_reason_for_which_a_ticket_searched_again(waiting: Any) -> None:
    waiting.accept("t-1")
    waiting.accept("t-2", answer="REJECT")
    waiting.start("t-4")
    waiting.start("t-5")
    waiting.advance()

    ticket = waiting.ticket("t-1")
    assert ticket["Status"] == "REQUIRES_ACCEPTANCE"
    assert ticket["StatusReason"] is ticket["StatusMessage"] is None


@pytest.mark.row("2.4.timeout", "3.3.AcceptMatchCompleted.TimedOut")
def test_silence_drops_the_match_when_its_time_is_over(waiting: Any) -> None:
    waiting.accept("t-1")
    waiting.forget_told()

    waiting.advance(19.9)
    assert waiting.status("t-2") == "REQUIRES_ACCEPTANCE"
    waiting.advance(0.1)

    assert waiting.status("t-1") == "SEARCHING"
    assert waiting.status("t-2") == waiting.status("t-3") == "CANCELLED"
    assert waiting.ticket("t-3")["StatusReason"] == "AcceptanceTimeout"
    assert waiting.types() == ["AcceptMatchCompleted", "MatchmakingSearching"]
    assert waiting.told("AcceptMatchCompleted")[0]["acceptance"] == "TimedOut"


def test_a_ticket_that_returns_can_be_matched_again(waiting: Any) -> None:
    waiting.accept("t-1")
    waiting.accept("t-2", answer="REJECT")
    waiting.start("t-4")
    waiting.start("t-5")

    waiting.advance()

    assert {waiting.status(one) for one in ("t-1", "t-4", "t-5")} == {"REQUIRES_ACCEPTANCE"}


@pytest.mark.row("2.4.second.answer")
def test_an_acceptance_can_become_a_rejection_but_not_the_other_way(waiting: Any) -> None:
    waiting.accept("t-1")
    waiting.accept("t-1", answer="REJECT")

    assert waiting.status("t-1") == "CANCELLED"
    refused = waiting.refused("AcceptMatch", TicketId="t-1", PlayerIds=["player-t-1"], AcceptanceType="ACCEPT")
    assert refused.aws_name == "InvalidRequestException"


def test_the_same_answer_twice_is_told_once(waiting: Any) -> None:
    waiting.accept("t-1")
    waiting.accept("t-1")

    assert waiting.types() == ["AcceptMatch"]


@pytest.mark.row("2.4.all.accept")
def test_all_players_of_a_party_must_accept(bench: Any) -> None:
    bench.configure(rules=TRIO, AcceptanceRequired=True)
    bench.start("party", "ann", "bob")
    bench.start("solo", "cyd")
    bench.advance()

    bench.accept("party", "ann")
    bench.accept("solo", "cyd")
    assert bench.status("party") == "REQUIRES_ACCEPTANCE"
    bench.accept("party", "bob")

    assert bench.status("party") == "COMPLETED"


@pytest.mark.row("2.4.players")
def test_a_player_who_is_not_in_the_ticket_cannot_answer_for_it(waiting: Any) -> None:
    refused = waiting.refused("AcceptMatch", TicketId="t-1", PlayerIds=["player-t-2"], AcceptanceType="ACCEPT")

    assert refused.aws_name == "InvalidRequestException"
    assert waiting.told() == []


@pytest.mark.row("2.4.status")
def test_an_answer_needs_a_ticket_that_waits_for_it(bench: Any) -> None:
    bench.configure()
    bench.start("t-1")

    early = bench.refused("AcceptMatch", TicketId="t-1", PlayerIds=["player-t-1"], AcceptanceType="ACCEPT")
    unknown = bench.refused("AcceptMatch", TicketId="nope", PlayerIds=["p"], AcceptanceType="ACCEPT")
    nobody = bench.refused("AcceptMatch", TicketId="t-1", PlayerIds=[], AcceptanceType="ACCEPT")

    assert (early.aws_name, unknown.aws_name) == ("InvalidRequestException", "NotFoundException")
    assert nobody.aws_name == "InvalidRequestException"


@pytest.mark.row("4.1.CANCELLED")
def test_stopping_a_ticket_drops_the_match_that_waits_for_it(waiting: Any) -> None:
    waiting.accept("t-1")
    waiting.forget_told()

    waiting.call("StopMatchmaking", TicketId="t-2")

    assert waiting.status("t-1") == "SEARCHING"
    assert waiting.status("t-2") == "CANCELLED"
    assert waiting.ticket("t-2")["StatusReason"] == "Cancelled"
    assert waiting.types() == ["MatchmakingCancelled", "AcceptMatchCompleted", "MatchmakingSearching"]


@pytest.mark.row("2.5.request", "3.3.MatchmakingTimedOut.team", "4.1.TIMED_OUT")
def test_a_request_that_times_out_during_acceptance_drops_the_match(bench: Any) -> None:
    bench.configure(rules=TRIO, AcceptanceRequired=True, AcceptanceTimeoutSeconds=600, RequestTimeoutSeconds=30)
    bench.start("t-1")
    bench.clock.advance(10)
    bench.start("t-2")
    bench.start("t-3")
    bench.advance()
    bench.accept("t-2")
    bench.forget_told()

    bench.advance(20)

    assert bench.status("t-1") == "TIMED_OUT"
    assert bench.status("t-2") == "SEARCHING"
    assert bench.status("t-3") == "CANCELLED"
    assert bench.types() == ["MatchmakingTimedOut", "AcceptMatchCompleted", "MatchmakingSearching"]
    assert bench.told("MatchmakingTimedOut")[0]["tickets"][0]["players"] == [{"playerId": "player-t-1", "team": "all"}]
