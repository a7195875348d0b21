"""The page as browsers see it: its routes, and a headless Chromium that follows a ticket."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from chromium import CHROMIUM, Tab, browsing

from muster_gamelift.app import build
from muster_gamelift.settings import Settings
from muster_runtime.testing.services import running

HOSTILE = "<img src=x onerror=\"document.title='taken over'\">"
FAIR = {
    "name": HOSTILE,
    "ruleLanguageVersion": "1.0",
    "playerAttributes": [{"name": "skill", "type": "number", "default": 10}],
    "teams": [{"name": name, "minPlayers": 1, "maxPlayers": 1} for name in ("red", "blue")],
    "rules": [
        {
            "name": "FairTeams",
            "description": f"Both sides should have a chance {HOSTILE}",
            "type": "distance",
            "measurements": ["avg(teams[red].players.attributes[skill])"],
            "referenceValue": "avg(teams[blue].players.attributes[skill])",
            "maxDistance": 10,
        }
    ],
    "expansions": [
        {"target": "rules[FairTeams].maxDistance", "steps": [{"waitTimeSeconds": 600, "value": 90}]},
    ],
}
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture
async def tab(tmp_path: Path, http_client: aiohttp.ClientSession) -> AsyncIterator[Tab]:
    assert CHROMIUM is not None
    async with browsing(CHROMIUM, tmp_path / "profile", http_client) as opened:
        await opened.size(1280, 900)
        yield opened


def only_from(tab: Tab, base_url: str) -> bool:
    return all(address.startswith((f"{base_url}/_page/", "about:")) for address in tab.requested)


async def test_a_browser_is_led_from_the_address_of_the_api_to_the_page(gamelift: Any, http_client: Any) -> None:
    headers = {"Accept": "text/html,application/xhtml+xml"}
    async with http_client.get(gamelift.base_url + "/", headers=headers, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/_page/")
    async with http_client.get(gamelift.base_url + "/stage/_page", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/stage/_page/")


async def test_who_is_no_browser_is_still_told_to_open_a_websocket(gamelift: Any, http_client: Any) -> None:
    async with http_client.get(gamelift.base_url + "/") as answer:
        assert answer.status == 426


async def test_everything_carries_the_policy_and_takes_get_only(gamelift: Any, http_client: Any) -> None:
    for path in ("", "app.js", "style.css", "icon.svg", "view", "view?what=nothing", "explain?name=nobody"):
        async with http_client.get(f"{gamelift.base_url}/_page/{path}") as answer:
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("", "view", "explain"):
        async with http_client.post(f"{gamelift.base_url}/_page/{path}") as answer:
            assert answer.status == 405


async def test_looking_at_a_region_does_not_create_it(gamelift: Any, http_client: Any) -> None:
    async with http_client.get(f"{gamelift.base_url}/_page/view?region=eu-west-1") as answer:
        assert (await answer.json())["regions"] == ["eu-west-1", "us-east-1"]
    async with http_client.get(f"{gamelift.base_url}/_page/view") as answer:
        assert (await answer.json())["regions"] == ["us-east-1"]


async def test_the_page_can_be_switched_off(http_client: Any) -> None:
    async with running("gamelift", Settings(page=False), build) as service:
        async with http_client.get(f"{service.base_url}/_page/") as answer:
            assert answer.status == 404
        async with http_client.get(f"{service.base_url}/", headers={"Accept": "text/html"}) as answer:
            assert answer.status == 426


@needs_chromium
async def test_a_ticket_is_followed_from_search_to_session_in_a_browser(
    gamelift: Any, client: Any, server: Any, configuration: str, tab: Tab
) -> None:
    process = server("p-1")
    await process.ready(port=7799)
    await tab.open(f"{gamelift.base_url}/_page/#/tickets")
    await tab.until("document.querySelector('.empty')?.innerText.includes('aws gamelift start-matchmaking')")

    for ticket_id, player in (("t-1", HOSTILE), ("t-2", "bob")):
        await client.start_matchmaking(
            TicketId=ticket_id, ConfigurationName=configuration, Players=[{"PlayerId": player}]
        )
        await tab.until(f"[...document.querySelectorAll('td a')].some((a) => a.innerText === '{ticket_id}')")
    await tab.value("[...document.querySelectorAll('td a')].find((a) => a.innerText === 't-1').focus()")
    await tab.press("Enter", 13)
    await tab.until("document.querySelector('h1').innerText === 't-1'")
    await tab.until("document.querySelector('.why h2')?.innerText.includes('activate its session')")
    await process.host()
    await tab.until("document.querySelector('main').innerText.includes('127.0.0.1:7799')")
    await tab.until("document.querySelector('.why h2').innerText.includes('Matched')")

    history = await tab.text(".timeline")
    for state in ("queued", "searching", "placing", "completed"):
        assert state in history
    assert HOSTILE in await tab.text()
    assert "taken over" not in await tab.value("document.title")
    assert await tab.value("document.querySelectorAll('main img').length") == 0
    assert [] == tab.complaints
    assert only_from(tab, gamelift.base_url)


@needs_chromium
async def test_a_stuck_ticket_is_explained_in_a_browser(gamelift: Any, client: Any, tab: Tab) -> None:
    await client.create_matchmaking_rule_set(Name="fair", RuleSetBody=json.dumps(FAIR))
    await client.create_matchmaking_configuration(
        Name="fair",
        RuleSetName="fair",
        RequestTimeoutSeconds=3600,
        AcceptanceRequired=False,
        FlexMatchMode="STANDALONE",
    )
    for ticket_id, skill in (("t-1", 10), ("t-2", 60)):
        player = {"PlayerId": f"player of {ticket_id}", "PlayerAttributes": {"skill": {"N": skill}}}
        await client.start_matchmaking(TicketId=ticket_id, ConfigurationName="fair", Players=[player])

    await tab.size(390, 844, mobile=True, dark=True)
    await tab.open(f"{gamelift.base_url}/_page/#/tickets?name=t-1")
    await tab.until("document.querySelector('.why h2')?.innerText.includes('Held back by the rule FairTeams')")
    told = await tab.text(".why")

    assert "the average skill of red is at most 10 away from the average skill of blue" in told
    assert "With 50 instead of 10 there would be a match now." in told
    assert "It keeps apart from: t-2." in told
    assert "the rule FairTeams allows a distance of 90 instead of 10" in told
    assert HOSTILE in told
    assert await tab.value("document.documentElement.scrollWidth <= innerWidth")
    await tab.open(f"{gamelift.base_url}/_page/#/rule-sets?name=fair")
    await tab.until("document.querySelector('.code')?.innerText.includes('FairTeams')")
    assert "taken over" not in await tab.value("document.title")
    assert await tab.value("document.querySelectorAll('main img').length") == 0
    assert [] == tab.complaints
    assert only_from(tab, gamelift.base_url)
