"""Events published by listener, which retells what GameLift says of placements and sessions."""

from typing import Literal

from pydantic import AwareDatetime

from muster_events.envelope import EventData


class SessionPlaced(EventData):
    """A game session runs and has seats for its players. Subject: the placement id."""

    TYPE = "session.placed"
    PRODUCER = "listener"

    placement_id: str
    game_session_arn: str
    region: str
    location: str = ""
    player_ids: tuple[str, ...] = ()
    placed_at: AwareDatetime


class PlacementEnded(EventData):
    """A placement ended without a game session. Subject: the placement id."""

    TYPE = "placement.ended"
    PRODUCER = "listener"

    placement_id: str
    outcome: Literal["cancelled", "timed_out", "failed"]
    ended_at: AwareDatetime


class SessionEnded(EventData):
    """A game session is over, as its game server reported. Subject: the game session ARN."""

    TYPE = "session.ended"
    PRODUCER = "listener"

    game_session_arn: str
    match_id: str
    ended_at: AwareDatetime
