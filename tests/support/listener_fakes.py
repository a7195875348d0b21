"""In-memory stand-ins for the ports of the listener, and builders; the contract tests hold them to what AWS does."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from muster_listener.domain import (
    Address,
    LogEntry,
    Match,
    MatchId,
    Outcome,
    Placement,
    PlacementId,
    PlayerId,
    R,
    Record,
    Session,
    SessionArn,
    SessionStatus,
    Stage,
    TicketId,
)
from muster_listener.errors import RecordChanged
from muster_listener.ports import Cursor, Listed, SessionPage
from muster_runtime.clock import Clock

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEEP_S = 604_800.0

ARN = SessionArn("arn:aws:gamelift:us-east-1:000000000000:gamesession/fleet-1/custom-laptop/1")
PLACEMENT = PlacementId("placement-1")
MATCH = MatchId("match-1")
ANN, BEN = PlayerId("ann"), PlayerId("ben")
ADDRESS = Address(region="us-east-1", location="custom-laptop", ip_address="127.0.0.1", port=7777)


def a_placement(outcome: Outcome = Outcome.FULFILLED, **fields: Any) -> Placement:
    won = outcome is Outcome.FULFILLED
    placement = Placement(
        placement_id=PLACEMENT,
        outcome=outcome,
        notice_id="notice-placed",
        started_at=START,
        ended_at=START + timedelta(seconds=2),
        session_arn=ARN if won else None,
        address=ADDRESS if won else Address(),
        player_ids=(ANN, BEN) if won else (),
    )
    return replace(placement, **fields)


def a_session(**fields: Any) -> Session:
    session = Session(
        arn=ARN,
        placement_id=PLACEMENT,
        match_id=MATCH,
        address=ADDRESS,
        player_ids=(ANN, BEN),
        placed_at=START + timedelta(seconds=2),
    )
    return replace(session, **fields)


def an_ended_session(**fields: Any) -> Session:
    return a_session(ended_at=START + timedelta(seconds=60), cause="event-finished", **fields)


def a_match(stage: Stage = Stage.PLACED, **fields: Any) -> Match:
    match = Match(
        match_id=MATCH,
        stage=stage,
        ticket_ids=(TicketId("t-1"), TicketId("t-2")),
        teams={ANN: "red", BEN: "blue"},
        session_arn=ARN,
        formed_at=START,
        ended_at=START + timedelta(seconds=60) if stage is Stage.FINISHED else None,
        scores={"red": 3, "blue": 1} if stage is Stage.FINISHED else {},
    )
    return replace(match, **fields)


def an_entry(notice_id: str = "notice-1") -> LogEntry:
    return LogEntry(
        notice_id=notice_id, kind="placement", type="PlacementFulfilled", at=START, about=(PLACEMENT,), body="{}"
    )


@dataclass
class MemoryRecordStore:
    """`RecordStore` in dictionaries."""

    clock: Clock
    entries: dict[str, LogEntry] = field(default_factory=dict)
    records: dict[tuple[type, str], Record] = field(default_factory=dict)
    updated_at: dict[tuple[type, str], datetime] = field(default_factory=dict)

    async def log(self, entry: LogEntry) -> None:
        self.entries.setdefault(entry.notice_id, entry)

    async def load(self, kind: type[R], record_id: str) -> R | None:
        key = (kind, record_id)
        if key not in self.records or self._is_forgotten(key):
            return None
        record: R = self.records[key]  # type: ignore[assignment]  # the key holds the kind
        return record

    async def save(self, record: Record, *, expected: int) -> None:
        stored = await self.load(type(record), record.id)  # type: ignore[type-var]  # any kind of record
        if (stored.sequence if stored else 0) != expected:
            raise RecordChanged
        key = (type(record), record.id)
        self.records[key] = record
        self.updated_at[key] = self.clock.now()

    async def mark_told(self, record: Placement | Session) -> None:
        key = (type(record), record.id)
        if key in self.records:
            self.records[key] = replace(self.records[key], is_told=True)

    async def sessions(self, status: SessionStatus, *, limit: int, after: Cursor | None) -> SessionPage:
        listed = sorted(
            (
                Listed(session=record, updated_at=self.updated_at[key])
                for key, record in self.records.items()
                if isinstance(record, Session) and record.status is status and not self._is_forgotten(key)
            ),
            key=lambda each: (each.updated_at, each.session.arn),
            reverse=True,
        )
        if after is not None:
            place = (after.updated_at, after.arn)
            listed = [each for each in listed if (each.updated_at, each.session.arn) < place]
        page = tuple(listed[:limit])
        following = Cursor(arn=page[-1].session.arn, updated_at=page[-1].updated_at) if listed[limit:] else None
        return SessionPage(sessions=page, following=following)

    def _is_forgotten(self, key: tuple[type, str]) -> bool:
        return self.updated_at[key] + timedelta(seconds=KEEP_S) <= self.clock.now()
