"""Peel a queue message down to the document that somebody meant to send.

A body is, from the outside in: an SNS notification or a raw SNS delivery; an EventBridge entry; an event or a notice.
What GameLift sends keeps its EventBridge envelope, because account, time and region stand there; ours is taken out of
it, because an event has its own envelope in `detail`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from muster_runtime.errors import Malformed
from muster_runtime.tracing import TRACE_KEYS

MAX_DEPTH: Final = 64
"""Deepest nesting of a document; GameLift's deepest has 6 levels."""
_MAX_WRAPPERS: Final = 4
_OURS: Final = "muster."


class NotADocument(Malformed):
    """The body of a message is not a JSON object, however often it is peeled."""

    code = "not_a_document"
    advice = "Send one JSON object, bare or wrapped by SNS or EventBridge."


@dataclass(frozen=True, slots=True)
class Peeled:
    """A message without its wrappers.

    Attributes:
        document: an event of ours, a notice of GameLift with its envelope, or whatever else was sent.
        trace: trace context of the producer; empty when it sent none.
    """

    document: dict[str, Any]
    trace: dict[str, str]


def peel(body: str, attributes: Mapping[str, Any]) -> Peeled:
    """Return the document in *body* and the trace context that came with it.

    The context inside the document counts most, then that of SNS's attributes, then that of the SQS message: the
    innermost was written by the one who knows what it is about.

    Args:
        body: as received.
        attributes: the message attributes as received, `{name: {"DataType": ..., "StringValue": ...}}`.

    Raises:
        NotADocument: not JSON, not an object, nested too deep, or with a name twice in one object.
    """
    trace = _trace(attributes, "StringValue")
    document = _parse(body)
    for _ in range(_MAX_WRAPPERS):
        if not _is_notification(document):
            break
        trace |= _trace(document.get("MessageAttributes"), "Value")
        document = _parse(document["Message"])
    else:
        raise NotADocument("The message is wrapped too often.")
    if _is_our_entry(document):
        if not isinstance(document["detail"], dict):
            raise NotADocument("The detail of an event's entry is not an object.")
        document = document["detail"]
    return Peeled(document, trace | _trace_inside(document))


def _is_notification(document: Mapping[str, Any]) -> bool:
    return (
        document.get("Type") == "Notification"
        and isinstance(document.get("Message"), str)
        and isinstance(document.get("TopicArn"), str)
    )


def _is_our_entry(document: Mapping[str, Any]) -> bool:
    source = document.get("source")
    return isinstance(source, str) and source.startswith(_OURS) and "detail-type" in document and "detail" in document


def _trace(attributes: object, field: str) -> dict[str, str]:
    if not isinstance(attributes, Mapping):
        return {}
    found = {}
    for name in TRACE_KEYS:
        match attributes.get(name):
            case Mapping() as attribute if isinstance(attribute.get(field), str):
                found[name] = attribute[field]
            case _:
                pass
    return found


def _trace_inside(document: Mapping[str, Any]) -> dict[str, str]:
    match document.get("trace"):
        case Mapping() as trace:
            return {name: trace[name] for name in TRACE_KEYS if isinstance(trace.get(name), str)}
        case _:
            return {}


def _parse(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError as error:
        raise NotADocument("The message is nested too deep.") from error
    except ValueError as error:
        # The decoder's message quotes nothing of the body; the body itself may hold what must not reach a log.
        raise NotADocument("The message is not JSON.") from error
    if not isinstance(document, dict):
        raise NotADocument("The message is not a JSON object.")
    if text.count("{") + text.count("[") > MAX_DEPTH and _depth(document) > MAX_DEPTH:
        raise NotADocument("The message is nested too deep.")
    return document


def _depth(document: object) -> int:
    """Return how many levels of objects and arrays *document* has; walks level by level, never recursing."""
    level: list[object] = [document]
    depth = 0
    while level := [each for each in level if isinstance(each, (dict, list))]:
        depth += 1
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return depth


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotADocument("The message has a name twice in one object.")
    return found


def _refuse(constant: str) -> None:
    raise NotADocument(f"{constant} is not JSON.")
