import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from muster_runtime.testing import eventually

if TYPE_CHECKING:
    from conftest import System


def a_ticket(ticket_id: str, *player_ids: str, seats: bool = False) -> dict[str, Any]:
    players = [{"playerId": player_id} for player_id in player_ids]
    if seats:
        players = [{**player, "playerSessionId": f"psess-{player['playerId']}"} for player in players]
    return {"ticketId": ticket_id, "startTime": "2026-11-20T12:00:00.100Z", "players": players}


SESSION = {
    "gameSessionArn": "arn:aws:gamelift:us-east-1:000000000000:gamesession/fleet-1/custom-laptop/1",
    "ipAddress": "127.0.0.1",
    "port": 7777,
    "players": [],
}


async def status_of(system: "System", ticket_id: str, player_id: str) -> str:
    status, _, body = await system.show(ticket_id, player_id)
    return body["status"] if status == 200 else ""


async def test_a_match_of_two_tickets_goes_from_the_request_to_each_players_own_seat(system: "System") -> None:
    await system.request("t-1", "ann", "ben")
    await system.request("t-2", "eve")
    await eventually(lambda: status_of_is(system, "t-2", "eve", "REQUESTED"))

    tickets = a_ticket("t-1", "ann", "ben"), a_ticket("t-2", "eve")
    await system.notify("MatchmakingSearching", tickets[0], notice_id="n-1", at_s=1)
    await system.notify("MatchmakingSearching", tickets[1], notice_id="n-2", at_s=1)
    await system.notify("PotentialMatchCreated", *tickets, notice_id="n-3", at_s=2, matchId="m-1")
    won = a_ticket("t-1", "ann", "ben", seats=True), a_ticket("t-2", "eve", seats=True)
    await system.notify("MatchmakingSucceeded", *won, notice_id="n-4", at_s=3, matchId="m-1", gameSessionInfo=SESSION)

    for ticket_id, player_id in (("t-1", "ann"), ("t-1", "ben"), ("t-2", "eve")):
        await eventually(lambda t=ticket_id, p=player_id: status_of_is(system, t, p, "COMPLETED"))
        _, _, body = await system.show(ticket_id, player_id)
        assert body["connection"] == {
            "ip_address": "127.0.0.1",
            "dns_name": None,
            "port": 7777,
            "player_session_id": f"psess-{player_id}",
        }
        assert (body["match_id"], body["outcome"]) == ("m-1", "matched")


async def status_of_is(system: "System", ticket_id: str, player_id: str, expected: str) -> bool:
    return await status_of(system, ticket_id, player_id) == expected


async def test_repeated_and_reversed_notices_end_in_the_same_ticket(system: "System") -> None:
    ticket = a_ticket("t-1", "ann")
    for _ in range(2):
        won = a_ticket("t-1", "ann", seats=True)
        await system.notify("MatchmakingSucceeded", won, notice_id="n-3", at_s=3, matchId="m", gameSessionInfo=SESSION)
        await system.notify("PotentialMatchCreated", ticket, notice_id="n-2", at_s=2, matchId="m")
        await system.notify("MatchmakingSearching", ticket, notice_id="n-1", at_s=1)

    await eventually(lambda: drained(system))

    assert await status_of(system, "t-1", "ann") == "COMPLETED"
    told = set(await eventually(system.told))
    # Notices handled side by side may each make up for the same announcement; it is the same event then.
    assert len({sequence for _, _, sequence in told}) == len(told)
    assert max(told, key=lambda each: each[2])[0] == "ticket.matched"


async def drained(system: "System") -> bool:
    depths = [await system.sandbox.depth(queue.url) for queue in (system.notices, system.events)]
    return all(depth == (0, 0) for depth in depths)


async def test_what_happens_to_a_ticket_is_told_on_the_bus(system: "System") -> None:
    await system.notify("MatchmakingSearching", a_ticket("t-1", "ann"), notice_id="n-1", at_s=1)
    assert await eventually(system.told) == [("ticket.searching", "t-1", 1)]

    await system.notify("MatchmakingCancelled", a_ticket("t-1", "ann"), notice_id="n-2", at_s=2, reason="Cancelled")
    assert await eventually(system.told) == [("ticket.ended", "t-1", 2)]


async def test_a_poisoned_message_is_parked_with_its_reason_and_the_rest_flows(system: "System") -> None:
    sns = await system.sandbox.client("sns")
    await sns.publish(TopicArn=system.topic_arn, Message="this is no notice")
    await system.notify("MatchmakingSearching", a_ticket("t-1", "ann"), notice_id="n-1", at_s=1)

    await eventually(lambda: status_of_is(system, "t-1", "ann", "SEARCHING"))
    (parked,) = await eventually(lambda: system.sandbox.take(system.notices.dead_letter_url))

    assert "this is no notice" in parked["Body"]
    assert parked["MessageAttributes"]["reason"]["StringValue"]


async def test_a_stranger_a_guessed_id_and_a_missing_token_learn_nothing(system: "System") -> None:
    await system.notify("MatchmakingSearching", a_ticket("t-1", "ann"), notice_id="n-1", at_s=1)
    await eventually(lambda: status_of_is(system, "t-1", "ann", "SEARCHING"))

    stranger, guessed = await system.show("t-1", "eve"), await system.show("t-9", "eve")
    nobody = await system.get("/v1/tickets/t-1", None)

    assert (stranger[0], guessed[0], nobody[0]) == (404, 404, 401)
    assert stranger[2]["code"] == guessed[2]["code"] == "ticket_unknown"
    assert stranger[1]["Retry-After"] == "1"


async def test_a_client_that_has_the_present_state_gets_304_until_it_changes(system: "System") -> None:
    await system.notify("MatchmakingSearching", a_ticket("t-1", "ann"), notice_id="n-1", at_s=1)
    await eventually(lambda: status_of_is(system, "t-1", "ann", "SEARCHING"))
    _, headers, _ = await system.show("t-1", "ann")

    status, _, body = await system.show("t-1", "ann", **{"If-None-Match": headers["ETag"]})
    assert (status, body) == (304, "")

    await system.notify("PotentialMatchCreated", a_ticket("t-1", "ann"), notice_id="n-2", at_s=2, matchId="m")
    status, _, body = await system.show("t-1", "ann", query="?wait_s=20", **{"If-None-Match": headers["ETag"]})
    assert (status, body["status"]) == (200, "PLACING")


async def test_a_wait_outside_its_range_is_refused(system: "System") -> None:
    for query in ("?wait_s=21", "?wait_s=nan", "?wait_s=-1", "?wait_s=x", "?wait_s=1&wait_s=2"):
        status, _, body = await system.show("t-1", "ann", query=query)

        assert 400 <= status < 500, query
        assert body["code"], query


async def test_a_ticket_id_longer_than_any_is_refused_and_never_reaches_the_table(system: "System") -> None:
    for ticket_id in ("t" * 129, "t" * 3000, "%F0%9F%98%80" * 200):
        status, _, body = await system.get(f"/get-match-status?ticketId={ticket_id}", "ann")

        assert status == 422, ticket_id
        assert str(body).startswith("Error: "), ticket_id


async def test_an_unmodified_client_of_the_guidance_follows_its_ticket_to_the_game(system: "System") -> None:
    async def polled() -> tuple[int, Any]:
        status, _, body = await system.get("/prod//get-match-status?&ticketId=t-1", "ann")
        return status, body

    assert await polled() == (400, "TicketId not found in DynamoDB table")
    await system.request("t-1", "ann")
    await eventually(lambda: polled_is(polled, "MatchmakingQueued"))
    won = a_ticket("t-1", "ann", seats=True)
    await system.notify("MatchmakingSucceeded", won, notice_id="n-1", at_s=1, matchId="m", gameSessionInfo=SESSION)
    await eventually(lambda: polled_is(polled, "MatchmakingSucceeded"))

    assert await polled() == (
        200,
        {
            "MatchmakingStatus": "MatchmakingSucceeded",
            "IpAddress": "127.0.0.1",
            "DnsName": "",
            "Port": "7777",
            "PlayerSessionId": "psess-ann",
        },
    )
    status, headers, body = await system.get("/get-match-status?ticketId=t-1", None)
    assert (status, headers["Content-Type"].split(";")[0]) == (401, "text/plain")
    assert body.startswith("Error: ")


async def polled_is(polled: Any, word: str) -> bool:
    _, body = await polled()
    return isinstance(body, dict) and body["MatchmakingStatus"] == word


@pytest.mark.parametrize("overrides", [{"quiet_s": 0.2, "recheck_after_s": 0.1, "lost_after_s": 3600.0}])
async def test_an_end_of_which_no_notice_came_is_learned_from_gamelift_despite_its_faults(system: "System") -> None:
    system.outside.refusals = ["ThrottlingException", "InternalServiceException"]
    system.outside.tickets["t-1"] = {
        "TicketId": "t-1",
        "Status": "TIMED_OUT",
        "StatusReason": "TimedOut",
        "StartTime": (datetime.now(UTC) - timedelta(seconds=30)).timestamp(),  # noqa: TID251 - the wire's own time
        "Players": [{"PlayerId": "ann"}],
    }
    await system.request("t-1", "ann")

    await eventually(lambda: status_of_is(system, "t-1", "ann", "TIMED_OUT"), within_s=60)

    assert set(await eventually(system.told)) == {("ticket.ended", "t-1", 2)}


@pytest.mark.parametrize("overrides", [{"quiet_s": 0.2, "recheck_after_s": 0.1, "lost_after_s": 0.5}])
async def test_a_ticket_that_gamelift_never_heard_of_fails_in_the_end(system: "System") -> None:
    await system.request("t-1", "ann")

    await eventually(lambda: status_of_is(system, "t-1", "ann", "FAILED"), within_s=60)

    _, _, body = await system.show("t-1", "ann")
    assert body["reason"] == "UNKNOWN_TO_MATCHMAKER"


async def test_the_service_tells_that_it_is_ready_and_what_its_api_is(system: "System") -> None:
    ready, _, _ = await system.get("/readyz", None)
    _, _, document = await system.get("/openapi.json", None)

    assert ready == 200
    assert {"/v1/tickets/{ticket_id}", "/get-match-status"} <= set(document["paths"])
    assert "psess" not in json.dumps(document)
