"""In-memory stand-ins for achievements' ports; the contract tests hold them to what DynamoDB does."""

from dataclasses import dataclass, field

from muster_achievements.domain import AchievementId, Change, Definition, Record, Unlock, UserId
from muster_achievements.errors import AlreadyApplied, KeyReused, RecordMoved


@dataclass
class MemoryDefinitionStore:
    """`DefinitionStore` in a dictionary."""

    definitions: dict[AchievementId, Definition] = field(default_factory=dict)

    async def all(self) -> tuple[Definition, ...]:
        return tuple(self.definitions.values())

    async def put(self, definition: Definition) -> bool:
        new = definition.achievement_id not in self.definitions
        self.definitions[definition.achievement_id] = definition
        return new

    async def delete(self, achievement_id: AchievementId) -> None:
        self.definitions.pop(achievement_id, None)


@dataclass
class MemoryRecordStore:
    """`RecordStore` in dictionaries; `told` lists what the outbox would publish."""

    records: dict[UserId, Record] = field(default_factory=dict)
    causes: dict[tuple[UserId, str], str] = field(default_factory=dict)
    told: list[tuple[UserId, Unlock]] = field(default_factory=list)

    async def load(self, user_id: UserId) -> Record:
        return self.records.get(user_id, Record(user_id))

    async def save(self, change: Change, *, cause: str, digest: str = "") -> None:
        user_id = change.record.user_id
        if (known := self.causes.get((user_id, cause))) is not None:
            raise AlreadyApplied if known == digest else KeyReused
        if change.record.version != (await self.load(user_id)).version + 1:
            raise RecordMoved
        self.causes[user_id, cause] = digest
        self.records[user_id] = change.record
        self.told += [(user_id, unlock) for unlock in change.unlocks]
