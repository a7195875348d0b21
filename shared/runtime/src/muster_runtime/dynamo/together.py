"""What many requests ask of DynamoDB in one turn of the event loop, asked in one call.

A call through botocore costs about a millisecond of processor time, however little it carries. The busier a service is,
the more of its requests come to their call in the same turn, and the less each of them costs. One that comes alone
makes the very call that it would have made; nobody waits for company. Nobody depends on it either: of a batch that is
refused, or whose caller goes away, everyone asks for itself.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from muster_runtime.aws import calling
from muster_runtime.backoff import full_jitter
from muster_runtime.dynamo.batches import ATTEMPTS, BATCH, until_processed
from muster_runtime.dynamo.conflicts import past_conflicts
from muster_runtime.dynamo.values import Item
from muster_runtime.errors import Busy, Unavailable

GETS: Final = 100
"""Most keys in one call. Source: DynamoDB BatchGetItem reference."""

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


_Batch = list[_Asked]


class Together:
    """Gathers gets, and puts without a condition, of any tables; one for each client, or for each table.

    Every call is bounded by *timeout_s*, retries included; by twice that where the caller of a batch goes away.
    """

    def __init__(self, client: Any, *, timeout_s: float = 5.0) -> None:  # noqa: ANN401 - an aiobotocore client, made at run time
        """Gather for *client*; *timeout_s* bounds each call."""
        self._client = client
        self._timeout_s = timeout_s
        self._gets: _Batch = []
        self._puts: _Batch = []

    async def get(self, table: str, key: Item, *, consistent: bool) -> Item | None:
        """Return the row with *key*, both in DynamoDB's typed form, or None.

        Raises:
            Busy: DynamoDB throttles it.
            Unavailable: it fails, or does not answer in time.
            botocore.exceptions.ClientError: it refuses this very get.
        """
        mine = _Asked(table, key, consistent)
        # Numbers can be spelt in several ways, so a row would not be known by such a key again.
        if not all("S" in value for value in key.values()):
            return await self._get_one(mine)
        if len(self._gets) == GETS:
            self._gets = []
        return await self._gathered(self._gets, mine, self._get_many, self._get_one)

    async def put(self, table: str, row: Item) -> None:
        """Write *row*, in DynamoDB's typed form, whatever stands there; errors as of `get`.

        After `Busy` and `Unavailable` it may have been written.
        """
        if len(self._puts) == BATCH:
            self._puts = []
        await self._gathered(self._puts, _Asked(table, row), self._put_many, self._put_one)

    async def _gathered(
        self,
        batch: _Batch,
        mine: _Asked,
        many: Callable[[_Batch], Awaitable[None]],
        one: Callable[[_Asked], Awaitable[Item | None]],
    ) -> Item | None:
        batch.append(mine)
        if batch[0] is mine:
            await self._lead(batch, many)
        answer = await mine.answer
        return await one(mine) if answer is _ALONE else answer

    async def _lead(self, batch: _Batch, many: Callable[[_Batch], Awaitable[None]]) -> None:
        """Ask for all of *batch* once this turn of the loop is over, and leave nobody without an answer."""
        asked: _Batch = []
        try:
            try:
                await asyncio.sleep(0)
            finally:
                asked += batch
                batch.clear()
            if len(asked) > 1:
                async with calling(timeout_s=self._timeout_s):
                    await many(asked)
        except (Busy, Unavailable) as error:
            for each in asked[1:]:
                if not each.answer.done():
                    each.answer.set_exception(type(error)(error.detail))
            if asked[0].answer.done():
                return
            raise
        except ClientError:
            # One of them is refused, which is nobody else's business.
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
        for attempt in range(1, ATTEMPTS + 1):
            answer: Item = await self._client.batch_get_item(RequestItems=requests)
            found = {
                (table, _place(row, names[table])): row for table, rows in answer["Responses"].items() for row in rows
            }
            requests = answer.get("UnprocessedKeys") or {}
            left = {(table, _place(key, key)) for table, request in requests.items() for key in request["Keys"]}
            for place in wanted.keys() - left:
                for each in wanted[place]:
                    each.tell(found.get(place))
            if not left:
                return
            if attempt < ATTEMPTS:
                await asyncio.sleep(full_jitter(attempt, base_s=0.05, cap_s=1.0))
        raise Busy("DynamoDB left out part of a batch, again and again.")

    async def _put_one(self, asked: _Asked) -> None:
        async with calling(timeout_s=self._timeout_s):
            await past_conflicts(lambda: self._client.put_item(TableName=asked.table, Item=asked.typed))

    async def _put_many(self, asked: _Batch) -> None:
        requests: dict[str, list[Item]] = {}
        for each in asked:
            requests.setdefault(each.table, []).append({"PutRequest": {"Item": each.typed}})
        await until_processed(self._client, requests)
        for each in asked:
            each.tell(None)


_Place = tuple[str, ...]
"""Values of a key in the order of its names: what a row and its key have in common."""


def _place(row: Item, names: Item) -> _Place:
    return tuple(row[name]["S"] for name in sorted(names))
