"""Which tickets of a pool play together now. Pure: the same pool, time and seed give the same matches."""

from collections.abc import Sequence

from muster_flexmatch.matchmaker import Matchmaker
from muster_flexmatch.rules import RuleSet
from muster_flexmatch.values import Outcome, Ticket


def find_matches(rules: RuleSet, tickets: Sequence[Ticket], *, now_s: float, seed: int) -> Outcome:
    """Find the matches that a pool allows; for a pool that lives on, keep a `Matchmaker`.

    The oldest ticket is the first anchor; the largest valid match with it is made, then the next oldest is the
    anchor, and so on. Tickets of running sessions (backfill) come before, among or after the others as
    `algorithm.backfillPriority` says; a match has at most one of them, and always someone new.

    Args:
        rules: the rule set.
        tickets: the pool, in any order.
        now_s: the present, on the clock of `Ticket.started_at_s`; drives the expansions.
        seed: decides between teams that are equally good.

    Returns:
        The matches, and how often each rule passed and failed on the way.

    Raises:
        ValueError: two tickets have the same id.

    Source: FlexMatch guide, how matchmaking works and match algorithms.
    """
    if len({ticket.ticket_id for ticket in tickets}) < len(tickets):
        raise ValueError("two tickets have the same id")
    matchmaker = Matchmaker(rules)
    for ticket in tickets:
        matchmaker.add(ticket)
    return matchmaker.tick(now_s, seed)
