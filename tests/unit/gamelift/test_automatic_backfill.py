"""Automatic backfill: a game that starts with open slots is filled up without anybody asking."""

import json
from typing import Any

import pytest
from gamelift_bench import Bench

FOUR = {
    "name": "four",
    "ruleLanguageVersion": "1.0",
    "teams": [{"name": "all", "minPlayers": 1, "maxPlayers": 4}],
}


def running(bench: Bench, *players: str, **given: Any) -> str:
    bench.configure_with_queue(rules=FOUR, BackfillMode="AUTOMATIC", **given)
    bench.ready()
    bench.start("t-1", *players)
    bench.advance()
    arn = bench.activate()
    bench.advance()
    return arn


def data(bench: Bench, arn: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(bench.world.sessions[arn].plan.matchmaker_data or "")
    return told


def joins(bench: Bench, ticket_id: str, *players: str) -> None:
    bench.start(ticket_id, *players)
    bench.advance()


@pytest.mark.row("4.6.mode", "4.6.ticket", "2.3.automatic", "2.3.automatic.data")
def test_a_game_that_starts_with_open_slots_is_filled_up(bench: Bench) -> None:
    arn = running(bench, "ada", "bob")

    first = data(bench, arn)["autoBackfillTicketId"]

    assert "AUTOMATIC" == data(bench, arn)["autoBackfillMode"]
    assert "SEARCHING" == bench.status(first)
    assert {"ada": "all", "bob": "all"} == {one["PlayerId"]: one["Team"] for one in bench.ticket(first)["Players"]}
    assert first == json.loads(bench.messages()[0]["MatchmakerData"])["autoBackfillTicketId"]


@pytest.mark.row("2.3.automatic.again")
def test_another_request_follows_until_the_game_is_full_one_at_a_time(bench: Bench) -> None:
    arn = running(bench, "ada", "bob")
    first = data(bench, arn)["autoBackfillTicketId"]

    joins(bench, "t-2", "cyd")
    second = data(bench, arn)["autoBackfillTicketId"]
    bench.advance()
    assert ["COMPLETED", "SEARCHING"] == [bench.status(first), bench.status(second)]
    assert 3 == len(bench.ticket(second)["Players"])
    joins(bench, "t-3", "dan")

    assert "COMPLETED" == bench.status(second)
    assert data(bench, arn)["autoBackfillTicketId"] is None
    assert 0 == bench.world.tickets.count("session", arn)
    reasons = [one["UpdateReason"] for one in bench.messages() if one["Action"] == "UpdateGameSession"]
    assert ["MATCHMAKING_DATA_UPDATED"] * 2 == reasons


def test_a_game_that_starts_full_is_left_alone(bench: Bench) -> None:
    arn = running(bench, "ada", "bob", "cyd", "dan")

    assert data(bench, arn)["autoBackfillTicketId"] is None
    assert 0 == bench.world.tickets.count("session", arn)


def test_slots_that_a_configuration_keeps_open_are_not_filled_up(bench: Bench) -> None:
    arn = running(bench, "ada", "bob", "cyd", AdditionalPlayerCount=1)

    assert data(bench, arn)["autoBackfillTicketId"] is None


@pytest.mark.row("2.3.automatic.off")
def test_stop_matchmaking_turns_automatic_backfill_off(bench: Bench) -> None:
    arn = running(bench, "ada", "bob")

    bench.call("StopMatchmaking", TicketId=data(bench, arn)["autoBackfillTicketId"])
    joins(bench, "t-2", "cyd")

    assert "PLACING" == bench.status("t-2")
    assert {"ada", "bob"} == {seat.player_id for seat in bench.world.seats.find("session", arn)}
    assert 0 == bench.world.tickets.count("session", arn)


@pytest.mark.row("4.6.leavers", "2.3.automatic.leavers")
def test_who_leaves_is_not_replaced(bench: Bench) -> None:
    arn = running(bench, "ada", "bob", "cyd", "dan")
    seat, *_ = bench.world.seats.find("taken", arn)
    bench.act("AcceptPlayerSession", GameSessionId=arn, PlayerSessionId=seat.seat_id)

    bench.act("RemovePlayerSession", GameSessionId=arn, PlayerSessionId=seat.seat_id)
    bench.advance(5)

    assert 0 == bench.world.tickets.count("session", arn)
    assert 4 == len(data(bench, arn)["teams"][0]["players"])


@pytest.mark.row("2.3.duplicate")
def test_a_player_who_searches_again_ends_it(bench: Bench) -> None:
    arn = running(bench, "ada", "bob")
    ticket_id = data(bench, arn)["autoBackfillTicketId"]

    bench.start("t-2", "ada")
    bench.advance(1)

    assert "CANCELLED" == bench.status(ticket_id)
    assert 0 == bench.world.tickets.count("session", arn)


def test_it_never_takes_a_player_out_of_a_search_that_began_before(bench: Bench) -> None:
    bench.configure_with_queue(rules=FOUR, BackfillMode="AUTOMATIC")
    bench.configure("other", rules={**FOUR, "teams": [{"name": "all", "minPlayers": 4, "maxPlayers": 4}]})
    bench.ready()
    bench.start("t-1", "ada")
    bench.advance()
    bench.start("t-2", "ada", configuration="other")

    arn = bench.activate()

    ticket = bench.ticket(data(bench, arn)["autoBackfillTicketId"])
    assert ("CANCELLED", "Cancelled due to duplicate player") == (ticket["Status"], ticket["StatusReason"])
    assert "QUEUED" == bench.status("t-2")


def test_a_request_that_times_out_is_the_last(bench: Bench) -> None:
    arn = running(bench, "ada", "bob", RequestTimeoutSeconds=10)
    ticket_id = data(bench, arn)["autoBackfillTicketId"]

    bench.advance(10)

    assert "TIMED_OUT" == bench.status(ticket_id)
    assert 0 == bench.world.tickets.count("session", arn)


def test_only_the_latency_to_where_the_game_runs_counts_for_those_seated(bench: Bench) -> None:
    bench.configure_with_queue(rules=FOUR, BackfillMode="AUTOMATIC")
    bench.ready()
    bench.start("t-1", "ada", LatencyInMs={"custom-laptop": 20, "custom-rack": 30})
    bench.advance()

    arn = bench.activate()

    (player,) = bench.ticket(data(bench, arn)["autoBackfillTicketId"])["Players"]
    assert {"custom-laptop": 20} == player["LatencyInMs"]


def test_a_backfill_asked_for_by_hand_ends_the_automatic_one(bench: Bench) -> None:
    arn = running(bench, "ada", "bob")
    ticket_id = data(bench, arn)["autoBackfillTicketId"]
    players = [{"PlayerId": one, "Team": "all"} for one in ("ada", "bob")]

    bench.call("StartMatchBackfill", TicketId="b-1", ConfigurationName="duel", GameSessionArn=arn, Players=players)
    joins(bench, "t-2", "cyd")

    assert ["CANCELLED", "COMPLETED"] == [bench.status(ticket_id), bench.status("b-1")]
    assert data(bench, arn)["autoBackfillTicketId"] is None


def test_a_game_server_that_asks_before_its_game_starts_comes_first(bench: Bench) -> None:
    bench.configure_with_queue(rules=FOUR, BackfillMode="AUTOMATIC")
    bench.ready()
    bench.start("t-1", "ada")
    bench.advance()
    players = [{"PlayerId": "guest", "Team": "all"}]
    arn = bench.session_arn()
    bench.call("StartMatchBackfill", TicketId="b-1", ConfigurationName="duel", GameSessionArn=arn, Players=players)

    bench.activate()

    assert "QUEUED" == bench.status("b-1")
    assert "CANCELLED" == bench.status(data(bench, arn)["autoBackfillTicketId"])
    assert "MatchmakingCancelled" == bench.types()[-1]
    assert 1 == bench.world.tickets.count("session", arn)
