"""What Muster is for: two players meet, play and earn something, over the public interfaces alone."""

import aiohttp
import pytest
from muster_system import System

from muster_players.journey import play_match
from muster_runtime.clock import SystemClock
from muster_runtime.ids import SystemIds
from muster_runtime.testing import eventually


@pytest.fixture
async def operator(system: System, http: aiohttp.ClientSession) -> dict[str, str]:
    """Headers of the operator that `make up` knows."""
    known = system.environment
    body = {
        "grant_type": "client_credentials",
        "client_id": known["MUSTER_OPERATOR_CLIENT_ID"],
        "client_secret": known["MUSTER_OPERATOR_CLIENT_SECRET"],
    }
    async with http.post(f"{system.base_url}/v1/oauth/token", data=body) as answer:
        assert answer.status == 200, await answer.text()
        return {"Authorization": f"Bearer {(await answer.json())['access_token']}"}


async def test_two_players_meet_play_and_earn_an_achievement(system: System, http: aiohttp.ClientSession) -> None:
    report = await play_match(system.base_url, players=2, http=http, clock=SystemClock(), timeout_s=150)

    assert report.verified, report
    assert 2 == len({player.user_id for player in report.players})


async def test_the_session_they_played_in_is_known_to_the_listener(
    system: System, http: aiohttp.ClientSession, operator: dict[str, str]
) -> None:
    report = await play_match(system.base_url, players=2, http=http, clock=SystemClock(), timeout_s=150)
    assert report.verified, report

    async def recorded() -> bool:
        async with http.get(f"{system.base_url}/v1/game-sessions?status=ended&limit=100", headers=operator) as answer:
            assert answer.status == 200, await answer.text()
            sessions = (await answer.json())["game_sessions"]
        return report.players[0].match_id in {session["match_id"] for session in sessions}

    await eventually(recorded, within_s=60)


async def test_a_cancelled_ticket_says_so_and_frees_its_player(system: System, http: aiohttp.ClientSession) -> None:
    async with http.post(f"{system.base_url}/v1/guests") as answer:
        headers = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
    # Nobody else is near enough to be matched with this player.
    body = {"latencies_ms": {f"custom-nowhere-{SystemIds().uuid()}": 20}}
    async with http.post(f"{system.base_url}/v1/matchmaking/tickets", json=body, headers=headers) as answer:
        assert answer.status == 202, await answer.text()
        ticket = system.base_url + answer.headers["Location"]
        ticket_id = (await answer.json())["ticket_id"]
    async with http.post(f"{system.base_url}/v1/matchmaking/tickets", json=body, headers=headers) as answer:
        assert (409, "already_queued") == (answer.status, (await answer.json())["code"])

    async with http.delete(f"{system.base_url}/v1/matchmaking/tickets/{ticket_id}", headers=headers) as answer:
        assert answer.status == 202, await answer.text()

    async def cancelled() -> bool:
        async with http.get(ticket, headers=headers) as answer:
            return (await answer.json()).get("status") == "CANCELLED"

    async def free() -> bool:
        async with http.post(f"{system.base_url}/v1/matchmaking/tickets", json=body, headers=headers) as answer:
            return answer.status == 202

    await eventually(cancelled, within_s=60)
    await eventually(free, within_s=60)
