"""The first page: how many there are of everything, and what to do when there is nothing yet."""

from collections import Counter

from muster_gamelift.page.views import catalogue, notices, tickets
from muster_gamelift.page.views.source import Source, View
from muster_gamelift.state.tickets import TicketStatus


def overview(source: Source) -> View:
    """Return the counts of a region, its pools, and what happened last."""
    world = source.world
    statuses = Counter(ticket.status for ticket in world.tickets)
    processes = world.processes.find("open", at=True)
    sessions = world.sessions.find("open", at=True)
    return {
        "tickets": {str(status): statuses[status] for status in TicketStatus},
        "counts": {
            "configurations": len(world.configurations),
            "ruleSets": len(world.rule_sets),
            "queues": len(world.queues),
            "placementsOpen": world.placements.count("open", at=True),
            "fleets": len(world.fleets),
            "computes": len(world.computes),
            "processes": len(processes),
            "processesFree": sum(process.is_free for process in processes),
            "sessions": len(sessions),
            "seatsTaken": sum(world.seats.count("taken", session.arn) for session in sessions),
            "seats": sum(session.plan.max_players for session in sessions),
        },
        "pools": catalogue.pools(source),
        "longestWaiting": tickets.longest_waiting(source),
        "notices": notices.lines(source, 12),
    }
