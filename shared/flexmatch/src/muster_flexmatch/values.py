"""What goes into the matcher and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Attribute = float | str | tuple[str, ...] | Mapping[str, float]
"""A player's attribute: a number, a string, a list of strings, or a map from string to number."""


@dataclass(frozen=True, slots=True)
class Player:
    """One player of a ticket.

    Attributes:
        player_id: unique in a match.
        attributes: what rules measure, by name.
        latencies: milliseconds by region, as the client sent them.
        team: where the player sits already; only in tickets that fill up a running session (backfill).
    """

    player_id: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    latencies: Mapping[str, int] = field(default_factory=dict)
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """Players who want to be matched together: they are never split, and end on one team.

    A ticket whose players name teams is a backfill ticket: it stands for a running session, its players stay where
    they are.

    Attributes:
        ticket_id: unique in a pool.
        players: one or more.
        started_at_s: seconds on the clock that `now_s` is read from; gives the ticket's age.
    """

    ticket_id: str
    players: tuple[Player, ...]
    started_at_s: float

    @property
    def is_backfill(self) -> bool:
        """Whether the ticket stands for a running session."""
        return any(player.team is not None for player in self.players)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How often a rule let a set of tickets pass, and how often not."""

    rule_name: str
    passed: int
    failed: int


@dataclass(frozen=True, slots=True)
class Match:
    """Tickets that play together.

    Attributes:
        ticket_ids: the oldest first.
        teams: team by player id.
        evaluations: what the search for this match evaluated, in the order of the rules.
    """

    ticket_ids: tuple[str, ...]
    teams: Mapping[str, str]
    evaluations: tuple[Evaluation, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one look at a pool found.

    Attributes:
        matches: in the order they were found; no ticket and no player is in two.
        evaluations: everything that was evaluated on the way, in the order of the rules.
    """

    matches: tuple[Match, ...]
    evaluations: tuple[Evaluation, ...]
