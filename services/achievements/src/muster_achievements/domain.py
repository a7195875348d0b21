"""The rules of earning achievements: values in, values out."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import NewType

from muster_achievements.errors import DefinitionInvalid, ServerOnly

UserId = NewType("UserId", str)
AchievementId = NewType("AchievementId", str)

ID_FORM = re.compile(r"[A-Za-z0-9_]{1,64}")
RESERVED_IDS = frozenset({"admin", "definitions"})
"""Ids that would hide a route. `admin` is one in the GameKit contract, `definitions` in ours."""
HIGHEST_TARGET = 1_000_000_000
HIGHEST_POINTS = 1_000_000
MOST_UNLOCKS = 50
"""Most achievements that one change unlocks; what else it reached is unlocked by the next ones. They are told together
with the change that is stored, all or nothing, and a DynamoDB transaction takes 100 writes."""


class Stat(StrEnum):
    """What game servers count for a player."""

    MATCHES_PLAYED = "matches_played"
    MATCHES_WON = "matches_won"
    GOALS_SCORED = "goals_scored"


@dataclass(frozen=True, slots=True)
class Definition:
    """One achievement that players of the game can earn.

    Attributes:
        achievement_id: letters, digits and underscores, 1 to 64.
        title: what a player reads.
        description: how to earn it.
        points: worth, 0 to 1,000,000.
        target: progress that earns it, 1 to 1,000,000,000.
        stat: the statistic that drives it; None when clients report progress.
        secret: shown to a player only once it is earned.
        sort_order: place in lists, lowest first.
    """

    achievement_id: AchievementId
    title: str
    description: str = ""
    points: int = 0
    target: int = 1
    stat: Stat | None = None
    secret: bool = False
    sort_order: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """All that is known of one player, in one row.

    Attributes:
        user_id: whose it is.
        stats: statistic to its value, as game servers reported it.
        progress: achievement id to progress, for achievements that clients report.
        unlocked: achievement id to when it was earned; never shrinks.
        version: rises by one with every change; 0 is not stored yet.
    """

    user_id: UserId
    stats: Mapping[Stat, int] = field(default_factory=dict)
    progress: Mapping[AchievementId, int] = field(default_factory=dict)
    unlocked: Mapping[AchievementId, datetime] = field(default_factory=dict)
    version: int = 0


@dataclass(frozen=True, slots=True)
class Unlock:
    """An achievement that was just earned."""

    achievement_id: AchievementId
    points: int
    unlocked_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A record after something happened, and what that earned."""

    record: Record
    unlocks: tuple[Unlock, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """One achievement as a player sees it: progress is 0 to target."""

    definition: Definition
    progress: int
    unlocked_at: datetime | None


def check(definition: Definition) -> Definition:
    """Return *definition* when it keeps the rules.

    Raises:
        DefinitionInvalid: naming the field and its range.
    """
    problems = [
        problem
        for broken, problem in (
            (not ID_FORM.fullmatch(definition.achievement_id), "id: 1 to 64 letters, digits and underscores"),
            (definition.achievement_id in RESERVED_IDS, f"id: {sorted(RESERVED_IDS)} are reserved"),
            (not definition.title.strip(), "title: must not be blank"),
            (not 1 <= definition.target <= HIGHEST_TARGET, f"target: 1 to {HIGHEST_TARGET}"),
            (not 0 <= definition.points <= HIGHEST_POINTS, f"points: 0 to {HIGHEST_POINTS}"),
        )
        if broken
    ]
    if problems:
        raise DefinitionInvalid("; ".join(problems))
    return definition


def count(record: Record, gained: Mapping[Stat, int], definitions: Iterable[Definition], now: datetime) -> Change:
    """Add what a match brought to the record, and unlock what that reaches.

    A definition that is younger than the statistic it counts unlocks with the player's next match, and so does what is
    beyond `MOST_UNLOCKS`.
    """
    stats = {stat: record.stats.get(stat, 0) for stat in Stat}
    for stat, amount in gained.items():
        stats[stat] += amount
    after = replace(record, stats=stats, version=record.version + 1)
    return _unlock(after, definitions, now)


def report(record: Record, definition: Definition, increment: int, now: datetime) -> Change:
    """Add progress that the player's own client reports.

    Progress stops at the target, so that no flood of reports can overflow it.

    Raises:
        ServerOnly: game servers drive this achievement.
    """
    if definition.stat is not None:
        raise ServerOnly
    reached = min(record.progress.get(definition.achievement_id, 0) + increment, definition.target)
    after = replace(
        record,
        progress={**record.progress, definition.achievement_id: reached},
        version=record.version + 1,
    )
    return _unlock(after, (definition,), now)


def standing(definition: Definition, record: Record) -> Standing:
    """Return how far the player is; an earned achievement stays complete even if its target was raised later."""
    unlocked_at = record.unlocked.get(definition.achievement_id)
    progress = definition.target if unlocked_at else min(_progress(definition, record), definition.target)
    return Standing(definition, progress, unlocked_at)


def standings(definitions: Iterable[Definition], record: Record) -> tuple[Standing, ...]:
    """Return every achievement that the player may see, in list order."""
    seen = (standing(definition, record) for definition in definitions)
    shown = [each for each in seen if is_visible(each)]
    return tuple(sorted(shown, key=lambda each: (each.definition.sort_order, each.definition.achievement_id)))


def is_visible(each: Standing) -> bool:
    """Tell whether a player may see this achievement: a secret one only once it is earned."""
    return not each.definition.secret or each.unlocked_at is not None


def _progress(definition: Definition, record: Record) -> int:
    if definition.stat is not None:
        return record.stats.get(definition.stat, 0)
    return record.progress.get(definition.achievement_id, 0)


def _unlock(record: Record, definitions: Iterable[Definition], now: datetime) -> Change:
    reached = (
        Unlock(definition.achievement_id, definition.points, now)
        for definition in definitions
        if definition.achievement_id not in record.unlocked and _progress(definition, record) >= definition.target
    )
    unlocks = tuple(islice(reached, MOST_UNLOCKS))
    earned = {unlock.achievement_id: unlock.unlocked_at for unlock in unlocks}
    return Change(replace(record, unlocked={**record.unlocked, **earned}), unlocks)
