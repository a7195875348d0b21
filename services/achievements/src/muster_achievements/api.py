"""What travels over HTTP."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from muster_achievements.domain import (
    HIGHEST_POINTS,
    HIGHEST_TARGET,
    AchievementId,
    Definition,
    Standing,
    Stat,
)


class Define(BaseModel):
    """One achievement, as an operator defines it; its id is in the path."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: str = Field(min_length=1, max_length=128)
    description: str = Field(default="", max_length=1024)
    points: int = Field(default=0, ge=0, le=HIGHEST_POINTS)
    target: int = Field(default=1, ge=1, le=HIGHEST_TARGET, description="Progress that earns it.")
    stat: Stat | None = Field(
        default=None, strict=False, description="Statistic that drives it; left out, clients report its progress."
    )
    secret: bool = Field(default=False, description="Shown to a player only once it is earned.")
    sort_order: int = Field(default=0, ge=-(2**31), le=2**31 - 1, description="Place in lists, lowest first.")

    def definition(self, achievement_id: str) -> Definition:
        """Return the definition that this body describes."""
        return Definition(achievement_id=AchievementId(achievement_id), **dict(self))


class Defined(Define):
    """A definition as it is stored."""

    achievement_id: str

    @classmethod
    def of(cls, definition: Definition) -> Self:
        """Show *definition* to an operator."""
        return cls(
            achievement_id=definition.achievement_id,
            title=definition.title,
            description=definition.description,
            points=definition.points,
            target=definition.target,
            stat=definition.stat,
            secret=definition.secret,
            sort_order=definition.sort_order,
        )


class DefinedList(BaseModel):
    """Every definition, in list order."""

    definitions: list[Defined]


class Achievement(BaseModel):
    """One achievement as its player sees it."""

    achievement_id: str
    title: str
    description: str
    points: int
    progress: int = Field(description="0 to target.")
    target: int
    unlocked: bool
    unlocked_at: datetime | None

    @classmethod
    def of(cls, each: Standing) -> Self:
        """Show *each* to its player."""
        definition = each.definition
        return cls(
            achievement_id=definition.achievement_id,
            title=definition.title,
            description=definition.description,
            points=definition.points,
            progress=each.progress,
            target=definition.target,
            unlocked=each.unlocked_at is not None,
            unlocked_at=each.unlocked_at,
        )


class AchievementList(BaseModel):
    """Every achievement that the player may see, in list order."""

    achievements: list[Achievement]


class ReportProgress(BaseModel):
    """Progress that a client reports."""

    model_config = ConfigDict(extra="forbid", strict=True)

    increment: int = Field(default=1, ge=1, le=HIGHEST_TARGET)
