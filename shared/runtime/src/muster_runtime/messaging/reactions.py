"""What a service does on which message, as a table from the message's class to a handler."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from muster_events import registry
from muster_events.envelope import Event
from muster_events.registry import NotAnEvent, Unrecognised
from muster_runtime.errors import Malformed

Reaction = Callable[[Any], Awaitable[None]]
"""Handles one message. It must be safe to repeat, and safe to run late or out of order."""

Reactions = Mapping[type, Reaction]
"""An event's payload class (`TicketRequested`), or a notice's class (`MatchmakingNotice`), to its handler.

The handler of an event gets the whole `Event`, with subject, sequence and time; that of a notice gets the notice.
"""

Parse = Callable[[Mapping[str, Any]], object]
"""Turns a document into an event, a notice or `Unrecognised`; raises `NotAnEvent` when it is malformed."""


class NotAMessage(Malformed):
    """The document claims to be an event or a notice, but is not what its contract says."""

    code = "not_an_event"
    advice = "Send what the event catalogue describes."


def read(document: Mapping[str, Any], parse: Parse = registry.parse) -> object:
    """Return the event or notice in *document*, or `Unrecognised`.

    Raises:
        NotAMessage: it is malformed; the detail names the fields and never their values.
    """
    try:
        return parse(document)
    except NotAnEvent as error:
        raise NotAMessage(str(error)) from error


def reaction_to(message: object, reactions: Reactions) -> Reaction | None:
    """Return the handler for *message*; None when it is not for this service."""
    if isinstance(message, Unrecognised):
        return None
    return reactions.get(type(message.data) if isinstance(message, Event) else type(message))


def facts(message: object) -> dict[str, str]:
    """Return what logs should tell of *message*: identifiers and type, nothing of its content."""
    match message:
        case Event(id=event_id, type=event_type, subject=subject):
            return {"event_id": event_id, "event_type": event_type, "subject": subject}
        case Unrecognised(id=event_id, type=event_type):
            return {"event_id": event_id, "event_type": event_type}
        case _:
            return {"event_id": str(getattr(message, "id", "")), "event_type": type(message).__name__}
