"""A message as SQS gives it, and the client methods that the consumer uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class SQS(Protocol):
    """The part of aiobotocore's SQS client that a consumer uses; `muster_runtime.testing.FakeSQS` has it too."""

    async def receive_message(self, **request: Any) -> Any:  # noqa: ANN401 - raw AWS answer
        """Long poll for up to ten messages."""

    async def send_message(self, **request: Any) -> Any:  # noqa: ANN401 - raw AWS answer
        """Send one message."""

    async def delete_message_batch(self, **request: Any) -> Any:  # noqa: ANN401 - raw AWS answer
        """Delete up to ten messages."""

    async def change_message_visibility(self, **request: Any) -> Any:  # noqa: ANN401 - raw AWS answer
        """Hide a message for so many seconds from now."""

    async def change_message_visibility_batch(self, **request: Any) -> Any:  # noqa: ANN401 - raw AWS answer
        """The same for up to ten."""

    async def get_queue_attributes(self, **request: Any) -> Any:  # noqa: ANN401 - raw AWS answer
        """Tell of a queue; fails when there is none."""


@dataclass(frozen=True, slots=True)
class Message:
    """One received message.

    Attributes:
        id: SQS's id; the same for every receive of it, but another for a duplicate that was sent twice.
        handle: receipt handle of this receive.
        body: as sent.
        attributes: message attributes as sent, `{name: {"DataType": ..., "StringValue": ...}}`.
        receives: how often it was received, this time included.
        sent_at_s: when it was first sent, seconds since the epoch; 0 when SQS does not say.
    """

    id: str
    handle: str
    body: str
    attributes: Mapping[str, Any]
    receives: int
    sent_at_s: float

    @classmethod
    def received(cls, wire: Mapping[str, Any]) -> "Message":
        """Read one entry of a ReceiveMessage answer."""
        system = wire.get("Attributes", {})
        return cls(
            id=wire["MessageId"],
            handle=wire["ReceiptHandle"],
            body=wire["Body"],
            attributes=wire.get("MessageAttributes", {}),
            receives=int(system.get("ApproximateReceiveCount", 1)),
            sent_at_s=int(system.get("SentTimestamp", 0)) / 1000,
        )
