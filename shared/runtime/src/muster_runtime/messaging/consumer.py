"""The queue edge: receive, hand to a reaction, settle; and stop without losing or burning a message."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import structlog

from muster_events import registry
from muster_runtime.aws import code_of
from muster_runtime.backoff import full_jitter, pause
from muster_runtime.cancellations import none_but_ours
from muster_runtime.clock import Clock
from muster_runtime.deadlines import Deadlines
from muster_runtime.errors import MusterError
from muster_runtime.logging import bound
from muster_runtime.messaging.counts import Counts
from muster_runtime.messaging.envelopes import Peeled, peel
from muster_runtime.messaging.fates import (
    PATIENT,
    Done,
    Fate,
    HandlerOverdue,
    Park,
    ParkedShare,
    Retry,
    TooManyParked,
    fate_of,
)
from muster_runtime.messaging.heartbeat import Heartbeat
from muster_runtime.messaging.messages import SQS, Message
from muster_runtime.messaging.queues import look, wait_for
from muster_runtime.messaging.reactions import Parse, Reaction, Reactions, facts, reaction_to, read
from muster_runtime.messaging.settling import BATCH, GATHER_S, Settler
from muster_runtime.metrics import Metrics
from muster_runtime.settings import ConsumerSettings
from muster_runtime.tracing import consumer_span, trace_id

RECEIVE_BACKOFF_CAP_S: Final = 10.0
"""Longest pause after failed receives, and while what the handlers depend on is away."""

log = structlog.get_logger(__name__)


class Consumer:
    """Takes messages from one queue and hands each to the reaction for its class.

    A repeat is harmless to the consumer: it keeps nothing between messages, and settles each receive by itself. It
    does repeat messages: after a crash, after a failed delete, after a handler that outlived its visibility, and
    because SQS, SNS and EventBridge all deliver at least once and in any order. So a reaction must guarantee that
    handling the same message twice, late, or beside itself in another process ends in the same state as handling it
    once, in order: it decides from stored state, and writes on a condition.

    What becomes of a message (`muster_runtime.messaging.fates` is the table):

    - handled, or not for this consumer: deleted;
    - `Malformed`, `Invalid`, `Unauthenticated`, `Forbidden`, `TooLarge`: parked in the dead-letter queue at once;
    - `Busy`, `Unavailable`: given back with a growing pause, and receiving slows down, as often as it takes;
    - all else, including a handler past its deadline: given back, and parked at `consumer_max_receives`. The queue's
      own redrive limit must be higher, or SQS moves the message first and nobody knows why.
    """

    def __init__(  # noqa: PLR0913 - the brief of a consumer is that long
        self,
        sqs: SQS,
        *,
        name: str,
        queue_url: str,
        dead_letter_url: str,
        reactions: Reactions,
        settings: ConsumerSettings,
        clock: Clock,
        metrics: Metrics,
        parse: Parse = registry.parse,
    ) -> None:
        """Build a consumer; nothing is received before `run`.

        Args:
            sqs: an SQS client from `Scope.aws("sqs")`.
            name: for logs and metrics, such as `notices`.
            queue_url: where messages come from.
            dead_letter_url: where messages are parked.
            reactions: what to do on which message.
            settings: limits and pauses.
            clock: tells how old messages are.
            metrics: where all is counted.
            parse: turns documents into messages; the event registry unless a queue carries something of its own.
        """
        self._sqs = sqs
        self._name = name
        self._queue_url = queue_url
        self._dead_letter_url = dead_letter_url
        self._reactions = reactions
        self._settings = settings
        self._clock = clock
        self._parse = parse
        self._settler = Settler(
            sqs,
            queue_url=queue_url,
            dead_letter_url=dead_letter_url,
            consumer=name,
            metrics=metrics,
            in_flight=lambda: self._in_flight,
        )
        self._heartbeat = Heartbeat(
            sqs,
            queue_url=queue_url,
            consumer=name,
            visibility_s=settings.consumer_visibility_s,
            metrics=metrics,
        )
        self._counts = Counts(metrics, name)
        self._deadlines = Deadlines(settings.consumer_handler_deadline_s)
        # Bound once: what a module's logger does at each line, it does for a logger not bound yet.
        self._log = log.bind()
        self._share = ParkedShare(settings)
        self._in_flight = 0
        self._wake = asyncio.Event()
        self._halt = asyncio.Event()
        self._troubled: bool | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until *stop* is set; then let the receive under way end, and finish what was started.

        Messages that this last receive brings are given back at once, unstarted. A receive is never cancelled from
        here: a queue may hand messages to a connection that nobody reads any more, and each time counts as a receive.
        So stopping takes up to the wait time of a long poll.

        Raises:
            QueueMissing: a queue does not exist.
            TooManyParked: more than `consumer_parked_share` of the last messages were parked.
        """
        urls = (self._queue_url, self._dead_letter_url)
        await wait_for(self._sqs, urls, consumer=self._name, stop=stop)
        async with asyncio.TaskGroup() as around:
            around.create_task(self._settler.run())
            async with asyncio.TaskGroup() as handlers:
                await self._take(stop, handlers, around)
            self._settler.close()
        if self._halt.is_set():
            raise TooManyParked(f"consumer {self._name} parks too many of its messages")

    async def ping(self) -> None:
        """Ask whether the queue is there: a probe for readiness."""
        await look(self._sqs, self._queue_url)

    async def _take(self, stop: asyncio.Event, handlers: asyncio.TaskGroup, around: asyncio.TaskGroup) -> None:
        """Receive while there is room; start a task for each message."""
        failures = troubles = 0
        while not stop.is_set() and not self._halt.is_set():
            room = await self._room()
            if stop.is_set() or self._halt.is_set():
                return
            # Slow down while what the handlers depend on is away: otherwise every message of the queue would spend
            # its receives during one outage.
            troubles = troubles + 1 if self._troubled else 0 if self._troubled is False else troubles
            self._troubled = None
            if troubles and await pause(stop, self._pause_s(troubles)):
                return
            try:
                with none_but_ours():
                    received = await self._receive(room)
            except Exception as error:  # noqa: BLE001 - the loop outlives whatever a receive fails with
                failures += 1
                self._counts.receive_failures.inc()
                log.warning("receive_failed", consumer=self._name, code=code_of(error), failures=failures)
                await pause(stop, self._pause_s(failures))
                continue
            failures = 0
            if stop.is_set() or self._halt.is_set():
                self._counts.returned.inc(len(received))
                await self._settler.give_back(received, delay_s=0)
                return
            for message in received:
                self._in_flight += 1
                handlers.create_task(self._process(message, around))

    async def _room(self) -> int:
        """Return how many slots are free: one at least, and more if they come free in a moment.

        A receive costs the same for one message as for ten. A stop need not wake this: the handlers that fill all
        slots must end before `run` may in any case.
        """
        settings = self._settings
        while self._in_flight >= settings.consumer_concurrency:
            self._wake.clear()
            await self._wake.wait()
        with suppress(TimeoutError):
            while settings.consumer_concurrency - self._in_flight < min(BATCH, settings.consumer_concurrency):
                self._wake.clear()
                async with asyncio.timeout(GATHER_S):
                    await self._wake.wait()
        return settings.consumer_concurrency - self._in_flight

    def _pause_s(self, attempt: int) -> float:
        cap_s = min(self._settings.consumer_backoff_cap_s, RECEIVE_BACKOFF_CAP_S)
        return full_jitter(attempt, base_s=self._settings.consumer_backoff_base_s, cap_s=cap_s)

    async def _receive(self, room: int) -> Sequence[Message]:
        # No time-out around it, which would cancel it: the client's read time-out is longer than the wait time.
        answer = await self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=min(room, BATCH),
            WaitTimeSeconds=self._settings.consumer_wait_s,
            VisibilityTimeout=self._settings.consumer_visibility_s,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
        )
        return [Message.received(each) for each in answer.get("Messages", [])]

    async def _process(self, message: Message, around: asyncio.TaskGroup) -> None:
        """Handle and settle one message; never raises, because one message must not end the others."""
        counts = self._counts
        counts.received.inc()
        age_s = self._clock.epoch_s() - message.sent_at_s
        if message.sent_at_s:
            counts.age_s.observe(max(age_s, 0.0))
        with bound(consumer=self._name, message_id=message.id, receives=message.receives):
            counts.in_flight.inc()
            started_s = self._clock.monotonic_s()
            try:
                fate = await self._kept_hidden(message, around)
                counts.seconds.observe(self._clock.monotonic_s() - started_s)
                await self._settle(message, fate)
            except Exception:
                # A fault of the consumer itself; the message comes back when its visibility ends.
                log.exception("consumer_failed")
            finally:
                counts.in_flight.dec()
                self._in_flight -= 1
                self._wake.set()

    async def _kept_hidden(self, message: Message, around: asyncio.TaskGroup) -> Fate:
        beat = self._heartbeat.begin(message, around)
        try:
            return await self._handle(message)
        finally:
            await self._heartbeat.end(beat)

    async def _handle(self, message: Message) -> Fate:
        try:
            peeled = peel(message.body, message.attributes)
            content = read(peeled.document, self._parse)
        except MusterError as error:
            return self._fate_of(error, message)
        with bound(**facts(content)):
            if (reaction := reaction_to(content, self._reactions)) is None:
                self._counts.unrecognised.inc()
                self._log.info("message_not_for_us")
                return Done()
            try:
                await self._react(reaction, content, peeled)
            except Exception as error:  # noqa: BLE001 - the table of fates knows all of them
                return self._fate_of(error, message)
            self._troubled = False
            self._counts.done.inc()
            self._log.info("message_done")
            return Done()

    async def _react(self, reaction: Reaction, content: object, peeled: Peeled) -> None:
        queue = self._queue_url.rsplit("/", 1)[-1]
        with consumer_span(f"process {self._name}", peeled.trace, queue=queue) as span, bound(trace=trace_id(span)):
            limit = self._deadlines.limit()
            try:
                with limit, none_but_ours():
                    await reaction(content)
            except TimeoutError as error:
                if limit.expired:
                    raise HandlerOverdue from error
                raise

    def _fate_of(self, error: Exception, message: Message) -> Fate:
        fate = fate_of(error, receives=message.receives, settings=self._settings)
        if isinstance(error, PATIENT):
            self._troubled = True
        if not isinstance(error, MusterError):
            log.error("message_failed", exc_info=error)
        return fate

    async def _settle(self, message: Message, fate: Fate) -> None:
        match fate:
            case Done():
                await self._settler.delete(message)
                self._share.note(parked=False)
            case Retry(code=code, delay_s=delay_s):
                self._counts.retried(code).inc()
                log.warning("message_retried", code=code, delay_s=delay_s)
                await self._settler.give_back([message], delay_s=delay_s)
            case Park(reason=reason, error=error):
                log.warning("message_parked", reason=reason, error=error)
                if await self._settler.park(message, fate):
                    self._counts.parked(reason).inc()
                    if self._share.note(parked=True):
                        self._halt.set()
                        self._wake.set()
