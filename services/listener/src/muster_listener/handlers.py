"""What the listener does: keep what GameLift and game servers report, and tell the rest of Muster.

The order is always the same: save, announce, mark, and only then is the message acknowledged. Announcements are made
from the stored record and not from the change just made. So wherever the process stops, the repeat of the message
finds what is still to be told and tells it, under the same event id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, Protocol

from muster_events.envelope import Event, EventData, event
from muster_events.listener import PlacementEnded, SessionEnded, SessionPlaced
from muster_listener.domain import (
    LogEntry,
    Match,
    Outcome,
    Placement,
    PlacementId,
    R,
    Record,
    Session,
    SessionArn,
    SessionStatus,
    advance,
)
from muster_listener.errors import PlacementUnknown, RecordChanged, RecordContended, SessionUnknown
from muster_listener.ports import Cursor, RecordStore, SessionPage

SAVE_ATTEMPTS: Final = 5
"""A record has few writers, and each of them at most a handful of reports at a time."""
_OUTCOMES: Final[dict[Outcome, Literal["cancelled", "timed_out", "failed"]]] = {
    Outcome.CANCELLED: "cancelled",
    Outcome.TIMED_OUT: "timed_out",
    Outcome.FAILED: "failed",
}


class Publisher(Protocol):
    """Tells the outside world."""

    async def publish(self, *events: Event[Any]) -> None:
        """Publish *events*; returns once the bus has taken all of them.

        Raises:
            Busy: the bus throttles us.
            Unavailable: the bus does not answer; some of the events may have been taken.
        """


@dataclass(frozen=True, slots=True)
class ListenerHandlers:
    """The use cases of the listener.

    Attributes:
        store: keeps the records and the log.
        publisher: tells the outside world.
    """

    store: RecordStore
    publisher: Publisher

    async def on_notice(self, entry: LogEntry, reports: Sequence[Record]) -> None:
        """Log a notice of GameLift, and keep what it reports.

        Safe to repeat: the log entry has the notice's own id, and see `on_reports`.

        Raises:
            RecordContended: other writers kept getting there first.
            Busy, Unavailable: the store or the bus did; nothing is lost, repeat the notice.
        """
        await self.store.log(entry)
        await self.on_reports(reports)

    async def on_reports(self, reports: Sequence[Record]) -> None:
        """Keep each report, and tell the outside world what is new in it.

        Safe to repeat: a report already kept changes nothing, and an announcement that was missed is made up for.

        Raises:
            RecordContended: other writers kept getting there first.
            Busy, Unavailable: the store or the bus did; nothing is lost, repeat the message.
        """
        for report in reports:
            match report:
                case Placement():
                    await self._announce(await self._keep(report))
                case Session():
                    await self._announce(await self._keep(report))
                case Match():
                    await self._keep(report)

    async def session(self, arn: SessionArn) -> Session:
        """Return one game session.

        Raises:
            SessionUnknown: no notice spoke of it.
        """
        session = await self.store.load(Session, arn)
        if session is None:
            raise SessionUnknown
        return session

    async def placement(self, placement_id: PlacementId) -> Placement:
        """Return one placement.

        Raises:
            PlacementUnknown: no notice spoke of it.
        """
        placement = await self.store.load(Placement, placement_id)
        if placement is None:
            raise PlacementUnknown
        return placement

    async def sessions(self, status: SessionStatus, *, limit: int, after: Cursor | None) -> SessionPage:
        """Return a page of game sessions of one status, the most recently changed first."""
        return await self.store.sessions(status, limit=limit, after=after)

    async def _keep(self, report: R) -> R:
        """Join *report* into the stored record, and return what is stored now."""
        for _ in range(SAVE_ATTEMPTS):
            stored = await self.store.load(type(report), report.id)
            after = advance(stored, report)
            if after == stored:
                return after
            try:
                await self.store.save(after, expected=stored.sequence if stored else 0)
            except RecordChanged:
                continue
            return after
        raise RecordContended

    async def _announce(self, record: Placement | Session) -> None:
        """Tell the outside world the record's news, if it has any."""
        if record.has_news:
            await self.publisher.publish(announcement(record))
            await self.store.mark_told(record)


def announcement(record: Placement | Session) -> Event[EventData]:
    """Return the event that tells the record's news.

    Its id is made of what is told alone, so a repeat is recognisably the same event.

    Raises:
        ValueError: it is a game session that has not ended: of its beginning the placement tells.
    """
    data: EventData
    match record:
        case Placement():
            data, over_at, cause = _told_of_placement(record), record.ended_at, record.notice_id
        case Session(ended_at=datetime() as over_at):
            cause = record.cause
            data = SessionEnded(game_session_arn=record.arn, match_id=record.match_id or "", ended_at=over_at)
        case _:
            raise ValueError("a game session that is still played has nothing to tell")
    # Each of these happens once to its subject, so type and subject make the id.
    return event(data, subject=record.id, key="", occurred_at=over_at, causes=(cause,))


def _told_of_placement(placement: Placement) -> SessionPlaced | PlacementEnded:
    if placement.outcome is not Outcome.FULFILLED:
        return PlacementEnded(
            placement_id=placement.placement_id,
            outcome=_OUTCOMES[placement.outcome],
            ended_at=placement.ended_at,
        )
    return SessionPlaced(
        placement_id=placement.placement_id,
        game_session_arn=placement.session_arn or "",
        region=placement.address.region,
        location=placement.address.location,
        player_ids=placement.player_ids,
        placed_at=placement.ended_at,
    )
