"""The last notices."""

from muster_gamelift.page.chronicle import Told
from muster_gamelift.page.question import ROWS
from muster_gamelift.page.views.source import Source, View, shortened


def notices(source: Source) -> View:
    """Return the newest notices with their documents; `start` pages to older ones by number."""
    question = source.question
    found = source.told.latest(source.world.region, text=question.text, before=question.start or None, most=ROWS + 1)
    more = len(found) > ROWS
    rows = found[:ROWS]
    return {
        "last": source.told.last,
        "rows": [{**line(one), "document": shortened(one.envelope)} for one in rows],
        "older": rows[-1].number if more else None,
    }


def lines(source: Source, most: int) -> list[View]:
    """Return the newest notices in short."""
    return [line(one) for one in source.told.latest(source.world.region, text="", before=None, most=most)]


def line(told: Told) -> View:
    """Return one notice in short."""
    detail = told.detail
    tickets = [str(ticket["ticketId"]) for ticket in detail.get("tickets", ())]
    return {
        "n": told.number,
        "type": told.kind,
        "at": told.envelope["time"],
        "about": told.resource,
        "tickets": tickets[:8],
        "ticketCount": len(tickets),
        "matchId": detail.get("matchId"),
        "placementId": detail.get("placementId"),
        "acceptance": detail.get("acceptance"),
        "reason": detail.get("reason"),
    }
