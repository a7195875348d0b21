"""What DynamoDB refuses on purpose: answers that a store expects."""

from muster_runtime.dynamo.values import Item


class ConditionFailed(Exception):
    """The condition of a write did not hold, so nothing was written.

    Attributes:
        item: the row as it stands; None when there is none.
    """

    def __init__(self, item: Item | None = None) -> None:
        """Keep the row that stands in the way."""
        super().__init__("the condition of the write did not hold")
        self.item = item


class TransactionCancelled(Exception):
    """At least one operation of a transaction was refused, so none was applied.

    Attributes:
        reasons: one code for each operation, in order: `None`, `ConditionalCheckFailed`, `ValidationError`, ...
        items: the row that stood in the way of each operation; None where there is none or it was not the cause.
    """

    def __init__(self, reasons: tuple[str, ...], items: tuple[Item | None, ...]) -> None:
        """Keep what AWS says about each operation."""
        super().__init__(f"transaction cancelled: {', '.join(reasons)}")
        self.reasons = reasons
        self.items = items
