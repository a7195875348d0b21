"""What a decision tells: facts for the other services, and lines of the account's own history."""

from muster_identity.domain.changes import AuditEntry, Fact, Told
from muster_identity.domain.users import User, UserId

PLAYER = "player"
SYSTEM = "system"


def fact(  # noqa: PLR0913 - each is a fact of its own
    told: Told,
    user: User,
    now_s: int,
    *,
    door: str = "",
    reason: str = "",
    until_s: int | None = None,
    survivor: UserId | str = "",
) -> Fact:
    """Return a fact about *user*, true from the version on that the change makes."""
    return Fact(
        told,
        user.user_id,
        now_s,
        sequence=user.version + 1,
        epoch=user.epoch,
        door=door,
        reason=reason,
        until_s=until_s,
        survivor=survivor,
    )


def audit(user: User, now_s: int, action: str, actor: str, *, detail: str = "") -> AuditEntry:
    """Return the line of *user*'s history that goes with the version that the change makes."""
    return AuditEntry(user.user_id, now_s, action, actor, key=str(user.version + 1), detail=detail)
