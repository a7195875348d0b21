"""What many requests ask of DynamoDB at the same moment, asked in one call.

A call through botocore costs about a millisecond of processor time, however little it carries. The busier a service is,
the more of its requests come to their call in the same few turns of the loop, and the less each of them costs. One that
comes alone makes the very call that it would have made, and waits for no timer and for no other call. Nobody depends on
company either: whoever DynamoDB leaves out of a batch asks for itself, and so does everyone in one that is refused, or
whose caller goes away.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from muster_runtime.aws import calling
from muster_runtime.dynamo.batches import BATCH
from muster_runtime.dynamo.conflicts import past_conflicts
from muster_runtime.dynamo.values import Item, dump, load
from muster_runtime.errors import Busy, Unavailable

GETS: Final = 100
"""Most keys in one call. Source: DynamoDB BatchGetItem reference."""

TURNS: Final = 3
"""Turns of the loop in which others may join; where nothing else happens they are over in some 50 microseconds.

Under load, one turn gathered 5 gets and puts of sixteen clients, three gathered 7, and more did not gather more.
"""

_ALONE: Final[Item] = {}
"""Stands for an answer: ask for yourself."""


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """One get or put: the table, and a key or a row in DynamoDB's typed form."""

    table: str
    typed: Item
    consistent: bool = False
    answer: "asyncio.Future[Item | None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def tell(self, answer: Item | None) -> None:
        """Answer, unless whoever asked has an answer or has gone."""
        if not self.answer.done():
            self.answer.set_result(answer)

    def fail(self, error: Busy | Unavailable) -> None:
        """Fail with an error like *error*, unless whoever asked has an answer or has gone."""
        if not self.answer.done():
            # One each, because a traceback grows with everyone who raises it.
            mine = type(error)(error.detail)
            mine.__cause__ = error.__cause__
            self.answer.set_exception(mine)
            # Seen: whoever asked for several things may look at the first failure alone.
            self.answer.exception()


_Batch = list[_Asked]
_One = Callable[[_Asked], Coroutine[Any, Any, Item | None]]
_Place = tuple[str, ...]
"""Values of a key in the order of its names: what a row and its key have in common."""


class Together:
    """Gathers gets, and puts without a condition, of any tables; one for each client, or for each table.

    Every call is bounded by *timeout_s*, retries included; by twice that for whoever a batch leaves to ask alone.
    """

    def __init__(self, client: Any, *, timeout_s: float = 5.0) -> None:  # noqa: ANN401 - an aiobotocore client, made at run time
        """Gather for *client*; *timeout_s* bounds each call."""
        self._client = client
        self._timeout_s = timeout_s
        self._gets: _Batch = []
        self._puts: _Batch = []

    async def get(self, table: str, key: Item, *, consistent: bool = True) -> Item | None:
        """Return the row with *key* of *table*, or None.

        Raises:
            Busy: DynamoDB throttles it.
            Unavailable: it fails, or does not answer in time.
            botocore.exceptions.ClientError: it refuses this very get.
            botocore.exceptions.ParamValidationError: botocore refuses it.
        """
        (found,) = await self.get_each((table, key), consistent=consistent)
        return found

    async def get_each(self, *wanted: tuple[str, Item], consistent: bool = True) -> list[Item | None]:
        """Return the row, or None, for each table and key of *wanted*, asked for at once; errors as of `get`.

        They are not of one instant: a write may come in between.
        """
        asked = [_Asked(table, dump(key), consistent) for table, key in wanted]
        if not asked:
            return []
        if len(self._gets) + len(asked) > GETS:
            self._gets = []
        # Numbers can be spelt in several ways, so a row would not be known by such a key again.
        if all("S" in value for each in asked for value in each.typed.values()):
            found = await self._gathered(self._gets, asked, self._get_many, self._get_one)
        else:
            found = await _at_once(asked, self._get_one)
        return [None if row is None else load(row) for row in found]

    async def put(self, table: str, row: Item) -> None:
        """Write *row* to *table*, whatever stands there; errors as of `get`.

        After `Busy` and `Unavailable` it may have been written.
        """
        if len(self._puts) == BATCH:
            self._puts = []
        await self._gathered(self._puts, [_Asked(table, dump(row))], self._put_many, self._put_one)

    async def _gathered(
        self,
        batch: _Batch,
        mine: Sequence[_Asked],
        many: Callable[[_Batch], Awaitable[None]],
        one: _One,
    ) -> list[Item | None]:
        batch += mine
        if batch[0] is mine[0]:
            await self._lead(batch, many)
        answers = [await each.answer for each in mine]
        left = [each for each, answer in zip(mine, answers, strict=True) if answer is _ALONE]
        made_up = iter(await _at_once(left, one))
        return [next(made_up) if answer is _ALONE else answer for answer in answers]

    async def _lead(self, batch: _Batch, many: Callable[[_Batch], Awaitable[None]]) -> None:
        """Ask for all who have joined *batch* a few turns from now, and leave nobody without an answer."""
        asked: _Batch = []
        try:
            try:
                for _ in range(TURNS):
                    await asyncio.sleep(0)
            finally:
                asked += batch
                batch.clear()
            if len(asked) > 1:
                async with calling(timeout_s=self._timeout_s):
                    await many(asked)
        except (Busy, Unavailable) as error:
            for each in asked:
                each.fail(error)
        except (ClientError, BotoCoreError):
            # One of them is refused, by DynamoDB or by botocore's check, which is nobody else's business.
            return
        finally:
            for each in asked:
                each.tell(_ALONE)

    async def _get_one(self, asked: _Asked) -> Item | None:
        async with calling(timeout_s=self._timeout_s):
            answer: Item = await self._client.get_item(
                TableName=asked.table, Key=asked.typed, ConsistentRead=asked.consistent
            )
        found: Item | None = answer.get("Item")
        return found

    async def _get_many(self, asked: _Batch) -> None:
        wanted: dict[tuple[str, _Place], list[_Asked]] = {}
        requests: dict[str, Item] = {}
        names: dict[str, Item] = {}
        for each in asked:
            names[each.table] = each.typed
            same = wanted.setdefault((each.table, _place(each.typed, each.typed)), [])
            same.append(each)
            request = requests.setdefault(each.table, {"Keys": [], "ConsistentRead": False})
            request["ConsistentRead"] = request["ConsistentRead"] or each.consistent
            if len(same) == 1:
                request["Keys"].append(each.typed)
        answer: Item = await self._client.batch_get_item(RequestItems=requests)
        found = {(table, _place(row, names[table])): row for table, rows in answer["Responses"].items() for row in rows}
        left_out = answer.get("UnprocessedKeys") or {}
        left = {(table, _place(key, key)) for table, request in left_out.items() for key in request["Keys"]}
        for place in wanted.keys() - left:
            for each in wanted[place]:
                each.tell(found.get(place))

    async def _put_one(self, asked: _Asked) -> None:
        async with calling(timeout_s=self._timeout_s):
            await past_conflicts(lambda: self._client.put_item(TableName=asked.table, Item=asked.typed))

    async def _put_many(self, asked: _Batch) -> None:
        requests: dict[str, list[Item]] = {}
        for each in asked:
            requests.setdefault(each.table, []).append({"PutRequest": {"Item": each.typed}})
        # A conflict is one row's and refuses the batch: each goes on alone, and only that one tries again.
        answer: Item = await self._client.batch_write_item(RequestItems=requests)
        left_out = answer.get("UnprocessedItems") or {}
        left = [write["PutRequest"]["Item"] for table in left_out.values() for write in table]
        done = [each for each in asked if each.typed not in left]
        # A row that comes back otherwise than it was sent could be anybody's. To write one again is harmless.
        if len(done) + len(left) == len(asked):
            for each in done:
                each.tell(None)


async def _at_once(asked: Sequence[_Asked], one: _One) -> list[Item | None]:
    """Return what *one* gives for each of *asked*, all at the same time; raises what the first that fails raises."""
    if len(asked) < 2:
        # Nearly always, and a task costs more than none.
        return [await one(each) for each in asked]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(each)) for each in asked]
    except ExceptionGroup as failures:
        first: Exception = failures.exceptions[0]
    else:
        return [task.result() for task in tasks]
    raise first


def _place(row: Item, names: Item) -> _Place:
    return tuple(row[name]["S"] for name in sorted(names))
