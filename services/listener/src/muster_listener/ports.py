"""What the listener's handlers need from outside, told by effect."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from muster_listener.domain import LogEntry, Placement, R, Record, Session, SessionArn, SessionStatus


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of game sessions ended: the last session on it, and when that was last changed."""

    arn: SessionArn
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """A game session in a list, with the time of its last change."""

    session: Session
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SessionPage:
    """One page of game sessions.

    Attributes:
        sessions: the most recently changed first.
        following: where the next page begins; None on the last one.
    """

    sessions: tuple[Listed, ...]
    following: Cursor | None


class RecordStore(Protocol):
    """Keeps records, and the log of notices.

    Every method raises `Busy` when the store throttles us, and `Unavailable` when it does not answer; a write may have
    happened then.
    """

    async def log(self, entry: LogEntry) -> None:
        """Keep *entry* for the time that logs are kept; a repeat changes nothing."""

    async def load(self, kind: type[R], record_id: str) -> R | None:
        """Return the stored record of that kind and id, or None when there is none or it has expired.

        Reads are strongly consistent: a load after a save sees it.
        """

    async def save(self, record: Record, *, expected: int) -> None:
        """Store *record* if the stored sequence is still *expected*.

        Args:
            record: the record to keep.
            expected: the sequence it was loaded with; 0 when it was not stored.

        Raises:
            RecordChanged: another writer got there first; load again and decide again.
        """

    async def mark_told(self, record: Placement | Session) -> None:
        """Note that the outside world was told the record's news; does nothing when the record is gone."""

    async def sessions(self, status: SessionStatus, *, limit: int, after: Cursor | None) -> SessionPage:
        """Return game sessions of one status, the most recently changed first.

        May be a little behind. A session that changes while somebody pages may be missed or seen twice.

        Args:
            status: which ones.
            limit: most sessions on the page.
            after: where the page before ended; None for the first.
        """
