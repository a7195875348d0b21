"""Keep messages hidden while they are being handled."""

import asyncio
import math
from contextvars import Context, copy_context

import structlog

from muster_runtime.aws import calling, code_of
from muster_runtime.errors import MusterError
from muster_runtime.messaging.messages import SQS, Message
from muster_runtime.metrics import Metrics

LOST = frozenset({"InvalidParameterValue", "MessageNotInflight", "ReceiptHandleIsInvalid"})
"""Codes that say: this receipt handle is worth nothing any more; somebody else has the message, or it is deleted."""

log = structlog.get_logger(__name__)


class Beat:
    """One message that is kept hidden.

    Attributes:
        message: the message.
        context: the context that its handling began in, for what is logged about it.
        due_s: when it must be extended next, on the loop's clock.
        extension: the extension under way; None while there is none.
        over: whether the handling has ended.
    """

    __slots__ = ("context", "due_s", "extension", "message", "over")

    def __init__(self, message: Message, context: Context) -> None:
        """Build the beat of a message whose handling begins."""
        self.message = message
        self.context = context
        self.due_s = 0.0
        self.extension: asyncio.Task[None] | None = None
        self.over = False


class Heartbeat:
    """Extends the visibility of messages at a sixth of it, so that two extensions may fail before one is missed.

    A sixth, because an extension that hangs takes another sixth until it is given up: the third try then begins at five
    sixths.

    One timer serves all messages, because most end long before they need an extension; each extension is a task of
    its own. A message is extended until its handling ends, and the handling ends at the consumer's deadline at the
    latest. A lost heartbeat does not stop a handler: two workers may then have the same message, and the conditional
    write of the handler decides.
    """

    def __init__(self, sqs: SQS, *, queue_url: str, consumer: str, visibility_s: float, metrics: Metrics) -> None:
        """Build it for one queue; *visibility_s* is both what is asked for and six times the interval."""
        self._sqs = sqs
        self._queue_url = queue_url
        self._visibility_s = visibility_s
        self._interval_s = visibility_s / 6
        self._failures = metrics.heartbeat_failures.labels(consumer=consumer)
        # In the order in which they are due, because all wait equally long.
        self._beats: dict[Beat, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, message: Message, tasks: asyncio.TaskGroup) -> Beat:
        """Keep *message* hidden from now on; extensions run in *tasks*, which must outlive the handling."""
        beat = Beat(message, copy_context())
        self._wait(beat, tasks)
        return beat

    async def end(self, beat: Beat) -> None:
        """Keep the message hidden no longer.

        An extension under way is waited for: it might arrive after the settling, and undo it.
        """
        beat.over = True
        # Not there any more while it is being extended, or once it is lost.
        self._beats.pop(beat, None)
        if beat.extension is not None:
            await asyncio.wait([beat.extension])

    def _wait(self, beat: Beat, tasks: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        beat.due_s = loop.time() + self._interval_s
        self._beats[beat] = None
        if self._timer is None:
            # In a context of its own: what this message has bound is nothing to those that come after it.
            self._timer = loop.call_at(beat.due_s, self._look, tasks, context=Context())

    def _look(self, tasks: asyncio.TaskGroup) -> None:
        """Extend what is due, and look again when the next one is."""
        loop = asyncio.get_running_loop()
        self._timer = None
        for beat in list(self._beats):
            if beat.due_s > loop.time():
                self._timer = loop.call_at(beat.due_s, self._look, tasks, context=Context())
                return
            del self._beats[beat]
            beat.extension = tasks.create_task(self._extend(beat, tasks), context=beat.context)

    async def _extend(self, beat: Beat, tasks: asyncio.TaskGroup) -> None:
        """Extend one message; never raises, because a failed extension is no failed message."""
        try:
            async with calling(timeout_s=self._interval_s):
                await self._sqs.change_message_visibility(
                    QueueUrl=self._queue_url,
                    ReceiptHandle=beat.message.handle,
                    VisibilityTimeout=math.ceil(self._visibility_s),
                )
        except MusterError as error:
            self._failures.inc()
            log.warning("heartbeat_failed", code=error.code)
        except Exception as error:  # noqa: BLE001 - whatever it is, the handler goes on
            self._failures.inc()
            log.warning("heartbeat_refused", code=code_of(error))
            if code_of(error) in LOST:
                return
        if not beat.over:
            self._wait(beat, tasks)
