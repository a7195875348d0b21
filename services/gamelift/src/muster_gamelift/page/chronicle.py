"""What notices said of late, for people to look up: the last ones, those of one ticket, and how many of each kind."""

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from muster_gamelift.ports import NoticeSink
from muster_gamelift.state.world import Notice

MOST: Final = 10_000
"""So many notices are kept."""
MOST_TICKETS: Final = 20_000
"""Tickets whose notices can be looked up; as many as ended and open ones are kept together."""
Telling = Mapping[str, Any]
"""The detail of a notice."""


@dataclass(frozen=True, slots=True)
class Told:
    """One notice.

    Attributes:
        number: 1 for the first since the start.
        envelope: the whole document.
    """

    number: int
    envelope: Mapping[str, Any]

    @property
    def region(self) -> str:
        """Where it happened."""
        return str(self.envelope["region"])

    @property
    def detail(self) -> Telling:
        """What it says."""
        detail: Telling = self.envelope["detail"]
        return detail

    @property
    def kind(self) -> str:
        """Its type, such as `MatchmakingSearching`."""
        return str(self.detail["type"])

    @property
    def resource(self) -> str:
        """The name of the configuration or queue that it is about."""
        return str(self.envelope["resources"][0]).rpartition("/")[2]


@dataclass(slots=True)
class Chronicle:
    """A `NoticeSink` that remembers and hands on; the oldest notices make room for new ones.

    Attributes:
        behind: who gets the notices next; None when nobody does.
        most: so many notices are kept.
        most_tickets: notices can be looked up for so many tickets.
    """

    behind: NoticeSink | None = None
    most: int = MOST
    most_tickets: int = MOST_TICKETS
    _last: int = 0
    _kept: deque[Told] = field(default_factory=deque)
    _of_ticket: OrderedDict[tuple[str, str], list[Told]] = field(default_factory=OrderedDict)
    _counts: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """The number of the last notice; 0 before the first."""
        return self._last

    def hand_over(self, notice: Notice) -> None:
        """Write *notice* down, and hand it on."""
        self._last += 1
        told = Told(self._last, notice.envelope)
        self._kept.append(told)
        if len(self._kept) > self.most:
            self._kept.popleft()
        counts = self._counts.setdefault((told.region, told.resource), Counter())
        counts[_counted(told)] += 1
        for ticket in told.detail.get("tickets", ()):
            self._write_down(told, str(ticket["ticketId"]), len(ticket["players"]), counts)
        if self.behind:
            self.behind.hand_over(notice)

    def _write_down(self, told: Told, ticket_id: str, players: int, counts: Counter[str]) -> None:
        key = (told.region, ticket_id)
        if key not in self._of_ticket:
            if len(self._of_ticket) >= self.most_tickets:
                # An ordinary dict would look through all the places that were emptied before, for each ticket again.
                self._of_ticket.popitem(last=False)
            self._of_ticket[key] = []
            counts["TicketsStarted"] += 1
            counts["PlayersStarted"] += players
        self._of_ticket[key].append(told)

    def clear(self) -> None:
        """Forget everything, and number from 1 again."""
        self._last = 0
        self._kept.clear()
        self._of_ticket.clear()
        self._counts.clear()

    def of_ticket(self, region: str, ticket_id: str) -> tuple[Told, ...]:
        """Return the notices that named a ticket, oldest first."""
        return tuple(self._of_ticket.get((region, ticket_id), ()))

    def counts(self, region: str, resource: str) -> Mapping[str, int]:
        """Return how many notices of each kind were about a configuration or a queue, and what tickets they started.

        AcceptMatchCompleted is counted by its outcome, as in `AcceptMatchCompleted Rejected`.
        """
        return self._counts.get((region, resource), Counter())

    def latest(self, region: str, *, text: str, before: int | None, most: int) -> list[Told]:
        """Return the newest notices of a region, the newest first.

        Args:
            region: which.
            text: only those whose type, configuration, queue, match, placement, ticket or player contains it.
            before: only those with a lower number.
            most: at most so many.
        """
        found: list[Told] = []
        for told in reversed(self._kept):
            older = before is None or told.number < before
            if older and told.region == region and (not text or _mentions(told, text)):
                found.append(told)
                if len(found) >= most:
                    break
        return found


def _counted(told: Told) -> str:
    outcome = told.detail.get("acceptance")
    return f"{told.kind} {outcome}" if outcome else told.kind


def _mentions(told: Told, text: str) -> bool:
    wanted = text.casefold()
    return any(wanted in name.casefold() for name in _names(told))


def _names(told: Told) -> Iterable[str]:
    yield told.kind
    yield told.resource
    yield str(told.detail.get("matchId", ""))
    yield str(told.detail.get("placementId", ""))
    for ticket in told.detail.get("tickets", ()):
        yield str(ticket["ticketId"])
        for player in ticket["players"]:
            yield str(player["playerId"])
