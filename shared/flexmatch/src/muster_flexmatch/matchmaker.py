"""The pool of one matchmaking configuration, and one look at it after the other."""

from collections.abc import Iterable, Iterator

from muster_flexmatch.batched import BatchLook
from muster_flexmatch.compiled import Compiled
from muster_flexmatch.large import look_at_large
from muster_flexmatch.lined import LineLook
from muster_flexmatch.look import LIMITS, Limits
from muster_flexmatch.memory import Account, Memory
from muster_flexmatch.prospects import Prospects
from muster_flexmatch.rules import RuleSet
from muster_flexmatch.values import Outcome, Ticket
from muster_flexmatch.waiting import Hopeless, Waiting, waiting


class Matchmaker:
    """The tickets that wait under one rule set.

    `tick` finds matches and changes nothing: the same tickets, time and seed give the same matches, in whatever order
    the tickets came. Whoever accepts a match takes its tickets out with `remove`.
    """

    def __init__(self, rules: RuleSet, *, additional_players: int = 0, limits: Limits = LIMITS) -> None:
        """Open an empty pool.

        Args:
            rules: the rule set.
            additional_players: seats of a full match that stay empty, for players who come in another way; 0 or more.
                Which team keeps them is decided like everything about teams: the neediest is filled first.
            limits: how much a look may cost.

        Raises:
            ValueError: so many seats cannot stay empty.
        """
        least = sum(team.min_players for team in rules.teams)
        if additional_players < 0 or rules.max_players - additional_players < max(1, least):
            raise ValueError(f"the teams cannot keep {additional_players} seats empty")
        self.rules = rules
        self._compiled = Compiled(rules, empty_seats=additional_players)
        self._is_large = rules.is_large
        self._limits = limits
        self._memory = Memory()
        self._account = Account(limits.total, limits.per_second)
        self._prospects = Prospects(self._compiled)
        self._waiting: dict[str, Waiting] = {}
        self._hopeless: dict[str, Hopeless] = {}
        self._tickets: dict[str, Ticket] = {}

    def __len__(self) -> int:
        return len(self._tickets)

    def __contains__(self, ticket_id: object) -> bool:
        return ticket_id in self._tickets

    def __iter__(self) -> Iterator[Ticket]:
        """Yield the tickets, in the order in which they came."""
        return iter(self._tickets.values())

    def add(self, ticket: Ticket) -> None:
        """Let a ticket wait.

        Raises:
            ValueError: one with its id waits already.
        """
        ticket_id = ticket.ticket_id
        if ticket_id in self._tickets:
            raise ValueError(f"ticket {ticket_id} waits already")
        found = waiting(self._compiled, ticket)
        self._tickets[ticket_id] = ticket
        if isinstance(found, Hopeless):
            self._hopeless[ticket_id] = found
        else:
            self._waiting[ticket_id] = found

    def remove(self, ticket_id: str) -> Ticket | None:
        """Take a ticket out; return it, or None when none with that id waits. Safe to repeat."""
        left = self._waiting.pop(ticket_id, None)
        if left is not None:
            self._memory.forget(left)
            self._prospects.forget(left)
        self._hopeless.pop(ticket_id, None)
        return self._tickets.pop(ticket_id, None)

    def remove_all(self, ticket_ids: Iterable[str]) -> None:
        """Take several tickets out, such as those of a match."""
        for ticket_id in ticket_ids:
            self.remove(ticket_id)

    def tick(self, now_s: float, seed: int) -> Outcome:
        """Find the matches that the pool allows now; the pool stays as it is.

        Args:
            now_s: the present, on the clock of `Ticket.started_at_s`; drives the expansions.
            seed: decides between what is equally good.

        Returns:
            The matches, and how often each rule passed and failed on the way.
        """
        pool = sorted(self._waiting.values(), key=lambda one: one.order)
        hopeless = self._hopeless.values()
        if self._is_large:
            return look_at_large(self._compiled, pool, hopeless, now_s=now_s, seed=seed)
        kind = BatchLook if len(pool) <= self._limits.whole else LineLook
        look = kind(
            self._compiled,
            pool,
            hopeless,
            now_s=now_s,
            seed=seed,
            limits=self._limits,
            memory=self._memory,
            prospects=self._prospects,
            steps=self._account.open(now_s),
        )
        outcome = look.outcome()
        self._account.close(look.left)
        return outcome
