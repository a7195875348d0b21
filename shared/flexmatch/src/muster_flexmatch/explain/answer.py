"""What an explanation says."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["attribute", "duplicate-player", "party-size", "region", "rule", "running-session", "seats", "team-size"]
"""What stops a ticket.

`attribute`: a player lacks one. `duplicate-player`: a player stands on another ticket. `party-size`: wider than every
team. `region`: a latency rule. `rule`: any other rule. `running-session`: nobody new fits the open seats. `seats`:
enough players, but parties of these sizes do not fill the teams. `team-size`: too few players for the minimums.
"""
Status = Literal["never", "waiting", "outranked", "matchable"]
"""`never`: no other players and no expansion can help. `waiting`: it lacks something now. `outranked`: it could play
now, but older tickets take those it could play with. `matchable`: the next look at the pool will match it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One rule, judged on one candidate.

    Attributes:
        element: the property that decides, as in `rules[FairTeams].maxDistance`.
        held: whether the rule holds.
        value: what was measured; None when nothing could be.
        limit: what the rule set demands at the candidate's age.
        text: both in words.
        against: tickets that stand on the far side.
    """

    element: str
    held: bool
    value: float | str | None
    limit: float | str | None
    text: str
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seats:
    """How one team stands in the best partial match."""

    team: str
    players: int
    min_players: int
    max_players: int


@dataclass(frozen=True, slots=True)
class Partial:
    """The most complete candidate found around the ticket.

    Attributes:
        ticket_ids: the oldest first.
        teams: team by player id.
        seats: how the teams stand.
        checks: every rule that can hold or fail, in the order of the rule set.
        age_s: the age that counts for expansions.
    """

    ticket_ids: tuple[str, ...]
    teams: Mapping[str, str]
    seats: tuple[Seats, ...]
    checks: tuple[Check, ...]
    age_s: float


@dataclass(frozen=True, slots=True)
class Cause:
    """What stops the ticket.

    Attributes:
        kind: what sort of thing it is.
        element: its place in the rule set, or in the ticket.
        text: one sentence with the numbers.
        value: what was measured, or how many there are.
        limit: what is demanded.
        needed: the value of the element that would have let a match through now; None when that is not a number.
        against: the tickets that are kept away by it.
    """

    kind: Kind
    element: str
    text: str
    value: float | str | None = None
    limit: float | str | None = None
    needed: float | None = None
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """The expansion that changes it.

    Attributes:
        target: as rule sets write it.
        before: the value now.
        after: the value then.
        in_s: seconds from now; with the pool as it is.
        at_s: the same on the clock of the tickets.
        ticket_id: whose age reaches the step.
        enough: whether a match comes about with the pool as it is.
    """

    target: str
    before: float | str | None
    after: float | str | None
    in_s: float
    at_s: float
    ticket_id: str
    enough: bool


@dataclass(frozen=True, slots=True)
class Pairs:
    """The others one by one: can the two be in one match at all?

    Attributes:
        others: how many tickets wait beside this one.
        compatible: how many of them nothing keeps apart from it for good.
        conflicts: how many each element keeps apart, the most first; one ticket may count under several.
    """

    others: int
    compatible: int
    conflicts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a ticket waits.

    Attributes:
        ticket_id: the ticket.
        status: how it stands.
        age_s: how long it has waited.
        cause: what stops it; None when it can be matched now.
        together: what else must change with the cause, when one change alone is not enough.
        alternatives: other single changes that would be enough.
        partial: the best partial match; None when the ticket can be in none.
        pairs: the others one by one.
        change: the expansion that changes it; None when none will.
        partners: the tickets it could play with now.
        summary: all that in a few sentences.
    """

    ticket_id: str
    status: Status
    age_s: float
    cause: Cause | None
    together: tuple[Cause, ...]
    alternatives: tuple[Cause, ...]
    partial: Partial | None
    pairs: Pairs
    change: Change | None
    partners: tuple[str, ...]
    summary: str

    def to_json(self) -> dict[str, Any]:
        """Return the explanation as JSON-compatible values."""
        document: dict[str, Any] = asdict(self)
        return document
