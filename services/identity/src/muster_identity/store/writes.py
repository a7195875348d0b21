"""What a change is in DynamoDB: the operations of one transaction, each on condition that it was rightly decided on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from muster_identity.domain.changes import Change, Claim, Entrant, IdentityBan, taken_back
from muster_identity.domain.sessions import Session
from muster_identity.domain.users import User
from muster_identity.store import rows
from muster_identity.store.news import event_of
from muster_runtime.dynamo import Item, Table
from muster_runtime.messaging.outbox import Outbox

LIVES = "attribute_exists(session_id) AND attribute_not_exists(revoked_at)"
"""Of a session. Without the first half one that has expired meanwhile would come back as a stump."""

DAY_S = 86_400
BAN_KEPT_S = 30 * DAY_S
"""How long the row of a ban outlives the ban: DynamoDB deletes late anyway, and operators want to look back."""
SKEW_S = 60
"""How far the clocks of two services may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """Turns changes into operations.

    Attributes:
        users: and the other tables, as `DynamoAccounts` names them.
        outbox: takes the events.
        token_life_s: life of an access token, seconds.
        audit_kept_s: how long history is kept, seconds.
    """

    users: Table
    identities: Table
    sessions: Table
    bans: Table
    resolutions: Table
    audit: Table
    revocations: Table
    outbox: Outbox
    token_life_s: int
    audit_kept_s: int

    def of(self, change: Change) -> Iterator[Item]:
        """Give the operations of the transaction."""
        yield from (self._user_op(user) for user in change.users)
        yield from (self._claim_op(claim) for claim in change.claims)
        if change.opened is not None:
            yield self.sessions.put_op(rows.session_row(change.opened), condition="attribute_not_exists(session_id)")
        if change.kept is not None:
            yield self.sessions.update_op(
                {"session_id": change.kept.session_id},
                update="SET epoch = :epoch",
                condition=LIVES,
                values={":epoch": change.kept.epoch},
            )
        yield from (self._end_op(session) for session in change.ended)
        yield from (self._entrant_op(entrant) for entrant in change.entrants)
        yield from (self._ban_op(ban) for ban in change.bans)
        yield from (self.bans.delete_op({"identity_hash": each}) for each in change.pardons)
        if change.spends:
            yield self.resolutions.delete_op({"token_hash": change.spends}, condition="attribute_exists(token_hash)")
        yield from (self.audit.put_op(rows.audit_row(each, keep_s=self.audit_kept_s)) for each in change.audits)
        yield from (
            self.revocations.put_op(rows.revocation_row(each))
            for each in taken_back(change.facts, life_s=self.token_life_s + SKEW_S)
        )
        yield from (self.outbox.op(event_of(fact)) for fact in change.facts)

    def _user_op(self, user: User) -> Item:
        row = rows.user_row(replace(user, version=user.version + 1))
        if user.version == 0:
            return self.users.put_op(row, condition="attribute_not_exists(user_id)")
        # A row without a version was written before versions were counted, and is read as the first.
        uncounted = " OR attribute_not_exists(version)" if user.version == 1 else ""
        return self.users.put_op(
            row,
            condition=f"attribute_exists(user_id) AND (version = :version{uncounted})",
            values={":version": user.version},
        )

    def _claim_op(self, claim: Claim) -> Item:
        key = {"identity": rows.identity_key(claim.door, claim.subject)}
        if claim.before is None:
            condition, values = "attribute_not_exists(#identity)", None
        else:
            condition, values = "user_id = :owner", {":owner": claim.before}
        names = {"#identity": "identity"} if claim.before is None else None
        if claim.after is None:
            return self.identities.delete_op(key, condition=condition, names=names, values=values)
        return self.identities.put_op({**key, "user_id": claim.after}, condition=condition, names=names, values=values)

    def _end_op(self, session: Session) -> Item:
        return self.sessions.update_op(
            {"session_id": session.session_id},
            update="SET revoked_at = :at, revoked_reason = :reason",
            condition=LIVES,
            values={":at": session.revoked_at_s, ":reason": session.revoked_reason},
        )

    def _entrant_op(self, entrant: Entrant) -> Item:
        return self.bans.check_op(
            {"identity_hash": entrant.identity_hash},
            condition="attribute_not_exists(identity_hash) OR #until <= :now",
            names={"#until": "until"},
            values={":now": entrant.at_s},
        )

    def _ban_op(self, banned: IdentityBan) -> Item:
        row = {"identity_hash": banned.identity_hash, **rows.ban_row(banned.ban)}
        if banned.ban.until_s is not None:
            row["expires_at"] = banned.ban.until_s + BAN_KEPT_S
        return self.bans.put_op(row)
