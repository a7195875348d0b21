"""SQS standard queues in memory, with the method names of aiobotocore's client."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from muster_runtime.clock import Clock
from muster_runtime.testing.faults import client_error


@dataclass(slots=True)
class _Stored:
    message_id: str
    body: str
    attributes: dict[str, Any]
    sent_at_s: float
    visible_at_s: float
    receives: int = 0
    handle: str = ""


@dataclass(slots=True)
class _Queue:
    stored: list[_Stored] = field(default_factory=list)
    redrive_to: str = ""
    max_receives: int = 0


class FakeSQS:
    """Queues by URL: visibility, receive counts, redrive, batches and stale handles as SQS documents them.

    Time is that of the clock, except that a long poll which finds nothing waits *long_poll_s* real seconds at most,
    or until a message arrives.

    Attributes:
        cancelled_receives: how many receives were cancelled while waiting; a consumer must never do that.
        waiting: how many receives are waiting now.
    """

    def __init__(self, clock: Clock, *, long_poll_s: float = 0.02) -> None:
        """Begin without queues."""
        self.cancelled_receives = 0
        self.waiting = 0
        self._clock = clock
        self._long_poll_s = long_poll_s
        self._queues: dict[str, _Queue] = {}
        self._numbers = 0
        self._arrival = asyncio.Event()

    def create(self, name: str, *, redrive_to: str = "", max_receives: int = 0) -> str:
        """Create a queue and return its URL; what was received *max_receives* times goes to *redrive_to* next."""
        url = f"https://sqs.test/000000000000/{name}"
        self._queues[url] = _Queue(redrive_to=redrive_to, max_receives=max_receives)
        return url

    def send(self, queue_url: str, body: str, attributes: Mapping[str, str] | None = None) -> str:
        """Put a message into a queue and return its id; *attributes* are of type String."""
        wire = {name: {"DataType": "String", "StringValue": value} for name, value in (attributes or {}).items()}
        return self._add(queue_url, body, wire)

    def bodies(self, queue_url: str) -> list[str]:
        """Return the bodies of all messages in a queue, hidden ones included."""
        return [each.body for each in self._queue(queue_url).stored]

    def attributes(self, queue_url: str) -> list[dict[str, str]]:
        """Return the text attributes of all messages in a queue, in the order of `bodies`."""
        return [
            {name: value.get("StringValue", "") for name, value in each.attributes.items()}
            for each in self._queue(queue_url).stored
        ]

    def hidden_for_s(self, queue_url: str) -> list[float]:
        """Return for each message, in the order of `bodies`, how long it stays hidden; 0 when it is visible."""
        now_s = self._clock.monotonic_s()
        return [max(0.0, each.visible_at_s - now_s) for each in self._queue(queue_url).stored]

    def receives(self, queue_url: str) -> list[int]:
        """Return for each message, in the order of `bodies`, how often it was received."""
        return [each.receives for each in self._queue(queue_url).stored]

    async def receive_message(self, *, QueueUrl: str, **request: Any) -> dict[str, Any]:  # noqa: N803, ANN401 - AWS's own
        """Give visible messages, and hide them."""
        queue = self._queue(QueueUrl)
        limit = request.get("MaxNumberOfMessages", 1)
        visibility_s = request.get("VisibilityTimeout", 30)
        found = self._visible(queue, limit, visibility_s)
        if not found:
            await self._poll(min(request.get("WaitTimeSeconds", 0), self._long_poll_s))
            found = self._visible(queue, limit, visibility_s)
        return {"Messages": [self._wire(each) for each in found]} if found else {}

    async def send_message(
        self,
        *,
        QueueUrl: str,  # noqa: N803 - AWS's name
        MessageBody: str,  # noqa: N803 - AWS's name
        MessageAttributes: Mapping[str, Any] | None = None,  # noqa: N803 - AWS's name
    ) -> dict[str, Any]:
        """Put a message into a queue; it has at most ten attributes."""
        if len(MessageAttributes or {}) > 10:
            raise client_error("InvalidParameterValue", operation="SendMessage")
        return {"MessageId": self._add(QueueUrl, MessageBody, dict(MessageAttributes or {}))}

    async def delete_message_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, str]]) -> dict[str, Any]:  # noqa: N803 - AWS's names
        """Delete the messages whose newest handles are given."""
        queue = self._queue(QueueUrl)
        done, failed = self._by_handle(queue, Entries, "DeleteMessageBatch")
        for _, stored in done:
            queue.stored.remove(stored)
        return {"Successful": [{"Id": entry["Id"]} for entry, _ in done], "Failed": failed}

    async def change_message_visibility_batch(
        self,
        *,
        QueueUrl: str,  # noqa: N803 - AWS's name
        Entries: Sequence[Mapping[str, Any]],  # noqa: N803 - AWS's name
    ) -> dict[str, Any]:
        """Hide or show the messages whose newest handles are given."""
        done, failed = self._by_handle(self._queue(QueueUrl), Entries, "ChangeMessageVisibilityBatch")
        for entry, stored in done:
            self._hide(stored, entry["VisibilityTimeout"])
        return {"Successful": [{"Id": entry["Id"]} for entry, _ in done], "Failed": failed}

    async def change_message_visibility(
        self,
        *,
        QueueUrl: str,  # noqa: N803 - AWS's name
        ReceiptHandle: str,  # noqa: N803 - AWS's name
        VisibilityTimeout: int,  # noqa: N803 - AWS's name
    ) -> dict[str, Any]:
        """Hide or show one message."""
        entry = {"Id": "0", "ReceiptHandle": ReceiptHandle, "VisibilityTimeout": VisibilityTimeout}
        answer = await self.change_message_visibility_batch(QueueUrl=QueueUrl, Entries=[entry])
        if answer["Failed"]:
            raise client_error("ReceiptHandleIsInvalid", operation="ChangeMessageVisibility")
        return {}

    async def get_queue_attributes(self, *, QueueUrl: str, **_request: Any) -> dict[str, Any]:  # noqa: N803, ANN401 - AWS's own
        """Tell how many messages a queue has."""
        queue = self._queue(QueueUrl)
        visible = sum(seconds == 0 for seconds in self.hidden_for_s(QueueUrl))
        return {
            "Attributes": {
                "QueueArn": f"arn:aws:sqs:us-east-1:000000000000:{QueueUrl.rsplit('/', 1)[-1]}",
                "ApproximateNumberOfMessages": str(visible),
                "ApproximateNumberOfMessagesNotVisible": str(len(queue.stored) - visible),
            }
        }

    def _queue(self, url: str) -> _Queue:
        if url not in self._queues:
            raise client_error("AWS.SimpleQueueService.NonExistentQueue", operation="Queue")
        return self._queues[url]

    def _add(self, url: str, body: str, attributes: dict[str, Any]) -> str:
        self._numbers += 1
        stored = _Stored(
            message_id=f"message-{self._numbers}",
            body=body,
            attributes=attributes,
            sent_at_s=self._clock.epoch_s(),
            visible_at_s=self._clock.monotonic_s(),
        )
        self._queue(url).stored.append(stored)
        self._arrival.set()
        return stored.message_id

    def _visible(self, queue: _Queue, limit: int, visibility_s: float) -> list[_Stored]:
        found: list[_Stored] = []
        now_s = self._clock.monotonic_s()
        for stored in list(queue.stored):
            if len(found) == limit:
                break
            if stored.visible_at_s > now_s:
                continue
            if queue.max_receives and stored.receives >= queue.max_receives:
                queue.stored.remove(stored)
                self._queue(queue.redrive_to).stored.append(stored)
                continue
            stored.receives += 1
            self._numbers += 1
            stored.handle = f"handle-{self._numbers}"
            stored.visible_at_s = now_s + visibility_s
            found.append(stored)
        return found

    async def _poll(self, wait_s: float) -> None:
        if wait_s <= 0:
            # Also an empty answer takes a turn of the loop; otherwise a consumer would starve its handlers.
            await asyncio.sleep(0)
            return
        self._arrival.clear()
        self.waiting += 1
        try:
            async with asyncio.timeout(wait_s):
                await self._arrival.wait()
        except TimeoutError:
            return
        except asyncio.CancelledError:
            self.cancelled_receives += 1
            raise
        finally:
            self.waiting -= 1

    def _hide(self, stored: _Stored, seconds: float) -> None:
        stored.visible_at_s = self._clock.monotonic_s() + seconds
        if seconds == 0:
            self._arrival.set()

    def _by_handle(
        self, queue: _Queue, entries: Sequence[Mapping[str, Any]], operation: str
    ) -> tuple[list[tuple[Mapping[str, Any], _Stored]], list[dict[str, Any]]]:
        if not 1 <= len(entries) <= 10:
            raise client_error("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", operation=operation)
        by_handle = {each.handle: each for each in queue.stored if each.handle}
        done, failed = [], []
        for entry in entries:
            if (stored := by_handle.get(entry["ReceiptHandle"])) is not None:
                done.append((entry, stored))
            else:
                failed.append({"Id": entry["Id"], "Code": "ReceiptHandleIsInvalid", "SenderFault": True})
        return done, failed

    @staticmethod
    def _wire(stored: _Stored) -> dict[str, Any]:
        return {
            "MessageId": stored.message_id,
            "ReceiptHandle": stored.handle,
            "Body": stored.body,
            "MessageAttributes": stored.attributes,
            "Attributes": {
                "ApproximateReceiveCount": str(stored.receives),
                "SentTimestamp": str(int(stored.sent_at_s * 1000)),
            },
        }
