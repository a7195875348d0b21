"""What the handlers need from outside, told by effect."""

from typing import Protocol

from muster_achievements.domain import AchievementId, Change, Definition, Record, UserId


class DefinitionStore(Protocol):
    """Keeps the achievements that the game has."""

    async def all(self) -> tuple[Definition, ...]:
        """Return every definition; may be a few seconds old, but never older than this instance's own writes."""

    async def put(self, definition: Definition) -> bool:
        """Store *definition*, replacing one of the same id; True when it is new."""

    async def delete(self, achievement_id: AchievementId) -> None:
        """Remove the definition; does nothing when there is none. Players keep what they earned."""


class RecordStore(Protocol):
    """Keeps players' records."""

    async def load(self, user_id: UserId) -> Record:
        """Return the player's record; an empty one of version 0 when there is none."""

    async def save(self, change: Change, *, cause: str, digest: str = "") -> None:
        """Store the changed record and queue `achievement.unlocked` for each unlock, all or nothing, once a cause.

        Args:
            change: the record after the change; its version is one more than the stored one.
            cause: what led to it, unique for the player: an event id, or a client's idempotency key.
            digest: what the cause was about, kept to tell a repeat from a reuse.

        Raises:
            AlreadyApplied: this cause is in the record already.
            KeyReused: this cause is in the record already, with another digest.
            RecordMoved: another writer changed the record first.
        """
