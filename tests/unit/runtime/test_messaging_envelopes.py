import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster_runtime.messaging.envelopes import MAX_DEPTH, NotADocument, peel

TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
TOPIC = "arn:aws:sns:us-east-1:000000000000:muster-matchmaking-notices"

EVENT = {"id": "1", "type": "ticket.matched", "version": 1, "trace": {}, "data": {"ticket_id": "t"}}
NOTICE = {"id": "2", "source": "aws.gamelift", "detail-type": "GameLift Matchmaking Event", "detail": {"type": "X"}}

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)
documents = st.dictionaries(texts, json_values, max_size=5).filter(
    lambda each: each.get("Type") != "Notification" and "detail-type" not in each and "trace" not in each
)


def in_sns(body: str, attributes: dict[str, str] | None = None) -> str:
    wire = {name: {"Type": "String", "Value": value} for name, value in (attributes or {}).items()}
    return json.dumps(
        {"Type": "Notification", "MessageId": "m", "TopicArn": TOPIC, "Message": body, "MessageAttributes": wire}
    )


def in_entry(detail: dict[str, Any], source: str = "muster.tickets") -> str:
    return json.dumps({"version": "0", "id": "e", "source": source, "detail-type": "x", "detail": detail})


@given(documents, st.integers(0, 3))
def test_a_document_comes_out_as_it_went_in_however_it_is_wrapped(document: dict[str, Any], layers: int) -> None:
    bare = json.dumps(document)
    wrapped, entry = bare, in_entry(document)
    for _ in range(layers):
        wrapped, entry = in_sns(wrapped), in_sns(entry)

    assert document == peel(wrapped, {}).document
    assert document == peel(entry, {}).document


@given(st.text())
def test_no_text_at_all_makes_peeling_fail_in_another_way(body: str) -> None:
    try:
        peeled = peel(body, {})
    except NotADocument:
        return
    assert isinstance(peeled.document, dict)


@given(st.dictionaries(st.sampled_from(["Type", "Message", "TopicArn", "detail", "detail-type", "source", "trace"]),
                       json_values))  # fmt: skip
def test_no_wrapper_with_odd_contents_makes_peeling_fail_in_another_way(document: dict[str, Any]) -> None:
    try:
        peel(json.dumps(document), {"traceparent": "odd"})
    except NotADocument:
        return


def test_a_notice_keeps_the_envelope_that_gamelift_put_around_it() -> None:
    assert NOTICE == peel(in_sns(json.dumps(NOTICE)), {}).document


def test_an_event_is_taken_out_of_its_entry() -> None:
    assert EVENT == peel(in_entry(EVENT), {}).document


def test_trace_context_comes_from_the_event_before_the_attributes() -> None:
    other = {"traceparent": {"DataType": "String", "StringValue": "00-" + "1" * 32 + "-" + "2" * 16 + "-00"}}

    assert TRACE == peel(in_entry({**EVENT, "trace": TRACE}), other).trace


def test_trace_context_comes_from_sns_attributes() -> None:
    assert TRACE == peel(in_sns(json.dumps(NOTICE), TRACE), {}).trace


def test_trace_context_comes_from_message_attributes_of_a_raw_delivery() -> None:
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in TRACE.items()}

    assert TRACE == peel(json.dumps(NOTICE), attributes).trace


@pytest.mark.parametrize(
    "body",
    [
        "",
        "plain text",
        "[1]",
        '"text"',
        "null",
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1, "a": 2}',
        '{"a": {"b": 1, "b": 1}}',
        '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"a": ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}",
        in_sns("not json"),
        in_sns("[]"),
        in_sns(in_sns(in_sns(in_sns(in_sns("{}"))))),
        json.dumps({"source": "muster.tickets", "detail-type": "x", "detail": "text"}),
    ],
    ids=lambda body: body[:24],
)
def test_what_is_no_document_is_refused_without_quoting_it(body: str) -> None:
    with pytest.raises(NotADocument) as caught:
        peel(body, {})

    assert "plain text" not in str(caught.value)


def test_a_document_of_just_the_permitted_depth_is_let_through() -> None:
    body = '{"a": ' + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1) + "}"

    assert "a" in peel(body, {}).document
