"""Who sits where: a candidate for a match while it is built, taken apart and judged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from muster_flexmatch.expressions import Value
from muster_flexmatch.rules import Team
from muster_flexmatch.values import Player, Ticket


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Players of one ticket who count as one when rules measure.

    Attributes:
        players: all of the ticket, or those on one team where the ticket is spread over several.
        reduced: what was measured of them before, by attribute and aggregation.
        latencies: the same of their latencies, by aggregation.
    """

    players: tuple[Player, ...]
    reduced: dict[tuple[str | None, str], tuple[Value, ...]] = field(default_factory=dict)
    latencies: dict[str, Mapping[str, float] | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Entrant:
    """A ticket on its way into candidates.

    Attributes:
        ticket: the ticket.
        whole: all its players.
        size: how many players come with it.
        player_ids: who comes with it.
        seats: the groups by team of a backfill ticket; None for others, which may sit anywhere.
    """

    ticket: Ticket
    whole: Group
    size: int
    player_ids: frozenset[str]
    seats: Mapping[str, Group] | None = None


def entrant(ticket: Ticket, teams: Sequence[Team]) -> Entrant | None:
    """Return the ticket ready for the search; None when it can be in no match at all.

    That is so for a ticket without players, with a player twice, or of a running session whose players are not all
    on teams of this rule set.
    """
    player_ids = frozenset(player.player_id for player in ticket.players)
    size = len(ticket.players)
    if not size or len(player_ids) < size:
        return None
    whole = Group(ticket.players)
    if not ticket.is_backfill:
        return Entrant(ticket, whole, size, player_ids)
    known = {team.name for team in teams}
    seated: dict[str, list[Player]] = {}
    for player in ticket.players:
        if player.team not in known:
            return None
        seated.setdefault(player.team or "", []).append(player)
    seats = {team: Group(tuple(players)) for team, players in seated.items()}
    return Entrant(ticket, whole, size, player_ids, seats)


class Seating:
    """Teams with the groups that sit on them at this moment of a search."""

    def __init__(self, teams: Iterable[Team]) -> None:
        """Build an empty seating of *teams*."""
        self.teams = tuple(teams)
        self.groups: dict[str, list[Group]] = {team.name: [] for team in self.teams}
        self.sizes: dict[str, int] = dict.fromkeys(self.groups, 0)
        self.entrants: list[Entrant] = []
        self.player_ids: set[str] = set()

    @property
    def players(self) -> int:
        """How many players sit."""
        return len(self.player_ids)

    def add(self, one: Entrant, team: str | None) -> None:
        """Seat an entrant on *team*; None for one whose seats are fixed."""
        for name, group in _seats(one, team).items():
            self.groups[name].append(group)
            self.sizes[name] += len(group.players)
        self.entrants.append(one)
        self.player_ids |= one.player_ids

    def remove(self, one: Entrant, team: str | None) -> None:
        """Take back the `add` of the same arguments, which must be the latest one."""
        for name, group in _seats(one, team).items():
            self.groups[name].pop()
            self.sizes[name] -= len(group.players)
        self.entrants.pop()
        self.player_ids -= one.player_ids

    def assigned(self) -> dict[str, str]:
        """Return the team by player id."""
        return {
            player.player_id: name
            for name, groups in self.groups.items()
            for group in groups
            for player in group.players
        }


def _seats(one: Entrant, team: str | None) -> Mapping[str, Group]:
    if one.seats is not None:
        return one.seats
    assert team is not None, "a new ticket needs a team"
    return {team: one.whole}
