"""Writes that happen all together or not at all."""

from collections.abc import Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from muster_runtime.aws import calling, code_of
from muster_runtime.dynamo.conflicts import past_conflicts
from muster_runtime.dynamo.failures import TransactionCancelled
from muster_runtime.dynamo.values import Item, load
from muster_runtime.errors import Busy

_THROTTLED_OPERATIONS: Final = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})


async def transact(
    client: Any,  # noqa: ANN401 - an aiobotocore client, made at run time
    ops: Sequence[Item],
    *,
    token: str | None = None,
    timeout_s: float = 5.0,
) -> None:
    """Apply all of *ops* or none.

    A conflict with another transaction is tried again, with jitter, because nothing of it was applied.

    Args:
        client: a DynamoDB client from `Scope.aws`.
        ops: 1 to 100 operations from `Table.put_op` and its like; no two on one row.
        token: makes a repeat within ten minutes harmless when it is the same: at most 36 characters. With a token, a
            repeat after `Unavailable` cannot apply the operations twice.
        timeout_s: the longest it may take, retries included.

    Raises:
        TransactionCancelled: a condition did not hold, or another refusal; it carries the reason of each.
        Busy: throttled, or other transactions keep touching the same rows.
        Unavailable: no answer in time; the transaction may have been applied.
    """
    request: Item = {"TransactItems": list(ops)}
    if token is not None:
        request["ClientRequestToken"] = token
    try:
        async with calling(timeout_s=timeout_s):
            await past_conflicts(lambda: client.transact_write_items(**request))
    except ClientError as error:
        if code_of(error) != "TransactionCanceledException":
            raise
        told = error.response.get("CancellationReasons", [])
        reasons = tuple(str(each.get("Code", "None")) for each in told)
        if any(reason in _THROTTLED_OPERATIONS for reason in reasons):
            raise Busy("DynamoDB throttled a transaction.") from error
        items = tuple(load(each["Item"]) if each.get("Item") else None for each in told)
        raise TransactionCancelled(reasons, items) from error
