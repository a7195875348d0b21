"""What a matched ticket waits for: answers of players, a free server process, a game session that opens; or its end."""

from typing import Any, Final

from muster_gamelift import placement as queues
from muster_gamelift.explain.answer import Said, listed, number, several
from muster_gamelift.state.arns import name_of
from muster_gamelift.state.matches import Match
from muster_gamelift.state.placements import Placement
from muster_gamelift.state.tickets import Ticket, TicketStatus
from muster_gamelift.state.world import World

_ENDS: Final = {
    TicketStatus.COMPLETED: "Matched",
    TicketStatus.CANCELLED: "Cancelled",
    TicketStatus.FAILED: "Failed",
    TicketStatus.TIMED_OUT: "Timed out",
}


def said(world: World, ticket: Ticket, now_s: float) -> Said:
    """Tell what a ticket waits for that no longer searches."""
    match = world.matches.get(ticket.match_id) if ticket.match_id else None
    placement = world.placements.get(match.placement_id) if match and match.placement_id else None
    if not ticket.is_open:
        return _ended(ticket)
    if ticket.status is TicketStatus.REQUIRES_ACCEPTANCE and match:
        return _accepting(match, now_s)
    if placement:
        return _placing(world, placement, now_s)
    return Said("placing", "Being placed", (("So far", "A match was made, and its placement begins."),))


def _ended(ticket: Ticket) -> Said:
    took_s = (ticket.ended_at_s or ticket.started_at_s) - ticket.started_at_s
    told = [("So far", f"It ended after {number(took_s)} s.")]
    if ticket.message:
        told.append(("Why", ticket.message))
    if ticket.connection:
        address = ticket.connection.dns_name or ticket.connection.ip_address or "its server"
        told.append(("Where", f"Its players go to {address} port {ticket.connection.port}."))
    elif ticket.status is TicketStatus.COMPLETED:
        told.append(("Where", "The configuration is STANDALONE: a match is all there is, without a game session."))
    reason = f": {ticket.reason}" if ticket.reason else ""
    return Said("ended", f"{_ENDS[ticket.status]}{reason}", told)


def _accepting(match: Match, now_s: float) -> Said:
    answered = {player_id for player_id, accepted in match.answers.items() if accepted}
    missing = [player_id for player_id in match.teams if player_id not in answered and player_id not in match.excused]
    left_s = max(0.0, (match.accept_by_s or now_s) - now_s)
    made = f"A match with {several(len(match.teams), 'player')} was made; {number(len(answered))} accepted it."
    told = (
        ("So far", made),
        ("What it waits for", f"It waits for {listed(missing)}, {number(left_s)} s at most."),
        ("What will change", "If one of them rejects it or does not answer, those who accepted search on."),
    )
    facts = {"answers": {player_id: match.answers.get(player_id) for player_id in match.teams}}
    return Said("accepting", "Waiting for players to accept", told, facts)


def _placing(world: World, placement: Placement, now_s: float) -> Said:
    left = f"The placement times out in {number(max(0.0, placement.times_out_at_s - now_s))} s; then it searches on."
    session = world.sessions.get(placement.session_arn) if placement.session_arn else None
    places = _places(world, placement, now_s)
    if session:
        wait_s = max(0.0, session.activate_by_s - now_s)
        asked = f"The process has to call ActivateGameSession, within {number(wait_s)} s; else another one is tried."
        told = (
            ("So far", f"A game session was given to process {session.process_id} in {session.location}."),
            ("What it waits for", asked),
            ("What will change", left),
        )
        return Said("placing", "Waiting for the game server to activate its session", told, {"places": places})
    free = sum(one["free"] for one in places if one["allowed"])
    elsewhere = sum(one["free"] for one in places if not one["allowed"])
    story = [("So far", f"The queue {placement.queue_name} looks for a free server process and has {number(free)}.")]
    if not places:
        story.append(("What stops it", "None of its destinations has a location: give it a fleet with locations."))
    elif not free and not any(one["processes"] for one in places):
        story.append(("What stops it", "No server process is connected: start one that calls ProcessReady."))
    elif not free and not elsewhere:
        busy = "Every process there runs a session already, or is not ready, or is not healthy."
        story.append(("What stops it", busy))
    if elsewhere:
        far = f"{number(elsewhere)} free in locations that the queue does not allow for these players now."
        story.append(("What stops it", far))
    story.append(("What will change", left))
    return Said("placing", "Waiting for a free server process", story, {"places": places})


def _places(world: World, placement: Placement, now_s: float) -> list[dict[str, Any]]:
    """Return every location that the queue could use, with its processes, the best first."""
    queue = world.queues.get(placement.queue_name)
    if queue is None:
        return []
    fleets = {fleet.fleet_id: fleet for fleet in world.fleets}
    chosen = queues.candidates(queue, fleets, placement, now_s)
    spots = [
        queues.Spot(fleet_id, location)
        for fleet_id in map(name_of, queue.destinations)
        if fleet_id in fleets
        for location in fleets[fleet_id].locations
    ]
    found = []
    for spot in (*chosen, *(one for one in spots if one not in chosen)):
        processes = world.processes.find("place", (spot.fleet_id, spot.location))
        found.append(
            {
                "fleetId": spot.fleet_id,
                "location": spot.location,
                "allowed": spot in chosen,
                "processes": len(processes),
                "free": sum(process.is_free for process in processes),
            }
        )
    return found
