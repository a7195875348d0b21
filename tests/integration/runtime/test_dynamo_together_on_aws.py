"""Gets and puts that were gathered do what each would have done alone, on the local AWS."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from muster_runtime.dynamo import Table, Together
from muster_runtime.testing import Faulty, Sandbox
from muster_runtime.testing.local_aws import ANSWER_S

ROW = {"whole": 7, "real": 0.1, "none": None, "bytes": b"\x00\xff", "map": {"deep": [1, "two"]}, "set": {"p", "q"}}


class World:
    """Two tables whose gets and puts go together."""

    def __init__(self, client: object, users: str, games: str) -> None:
        self.client = Faulty(client, {})
        self.together = Together(self.client, timeout_s=ANSWER_S)
        self.users = Table(self.client, users, timeout_s=ANSWER_S, together=self.together)
        self.games = Table(self.client, games, timeout_s=ANSWER_S, together=self.together)


@pytest.fixture
async def world(sandbox: Sandbox) -> World:
    users, games = await sandbox.table("pk"), await sandbox.table("pk", "sk")
    return World(await sandbox.client("dynamodb"), users, games)


async def at_once(calls: Iterable[Awaitable[Any]]) -> list[Any]:
    async def one(call: Awaitable[Any]) -> Any:
        try:
            return await call
        except ClientError as error:
            return error.response["Error"]["Code"]

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(call)) for call in calls]
    return [task.result() for task in tasks]


async def test_a_hundred_and_twenty_rows_go_in_and_come_out(world: World) -> None:
    users = [{"pk": f"u{number}", **ROW} for number in range(60)]
    games = [{"pk": "g", "sk": f"{number:02}", **ROW} for number in range(60)]

    await at_once([*map(world.users.put, users), *map(world.games.put, games)])
    assert 5 == world.client.calls.count("batch_write_item")

    found = await at_once(
        [
            *(world.games.get({"pk": "g", "sk": f"{number:02}"}) for number in range(60)),
            world.games.get({"pk": "g", "sk": "none"}),
            *(world.users.get({"pk": f"u{number}"}, consistent=False) for number in reversed(range(60))),
        ]
    )

    assert [*games, None, *reversed(users)] == found
    assert 2 == world.client.calls.count("batch_get_item")
    assert not {"get_item", "put_item"} & {*world.client.calls}


async def test_what_is_wrong_with_one_is_the_others_nothing_to_do_with(world: World) -> None:
    await world.users.put({"pk": "ann"})

    fine, empty, other, put, too_long = await at_once(
        [
            world.users.get({"pk": "ann"}),
            world.users.get({"pk": ""}),
            world.users.get({"wrong": "name"}),
            world.games.put({"pk": "g", "sk": "1"}),
            world.games.put({"pk": "g", "sk": ""}),
        ]
    )

    assert ({"pk": "ann"}, None) == (fine, put)
    assert ["ValidationException"] * 3 == [empty, other, too_long]


async def test_of_two_puts_of_one_row_one_stands(world: World) -> None:
    await at_once(world.users.put({"pk": "ann", "n": number}) for number in range(2))

    assert await world.users.get({"pk": "ann"}) in ({"pk": "ann", "n": 0}, {"pk": "ann", "n": 1})


async def test_both_are_found_in_one_call(world: World) -> None:
    await at_once([world.users.put({"pk": "ann"}), world.games.put({"pk": "g", "sk": "1"})])
    world.client.calls.clear()

    found = await world.together.get_each(
        (world.games.name, {"pk": "g", "sk": "1"}), (world.users.name, {"pk": "ann"}), (world.users.name, {"pk": "no"})
    )

    assert [{"pk": "g", "sk": "1"}, {"pk": "ann"}, None] == found
    assert ["batch_get_item"] == world.client.calls
