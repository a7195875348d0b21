"""A ticket that waits, with what the search reads of it: read once, when it comes."""

from collections.abc import Sequence
from dataclasses import dataclass

from muster_flexmatch.compiled import Compiled
from muster_flexmatch.evaluate import latencies
from muster_flexmatch.expressions import Unmeasurable, Value
from muster_flexmatch.seating import Entrant, entrant
from muster_flexmatch.values import Ticket

EVERY_REGION = -1
"""A mask with every bit set: a running session, which has its region, meets everyone in it."""


class Waiting:
    """A ticket in the pool.

    Attributes:
        entrant: the ticket, ready to be seated.
        ticket_id: of the ticket.
        order: its start and its id; sorts by age, the oldest first.
        size: players.
        values: the number for each of `Compiled.spans`.
        strings: the string for each of `Compiled.sames`.
        masks: for each of `Compiled.regions`, the regions within each of its distinct limits.
        place: where it stands in a line of its pool; near tickets are tried first.
        worth: what teams are evened on.
    """

    __slots__ = ("entrant", "masks", "order", "place", "size", "strings", "ticket_id", "values", "worth")

    def __init__(  # noqa: PLR0913 - one value for each field
        self,
        one: Entrant,
        values: tuple[float, ...],
        strings: tuple[str, ...],
        masks: tuple[tuple[int, ...], ...],
        *,
        place: float,
        worth: float,
    ) -> None:
        """Build it from what was read."""
        self.entrant = one
        self.ticket_id = one.ticket.ticket_id
        self.order = (one.ticket.started_at_s, one.ticket.ticket_id)
        self.size = one.size
        self.values = values
        self.strings = strings
        self.masks = masks
        self.place = place
        self.worth = worth

    @property
    def start_s(self) -> float:
        """When the ticket started."""
        return self.order[0]

    @property
    def is_backfill(self) -> bool:
        """Whether it stands for a running session."""
        return self.entrant.seats is not None


@dataclass(frozen=True, slots=True)
class Hopeless:
    """A ticket that can be in no match, whoever else comes.

    Attributes:
        ticket_id: of the ticket.
        rule: the rule that fails by this ticket alone; None where the ticket itself is at fault.
    """

    ticket_id: str
    rule: str | None


def waiting(compiled: Compiled, ticket: Ticket) -> Waiting | Hopeless:
    """Return a ticket ready to wait, or why it can be in no match at all.

    That is so when `seating.entrant` says so, and when a rule over the whole match fails by this ticket alone.
    """
    one = entrant(ticket, compiled.rules.teams)
    if one is None:
        return Hopeless(ticket.ticket_id, None)
    values: list[float] = []
    for span in compiled.spans:
        number = _number(compiled, one, span.attribute, span.party)
        if number is None:
            return Hopeless(ticket.ticket_id, span.rule)
        values.append(number)
    strings: list[str] = []
    for same in compiled.sames:
        texts = set(_reduced(compiled, one, same.attribute, "avg"))
        text = texts.pop() if len(texts) == 1 else None
        if not isinstance(text, str):
            return Hopeless(ticket.ticket_id, same.rule)
        strings.append(text)
    masks = []
    for regions in compiled.regions:
        found_masks = _masks(compiled, one, regions.party, regions.distinct)
        if not found_masks[-1]:
            return Hopeless(ticket.ticket_id, regions.rule)
        masks.append(found_masks)
    place = worth = ticket.started_at_s
    if compiled.line is not None:
        place = _place(compiled, one, *compiled.line)
    if compiled.even is not None:
        worth = place if compiled.even == compiled.line else _number(compiled, one, *compiled.even) or 0.0
    return Waiting(one, tuple(values), tuple(strings), tuple(masks), place=place, worth=worth)


def _place(compiled: Compiled, one: Entrant, attribute: str, party: str) -> float:
    found = _reduced(compiled, one, attribute, party)
    first = found[0] if found else 0.0
    if isinstance(first, str):
        return float(int.from_bytes(first.encode()[:6].ljust(6, b"\0")))  # in the order of the strings
    return first if isinstance(first, float) else 0.0


def _number(compiled: Compiled, one: Entrant, attribute: str, party: str) -> float | None:
    found = _reduced(compiled, one, attribute, party)
    first = found[0] if found else None
    return first if isinstance(first, float) else None


def _reduced(compiled: Compiled, one: Entrant, attribute: str, party: str) -> tuple[Value, ...]:
    try:
        return compiled.judge.reduced(one.whole, attribute, party)
    except Unmeasurable:
        return ()


def _masks(compiled: Compiled, one: Entrant, party: str, limits: Sequence[float]) -> tuple[int, ...]:
    table = latencies(party, one.whole)
    if table is None:
        return (EVERY_REGION,) * len(limits)
    masks = []
    for limit in limits:
        mask = 0
        for region, latency in table.items():
            if latency <= limit:
                mask |= compiled.bit(region)
        masks.append(mask)
    return tuple(masks)
