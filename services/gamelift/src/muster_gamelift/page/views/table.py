"""Every view of the page by name."""

from collections.abc import Callable, Mapping

from muster_gamelift.page.views.catalogue import configurations, rule_sets
from muster_gamelift.page.views.hosting import fleets, queues, sessions
from muster_gamelift.page.views.notices import notices
from muster_gamelift.page.views.overview import overview
from muster_gamelift.page.views.source import Source, View
from muster_gamelift.page.views.tickets import tickets

VIEWS: Mapping[str, Callable[[Source], View]] = {
    "overview": overview,
    "configurations": configurations,
    "rule-sets": rule_sets,
    "tickets": tickets,
    "queues": queues,
    "fleets": fleets,
    "sessions": sessions,
    "notices": notices,
}


def view(source: Source) -> View | None:
    """Return what *source* is asked for; None when there is no such view."""
    made = VIEWS.get(source.question.what)
    return None if made is None else made(source)
