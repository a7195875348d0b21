"""Conflicts between transactions: nothing was applied, so they are simply tried again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from botocore.exceptions import ClientError

from muster_runtime.aws import code_of
from muster_runtime.backoff import full_jitter
from muster_runtime.dynamo.values import Item
from muster_runtime.errors import Busy

CONFLICT_ATTEMPTS: Final = 8
"""Tries before a row that others keep writing to is reported as `Busy`."""

_CONFLICTS: Final = frozenset({"TransactionConflictException", "TransactionInProgressException"})


async def past_conflicts(call: Callable[[], Awaitable[Item]]) -> Item:
    """Return the answer of *call*, made again with full jitter while it loses against other transactions.

    Raises:
        Busy: it lost `CONFLICT_ATTEMPTS` times.
    """
    for attempt in range(1, CONFLICT_ATTEMPTS + 1):
        try:
            return await call()
        except ClientError as error:
            if not _is_conflict(error):
                raise
            if attempt == CONFLICT_ATTEMPTS:
                raise Busy("Other writers keep changing the same rows.") from error
        await asyncio.sleep(full_jitter(attempt, base_s=0.02, cap_s=0.5))
    raise AssertionError("the loop above returns or raises")


def _is_conflict(error: ClientError) -> bool:
    """Tell whether *error* says only that another transaction was quicker; mixed reasons are for the caller."""
    if code_of(error) in _CONFLICTS:
        return True
    reasons = {each.get("Code") for each in error.response.get("CancellationReasons", [])} - {"None", None}
    return reasons == {"TransactionConflict"}
