"""Running games take in more players: what is asked, what comes of it, and what the game server is told."""

import json
from dataclasses import replace
from typing import Any

import pytest
from gamelift_bench import Bench

SQUAD: dict[str, Any] = {
    "name": "squad",
    "ruleLanguageVersion": "1.0",
    "playerAttributes": [{"name": "skill", "type": "number", "default": 10}],
    "teams": [{"name": "red", "minPlayers": 1, "maxPlayers": 2}, {"name": "blue", "minPlayers": 1, "maxPlayers": 2}],
}
GONE = "was not found, or was in a state which wouldn't accept new player sessions."


def configured(bench: Bench, **given: Any) -> None:
    bench.configure_with_queue(rules={**SQUAD, **given.pop("rules", {})}, **given)


def running(bench: Bench, **given: Any) -> str:
    """Start a match of two, one on each team; return the ARN of its session."""
    configured(bench, **given)
    bench.ready()
    bench.start("t-1", "ada")
    bench.start("t-2", "bob")
    bench.advance()
    for ticket_id, player_id in (("t-1", "ada"), ("t-2", "bob")):
        if given.get("AcceptanceRequired"):
            bench.accept(ticket_id, player_id)
    arn = bench.activate()
    bench.forget_told()
    return arn


def teams(bench: Bench) -> dict[str, str]:
    return {
        player["PlayerId"]: player["Team"]
        for ticket_id in ("t-1", "t-2")
        for player in bench.ticket(ticket_id)["Players"]
    }


def fill(bench: Bench, arn: str, ticket_id: str = "b-1", **given: Any) -> dict[str, Any]:
    players = [{"PlayerId": player_id, "Team": team} for player_id, team in teams(bench).items()]
    asked = {"ConfigurationName": "duel", "GameSessionArn": arn, "Players": players, **given}
    ticket: dict[str, Any] = bench.call("StartMatchBackfill", TicketId=ticket_id, **asked)["MatchmakingTicket"]
    return ticket


def data(bench: Bench, arn: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(bench.world.sessions[arn].plan.matchmaker_data or "")
    return told


def updates(bench: Bench) -> list[tuple[str, str]]:
    messages = [one for one in bench.messages() if one["Action"] == "UpdateGameSession"]
    return [(one["UpdateReason"], one["BackfillTicketId"]) for one in messages]


def seated(bench: Bench, arn: str) -> list[str]:
    return sorted(seat.player_id for seat in bench.world.seats.find("taken", arn))


@pytest.mark.row(
    "4.7.StartMatchBackfill",
    "5.3.UpdateGameSession",
    "4.6.backfill",
    "2.3.manual",
    "2.3.manual.api",
    "2.3.success",
    "2.3.success.update",
)
def test_newcomers_get_seats_in_the_running_game_and_its_server_is_told(bench: Bench) -> None:
    arn = running(bench)
    first_match = data(bench, arn)["matchId"]

    answer = fill(bench, arn)
    bench.start("t-3", "cyd")
    bench.advance()

    assert ("b-1", "QUEUED") == (answer["TicketId"], answer["Status"])
    assert teams(bench) == {one["PlayerId"]: one["Team"] for one in answer["Players"]}
    assert ["COMPLETED", "COMPLETED"] == [bench.status("b-1"), bench.status("t-3")]
    assert ["ada", "bob", "cyd"] == seated(bench, arn)
    assert [("MATCHMAKING_DATA_UPDATED", "b-1")] == updates(bench)
    (update,) = bench.messages()
    assert arn == update["GameSession"]["GameSessionId"]
    told = json.loads(update["GameSession"]["MatchmakerData"])
    assert told == data(bench, arn)
    assert told["matchId"] != first_match
    assert {"ada", "bob", "cyd"} == {player["playerId"] for team in told["teams"] for player in team["players"]}
    assert told["teams"][0]["players"][0]["attributes"] == {"skill": {"attributeType": "DOUBLE", "valueAttribute": 10}}


def test_backfill_tickets_are_told_of_like_others(bench: Bench) -> None:
    arn = running(bench)

    fill(bench, arn)
    bench.start("t-3", "cyd")
    bench.advance()

    searching, other, built, succeeded = bench.told()
    assert "MatchmakingSearching" == searching["type"] == other["type"]
    assert ["b-1", "t-3"] == [searching["tickets"][0]["ticketId"], other["tickets"][0]["ticketId"]]
    assert "PotentialMatchCreated" == built["type"]
    assert ["b-1", "t-3"] == [ticket["ticketId"] for ticket in built["tickets"]]
    assert "MatchmakingSucceeded" == succeeded["type"]
    assert arn == succeeded["gameSessionInfo"]["gameSessionArn"]
    seats = {seat.player_id: seat.seat_id for seat in bench.world.seats.find("taken", arn)}
    assert seats == {one["playerId"]: one["playerSessionId"] for one in succeeded["gameSessionInfo"]["players"]}


def test_a_backfilled_ticket_shows_the_seats_of_its_own_players(bench: Bench) -> None:
    arn = running(bench)
    fill(bench, arn)
    bench.start("t-3", "cyd")
    bench.advance()

    def shown(ticket_id: str) -> list[str]:
        connection = bench.ticket(ticket_id)["GameSessionConnectionInfo"]
        return [one["PlayerId"] for one in connection["MatchedPlayerSessions"]]

    assert ["ada", "bob"] == shown("b-1")
    assert ["cyd"] == shown("t-3")


@pytest.mark.row("2.3.one.per.session", "2.3.cancelled")
def test_a_later_request_for_the_same_game_takes_the_place_of_the_earlier(bench: Bench) -> None:
    arn = running(bench)
    fill(bench, arn)
    bench.advance()

    fill(bench, arn, "b-2")

    assert ["CANCELLED", "QUEUED"] == [bench.status("b-1"), bench.status("b-2")]
    assert [("BACKFILL_CANCELLED", "b-1")] == updates(bench)
    assert ["MatchmakingSearching", "MatchmakingCancelled"] == bench.types()


@pytest.mark.row("4.7.no.StopMatchBackfill", "2.3.cancelled")
def test_stop_matchmaking_stops_a_backfill(bench: Bench) -> None:
    arn = running(bench)
    fill(bench, arn)

    bench.call("StopMatchmaking", TicketId="b-1")

    assert "CANCELLED" == bench.status("b-1")
    assert [("BACKFILL_CANCELLED", "b-1")] == updates(bench)
    assert "UnknownOperationException" == bench.refused("StopMatchBackfill", TicketId="b-1").aws_name


@pytest.mark.row("2.3.timed.out")
def test_a_backfill_that_finds_nobody_times_out_and_its_server_hears_of_it(bench: Bench) -> None:
    arn = running(bench)
    fill(bench, arn)

    bench.advance(59)
    assert "SEARCHING" == bench.status("b-1")
    bench.advance(1)

    assert "TIMED_OUT" == bench.status("b-1")
    assert [("BACKFILL_TIMED_OUT", "b-1")] == updates(bench)
    assert "MatchmakingTimedOut" == bench.types()[-1]


@pytest.mark.row("2.3.duplicate")
def test_a_seated_player_who_searches_again_cancels_the_backfill_in_silence(bench: Bench) -> None:
    arn = running(bench)
    fill(bench, arn)
    bench.advance()
    bench.forget_told()

    bench.start("t-3", "ada")

    ticket = bench.ticket("b-1")
    assert ("CANCELLED", "Cancelled due to duplicate player") == (ticket["Status"], ticket["StatusReason"])
    assert [] == bench.told()
    assert [("BACKFILL_CANCELLED", "b-1")] == updates(bench)


@pytest.mark.row("2.3.session.gone")
def test_a_backfill_ends_with_its_game(bench: Bench) -> None:
    arn = running(bench)
    fill(bench, arn)
    bench.advance()
    bench.forget_told()

    bench.act("TerminateServerProcess")

    ticket = bench.ticket("b-1")
    assert ("FAILED", f"The game session {arn} {GONE}") == (ticket["Status"], ticket["StatusMessage"])
    assert ["MatchmakingFailed"] == bench.types()
    assert "matchId" not in bench.told()[0]
    assert [] == updates(bench)


def test_a_backfill_ends_when_its_game_is_asked_to_end(bench: Bench) -> None:
    arn = running(bench)
    fill(bench, arn)

    bench.call("TerminateGameSession", GameSessionId=arn, TerminationMode="TRIGGER_ON_PROCESS_TERMINATE")

    assert "FAILED" == bench.status("b-1")
    assert [("BACKFILL_FAILED", "b-1")] == updates(bench)


@pytest.mark.parametrize("policy", ["DENY_ALL", "full"])
@pytest.mark.row("2.3.failed", "2.3.session.gone")
def test_a_game_that_lets_nobody_in_fails_the_match(bench: Bench, policy: str) -> None:
    arn = running(bench)
    fill(bench, arn)
    if policy == "full":
        bench.call("CreatePlayerSessions", GameSessionId=arn, PlayerIds=["x", "y"])
    else:
        bench.call("UpdateGameSession", GameSessionId=arn, PlayerSessionCreationPolicy=policy)
    bench.start("t-3", "cyd")

    bench.advance()

    for ticket_id in ("b-1", "t-3"):
        ticket = bench.ticket(ticket_id)
        assert ("FAILED", f"The game session {arn} {GONE}") == (ticket["Status"], ticket["StatusMessage"])
    assert "MatchmakingFailed" == bench.types()[-1]
    assert [("BACKFILL_FAILED", "b-1")] == updates(bench)
    assert "cyd" not in seated(bench, arn)


@pytest.mark.row("2.3.acceptance")
def test_only_newcomers_must_accept_a_backfill(bench: Bench) -> None:
    arn = running(bench, AcceptanceRequired=True)
    fill(bench, arn)
    bench.start("t-3", "cyd")
    bench.advance()
    assert "REQUIRES_ACCEPTANCE" == bench.status("b-1") == bench.status("t-3")

    bench.accept("t-3", "cyd")

    assert "COMPLETED" == bench.status("b-1") == bench.status("t-3")
    assert ["ada", "bob", "cyd"] == seated(bench, arn)


def test_a_backfill_searches_on_when_newcomers_do_not_accept(bench: Bench) -> None:
    arn = running(bench, AcceptanceRequired=True)
    fill(bench, arn)
    bench.start("t-3", "cyd")
    bench.advance()

    bench.accept("t-3", "cyd", answer="REJECT")

    assert ["SEARCHING", "CANCELLED"] == [bench.status("b-1"), bench.status("t-3")]
    assert [] == updates(bench)


@pytest.mark.row("2.3.acceptance")
def test_seated_players_must_accept_as_well_when_so_configured(bench: Bench) -> None:
    arn = running(bench, AcceptanceRequired=True)
    bench.engine._limits = replace(bench.limits, seated_accept=True)
    fill(bench, arn)
    bench.start("t-3", "cyd")
    bench.advance()

    bench.accept("t-3", "cyd")
    assert "REQUIRES_ACCEPTANCE" == bench.status("b-1")
    bench.accept("b-1", "ada", "bob")

    assert "COMPLETED" == bench.status("b-1")


def test_a_standalone_backfill_needs_no_session_and_gives_none(bench: Bench) -> None:
    bench.configure(rules=SQUAD)
    players = [{"PlayerId": "ada", "Team": "red"}, {"PlayerId": "bob", "Team": "blue"}]

    bench.call("StartMatchBackfill", TicketId="b-1", ConfigurationName="duel", Players=players)
    bench.start("t-1", "cyd")
    bench.advance()

    assert "COMPLETED" == bench.status("b-1") == bench.status("t-1")
    assert "GameSessionConnectionInfo" not in {name for name, value in bench.ticket("b-1").items() if value}
    (succeeded,) = bench.told("MatchmakingSucceeded")
    assert {"ada", "bob", "cyd"} == {one["playerId"] for one in succeeded["gameSessionInfo"]["players"]}


@pytest.mark.parametrize(
    ("players", "said"),
    [
        ([], "1 to 199"),
        ([{"PlayerId": "ada"}], "needs a Team"),
        ([{"PlayerId": "ada", "Team": "green"}], "no team green"),
        ([{"PlayerId": one, "Team": "red"} for one in "abc"], "at most 2 players"),
        ([{"PlayerId": "ada", "Team": "red"}, {"PlayerId": "ada", "Team": "blue"}], "only once"),
        ([{"PlayerId": "ada", "Team": "red", "PlayerAttributes": {"skill": {"S": "high"}}}], "skill"),
    ],
    ids=["nobody", "no team", "unknown team", "team too full", "twice", "wrong attribute"],
)
@pytest.mark.row("2.3.manual")
def test_a_backfill_with_players_who_cannot_be_seated_is_refused(
    bench: Bench, players: list[dict[str, Any]], said: str
) -> None:
    arn = running(bench)

    refused = bench.refused("StartMatchBackfill", ConfigurationName="duel", GameSessionArn=arn, Players=players)

    assert "InvalidRequestException" == refused.aws_name
    assert said in refused.detail


@pytest.mark.row("2.3.manual.players", "2.6.players.backfill")
def test_more_players_than_a_backfill_may_have_are_refused(bench: Bench) -> None:
    bench.configure()
    players = [{"PlayerId": f"p{n}", "Team": "red"} for n in range(200)]

    assert "1 to 199" in bench.refused("StartMatchBackfill", ConfigurationName="duel", Players=players).detail


def test_expansions_count_for_how_full_a_team_may_be(bench: Bench) -> None:
    steps = [{"waitTimeSeconds": 5, "value": 3}]
    arn = running(bench, rules={"expansions": [{"target": "teams[red].maxPlayers", "steps": steps}]})
    players = [{"PlayerId": one, "Team": "red"} for one in "abc"]

    assert "QUEUED" == fill(bench, arn, Players=players)["Status"]
    players.append({"PlayerId": "d", "Team": "red"})
    refused = bench.refused("StartMatchBackfill", ConfigurationName="duel", GameSessionArn=arn, Players=players)

    assert "at most 3 players" in refused.detail


def test_a_backfill_of_a_game_that_is_not_there_is_refused(bench: Bench) -> None:
    arn = running(bench)
    players = [{"PlayerId": "ada", "Team": "red"}]

    missing = bench.refused("StartMatchBackfill", ConfigurationName="duel", Players=players)
    unknown = bench.refused("StartMatchBackfill", ConfigurationName="duel", Players=players, GameSessionArn=f"{arn}x")
    bench.act("TerminateServerProcess")
    ended = bench.refused("StartMatchBackfill", ConfigurationName="duel", Players=players, GameSessionArn=arn)

    assert "InvalidRequestException" == missing.aws_name == ended.aws_name
    assert "NotFoundException" == unknown.aws_name


@pytest.mark.row("5.2.StartMatchBackfill", "5.2.StartMatchBackfill.attributes", "2.3.manual.sdk")
def test_a_game_server_asks_for_players_itself(bench: Bench) -> None:
    declared = {"s": "string", "l": "string_list", "m": "string_number_map", "z": "number"}
    attributes = [{"name": name, "type": kind} for name, kind in declared.items()]
    arn = running(bench)
    queue = {"FlexMatchMode": "WITH_QUEUE", "GameSessionQueueArns": [bench.world.arns.queue("main")]}
    bench.configure("typed", rules={**SQUAD, "playerAttributes": attributes}, **queue)
    typed = {
        "s": {"AttrType": "STRING", "S": "mage"},
        "l": {"AttrType": "STRING_LIST", "SL": ["a", "b"]},
        "m": {"AttrType": "STRING_DOUBLE_MAP", "SDM": {"lava": 1.5}},
        "z": {"AttrType": "DOUBLE"},
    }

    answer = bench.act(
        "StartMatchBackfill",
        GameSessionArn=arn,
        MatchmakingConfigurationArn=bench.world.arns.configuration("typed"),
        TicketId="",
        Players=[{"PlayerId": "ada", "Team": "red", "PlayerAttributes": typed, "LatencyInMs": {"us-east-1": 20}}],
    )

    (player,) = bench.ticket(answer["TicketId"])["Players"]
    shown = {
        name: {kind: value for kind, value in one.items() if value is not None}
        for name, one in player["PlayerAttributes"].items()
    }
    assert {"s": {"S": "mage"}, "l": {"SL": ["a", "b"]}, "m": {"SDM": {"lava": 1.5}}, "z": {"N": 0.0}} == shown
    assert ("red", {"us-east-1": 20}) == (player["Team"], player["LatencyInMs"])


@pytest.mark.row("5.2.StopMatchBackfill", "3.3.MatchmakingCancelled.backfill")
def test_a_game_server_stops_asking(bench: Bench) -> None:
    arn = running(bench)
    fill(bench, arn)
    named = {"GameSessionArn": arn, "MatchmakingConfigurationArn": bench.world.arns.configuration("duel")}

    bench.act("StopMatchBackfill", TicketId="b-1", **named)

    assert "CANCELLED" == bench.status("b-1")
    assert ["MatchmakingCancelled"] == bench.types()
    assert [("BACKFILL_CANCELLED", "b-1")] == updates(bench)


@pytest.mark.parametrize(
    "wrong",
    [
        {"GameSessionArn": "another"},
        {"Players": "everybody"},
        {"Players": ["ada"]},
        {"Players": [{"PlayerId": "ada", "Team": "red", "PlayerAttributes": {"skill": {"AttrType": "NUMBER"}}}]},
        {"Players": [{"PlayerId": "ada", "Team": "red", "PlayerAttributes": ["skill"]}]},
        {"TicketId": "not/an/id"},
        {"MatchmakingConfigurationArn": None},
    ],
)
def test_a_game_server_that_asks_nonsense_is_refused(bench: Bench, wrong: dict[str, Any]) -> None:
    arn = running(bench)
    right = {
        "GameSessionArn": arn,
        "MatchmakingConfigurationArn": bench.world.arns.configuration("duel"),
        "TicketId": "b-1",
        "Players": [{"PlayerId": "ada", "Team": "red"}],
    }

    bench.act_refused("StartMatchBackfill", **{**right, **wrong})

    assert [] == bench.call("DescribeMatchmaking", TicketIds=["b-1"])["TicketList"]


def test_a_game_server_stops_only_its_own_backfill(bench: Bench) -> None:
    arn = running(bench)
    bench.start("t-3", "cyd")
    named = {"GameSessionArn": arn, "MatchmakingConfigurationArn": bench.world.arns.configuration("duel")}

    bench.act_refused("StopMatchBackfill", TicketId="t-3", **named)
    bench.act_refused("StopMatchBackfill", TicketId="nobody", **named)

    assert "QUEUED" == bench.status("t-3")


@pytest.mark.parametrize(("priority", "joins"), [("high", "b-1"), ("low", "t-4")])
@pytest.mark.row("2.3.priority")
def test_priority_decides_whether_a_running_game_comes_first(bench: Bench, priority: str, joins: str) -> None:
    rules = {
        "algorithm": {"strategy": "exhaustiveSearch", "backfillPriority": priority},
        "teams": [*SQUAD["teams"][:1], {"name": "blue", "minPlayers": 1, "maxPlayers": 1}],
    }
    arn = running(bench, rules=rules)
    for ticket_id in ("t-3", "t-4"):
        bench.start(ticket_id)
        bench.clock.advance(1)
    fill(bench, arn)

    bench.advance()

    (first, *_) = bench.told("PotentialMatchCreated")
    assert joins in {ticket["ticketId"] for ticket in first["tickets"]}
