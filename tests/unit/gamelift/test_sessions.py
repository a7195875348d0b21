from typing import Any

import pytest


def session(bench: Any, arn: str) -> dict[str, Any]:
    (shown,) = bench.call("DescribeGameSessions", GameSessionId=arn)["GameSessions"]
    return dict(shown)


def seat_status(bench: Any, seat_id: str) -> str:
    (shown,) = bench.call("DescribePlayerSessions", PlayerSessionId=seat_id)["PlayerSessions"]
    return str(shown["Status"])


def reserve(bench: Any, arn: str, player_id: str = "ann") -> str:
    seat = bench.call("CreatePlayerSession", GameSessionId=arn, PlayerId=player_id, PlayerData="x")["PlayerSession"]
    return str(seat["PlayerSessionId"])


# Creation ----------------------------------------------------------------------------------------------------------


@pytest.mark.row("4.2.session.activating", "4.5.arn")
def test_a_created_session_is_activating_until_its_process_activates_it(bench: Any) -> None:
    bench.hosted()
    bench.ready()
    made = bench.call(
        "CreateGameSession",
        FleetId=bench.fleet_id,
        Location="custom-laptop",
        MaximumPlayerSessionCount=4,
        Name="final",
        CreatorId="me",
        GameSessionData="data",
    )["GameSession"]
    assert made["Status"] == "ACTIVATING"

    bench.activate()

    shown = session(bench, made["GameSessionId"])
    assert shown == {
        **shown,
        "Status": "ACTIVE",
        "Name": "final",
        "CreatorId": "me",
        "GameSessionData": "data",
        "FleetId": bench.fleet_id,
        "Location": "custom-laptop",
        "ComputeName": "laptop",
        "IpAddress": "127.0.0.1",
        "Port": 7777,
        "CurrentPlayerSessionCount": 0,
        "MaximumPlayerSessionCount": 4,
        "PlayerSessionCreationPolicy": "ACCEPT_ALL",
    }
    prefix = f"arn:aws:gamelift:us-east-1:000000000000:gamesession/{bench.fleet_id}/custom-laptop/"
    assert made["GameSessionId"].startswith(prefix)


@pytest.mark.row("4.2.session.capacity", "4.3.FleetCapacityExceeded")
def test_without_a_free_process_the_fleet_has_no_capacity(bench: Any) -> None:
    bench.running_session()

    refused = bench.refused(
        "CreateGameSession", FleetId=bench.fleet_id, Location="custom-laptop", MaximumPlayerSessionCount=1
    )

    assert refused.aws_name == "FleetCapacityExceededException"


@pytest.mark.parametrize("member", ["IdempotencyToken", "GameSessionId"])
@pytest.mark.row("4.2.session.token", "4.2.session.mismatch", "4.3.IdempotentParameterMismatch")
def test_a_token_makes_creation_idempotent_and_names_the_session(bench: Any, member: str) -> None:
    bench.hosted()
    bench.ready()
    given = {"FleetId": bench.fleet_id, "Location": "custom-laptop", "MaximumPlayerSessionCount": 4, member: "abc"}

    first = bench.call("CreateGameSession", **given)["GameSession"]["GameSessionId"]
    again = bench.call("CreateGameSession", **given)["GameSession"]["GameSessionId"]
    other = bench.refused("CreateGameSession", **{**given, "MaximumPlayerSessionCount": 5})

    assert first == again
    assert first.endswith("/abc")
    assert other.aws_name == "IdempotentParameterMismatchException"
    assert len(bench.messages()) == 1


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"FleetId": "fleet-gone"}, "NotFoundException"),
        ({"AliasId": "alias-1"}, "NotFoundException"),
        ({}, "InvalidRequestException"),
        ({"Location": "custom-moon"}, "InvalidRequestException"),
        ({"Location": None}, "InvalidRequestException"),
        ({"IdempotencyToken": "a", "GameSessionId": "b"}, "InvalidRequestException"),
    ],
)
@pytest.mark.row("4.2.session.location")
def test_creation_that_makes_no_sense_is_refused(bench: Any, given: dict[str, Any], name: str) -> None:
    bench.hosted()
    fleet = {} if given == {} or "AliasId" in given else {"FleetId": bench.fleet_id}
    members = {"MaximumPlayerSessionCount": 1, "Location": "custom-laptop", **fleet, **given}

    assert bench.refused("CreateGameSession", **members).aws_name == name


@pytest.mark.row("4.3.LimitExceeded")
def test_a_creator_may_start_so_many_sessions_in_a_period(bench: Any) -> None:
    bench.call("CreateLocation", LocationName="custom-one")
    limit = {"NewGameSessionsPerCreator": 1, "PolicyPeriodInMinutes": 10}
    fleet = bench.call(
        "CreateFleet",
        Name="f",
        ComputeType="ANYWHERE",
        Locations=[{"Location": "custom-one"}],
        ResourceCreationLimitPolicy=limit,
    )["FleetAttributes"]
    bench.fleet_id = fleet["FleetId"]
    compute = {"ComputeName": "laptop", "IpAddress": "127.0.0.1", "Location": "custom-one"}
    bench.call("RegisterCompute", FleetId=bench.fleet_id, **compute)
    bench.ready("p-1")
    bench.ready("p-2")
    given = {"FleetId": bench.fleet_id, "MaximumPlayerSessionCount": 1, "CreatorId": "me"}

    bench.call("CreateGameSession", **given)
    assert bench.refused("CreateGameSession", **given).aws_name == "LimitExceededException"
    bench.call("CreateGameSession", **{**given, "CreatorId": "you"})


def test_only_the_process_that_was_given_a_session_activates_it(bench: Any) -> None:
    arn = bench.running_session()
    bench.ready("p-2")

    assert bench.act_refused("ActivateGameSession", "p-2", GameSessionId=arn).aws_name == "InvalidRequestException"
    assert bench.act("ActivateGameSession", "p-1", GameSessionId=arn) == {}, "a repeat changes nothing"


def test_a_session_that_was_given_up_cannot_be_activated(bench: Any) -> None:
    bench.hosted()
    bench.ready()
    bench.call("CreateGameSession", FleetId=bench.fleet_id, Location="custom-laptop", MaximumPlayerSessionCount=1)
    bench.advance(60)

    refused = bench.act_refused("ActivateGameSession", GameSessionId=bench.session_arn())

    assert refused.aws_name == "InvalidRequestException"


# Seats -------------------------------------------------------------------------------------------------------------


@pytest.mark.row("4.2.seats.life", "5.2.AcceptPlayerSession", "5.2.RemovePlayerSession")
def test_a_seat_is_reserved_then_taken_then_free(bench: Any) -> None:
    arn = bench.running_session()
    seat = reserve(bench, arn)
    assert seat_status(bench, seat) == "RESERVED"

    bench.act("AcceptPlayerSession", GameSessionId=arn, PlayerSessionId=seat)
    assert seat_status(bench, seat) == "ACTIVE"
    assert session(bench, arn)["CurrentPlayerSessionCount"] == 1

    bench.act("RemovePlayerSession", GameSessionId=arn, PlayerSessionId=seat)
    assert seat_status(bench, seat) == "COMPLETED"
    assert session(bench, arn)["CurrentPlayerSessionCount"] == 0


@pytest.mark.row("4.2.seats.reserved", "4.2.seats.lapsed", "2.6.reservation")
def test_a_reservation_lapses_after_sixty_seconds(bench: Any) -> None:
    arn = bench.running_session()
    seat = reserve(bench, arn)

    bench.advance(59.9)
    assert seat_status(bench, seat) == "RESERVED"
    bench.advance(0.1)

    assert seat_status(bench, seat) == "TIMEDOUT"
    late = bench.act_refused("AcceptPlayerSession", GameSessionId=arn, PlayerSessionId=seat)
    assert late.aws_name == "InvalidRequestException"


def test_a_taken_seat_does_not_lapse(bench: Any) -> None:
    arn = bench.running_session()
    seat = reserve(bench, arn)
    bench.act("AcceptPlayerSession", GameSessionId=arn, PlayerSessionId=seat)

    bench.advance(100)

    assert seat_status(bench, seat) == "ACTIVE"


def test_seats_of_a_placement_are_made_and_held_from_its_activation_on(bench: Any) -> None:
    bench.configure_with_queue()
    bench.ready()
    bench.start("t-1")
    bench.start("t-2")
    bench.advance()
    bench.advance(19)
    assert len(bench.world.seats) == 0
    bench.activate()
    seat = bench.ticket("t-1")["GameSessionConnectionInfo"]["MatchedPlayerSessions"][0]["PlayerSessionId"]

    bench.advance(59)
    assert seat_status(bench, seat) == "RESERVED"
    bench.advance(1)

    assert seat_status(bench, seat) == "TIMEDOUT"


def test_a_seat_cannot_be_taken_twice_or_left_twice(bench: Any) -> None:
    arn = bench.running_session()
    seat = reserve(bench, arn)
    at = {"GameSessionId": arn, "PlayerSessionId": seat}

    bench.act("AcceptPlayerSession", **at)
    assert bench.act_refused("AcceptPlayerSession", **at).aws_name == "InvalidRequestException"
    bench.act("RemovePlayerSession", **at)
    assert bench.act_refused("RemovePlayerSession", **at).aws_name == "InvalidRequestException"


def test_a_process_cannot_touch_seats_of_another_session(bench: Any) -> None:
    arn = bench.running_session()
    seat = reserve(bench, arn)
    bench.ready("p-2")

    refused = bench.act_refused("AcceptPlayerSession", "p-2", GameSessionId=arn, PlayerSessionId=seat)

    assert refused.aws_name == "NotFoundException"
    assert seat_status(bench, seat) == "RESERVED"


def test_a_refusal_does_not_repeat_the_seat(bench: Any) -> None:
    arn = bench.running_session()

    refused = bench.act_refused("AcceptPlayerSession", GameSessionId=arn, PlayerSessionId="psess-guess")

    assert "psess" not in refused.detail


def test_one_player_may_hold_several_seats(bench: Any) -> None:
    arn = bench.running_session()

    seats = [reserve(bench, arn, "ann") for _ in range(2)]

    assert 2 == len(set(seats)) == session(bench, arn)["CurrentPlayerSessionCount"]
    assert ["RESERVED", "RESERVED"] == [seat_status(bench, seat) for seat in seats]


@pytest.mark.row("4.2.seats.all.or.none", "4.2.seats.full", "4.3.GameSessionFull")
def test_several_seats_are_reserved_all_or_none(bench: Any) -> None:
    arn = bench.running_session()
    reserve(bench, arn)

    full = bench.refused("CreatePlayerSessions", GameSessionId=arn, PlayerIds=["a", "b", "c"])
    assert full.aws_name == "GameSessionFullException"
    assert session(bench, arn)["CurrentPlayerSessionCount"] == 1

    seats = bench.call("CreatePlayerSessions", GameSessionId=arn, PlayerIds=["a", "b"], PlayerDataMap={"a": "x"})
    assert [seat.get("PlayerData") for seat in seats["PlayerSessions"]] == ["x", None]
    twice = bench.refused("CreatePlayerSessions", GameSessionId=arn, PlayerIds=["a", "a"])
    assert twice.aws_name == "InvalidRequestException"


@pytest.mark.row("4.2.seats.status", "4.3.InvalidGameSessionStatus", "5.2.UpdatePlayerSessionCreationPolicy")
def test_a_session_that_is_not_active_or_closed_takes_nobody(bench: Any) -> None:
    arn = bench.running_session()
    bench.act("UpdatePlayerSessionCreationPolicy", GameSessionId=arn, PlayerSessionPolicy="DENY_ALL")
    closed = bench.refused("CreatePlayerSession", GameSessionId=arn, PlayerId="ann")
    bench.act("UpdatePlayerSessionCreationPolicy", GameSessionId=arn, PlayerSessionPolicy="ACCEPT_ALL")
    reserve(bench, arn)
    bench.act("TerminateServerProcess")
    ended = bench.refused("CreatePlayerSession", GameSessionId=arn, PlayerId="bob")

    assert closed.aws_name == ended.aws_name == "InvalidGameSessionStatusException"
    assert bench.refused("CreatePlayerSession", GameSessionId="arn:gone", PlayerId="a").aws_name == "NotFoundException"


@pytest.mark.row("4.2.seats.described", "4.2.seats.filter")
def test_player_sessions_are_described_by_exactly_one_thing(bench: Any) -> None:
    arn = bench.running_session()
    seat = reserve(bench, arn, "ann")
    reserve(bench, arn, "bob")
    bench.act("AcceptPlayerSession", GameSessionId=arn, PlayerSessionId=seat)

    def players(**given: Any) -> list[str]:
        return [one["PlayerId"] for one in bench.call("DescribePlayerSessions", **given)["PlayerSessions"]]

    assert players(GameSessionId=arn) == ["ann", "bob"]
    assert players(GameSessionId=arn, PlayerSessionStatusFilter="RESERVED") == ["bob"]
    assert players(PlayerId="ann", PlayerSessionStatusFilter="RESERVED") == ["ann"], "no filter with a player"
    assert players(PlayerSessionId=seat) == ["ann"]
    assert players(PlayerId="nobody") == []
    assert bench.refused("DescribePlayerSessions").aws_name == "InvalidRequestException"
    both = bench.refused("DescribePlayerSessions", GameSessionId=arn, PlayerId="ann")
    odd = bench.refused("DescribePlayerSessions", PlayerId="ann", PlayerSessionStatusFilter="HAPPY")
    gone = bench.refused("DescribePlayerSessions", PlayerSessionId="psess-1")
    assert (both.aws_name, odd.aws_name) == ("InvalidRequestException", "InvalidRequestException")
    assert gone.aws_name == "NotFoundException"


# Ends --------------------------------------------------------------------------------------------------------------


@pytest.mark.row("5.2.TerminateServerProcess")
def test_the_end_of_a_process_ends_its_session_and_seats(bench: Any) -> None:
    arn = bench.running_session()
    taken, reserved = reserve(bench, arn, "ann"), reserve(bench, arn, "bob")
    bench.act("AcceptPlayerSession", GameSessionId=arn, PlayerSessionId=taken)

    bench.act("TerminateServerProcess")

    shown = session(bench, arn)
    assert (shown["Status"], shown["TerminationTime"]) == ("TERMINATED", bench.now_s)
    assert seat_status(bench, taken) == "COMPLETED"
    assert seat_status(bench, reserved) == "TIMEDOUT"


@pytest.mark.row("4.2.terminate", "5.3.TerminateProcess")
def test_a_session_is_terminated_by_asking_its_process(bench: Any) -> None:
    arn = bench.running_session()

    answer = bench.call("TerminateGameSession", GameSessionId=arn, TerminationMode="TRIGGER_ON_PROCESS_TERMINATE")[
        "GameSession"
    ]

    assert (answer["Status"], answer["StatusReason"]) == ("TERMINATING", "TRIGGERED_ON_PROCESS_TERMINATE")
    assert bench.messages()[-1] == {
        "Action": "TerminateProcess",
        "TerminationTime": round((bench.now_s + bench.limits.termination_s) * 1000),
    }
    bench.act("TerminateServerProcess")
    assert session(bench, arn)["Status"] == "TERMINATED"


def test_a_process_that_ignores_its_end_is_given_up(bench: Any) -> None:
    arn = bench.running_session()
    bench.call("TerminateGameSession", GameSessionId=arn, TerminationMode="TRIGGER_ON_PROCESS_TERMINATE")

    bench.advance(bench.limits.termination_s)

    assert session(bench, arn)["Status"] == "TERMINATED"


@pytest.mark.row("4.2.terminate.force")
def test_termination_needs_an_active_session_and_cannot_be_forced(bench: Any) -> None:
    arn = bench.running_session()

    forced = bench.refused("TerminateGameSession", GameSessionId=arn, TerminationMode="FORCE_TERMINATE")
    bench.act("TerminateServerProcess")
    ended = bench.refused("TerminateGameSession", GameSessionId=arn, TerminationMode="TRIGGER_ON_PROCESS_TERMINATE")

    assert forced.aws_name == "InvalidRequestException"
    assert ended.aws_name == "InvalidGameSessionStatusException"


def test_a_session_can_be_updated_while_it_is_active(bench: Any) -> None:
    arn = bench.running_session()
    reserve(bench, arn, "ann")
    reserve(bench, arn, "bob")

    answer = bench.call(
        "UpdateGameSession",
        GameSessionId=arn,
        Name="n",
        MaximumPlayerSessionCount=2,
        PlayerSessionCreationPolicy="DENY_ALL",
        ProtectionPolicy="FullProtection",
        GameProperties=[{"Key": "k", "Value": "v"}],
    )["GameSession"]

    assert (answer["Name"], answer["MaximumPlayerSessionCount"]) == ("n", 2)
    assert answer["PlayerSessionCreationPolicy"] == "DENY_ALL"
    assert answer["GameProperties"] == [{"Key": "k", "Value": "v"}]
    (detail,) = bench.call("DescribeGameSessionDetails", GameSessionId=arn)["GameSessionDetails"]
    assert detail["ProtectionPolicy"] == "FullProtection"
    small = bench.refused("UpdateGameSession", GameSessionId=arn, MaximumPlayerSessionCount=1)
    assert small.aws_name == "InvalidRequestException"
    bench.act("TerminateServerProcess")
    late = bench.refused("UpdateGameSession", GameSessionId=arn, Name="late")
    assert late.aws_name == "InvalidGameSessionStatusException"


def test_sessions_are_described_by_fleet_location_and_status(bench: Any) -> None:
    arn = bench.running_session()
    bench.ready("p-2", compute="rack")
    given = {"FleetId": bench.fleet_id, "MaximumPlayerSessionCount": 1}
    second = bench.call("CreateGameSession", **given, Location="custom-rack")["GameSession"]["GameSessionId"]

    def found(**filters: Any) -> list[str]:
        rows = bench.call("DescribeGameSessions", FleetId=bench.fleet_id, **filters)["GameSessions"]
        return [row["GameSessionId"] for row in rows]

    assert found() == [arn, second]
    assert found(StatusFilter="ACTIVATING") == [second]
    assert found(Location="custom-laptop") == [arn]
    odd = bench.refused("DescribeGameSessions", FleetId=bench.fleet_id, StatusFilter="HAPPY")
    assert odd.aws_name == "InvalidRequestException"
    assert bench.refused("DescribeGameSessions", GameSessionId="arn:gone").aws_name == "NotFoundException"


def test_ended_sessions_are_forgotten_after_a_day_with_their_seats(bench: Any) -> None:
    arn = bench.running_session()
    seat = reserve(bench, arn)
    bench.act("TerminateServerProcess")

    bench.advance(86_400)

    assert bench.refused("DescribeGameSessions", GameSessionId=arn).aws_name == "NotFoundException"
    assert bench.refused("DescribePlayerSessions", PlayerSessionId=seat).aws_name == "NotFoundException"
