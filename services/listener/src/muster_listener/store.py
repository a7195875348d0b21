"""The listener's table in DynamoDB: one row a record, and one a notice.

`pk` is the kind and the id of what the row holds. Game sessions alone carry `status`, the partition key of the sparse
index `by_status`, whose sort key `updated_at` is written with a fixed width, so that text sorts as time.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

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
from muster_runtime.dynamo import ConditionFailed, Item, Table

STATUS_INDEX: Final = "by_status"
_ONLY: Final = "record"
"""The sort key of every row so far: each thing has one row."""


class DynamoRecordStore:
    """Keeps records in one DynamoDB table; implements `muster_listener.ports.RecordStore`."""

    def __init__(self, table: Table, *, clock: Clock, keep_s: float) -> None:
        """Build the store.

        Args:
            table: the listener's table, keys `pk` and `sk`.
            clock: decides what has expired.
            keep_s: seconds that a record is kept after its last change, and a notice after it came.
        """
        self._table = table
        self._clock = clock
        self._keep_s = keep_s

    async def log(self, entry: LogEntry) -> None:
        """Keep *entry*; a repeat leaves the first one, and the time it is kept, as they are."""
        row = {
            "pk": f"notice#{entry.notice_id}",
            "sk": _ONLY,
            "kind": entry.kind,
            "type": entry.type,
            "at": _text(entry.at),
            "about": list(entry.about),
            "body": entry.body,
            "expires_at": self._expires_at(),
        }
        try:
            await self._table.put(row, condition="attribute_not_exists(pk)")
        except ConditionFailed:
            return

    async def load(self, kind: type[R], record_id: str) -> R | None:
        """Return the stored record of that kind and id, or None when there is none or it has expired.

        Source: DynamoDB deletes expired rows late, within days, so a reader has to look at the time itself.
        """
        row = await self._table.get(_key(kind, record_id), consistent=True)
        if row is None or row["expires_at"] <= self._clock.epoch_s():
            return None
        record: R = _READERS[kind](row)
        return record

    async def save(self, record: Record, *, expected: int) -> None:
        """Store *record* if the stored sequence is still *expected*; an expired row counts as not stored.

        Raises:
            RecordChanged: another writer got there first.
        """
        now_s = self._clock.epoch_s()
        row = {
            **_key(type(record), record.id),
            **row_from(record),
            "updated_at": _text(self._clock.now()),
            "expires_at": self._expires_at(),
        }
        condition = "#sequence = :expected AND expires_at > :now"
        if not expected:
            condition = "attribute_not_exists(pk) OR expires_at <= :now"
        try:
            await self._table.put(
                row,
                condition=condition,
                names={"#sequence": "sequence"} if expected else None,
                values={":now": now_s, ":expected": expected} if expected else {":now": now_s},
            )
        except ConditionFailed as error:
            raise RecordChanged from error

    async def mark_told(self, record: Placement | Session) -> None:
        """Note that the record's news was told; does nothing when the record is gone."""
        try:
            await self._table.update(
                _key(type(record), record.id),
                update="SET is_told = :yes",
                condition="attribute_exists(pk)",
                values={":yes": True},
            )
        except ConditionFailed:
            return

    async def sessions(self, status: SessionStatus, *, limit: int, after: Cursor | None) -> SessionPage:
        """Return game sessions of one status, the most recently changed first."""
        page = await self._table.query(
            index=STATUS_INDEX,
            key_condition="#status = :status",
            filter="expires_at > :now",
            names={"#status": "status"},
            values={":status": status.value, ":now": self._clock.epoch_s()},
            forward=False,
            limit=limit,
            start=_start(status, after) if after else None,
        )
        return SessionPage(
            sessions=tuple(
                Listed(session=_session(row), updated_at=datetime.fromisoformat(row["updated_at"]))
                for row in page.items
            ),
            following=_cursor(page.next_key) if page.next_key else None,
        )

    async def ping(self) -> None:
        """Ask the table whether it answers.

        Raises:
            Unavailable: it does not.
        """
        await self._table.ping()

    def _expires_at(self) -> int:
        return int(self._clock.epoch_s() + self._keep_s)


def row_from(record: Record) -> Item:
    """Return the row that holds *record*, without its key and the times that depend on when it is saved."""
    match record:
        case Placement():
            return {
                "placement_id": record.placement_id,
                "outcome": record.outcome.value,
                "notice_id": record.notice_id,
                "started_at": _text(record.started_at),
                "ended_at": _text(record.ended_at),
                "session_arn": record.session_arn,
                "address": _address_row(record.address),
                "player_ids": list(record.player_ids),
                "sequence": record.sequence,
                "is_told": record.is_told,
            }
        case Session():
            return {
                "arn": record.arn,
                "status": record.status.value,
                "placement_id": record.placement_id,
                "match_id": record.match_id,
                "address": _address_row(record.address),
                "player_ids": list(record.player_ids),
                "placed_at": _text(record.placed_at),
                "ended_at": _text(record.ended_at),
                "sequence": record.sequence,
                "is_told": record.is_told,
                "cause": record.cause,
            }
        case Match():
            return {
                "match_id": record.match_id,
                "stage": record.stage.name,
                "ticket_ids": list(record.ticket_ids),
                "teams": dict(record.teams),
                "session_arn": record.session_arn,
                "formed_at": _text(record.formed_at),
                "ended_at": _text(record.ended_at),
                "scores": dict(record.scores),
                "sequence": record.sequence,
            }


def _placement(row: Mapping[str, Any]) -> Placement:
    return Placement(
        placement_id=PlacementId(row["placement_id"]),
        outcome=Outcome(row["outcome"]),
        notice_id=row["notice_id"],
        started_at=_time(row["started_at"]),
        ended_at=datetime.fromisoformat(row["ended_at"]),
        session_arn=row["session_arn"] and SessionArn(row["session_arn"]),
        address=Address(**row["address"]),
        player_ids=tuple(PlayerId(player_id) for player_id in row["player_ids"]),
        sequence=row["sequence"],
        is_told=row["is_told"],
    )


def _session(row: Mapping[str, Any]) -> Session:
    return Session(
        arn=SessionArn(row["arn"]),
        placement_id=row["placement_id"] and PlacementId(row["placement_id"]),
        match_id=row["match_id"] and MatchId(row["match_id"]),
        address=Address(**row["address"]),
        player_ids=tuple(PlayerId(player_id) for player_id in row["player_ids"]),
        placed_at=_time(row["placed_at"]),
        ended_at=_time(row["ended_at"]),
        sequence=row["sequence"],
        is_told=row["is_told"],
        cause=row["cause"],
    )


def _match(row: Mapping[str, Any]) -> Match:
    return Match(
        match_id=MatchId(row["match_id"]),
        stage=Stage[row["stage"]],
        ticket_ids=tuple(TicketId(ticket_id) for ticket_id in row["ticket_ids"]),
        teams={PlayerId(player_id): team for player_id, team in row["teams"].items()},
        session_arn=row["session_arn"] and SessionArn(row["session_arn"]),
        formed_at=_time(row["formed_at"]),
        ended_at=_time(row["ended_at"]),
        scores=row["scores"],
        sequence=row["sequence"],
    )


_READERS: Final[Mapping[type, Callable[[Mapping[str, Any]], Any]]] = {
    Placement: _placement,
    Session: _session,
    Match: _match,
}


def _key(kind: type[Record], record_id: str) -> Item:
    return {"pk": f"{kind.__name__.lower()}#{record_id}", "sk": _ONLY}


def _start(status: SessionStatus, after: Cursor) -> Item:
    return {**_key(Session, after.arn), "status": status.value, "updated_at": _text(after.updated_at)}


def _cursor(next_key: Mapping[str, Any]) -> Cursor:
    return Cursor(
        arn=SessionArn(next_key["pk"].removeprefix("session#")),
        updated_at=datetime.fromisoformat(next_key["updated_at"]),
    )


def _address_row(address: Address) -> Item:
    return {
        "region": address.region,
        "location": address.location,
        "ip_address": address.ip_address,
        "dns_name": address.dns_name,
        "port": address.port,
    }


def _text(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="microseconds") if at is not None else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None
