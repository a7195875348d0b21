"""Who has an account, by which doors they come in, and what stands against it."""

from dataclasses import dataclass, field
from typing import NewType

UserId = NewType("UserId", str)

LONGEST_USER_ID = 64
"""Characters. Ours have 36; whatever is longer was never given out, and is not worth a look into the table."""

GUEST_SCOPE = "guest"
AUTHENTICATED_SCOPE = "authenticated"


@dataclass(frozen=True, slots=True)
class LinkedDoor:
    """One identity that opens an account.

    Attributes:
        door: the provider's name, such as `steam` or `oidc:NAME`.
        subject: the provider's own id of the person.
        linked_at_s: since when it opens this account, seconds since the epoch.
        display_name: what the provider called them then; empty when it did not say.
    """

    door: str
    subject: str
    linked_at_s: int
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class Ban:
    """Why somebody may not play, and how long.

    Attributes:
        reason: shown to the player.
        banned_at_s: since when, seconds since the epoch.
        until_s: when it ends by itself, seconds since the epoch; None for never.
    """

    reason: str
    banned_at_s: int
    until_s: int | None = None

    def is_in_force(self, now_s: int) -> bool:
        """Tell whether it stands at *now_s*."""
        return self.until_s is None or now_s < self.until_s


@dataclass(frozen=True, slots=True)
class User:
    """One account.

    Attributes:
        user_id: stable and public; the `sub` of this user's tokens.
        created_at_s: seconds since the epoch.
        guest_secret_hash: fingerprint of the secret that opens the guest door; empty when this door is closed.
        merged_guest_hashes: fingerprints of the guest secrets of accounts that were merged into this one.
        doors: the identities that open it, at most one of each provider.
        display_name: what other players see; empty until it is set.
        epoch: a session of another epoch is over, so raising it ends them all.
        ban: what stands against it; None when nothing does, past bans included until the next change.
        delete_at_s: when it is deleted, seconds since the epoch; None while nobody asked for that.
        deleted_at_s: when it was deleted, seconds since the epoch; what is left is this id, never given out again.
        merged_into: the account that took this one's place; empty when none did.
        version: counts the changes; as read. 0 for one never stored.
    """

    user_id: UserId
    created_at_s: int
    guest_secret_hash: str = field(default="", repr=False)
    merged_guest_hashes: tuple[str, ...] = field(default=(), repr=False)
    doors: tuple[LinkedDoor, ...] = ()
    display_name: str = ""
    epoch: int = 0
    ban: Ban | None = None
    delete_at_s: int | None = None
    deleted_at_s: int | None = None
    merged_into: str = ""
    version: int = 0

    @property
    def guest_hashes(self) -> tuple[str, ...]:
        """Fingerprints of all secrets that open the guest door."""
        own = (self.guest_secret_hash,) if self.guest_secret_hash else ()
        return (*own, *self.merged_guest_hashes)

    @property
    def is_gone(self) -> bool:
        """Whether nobody can be this user any more."""
        return self.deleted_at_s is not None or bool(self.merged_into)

    @property
    def ways_in(self) -> int:
        """How many doors are open."""
        return len(self.doors) + bool(self.guest_hashes)

    def linked(self, door: str) -> LinkedDoor | None:
        """Return the identity of this provider that opens the account, or None."""
        return next((each for each in self.doors if each.door == door), None)

    def is_banned(self, now_s: int) -> bool:
        """Tell whether a ban stands at *now_s*."""
        return self.ban is not None and self.ban.is_in_force(now_s)

    def is_due(self, now_s: int) -> bool:
        """Tell whether the grace of an asked-for deletion is over at *now_s*."""
        return self.delete_at_s is not None and now_s >= self.delete_at_s


def scope_of(user: User) -> str:
    """Return the scope that this user's tokens carry now.

    Always taken from the user as stored, at each sign-in and at each refresh, and never copied from an older token: a
    guest who proves another identity so is more than a guest from the next refresh on.
    """
    return AUTHENTICATED_SCOPE if user.doors else GUEST_SCOPE


def may_exist(user_id: str) -> bool:
    """Tell whether *user_id* could be one that we gave out."""
    return 0 < len(user_id) <= LONGEST_USER_ID and user_id.isascii() and user_id.isprintable()
