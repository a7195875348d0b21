"""DynamoDB with plain Python values and typed failures: the one typed layer that every store writes through.

Values: str, int, float, bool, None, bytes, list, dict, and sets of str, numbers or bytes (never empty: DynamoDB has no
empty sets). Floats travel as decimals; a number comes back as int when it is whole, so 2.0 returns as 2.
"""

from muster_runtime.dynamo.batches import delete_all
from muster_runtime.dynamo.conflicts import CONFLICT_ATTEMPTS
from muster_runtime.dynamo.failures import ConditionFailed, TransactionCancelled
from muster_runtime.dynamo.table import Page, Table
from muster_runtime.dynamo.together import Together
from muster_runtime.dynamo.transactions import transact
from muster_runtime.dynamo.values import Item, dump, load

__all__ = [
    "CONFLICT_ATTEMPTS",
    "ConditionFailed",
    "Item",
    "Page",
    "Table",
    "Together",
    "TransactionCancelled",
    "delete_all",
    "dump",
    "load",
    "transact",
]
