import asyncio
from collections.abc import AsyncIterator

import pytest
from gameserver_fakes import ARN, FakeGameLift
from virtual_time import virtual_time

from muster_gameserver import GameServer, ProcessParameters, ServerParameters, Surroundings, Timings
from muster_players.arena.door import Door
from muster_runtime.testing import SequentialIds, eventually


@pytest.fixture(autouse=True)
async def _virtual_time() -> AsyncIterator[None]:
    with virtual_time():
        yield


@pytest.fixture
def gamelift() -> FakeGameLift:
    fake = FakeGameLift()
    fake.seats = {"psess-ann": ("ann", "RESERVED"), "psess-ben": ("ben", "TIMEDOUT")}
    return fake


@pytest.fixture
async def door(gamelift: FakeGameLift) -> AsyncIterator[Door]:
    parameters = ServerParameters(
        websocket_url="ws://gamelift.test", fleet_id="fleet-1", host_id="laptop", process_id="p-1", auth_token="token"
    )
    around = Surroundings(dial=gamelift.dial, new_id=SequentialIds().uuid)
    started = asyncio.Event()
    async with GameServer(parameters, timings=Timings(request_s=0.05), around=around) as server:
        await server.process_ready(ProcessParameters(port=7777, on_start_game_session=lambda _: started.set()))
        gamelift.wire.push({"Action": "CreateGameSession", "GameSessionId": ARN})
        await eventually(started.is_set)
        yield Door(server, ARN)


async def test_a_reserved_seat_lets_its_player_in(door: Door, gamelift: FakeGameLift) -> None:
    assert "ann" == await door.admit("psess-ann")
    assert ("ann", "ACTIVE") == gamelift.seats["psess-ann"]


@pytest.mark.parametrize("seat", ["psess-ben", "psess-unknown", "", "psess ann", "x" * 300, "psess-\n"])
async def test_other_ids_let_nobody_in(door: Door, seat: str) -> None:
    assert await door.admit(seat) is None


async def test_a_seat_is_used_by_one_connection_at_a_time(door: Door) -> None:
    await door.admit("psess-ann")

    assert await door.admit("psess-ann") is None


async def test_two_connections_at_the_same_moment_get_one_seat(door: Door) -> None:
    async with asyncio.TaskGroup() as tasks:
        tries = [tasks.create_task(door.admit("psess-ann")) for _ in range(5)]

    assert 1 == sum(each.result() == "ann" for each in tries)


async def test_a_player_comes_back_while_the_seat_is_active(door: Door) -> None:
    await door.admit("psess-ann")
    door.step_out("psess-ann")

    assert "ann" == await door.admit("psess-ann")
    assert 2 == door.visit("psess-ann")


async def test_a_player_whose_seat_was_given_back_stays_out(door: Door, gamelift: FakeGameLift) -> None:
    await door.admit("psess-ann")
    door.step_out("psess-ann")
    await door.give_up("psess-ann")

    assert ("ann", "COMPLETED") == gamelift.seats["psess-ann"]
    assert await door.admit("psess-ann") is None


async def test_an_active_seat_that_was_never_shown_here_is_refused(door: Door, gamelift: FakeGameLift) -> None:
    gamelift.seats["psess-ann"] = ("ann", "ACTIVE")

    assert await door.admit("psess-ann") is None


async def test_while_gamelift_is_silent_nobody_comes_in_and_later_the_player_does(
    door: Door, gamelift: FakeGameLift
) -> None:
    """The acceptance itself went through: only its answer was lost."""
    gamelift.silent.add("AcceptPlayerSession")
    assert await door.admit("psess-ann") is None
    gamelift.silent.clear()
    gamelift.seats["psess-ann"] = ("ann", "ACTIVE")

    assert "ann" == await door.admit("psess-ann")


async def test_a_seat_of_another_session_is_refused(gamelift: FakeGameLift, door: Door) -> None:
    other = Door(door._server, ARN + "-other")

    assert await other.admit("psess-ann") is None


async def test_giving_up_a_seat_survives_a_silent_gamelift(door: Door, gamelift: FakeGameLift) -> None:
    gamelift.silent.add("RemovePlayerSession")

    await door.give_up("psess-ann")
