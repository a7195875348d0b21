"""A ranked five against five with acceptance: rejected, not answered in time, accepted, placed and seated."""

import json
from collections import Counter

import pytest
from gamelift_drivers import AwsCli
from gamelift_journeys import DRIVERS, LOCATION, Journey, each, journey, player, rule_set, shared, teams_of

RULES = rule_set(
    ("red", 5, 5),
    ("blue", 5, 5),
    rules=[
        {
            "name": "EvenSkill",
            "type": "distance",
            "measurements": ["avg(teams[red].players.attributes[skill])"],
            "referenceValue": "avg(teams[blue].players.attributes[skill])",
            "maxDistance": 30,
        },
        {"name": "Near", "type": "latency", "maxLatency": 100},
    ],
)
PARTIES = {"trio": ["t1", "t2", "t3"], "duo": ["d1", "d2"], **{f"solo{n}": [f"s{n}"] for n in range(1, 6)}}
STAYING = ["trio", "duo", "solo1", "solo2", "solo3", "solo4"]
GAME = {"GameProperties": [{"Key": "map", "Value": "dunes"}], "GameSessionData": '{"rounds": 3}'}
SEASON = "season 4, naïve"
RETURNED = "The match was dropped because other players did not accept it."


async def start(it: Journey, party: str, ticket_id: str = "") -> None:
    given = [player(name, skill=40.5 if party == "trio" else 55, latency_ms=30) for name in PARTIES[party]]
    ticket = await it.start(ticket_id or party, *given)
    assert given == ticket["Players"]


def check_teams(teams: dict[str, str]) -> None:
    """Five on each side, and nobody apart from their party."""
    assert {"red": 5, "blue": 5} == Counter(teams.values())
    assert all(len({teams[name] for name in party}) == 1 for party in PARTIES.values())


async def offered(it: Journey, ticket_ids: list[str]) -> str:
    """Check that these tickets were put into a match that waits for its players; return its id."""
    tickets = await it.tickets(*ticket_ids)
    told = it.detail("PotentialMatchCreated")
    assert {"REQUIRES_ACCEPTANCE"} == {ticket["Status"] for ticket in tickets.values()}
    assert (True, 20) == (told["acceptanceRequired"], told["acceptanceTimeout"])
    assert {"EvenSkill", "Near"} == {one["ruleName"] for one in told["ruleEvaluationMetrics"]}
    assert all(type(one["passedCount"]) is int for one in told["ruleEvaluationMetrics"])
    check_teams(teams_of(told))
    seen = {one["PlayerId"]: one["Team"] for ticket in tickets.values() for one in ticket["Players"]}
    assert teams_of(told) == seen
    return str(told["matchId"])


def answers(it: Journey) -> dict[str, bool]:
    """Return who has answered, as the latest notice tells it."""
    told = it.detail("AcceptMatch")["gameSessionInfo"]["players"]
    return {one["playerId"]: one["accepted"] for one in told if "accepted" in one}


async def one_rejects(it: Journey) -> None:
    for party in PARTIES:
        await start(it, party)
    assert ["QUEUED"] * 7 == await it.statuses(*PARTIES)
    assert [] == await it.told()

    await it.advance()
    assert [*each("MatchmakingSearching", PARTIES), shared("PotentialMatchCreated", PARTIES)] == await it.told()
    match_id = await offered(it, [*PARTIES])

    await it.accept("trio", "t1", "t2")
    assert [shared("AcceptMatch", PARTIES)] * 2 == await it.told()
    assert {"t1": True, "t2": True} == answers(it)
    for party in STAYING:
        await it.accept(party, *PARTIES[party])
    assert [shared("AcceptMatch", PARTIES)] * 7 == await it.told()  # t1 and t2 had accepted before
    await it.accept("solo5", "s5", answer="REJECT")

    rejected, completed, *again = await it.told()
    assert (shared("AcceptMatch", PARTIES), shared("AcceptMatchCompleted", PARTIES)) == (rejected, completed)
    assert sorted(each("MatchmakingSearching", STAYING)) == sorted(again)
    assert (match_id, "Rejected") == (
        it.detail("AcceptMatchCompleted")["matchId"],
        it.detail("AcceptMatchCompleted")["acceptance"],
    )
    assert {"s5": False} == {name: yes for name, yes in answers(it).items() if not yes}
    status, reason, _ = await it.ended("solo5")
    assert ("CANCELLED", "Rejected") == (status, reason)
    for ticket in (await it.tickets(*STAYING)).values():
        assert ("SEARCHING", "MatchNotAccepted", RETURNED) == (
            ticket["Status"],
            ticket["StatusReason"],
            ticket["StatusMessage"],
        )
        assert all("Team" not in one for one in ticket["Players"])


async def two_do_not_answer(it: Journey) -> None:
    began_s = it.now_s
    await it.advance(7.25)
    await start(it, "solo5", "solo5-again")
    await it.advance()
    in_match = [*STAYING, "solo5-again"]
    told = await it.told()
    assert [("MatchmakingSearching", "solo5-again"), shared("PotentialMatchCreated", in_match)] == told
    match_id = await offered(it, in_match)
    assert "solo5-again" == it.detail("PotentialMatchCreated")["tickets"][-1]["ticketId"]

    for party in STAYING:
        await it.accept(party, *PARTIES[party][:-1] if party == "duo" else PARTIES[party])
    assert [shared("AcceptMatch", in_match)] * 8 == await it.told()
    await it.advance(19.999)
    assert ["REQUIRES_ACCEPTANCE"] * 7 == await it.statuses(*in_match)
    await it.advance(0.001)

    told = await it.told()
    staying = [party for party in STAYING if party != "duo"]
    assert shared("AcceptMatchCompleted", in_match) == told[0]
    assert sorted(each("MatchmakingSearching", staying)) == sorted(told[1:])
    completed = it.detail("AcceptMatchCompleted")
    assert (match_id, "TimedOut") == (completed["matchId"], completed["acceptance"])
    for gone in ("duo", "solo5-again"):
        status, reason, _ = await it.ended(gone)
        assert ("CANCELLED", "AcceptanceTimeout") == (status, reason)
    for ticket in (await it.tickets(*staying)).values():
        assert ("SEARCHING", began_s) == (ticket["Status"], round(ticket["StartTime"], 3))


async def all_accept(it: Journey) -> list[str]:
    await start(it, "duo", "duo-again")
    await start(it, "solo5", "solo5-at-last")
    await it.advance()
    in_match = [*(party for party in STAYING if party != "duo"), "duo-again", "solo5-at-last"]
    await it.told()
    await offered(it, in_match)
    members = {ticket_id: PARTIES[ticket_id.partition("-")[0]] for ticket_id in in_match}
    refused = await it.refused("AcceptMatch", TicketId="trio", PlayerIds=["d1"], AcceptanceType="ACCEPT")
    assert ("InvalidRequestException", "Player d1 is not in matchmaking ticket trio.") == refused
    for ticket_id, names in members.items():
        await it.accept(ticket_id, *names)

    assert [*[shared("AcceptMatch", in_match)] * 10, shared("AcceptMatchCompleted", in_match)] == await it.told()
    assert "Accepted" == it.detail("AcceptMatchCompleted")["acceptance"]
    assert ["PLACING"] * 7 == await it.statuses(*in_match)
    code, _ = await it.refused("AcceptMatch", TicketId="trio", PlayerIds=["t1"], AcceptanceType="ACCEPT")
    assert "InvalidRequestException" == code
    return in_match


async def a_session_is_found(it: Journey, in_match: list[str]) -> None:
    await it.advance(3)
    assert [] == await it.told()
    await it.processes()

    assert [("PlacementFulfilled",), shared("MatchmakingSucceeded", in_match)] == await it.told()
    placed, succeeded = it.detail("PlacementFulfilled"), it.detail("MatchmakingSucceeded")
    address = succeeded["gameSessionInfo"]
    assert "127.0.0.1" == address["ipAddress"] == placed["ipAddress"]
    assert (int, str(address["port"])) == (type(address["port"]), placed["port"])
    assert (address["gameSessionArn"], LOCATION) == (placed["gameSessionArn"], placed["gameSessionLocation"])
    seats = {one["playerId"]: one["playerSessionId"] for one in address["players"]}
    assert {(one["playerId"], one["playerSessionId"]) for one in placed["placedPlayerSessions"]} == {*seats.items()}
    check_teams(teams_of(succeeded))
    for ticket in (await it.tickets(*in_match)).values():
        names = [one["PlayerId"] for one in ticket["Players"]]
        assert ("COMPLETED", it.now_s) == (ticket["Status"], round(ticket["EndTime"], 3))
        assert "StatusReason" not in ticket
        assert {
            "GameSessionArn": address["gameSessionArn"],
            "IpAddress": "127.0.0.1",
            "Port": address["port"],
            "MatchedPlayerSessions": [{"PlayerId": name, "PlayerSessionId": seats[name]} for name in names],
            "PlayerGatewayStatus": "DISABLED",
        } == ticket["GameSessionConnectionInfo"]
        assert {name: teams_of(succeeded)[name] for name in names} == {
            one["PlayerId"]: one["Team"] for one in ticket["Players"]
        }


async def the_session_knows_them(it: Journey) -> None:
    succeeded = it.detail("MatchmakingSucceeded")
    address = succeeded["gameSessionInfo"]
    (session,) = (await it.call("DescribeGameSessions", GameSessionId=address["gameSessionArn"]))["GameSessions"]
    assert ("ACTIVE", 10, 10, address["port"], it.fleet_id) == (
        session["Status"],
        session["MaximumPlayerSessionCount"],
        session["CurrentPlayerSessionCount"],
        session["Port"],
        session["FleetId"],
    )
    assert {name: session[name] for name in GAME} == GAME
    arranged = json.loads(session["MatchmakerData"])
    assert (succeeded["matchId"], it.configuration_arn) == (
        arranged["matchId"],
        arranged["matchmakingConfigurationArn"],
    )
    listed = [(team["name"], one) for team in arranged["teams"] for one in team["players"]]
    assert teams_of(succeeded) == {one["playerId"]: team for team, one in listed}
    skills = {one["playerId"]: one["attributes"]["skill"] for _, one in listed}
    assert {"attributeType": "DOUBLE", "valueAttribute": 40.5} == skills["t1"]
    placement = await it.call(
        "DescribeGameSessionPlacement", PlacementId=it.detail("PlacementFulfilled")["placementId"]
    )
    assert ("FULFILLED", session["MatchmakerData"]) == (
        placement["GameSessionPlacement"]["Status"],
        placement["GameSessionPlacement"]["MatchmakerData"],
    )

    async def seats() -> dict[str, str]:
        asked = {"GameSessionId": address["gameSessionArn"], "Limit": 7}
        found = await it.pages("DescribePlayerSessions", "PlayerSessions", **asked)
        assert {address["port"]} == {one["Port"] for one in found}
        return {one["PlayerSessionId"]: one["Status"] for one in found}

    mine = {one["playerSessionId"] for one in address["players"]}
    assert dict.fromkeys(mine, "RESERVED") == await seats()
    await it.advance(60)
    assert dict.fromkeys(mine, "TIMEDOUT") == await seats()
    assert [] == await it.told()


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_ranked_five_against_five_is_rejected_then_ignored_then_accepted_and_played(
    driver: str, aws_cli: AwsCli
) -> None:
    async with journey(driver, aws_cli) as it:
        await it.prepare(RULES, AcceptanceRequired=True, AcceptanceTimeoutSeconds=20, CustomEventData=SEASON, **GAME)

        await one_rejects(it)
        await two_do_not_answer(it)
        in_match = await all_accept(it)
        await a_session_is_found(it, in_match)
        await the_session_knows_them(it)
        about = [one["detail"] for one in it.notices if one["detail-type"] == "GameLift Matchmaking Event"]
        assert {SEASON} == {detail["customEventData"] for detail in about}
