"""Gets and puts of many requests in one call, with a stand-in for DynamoDB that knows tables and their keys."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from itertools import repeat
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from virtual_time import virtual_time

from muster_runtime.dynamo import Table, Together, dump
from muster_runtime.dynamo.together import GETS
from muster_runtime.errors import Busy, Unavailable
from muster_runtime.testing import Faulty
from muster_runtime.testing.faults import (
    Fault,
    client_error,
    conflict,
    outage,
    refuse,
    throttle,
    timeout_after_commit,
    unprocessed,
    unprocessed_keys,
)

Row = dict[str, Any]
BAD = {"id": {"S": ""}}
"""DynamoDB refuses empty keys, and every batch that has one."""


class Shelf:
    """Keeps rows of tables whose key is `id`."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Row]] = {}
        self.requests: list[Row] = []

    async def get_item(self, **request: Any) -> Row:
        self.requests.append(request)
        self._check([request["Key"]])
        row = self._row(request["TableName"], request["Key"])
        return {} if row is None else {"Item": row}

    async def batch_get_item(self, **request: Any) -> Row:
        self.requests.append(request)
        asked = request["RequestItems"]
        for each in asked.values():
            self._check(each["Keys"])
        # In another order than asked: DynamoDB promises none.
        found = {table: [self._row(table, key) for key in reversed(each["Keys"])] for table, each in asked.items()}
        return {"Responses": {table: [row for row in rows if row] for table, rows in found.items()}}

    async def put_item(self, **request: Any) -> Row:
        self.requests.append(request)
        self._check([request["Item"]])
        self.rows.setdefault(request["TableName"], {})[request["Item"]["id"]["S"]] = request["Item"]
        return {}

    async def batch_write_item(self, **request: Any) -> Row:
        self.requests.append(request)
        for table, writes in request["RequestItems"].items():
            items = [each["PutRequest"]["Item"] for each in writes]
            self._check(items)
            for item in items:
                self.rows.setdefault(table, {})[item["id"]["S"]] = item
        return {}

    def _row(self, table: str, key: Row) -> Row | None:
        return self.rows.get(table, {}).get(str(next(iter(key["id"].values()))))

    @staticmethod
    def _check(keys: list[Row]) -> None:
        ids = [str(key["id"]) for key in keys]
        if str(BAD["id"]) in ids or len(set(ids)) < len(ids):
            raise client_error("ValidationException")


class World:
    """A table under test, full of rows `r0`, `r1`, ..., and what was asked of DynamoDB."""

    def __init__(self, plan: dict[str, Iterable[Fault | None]] | None = None) -> None:
        self.shelf = Shelf()
        self.shelf.rows["users"] = {f"r{number}": dump({"id": f"r{number}", "n": number}) for number in range(300)}
        self.client = Faulty(self.shelf, plan or {})
        self.together = Together(self.client)
        self.users = Table(self.client, "users", together=self.together)
        self.games = Table(self.client, "games", together=self.together)

    async def all(self, *calls: Awaitable[object]) -> list[object]:
        """Make *calls* in the same turn of the loop; an exception is an answer."""

        async def one(call: Awaitable[object]) -> object:
            try:
                return await call
            except (Busy, Unavailable, ClientError, BotoCoreError) as error:
                return error

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(call)) for call in calls]
        return [task.result() for task in tasks]

    def get(self, *numbers: int) -> list[Coroutine[Any, Any, Row | None]]:
        return [self.users.get({"id": f"r{number}"}) for number in numbers]

    def put(self, *numbers: int) -> list[Awaitable[None]]:
        return [self.games.put({"id": f"g{number}", "n": number}) for number in numbers]


def rows(*numbers: int) -> list[Row]:
    return [{"id": f"r{number}", "n": number} for number in numbers]


async def test_one_that_is_alone_makes_the_call_it_would_have_made() -> None:
    world = World()

    assert [{"id": "r1", "n": 1}, None] == [await world.users.get({"id": "r1"}), await world.games.get({"id": "r1"})]
    await world.games.put({"id": "g"})

    assert ["get_item", "get_item", "put_item"] == world.client.calls
    assert {"TableName": "users", "Key": {"id": {"S": "r1"}}, "ConsistentRead": True} == world.shelf.requests[0]


async def test_gets_of_one_moment_are_one_call_and_everyone_gets_his_own_row() -> None:
    world = World()

    found = await world.all(*world.get(3, 1, 2), world.users.get({"id": "nobody"}), world.games.get({"id": "r1"}))

    assert [*rows(3, 1, 2), None, None] == found
    assert ["batch_get_item"] == world.client.calls


async def test_who_asks_in_the_next_few_turns_joins() -> None:
    world = World()

    async def later(turns: int) -> Row | None:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await world.users.get({"id": "r2"})

    assert rows(1, 2) == await world.all(*world.get(1), later(2))
    assert ["batch_get_item"] == world.client.calls


async def test_a_call_under_way_is_waited_for_by_nobody() -> None:
    """The first get is answered only once the second, which came later, has been."""
    over = asyncio.Event()

    async def slow(call: Callable[..., Awaitable[Row]], request: Row) -> Row:
        await over.wait()
        return await call(**request)

    world = World({"get_item": [slow]})

    async with asyncio.TaskGroup() as group:
        first = group.create_task(world.users.get({"id": "r1"}))
        for _ in range(10):
            await asyncio.sleep(0)
        assert rows(2) == [await world.users.get({"id": "r2"})]
        over.set()

    assert rows(1) == [first.result()]


async def test_the_same_key_is_asked_for_once() -> None:
    world = World()

    assert rows(1, 1, 2) == await world.all(*world.get(1, 1, 2))

    (request,) = world.shelf.requests
    assert [{"id": {"S": "r1"}}, {"id": {"S": "r2"}}] == request["RequestItems"]["users"]["Keys"]


@pytest.mark.parametrize("wanted", [(False, False), (True, False), (False, True)])
async def test_a_batch_is_consistent_when_anyone_wants_it(wanted: tuple[bool, bool]) -> None:
    world = World()

    await world.all(*(world.users.get({"id": f"r{place}"}, consistent=each) for place, each in enumerate(wanted)))

    assert any(wanted) is world.shelf.requests[0]["RequestItems"]["users"]["ConsistentRead"]


async def test_keys_that_are_no_text_go_alone_because_numbers_are_spelt_in_many_ways() -> None:
    world = World()
    world.shelf.rows["games"] = {"1.5": dump({"id": "1.5", "n": 7})}

    found = await world.all(world.games.get({"id": 1.5}), world.games.get({"id": 1.5}))

    assert [{"id": "1.5", "n": 7}] * 2 == found
    assert ["get_item", "get_item"] == world.client.calls


async def test_a_key_with_a_number_in_it_goes_alone_even_if_the_rest_is_text() -> None:
    world = World()

    await world.all(world.users.get({"id": "r1", "sk": 1}), world.users.get({"id": "r2", "sk": 2}))

    assert ["get_item", "get_item"] == world.client.calls


async def test_keys_of_two_parts_may_name_them_in_any_order() -> None:
    world = World()
    one, two = {"id": "g1", "sk": "a"}, {"id": "g2", "sk": "b"}
    world.shelf.rows["games"] = {"g1": dump(one), "g2": dump(two)}

    found = await world.all(world.games.get(one), world.games.get(dict(reversed(two.items()))))

    assert [one, two] == found
    assert ["batch_get_item"] == world.client.calls


async def test_there_are_no_more_than_dynamodb_takes_in_a_call() -> None:
    world = World()

    found = await world.all(*world.get(*range(GETS + 1)), *world.put(*range(26)))

    assert rows(*range(GETS + 1)) == found[: GETS + 1]
    assert ["batch_get_item", "batch_write_item", "get_item", "put_item"] == sorted(world.client.calls)
    assert 26 == len(world.shelf.rows["games"])


async def test_several_things_are_asked_for_in_one_call() -> None:
    world = World()

    found = await world.together.get_each(("users", {"id": "r1"}), ("games", {"id": "none"}), ("users", {"id": "r2"}))

    assert [rows(1)[0], None, rows(2)[0]] == found
    assert ["batch_get_item"] == world.client.calls


async def test_who_asks_for_nothing_gets_nothing_and_costs_no_call() -> None:
    world = World()

    assert [] == await world.together.get_each()
    assert [] == world.client.calls


@pytest.mark.parametrize("key", ["r1", 1])
async def test_several_things_that_must_be_asked_for_alone_are_asked_for_at_the_same_time(key: object) -> None:
    """A batch that is refused in the last moment, or numbers as keys, of which there are no batches."""

    async def refuse_late(_call: object, _request: Row) -> Row:
        await asyncio.sleep(4)
        raise client_error("AccessDeniedException")

    async def slow(call: Callable[..., Awaitable[Row]], request: Row) -> Row:
        await asyncio.sleep(4)
        return await call(**request)

    world = World({"batch_get_item": [refuse_late], "get_item": repeat(slow)})

    with virtual_time():
        async with asyncio.timeout(10):
            found = await world.together.get_each(*[("users", {"id": key})] * 3)

    assert [rows(1)[0] if key == "r1" else None] * 3 == found
    assert 3 == world.client.calls.count("get_item")


async def test_the_first_failure_of_several_that_are_asked_for_alone_is_told_as_it_is() -> None:
    world = World({"batch_get_item": [refuse("AccessDeniedException")], "get_item": [None, throttle(), outage()]})

    with pytest.raises(Busy) as told:
        await world.together.get_each(*(("users", {"id": f"r{number}"}) for number in range(3)))

    assert isinstance(told.value.__cause__, ClientError)


async def test_a_batch_that_is_refused_is_taken_apart_and_only_the_bad_one_fails() -> None:
    world = World()

    *found, bad = await world.all(*world.get(1, 2), world.users.get({"id": ""}))

    assert rows(1, 2) == found
    assert isinstance(bad, ClientError)
    assert ["batch_get_item", *["get_item"] * 3] == world.client.calls


async def test_what_botocore_refuses_to_send_is_nobody_elses_business() -> None:
    async def refuse_to_send(_call: object, _request: Row) -> Row:
        raise ParamValidationError(report="a key of the second")

    world = World({"batch_get_item": [refuse_to_send], "get_item": [None, refuse_to_send]})

    first, second = await world.all(*world.get(1, 2))

    assert rows(1) == [first]
    assert isinstance(second, ParamValidationError)


async def test_two_puts_of_one_row_are_both_made() -> None:
    world = World()

    assert [None, None] == await world.all(*world.put(1, 1))
    assert dump({"id": "g1", "n": 1}) == world.shelf.rows["games"]["g1"]


@pytest.mark.parametrize(
    ("fault", "expected"), [(throttle(), Busy), (outage(), Unavailable), (timeout_after_commit(), Unavailable)]
)
async def test_a_failure_of_the_call_is_everybodys(fault: Fault, expected: type[Exception]) -> None:
    world = World({"batch_get_item": [fault], "batch_write_item": [fault]})

    failures = await world.all(*world.get(1, 2), *world.put(1, 2))

    assert [expected] * 4 == [type(each) for each in failures]
    assert all(isinstance(each, Exception) and each.__cause__ is not None for each in failures), "and why"
    assert 4 == len({id(each) for each in failures}), "nobody's traceback is in somebody else's error"


async def test_both_failures_of_one_caller_are_told_as_one() -> None:
    world = World({"batch_get_item": [throttle()]})

    with pytest.raises(Busy):
        await world.together.get_each(("users", {"id": "r1"}), ("users", {"id": "r2"}))


async def test_what_dynamodb_leaves_out_is_asked_for_alone_and_nobody_else_waits_for_it() -> None:
    over = asyncio.Event()

    async def slow(call: Callable[..., Awaitable[Row]], request: Row) -> Row:
        await over.wait()
        return await call(**request)

    world = World({"batch_get_item": [unprocessed_keys(1)], "get_item": [slow]})
    async with asyncio.TaskGroup() as group:
        first, left_out = [group.create_task(call) for call in world.get(1, 2)]
        none = group.create_task(world.users.get({"id": "nobody"}))
        assert [*rows(1), None] == [await first, await none]
        assert not left_out.done()
        over.set()

    assert rows(2) == [left_out.result()]


async def test_whoever_goes_on_being_left_out_is_busy_and_nobody_else() -> None:
    world = World({"batch_get_item": [unprocessed_keys(1)], "get_item": [throttle()]})

    first, left_out = await world.all(*world.get(1, 2))

    assert rows(1) == [first]
    assert isinstance(left_out, Busy)


async def test_a_put_left_out_is_made_alone() -> None:
    world = World({"batch_write_item": [unprocessed(0, 2)]})

    assert [None] * 3 == await world.all(*world.put(1, 2, 3))

    assert ["batch_write_item", "put_item", "put_item"] == world.client.calls
    assert {"g1", "g2", "g3"} == world.shelf.rows["games"].keys()


async def test_when_nobody_can_tell_which_put_was_left_out_each_is_made_again() -> None:
    async def spelt_otherwise(_call: object, _request: Row) -> Row:
        return {"UnprocessedItems": {"games": [{"PutRequest": {"Item": {"id": {"S": "g1"}, "n": {"N": "1.0"}}}}]}}

    world = World({"batch_write_item": [spelt_otherwise]})

    assert [None, None] == await world.all(*world.put(1, 2))

    assert {"g1", "g2"} == world.shelf.rows["games"].keys()


async def test_a_conflict_with_a_transaction_is_tried_again() -> None:
    world = World({"batch_write_item": [conflict()], "put_item": [conflict()]})

    with virtual_time():
        await world.all(*world.put(1, 2))
        await world.games.put({"id": "g3"})

    assert {"g1", "g2", "g3"} == world.shelf.rows["games"].keys()


async def test_a_row_that_others_keep_writing_to_is_nobody_elses_business() -> None:
    async def locked(call: Callable[..., Awaitable[Row]], request: Row) -> Row:
        if "RequestItems" in request or request["Item"]["id"] == {"S": "g1"}:
            raise client_error("TransactionConflictException")
        return await call(**request)

    world = World({"batch_write_item": repeat(locked), "put_item": repeat(locked)})

    with virtual_time():
        first, second = await world.all(*world.put(1, 2))

    assert isinstance(first, Busy)
    assert second is None


@pytest.mark.parametrize("after_turns", range(1, 6))
async def test_when_the_caller_goes_away_the_others_ask_for_themselves(after_turns: int) -> None:
    """The first is cancelled at every point: while others may still join, and while its call is under way."""
    never = asyncio.Event()

    async def stuck(_call: object, _request: Row) -> Row:
        await never.wait()
        raise AssertionError("it never is")

    world = World({"batch_get_item": repeat(stuck)})
    async with asyncio.TaskGroup() as group:
        first, second, third = [group.create_task(call) for call in world.get(1, 2, 3)]
        for _ in range(after_turns):
            await asyncio.sleep(0)
        first.cancel()

        assert rows(2, 3) == [await second, await third]

    assert first.cancelled()
    assert rows(4) == [await world.users.get({"id": "r4"})], "the next one does not wait for a batch that is gone"


async def test_when_another_goes_away_nobody_else_notices() -> None:
    world = World()
    async with asyncio.TaskGroup() as group:
        first, second, third = [group.create_task(call) for call in world.get(1, 2, 3)]
        await asyncio.sleep(0)
        second.cancel()

        assert rows(1, 3) == [await first, await third]

    assert second.cancelled()


async def test_a_failure_is_told_to_who_is_still_there_when_another_has_gone() -> None:
    entered, over = asyncio.Event(), asyncio.Event()

    async def throttle_late(call: Callable[..., Awaitable[Row]], request: Row) -> Row:
        entered.set()
        await over.wait()
        return await throttle()(call, request)

    world = World({"batch_get_item": [throttle_late]})
    async with asyncio.TaskGroup() as group:
        first, gone, third = [group.create_task(world.all(call)) for call in world.get(1, 2, 3)]
        await entered.wait()
        gone.cancel()
        over.set()

    assert gone.cancelled()
    assert [Busy, Busy] == [type(each) for each in (*first.result(), *third.result())]


async def test_a_call_that_hangs_ends_with_its_time_for_everybody() -> None:
    async def stuck(_call: object, _request: Row) -> Row:
        await asyncio.Event().wait()
        raise AssertionError("it never is")

    world = World({"batch_get_item": [stuck]})

    with virtual_time():
        failures = await world.all(*world.get(1, 2))

    assert [Unavailable, Unavailable] == [type(each) for each in failures]


async def test_a_service_that_may_not_batch_works_all_the_same() -> None:
    denied = repeat(refuse("AccessDeniedException"))
    world = World({"batch_get_item": denied, "batch_write_item": denied})

    assert [*rows(1, 2), None, None] == await world.all(*world.get(1, 2), *world.put(1, 2))
    assert {"g1", "g2"} == world.shelf.rows["games"].keys()
