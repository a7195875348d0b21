"""Accounts in DynamoDB.

Every change that a decision makes is one transaction: users, identities, sessions, history and events together, each
on condition that what was decided on is still so. No crash leaves one without the others, and of two decisions on one
state the second learns that it has to look again.

    users        user_id          one row an account; index `deletions` of those that asked to be deleted
    identities   identity         door#subject -> user_id: whoever writes it first owns it
    sessions     session_id       one row a sign-in; index `by_user`
    bans         identity_hash    bans of people as their provider knows them
    resolutions  token_hash       offers to resolve a conflict, each good for once
    audit        user_id, entry   what happened to an account
    revocations  lane, mark       tokens that count no more although their time is not over
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from muster_identity.domain.changes import AuditEntry, Change, Listed, Resolution
from muster_identity.domain.sessions import Session, SessionId
from muster_identity.domain.users import Ban, User, UserId
from muster_identity.errors import AccountChanged, SessionChanged
from muster_identity.store import rows
from muster_identity.store.writes import DAY_S, Writes
from muster_runtime.dynamo import ConditionFailed, Item, Table, Together, TransactionCancelled, delete_all, transact
from muster_runtime.messaging.outbox import Outbox

CONDITION = "ConditionalCheckFailed"

BY_USER = "by_user"
"""Index of the sessions table: `user_id`, `signed_in_at`."""
DELETIONS = "deletions"
"""Index of the users table: `deletion_lane`, `delete_at`; only accounts that asked to be deleted are in it."""

AUDIT_KEPT_S = 365 * DAY_S
DELETIONS_PAGE = 25


@dataclass(frozen=True, slots=True)
class Tables:
    """Names of the tables."""

    users: str
    identities: str
    sessions: str
    bans: str
    resolutions: str
    audit: str
    revocations: str


class DynamoAccounts:
    """`Accounts` on DynamoDB tables and the outbox."""

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - aiobotocore clients are untyped
        tables: Tables,
        outbox: Outbox,
        *,
        token_life_s: int,
        audit_kept_s: int = AUDIT_KEPT_S,
    ) -> None:
        """Build the store.

        Args:
            client: a DynamoDB client from `Scope.aws`.
            tables: names of the tables.
            outbox: takes the events.
            token_life_s: life of an access token, seconds.
            audit_kept_s: how long history is kept, seconds.
        """
        self._client = client
        self._together = together = Together(client)
        self._users = Table(client, tables.users, together=together)
        self._identities = Table(client, tables.identities, together=together)
        self._sessions = Table(client, tables.sessions, together=together)
        self._bans = Table(client, tables.bans)
        self._resolutions = Table(client, tables.resolutions)
        self._audit = Table(client, tables.audit)
        self._revocations = Table(client, tables.revocations)
        self._outbox = outbox
        self._writes = Writes(
            users=self._users,
            identities=self._identities,
            sessions=self._sessions,
            bans=self._bans,
            resolutions=self._resolutions,
            audit=self._audit,
            revocations=self._revocations,
            outbox=outbox,
            token_life_s=token_life_s,
            audit_kept_s=audit_kept_s,
        )

    async def commit(self, change: Change) -> None:
        """Write all of *change* and queue what it tells, or nothing.

        Raises:
            AccountChanged: something that the change was decided on is otherwise by now; read it again.
        """
        operations = tuple(self._writes.of(change))
        if not operations:
            return
        try:
            await transact(self._client, operations)
        except TransactionCancelled as cancelled:
            if CONDITION in cancelled.reasons:
                raise AccountChanged from cancelled
            raise
        self._outbox.kick(operations)

    async def find_user(self, user_id: UserId) -> User | None:
        """Return the user; None when there is none. Strongly consistent."""
        row = await self._users.get({"user_id": user_id})
        return None if row is None else rows.user_of(row)

    async def find_owner(self, door: str, subject: str) -> UserId | None:
        """Return whose account an identity opens; None for nobody's. Strongly consistent."""
        row = await self._identities.get({"identity": rows.identity_key(door, subject)})
        return None if row is None else UserId(row["user_id"])

    async def find_ban(self, identity_hash: str) -> Ban | None:
        """Return the ban of an identity, over or not; None when there is none. Strongly consistent."""
        row = await self._bans.get({"identity_hash": identity_hash})
        return None if row is None else rows.ban_of(row)

    async def open_session(self, session: Session) -> None:
        """Store a further session of a user who exists; its id has 122 random bits, so there is none like it."""
        await self._sessions.put(rows.session_row(session))

    async def find_session(self, session_id: SessionId) -> Session | None:
        """Return the session; None when it never was or has expired. Strongly consistent."""
        row = await self._sessions.get({"session_id": session_id})
        return None if row is None else rows.session_of(row)

    async def find_session_and_user(self, session_id: SessionId, user_id: UserId) -> tuple[Session | None, User | None]:
        """Return both, each as its own method does, for one call."""
        session, user = await self._together.get_each(
            (self._sessions.name, {"session_id": session_id}), (self._users.name, {"user_id": user_id})
        )
        return None if session is None else rows.session_of(session), None if user is None else rows.user_of(user)

    async def sessions_of(self, user_id: UserId, *, most: int | None = None) -> tuple[Session, ...]:
        """Return the stored sessions of a user, newest first: *most* of them, or all; from an index, which lags."""
        found = await _all(
            self._sessions,
            most,
            key_condition="user_id = :user",
            values={":user": user_id},
            index=BY_USER,
            forward=False,
        )
        return tuple(rows.session_of(row) for row in found)

    async def forget_sessions(self, session_ids: Sequence[SessionId]) -> None:
        """Delete sessions, whatever their state; one that is gone is no error."""
        keys = [{"session_id": session_id} for session_id in dict.fromkeys(session_ids)]
        await delete_all(self._client, self._sessions.name, keys)

    async def advance(self, session: Session, *, expected_hash: str) -> None:
        """Store the next generation, if the stored one still has the hash *expected_hash*, its epoch, and lives.

        Raises:
            SessionChanged: another request got there first, or the session was ended; read it again.
        """
        try:
            await self._sessions.put(
                rows.session_row(session),
                condition="current_hash = :expected AND epoch = :epoch AND attribute_not_exists(revoked_at)",
                values={":expected": expected_hash, ":epoch": session.epoch},
            )
        except ConditionFailed as error:
            raise SessionChanged from error

    async def keep_resolution(self, resolution: Resolution) -> None:
        """Store an offer to resolve a conflict; `Change.spends` uses it up."""
        await self._resolutions.put(rows.resolution_row(resolution))

    async def find_resolution(self, token_hash: str) -> Resolution | None:
        """Return the offer with this hash; None when it is used up or was never made. Strongly consistent."""
        row = await self._resolutions.get({"token_hash": token_hash})
        return None if row is None else rows.resolution_of(row)

    async def due_deletions(self, now_s: int) -> tuple[UserId, ...]:
        """Return some of the users whose grace is over at *now_s*; from an index, which lags behind."""
        page = await self._users.query(
            key_condition="deletion_lane = :lane AND delete_at <= :now",
            values={":lane": rows.DELETION_LANE, ":now": now_s},
            index=DELETIONS,
            limit=DELETIONS_PAGE,
        )
        return tuple(UserId(row["user_id"]) for row in page.items)

    async def history(self, user_id: UserId, *, most: int | None) -> tuple[AuditEntry, ...]:
        """Return what happened to an account, newest first: the last *most* entries, or all."""
        found = await _all(
            self._audit,
            most,
            key_condition="user_id = :user",
            values={":user": user_id},
            forward=False,
            consistent=True,
        )
        return tuple(rows.audit_of(row) for row in found)

    async def revocations(self, now_s: int) -> tuple[Listed, ...]:
        """Return the tokens that count no more although they may live at *now_s*. Strongly consistent."""
        found = await _all(
            self._revocations,
            key_condition="lane = :lane",
            values={":lane": rows.REVOCATION_LANE, ":now": now_s},
            filter="expires_at > :now",
            consistent=True,
        )
        return tuple(rows.revocation_of(row) for row in found)

    async def ping(self) -> None:
        """Ask the tables without which nobody signs in whether they answer."""
        await self._users.ping()
        await self._identities.ping()
        await self._sessions.ping()


async def _all(table: Table, most: int | None = None, **query: Any) -> list[Item]:  # noqa: ANN401 - of `Table.query`
    """Return the rows that a query finds on all its pages, or the first *most* of them."""
    found: list[Item] = []
    start: Item | None = None
    while True:
        page = await table.query(**query, limit=most, start=start)
        found += page.items
        if (start := page.next_key) is None or (most is not None and len(found) >= most):
            return found[:most]
