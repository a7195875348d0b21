"""The matchmakers of a region's pools: kept beside the tickets, and derived from them alone.

A ticket is read once, when it comes; that a change was undone, or the service restarted, makes no difference.
"""

import threading
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager

from muster_flexmatch import Matchmaker
from muster_flexmatch import Ticket as Request
from muster_gamelift.state.catalogue import RuleSetRecord
from muster_gamelift.state.tables import Table
from muster_gamelift.state.tickets import IN_POOL, PoolKey, Ticket, pool_of


class Pools:
    """A matchmaker for each pool that holds tickets.

    Matchmakers change in `follow` only, so that a search may go on beside everything else; see `held`.

    Attributes:
        touched: pools that changed since they were last searched; whoever searches takes them out.
    """

    def __init__(self, tickets: Table[Ticket], rule_sets: Table[RuleSetRecord]) -> None:
        """Follow *tickets*."""
        self._tickets = tickets
        self._rule_sets = rule_sets
        self._written = tickets.follow()
        self._where: dict[str, tuple[PoolKey, Request]] = {}
        self._matchmakers: dict[PoolKey, Matchmaker] = {}
        self._lock = threading.Lock()
        self.touched: set[Hashable] = set()

    def __iter__(self) -> Iterator[tuple[PoolKey, Matchmaker]]:
        """Yield the pools that hold tickets, in the order in which they first did."""
        return iter(tuple(self._matchmakers.items()))

    def held(self) -> AbstractContextManager[bool]:
        """Return what a search holds while it reads a matchmaker, so that `follow` waits for it."""
        return self._lock

    def follow(self) -> None:
        """Bring the matchmakers up to date with the tickets."""
        if not self._written:
            return
        with self._lock:
            for ticket_id in self._written:
                self._place(ticket_id, self._tickets.get(ticket_id))
            self._written.clear()

    def _place(self, ticket_id: str, ticket: Ticket | None) -> None:
        now = ticket if ticket and ticket.status in IN_POOL else None
        key = pool_of(now) if now else None
        was = self._where.get(ticket_id)
        if now and was and was == (key, now.request):
            return
        if was:
            self._take_out(ticket_id, was[0])
        if now and key:
            self._let_in(now.request, key)

    def _take_out(self, ticket_id: str, key: PoolKey) -> None:
        self.touched.add(key)
        del self._where[ticket_id]
        self._matchmakers[key].remove(ticket_id)
        if not len(self._matchmakers[key]):
            del self._matchmakers[key]

    def _let_in(self, request: Request, key: PoolKey) -> None:
        self.touched.add(key)
        self._where[request.ticket_id] = (key, request)
        if key not in self._matchmakers:
            rules = self._rule_sets[key.rule_set_name].rules
            self._matchmakers[key] = Matchmaker(rules, additional_players=key.slots_kept_open)
        self._matchmakers[key].add(request)
