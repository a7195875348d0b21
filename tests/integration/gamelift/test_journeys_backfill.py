"""Two against two on a real game server: two leave, two others come; requests stopped, replaced, timed out, in vain."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from gamelift_drivers import AwsCli
from gamelift_journeys import DRIVERS, LOCATION, Journey, each, journey, player, rule_set, shared, teams_of

from muster_gameserver import (
    GameServer,
    GameSession,
    GameSessionUpdate,
    ProcessParameters,
    ServerParameters,
    parse_matchmaker_data,
)
from muster_runtime.testing import eventually

RULES = rule_set(("red", 2, 2), ("blue", 2, 2))
PORT = 7777


@dataclass
class Game:
    """A game that opens its session at once, and notes what it is told."""

    server: GameServer
    sessions: list[GameSession] = field(default_factory=list)
    updates: list[GameSessionUpdate] = field(default_factory=list)
    is_asked_to_end: bool = False

    async def ready(self) -> None:
        await self.server.process_ready(
            ProcessParameters(
                port=PORT,
                on_start_game_session=self.start,
                on_update_game_session=self.updates.append,
                on_process_terminate=self.end,
            )
        )

    async def start(self, session: GameSession) -> None:
        self.sessions.append(session)
        await self.server.activate_game_session()

    def end(self) -> None:
        self.is_asked_to_end = True

    async def updated(self) -> tuple[str, str]:
        """Wait for the next update and forget it; return its reason and ticket."""
        await eventually(lambda: self.updates)
        update = self.updates.pop(0)
        return update.reason, update.backfill_ticket_id

    @property
    def arn(self) -> str:
        return self.sessions[0].game_session_id


async def a_machine(it: Journey) -> ServerParameters:
    """Register a machine of our own, as on GameLift Anywhere, and return what its game server needs."""
    named = {"FleetId": it.fleet_id, "ComputeName": "laptop"}
    made = await it.call("RegisterCompute", **named, IpAddress="127.0.0.1", Location=LOCATION)
    token = await it.call("GetComputeAuthToken", **named)
    return ServerParameters(
        websocket_url=made["Compute"]["GameLiftServiceSdkEndpoint"],
        fleet_id=it.fleet_id,
        host_id="laptop",
        process_id="p-1",
        auth_token=token["AuthToken"],
    )


async def seats(it: Journey, game: Game, status: str) -> dict[str, str]:
    """Return player -> player session of the seats in a state."""
    asked = {"GameSessionId": game.arn, "PlayerSessionStatusFilter": status}
    found = await it.pages("DescribePlayerSessions", "PlayerSessions", **asked)
    assert all((PORT, "127.0.0.1") == (one["Port"], one["IpAddress"]) for one in found)
    return {one["PlayerId"]: one["PlayerSessionId"] for one in found}


async def session(it: Journey, game: Game) -> dict[str, Any]:
    (found,) = (await it.call("DescribeGameSessions", GameSessionId=game.arn))["GameSessions"]
    return dict(found)


async def four_play(it: Journey, game: Game) -> dict[str, str]:
    await it.start("a", player("a1", skill=10), player("a2"))
    await it.start("b", player("b1", skill=20), player("b2"))
    await it.advance()

    both = ["a", "b"]
    assert [
        *each("MatchmakingSearching", both),
        shared("PotentialMatchCreated", both),
        ("PlacementFulfilled",),
        shared("MatchmakingSucceeded", both),
    ] == await it.told()
    told = it.detail("MatchmakingSucceeded")
    assert (game.arn, PORT) == (told["gameSessionInfo"]["gameSessionArn"], told["gameSessionInfo"]["port"])
    arranged = parse_matchmaker_data(game.sessions[0].matchmaker_data)
    assert teams_of(told) == {one.player_id: one.team for one in arranged.players}
    assert (it.configuration_arn, told["matchId"]) == (arranged.configuration_arn, arranged.match_id)
    reserved = await seats(it, game, "RESERVED")
    assert reserved == {one["playerId"]: one["playerSessionId"] for one in told["gameSessionInfo"]["players"]}
    for seat in reserved.values():
        await game.server.accept_player_session(seat)
    assert reserved == await seats(it, game, "ACTIVE")
    return teams_of(told)


async def two_leave_and_two_come(it: Journey, game: Game, teams: Mapping[str, str]) -> dict[str, str]:
    active = await seats(it, game, "ACTIVE")
    for name in ("a2", "b2"):
        await game.server.remove_player_session(active[name])
    assert {"a2", "b2"} == (await seats(it, game, "COMPLETED")).keys()
    assert 2 == (await session(it, game))["CurrentPlayerSessionCount"]
    arranged = parse_matchmaker_data(game.sessions[0].matchmaker_data)
    staying = [one for one in arranged.players if one.player_id in {"a1", "b1"}]
    fill = await game.server.start_match_backfill(configuration_arn=arranged.configuration_arn, players=staying)
    (ticket,) = (await it.tickets(fill)).values()
    assert ("QUEUED", {"a1": teams["a1"], "b1": teams["b1"]}) == (
        ticket["Status"],
        {one["PlayerId"]: one["Team"] for one in ticket["Players"]},
    )
    assert {"N": 10} == ticket["Players"][0]["PlayerAttributes"]["skill"]

    await it.start("c", "c1")
    await it.advance()
    assert ["SEARCHING", "SEARCHING"] == await it.statuses(fill, "c")
    assert sorted(each("MatchmakingSearching", [fill, "c"])) == sorted(await it.told())
    await it.start("d", "d1")
    await it.advance()
    everybody = [fill, "c", "d"]
    assert [
        ("MatchmakingSearching", "d"),
        shared("PotentialMatchCreated", everybody),
        shared("MatchmakingSucceeded", everybody),
    ] == await it.told()
    assert ("MATCHMAKING_DATA_UPDATED", fill) == await game.updated()
    return await the_game_goes_on(it, game, fill, teams)


async def the_game_goes_on(it: Journey, game: Game, fill: str, teams: Mapping[str, str]) -> dict[str, str]:
    """The same session has new players and new matchmaker data; who stayed kept their seats."""
    told = it.detail("MatchmakingSucceeded")
    assert (game.arn, PORT) == (told["gameSessionInfo"]["gameSessionArn"], told["gameSessionInfo"]["port"])
    tickets = await it.tickets(fill, "c", "d")
    assert {"COMPLETED"} == {ticket["Status"] for ticket in tickets.values()}
    new_teams = teams_of(told)
    assert {"a1": teams["a1"], "b1": teams["b1"]} == {name: new_teams[name] for name in ("a1", "b1")}
    assert {"c1", "d1"} == new_teams.keys() - teams.keys()
    assert ["blue", "blue", "red", "red"] == sorted(new_teams.values())
    reserved, active = await seats(it, game, "RESERVED"), await seats(it, game, "ACTIVE")
    assert ({"c1", "d1"}, {"a1", "b1"}) == (reserved.keys(), active.keys())
    for ticket in tickets.values():
        where = ticket["GameSessionConnectionInfo"]
        mine = {one["PlayerId"]: one["PlayerSessionId"] for one in where["MatchedPlayerSessions"]}
        assert (game.arn, PORT) == (where["GameSessionArn"], where["Port"])
        assert {one["PlayerId"]: (reserved | active)[one["PlayerId"]] for one in ticket["Players"]} == mine
    for seat in reserved.values():
        await game.server.accept_player_session(seat)
    shown = await session(it, game)
    assert ("ACTIVE", 4, 4) == (shown["Status"], shown["CurrentPlayerSessionCount"], shown["MaximumPlayerSessionCount"])
    arranged = json.loads(shown["MatchmakerData"])
    assert new_teams == {one["playerId"]: team["name"] for team in arranged["teams"] for one in team["players"]}
    assert game.server.game_session
    assert shown["MatchmakerData"] == game.server.game_session.matchmaker_data
    return new_teams


async def nobody_comes(it: Journey, game: Game, teams: Mapping[str, str]) -> None:
    """Requests of the back end: replaced, stopped, timed out."""
    await game.server.remove_player_session((await seats(it, game, "ACTIVE"))["d1"])
    staying = [{"PlayerId": name, "Team": team} for name, team in teams.items() if name != "d1"]
    filling = {"ConfigurationName": "ranked", "GameSessionArn": game.arn, "Players": staying}
    started = await it.call("StartMatchBackfill", TicketId="fill-2", **filling)
    assert "QUEUED" == started["MatchmakingTicket"]["Status"]
    await it.call("StartMatchBackfill", TicketId="fill-3", **filling)
    assert ("BACKFILL_CANCELLED", "fill-2") == await game.updated()
    await it.advance()
    assert ["CANCELLED", "SEARCHING"] == await it.statuses("fill-2", "fill-3")
    assert [("MatchmakingCancelled", "fill-2"), ("MatchmakingSearching", "fill-3")] == await it.told()

    await it.stop("fill-3")
    assert ("BACKFILL_CANCELLED", "fill-3") == await game.updated()
    assert [("MatchmakingCancelled", "fill-3")] == await it.told()

    await it.call("StartMatchBackfill", TicketId="fill-4", **filling)
    await it.advance(30)
    assert ("TIMED_OUT", "TimedOut", "Removed from matchmaking due to timing out.") == await it.ended("fill-4")
    assert ("BACKFILL_TIMED_OUT", "fill-4") == await game.updated()
    assert [("MatchmakingSearching", "fill-4"), ("MatchmakingTimedOut", "fill-4")] == await it.told()

    nowhere = {**filling, "GameSessionArn": f"{game.arn}-not"}
    assert "NotFoundException" == (await it.refused("StartMatchBackfill", **nowhere))[0]
    crowded = {**filling, "Players": [{**one, "Team": "red"} for one in staying]}
    assert "InvalidRequestException" == (await it.refused("StartMatchBackfill", **crowded))[0]


async def the_game_ends(it: Journey, game: Game, teams: Mapping[str, str]) -> None:
    """A request that still searches fails with its game."""
    staying = [{"PlayerId": name, "Team": team} for name, team in teams.items() if name != "d1"]
    given = {"ConfigurationName": "ranked", "GameSessionArn": game.arn, "Players": staying}
    await it.call("StartMatchBackfill", TicketId="fill-5", **given)
    await it.advance()
    await it.call("TerminateGameSession", GameSessionId=game.arn, TerminationMode="TRIGGER_ON_PROCESS_TERMINATE")
    await eventually(lambda: game.is_asked_to_end)
    await game.server.process_ending()

    assert "TERMINATED" == (await session(it, game))["Status"]
    status, _, words = await it.ended("fill-5")
    assert ("FAILED", True) == (status, game.arn in words)
    assert [("MatchmakingSearching", "fill-5"), ("MatchmakingFailed", "fill-5")] == await it.told()
    assert [] == list(await seats(it, game, "ACTIVE"))


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_game_server_finds_players_for_those_who_left(driver: str, aws_cli: AwsCli) -> None:
    async with journey(driver, aws_cli) as it:
        await it.prepare(RULES, RequestTimeoutSeconds=30, BackfillMode="MANUAL")
        async with GameServer(await a_machine(it)) as server:
            game = Game(server)
            await game.ready()

            teams = await four_play(it, game)
            teams = await two_leave_and_two_come(it, game, teams)
            await nobody_comes(it, game, teams)
            await the_game_ends(it, game, teams)
