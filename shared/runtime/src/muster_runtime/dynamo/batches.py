"""Many rows in one call, without a transaction."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from muster_runtime.aws import calling
from muster_runtime.backoff import full_jitter
from muster_runtime.dynamo.values import Item, dump
from muster_runtime.errors import Busy

BATCH: Final = 25
"""Most writes in one call. Source: DynamoDB BatchWriteItem reference."""
ATTEMPTS: Final = 8
"""Tries before rows that DynamoDB keeps leaving out are reported as `Busy`."""


async def delete_all(
    client: Any,  # noqa: ANN401 - an aiobotocore client, made at run time
    table: str,
    keys: Sequence[Item],
    *,
    timeout_s: float = 5.0,
) -> None:
    """Delete the rows with *keys*; a row that is not there is no error.

    Args:
        client: a DynamoDB client from `Scope.aws`.
        table: the table's name.
        keys: keys, none of them twice.
        timeout_s: the longest that each batch of 25 may take, retries included.

    Raises:
        Busy: DynamoDB throttles; some rows may be deleted.
        Unavailable: DynamoDB does not answer; some rows may be deleted.
    """
    for start in range(0, len(keys), BATCH):
        requests = [{"DeleteRequest": {"Key": dump(key)}} for key in keys[start : start + BATCH]]
        async with calling(timeout_s=timeout_s):
            await _until_processed(client, {table: requests})


async def _until_processed(client: Any, requests: Item) -> None:  # noqa: ANN401 - an aiobotocore client
    for attempt in range(1, ATTEMPTS + 1):
        answer = await client.batch_write_item(RequestItems=requests)
        requests = answer.get("UnprocessedItems") or {}
        if not requests:
            return
        if attempt < ATTEMPTS:
            await asyncio.sleep(full_jitter(attempt, base_s=0.05, cap_s=1.0))
    raise Busy("DynamoDB left out part of a batch, again and again.")
