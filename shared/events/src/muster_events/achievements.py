"""Events published by achievements."""

from pydantic import AwareDatetime, Field

from muster_events.envelope import EventData


class AchievementUnlocked(EventData):
    """A player earned an achievement, once and for all. Subject: the user id."""

    TYPE = "achievement.unlocked"
    PRODUCER = "achievements"

    user_id: str
    achievement_id: str
    points: int = Field(ge=0)
    unlocked_at: AwareDatetime
