"""Who listens to what, as data: the one table that rules, queues and documents are made from.

Pure: imports nothing but the standard library, so that deploy can read it while it builds templates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

BUS: Final = "muster"
"""Name of the EventBridge bus that carries Muster's own events."""

SOURCE_PREFIX: Final = "muster."
"""Stands before the producing service in the `source` of an EventBridge entry."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One service wants one event type on one queue.

    Attributes:
        event_type: such as `ticket.matched`; the `detail-type` of the EventBridge entry.
        producer: the one service that publishes it.
        consumer: the service that listens.
        queue: physical name of the SQS queue it arrives on.
    """

    event_type: str
    producer: str
    consumer: str
    queue: str

    @property
    def dead_letters(self) -> str:
        """Physical name of the queue beside it that takes what cannot be handled."""
        return f"{self.queue}-dead-letters"

    @property
    def pattern(self) -> dict[str, list[str]]:
        """The EventBridge pattern that selects exactly this event type of this producer."""
        return {"source": [f"{SOURCE_PREFIX}{self.producer}"], "detail-type": [self.event_type]}


@dataclass(frozen=True, slots=True)
class NoticeFeed:
    """One service wants one family of GameLift's notices on one queue.

    Attributes:
        topic: physical name of the SNS topic that GameLift is told to notify.
        detail_type: the `detail-type` that arrives on it.
        consumer: the service that listens.
        queue: physical name of the SQS queue it arrives on.
    """

    topic: str
    detail_type: str
    consumer: str
    queue: str

    @property
    def dead_letters(self) -> str:
        """Physical name of the queue beside it that takes what cannot be handled."""
        return f"{self.queue}-dead-letters"


SUBSCRIPTIONS: Final[tuple[Subscription, ...]] = (
    Subscription("ticket.requested", "matchmaking", "tickets", "muster-tickets-events"),
    Subscription("ticket.refused", "matchmaking", "tickets", "muster-tickets-events"),
    # Matchmaking hears its own fact, so that a request it accepted reaches GameLift even if the process died between.
    Subscription("ticket.requested", "matchmaking", "matchmaking", "muster-matchmaking-events"),
    Subscription("ticket.matched", "tickets", "matchmaking", "muster-matchmaking-events"),
    Subscription("ticket.ended", "tickets", "matchmaking", "muster-matchmaking-events"),
    Subscription("match.finished", "players", "achievements", "muster-achievements-events"),
    Subscription("match.finished", "players", "listener", "muster-listener-events"),
)

NOTICE_FEEDS: Final[tuple[NoticeFeed, ...]] = (
    NoticeFeed("muster-matchmaking-notices", "GameLift Matchmaking Event", "tickets", "muster-tickets-notices"),
    NoticeFeed("muster-matchmaking-notices", "GameLift Matchmaking Event", "listener", "muster-listener-notices"),
    NoticeFeed("muster-placement-notices", "GameLift Queue Placement Event", "listener", "muster-listener-notices"),
)


def listeners_to(event_type: str) -> tuple[Subscription, ...]:
    """Return the subscriptions of *event_type*, in the order of the table; empty when nobody listens."""
    return tuple(each for each in SUBSCRIPTIONS if each.event_type == event_type)


def heard_by(consumer: str) -> tuple[str, ...]:
    """Return the event types that *consumer* listens to, in the order of the table."""
    return tuple(each.event_type for each in SUBSCRIPTIONS if each.consumer == consumer)


def patterns_by_queue() -> Mapping[str, dict[str, list[str]]]:
    """Return, for each queue, one EventBridge pattern that lets through everything meant for it.

    A pattern lists sources and types apart and so matches every pair of them. That is no wider than the
    single subscriptions, because a type has one producer.
    """
    merged: dict[str, dict[str, list[str]]] = {}
    for each in SUBSCRIPTIONS:
        pattern = merged.setdefault(each.queue, {"source": [], "detail-type": []})
        for key, values in each.pattern.items():
            pattern[key].extend(value for value in values if value not in pattern[key])
    return merged
