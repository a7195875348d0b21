"""The event bus in memory: at the level of the client, and at the level of the publisher."""

import json
from collections.abc import Sequence
from typing import Any

from muster_events import registry
from muster_events.envelope import Event
from muster_runtime.messaging.publisher import Entry, entry


class FakeEvents:
    """An EventBridge client that keeps what it is given.

    Attributes:
        requests: the entries of each PutEvents call, as sent.
        accepted: entries that were taken, in order.
    """

    def __init__(self) -> None:
        """Begin with an empty bus."""
        self.requests: list[list[dict[str, Any]]] = []
        self.accepted: list[dict[str, Any]] = []
        self._refusals: list[dict[int, str]] = []

    def refuse_next(self, refusals: dict[int, str] | None = None, /, *, every: str = "") -> None:
        """Refuse entries of the next call that has no refusals planned yet.

        Args:
            refusals: error code by place of the entry.
            every: error code for all entries.
        """
        self._refusals.append(dict.fromkeys(range(10), every) if every else dict(refusals or {}))

    async def put_events(self, *, Entries: Sequence[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Take *Entries*, but for those that a plan refuses."""
        refusals = self._refusals.pop(0) if self._refusals else {}
        self.requests.append(list(Entries))
        told: list[dict[str, Any]] = []
        for place, each in enumerate(Entries):
            if code := refusals.get(place):
                told.append({"ErrorCode": code, "ErrorMessage": "planned"})
            else:
                self.accepted.append(each)
                told.append({"EventId": f"accepted-{len(self.accepted)}"})
        return {"FailedEntryCount": sum("ErrorCode" in each for each in told), "Entries": told}

    @property
    def events(self) -> list[Event[Any]]:
        """The accepted events, parsed."""
        return [_event(each["Detail"]) for each in self.accepted]


class RecordingPublisher:
    """A publisher that keeps events; it checks them as the real one does.

    Attributes:
        events: everything published, in order.
    """

    def __init__(self) -> None:
        """Begin with nothing published."""
        self.events: list[Event[Any]] = []
        self._failures: list[Exception] = []

    def fail_next(self, *errors: Exception) -> None:
        """Let the next calls raise *errors*, one each, and publish nothing."""
        self._failures.extend(errors)

    async def publish(self, *events: Event[Any]) -> None:
        """Keep *events*.

        Raises:
            Invalid: one of them breaks its contract.
        """
        await self.send([entry(event) for event in events])

    async def send(self, entries: Sequence[Entry]) -> None:
        """Keep the events of *entries*."""
        if self._failures:
            raise self._failures.pop(0)
        self.events.extend(_event(each.detail) for each in entries)

    def of(self, event_type: str) -> list[Event[Any]]:
        """Return the published events of one type, such as `ticket.matched`, in order."""
        return [event for event in self.events if event.type == event_type]


def _event(detail: str) -> Event[Any]:
    parsed = registry.parse(json.loads(detail))
    if not isinstance(parsed, Event):
        raise TypeError(f"{type(parsed).__name__} is no event of the registry")
    return parsed
