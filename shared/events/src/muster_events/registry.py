"""All events by name and version: parse what arrives, dump what leaves.

Strict out, tolerant in. What arrives may hold unknown fields at every level; a type that nobody here knows,
or a higher version of a known one, is `Unrecognised`: not for us, and no error. What leaves is validated in
full.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from muster_events.achievements import AchievementUnlocked
from muster_events.envelope import Event, EventData, envelope_of
from muster_events.gamelift import NOTICES, MatchmakingNotice, PlacementNotice, is_notice
from muster_events.identity import (
    IdentityLinked,
    IdentityUnlinked,
    KeysRotated,
    SessionRevoked,
    UserBanned,
    UserCreated,
    UserDeleted,
    UserMerged,
    UserUnbanned,
)
from muster_events.listener import PlacementEnded, SessionEnded, SessionPlaced
from muster_events.matches import MatchFinished
from muster_events.matchmaking import TicketRefused, TicketRequested
from muster_events.tickets import TicketEnded, TicketMatched, TicketPlacing, TicketSearching

_M = TypeVar("_M", bound=BaseModel)

EVENTS: Final[tuple[type[EventData], ...]] = (
    AchievementUnlocked,
    IdentityLinked,
    IdentityUnlinked,
    KeysRotated,
    MatchFinished,
    PlacementEnded,
    SessionEnded,
    SessionPlaced,
    SessionRevoked,
    TicketEnded,
    TicketMatched,
    TicketPlacing,
    TicketRefused,
    TicketRequested,
    TicketSearching,
    UserBanned,
    UserCreated,
    UserDeleted,
    UserMerged,
    UserUnbanned,
)
"""Every event that Muster publishes, in alphabetical order; several versions of a type stand side by side."""

OWNERS: Final[Mapping[str, str]] = {
    "achievement.unlocked": "@muster/achievements",
    "identity.linked": "@muster/identity",
    "identity.unlinked": "@muster/identity",
    "keys.rotated": "@muster/identity",
    "match.finished": "@muster/players",
    "placement.ended": "@muster/listener",
    "session.ended": "@muster/listener",
    "session.placed": "@muster/listener",
    "session.revoked": "@muster/identity",
    "ticket.ended": "@muster/tickets",
    "ticket.matched": "@muster/tickets",
    "ticket.placing": "@muster/tickets",
    "ticket.refused": "@muster/matchmaking",
    "ticket.requested": "@muster/matchmaking",
    "ticket.searching": "@muster/tickets",
    "user.banned": "@muster/identity",
    "user.created": "@muster/identity",
    "user.deleted": "@muster/identity",
    "user.merged": "@muster/identity",
    "user.unbanned": "@muster/identity",
}
"""Who approves a change to an event: exactly one owner for each type."""


class NotAnEvent(ValueError):
    """The document claims to be an event or notice and is not.

    Attributes:
        problems: what is wrong, one line each, naming the field; never what stood in it.
    """

    def __init__(self, *problems: str) -> None:
        """Build the error.

        Args:
            problems: what is wrong, one line each.
        """
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """A well-formed event that is not for this program: a type or a version it has never heard of.

    Attributes:
        type: the event's type, or the `detail-type` of a notice.
        version: the event's version; 0 for a notice.
        id: the identifier it came with; empty when it came without one.
    """

    type: str
    version: int
    id: str = ""


def _index(events: tuple[type[EventData], ...]) -> dict[tuple[str, int], type[EventData]]:
    return {(event.TYPE, event.VERSION): event for event in events}


BY_NAME: Final[Mapping[tuple[str, int], type[EventData]]] = _index(EVENTS)
"""The model for each type and version."""


def parse(document: Mapping[str, Any]) -> Event[Any] | MatchmakingNotice | PlacementNotice | Unrecognised:
    """Turn a document into the event or notice that it is.

    Args:
        document: an event of ours, already peeled out of its EventBridge entry, or a notice of GameLift with
            the envelope that GameLift puts around it.

    Returns:
        The event with its own payload class, the notice, or `Unrecognised` when type or version are unknown
        here.

    Raises:
        NotAnEvent: it has no type or version, or a known type's fields are missing or wrong. Repeating is
            useless.
    """
    if not isinstance(document, Mapping):
        raise NotAnEvent("not an object")
    if is_notice(document):
        return _parse_notice(document)
    kind, version = document.get("type"), document.get("version")
    if not isinstance(kind, str) or not kind:
        raise NotAnEvent("type: missing or not a string")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise NotAnEvent("version: missing or not a positive integer")
    data_class = BY_NAME.get((kind, version))
    if data_class is None:
        return Unrecognised(type=kind, version=version, id=_text(document.get("id")))
    event: Event[Any] = _validate(envelope_of(data_class), document)
    if event.source != data_class.PRODUCER:
        raise NotAnEvent(f"source: {kind} is published by {data_class.PRODUCER} only")
    return event


def dump(event: Event[Any]) -> str:
    """Write *event* as the JSON text that travels, after checking it against everything that is promised.

    Raises:
        NotAnEvent: the type is not registered, type, version or source are not those of the payload's class,
            or a field breaks the model (which only happens to objects that were built without validation).
    """
    data_class = type(event.data)
    if BY_NAME.get((event.type, event.version)) is not data_class:
        raise NotAnEvent(f"type: {event.type!r} version {event.version} is not {data_class.__name__} in the registry")
    if event.source != data_class.PRODUCER:
        raise NotAnEvent(f"source: {event.type} is published by {data_class.PRODUCER} only")
    fields: dict[str, Any] = {name: getattr(event, name) for name in type(event).model_fields}
    fields["data"] = {name: getattr(event.data, name) for name in data_class.model_fields}
    try:
        return envelope_of(data_class).model_validate(fields, strict=True).model_dump_json()
    except ValidationError as error:
        raise NotAnEvent(*_problems(error)) from None


def _parse_notice(document: Mapping[str, Any]) -> MatchmakingNotice | PlacementNotice | Unrecognised:
    kind = document["detail-type"]
    if not isinstance(kind, str):
        raise NotAnEvent("detail-type: not a string")
    model = NOTICES.get(kind)
    if model is None:
        return Unrecognised(type=kind, version=0, id=_text(document.get("id")))
    return _validate(model, document)


def _validate(model: type[_M], document: Mapping[str, Any]) -> _M:
    try:
        return model.model_validate(document, extra="ignore")
    except ValidationError as error:
        raise NotAnEvent(*_problems(error)) from None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _problems(error: ValidationError) -> tuple[str, ...]:
    """Say what is wrong and where, but not with which value: it may be a secret."""
    return tuple(
        f"{'.'.join(str(step) for step in each['loc']) or 'document'}: {each['msg']}"
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    )
