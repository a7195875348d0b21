"""One table: reads, conditional writes, pages, and the building blocks of transactions."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from muster_runtime.aws import calling, code_of
from muster_runtime.dynamo.conflicts import past_conflicts
from muster_runtime.dynamo.failures import ConditionFailed
from muster_runtime.dynamo.together import Together
from muster_runtime.dynamo.values import Item, dump, load


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a query or scan.

    Attributes:
        items: rows; may be empty although more pages follow, when a filter left them out.
        next_key: pass it as `start` for the next page; None on the last one.
    """

    items: tuple[Item, ...]
    next_key: Item | None


class Table:
    """One table.

    Every call is bounded by *timeout_s*, retries included. All methods raise `Busy` when DynamoDB throttles, or when
    others keep writing to the same row; `Unavailable` when it fails or does not answer in time, in which case a
    write may have happened; and botocore's ClientError for what is a bug, such as a wrong expression.

    Attributes:
        name: the table's name.
    """

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - an aiobotocore client, made at run time
        name: str,
        *,
        timeout_s: float = 5.0,
        together: Together | None = None,
    ) -> None:
        """Wrap a table.

        Args:
            client: a DynamoDB client from `Scope.aws`.
            name: the table's name.
            timeout_s: the longest that one call may take, its retries included.
            together: gathers gets and puts with those of other tables; None for this table's alone.
        """
        self.name = name
        self._client = client
        self._timeout_s = timeout_s
        self._together = together or Together(client, timeout_s=timeout_s)

    async def get(self, key: Item, *, consistent: bool = True) -> Item | None:
        """Return the row with *key*, or None.

        Args:
            key: partition key, and sort key where the table has one.
            consistent: see every write that was acknowledged before; costs twice the read units.
        """
        return await self._together.get(self.name, key, consistent=consistent)

    async def put(
        self,
        item: Item,
        *,
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
        values: Item | None = None,
    ) -> None:
        """Write the whole row, in place of one with the same key.

        Args:
            item: the row.
            condition: condition expression about the row that stands there now.
            names: `#name` placeholders.
            values: `:value` placeholders.

        Raises:
            ConditionFailed: the condition did not hold; it carries the row that stands there.
        """
        if condition is None:
            await self._together.put(self.name, item)
        else:
            await self._write("put_item", Item=dump(item), **_expressions(condition, names, values))

    async def update(  # noqa: PLR0913 - an update has that many parts
        self,
        key: Item,
        *,
        update: str,
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
        values: Item | None = None,
        returning: str = "ALL_NEW",
    ) -> Item:
        """Change parts of a row, or create it.

        Args:
            key: the row's key.
            update: update expression.
            condition: condition expression about the row that stands there now.
            names: `#name` placeholders.
            values: `:value` placeholders.
            returning: DynamoDB's ReturnValues: what to return of the row.

        Returns:
            What *returning* asks for; empty for `NONE`, and for `ALL_OLD` of a new row.

        Raises:
            ConditionFailed: the condition did not hold; it carries the row that stands there.
        """
        expressions = _expressions(condition, names, values)
        answer = await self._write(
            "update_item", Key=dump(key), UpdateExpression=update, ReturnValues=returning, **expressions
        )
        return load(answer.get("Attributes", {}))

    async def delete(
        self,
        key: Item,
        *,
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
        values: Item | None = None,
    ) -> None:
        """Delete the row with *key*; without a condition it is no error when there is none.

        Raises:
            ConditionFailed: the condition did not hold; it carries the row that stands there.
        """
        await self._write("delete_item", Key=dump(key), **_expressions(condition, names, values))

    async def query(  # noqa: PLR0913 - a query has that many parts
        self,
        *,
        key_condition: str,
        values: Item,
        names: Mapping[str, str] | None = None,
        index: str | None = None,
        limit: int | None = None,
        forward: bool = True,
        start: Item | None = None,
        filter: str | None = None,  # noqa: A002 - DynamoDB's word for it
        consistent: bool = False,
    ) -> Page:
        """Return one page of the rows of one partition, in the order of the sort key.

        Args:
            key_condition: key condition expression.
            values: `:value` placeholders.
            names: `#name` placeholders.
            index: global secondary index to read instead of the table; it lags behind.
            limit: most rows to look at, before the filter; None for as many as fit in 1 MB.
            forward: ascending order.
            start: `next_key` of the page before.
            filter: filter expression; rows left out are paid for.
            consistent: see every acknowledged write; not possible on an index.
        """
        request: Item = {"KeyConditionExpression": key_condition, "ScanIndexForward": forward}
        return await self._page(
            "query", request, names=names, values=values, index=index, limit=limit, start=start, filter=filter,
            consistent=consistent,
        )  # fmt: skip

    async def scan(  # noqa: PLR0913 - a scan has that many parts
        self,
        *,
        names: Mapping[str, str] | None = None,
        values: Item | None = None,
        index: str | None = None,
        limit: int | None = None,
        start: Item | None = None,
        filter: str | None = None,  # noqa: A002 - DynamoDB's word for it
        consistent: bool = False,
    ) -> Page:
        """Return one page of the whole table in no order: for tables known to be small, never on a request's path."""
        return await self._page(
            "scan", {}, names=names, values=values, index=index, limit=limit, start=start, filter=filter,
            consistent=consistent,
        )  # fmt: skip

    async def ping(self) -> None:
        """Ask whether the table is there: a probe for readiness."""
        async with calling(timeout_s=self._timeout_s):
            await self._client.describe_table(TableName=self.name)

    def put_op(
        self,
        item: Item,
        *,
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
        values: Item | None = None,
    ) -> Item:
        """Return a Put for `transact`; arguments as for `put`."""
        return {"Put": self._op({"Item": dump(item)}, condition, names, values)}

    def update_op(
        self,
        key: Item,
        *,
        update: str,
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
        values: Item | None = None,
    ) -> Item:
        """Return an Update for `transact`; arguments as for `update`."""
        return {"Update": self._op({"Key": dump(key), "UpdateExpression": update}, condition, names, values)}

    def delete_op(
        self,
        key: Item,
        *,
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
        values: Item | None = None,
    ) -> Item:
        """Return a Delete for `transact`; arguments as for `delete`."""
        return {"Delete": self._op({"Key": dump(key)}, condition, names, values)}

    def check_op(
        self,
        key: Item,
        *,
        condition: str,
        names: Mapping[str, str] | None = None,
        values: Item | None = None,
    ) -> Item:
        """Return a ConditionCheck for `transact`: writes nothing, but the transaction needs it to hold."""
        return {"ConditionCheck": self._op({"Key": dump(key)}, condition, names, values)}

    def _op(self, parts: Item, condition: str | None, names: Mapping[str, str] | None, values: Item | None) -> Item:
        return {"TableName": self.name, **parts, **_expressions(condition, names, values)}

    async def _page(  # noqa: PLR0913 - what query and scan share
        self,
        operation: str,
        request: Item,
        *,
        names: Mapping[str, str] | None,
        values: Item | None,
        index: str | None,
        limit: int | None,
        start: Item | None,
        filter: str | None,  # noqa: A002 - DynamoDB's word for it
        consistent: bool,
    ) -> Page:
        optional: Item = {
            "IndexName": index,
            "Limit": limit,
            "ExclusiveStartKey": dump(start) if start is not None else None,
            "FilterExpression": filter,
        }
        given = {name: value for name, value in optional.items() if value is not None}
        answer = await self._call(
            operation, ConsistentRead=consistent, **request, **given, **_expressions(None, names, values)
        )
        last = answer.get("LastEvaluatedKey")
        return Page(tuple(load(each) for each in answer["Items"]), load(last) if last else None)

    async def _write(self, operation: str, **request: object) -> Item:
        try:
            return await self._call(operation, **request)
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                # botocore's type knows only the fields that every error has.
                found: Any = error.response.get("Item")
                raise ConditionFailed(load(found) if found else None) from error
            raise

    async def _call(self, operation: str, **request: object) -> Item:
        call: Callable[..., Awaitable[Item]] = getattr(self._client, operation)
        async with calling(timeout_s=self._timeout_s):
            return await past_conflicts(lambda: call(TableName=self.name, **request))


def _expressions(condition: str | None, names: Mapping[str, str] | None, values: Item | None) -> Item:
    request: Item = {}
    if condition is not None:
        request["ConditionExpression"] = condition
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if names:
        request["ExpressionAttributeNames"] = dict(names)
    if values:
        request["ExpressionAttributeValues"] = dump(values)
    return request
