import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from players_stand_in import REGION, StandIn, connected, stand_in

from muster_players.arena.app import build
from muster_players.arena.frames import ACCEPTED, REFUSED
from muster_players.arena.guests import Connection
from muster_players.arena.settings import ArenaSettings
from muster_players.watch import follow, watch
from muster_runtime.serve import Running
from muster_runtime.testing import eventually, running
from muster_runtime.testing.local_aws import free_port

TEAMS = {"lions": {"ann": "psess-ann"}, "bears": {"ben": "psess-ben"}}


@pytest.fixture
async def gamelift(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StandIn]:
    async with stand_in() as fake:
        for name, value in aws(fake).items():
            monkeypatch.setenv(name, value)
        yield fake


def aws(fake: StandIn) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": fake.base_url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


@asynccontextmanager
async def an_arena(**settings: Any) -> AsyncIterator[Running]:
    usual: dict[str, Any] = {
        "fleet_id": "fleet-1",
        "event_bus": "muster",
        "slots": 1,
        "port_first": 0,
        "match_s": 0.5,
        "sdk_redial_s": 0.01,
        "rejoin_s": 0.3,
        # Longer than anything that a busy machine holds up.
        "gather_s": 60,
        "first_line_s": 60,
        "grace_s": 60,
    }
    async with running("arena", ArenaSettings(**(usual | settings)), build) as arena:
        yield arena


async def test_two_players_play_a_match_and_its_result_is_published(gamelift: StandIn) -> None:
    async with an_arena():
        process = await gamelift.offer(1, TEAMS)
        async with connected(process.port, "psess-ann") as ann, connected(process.port, "psess-ben") as ben:
            assert ACCEPTED == await ann.line()
            assert ACCEPTED == await ben.line()
            assert 4 == (await ann.frame("welcome"))["footballer"]
            assert 9 == (await ben.frame("welcome"))["footballer"]
            state = await ann.frame("state")
            assert 10 == len(state["footballers"])
            end = await ann.frame("end")
            await ben.ended()

        await eventually(lambda: gamelift.events)
        (event,) = gamelift.events
        assert ("match.finished", "match-1") == (event["type"], event["subject"])
        assert end["scores"] == event["data"]["scores"]
        assert {"ann": "lions", "ben": "bears"} == {
            each["player_id"]: each["team"] for each in event["data"]["players"]
        }
        assert "psess" not in str(event)


async def test_after_a_match_the_process_ends_and_a_new_one_takes_its_place(gamelift: StandIn) -> None:
    async with an_arena():
        first = await gamelift.offer(1, TEAMS)
        async with connected(first.port, "psess-ann") as ann, connected(first.port, "psess-ben") as ben:
            await ann.ended()
            await ben.ended()

        (second,) = await gamelift.ready()
        assert first.process_id != second.process_id
        assert first.port == second.port
        assert not first.is_ready
        assert "COMPLETED" == gamelift.status_of("psess-ann") == gamelift.status_of("psess-ben")


async def test_slots_host_matches_side_by_side(gamelift: StandIn) -> None:
    async with an_arena(slots=3), AsyncExitStack() as stack:
        await gamelift.ready(3)
        players, ports = [], set()
        for number in range(3):
            process = await gamelift.offer(number, {"all": {f"p{number}": f"psess-{number}"}})
            ports.add(process.port)
            players.append(await stack.enter_async_context(connected(process.port, f"psess-{number}")))

        for player in players:
            assert ACCEPTED == await player.line()
            await player.frame("end")

        assert 3 == len(ports)
        await eventually(lambda: len(gamelift.events) == 3)


@pytest.mark.parametrize("first", ["psess-unknown", "hello", "", "x" * 300, "psess-ann psess-ben"])
async def test_whoever_has_no_seat_is_told_and_disconnected(gamelift: StandIn, first: str) -> None:
    async with an_arena():
        process = await gamelift.offer(1, TEAMS)
        async with connected(process.port, first) as stranger:
            assert REFUSED == await stranger.line()
            assert "" == await stranger.line()


async def test_without_a_session_nobody_gets_in(gamelift: StandIn) -> None:
    async with an_arena():
        (process,) = await gamelift.ready()
        async with connected(process.port, "psess-ann") as early:
            assert REFUSED == await early.line()


async def test_an_endless_first_line_is_cut_off(gamelift: StandIn) -> None:
    async with an_arena():
        process = await gamelift.offer(1, TEAMS)
        async with connected(process.port) as flood:
            await flood.say(b"x" * 5000)
            assert await flood.ended()


async def test_whoever_says_nothing_is_disconnected(gamelift: StandIn) -> None:
    async with an_arena(first_line_s=0.05):
        process = await gamelift.offer(1, TEAMS)
        async with connected(process.port) as silent:
            assert "" == await silent.line()


async def test_a_bare_id_without_a_newline_is_taken_as_the_published_samples_send_it(gamelift: StandIn) -> None:
    async with an_arena(match_s=5):
        process = await gamelift.offer(1, TEAMS)
        async with connected(process.port) as ann:
            await ann.say(b"psess-ann")
            assert ACCEPTED == await ann.line()


async def test_a_seat_is_not_used_twice(gamelift: StandIn) -> None:
    async with an_arena(match_s=5):
        process = await gamelift.offer(1, TEAMS)
        async with connected(process.port, "psess-ann") as ann, connected(process.port, "psess-ann") as thief:
            said = {await ann.line(), await thief.line()}

        assert {ACCEPTED, REFUSED} == said


async def test_a_player_who_loses_the_connection_comes_back(gamelift: StandIn) -> None:
    async with an_arena(match_s=60, rejoin_s=60, finish_s=1):
        process = await gamelift.offer(1, TEAMS)
        async with connected(process.port, "psess-ben") as ben:
            async with connected(process.port, "psess-ann") as ann:
                assert ACCEPTED == await ann.line()
            async with connected(process.port, "psess-ann") as again:
                assert ACCEPTED == await again.line()
                assert 4 == (await again.frame("welcome"))["footballer"]
                await ben.line()
                await ben.frame("state")
                # The whistle comes when she is back, and not by the clock.
                await process.socket.send_json({"Action": "TerminateProcess", "TerminationTime": 1000})
                await ben.frame("end")
        await eventually(lambda: "TerminateServerProcess" in gamelift.actions)
        assert 2 == gamelift.actions.count("RemovePlayerSession")


async def test_a_player_who_stays_away_gives_the_seat_back_and_the_match_ends(gamelift: StandIn) -> None:
    async with an_arena(match_s=60, rejoin_s=0.05):
        process = await gamelift.offer(1, TEAMS)
        async with connected(process.port, "psess-ann") as ann, connected(process.port, "psess-ben") as ben:
            for player in (ann, ben):
                await player.line()
                await player.frame("state")

        await eventually(lambda: gamelift.status_of("psess-ann") == "COMPLETED")
        await eventually(lambda: gamelift.events)
        assert {"ann", "ben"} == {each["player_id"] for each in gamelift.events[0]["data"]["players"]}


async def test_a_goodbye_gives_the_seat_back_at_once(gamelift: StandIn) -> None:
    async with an_arena(match_s=60, rejoin_s=60):
        process = await gamelift.offer(1, TEAMS)
        async with connected(process.port, "psess-ann") as ann:
            await ann.line()
            await ann.say('{"type":"leave"}')

            await eventually(lambda: gamelift.status_of("psess-ann") == "COMPLETED")


@pytest.mark.parametrize("line", ["hello", '{"type":"cheat"}', '{"type":"input","run":[NaN,0]}', "x" * 5000])
async def test_a_player_who_speaks_nonsense_is_disconnected(gamelift: StandIn, line: str) -> None:
    async with an_arena(match_s=60):
        process = await gamelift.offer(1, TEAMS)
        async with connected(process.port, "psess-ann") as ann, connected(process.port, "psess-ben") as ben:
            await ann.line()
            await ann.say(line)
            await ann.ended()

            await ben.line()
            await ben.frame("state")


async def test_a_flood_of_frames_is_cut_off(gamelift: StandIn) -> None:
    async with an_arena(match_s=60):
        process = await gamelift.offer(1, TEAMS)
        async with connected(process.port, "psess-ann") as ann:
            await ann.line()
            await ann.say(b'{"type":"input","run":[1,0]}\n' * 500)
            await ann.ended()


async def test_watchers_see_the_match_without_a_seat(gamelift: StandIn) -> None:
    pictures: list[str] = []
    async with an_arena(match_s=1):
        (process,) = await gamelift.ready()
        async with asyncio.TaskGroup() as tasks:
            watching = watch("127.0.0.1", process.port, show=pictures.append, colour=False, matches=1)
            tasks.create_task(watching)
            await gamelift.offer(1, TEAMS)
            # A match begins with its last player, so the watcher misses nothing of it.
            await eventually(lambda: any("lions" in picture for picture in pictures))
            async with connected(process.port, "psess-ann") as ann, connected(process.port, "psess-ben") as ben:
                await ann.ended()
                await ben.ended()

        assert any("lions 0 : 0 bears" in picture and "●" in picture for picture in pictures)
        assert "full time" in pictures[-1]


async def test_a_watcher_without_an_address_finds_the_slot_that_has_a_match(gamelift: StandIn) -> None:
    pictures: list[str] = []
    async with an_arena(match_s=1, slots=3) as arena:
        await gamelift.ready(3)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(follow(arena.base_url, show=pictures.append, colour=False, matches=1))
            await eventually(lambda: any("no match" in picture for picture in pictures))
            process = await gamelift.offer(1, TEAMS)
            await eventually(lambda: any("lions" in picture for picture in pictures))
            async with connected(process.port, "psess-ann") as ann, connected(process.port, "psess-ben") as ben:
                await ann.ended()
                await ben.ended()

        assert "full time" in pictures[-1]


async def test_it_waits_for_a_gamelift_that_is_not_up_yet(gamelift: StandIn) -> None:
    gamelift.down = True
    async with an_arena(aws_attempts=1):
        assert not gamelift.processes
        gamelift.down = False

        await gamelift.ready()


async def test_a_match_goes_on_while_gamelift_is_away_and_the_process_comes_back(gamelift: StandIn) -> None:
    async with an_arena(match_s=4):
        process = await gamelift.offer(1, TEAMS)
        async with connected(process.port, "psess-ann") as ann, connected(process.port, "psess-ben") as ben:
            await ann.line()
            await ben.line()
            await ann.frame("state")
            await gamelift.drop_all()
            await ann.frame("end")
            await ben.ended()

        await eventually(lambda: 2 == process.connections)
        await eventually(lambda: gamelift.events)
        assert "match-1" == gamelift.events[0]["subject"]


async def test_a_result_is_kept_until_the_bus_takes_it(gamelift: StandIn) -> None:
    gamelift.bus_failures = 7
    async with an_arena():
        process = await gamelift.offer(1, TEAMS)
        async with connected(process.port, "psess-ann") as ann, connected(process.port, "psess-ben") as ben:
            await ann.ended()
            await ben.ended()

        await eventually(lambda: gamelift.events, within_s=60)
        assert 0 == gamelift.bus_failures


async def test_gamelift_can_end_a_process_in_the_middle_of_a_match(gamelift: StandIn) -> None:
    async with an_arena(match_s=60, finish_s=1):
        process = await gamelift.offer(1, TEAMS)
        async with connected(process.port, "psess-ann") as ann, connected(process.port, "psess-ben") as ben:
            await ann.line()
            await ben.line()
            await ann.frame("state")
            await process.socket.send_json({"Action": "TerminateProcess", "TerminationTime": 1000})

            assert "stopped" == (await ann.frame("end"))["reason"]


async def test_the_arena_shows_its_slots(gamelift: StandIn, http_client: Any) -> None:
    async with an_arena(match_s=60) as arena:
        process = await gamelift.offer(1, TEAMS)
        async with connected(process.port, "psess-ann") as ann:
            await ann.line()
            async with http_client.get(f"{arena.base_url}/v1/arena") as answer:
                (slot,) = (await answer.json())["slots"]

        assert ("hosting", process.port, "match-1", 1) == (
            slot["phase"],
            slot["port"],
            slot["match_id"],
            slot["players"],
        )


async def test_sigterm_ends_the_match_tells_everybody_and_exits_with_0(gamelift: StandIn) -> None:
    port = free_port()
    environment = dict(os.environ) | aws(gamelift)  # noqa: TID251 - a child process needs one
    environment |= {
        "ARENA_FLEET_ID": "fleet-1",
        "ARENA_EVENT_BUS": "muster",
        "ARENA_SLOTS": "1",
        "ARENA_PORT_FIRST": str(port),
        "ARENA_MATCH_S": "600",
        "ARENA_GATHER_S": "60",
        "ARENA_GRACE_S": "60",
        "ARENA_LOG_FORMAT": "json",
        "ARENA_LOG_LEVEL": "debug",
    }
    arena = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "muster_players.arena", env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        process = await gamelift.offer(1, TEAMS)
        assert port == process.port
        async with connected(port, "psess-ann") as ann, connected(port, "psess-ben") as ben:
            await ann.line()
            await ben.line()
            await ann.frame("state")
            arena.send_signal(signal.SIGTERM)
            assert "stopped" == (await ann.frame("end"))["reason"]
            await ben.ended()
        async with asyncio.timeout(60):
            output, _ = await arena.communicate()
    finally:
        if arena.returncode is None:
            arena.kill()
            await arena.wait()

    assert 0 == arena.returncode, output.decode()
    assert "TerminateServerProcess" == gamelift.actions[-1]
    assert ["match.finished"] == [event["type"] for event in gamelift.events]
    assert b"psess-" not in output
    assert b"token-1" not in output
    assert b"match_ended" in output


async def test_the_last_words_reach_a_player_who_is_still_talking() -> None:
    """With the connection closed at once, input on its way would reset it and take the words with it."""
    dismissed = asyncio.Event()

    async def say_goodbye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        connection.tell(b"the end\n")
        connection.dismiss()
        dismissed.set()
        connection.tell(b"not heard any more\n")
        await connection.close()

    async with await asyncio.start_server(say_goodbye, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await dismissed.wait()
        for _ in range(200):
            writer.write(b"input\n" * 100)
            await writer.drain()
            await asyncio.sleep(0)

        assert b"the end\n" == await reader.read(), "and nothing after it"
        writer.close()
