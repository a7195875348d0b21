import json
from typing import Any

import pytest

FOUR = {
    "name": "four",
    "ruleLanguageVersion": "1.0",
    "teams": [{"name": "all", "minPlayers": 4, "maxPlayers": 4}],
}


@pytest.mark.row("4.1.QUEUED", "4.2.start.answer", "3.2.account")
def test_a_started_ticket_is_queued_and_nobody_is_told(bench: Any) -> None:
    bench.configure()

    ticket = bench.start("t-1", "ann", PlayerAttributes={"skill": {"N": 12}}, LatencyInMs={"custom-laptop": 20})

    assert ticket == {
        **ticket,
        "TicketId": "t-1",
        "Status": "QUEUED",
        "ConfigurationName": "duel",
        "ConfigurationArn": "arn:aws:gamelift:us-east-1:000000000000:matchmakingconfiguration/duel",
        "StartTime": bench.now_s,
        "EndTime": None,
        "GameSessionConnectionInfo": None,
    }
    assert ticket["Players"][0]["PlayerAttributes"] == {"skill": {"N": 12.0}}
    assert ticket["Players"][0]["LatencyInMs"] == {"custom-laptop": 20}
    assert bench.told() == []


@pytest.mark.row("4.2.start.id")
def test_a_ticket_without_an_id_is_given_one(bench: Any) -> None:
    bench.configure()
    answer = bench.call("StartMatchmaking", ConfigurationName="duel", Players=[{"PlayerId": "ann"}])

    assert bench.status(answer["MatchmakingTicket"]["TicketId"]) == "QUEUED"


@pytest.mark.row("4.1.SEARCHING")
def test_the_next_pass_picks_a_ticket_up_and_tells(bench: Any) -> None:
    bench.configure()
    bench.start("t-1")

    bench.advance()

    assert bench.status("t-1") == "SEARCHING"
    assert bench.types() == ["MatchmakingSearching"]


def test_a_second_pass_does_not_tell_again(bench: Any) -> None:
    bench.configure()
    bench.start("t-1")

    bench.advance()
    bench.advance(1)

    assert bench.types() == ["MatchmakingSearching"]


@pytest.mark.row("4.1.COMPLETED.standalone", "4.1.Team", "4.1.times")
def test_standalone_tickets_complete_as_soon_as_they_match(bench: Any) -> None:
    bench.configure()
    bench.start("t-1", "ann")
    bench.start("t-2", "bob")

    bench.advance()

    first, second = bench.ticket("t-1"), bench.ticket("t-2")
    assert first["Status"] == second["Status"] == "COMPLETED"
    assert {first["Players"][0]["Team"], second["Players"][0]["Team"]} == {"red", "blue"}
    assert first["EndTime"] == bench.now_s
    assert first["GameSessionConnectionInfo"] is None
    assert bench.types() == ["MatchmakingSearching"] * 2 + ["PotentialMatchCreated", "MatchmakingSucceeded"]


@pytest.mark.row("2.1.pools")
def test_tickets_of_different_configurations_never_meet(bench: Any) -> None:
    bench.configure("duel")
    bench.configure("other")
    bench.start("t-1", "ann", configuration="duel")
    bench.start("t-2", "bob", configuration="other")

    bench.advance()

    assert bench.status("t-1") == bench.status("t-2") == "SEARCHING"


@pytest.mark.row("4.1.TIMED_OUT", "2.5.request", "2.5.told")
def test_a_ticket_times_out_when_its_request_time_is_over(bench: Any) -> None:
    bench.configure(RequestTimeoutSeconds=30)
    bench.start("t-1")

    bench.advance(29.9)
    assert bench.status("t-1") == "SEARCHING"
    bench.advance(0.1)

    ticket = bench.ticket("t-1")
    assert ticket["Status"] == "TIMED_OUT"
    assert ticket["StatusReason"] == "TimedOut"
    assert bench.types()[-1] == "MatchmakingTimedOut"


@pytest.mark.row("4.1.TIMED_OUT")
def test_a_queued_ticket_times_out_without_ever_searching(bench: Any) -> None:
    bench.configure(RequestTimeoutSeconds=1)
    bench.start("t-1")

    bench.advance(1)

    assert bench.status("t-1") == "TIMED_OUT"
    assert bench.types() == ["MatchmakingTimedOut"]


@pytest.mark.parametrize("passes", [0, 1])
@pytest.mark.row("4.1.CANCELLED", "4.2.stop")
def test_a_queued_or_searching_ticket_can_be_stopped(bench: Any, passes: int) -> None:
    bench.configure()
    bench.start("t-1")
    for _ in range(passes):
        bench.advance()

    assert bench.call("StopMatchmaking", TicketId="t-1") == {}

    ticket = bench.ticket("t-1")
    assert (ticket["Status"], ticket["StatusReason"]) == ("CANCELLED", "Cancelled")
    assert ticket["StatusMessage"] == "Cancelled by request."
    assert bench.types()[-1] == "MatchmakingCancelled"


def test_a_stopped_ticket_is_not_matched_any_more(bench: Any) -> None:
    bench.configure()
    bench.start("t-1", "ann")
    bench.call("StopMatchmaking", TicketId="t-1")
    bench.start("t-2", "bob")

    bench.advance()

    assert bench.status("t-2") == "SEARCHING"


@pytest.mark.row("4.2.stop.ended")
def test_an_ended_ticket_cannot_be_stopped(bench: Any) -> None:
    bench.configure()
    bench.start("t-1")
    bench.call("StopMatchmaking", TicketId="t-1")

    assert bench.refused("StopMatchmaking", TicketId="t-1").aws_name == "InvalidRequestException"


@pytest.mark.row("4.2.stop")
def test_stopping_an_unknown_ticket_finds_nothing(bench: Any) -> None:
    assert bench.refused("StopMatchmaking", TicketId="nope").aws_name == "NotFoundException"


@pytest.mark.row("4.1.duplicate", "3.3.silent.duplicate")
def test_a_newer_ticket_of_a_player_cancels_the_older_one_silently(bench: Any) -> None:
    bench.configure(rules=FOUR)
    bench.start("t-1", "ann", "bob")
    bench.advance()
    bench.forget_told()

    bench.start("t-2", "bob")

    older = bench.ticket("t-1")
    assert (older["Status"], older["StatusReason"]) == ("CANCELLED", "Cancelled due to duplicate player")
    assert bench.told() == []
    assert bench.status("t-2") == "QUEUED"


def test_a_newer_ticket_in_another_configuration_cancels_the_older_one_too(bench: Any) -> None:
    bench.configure("duel")
    bench.configure("other")
    bench.start("t-1", "ann", configuration="duel")

    bench.start("t-2", "ann", configuration="other")

    assert bench.status("t-1") == "CANCELLED"


@pytest.mark.row("4.2.update.later")
def test_a_ticket_keeps_the_configuration_that_it_was_started_with(bench: Any) -> None:
    bench.configure(RequestTimeoutSeconds=30)
    bench.start("t-1")
    bench.call("UpdateMatchmakingConfiguration", Name="duel", RequestTimeoutSeconds=300)

    bench.advance(30)

    assert bench.status("t-1") == "TIMED_OUT"


@pytest.mark.row("4.2.describe.unknown")
def test_unknown_tickets_are_left_out_of_a_description(bench: Any) -> None:
    bench.configure()
    bench.start("t-1")

    answer = bench.call("DescribeMatchmaking", TicketIds=["nope", "t-1", "t-1"])

    assert [ticket["TicketId"] for ticket in answer["TicketList"]] == ["t-1"]


@pytest.mark.row("4.2.describe.ten", "2.6.describe")
def test_at_most_ten_tickets_are_described_at_once(bench: Any) -> None:
    assert bench.refused("DescribeMatchmaking", TicketIds=[str(n) for n in range(11)]).status == 400


@pytest.mark.parametrize(
    ("players", "words"),
    [
        ([], "1 to 10 players"),
        ([{"PlayerId": f"p{n}"} for n in range(11)], "1 to 10 players"),
        ([{"PlayerId": "ann"}, {"PlayerId": "ann"}], "only once"),
        ([{}], "needs a PlayerId"),
        ([{"PlayerId": "ann", "Team": "red"}], "names a team"),
        ([{"PlayerId": "ann", "LatencyInMs": {"custom-laptop": 0}}], "greater than or equal to 1"),
        ([{"PlayerId": "ann", "PlayerAttributes": {"skill": {"S": "high"}}}], "attribute skill: must be a number"),
        ([{"PlayerId": "ann", "PlayerAttributes": {"skill": {}}}], "exactly one of S, N, SL, SDM"),
        ([{"PlayerId": "ann", "PlayerAttributes": {"skill": {"N": 1, "S": "x"}}}], "exactly one of S, N, SL, SDM"),
        ([{"PlayerId": "ann", "PlayerAttributes": {f"a{n}": {"N": 1} for n in range(11)}}], "more than 10 attributes"),
    ],
)
@pytest.mark.row("4.2.start.players", "2.6.players")
def test_players_that_make_no_sense_are_refused(bench: Any, players: list[Any], words: str) -> None:
    bench.configure()

    refused = bench.refused("StartMatchmaking", ConfigurationName="duel", Players=players)

    assert refused.aws_name == "InvalidRequestException"
    assert words in refused.detail


@pytest.mark.row("4.2.start.players")
def test_an_attribute_without_default_must_be_given(bench: Any) -> None:
    rules = {**DUEL_NO_DEFAULT}
    bench.configure(rules=rules)

    refused = bench.refused("StartMatchmaking", ConfigurationName="duel", Players=[{"PlayerId": "ann"}])

    assert refused.aws_name == "InvalidRequestException"
    assert "ann" in refused.detail
    assert "skill" in refused.detail


DUEL_NO_DEFAULT = {
    "name": "n",
    "ruleLanguageVersion": "1.0",
    "playerAttributes": [{"name": "skill", "type": "number"}],
    "teams": [{"name": "all", "minPlayers": 2, "maxPlayers": 2}],
}


def test_attributes_of_all_four_types_come_back_as_they_were_sent(bench: Any) -> None:
    bench.configure()
    sent = {"n": {"N": 1.5}, "s": {"S": "x"}, "l": {"SL": ["a", "b"]}, "m": {"SDM": {"k": 2.0}}}

    ticket = bench.start("t-1", PlayerAttributes=sent)

    assert ticket["Players"][0]["PlayerAttributes"] == {"skill": {"N": 10.0}, **sent}


@pytest.mark.row("4.2.start.reused")
def test_a_ticket_id_is_used_once(bench: Any) -> None:
    bench.configure()
    bench.start("t-1", "ann")

    refused = bench.refused("StartMatchmaking", TicketId="t-1", ConfigurationName="duel", Players=[{"PlayerId": "bob"}])

    assert refused.aws_name == "InvalidRequestException"


@pytest.mark.row("4.2.start.name")
def test_an_unknown_configuration_is_not_found_and_its_arn_works_as_its_name(bench: Any) -> None:
    bench.configure()
    arn = "arn:aws:gamelift:us-east-1:000000000000:matchmakingconfiguration/duel"

    assert bench.refused("StartMatchmaking", ConfigurationName="duel-rules", Players=[]).aws_name == "NotFoundException"
    assert bench.start("t-1", configuration=arn)["ConfigurationName"] == "duel"


@pytest.mark.row("4.1.EstimatedWaitTime", "3.3.estimatedWaitMillis")
def test_the_estimated_wait_is_the_mean_of_completed_waits(bench: Any) -> None:
    bench.configure(rules=FOUR)
    bench.start("t-1", "a", "b")
    assert bench.ticket("t-1")["EstimatedWaitTime"] is None
    bench.advance(8)
    bench.start("t-2", "c", "d")
    bench.advance(2)

    bench.start("t-3", "e")
    bench.advance()

    assert bench.status("t-1") == "COMPLETED"
    assert bench.ticket("t-3")["EstimatedWaitTime"] == 6
    assert bench.told("MatchmakingSearching")[-1]["estimatedWaitMillis"] == 6000


def test_a_refused_request_leaves_no_trace(bench: Any) -> None:
    bench.configure(rules=FOUR)
    bench.start("t-1", "ann", "bob")
    bench.advance()
    bench.forget_told()

    # The older ticket of ann would have been cancelled before the second player was found wrong.
    bench.refused("StartMatchmaking", ConfigurationName="duel", Players=[{"PlayerId": "ann"}, {}])

    assert bench.status("t-1") == "SEARCHING"
    assert bench.told() == []


@pytest.mark.row("4.4.region")
def test_regions_do_not_see_each_other(bench: Any) -> None:
    bench.configure()

    answer = bench.engine.call("eu-west-1", "DescribeMatchmakingConfigurations", {}, servers_url="")

    assert answer["Configurations"] == []


@pytest.mark.row("4.1.kept")
def test_ended_tickets_are_forgotten_after_a_day(bench: Any) -> None:
    bench.configure()
    bench.start("t-1")
    bench.call("StopMatchmaking", TicketId="t-1")

    bench.advance(86_399)
    assert bench.call("DescribeMatchmaking", TicketIds=["t-1"])["TicketList"]
    bench.advance(1)

    assert bench.call("DescribeMatchmaking", TicketIds=["t-1"])["TicketList"] == []


@pytest.mark.row("2.2.additional.players", "2.2.additional.session")
def test_slots_kept_open_are_not_filled_by_the_matcher(bench: Any) -> None:
    arn = bench.hosted()
    bench.configure(rules=FIVE, FlexMatchMode="WITH_QUEUE", GameSessionQueueArns=[arn], AdditionalPlayerCount=2)
    for n in range(5):
        bench.start(f"t-{n}", f"p{n}")
    bench.ready()

    bench.advance()
    bench.advance()

    assert sorted(bench.status(f"t-{n}") for n in range(5)) == ["PLACING"] * 3 + ["SEARCHING"] * 2
    assert json.loads(bench.messages()[0]["MatchmakerData"])["teams"][0]["name"] == "all"
    assert bench.messages()[0]["MaximumPlayerSessionCount"] == 5


FIVE = {
    "name": "five",
    "ruleLanguageVersion": "1.0",
    "teams": [{"name": "all", "minPlayers": 3, "maxPlayers": 5}],
}
