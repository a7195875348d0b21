"""Tickets that do not get their game at once, or at all: stopped in every state, replaced, timed out."""

import pytest
from gamelift_drivers import AwsCli
from gamelift_journeys import DRIVERS, Journey, each, journey, rule_set, shared

DUEL = rule_set(("red", 1, 1), ("blue", 1, 1))
BY_REQUEST = ("CANCELLED", "Cancelled", "Cancelled by request.")
TIMED_OUT = ("TIMED_OUT", "TimedOut", "Removed from matchmaking due to timing out.")
IN_PLACING = ("InvalidRequestException", "Matchmaking ticket is in PLACING status and cannot be canceled.")


async def stop_while_queued_or_searching(it: Journey) -> None:
    await it.start("queued", "ann")
    await it.stop("queued")
    assert BY_REQUEST == await it.ended("queued")
    await it.start("searching", "ann")
    await it.advance(2.5)
    assert ["SEARCHING"] == await it.statuses("searching")
    await it.stop("searching")

    assert BY_REQUEST == await it.ended("searching")
    assert [
        ("MatchmakingCancelled", "queued"),
        ("MatchmakingSearching", "searching"),
        ("MatchmakingCancelled", "searching"),
    ] == await it.told()
    told = it.detail("MatchmakingCancelled")
    assert ("Cancelled", "Cancelled by request.") == (told["reason"], told["message"])
    assert [{"playerId": "ann"}] == told["gameSessionInfo"]["players"]


async def stop_while_acceptance_is_due(it: Journey) -> None:
    await it.start("leaver", "ann")
    await it.start("stayer", "bob")
    await it.advance()
    assert ["REQUIRES_ACCEPTANCE"] * 2 == await it.statuses("leaver", "stayer")
    await it.accept("stayer", "bob")
    await it.told()
    await it.stop("leaver")

    assert BY_REQUEST == await it.ended("leaver")
    assert ["SEARCHING"] == await it.statuses("stayer")
    both = ["leaver", "stayer"]
    assert [
        ("MatchmakingCancelled", "leaver"),
        shared("AcceptMatchCompleted", both),
        ("MatchmakingSearching", "stayer"),
    ] == await it.told()
    assert "Rejected" == it.detail("AcceptMatchCompleted")["acceptance"]


async def stop_while_placing_and_afterwards(it: Journey) -> None:
    await it.start("partner", "ann")
    await it.advance()
    both = ["partner", "stayer"]
    for ticket_id, name in (("partner", "ann"), ("stayer", "bob")):
        await it.accept(ticket_id, name)
    assert ["PLACING", "PLACING"] == await it.statuses(*both)
    assert IN_PLACING == await it.refused("StopMatchmaking", TicketId="stayer")
    await it.processes()

    assert ["COMPLETED", "COMPLETED"] == await it.statuses(*both)
    assert shared("MatchmakingSucceeded", both) == (await it.told())[-1]
    for ticket_id in ("stayer", "queued"):
        status = (await it.statuses(ticket_id))[0]
        refused = await it.refused("StopMatchmaking", TicketId=ticket_id)
        assert (
            "InvalidRequestException",
            f"Matchmaking ticket is in {status} status and cannot be canceled.",
        ) == refused
    assert ("NotFoundException", "Matchmaking ticket nobody not found.") == await it.refused(
        "StopMatchmaking", TicketId="nobody"
    )
    assert [] == await it.told()


async def a_player_changes_their_mind(it: Journey) -> None:
    await it.start("first", "cat", "dan")
    await it.advance()
    await it.told()
    await it.start("second", "cat")
    status, reason, _ = await it.ended("first")
    assert ("CANCELLED", "Cancelled due to duplicate player") == (status, reason)
    await it.advance()
    assert [("MatchmakingSearching", "second")] == await it.told()
    await it.stop("second")


@pytest.mark.parametrize("driver", DRIVERS)
async def test_tickets_can_be_stopped_in_every_state_but_placing(driver: str, aws_cli: AwsCli) -> None:
    async with journey(driver, aws_cli) as it:
        await it.prepare(DUEL, AcceptanceRequired=True, AcceptanceTimeoutSeconds=20)

        await stop_while_queued_or_searching(it)
        await stop_while_acceptance_is_due(it)
        await stop_while_placing_and_afterwards(it)
        await a_player_changes_their_mind(it)


async def nobody_else_comes(it: Journey) -> None:
    began_s = it.now_s
    await it.start("lonely", "ann")
    await it.advance(59.999)
    assert ["SEARCHING"] == await it.statuses("lonely")
    await it.advance(0.001)

    assert TIMED_OUT == await it.ended("lonely")
    assert began_s + 60 == pytest.approx(it.now_s)
    assert each("MatchmakingSearching", ["lonely"]) + each("MatchmakingTimedOut", ["lonely"]) == await it.told()
    told = it.detail("MatchmakingTimedOut")
    assert TIMED_OUT[1:] == (told["reason"], told["message"])


async def no_server_is_free(it: Journey) -> None:
    """A placement times out after twenty seconds; the tickets are matched again, without a word that they searched."""
    both = ["p", "q"]
    await it.start("p", "bob")
    await it.advance(30)
    await it.start("q", "cat")
    await it.advance()
    assert [*each("MatchmakingSearching", both), shared("PotentialMatchCreated", both)] == await it.told()
    first = it.detail("PotentialMatchCreated")["matchId"]
    assert ["PLACING", "PLACING"] == await it.statuses(*both)
    busy, _ = await it.refused("DeleteMatchmakingConfiguration", Name="ranked")
    assert "InvalidRequestException" == busy
    await it.advance(20)

    assert [("PlacementTimedOut",), shared("PotentialMatchCreated", both)] == await it.told()
    assert first != it.detail("PotentialMatchCreated")["matchId"]
    placement_id = it.detail("PlacementTimedOut")["placementId"]
    placement = (await it.call("DescribeGameSessionPlacement", PlacementId=placement_id))["GameSessionPlacement"]
    assert ("TIMED_OUT", it.now_s) == (placement["Status"], round(placement["EndTime"], 3))
    assert "GameSessionArn" not in placement


async def time_is_over_while_placing(it: Journey) -> None:
    """Ten seconds later the request of one is over; the other searches on in silence, and plays with somebody else."""
    assert IN_PLACING == await it.refused("StopMatchmaking", TicketId="p")
    await it.advance(10)

    assert TIMED_OUT == await it.ended("p")
    (other,) = (await it.tickets("q")).values()
    assert "SEARCHING" == other["Status"]
    assert "Team" not in other["Players"][0]
    assert sorted([("PlacementCancelled",), ("MatchmakingTimedOut", "p")]) == sorted(await it.told())
    assert it.detail("MatchmakingTimedOut")["gameSessionInfo"]["players"][0]["team"] in {"red", "blue"}

    await it.start("r", "dan")
    await it.processes()
    both = ["q", "r"]
    assert [
        ("MatchmakingSearching", "r"),
        shared("PotentialMatchCreated", both),
        ("PlacementFulfilled",),
        shared("MatchmakingSucceeded", both),
    ] == await it.told()
    assert ["COMPLETED", "COMPLETED"] == await it.statuses(*both)


async def what_is_refused(it: Journey) -> None:
    """Wrong requests get AWS's exceptions, and leave nothing behind."""
    bob = [{"PlayerId": "bob"}]
    many = [{"PlayerId": f"p{number}"} for number in range(11)]
    start = {"ConfigurationName": "ranked", "Players": bob}
    for operation, given, code in [
        ("StartMatchmaking", {**start, "ConfigurationName": "rules"}, "NotFoundException"),
        ("StartMatchmaking", {**start, "TicketId": "p"}, "InvalidRequestException"),
        ("StartMatchmaking", {**start, "TicketId": "a b"}, "InvalidRequestException"),
        ("StartMatchmaking", {**start, "Players": many}, "InvalidRequestException"),
        ("StartMatchmaking", {**start, "Players": [*bob, *bob]}, "InvalidRequestException"),
        ("StartMatchmaking", {**start, "Players": [{**bob[0], "Team": "red"}]}, "InvalidRequestException"),
        (
            "StartMatchmaking",
            {**start, "Players": [{**bob[0], "PlayerAttributes": {"skill": {"S": "good"}}}]},
            "InvalidRequestException",
        ),
        ("DescribeMatchmaking", {"TicketIds": [f"t{number}" for number in range(11)]}, "InvalidRequestException"),
        ("AcceptMatch", {"TicketId": "z", "PlayerIds": ["bob"], "AcceptanceType": "ACCEPT"}, "NotFoundException"),
        ("AcceptMatch", {"TicketId": "p", "PlayerIds": ["bob"], "AcceptanceType": "ACCEPT"}, "InvalidRequestException"),
        ("AcceptMatch", {"TicketId": "p", "PlayerIds": ["bob"], "AcceptanceType": "YES"}, "InvalidRequestException"),
        ("DeleteMatchmakingRuleSet", {"Name": "rules"}, "InvalidRequestException"),
        ("DescribeMatchmakingRuleSets", {"Names": ["none"]}, "NotFoundException"),
    ]:
        told, words = await it.refused(operation, **given)
        assert (code, True) == (told, bool(words)), (operation, given, words)
    assert [] == (await it.call("DescribeMatchmaking", TicketIds=["z", "t1"]))["TicketList"]
    await it.advance()
    assert [] == await it.told()


@pytest.mark.parametrize("driver", DRIVERS)
async def test_requests_and_placements_time_out_to_the_millisecond(driver: str, aws_cli: AwsCli) -> None:
    async with journey(driver, aws_cli) as it:
        await it.prepare(DUEL, queue_timeout_s=20, RequestTimeoutSeconds=60)

        await nobody_else_comes(it)
        await no_server_is_free(it)
        await time_is_over_while_placing(it)
        await what_is_refused(it)
