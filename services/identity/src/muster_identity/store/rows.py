"""Values as rows and rows as values. Attributes that have nothing to say are left out."""

from typing import Any

from muster_identity.domain.changes import AuditEntry, Listed, Resolution, TakenBack
from muster_identity.domain.sessions import Session, SessionId
from muster_identity.domain.users import Ban, LinkedDoor, User, UserId
from muster_runtime.auth.revocations import mark_of

REVOCATION_LANE = "all"
"""The one partition of revocations: a row lives as long as an access token, and readers want them all."""

Row = dict[str, Any]

DELETION_LANE = "all"
"""The one partition of the index of asked-for deletions: there are few, and one job reads them."""


def identity_key(door: str, subject: str) -> str:
    """Return the key of an identity's row; a door's name has no `#`, so two identities never share one."""
    return f"{door}#{subject}"


def user_row(user: User) -> Row:
    """Return the row of *user*."""
    optional = {
        "guest_secret_hash": user.guest_secret_hash,
        "merged_guest_hashes": list(user.merged_guest_hashes),
        "doors": [_door_row(each) for each in user.doors],
        "display_name": user.display_name,
        "ban": None if user.ban is None else ban_row(user.ban),
        "delete_at": user.delete_at_s,
        "deletion_lane": None if user.delete_at_s is None else DELETION_LANE,
        "deleted_at": user.deleted_at_s,
        "merged_into": user.merged_into,
        "epoch": user.epoch,
    }
    return {
        "user_id": user.user_id,
        "created_at": user.created_at_s,
        "version": user.version,
        **{name: value for name, value in optional.items() if value not in (None, "", [], 0)},
    }


def user_of(row: Row) -> User:
    """Return the user of a row; one written before versions were counted has the first."""
    ban = row.get("ban")
    return User(
        user_id=UserId(row["user_id"]),
        created_at_s=int(row["created_at"]),
        guest_secret_hash=str(row.get("guest_secret_hash", "")),
        merged_guest_hashes=tuple(row.get("merged_guest_hashes", ())),
        doors=tuple(_door_of(each) for each in row.get("doors", ())),
        display_name=str(row.get("display_name", "")),
        epoch=int(row.get("epoch", 0)),
        ban=None if ban is None else ban_of(ban),
        delete_at_s=_seconds(row, "delete_at"),
        deleted_at_s=_seconds(row, "deleted_at"),
        merged_into=str(row.get("merged_into", "")),
        version=int(row.get("version", 1)),
    )


def ban_row(ban: Ban) -> Row:
    """Return what is stored of a ban."""
    row: Row = {"reason": ban.reason, "banned_at": ban.banned_at_s}
    return row if ban.until_s is None else row | {"until": ban.until_s}


def ban_of(row: Row) -> Ban:
    """Return the ban that was stored."""
    return Ban(str(row["reason"]), int(row["banned_at"]), _seconds(row, "until"))


def session_row(session: Session) -> Row:
    """Return the row of *session*."""
    row: Row = {
        "session_id": session.session_id,
        "user_id": session.user_id,
        "scope": session.scope,
        "signed_in_at": session.signed_in_at_s,
        "expires_at": session.expires_at_s,
        "issued_at": session.issued_at_s,
        "key_id": session.key_id,
        "current_hash": session.current_hash,
        "previous_hash": session.previous_hash,
        "generation": session.generation,
        "epoch": session.epoch,
        "door": session.door,
        "device": session.device,
        "network": session.network,
    }
    if session.revoked_at_s is not None:
        row |= {"revoked_at": session.revoked_at_s, "revoked_reason": session.revoked_reason}
    return row


def session_of(row: Row) -> Session:
    """Return the session of a row."""
    return Session(
        session_id=SessionId(row["session_id"]),
        user_id=UserId(row["user_id"]),
        scope=str(row["scope"]),
        signed_in_at_s=int(row["signed_in_at"]),
        expires_at_s=int(row["expires_at"]),
        issued_at_s=int(row["issued_at"]),
        key_id=str(row["key_id"]),
        current_hash=str(row["current_hash"]),
        previous_hash=str(row.get("previous_hash", "")),
        generation=int(row["generation"]),
        revoked_at_s=_seconds(row, "revoked_at"),
        revoked_reason=str(row.get("revoked_reason", "")),
        epoch=int(row.get("epoch", 0)),
        door=str(row.get("door", "guest")),
        device=str(row.get("device", "")),
        network=str(row.get("network", "")),
    )


def resolution_row(resolution: Resolution) -> Row:
    """Return the row of an offer to resolve a conflict."""
    return {
        "token_hash": resolution.token_hash,
        "user_id": resolution.user_id,
        "session_id": resolution.session_id,
        "owner_id": resolution.owner_id,
        "door": resolution.door,
        "subject": resolution.subject,
        "display_name": resolution.display_name,
        "expires_at": resolution.expires_at_s,
    }


def resolution_of(row: Row) -> Resolution:
    """Return the offer of a row."""
    return Resolution(
        token_hash=str(row["token_hash"]),
        user_id=UserId(row["user_id"]),
        session_id=str(row["session_id"]),
        owner_id=UserId(row["owner_id"]),
        door=str(row["door"]),
        subject=str(row["subject"]),
        display_name=str(row["display_name"]),
        expires_at_s=int(row["expires_at"]),
    )


def audit_row(entry: AuditEntry, *, keep_s: int) -> Row:
    """Return the row of a line of history, kept for *keep_s* seconds; the same line always has the same key."""
    return {
        "user_id": entry.user_id,
        # Versions are padded, so that entries of one second stay in order.
        "entry": f"{entry.at_s:011d}#{entry.key:0>10}#{entry.action}",
        "at": entry.at_s,
        "action": entry.action,
        "actor": entry.actor,
        "key": entry.key,
        "detail": entry.detail,
        "expires_at": entry.at_s + keep_s,
    }


def audit_of(row: Row) -> AuditEntry:
    """Return the line of history of a row."""
    return AuditEntry(
        user_id=UserId(row["user_id"]),
        at_s=int(row["at"]),
        action=str(row["action"]),
        actor=str(row["actor"]),
        key=str(row["key"]),
        detail=str(row["detail"]),
    )


def revocation_row(told: TakenBack) -> Row:
    """Return the row of tokens that were taken back; the ids themselves are not in it."""
    return {
        "lane": REVOCATION_LANE,
        "mark": mark_of(told.kind, told.what),
        "kind": told.kind,
        "not_after": told.not_after_s,
        "expires_at": told.until_s,
    }


def revocation_of(row: Row) -> Listed:
    """Return the line of the published list that a row stands for."""
    return Listed(str(row.get("kind", "user")), str(row["mark"]), int(row["not_after"]), int(row["expires_at"]))


def _door_row(door: LinkedDoor) -> Row:
    return {
        "door": door.door,
        "subject": door.subject,
        "linked_at": door.linked_at_s,
        "display_name": door.display_name,
    }


def _door_of(row: Row) -> LinkedDoor:
    return LinkedDoor(str(row["door"]), str(row["subject"]), int(row["linked_at"]), str(row["display_name"]))


def _seconds(row: Row, name: str) -> int | None:
    value = row.get(name)
    return None if value is None else int(value)
