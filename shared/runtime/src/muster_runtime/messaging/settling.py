"""Tell the queue what became of its messages: delete in batches, give back, park."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog

from muster_runtime.aws import calling, code_of
from muster_runtime.backoff import full_jitter
from muster_runtime.messaging.fates import Park
from muster_runtime.messaging.messages import SQS, Message
from muster_runtime.metrics import Metrics
from muster_runtime.tracing import TRACE_KEYS

BATCH: Final = 10
"""Most entries in one batch call, and most attributes of one message. Source: SQS quotas."""
CALL_S: Final = 10.0
"""The longest that one call to settle messages may take, its retries included."""
GATHER_S: Final = 0.01
"""How long one more is waited for, that could share the call: a batch costs what a single message does."""
DELETE_ATTEMPTS: Final = 4
"""Tries to delete a message that SQS failed to delete; after them it will be repeated, which is harmless."""
_ERROR_CHARACTERS: Final = 1000

log = structlog.get_logger(__name__)


class Settler:
    """Settles the messages of one queue."""

    def __init__(  # noqa: PLR0913 - each is needed and named
        self,
        sqs: SQS,
        *,
        queue_url: str,
        dead_letter_url: str,
        consumer: str,
        metrics: Metrics,
        in_flight: Callable[[], int],
    ) -> None:
        """Build it; `run` must run for `delete` and `park` to come back.

        Args:
            sqs: an SQS client.
            queue_url: where messages come from.
            dead_letter_url: where they are parked.
            consumer: for the metrics.
            metrics: where failures are counted.
            in_flight: how many messages are being handled or settled now.
        """
        self._sqs = sqs
        self._queue_url = queue_url
        self._dead_letter_url = dead_letter_url
        self._consumer = consumer
        self._metrics = metrics
        self._in_flight = in_flight
        self._deletions: asyncio.Queue[tuple[Message, asyncio.Future[bool]] | None] = asyncio.Queue()

    async def run(self) -> None:
        """Delete what `delete` asks for, as many at once as gather in a moment, until `close`."""
        closing = False
        while not closing:
            asked = [await self._deletions.get()]
            with suppress(TimeoutError):
                while len(asked) < BATCH and asked[-1] is not None and self._more_than(len(asked)):
                    async with asyncio.timeout(GATHER_S):
                        asked.append(await self._deletions.get())
            closing = None in asked
            await self._delete([each for each in asked if each is not None])

    def _more_than(self, asked: int) -> bool:
        """Whether more deletions are there or may come soon than the *asked* ones."""
        return not self._deletions.empty() or self._in_flight() > asked

    def close(self) -> None:
        """Let `run` end when all that was asked for is done."""
        self._deletions.put_nowait(None)

    async def delete(self, message: Message) -> bool:
        """Delete *message*; return False when it could not be, so that it will be repeated."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._deletions.put_nowait((message, done))
        return await done

    async def give_back(self, messages: Sequence[Message], *, delay_s: int) -> None:
        """Let *messages*, at most ten, be received again after *delay_s* seconds.

        A failure is counted and no more: they come back by themselves when their visibility ends.
        """
        if not messages:
            return
        entries = [
            {"Id": str(index), "ReceiptHandle": each.handle, "VisibilityTimeout": delay_s}
            for index, each in enumerate(messages)
        ]
        try:
            async with calling(timeout_s=CALL_S):
                answer = await self._sqs.change_message_visibility_batch(QueueUrl=self._queue_url, Entries=entries)
        except Exception as error:  # noqa: BLE001 - the visibility timeout mends whatever it is
            self._failed("return", len(messages), code_of(error))
        else:
            for each in answer.get("Failed", []):
                self._failed("return", 1, each["Code"])

    async def park(self, message: Message, fate: Park) -> bool:
        """Move *message* to the dead-letter queue with the reason; return False when it stays where it is.

        It is sent before it is deleted: a crash between the two leaves a second copy in the dead-letter queue, and
        never none.
        """
        try:
            async with calling(timeout_s=CALL_S):
                await self._sqs.send_message(
                    QueueUrl=self._dead_letter_url,
                    MessageBody=message.body,
                    MessageAttributes=self._attributes(message, fate),
                )
        except Exception as error:  # noqa: BLE001 - it stays in the queue and is tried again
            self._failed("park", 1, code_of(error))
            return False
        await self.delete(message)
        return True

    def _attributes(self, message: Message, fate: Park) -> dict[str, Any]:
        ours = {
            "reason": fate.reason,
            "error": printable(fate.error)[:_ERROR_CHARACTERS] or fate.reason,
            "origin_queue": self._queue_url.rsplit("/", 1)[-1],
            "receive_count": str(message.receives),
        }
        kinds = {"receive_count": "Number"}
        wire = {name: {"DataType": kinds.get(name, "String"), "StringValue": value} for name, value in ours.items()}
        return wire | kept(message.attributes, room=BATCH - len(wire), taken=wire)

    async def _delete(self, asked: Sequence[tuple[Message, asyncio.Future[bool]]]) -> None:
        left = list(asked)
        for attempt in range(1, DELETE_ATTEMPTS + 1):
            if not left:
                return
            left = await self._delete_once(left)
            if left and attempt < DELETE_ATTEMPTS:
                await asyncio.sleep(full_jitter(attempt, base_s=0.1, cap_s=2.0))
        self._failed("delete", len(left), "gave_up")
        for _, done in left:
            _tell(done, deleted=False)

    async def _delete_once(
        self, asked: Sequence[tuple[Message, asyncio.Future[bool]]]
    ) -> list[tuple[Message, asyncio.Future[bool]]]:
        """Delete *asked* and return those worth another try."""
        entries = [{"Id": str(index), "ReceiptHandle": message.handle} for index, (message, _) in enumerate(asked)]
        try:
            async with calling(timeout_s=CALL_S):
                answer = await self._sqs.delete_message_batch(QueueUrl=self._queue_url, Entries=entries)
        except Exception as error:  # noqa: BLE001 - tried again, then repeated by the queue
            log.warning("delete_failed", code=code_of(error), messages=len(asked))
            return list(asked)
        failed = {int(each["Id"]): each for each in answer.get("Failed", [])}
        again = []
        for index, (message, done) in enumerate(asked):
            match failed.get(index):
                case None:
                    _tell(done, deleted=True)
                case {"SenderFault": True, "Code": code}:
                    # The receipt handle is no longer good: the message is visible again and will be repeated.
                    self._failed("delete", 1, str(code))
                    _tell(done, deleted=False)
                case _:
                    again.append((message, done))
        return again

    def _failed(self, step: str, messages: int, code: str) -> None:
        if messages:
            self._metrics.settle_failures.labels(consumer=self._consumer, step=step).inc(messages)
            log.warning("settling_failed", step=step, messages=messages, code=code)


def kept(attributes: Mapping[str, Any], *, room: int, taken: Mapping[str, Any]) -> dict[str, Any]:
    """Return as many of a message's own *attributes* as fit into *room*, trace context first.

    Args:
        attributes: as received.
        room: how many more a message may have.
        taken: names that are ours already; an earlier parking left them there.
    """
    names = sorted((name for name in attributes if name not in taken), key=lambda name: name not in TRACE_KEYS)
    fields = ("DataType", "StringValue", "BinaryValue")
    return {
        name: {field: attributes[name][field] for field in fields if field in attributes[name]} for name in names[:room]
    }


def printable(text: str) -> str:
    """Return *text* without the characters that SQS refuses (those that XML 1.0 does not have)."""
    return "".join(each if each.isprintable() and each < "\ufffe" else " " for each in text)


def _tell(done: asyncio.Future[bool], *, deleted: bool) -> None:
    # A handler that was cancelled meanwhile waits for nothing.
    if not done.done():
        done.set_result(deleted)
