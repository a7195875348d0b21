"""Events onto the bus: validated, sized, sent in batches, and tried again one by one where the bus refuses some."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError
from opentelemetry.trace import SpanKind

from muster_events.envelope import Event
from muster_events.registry import NotAnEvent, dump
from muster_runtime import tracing
from muster_runtime.aws import THROTTLES, calling, code_of
from muster_runtime.backoff import full_jitter
from muster_runtime.clock import Clock
from muster_runtime.errors import Busy, Invalid, Unavailable
from muster_runtime.metrics import Metrics

MAX_ENTRIES: Final = 10
"""Entries in one PutEvents call. Source: EventBridge PutEvents reference."""
MAX_BYTES: Final = 256 * 1024
"""Bytes of all entries in one call, and so of any one entry. Source: EventBridge user guide, "PutEvents event size"."""
SOURCE_PREFIX: Final = "muster."
"""Stands before the producing service in an entry's Source; rules match on it."""

_TIME_BYTES: Final = 14
"""What a Time counts for. Source: EventBridge user guide, "Calculating PutEvents event entry size"."""
# Legal in JSON, but not in an SQS message, which carries the characters of XML 1.0; escaped they mean the same.
_ESCAPES: Final = {0xFFFE: "\\ufffe", 0xFFFF: "\\uffff"}
_REFUSED_FOR_GOOD: Final = frozenset({"InvalidArgument", "MalformedDetail", "ValidationException", "ValidationError"})


class EntryTooLarge(Invalid):
    """The event does not fit into one entry of the bus.

    Attributes:
        size_bytes: what it counts for.
    """

    code = "event_too_large"
    advice = "Publish less in one event."

    def __init__(self, size_bytes: int) -> None:
        """Keep the size."""
        super().__init__(f"The event has {size_bytes} bytes; the bus takes {MAX_BYTES}.")
        self.size_bytes = size_bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as the bus takes it.

    Attributes:
        id: the event's id.
        source: the producing service, without prefix.
        type: the event's type.
        detail: the event as JSON.
        occurred_at: the event's own time.
    """

    id: str
    source: str
    type: str
    detail: str
    occurred_at: datetime

    @property
    def size_bytes(self) -> int:
        """What the entry counts for against `MAX_BYTES`."""
        text = (f"{SOURCE_PREFIX}{self.source}", self.type, self.detail)
        return _TIME_BYTES + sum(len(each.encode()) for each in text)


def entry(event: Event[Any]) -> Entry:
    """Return *event* ready to send; an event without trace context gets the present one.

    Raises:
        Invalid: it is not what the registry promises to consumers.
        EntryTooLarge: it does not fit.
    """
    if not event.trace:
        event = event.model_copy(update={"trace": tracing.inject()})
    try:
        detail = dump(event).translate(_ESCAPES)
    except NotAnEvent as error:
        raise Invalid(str(error)) from error
    ready = Entry(id=event.id, source=event.source, type=event.type, detail=detail, occurred_at=event.occurred_at)
    if ready.size_bytes > MAX_BYTES:
        raise EntryTooLarge(ready.size_bytes)
    return ready


class Sender(Protocol):
    """What puts entries on the bus: a `Publisher`, or `muster_runtime.testing.RecordingPublisher`."""

    async def send(self, entries: Sequence[Entry]) -> None:
        """Put *entries* on the bus, all of them, in their order as far as the bus keeps any."""


class Publisher:
    """Puts events on one bus.

    Delivery is at least once: after a time-out an event may be on the bus although `publish` raised, and the repeat
    puts it there again. Repeats carry the same event id, by which consumers recognise them.
    """

    def __init__(  # noqa: PLR0913 - each has a default that serves
        self,
        events: Any,  # noqa: ANN401 - an aiobotocore client, made at run time
        *,
        bus: str,
        clock: Clock,
        metrics: Metrics,
        attempts: int = 5,
        deadline_s: float = 10.0,
        backoff_base_s: float = 0.1,
    ) -> None:
        """Build a publisher.

        Args:
            events: an EventBridge client from `Scope.aws("events")`.
            bus: name or ARN of the bus.
            clock: measures how long publishing takes.
            metrics: where it is counted.
            attempts: tries of an entry that the bus refuses, the first included.
            deadline_s: the longest that one publish may take, retries included.
            backoff_base_s: bound of the first pause between tries; it doubles with each, up to 2 s.
        """
        self._events = events
        self._bus = bus
        self._clock = clock
        self._metrics = metrics
        self._attempts = attempts
        self._deadline_s = deadline_s
        self._backoff_base_s = backoff_base_s

    async def publish(self, *events: Event[Any]) -> None:
        """Put *events* on the bus.

        All are checked before the first is sent. When it raises `Busy` or `Unavailable`, some may be on the bus.

        Raises:
            Invalid: one of them is not what the registry promises, or too large; none was sent.
            Busy: the bus throttles; repeat later.
            Unavailable: the bus does not take them, or does not answer in time; repeat later.
        """
        types = " ".join(sorted({event.type for event in events}))
        with tracing.span(f"publish {types}", kind=SpanKind.PRODUCER, bus=self._bus):
            await self.send([entry(event) for event in events])

    async def send(self, entries: Sequence[Entry]) -> None:
        """Put *entries* on the bus, batch after batch; raises what `publish` raises."""
        started_s = self._clock.monotonic_s()
        try:
            # `calling` bounds the whole of it and names what a call fails with. Calls that fail as a whole are
            # repeated by botocore alone: two layers of retries would multiply each other.
            async with calling(timeout_s=self._deadline_s):
                for batch in batches(entries):
                    await self._send(batch)
        except (Busy, Unavailable) as error:
            cause = error.__cause__
            if isinstance(cause, Exception):
                self._metrics.events_failed.labels(code=code_of(cause)).inc()
            raise
        except ClientError as error:
            # Access denied, no such bus: a deployment to mend, while the caller keeps its event and repeats.
            self._metrics.events_failed.labels(code=code_of(error)).inc()
            raise Unavailable(f"The bus refuses all events ({code_of(error)}).") from error
        finally:
            self._metrics.publish_seconds.observe(self._clock.monotonic_s() - started_s)

    async def _send(self, batch: Sequence[Entry]) -> None:
        left = list(batch)
        for attempt in range(1, self._attempts + 1):
            answer = await self._events.put_events(Entries=[self._wire(each) for each in left])
            refused = [
                (each, str(told["ErrorCode"]))
                for each, told in zip(left, answer["Entries"], strict=True)
                if told.get("ErrorCode")
            ]
            self._count(left, refused)
            if not refused:
                return
            if spoilt := sorted({code for _, code in refused if code in _REFUSED_FOR_GOOD}):
                raise Invalid(f"The bus refuses an event for good ({', '.join(spoilt)}).")
            left = [each for each, _ in refused]
            if attempt < self._attempts:
                await asyncio.sleep(full_jitter(attempt, base_s=self._backoff_base_s, cap_s=2.0))
        if all(code in THROTTLES for _, code in refused):
            raise Busy("The bus takes no more events for now.")
        raise Unavailable("The bus did not take all events.")

    def _count(self, sent: Sequence[Entry], refused: Sequence[tuple[Entry, str]]) -> None:
        ids = {each.id for each, _ in refused}
        for each in sent:
            if each.id not in ids:
                self._metrics.events_published.labels(type=each.type).inc()
        for _, code in refused:
            self._metrics.events_failed.labels(code=code).inc()

    def _wire(self, each: Entry) -> dict[str, object]:
        return {
            "EventBusName": self._bus,
            "Source": f"{SOURCE_PREFIX}{each.source}",
            "DetailType": each.type,
            "Detail": each.detail,
            "Time": each.occurred_at,
        }


def batches(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Split *entries*, in order, into batches that one call takes: at most `MAX_ENTRIES` and `MAX_BYTES`."""
    batch: list[Entry] = []
    size = 0
    for each in entries:
        if batch and (len(batch) == MAX_ENTRIES or size + each.size_bytes > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += each.size_bytes
    if batch:
        yield batch
