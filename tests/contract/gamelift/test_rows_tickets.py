"""Rows of docs/rows.md about the states of a ticket, and what is told on the way from one to the next."""

from dataclasses import replace
from typing import Any

import pytest
from gamelift_bench import Bench

from muster_gamelift.state.world import Limits

row = pytest.mark.row
PAIR = ("t-1", "t-2")


def states(bench: Bench) -> list[str]:
    return [bench.status(ticket_id) for ticket_id in PAIR]


def pair(bench: Bench, **configuration: Any) -> None:
    """Let two players who fit search, with nothing told before."""
    if configuration.get("FlexMatchMode") == "STANDALONE":
        bench.configure(**configuration)
    else:
        bench.configure_with_queue(**configuration)
    for ticket_id in PAIR:
        bench.start(ticket_id)
    bench.forget_told()


def proposed(bench: Bench, **configuration: Any) -> None:
    pair(bench, AcceptanceRequired=True, AcceptanceTimeoutSeconds=20, **configuration)
    bench.advance()
    bench.forget_told()


@row("4.1.REQUIRES_ACCEPTANCE", "2.1.potential")
def test_a_match_with_acceptance_leads_from_searching_to_acceptance(bench: Bench) -> None:
    pair(bench, AcceptanceRequired=True)

    bench.advance()

    assert states(bench) == ["REQUIRES_ACCEPTANCE"] * 2
    assert bench.types() == ["MatchmakingSearching"] * 2 + ["PotentialMatchCreated"]


@row("4.1.PLACING", "2.1.potential")
def test_a_match_without_acceptance_leads_from_searching_to_placing(bench: Bench) -> None:
    pair(bench)

    bench.advance()

    assert states(bench) == ["PLACING"] * 2
    assert bench.types() == ["MatchmakingSearching"] * 2 + ["PotentialMatchCreated"]


@row("4.1.accepted")
def test_the_last_acceptance_leads_to_placing(bench: Bench) -> None:
    proposed(bench)

    bench.accept("t-1")
    bench.accept("t-2")

    assert states(bench) == ["PLACING"] * 2
    assert bench.types() == ["AcceptMatch", "AcceptMatch", "AcceptMatchCompleted"]


@pytest.mark.parametrize(
    ("answers", "others"),
    [
        pytest.param({"t-1": "ACCEPT", "t-2": "REJECT"}, "Rejected", id="rejected"),
        pytest.param({"t-1": "ACCEPT"}, "TimedOut", id="no answer"),
    ],
)
@row("4.1.returned", "4.1.dropped", "2.4.final", "2.4.returns.told")
def test_after_a_dropped_match_who_accepted_searches_and_the_others_are_cancelled(
    bench: Bench, answers: dict[str, str], others: str
) -> None:
    proposed(bench)
    for ticket_id, answer in answers.items():
        bench.accept(ticket_id, answer=answer)
    bench.advance(20)

    assert states(bench) == ["SEARCHING", "CANCELLED"]
    assert bench.told("AcceptMatchCompleted")[0]["acceptance"] == others
    assert bench.types()[-2:] == ["AcceptMatchCompleted", "MatchmakingSearching"]
    (searching,) = bench.told("MatchmakingSearching")
    assert [ticket["ticketId"] for ticket in searching["tickets"]] == ["t-1"]
    assert bench.ticket("t-2")["EndTime"] is not None
    assert bench.ticket("t-2")["StatusMessage"]


@row("4.1.COMPLETED", "4.1.times", "4.1.GameSessionConnectionInfo")
def test_a_session_that_is_ready_completes_its_tickets(bench: Bench) -> None:
    pair(bench)
    bench.ready()
    bench.advance()
    bench.clock.advance(3)
    assert [bench.ticket(one)["GameSessionConnectionInfo"] for one in PAIR] == [None, None]

    bench.activate()

    assert states(bench) == ["COMPLETED"] * 2
    assert bench.types()[-1] == "MatchmakingSucceeded"
    assert {bench.ticket(one)["EndTime"] for one in PAIR} == {bench.now_s}
    assert all(bench.ticket(one)["GameSessionConnectionInfo"]["Port"] == 7777 for one in PAIR)


@row("4.1.placement.timed.out", "3.3.silent.placement")
def test_tickets_whose_placement_timed_out_search_again_and_nobody_is_told(bench: Bench) -> None:
    pair(bench)
    bench.advance()
    bench.forget_told()
    bench.advance(20)

    assert bench.types() == ["PlacementTimedOut", "PotentialMatchCreated"]
    again = {ticket["ticketId"] for ticket in bench.told("PotentialMatchCreated")[0]["tickets"]}
    assert again == set(PAIR), "who returned searches: it was matched again in the same pass"


@row("4.1.FAILED", "4.1.times")
def test_a_placement_that_fails_fails_its_tickets(bench: Bench) -> None:
    pair(bench, CustomEventData="season-4")
    bench.advance()
    bench.forget_told()

    bench.call("DeleteGameSessionQueue", Name="main")

    assert states(bench) == ["FAILED"] * 2
    assert bench.types() == ["PlacementFailed", "MatchmakingFailed"]
    assert bench.ticket("t-1")["EndTime"] == bench.now_s


@row("3.3.MatchmakingFailed.customEventData")
def test_a_failure_carries_the_configurations_own_data(bench: Bench) -> None:
    pair(bench, CustomEventData="season-4")
    bench.advance()
    bench.call("DeleteGameSessionQueue", Name="main")

    assert bench.told("MatchmakingFailed")[0]["customEventData"] == "season-4"


@pytest.mark.parametrize("passes", [0, 1, 2, 3])
@row("4.1.TIMED_OUT", "2.5.request")
def test_any_ticket_that_has_not_ended_times_out(bench: Bench, passes: int) -> None:
    bench.configure_with_queue(AcceptanceRequired=True, AcceptanceTimeoutSeconds=600, RequestTimeoutSeconds=30)
    bench.start("t-1")
    if passes >= 2:
        bench.start("t-2")
    if passes >= 1:
        bench.advance()
    if passes >= 3:
        for ticket_id in PAIR:
            bench.accept(ticket_id)
    reached = bench.status("t-1")

    # Less than the request timeout since the last of these steps, exactly that since the start.
    bench.advance(30)

    assert reached == ["QUEUED", "SEARCHING", "REQUIRES_ACCEPTANCE", "PLACING"][passes]
    assert bench.status("t-1") == "TIMED_OUT"
    assert "t-1" in [one["tickets"][0]["ticketId"] for one in bench.told("MatchmakingTimedOut")]


@row("4.1.kept")
def test_of_ended_tickets_only_the_last_are_kept() -> None:
    bench = Bench(replace(Limits(), kept_rows=3))
    bench.configure()
    for number in range(5):
        bench.start(f"t-{number}")
        bench.call("StopMatchmaking", TicketId=f"t-{number}")
    bench.advance()

    kept = bench.call("DescribeMatchmaking", TicketIds=[f"t-{number}" for number in range(5)])["TicketList"]

    assert [ticket["TicketId"] for ticket in kept] == ["t-2", "t-3", "t-4"]
    assert Limits().kept_rows == 10_000


@row("3.3.one.each")
def test_searching_timed_out_and_cancelled_tickets_have_a_notice_each(bench: Bench) -> None:
    bench.configure(RequestTimeoutSeconds=30)
    for number, skill in enumerate((0, 100, 200, 300)):
        bench.start(f"t-{number}", PlayerAttributes={"skill": {"N": skill}})
    bench.advance()
    for ticket_id in ("t-0", "t-1"):
        bench.call("StopMatchmaking", TicketId=ticket_id)
    bench.advance(30)

    for kind, tickets in (
        ("MatchmakingSearching", ["t-0", "t-1", "t-2", "t-3"]),
        ("MatchmakingCancelled", ["t-0", "t-1"]),
        ("MatchmakingTimedOut", ["t-2", "t-3"]),
    ):
        assert [[one["ticketId"] for one in told["tickets"]] for told in bench.told(kind)] == [[one] for one in tickets]


@row("3.3.no.other.type")
def test_no_other_types_are_told(bench: Bench) -> None:
    bench.configure_with_queue(AcceptanceRequired=True, AcceptanceTimeoutSeconds=20)
    for number in range(12):
        bench.start(f"t-{number}", PlayerAttributes={"skill": {"N": 10 if number < 6 else number * 100}})
    bench.advance()
    for number in (0, 1, 2, 4, 5):
        bench.accept(f"t-{number}", answer="REJECT" if number == 2 else "ACCEPT")
    bench.ready()
    bench.advance()
    bench.activate()
    bench.call("StopMatchmaking", TicketId="t-10")
    bench.advance(20)
    bench.call("DeleteGameSessionQueue", Name="main")
    bench.advance(60)

    assert set(bench.types()) <= {
        "MatchmakingSearching", "PotentialMatchCreated", "AcceptMatch", "AcceptMatchCompleted", "MatchmakingSucceeded",
        "MatchmakingTimedOut", "MatchmakingCancelled", "MatchmakingFailed", "PlacementFulfilled", "PlacementCancelled",
        "PlacementTimedOut", "PlacementFailed",
    }  # fmt: skip
    assert len(set(bench.types())) >= 8


@row("2.6.polling")
def test_who_only_polls_sees_the_same_end_as_who_listens(bench: Bench) -> None:
    bench.configure(RequestTimeoutSeconds=30)
    for number, skill in enumerate((10, 10, 900, 2000)):
        bench.start(f"t-{number}", PlayerAttributes={"skill": {"N": skill}})
    bench.advance()
    bench.call("StopMatchmaking", TicketId="t-2")
    bench.advance(30)

    ends = {
        "MatchmakingSucceeded": "COMPLETED",
        "MatchmakingCancelled": "CANCELLED",
        "MatchmakingTimedOut": "TIMED_OUT",
    }
    heard = {
        ticket["ticketId"]: end for kind, end in ends.items() for told in bench.told(kind) for ticket in told["tickets"]
    }
    polled = bench.call("DescribeMatchmaking", TicketIds=[f"t-{number}" for number in range(4)])["TicketList"]

    assert heard == {ticket["TicketId"]: ticket["Status"] for ticket in polled}
    assert set(heard.values()) == set(ends.values())


@row("3.3.ids", "4.5.arn")
def test_ids_begin_as_those_of_aws_do(bench: Bench) -> None:
    arn = bench.running_session()
    seat = bench.call("CreatePlayerSession", GameSessionId=arn, PlayerId="ann")["PlayerSession"]

    assert seat["PlayerSessionId"].startswith("psess-")
    assert bench.fleet_id.startswith("fleet-")
    assert arn.split(":")[-1].startswith(f"gamesession/{bench.fleet_id}/custom-laptop/")


@row("3.1.fifo")
def test_a_fifo_topic_can_be_named(bench: Bench) -> None:
    topic = "arn:aws:sns:us-east-1:000000000000:matchmaking.fifo"
    bench.configure(NotificationTarget=topic)
    bench.start("t-1")
    bench.advance()

    assert [notice.target_arn for notice in bench.recorder.notices] == [topic]
