"""The envelope around every event that Muster publishes."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

_NAMESPACE = uuid.UUID("5b9f6d0e-8a55-4f0a-9a64-6d7573746572")


class EventData(BaseModel):
    """Base of every event's payload: what happened, in the producer's words.

    Strict when published (nothing extra), tolerant when consumed: `muster_events.registry.parse` ignores
    unknown fields, so that a producer may add optional ones within a version.

    Class attributes:
        TYPE: noun, dot, past participle, such as `ticket.matched`.
        VERSION: integer, rises with every breaking change.
        PRODUCER: the one service that may publish it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1
    PRODUCER: ClassVar[str]


D = TypeVar("D", bound=EventData)
D_co = TypeVar("D_co", bound=EventData, covariant=True)


class Event(BaseModel, Generic[D_co]):
    """One fact, as it travels in the `Detail` of an EventBridge entry.

    Attributes:
        id: the same for every repeat of the same fact, so that consumers can recognise a duplicate.
        type: `EventData.TYPE`.
        version: `EventData.VERSION`.
        source: the producing service, such as `tickets`.
        subject: what it is about, and the key of its order: a ticket id, a user id.
        sequence: rises within a subject; 0 where the subject has no order.
        occurred_at: when it became true, UTC.
        causes: ids of the events or notices that led to it.
        trace: W3C trace context headers of the producer, such as `traceparent`.
        data: the payload.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: str = Field(min_length=1)
    type: str
    version: int = Field(ge=1)
    source: str
    subject: str = Field(min_length=1)
    sequence: int = Field(default=0, ge=0)
    occurred_at: AwareDatetime
    causes: tuple[str, ...] = ()
    trace: Mapping[str, str] = Field(default_factory=dict)
    data: D_co


@cache
def envelope_of(data_class: type[EventData]) -> type[Event[Any]]:
    """Return the model of the events that carry *data_class*.

    It is kept. Pydantic holds such a class weakly, so that the next event after each garbage collection would build it
    again, which costs far more than an event.
    """
    return Event[data_class]  # type: ignore[valid-type]  # the class is only known at run time


def event_id(event_type: str, subject: str, sequence: int | str) -> str:
    """Return the identifier of a fact: the same arguments always give the same UUID.

    A repeated announcement after a crash is so recognisably the same one.
    """
    return str(uuid.uuid5(_NAMESPACE, f"{event_type}\n{subject}\n{sequence}"))


def event(  # noqa: PLR0913 - the envelope has that many fields
    data: D,
    *,
    subject: str,
    occurred_at: datetime,
    sequence: int = 0,
    key: str | None = None,
    causes: tuple[str, ...] = (),
    trace: Mapping[str, str] | None = None,
) -> Event[D]:
    """Put *data* into its envelope.

    Args:
        data: the payload; its class names type, version and producer.
        subject: what it is about.
        occurred_at: when it became true; converted to UTC.
        sequence: place among the events of this subject.
        key: what makes the fact unique within type and subject; the sequence when left out.
        causes: ids of what led to it.
        trace: trace context of the producer.
    """
    kind = type(data)
    return envelope_of(kind)(
        id=event_id(kind.TYPE, subject, sequence if key is None else key),
        type=kind.TYPE,
        version=kind.VERSION,
        source=kind.PRODUCER,
        subject=subject,
        sequence=sequence,
        occurred_at=occurred_at.astimezone(UTC),
        causes=causes,
        trace=dict(trace or {}),
        data=data,
    )
