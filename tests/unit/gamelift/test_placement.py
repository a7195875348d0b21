from typing import Any

import pytest

from muster_gamelift.placement import Spot, candidates, latency_cap_ms
from muster_gamelift.state.catalogue import Fleet, LatencyPolicy, Queue
from muster_gamelift.state.placements import Override, Placement, SessionPlan

FLEETS = {
    "fleet-a": Fleet("fleet-a", "a", 0.0, cost="2", locations=("custom-x", "custom-y")),
    "fleet-b": Fleet("fleet-b", "b", 0.0, cost="1", locations=("custom-y", "custom-z")),
}
ARNS = tuple(f"arn:aws:gamelift:us-east-1:000000000000:fleet/{name}" for name in FLEETS)


def a_queue(**changes: Any) -> Queue:
    return Queue(**{"name": "q", "timeout_s": 60, "destinations": ARNS, **changes})


def a_placement(**changes: Any) -> Placement:
    return Placement(
        **{
            "placement_id": "p",
            "queue_name": "q",
            "plan": SessionPlan(2),
            "started_at_s": 0.0,
            "times_out_at_s": 60.0,
            **changes,
        }
    )


def order(queue: Queue, placement: Placement | None = None, now_s: float = 0.0) -> list[str]:
    spots = candidates(queue, FLEETS, placement or a_placement(), now_s)
    return [f"{spot.fleet_id[-1]}{spot.location[-1]}" for spot in spots]


@pytest.mark.row("4.5.order.default", "4.5.order.COST")
def test_without_priorities_cost_comes_before_destination_and_location() -> None:
    assert order(a_queue()) == ["by", "bz", "ax", "ay"]


@pytest.mark.row("4.5.order.DESTINATION")
def test_destination_first_follows_the_queue() -> None:
    assert order(a_queue(priority_order=("DESTINATION",))) == ["ax", "ay", "by", "bz"]


@pytest.mark.row("4.5.order.LOCATION")
def test_location_first_prefers_the_listed_ones_then_the_alphabet() -> None:
    queue = a_queue(priority_order=("LOCATION", "DESTINATION"), location_order=("custom-z",))

    assert order(queue) == ["bz", "ax", "ay", "by"]


@pytest.mark.row("4.5.order.LATENCY", "4.5.order.default")
def test_latency_first_prefers_the_lowest_mean() -> None:
    latencies = {
        "ann": {"custom-x": 90.0, "custom-y": 50.0, "custom-z": 10.0},
        "bob": {"custom-x": 10.0, "custom-y": 20.0, "custom-z": 100.0},
    }

    assert order(a_queue(), a_placement(latencies=latencies)) == ["by", "ay", "ax", "bz"]


def test_a_location_nobody_measured_comes_last() -> None:
    assert order(a_queue(), a_placement(latencies={"ann": {"custom-x": 300.0}}))[0] == "ax"


@pytest.mark.row("4.5.allowed")
def test_only_allowed_locations_are_candidates() -> None:
    assert order(a_queue(allowed_locations=("custom-z",))) == ["bz"]


def test_a_destination_that_is_gone_is_passed_over() -> None:
    assert order(a_queue(destinations=("arn:aws:gamelift:us-east-1::fleet/fleet-gone", ARNS[1]))) == ["by", "bz"]


POLICIES = (LatencyPolicy(100, 20), LatencyPolicy(50, 10), LatencyPolicy(200))


@pytest.mark.parametrize(("elapsed_s", "cap_ms"), [(0, 50), (9.9, 50), (10, 100), (29.9, 100), (30, 200), (900, 200)])
@pytest.mark.row("4.5.policies.order")
def test_latency_policies_apply_from_the_lowest_up_each_for_its_time(elapsed_s: float, cap_ms: int) -> None:
    assert latency_cap_ms(a_queue(latency_policies=POLICIES), elapsed_s) == cap_ms


@pytest.mark.row("4.5.policies.last")
def test_the_last_policy_holds_when_all_times_are_over() -> None:
    assert latency_cap_ms(a_queue(latency_policies=POLICIES[:2]), 31) == 100


@pytest.mark.row("4.5.policies.every.player", "4.5.policies.no.data")
def test_a_location_is_allowed_only_when_every_player_is_under_the_cap() -> None:
    queue = a_queue(latency_policies=(LatencyPolicy(60, 30), LatencyPolicy(120)))
    placement = a_placement(latencies={"ann": {"custom-x": 50.0, "custom-y": 50.0}, "bob": {"custom-x": 100.0}})

    assert order(queue, placement) == []
    assert order(queue, placement, now_s=30) == ["ax"]


@pytest.mark.row("4.5.policies.without.data")
def test_policies_do_not_apply_without_latencies() -> None:
    assert order(a_queue(latency_policies=(LatencyPolicy(1),))) == ["by", "bz", "ax", "ay"]


@pytest.mark.row("4.5.override")
def test_an_override_is_tried_once_and_then_the_queues_order() -> None:
    placement = a_placement(override=Override(("custom-z", "custom-y")))
    tried = a_placement(override=Override(("custom-z", "custom-y")), override_tried=True)

    assert order(a_queue(), placement) == ["bz", "ay", "by"]
    assert order(a_queue(), tried) == ["by", "bz", "ax", "ay"]


@pytest.mark.row("4.5.override.none")
def test_an_override_without_fallback_stays() -> None:
    placement = a_placement(override=Override(("custom-x",), falls_back=False), override_tried=True)

    assert candidates(a_queue(), FLEETS, placement, 0) == (Spot("fleet-a", "custom-x"),)


# The life of a placement ------------------------------------------------------------------------------------------


def place(bench: Any, **given: Any) -> dict[str, Any]:
    members = {"PlacementId": "pl-1", "GameSessionQueueName": "main", "MaximumPlayerSessionCount": 2}
    return dict(bench.call("StartGameSessionPlacement", **{**members, **given})["GameSessionPlacement"])


def placement_of(bench: Any) -> dict[str, Any]:
    return dict(bench.call("DescribeGameSessionPlacement", PlacementId="pl-1")["GameSessionPlacement"])


@pytest.mark.row("4.5.start", "4.5.first.free")
def test_a_placement_waits_for_a_process_and_takes_the_first_that_is_ready(bench: Any) -> None:
    bench.hosted()
    assert place(bench)["Status"] == "PENDING"
    bench.advance(5)
    assert bench.messages() == []

    bench.ready()
    bench.advance()

    (message,) = bench.messages()
    assert message["Action"] == "CreateGameSession"
    assert placement_of(bench)["Status"] == "PENDING"
    assert placement_of(bench)["GameSessionArn"] is None


@pytest.mark.row("4.5.FULFILLED", "4.5.seats")
def test_activation_fulfils_the_placement(bench: Any) -> None:
    bench.hosted()
    bench.ready()
    place(
        bench,
        GameSessionName="final",
        GameProperties=[{"Key": "map", "Value": "sand"}],
        DesiredPlayerSessions=[{"PlayerId": "ann", "PlayerData": "x"}],
        PlayerLatencies=[{"PlayerId": "ann", "RegionIdentifier": "custom-laptop", "LatencyInMilliseconds": 9.5}],
    )

    arn = bench.activate()

    shown = placement_of(bench)
    assert shown == {
        **shown,
        "Status": "FULFILLED",
        "GameSessionArn": arn,
        "GameSessionId": arn,
        "GameSessionRegion": "us-east-1",
        "GameSessionName": "final",
        "IpAddress": "127.0.0.1",
        "Port": 7777,
        "EndTime": bench.now_s,
        "PlayerLatencies": [{"PlayerId": "ann", "RegionIdentifier": "custom-laptop", "LatencyInMilliseconds": 9.5}],
    }
    assert [seat["PlayerId"] for seat in shown["PlacedPlayerSessions"]] == ["ann"]


@pytest.mark.row("4.5.TIMED_OUT")
def test_a_placement_times_out_after_the_queues_time(bench: Any) -> None:
    bench.hosted()
    place(bench)

    bench.advance(19.9)
    assert placement_of(bench)["Status"] == "PENDING"
    bench.advance(0.1)

    assert placement_of(bench)["Status"] == "TIMED_OUT"


def test_a_placement_that_times_out_gives_up_the_session_under_way(bench: Any) -> None:
    bench.hosted()
    bench.ready()
    place(bench)
    arn = bench.session_arn()

    bench.advance(20)

    (session,) = bench.call("DescribeGameSessions", GameSessionId=arn)["GameSessions"]
    assert session["Status"] == "TERMINATED"
    assert [message["Action"] for message in bench.messages()] == ["CreateGameSession", "TerminateProcess"]


def test_a_session_that_is_not_activated_in_time_makes_the_placement_look_again(bench: Any) -> None:
    bench.hosted(TimeoutInSeconds=600)
    bench.ready("p-1")
    place(bench)
    bench.act("HeartbeatServerProcess", "p-1", HealthStatus=True)
    bench.clock.advance(60)
    bench.ready("p-2", port=7778)

    bench.advance()

    assert [message["Action"] for message in bench.messages("p-1")] == ["CreateGameSession", "TerminateProcess"]
    assert [message["Action"] for message in bench.messages("p-2")] == ["CreateGameSession"]
    bench.activate("p-2")
    assert placement_of(bench)["Port"] == 7778


def test_a_process_that_dies_while_activating_makes_the_placement_look_again(bench: Any) -> None:
    bench.hosted()
    bench.ready("p-1")
    bench.ready("p-2")
    place(bench)

    bench.act("TerminateServerProcess", "p-1")
    bench.advance()

    assert [message["Action"] for message in bench.messages("p-2")] == ["CreateGameSession"]


@pytest.mark.row("4.5.CANCELLED", "4.5.stop.late")
def test_a_pending_placement_can_be_stopped_but_not_once_a_session_is_coming(bench: Any) -> None:
    bench.hosted()
    place(bench)
    assert bench.call("StopGameSessionPlacement", PlacementId="pl-1")["GameSessionPlacement"]["Status"] == "CANCELLED"

    bench.ready()
    place(bench, PlacementId="pl-2")

    assert bench.refused("StopGameSessionPlacement", PlacementId="pl-1").aws_name == "InvalidRequestException"
    assert bench.refused("StopGameSessionPlacement", PlacementId="pl-2").aws_name == "InvalidRequestException"
    assert bench.refused("StopGameSessionPlacement", PlacementId="pl-3").aws_name == "NotFoundException"


@pytest.mark.row("4.5.override")
def test_an_overridden_placement_goes_elsewhere_only_after_one_pass(bench: Any) -> None:
    bench.hosted(PriorityConfiguration={"PriorityOrder": ["LOCATION"]})
    bench.ready("p-1", compute="laptop")

    place(bench, PriorityConfigurationOverride={"LocationOrder": ["custom-rack"]})
    assert bench.messages() == []
    bench.advance()

    assert len(bench.messages()) == 1


@pytest.mark.parametrize(
    "given",
    [
        {"DesiredPlayerSessions": [{"PlayerId": "a"}, {"PlayerId": "b"}, {"PlayerId": "c"}]},
        {"DesiredPlayerSessions": [{"PlayerId": "a"}, {"PlayerId": "a"}]},
        {"DesiredPlayerSessions": [{"PlayerData": "a"}]},
        {"PlayerLatencies": [{"PlayerId": "a"}]},
        {"MaximumPlayerSessionCount": 201},
        {"PriorityConfigurationOverride": {"LocationOrder": ["custom-rack"]}},
    ],
)
@pytest.mark.row("2.6.player.sessions")
def test_a_placement_that_makes_no_sense_is_refused(bench: Any, given: dict[str, Any]) -> None:
    bench.hosted()

    members = {"PlacementId": "pl-1", "GameSessionQueueName": "main", "MaximumPlayerSessionCount": 2, **given}
    assert bench.refused("StartGameSessionPlacement", **members).aws_name == "InvalidRequestException"


@pytest.mark.row("4.5.reused")
def test_a_placement_id_is_used_once(bench: Any) -> None:
    bench.hosted()
    place(bench)

    refused = bench.refused(
        "StartGameSessionPlacement", PlacementId="pl-1", GameSessionQueueName="main", MaximumPlayerSessionCount=2
    )
    assert refused.aws_name == "InvalidRequestException"


# Placements that matches make --------------------------------------------------------------------------------------


def matched(bench: Any, **configuration: Any) -> None:
    bench.configure_with_queue(**configuration)
    bench.start("t-1", "ann", LatencyInMs={"custom-laptop": 10, "custom-rack": 80})
    bench.start("t-2", "bob", LatencyInMs={"custom-laptop": 30, "custom-rack": 20})


@pytest.mark.row("1.5.latency.to.queue")
def test_a_match_is_placed_where_its_players_are_nearest(bench: Any) -> None:
    matched(bench)
    bench.ready("far", compute="rack")
    bench.ready("near", compute="laptop")

    bench.advance()

    assert bench.status("t-1") == "PLACING"
    assert bench.messages("far") == []
    assert len(bench.messages("near")) == 1


@pytest.mark.row("4.1.GameSessionConnectionInfo", "3.4.matchmaker")
def test_a_placed_match_gives_every_player_a_seat_and_the_address(bench: Any) -> None:
    matched(bench)
    bench.ready()
    bench.advance()

    arn = bench.activate()

    info = bench.ticket("t-1")["GameSessionConnectionInfo"]
    seats = info.pop("MatchedPlayerSessions")
    assert info == {
        "GameSessionArn": arn,
        "IpAddress": "127.0.0.1",
        "DnsName": None,
        "Port": 7777,
        "PlayerGatewayStatus": "DISABLED",
    }
    assert [seat["PlayerId"] for seat in seats] == ["ann"], "a ticket shows the seats of its own players"
    (other,) = bench.ticket("t-2")["GameSessionConnectionInfo"]["MatchedPlayerSessions"]
    assert other["PlayerId"] == "bob"
    assert other["PlayerSessionId"] != seats[0]["PlayerSessionId"]
    assert bench.status("t-1") == bench.status("t-2") == "COMPLETED"
    assert bench.types()[-2:] == ["PlacementFulfilled", "MatchmakingSucceeded"]


@pytest.mark.row("4.2.stop.placing", "2.5.placing")
def test_a_ticket_being_placed_cannot_be_stopped(bench: Any) -> None:
    matched(bench)
    bench.advance()

    refused = bench.refused("StopMatchmaking", TicketId="t-1")

    assert refused.aws_name == "InvalidRequestException"
    assert refused.detail == "Matchmaking ticket is in PLACING status and cannot be canceled."


@pytest.mark.row("2.5.placement", "3.3.silent.placement")
def test_a_placement_that_times_out_returns_the_tickets_without_a_word(bench: Any) -> None:
    matched(bench)
    bench.advance()
    bench.forget_told()

    bench.advance(20)

    assert bench.types()[0] == "PlacementTimedOut"
    assert "MatchmakingSearching" not in bench.types()
    assert bench.status("t-1") == "PLACING", "the pair is matched again in the same pass"
    assert bench.types()[1:] == ["PotentialMatchCreated"]


@pytest.mark.row("2.5.request")
def test_a_request_that_times_out_while_placing_frees_its_partners(bench: Any) -> None:
    bench.configure_with_queue(RequestTimeoutSeconds=15)
    bench.start("t-1", "ann")
    bench.clock.advance(10)
    bench.start("t-2", "bob")
    bench.advance()
    assert bench.status("t-2") == "PLACING"

    bench.advance(5)

    assert bench.status("t-1") == "TIMED_OUT"
    assert bench.status("t-2") == "SEARCHING"
    assert bench.told("PlacementCancelled")


def test_a_match_without_any_queue_left_fails(bench: Any) -> None:
    matched(bench)
    bench.call("DeleteGameSessionQueue", Name="main")

    bench.advance()

    ticket = bench.ticket("t-1")
    assert (ticket["Status"], ticket["StatusReason"]) == ("FAILED", "UNEXPECTED_ERROR")
    assert bench.types()[-1] == "MatchmakingFailed"


def test_a_matchmakers_placement_that_is_stopped_by_hand_fails_its_match(bench: Any) -> None:
    matched(bench)
    bench.advance()
    placement_id = next(iter(bench.world.placements)).placement_id

    bench.call("StopGameSessionPlacement", PlacementId=placement_id)

    assert bench.status("t-1") == "FAILED"
