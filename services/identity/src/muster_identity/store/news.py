"""Facts as the events that tell them, and the bell that rings for the keys."""

from datetime import UTC, datetime
from typing import Any

from muster_events.envelope import Event, EventData, event
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
from muster_identity.domain.changes import Fact, TakenBack, Told
from muster_identity.domain.keys import SigningKey
from muster_identity.store.rows import revocation_row
from muster_runtime.dynamo import Table, transact
from muster_runtime.messaging.outbox import Outbox


class OutboxBell:
    """`Bell` through the outbox and the list of what was taken back."""

    def __init__(self, client: Any, outbox: Outbox, *, revocations: str) -> None:  # noqa: ANN401 - aiobotocore clients are untyped
        """Write to *outbox*, and to the table *revocations*, through *client*."""
        self._client = client
        self._outbox = outbox
        self._revocations = Table(client, revocations)

    async def announce_rotation(self, key: SigningKey) -> None:
        """Queue the event `keys.rotated` for the key that signs now; a repeat carries the same event id."""
        operations = (self._outbox.op(_keys_rotated(key)),)
        await transact(self._client, operations)
        self._outbox.kick(operations)

    async def void_key(self, key_id: str, *, until_s: int) -> None:
        """Tell every verifier that nothing signed with this key counts, up to *until_s*; a repeat changes nothing."""
        await self._revocations.put(revocation_row(TakenBack("key", key_id, until_s, until_s)))


def event_of(fact: Fact) -> Event[Any]:
    """Return the event that tells *fact*; the same fact always gives the same event."""
    return event(
        _payload(fact),
        subject=fact.user_id,
        sequence=fact.sequence,
        key=fact.key or None,
        occurred_at=_moment(fact.at_s),
    )


def _payload(fact: Fact) -> EventData:  # noqa: PLR0911 - one return a kind of fact
    match fact.told:
        case Told.CREATED:
            return UserCreated(user_id=fact.user_id, kind=fact.door)
        case Told.LINKED:
            return IdentityLinked(user_id=fact.user_id, door=fact.door)
        case Told.UNLINKED:
            return IdentityUnlinked(user_id=fact.user_id, door=fact.door)
        case Told.REVOKED:
            return SessionRevoked(
                user_id=fact.user_id,
                sid=fact.session_id or None,
                reason=fact.reason,
                revoked_at=_moment(fact.at_s),
            )
        case Told.BANNED:
            until = None if fact.until_s is None else _moment(fact.until_s)
            return UserBanned(user_id=fact.user_id, reason=fact.reason, until=until)
        case Told.UNBANNED:
            return UserUnbanned(user_id=fact.user_id)
        case Told.MERGED:
            return UserMerged(user_id=fact.user_id, survivor_id=fact.survivor)
        case Told.DELETED:
            return UserDeleted(user_id=fact.user_id)


def _keys_rotated(key: SigningKey) -> Event[KeysRotated]:
    signs_from = _moment(key.signs_from_s)
    return event(KeysRotated(key_id=key.key_id, signs_from=signs_from), subject=key.key_id, occurred_at=signs_from)


def _moment(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)
