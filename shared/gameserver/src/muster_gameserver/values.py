"""What GameLift tells a game server, and what a game server tells GameLift, as values.

Source: AWS documentation, Server SDK 5 data types.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Attribute = float | str | Sequence[str] | Mapping[str, float]
"""A player attribute: a number, a text, texts, or numbers by name."""


class PlayerSessionStatus(StrEnum):
    """States of a player session."""

    RESERVED = "RESERVED"
    """Kept for a player who has not connected; for 60 s."""
    ACTIVE = "ACTIVE"
    """Accepted, connected."""
    COMPLETED = "COMPLETED"
    """The player has left."""
    TIMEDOUT = "TIMEDOUT"
    """The player never came."""


class PlayerSessionCreationPolicy(StrEnum):
    """Whether a game session takes new players."""

    ACCEPT_ALL = "ACCEPT_ALL"
    DENY_ALL = "DENY_ALL"


class UpdateReason(StrEnum):
    """Why a game session was updated."""

    MATCHMAKING_DATA_UPDATED = "MATCHMAKING_DATA_UPDATED"
    BACKFILL_FAILED = "BACKFILL_FAILED"
    BACKFILL_TIMED_OUT = "BACKFILL_TIMED_OUT"
    BACKFILL_CANCELLED = "BACKFILL_CANCELLED"


@dataclass(frozen=True, slots=True)
class GameSession:
    """A game session on this process.

    Attributes:
        game_session_id: its ARN.
        matchmaker_data: JSON text about teams and players; empty when no matchmaker was involved. Read it with
            `parse_matchmaker_data`.
        maximum_players: how many player sessions it has.
        name: free text of whoever created it.
        data: free text of whoever created it.
        properties: free pairs of whoever created it.
        fleet_id: the fleet it runs on.
        location: where; empty when GameLift does not say.
        ip_address: where players connect.
        dns_name: where players connect; empty when GameLift does not say.
        port: where players connect.
        status: as GameLift names it; empty when it does not say.
    """

    game_session_id: str
    matchmaker_data: str = ""
    maximum_players: int = 0
    name: str = ""
    data: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    fleet_id: str = ""
    location: str = ""
    ip_address: str = ""
    dns_name: str = ""
    port: int = 0
    status: str = ""


@dataclass(frozen=True, slots=True)
class GameSessionUpdate:
    """A change of the hosted session: backfill found players, or gave up.

    Attributes:
        session: the session as it is now.
        reason: an UpdateReason, or what else GameLift may say one day.
        backfill_ticket_id: the ticket that caused it.
    """

    session: GameSession
    reason: str
    backfill_ticket_id: str = ""


@dataclass(frozen=True, slots=True)
class PlayerSession:
    """One seat, as GameLift knows it.

    Attributes:
        player_session_id: opens the seat; a secret of the player.
        player_id: whose it is.
        game_session_id: in which session.
        status: a PlayerSessionStatus, or what else GameLift may say one day.
        fleet_id: the fleet of the session.
        player_data: free text of whoever reserved it.
        ip_address: where the player connects.
        dns_name: where the player connects.
        port: where the player connects.
        created_at_s: seconds since the epoch; None when GameLift does not say.
        ended_at_s: the same; None while it is open.
    """

    player_session_id: str = field(repr=False)
    player_id: str
    game_session_id: str
    status: str
    fleet_id: str = ""
    player_data: str = ""
    ip_address: str = ""
    dns_name: str = ""
    port: int = 0
    created_at_s: float | None = None
    ended_at_s: float | None = None


@dataclass(frozen=True, slots=True)
class PlayerSessionPage:
    """Some player sessions, and how to ask for more.

    Attributes:
        player_sessions: this page's.
        next_token: ask again with it; None on the last page.
    """

    player_sessions: tuple[PlayerSession, ...]
    next_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Player:
    """A player in a match.

    Attributes:
        player_id: who.
        team: on which team.
        attributes: for the rules of the matchmaker, by name.
        latencies_ms: whole milliseconds to each location, by its name. Matchmaker data does not hold them.
    """

    player_id: str
    team: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    latencies_ms: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ComputeCertificate:
    """The TLS certificate of the compute.

    Attributes:
        path: of the certificate on this machine; empty when the compute has none.
        compute_name: name of the compute.
    """

    path: str
    compute_name: str


@dataclass(frozen=True, slots=True)
class FleetRoleCredentials:
    """Temporary AWS credentials of the fleet's role.

    Attributes:
        access_key: access key id.
        secret_key: secret access key.
        session_token: goes with the two.
        expires_at_s: seconds since the epoch.
        assumed_role_arn: ARN of the role's user.
        assumed_role_id: id of the role's user.
    """

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires_at_s: float
    assumed_role_arn: str = ""
    assumed_role_id: str = ""
