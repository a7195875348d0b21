"""Trace context through HTTP, events and queues, with the OpenTelemetry API alone.

Without an SDK the API records nothing, but context still travels: what comes in goes out again, and where nothing
comes in, a fresh trace id is drawn, so that logs of one journey can be found by one id. An operator who installs and
configures an OpenTelemetry SDK gets real spans at the same places; nothing here changes.

Source: W3C Trace Context; OpenTelemetry semantic conventions for messaging (a consumer links to the producer).
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import Token
from types import TracebackType
from typing import Final

from opentelemetry import context, propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    NonRecordingSpan,
    NoOpTracerProvider,
    ProxyTracerProvider,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TracerProvider,
)

Attribute = str | bool | int | float
"""What a span attribute may be here."""

TRACE_KEYS: Final = ("traceparent", "tracestate", "baggage")
"""Names under which trace context travels, in headers, in message attributes and in an event's `trace`."""

_providers: Final[list[TracerProvider]] = []


def inject() -> dict[str, str]:
    """Return the present trace context as headers; empty outside any span."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier


def extract(carrier: Mapping[str, str]) -> Context:
    """Return the trace context that *carrier* names; names are compared without regard to case.

    Anything malformed counts as absent: a trace header never fails a request.
    """
    named = {lowered: value for name, value in carrier.items() if (lowered := name.lower()) in TRACE_KEYS}
    # An explicit empty context: otherwise the present span would leak in where the carrier names none.
    return propagate.extract(named, context=Context()) if named else Context()


def span(
    name: str, *, kind: SpanKind = SpanKind.INTERNAL, parent: Context | None = None, **attributes: Attribute
) -> AbstractContextManager[Span]:
    """Run the body inside a span.

    Args:
        name: low-cardinality name, such as `POST /v1/guests`.
        kind: SERVER at the HTTP edge, PRODUCER and CLIENT for outgoing calls.
        parent: context to continue, from `extract`; the present one when left out.
        attributes: facts known at the start.
    """
    base = parent if parent is not None else context.get_current()
    if (provider := _recording()) is None:
        return _Followed(base)
    started = provider.get_tracer("muster").start_span(name, context=base, kind=kind, attributes=attributes)
    return _entered(started, base)


def consumer_span(name: str, carrier: Mapping[str, str], **attributes: Attribute) -> AbstractContextManager[Span]:
    """Run the body inside a consumer's span, linked to the context in *carrier*.

    A link and not a parent: a message may be handled long after, and more than once. Where no SDK records spans, the
    producer's context itself is continued, so that its trace id reaches our logs and our own events.

    Args:
        name: such as `process tickets-events`.
        carrier: trace context of the producer, from `messaging.envelopes.peel`.
        attributes: facts known at the start.
    """
    producer = extract(carrier)
    if (provider := _recording()) is None:
        return _Followed(producer)
    origin = trace.get_current_span(producer).get_span_context()
    links = [Link(origin)] if origin.is_valid else []
    tracer = provider.get_tracer("muster")
    started = tracer.start_span(name, context=Context(), kind=SpanKind.CONSUMER, attributes=attributes, links=links)
    return _entered(started, producer)


def trace_id(of: Span | None = None) -> str:
    """Return the trace id, 32 hex digits, of a span, or of the present one; empty outside any."""
    found = (of or trace.get_current_span()).get_span_context()
    return trace.format_trace_id(found.trace_id) if found.is_valid else ""


@contextmanager
def use(provider: TracerProvider) -> Iterator[None]:
    """Take spans from *provider* instead of the global one, for a test that looks at them."""
    _providers.append(provider)
    try:
        yield
    finally:
        _providers.remove(provider)


def _recording() -> TracerProvider | None:
    """Return the provider that may record spans; None while there is only the API, which records none."""
    if _providers:
        return _providers[-1]
    provider = trace.get_tracer_provider()
    return None if isinstance(provider, ProxyTracerProvider | NoOpTracerProvider) else provider


class _Followed:
    """A span that nobody records: it continues the trace of *base*, or draws one, and costs little."""

    __slots__ = ("_base", "_token")

    def __init__(self, base: Context) -> None:
        self._base = base
        self._token: Token[Context] | None = None

    def __enter__(self) -> Span:
        followed = _continued(self._base)
        self._token = context.attach(trace.set_span_in_context(followed, self._base))
        return followed

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._token is not None:
            context.detach(self._token)


@contextmanager
def _entered(started: Span, base: Context) -> Iterator[Span]:
    """Make *started* the present span; where nobody records, continue the span of *base* or draw a new context."""
    if not started.get_span_context().is_valid:
        started = _continued(base)
    token = context.attach(trace.set_span_in_context(started, base))
    try:
        yield started
    except Exception as error:
        # The type alone: a message may hold what must not leave the process.
        started.set_status(Status(StatusCode.ERROR, type(error).__name__))
        raise
    finally:
        context.detach(token)
        started.end()


def _continued(base: Context) -> Span:
    present = trace.get_current_span(base)
    if present is not INVALID_SPAN and present.get_span_context().is_valid:
        return NonRecordingSpan(present.get_span_context())
    # Not sampled, because nobody recorded it; the ids are only there to be followed through logs.
    drawn = secrets.token_bytes(24)
    trace_part, span_part = int.from_bytes(drawn[:16]), int.from_bytes(drawn[16:])
    return NonRecordingSpan(SpanContext(trace_id=trace_part or 1, span_id=span_part or 1, is_remote=False))
