"""A hundred players in three teams: parties, balanced skill, one session, a backfill, and one who finds nobody."""

import json
from collections import Counter
from collections.abc import Mapping
from statistics import fmean
from typing import Any

import pytest
from gamelift_drivers import AwsCli
from gamelift_journeys import DRIVERS, Journey, each, journey, player, rule_set, shared, teams_of

RULES = rule_set(
    rules=[{"name": "Near", "type": "latency", "maxLatency": 150}],
    teams=[{"name": "alliance", "minPlayers": 30, "maxPlayers": 34, "quantity": 3}],
    algorithm={"strategy": "balanced", "balancedAttribute": "skill", "batchingPreference": "fastestRegion"},
)
SIZES = {**{f"ten{n}": 10 for n in range(6)}, **{f"five{n}": 5 for n in range(4)}, **{f"duo{n}": 2 for n in range(10)}}
PARTIES = {
    party: [
        player(f"{party}-{member}", skill=float((place * 37 + member * 3) % 100), latency_ms=20 + place)
        for member in range(size)
    ]
    for place, (party, size) in enumerate(SIZES.items())
}
SKILLS = {one["PlayerId"]: one["PlayerAttributes"]["skill"]["N"] for party in PARTIES.values() for one in party}
DUOS = [party for party in PARTIES if party.startswith("duo")]
OTHERS = [party for party in PARTIES if party not in DUOS]


def check_teams(teams: Mapping[str, str]) -> None:
    """Nobody is missing, parties are together, and the teams are about as strong as each other."""
    assert SKILLS.keys() == teams.keys()
    sizes = Counter(teams.values())
    assert {"alliance_1", "alliance_2", "alliance_3"} == sizes.keys()
    assert all(30 <= size <= 34 for size in sizes.values())
    for party in PARTIES.values():
        assert 1 == len({teams[one["PlayerId"]] for one in party})
    strengths = [fmean(SKILLS[name] for name, team in teams.items() if team == one) for one in sizes]
    # Parties that were put in turn into the teams, unbalanced, are three times as far apart.
    assert max(strengths) - min(strengths) < 4, strengths


async def eighty_are_too_few(it: Journey) -> None:
    for party in OTHERS:
        await it.start(party, *PARTIES[party])
    await it.start("far", player("far-away", latency_ms=300))
    await it.advance(5)

    assert ["SEARCHING"] * 11 == await it.statuses(*OTHERS, "far")
    assert each("MatchmakingSearching", [*OTHERS, "far"]) == await it.told()


async def a_hundred_are_enough(it: Journey) -> None:
    for party in DUOS:
        await it.start(party, *PARTIES[party])
    await it.advance()

    in_match = shared("MatchmakingSucceeded", PARTIES)
    *searching, potential, placed, succeeded = await it.told()
    assert each("MatchmakingSearching", DUOS) == searching
    assert (shared("PotentialMatchCreated", PARTIES), ("PlacementFulfilled",), in_match) == (
        potential,
        placed,
        succeeded,
    )
    told = it.detail("MatchmakingSucceeded")
    check_teams(teams_of(told))
    assert teams_of(told) == teams_of(it.detail("PotentialMatchCreated"))
    seats = {one["playerId"]: one["playerSessionId"] for one in told["gameSessionInfo"]["players"]}
    assert 100 == len(set(seats.values())) == len(it.detail("PlacementFulfilled")["placedPlayerSessions"])
    for party, ticket in (await it.tickets(*PARTIES)).items():
        where = ticket["GameSessionConnectionInfo"]
        assert ("COMPLETED", told["gameSessionInfo"]["port"]) == (ticket["Status"], where["Port"])
        mine = {one["PlayerId"]: one["PlayerSessionId"] for one in where["MatchedPlayerSessions"]}
        assert {one["PlayerId"]: seats[one["PlayerId"]] for one in PARTIES[party]} == mine
    assert ["SEARCHING"] == await it.statuses("far")


async def session(it: Journey) -> dict[str, Any]:
    arn = it.detail("MatchmakingSucceeded")["gameSessionInfo"]["gameSessionArn"]
    (found,) = (await it.call("DescribeGameSessions", GameSessionId=arn))["GameSessions"]
    return dict(found)


async def they_sit_in_one_session(it: Journey) -> None:
    found = await session(it)
    assert (102, 100) == (found["MaximumPlayerSessionCount"], found["CurrentPlayerSessionCount"])
    arranged = json.loads(found["MatchmakerData"])["teams"]
    assert teams_of(it.detail("MatchmakingSucceeded")) == {
        one["playerId"]: team["name"] for team in arranged for one in team["players"]
    }
    seats = await it.pages("DescribePlayerSessions", "PlayerSessions", GameSessionId=found["GameSessionId"], Limit=40)
    assert SKILLS.keys() == {one["PlayerId"] for one in seats}
    assert {"RESERVED"} == {one["Status"] for one in seats}


async def one_more_is_let_in(it: Journey) -> None:
    """The hundred ask for more; a backfill of a hundred players is one request."""
    before, teams = await session(it), teams_of(it.detail("MatchmakingSucceeded"))
    seated = [
        {name: value for name, value in one.items() if name != "LatencyInMs"} | {"Team": teams[one["PlayerId"]]}
        for party in PARTIES.values()
        for one in party
    ]
    filling = {"ConfigurationName": "ranked", "GameSessionArn": before["GameSessionId"], "Players": seated}
    started = await it.call("StartMatchBackfill", TicketId="fill", **filling)
    assert seated == started["MatchmakingTicket"]["Players"]
    await it.start("late", player("late-1", skill=50, latency_ms=30))
    await it.advance()

    told = await it.told()
    assert each("MatchmakingSearching", ["fill", "late"]) == sorted(told[:2])
    both = ["fill", "late"]
    assert [shared("PotentialMatchCreated", both), shared("MatchmakingSucceeded", both)] == told[2:]
    after = await session(it)
    assert (before["GameSessionId"], 101) == (after["GameSessionId"], after["CurrentPlayerSessionCount"])
    tickets = await it.tickets("fill", "late")
    assert ["COMPLETED", "COMPLETED"] == [ticket["Status"] for ticket in tickets.values()]
    assert teams == {one["PlayerId"]: one["Team"] for one in tickets["fill"]["Players"]}
    arranged = json.loads(after["MatchmakerData"])["teams"]
    (late_team,) = [one["Team"] for one in tickets["late"]["Players"]]
    assert {**teams, "late-1": late_team} == {
        one["playerId"]: team["name"] for team in arranged for one in team["players"]
    }
    assert max(Counter([*teams.values(), late_team]).values()) <= 34


async def one_never_finds_anybody(it: Journey) -> None:
    await it.advance(115)

    assert [("MatchmakingTimedOut", "far")] == await it.told()
    (metric,) = it.detail("MatchmakingTimedOut")["ruleEvaluationMetrics"]
    assert "Near" == metric["ruleName"]
    assert metric["failedCount"] > 0
    assert ("TIMED_OUT", "TimedOut", "Removed from matchmaking due to timing out.") == await it.ended("far")


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_hundred_players_in_parties_fill_three_even_teams(driver: str, aws_cli: AwsCli) -> None:
    async with journey(driver, aws_cli) as it:
        await it.prepare(RULES, RequestTimeoutSeconds=120)
        await it.processes()

        await eighty_are_too_few(it)
        await a_hundred_are_enough(it)
        await they_sit_in_one_session(it)
        await one_more_is_let_in(it)
        await one_never_finds_anybody(it)
