"""Events published by game servers (the sample one lives in players)."""

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from muster_events.envelope import EventData


class PlayerResult(BaseModel):
    """How one player did."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    player_id: str
    team: str
    goals: int = Field(ge=0)
    won: bool


class MatchFinished(EventData):
    """A match was played to its end. Subject: the match id."""

    TYPE = "match.finished"
    PRODUCER = "players"

    match_id: str
    game_session_arn: str
    started_at: AwareDatetime
    ended_at: AwareDatetime
    scores: dict[str, int]
    players: tuple[PlayerResult, ...]
