"""A potential match: built, perhaps waiting for its players to accept, then being placed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from muster_gamelift.state.catalogue import Configuration


class MatchStatus(StrEnum):
    """Where a match stands; AWS shows it only through its tickets."""

    ACCEPTING = "ACCEPTING"
    PLACING = "PLACING"
    PLACED = "PLACED"
    DROPPED = "DROPPED"


@dataclass(frozen=True, slots=True)
class Match:
    """Tickets put together.

    Attributes:
        configuration: that of its oldest ticket.
        tickets: ids, oldest first.
        teams: player id -> team.
        answers: player id -> accepted, for those who answered.
        accept_by_s: when acceptance times out; None when none is needed.
        placement_id: the placement that looks for a session; None when standalone.
        backfill_ticket_id: the one of its tickets that stands for a running game; None for a new match.
        excused: players who are seated in that game already and need not accept.
        automatic_ticket_id: of the automatic backfill ticket that follows once the match has its session.
    """

    match_id: str
    configuration: Configuration
    tickets: tuple[str, ...]
    teams: Mapping[str, str]
    status: MatchStatus
    answers: Mapping[str, bool] = field(default_factory=dict)
    accept_by_s: float | None = None
    placement_id: str | None = None
    backfill_ticket_id: str | None = None
    excused: tuple[str, ...] = ()
    automatic_ticket_id: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the match can still change."""
        return self.status in {MatchStatus.ACCEPTING, MatchStatus.PLACING}

    @property
    def is_accepted(self) -> bool:
        """Whether every player has accepted."""
        return self.has_accepted(self.teams)

    @property
    def is_rejected(self) -> bool:
        """Whether some player has rejected."""
        return not all(self.answers.values())

    def has_accepted(self, player_ids: Iterable[str]) -> bool:
        """Whether each of *player_ids* has accepted, or need not."""
        return all(self.answers.get(player_id, player_id in self.excused) for player_id in player_ids)

    def answered(self, player_id: str, *, accepted: bool) -> "Match":
        """Return the match after one answer; a rejection is never taken back, an acceptance may be."""
        if self.answers.get(player_id) is False:
            return self
        return replace(self, answers={**self.answers, player_id: accepted})

    def placing(self, placement_id: str | None, *, automatic_ticket_id: str | None = None) -> "Match":
        """Return the match on its way to a session."""
        return replace(
            self,
            status=MatchStatus.PLACING,
            placement_id=placement_id,
            automatic_ticket_id=automatic_ticket_id,
            accept_by_s=None,
        )

    def closed(self, status: MatchStatus) -> "Match":
        """Return the match placed or dropped."""
        return replace(self, status=status)
