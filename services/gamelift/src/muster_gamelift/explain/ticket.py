"""One ticket explained, whatever its state."""

from collections.abc import Callable
from typing import Any

from muster_gamelift.errors import UnknownResource
from muster_gamelift.explain import under_way, waiting
from muster_gamelift.explain.answer import Said
from muster_gamelift.state.tickets import IN_POOL, Ticket
from muster_gamelift.state.world import World

Answer = dict[str, Any]
"""JSON-compatible; the keys are those of `explain_ticket`."""


def explain_ticket(world: World, ticket_id: str, now_s: float) -> Answer:
    """Tell where a ticket stands and what it waits for.

    Args:
        world: the ticket's region.
        ticket_id: the ticket.
        now_s: seconds since the epoch.

    Returns:
        JSON-compatible values. Always: `ticketId`, `status`, `configuration`, `ruleSet`, `now`, `waitedSeconds`,
        `timesOutInSeconds` (None once ended), `verdict` (`never`, `waiting`, `outranked`, `matchable`, `accepting`,
        `placing`, `ended`), `headline`, `sentences`, and `story`: the sentences, each with what it is `about`. While
        the ticket searches also `cause`, `alsoNeeded`, `alternatives`, `rules` (each with `name`, `passes`, `wants`,
        `has`, `against`), `teams` of the best partial match, `others`, `change`, `partners`; while it is placed
        `places`; while players answer `answers`.

    Raises:
        UnknownResource: the region has no such ticket.
    """
    return prepare(world, ticket_id, now_s)()


def prepare(world: World, ticket_id: str, now_s: float) -> Callable[[], Answer]:
    """Return a function that explains the ticket as it is now, and that no longer looks at *world*.

    A pool of thousands of tickets takes seconds to think about; the function may run on another thread.

    Raises:
        UnknownResource: the region has no such ticket.
    """
    ticket = world.tickets.get(ticket_id)
    if ticket is None:
        raise UnknownResource(f"Matchmaking ticket {ticket_id} not found.")
    if ticket.status in IN_POOL:
        pool = waiting.pool_around(world, ticket, now_s)
        return lambda: _answer(ticket, now_s, waiting.said(pool))
    said = under_way.said(world, ticket, now_s)
    return lambda: _answer(ticket, now_s, said)


def _answer(ticket: Ticket, now_s: float, said: Said) -> Answer:
    end_s = now_s if ticket.ended_at_s is None else ticket.ended_at_s
    return {
        "ticketId": ticket.ticket_id,
        "status": str(ticket.status),
        "configuration": ticket.configuration.name,
        "ruleSet": ticket.configuration.rule_set_name,
        "now": now_s,
        "waitedSeconds": round(max(0.0, end_s - ticket.started_at_s), 3),
        "timesOutInSeconds": round(max(0.0, ticket.times_out_at_s - now_s), 3) if ticket.is_open else None,
        "verdict": said.verdict,
        "headline": said.headline,
        "sentences": [text for _, text in said.story],
        "story": [{"about": about, "text": text} for about, text in said.story],
        **said.facts,
    }
