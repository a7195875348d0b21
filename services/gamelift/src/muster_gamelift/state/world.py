"""One region's whole state, and the change that a request or a pass makes to it."""

from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from muster_gamelift.state.arns import Arns
from muster_gamelift.state.catalogue import (
    Alias,
    AuthToken,
    Compute,
    Configuration,
    Fleet,
    Location,
    PoolCounts,
    Queue,
    RuleSetRecord,
)
from muster_gamelift.state.deadlines import Deadlines
from muster_gamelift.state.matches import Match
from muster_gamelift.state.placements import Placement
from muster_gamelift.state.pools import Pools
from muster_gamelift.state.processes import ServerProcess
from muster_gamelift.state.sessions import GameSession, Seat, SeatStatus
from muster_gamelift.state.tables import Journal, Table
from muster_gamelift.state.tickets import IN_POOL, Ticket, TicketStatus, pool_of
from muster_runtime.ids import Ids


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of one resource."""

    pairs: Mapping[str, str]


class World:
    """All tables of one region.

    Open and ended rows are indexed under `open` and `ended`, the latter in the order in which they ended.
    """

    def __init__(self, region: str, account: str) -> None:
        """Start an empty region.

        Args:
            region: a real-looking region name, such as us-east-1.
            account: twelve digits.
        """
        self.region = region
        self.account = account
        self.arns = Arns(region, account)
        self.journal = Journal()
        journal = self.journal
        self.rule_sets = Table[RuleSetRecord](journal)
        self.configurations = Table[Configuration](journal, rule_set=lambda c: (c.rule_set_name,))
        self.queues = Table[Queue](journal)
        self.locations = Table[Location](journal)
        self.fleets = Table[Fleet](journal, location=lambda f: f.locations)
        self.aliases = Table[Alias](journal)
        self.computes = Table[Compute](journal, fleet=lambda c: (c.fleet_id,))
        self.tokens = Table[AuthToken](journal)
        self.tags = Table[Tags](journal)
        self.pools = Table[PoolCounts](journal)
        self.tickets = Table[Ticket](
            journal,
            open=lambda t: (True,) if t.is_open else (),
            ended=lambda t: () if t.is_open else (True,),
            pool=lambda t: (pool_of(t),) if t.status in IN_POOL else (),
            configuration=lambda t: (t.configuration.name,) if t.is_open else (),
            rule_set=lambda t: (t.configuration.rule_set_name,) if t.is_open else (),
            player=lambda t: t.player_ids if t.is_open else (),
            queued=lambda t: (True,) if t.status is TicketStatus.QUEUED else (),
            session=lambda t: (t.backfill.session_arn,) if t.backfill and t.is_open else (),
        )
        self.matches = Table[Match](
            journal,
            open=lambda m: (True,) if m.is_open else (),
            ended=lambda m: () if m.is_open else (True,),
        )
        self.placements = Table[Placement](
            journal,
            open=lambda p: (True,) if p.is_open else (),
            ended=lambda p: () if p.is_open else (True,),
            queue=lambda p: (p.queue_name,) if p.is_open else (),
        )
        self.sessions = Table[GameSession](
            journal,
            open=lambda s: (True,) if s.is_open else (),
            ended=lambda s: () if s.is_open else (True,),
            fleet=lambda s: (s.fleet_id,),
        )
        self.seats = Table[Seat](
            journal,
            session=lambda s: (s.session_arn,),
            taken=lambda s: (s.session_arn,) if s.is_taken else (),
            player=lambda s: (s.player_id,),
            reserved=lambda s: (True,) if s.status is SeatStatus.RESERVED else (),
        )
        self.processes = Table[ServerProcess](
            journal,
            open=lambda p: (True,) if p.is_open else (),
            ended=lambda p: () if p.is_open else (True,),
            place=lambda p: ((p.fleet_id, p.location),) if p.is_open else (),
            compute=lambda p: ((p.fleet_id, p.compute_name),) if p.is_open else (),
        )
        self.waiting = Pools(self.tickets, self.rule_sets)
        self.touched_pools = self.waiting.touched
        """Pools that changed since they were last searched."""
        self.searched_at_s: dict[Hashable, float] = {}
        self.passes = 0
        """How many searches were made; part of the matcher's seed."""
        self.ticket_ends = Deadlines(self.tickets, lambda t: t.times_out_at_s if t.is_open else None)
        self.acceptance_ends = Deadlines(self.matches, lambda m: m.accept_by_s if m.is_open else None)
        self.reservation_ends = Deadlines(
            self.seats, lambda s: s.held_until_s if s.status is SeatStatus.RESERVED else None
        )

    def forget(self) -> None:
        """Remove every row, and start counting anew."""
        for table in vars(self).values():
            if isinstance(table, Table):
                table.clear()
        self.touched_pools.clear()
        self.searched_at_s.clear()
        self.passes = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to whoever listens to GameLift.

    Attributes:
        target_arn: the SNS topic named as notification target; empty when nobody asked.
        envelope: the whole document, as EventBridge and SNS deliver it.
    """

    target_arn: str
    envelope: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Push:
    """A message to a server process."""

    process_id: str
    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """Times that AWS leaves to fleets, or keeps to itself.

    Attributes:
        activation_s: how long a server process may take to activate a session, 1 to 600.
        relink_grace_s: how long a process without its WebSocket is waited for.
        termination_s: how long a process may take to end after TerminateProcess.
        token_s: life of a compute's token.
        kept_s: how long ended tickets, placements, sessions and processes stay describable.
        kept_rows: at most so many ended rows of each kind.
        search_every_s: an unchanged pool is searched again after this long, so that expansions take effect.
        seed: start of the matcher's random choices, so that runs repeat.
        seated_accept: whether the players of a running game must accept a match with newcomers as well.
    """

    activation_s: float = 60.0
    relink_grace_s: float = 60.0
    termination_s: float = 120.0
    token_s: float = 3600.0
    kept_s: float = 86_400.0
    kept_rows: int = 10_000
    search_every_s: float = 1.0
    seed: int = 0
    seated_accept: bool = False


@dataclass(slots=True)
class Change:
    """One request or pass under way: the state, the present instant, and what must be told once it is done.

    Attributes:
        world: the region's state; writes are undone when the change fails.
        now_s: seconds since the epoch, the same for the whole change.
        ids: where new identifiers come from.
        limits: configured times.
        notices: to hand over, in order.
        pushes: to send to server processes, in order.
        sessions_moved: ARNs of game sessions that were activated or ended, not yet settled.
        placements_ended: ids of placements that ended, not yet settled.
        wants_pass: whether the matchmaker should look soon.
    """

    world: World
    now_s: float
    ids: Ids
    limits: Limits
    notices: list[Notice] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)
    sessions_moved: deque[str] = field(default_factory=deque)
    placements_ended: deque[str] = field(default_factory=deque)
    wants_pass: bool = False
