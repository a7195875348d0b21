"""The use cases: load, decide, save."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from muster_achievements.domain import (
    AchievementId,
    Change,
    Definition,
    Record,
    Standing,
    Stat,
    UserId,
    check,
    count,
    is_visible,
    report,
    standing,
    standings,
)
from muster_achievements.errors import AchievementUnknown, AlreadyApplied, RecordMoved
from muster_achievements.ports import DefinitionStore, RecordStore
from muster_runtime.clock import Clock

TRIES = 5
"""How often a change is decided again when another writer was first. A player's own events are few; five rivals in a
row mean trouble that a later redelivery meets better."""


@dataclass(frozen=True, slots=True)
class AchievementHandlers:
    """Everything achievements does."""

    definitions: DefinitionStore
    records: RecordStore
    clock: Clock

    async def define(self, definition: Definition) -> bool:
        """Create or replace a definition; True when it is new.

        Safe to repeat: the same definition is stored again.

        Raises:
            DefinitionInvalid: it breaks a rule.
        """
        return await self.definitions.put(check(definition))

    async def undefine(self, achievement_id: AchievementId) -> None:
        """Remove a definition; players keep what they earned. Safe to repeat: removing nothing is fine."""
        await self.definitions.delete(achievement_id)

    async def defined(self) -> tuple[Definition, ...]:
        """Return every definition, in list order."""
        return tuple(sorted(await self.definitions.all(), key=lambda each: (each.sort_order, each.achievement_id)))

    async def standings(self, user_id: UserId) -> tuple[Standing, ...]:
        """Return every achievement as the player sees it."""
        return standings(await self.definitions.all(), await self.records.load(user_id))

    async def standing(self, user_id: UserId, achievement_id: AchievementId) -> Standing:
        """Return one achievement as the player sees it.

        Raises:
            AchievementUnknown: there is none, or it is secret and not earned.
        """
        each = standing(await self._definition(achievement_id), await self.records.load(user_id))
        if not is_visible(each):
            raise AchievementUnknown
        return each

    async def report(self, user_id: UserId, achievement_id: AchievementId, increment: int, *, key: str) -> Standing:
        """Add progress that the player's client reports.

        Safe to repeat: a repeat under the same *key* changes nothing and answers the present standing.

        Raises:
            AchievementUnknown: there is none.
            KeyReused: the key came with another request before.
            RecordMoved: too many rivals changed the record at once.
            ServerOnly: game servers drive it.
        """
        definition = await self._definition(achievement_id)
        record = await self._change(
            user_id,
            lambda record: report(record, definition, increment, self.clock.now()),
            cause=f"client#{key}",
            digest=f"{achievement_id}+{increment}",
        )
        return standing(definition, record)

    async def on_match_finished(self, event_id: str, gained: Mapping[UserId, Mapping[Stat, int]]) -> None:
        """Add what a match brought to each of its players.

        Safe to repeat: the event's id is stored with each record it changed, so a player is never counted twice,
        and a crash half-way leaves only the remaining players to do.
        """
        definitions = await self.definitions.all()
        driven = tuple(each for each in definitions if each.stat is not None)
        for user_id, stats in gained.items():
            await self._change(
                user_id,
                lambda record, stats=stats: count(record, stats, driven, self.clock.now()),  # type: ignore[misc]  # bound now
                cause=f"event#{event_id}",
            )

    async def _change(
        self, user_id: UserId, decide: Callable[[Record], Change], *, cause: str, digest: str = ""
    ) -> Record:
        """Load, decide and save until no rival is first; return the record as it is then."""
        for _ in range(TRIES):
            record = await self.records.load(user_id)
            change = decide(record)
            try:
                await self.records.save(change, cause=cause, digest=digest)
            except AlreadyApplied:
                # Applied before, or by a rival since the load above: in either case what is stored now counts.
                return await self.records.load(user_id)
            except RecordMoved:
                continue
            return change.record
        raise RecordMoved(retry_after_s=1)

    async def _definition(self, achievement_id: AchievementId) -> Definition:
        for definition in await self.definitions.all():
            if definition.achievement_id == achievement_id:
                return definition
        raise AchievementUnknown
