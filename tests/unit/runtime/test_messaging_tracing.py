import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from muster_runtime import tracing

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def trace_of(carrier: dict[str, str]) -> str:
    return carrier["traceparent"].split("-")[1]


def test_outside_any_span_there_is_nothing_to_carry() -> None:
    assert {} == tracing.inject()
    assert "" == tracing.trace_id()


def test_without_an_sdk_what_comes_in_goes_out_again() -> None:
    with tracing.span("GET /", parent=tracing.extract({"Traceparent": PARENT, "tracestate": "a=b"})):
        assert {"traceparent": PARENT, "tracestate": "a=b"} == tracing.inject()
        assert "0af7651916cd43dd8448eb211c80319c" == tracing.trace_id()


def test_without_an_sdk_a_journey_still_gets_one_id() -> None:
    with tracing.span("GET /", parent=tracing.extract({})):
        outer = trace_of(tracing.inject())
        with tracing.span("inner"):
            assert outer == trace_of(tracing.inject())


def test_two_journeys_get_different_ids() -> None:
    ids = set()
    for _ in range(10):
        with tracing.span("GET /", parent=tracing.extract({})):
            ids.add(tracing.trace_id())

    assert 10 == len(ids)


@pytest.mark.parametrize(
    "header", ["", "nonsense", "00-" + "0" * 32 + "-b7ad6b7169203331-01", "ff" + PARENT[2:], "x" * 9000]
)
def test_a_malformed_header_counts_as_absent(header: str) -> None:
    with tracing.span("GET /", parent=tracing.extract({"traceparent": header})):
        assert 32 == len(tracing.trace_id())
        assert header != tracing.inject()["traceparent"]


def test_a_carrier_without_context_does_not_let_the_present_one_in() -> None:
    with tracing.span("one", parent=tracing.extract({"traceparent": PARENT})), tracing.consumer_span("other", {}):
        assert tracing.trace_id() not in {"", "0af7651916cd43dd8448eb211c80319c"}


def test_with_an_sdk_a_span_continues_its_parent(spans: InMemorySpanExporter) -> None:
    with tracing.span("GET /", kind=SpanKind.SERVER, parent=tracing.extract({"traceparent": PARENT}), route="/"):
        assert "0af7651916cd43dd8448eb211c80319c" == tracing.trace_id()

    (span,) = spans.get_finished_spans()
    assert (SpanKind.SERVER, {"route": "/"}) == (span.kind, dict(span.attributes or {}))
    assert span.parent is not None
    assert "b7ad6b7169203331" == f"{span.parent.span_id:016x}"


def test_with_an_sdk_a_consumer_begins_anew_and_links_back(spans: InMemorySpanExporter) -> None:
    with tracing.consumer_span("process inbox", {"traceparent": PARENT}):
        assert "0af7651916cd43dd8448eb211c80319c" != tracing.trace_id()

    (span,) = spans.get_finished_spans()
    assert SpanKind.CONSUMER == span.kind
    assert span.parent is None
    assert ["b7ad6b7169203331"] == [f"{link.context.span_id:016x}" for link in span.links]


def test_a_consumer_of_a_message_without_context_links_to_nothing(spans: InMemorySpanExporter) -> None:
    with tracing.consumer_span("process inbox", {}):
        pass

    (span,) = spans.get_finished_spans()
    assert () == tuple(span.links)


def test_a_failed_span_tells_the_class_of_the_error_and_not_its_text(spans: InMemorySpanExporter) -> None:
    with pytest.raises(KeyError), tracing.span("work"):
        raise KeyError("a secret")

    (span,) = spans.get_finished_spans()
    assert (StatusCode.ERROR, "KeyError") == (span.status.status_code, span.status.description)
    assert "a secret" not in span.to_json()


def test_the_context_before_a_span_comes_back_after_it() -> None:
    with tracing.span("one", parent=tracing.extract({"traceparent": PARENT})):
        before = tracing.inject()
        with tracing.consumer_span("other", {}):
            pass
        assert before == tracing.inject()
    assert {} == tracing.inject()
