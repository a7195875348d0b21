"""The published clients of Unity, Unreal and Godot, from their first guest to the game, over the one base URL."""

import asyncio
from collections.abc import Sequence

import aiohttp
from muster_system import System
from published_clients import ENGINES, PublishedClient, Unity

from muster_runtime.testing import eventually

WELCOME = b"Your connection was accepted and token valid"
NEAR = {"custom-laptop": 20}
"""Where the game servers of a laptop are; the samples measure three regions of AWS instead."""


async def is_let_in(address: str, port: int, seat: str) -> bool:
    """Connect as the samples do, and tell whether the game server is content with the seat."""
    reader, writer = await asyncio.open_connection(address, port)
    try:
        writer.write(seat.encode())
        await writer.drain()
        return (await asyncio.wait_for(reader.read(len(WELCOME)), 100)).startswith(WELCOME[:20])
    finally:
        writer.close()


async def test_every_engines_client_signs_in_links_meets_others_and_gets_into_the_game(
    system: System, http: aiohttp.ClientSession
) -> None:
    players = [engine(http, f"{system.base_url}/prod/", f"{system.base_url}/prod") for engine in (*ENGINES, Unity)]
    await sign_in(system, http, players)

    # Two at a time: a match may be of three, and of four who wait one could be left alone.
    for pair in (players[:2], players[2:]):
        tickets = [await player.request_match(NEAR) for player in pair]
        for player, ticket in zip(pair, tickets, strict=True):
            assert await arrives(player, ticket)


async def sign_in(system: System, http: aiohttp.ClientSession, players: Sequence[PublishedClient]) -> None:
    providers = system.environment["MUSTER_PROVIDERS_URL"]
    for player in players:
        await player.new_guest()
        guest = dict(player.user)
        async with http.get(f"{providers}/steam/ticket?player={guest['user_id']}") as answer:
            ticket = (await answer.json(content_type=None))["ticket"]
        await player.sign_in("steam", ticket, link=True)
        await player.refresh()

        assert ([], 3) == (player.errors, player.signed_in)
        assert guest["user_id"] == player.user["user_id"]
        assert player.user["steam_id"]


async def arrives(player: PublishedClient, ticket: str) -> bool:
    found: list[tuple[str, str, int, str]] = []

    async def over() -> bool:
        found.extend(filter(None, [await player.match(ticket)]))
        return bool(found)

    await eventually(over, within_s=60)
    word, address, port, seat = found[0]
    assert word == "MatchmakingSucceeded"
    return await is_let_in(address, port, seat)
