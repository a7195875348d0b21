"""Tickets from start to end: search, acceptance, placement, time-outs, as changes to the world.

Source: flexmatch specification 2.1, 2.3, 2.4, 2.5 and 4.1.
"""

import math
from collections.abc import Container, Iterable, Sequence

from muster_flexmatch import Match as FoundMatch
from muster_gamelift import backfill, notices, placement, placing
from muster_gamelift.errors import InvalidRequest
from muster_gamelift.matchmaker import Finding, Look
from muster_gamelift.state.matches import Match, MatchStatus
from muster_gamelift.state.placements import PlacementStatus
from muster_gamelift.state.tickets import FINAL, IN_POOL, PoolKey, Ticket, TicketStatus, pool_of
from muster_gamelift.state.world import Change

DEFAULT_ACCEPTANCE_S = 600
"""The model's maximum, where a configuration asks for acceptance and gives no time."""


def start(change: Change, ticket: Ticket) -> Ticket:
    """Queue *ticket*; a player's older ticket that still searches is cancelled without a notice.

    Source: observed status reason "Cancelled due to duplicate player".
    """
    for player_id in ticket.player_ids:
        for older in change.world.tickets.find("player", player_id):
            if older.status in IN_POOL:
                placing.put(change, older.ended(TicketStatus.CANCELLED, *backfill.DUPLICATE, change.now_s))
    change.wants_pass = True
    return placing.put(change, ticket)


def start_backfill(change: Change, ticket: Ticket) -> Ticket:
    """Queue a ticket that stands for a running game; it takes the place of an earlier one of the same session.

    Source: StartMatchBackfill reference, a subsequent request replaces the earlier request.
    """
    if ticket.backfill and ticket.backfill.session_arn:
        for earlier in change.world.tickets.find("session", ticket.backfill.session_arn):
            stop(change, earlier)
    return start(change, ticket)


def stop(change: Change, ticket: Ticket) -> None:
    """Cancel *ticket* by request; a match that waits for its players is dropped.

    Raises:
        InvalidRequest: the ticket is being placed, or has ended.
    """
    if ticket.status is TicketStatus.PLACING:
        # AWS's own words, as users report them.
        raise InvalidRequest("Matchmaking ticket is in PLACING status and cannot be canceled.")
    if ticket.status in FINAL:
        raise InvalidRequest(f"Matchmaking ticket is in {ticket.status} status and cannot be canceled.")
    _end_and_tell(change, ticket, TicketStatus.CANCELLED)
    match = _match_of(change, ticket)
    if match:
        _drop(change, match, "Rejected")


def answer(change: Change, ticket: Ticket, player_ids: Iterable[str], *, accepted: bool) -> None:
    """Record the answers of players of *ticket*; the last acceptance or the first rejection settles the match.

    Raises:
        InvalidRequest: the ticket does not wait for acceptance, or a player is not in it.
    """
    match = _match_of(change, ticket)
    if ticket.status is not TicketStatus.REQUIRES_ACCEPTANCE or match is None:
        raise InvalidRequest(f"Matchmaking ticket is in {ticket.status} status and does not require acceptance.")
    for player_id in player_ids:
        if player_id not in ticket.player_ids:
            raise InvalidRequest(f"Player {player_id} is not in matchmaking ticket {ticket.ticket_id}.")
        after = match.answered(player_id, accepted=accepted)
        if after is not match and after.answers != match.answers:
            match = change.world.matches.put(match.match_id, after)
            notices.accept_match(change, match, placing.tickets_of(change, match))
    if match.is_rejected:
        _drop(change, match, "Rejected")
    elif match.is_accepted:
        tickets = [placing.put(change, one.accepted()) for one in placing.tickets_of(change, match)]
        notices.accept_match_completed(change, match, tickets, "Accepted")
        placing.begin(change, match, tickets)


def expire(change: Change, most: float = math.inf) -> bool:
    """Time out tickets, and matches whose players did not answer, at most so many; tell whether none is left."""
    done = 0
    while done < most and (ticket := change.world.ticket_ends.due(change.now_s)):
        _time_out(change, ticket)
        done += 1
    while done < most and (match := change.world.acceptance_ends.due(change.now_s)):
        _drop(change, match, "TimedOut")
        done += 1
    return done < most


def pick_up(change: Change, most: float = math.inf) -> bool:
    """Take queued tickets into the search, at most so many; tell whether none is left."""
    done = 0
    while done < most and (ticket := change.world.tickets.first("queued", at=True)):
        placing.pick_up(change, ticket)
        done += 1
    return done < most


def looks(change: Change, resting: Container[PoolKey] = ()) -> Sequence[Look]:
    """Return a look at each pool that changed or was not searched for a while.

    Args:
        change: the change under way.
        resting: pools to leave alone this time.
    """
    world, found = change.world, []
    world.waiting.follow()
    for key, matchmaker in world.waiting:
        last_s = world.searched_at_s.get(key)
        due = last_s is None or change.now_s - last_s >= change.limits.search_every_s
        if key in resting or not (due or key in world.touched_pools):
            continue
        world.touched_pools.discard(key)
        world.searched_at_s[key] = change.now_s
        world.passes += 1
        found.append(Look(key, world.waiting, matchmaker, change.now_s, change.limits.seed + world.passes))
    return found


def conclude(change: Change, finding: Finding) -> None:
    """Make the matches that a look found; one whose tickets have changed since is left to the next look."""
    world = change.world
    name = finding.key.configuration_name
    if finding.evaluations:
        counts = world.pools.get(name) or placing.NO_COUNTS
        world.pools.put(name, counts.counted(finding.evaluations))
    for match in finding.matches:
        waiting = [world.tickets.get(ticket_id) for ticket_id in match.ticket_ids]
        still = [one for one in waiting if one and one.status in IN_POOL and pool_of(one) == finding.key]
        if len(still) == len(waiting):
            _propose(change, match, still)
        else:
            world.touched_pools.add(finding.key)
            change.wants_pass = True


def _propose(change: Change, found: FoundMatch, tickets_found: Sequence[Ticket]) -> None:
    world = change.world
    waiting = sorted(tickets_found, key=lambda ticket: ticket.started_at_s)
    filling = next((ticket for ticket in waiting if ticket.backfill), None)
    configuration = waiting[0].configuration
    asks = configuration.acceptance_required
    timeout_s = configuration.acceptance_timeout_s or DEFAULT_ACCEPTANCE_S
    match = Match(
        match_id=change.ids.uuid(),
        configuration=configuration,
        tickets=tuple(ticket.ticket_id for ticket in waiting),
        teams=dict(found.teams),
        status=MatchStatus.ACCEPTING if asks else MatchStatus.PLACING,
        accept_by_s=change.now_s + timeout_s if asks else None,
        backfill_ticket_id=filling.ticket_id if filling else None,
        excused=filling.player_ids if filling and not change.limits.seated_accept else (),
    )
    world.matches.put(match.match_id, match)
    tickets = [
        placing.put(
            change,
            ticket.matched(
                match.match_id,
                {player_id: match.teams[player_id] for player_id in ticket.player_ids},
                needs_acceptance=asks,
            ),
        )
        for ticket in waiting
    ]
    metrics = [(one.rule_name, one.passed, one.failed) for one in found.evaluations]
    notices.potential_match(change, match, tickets, metrics)
    if not asks:
        placing.begin(change, match, tickets)


def _drop(change: Change, match: Match, acceptance: str) -> None:
    """Give up a match that was not accepted: fully accepted tickets search on, the others are cancelled.

    Source: AcceptMatch reference; the FlexMatch guide says FAILED in one place.
    """
    tickets = placing.tickets_of(change, match)
    change.world.matches.put(match.match_id, match.closed(MatchStatus.DROPPED))
    notices.accept_match_completed(change, match, tickets, acceptance)
    for ticket in tickets:
        if not ticket.is_open:
            continue
        if match.has_accepted(ticket.player_ids):
            placing.return_to_search(change, ticket, reason="MatchNotAccepted", message=_RETURNED)
        else:
            reason, message = _REFUSALS[acceptance]
            placing.put(change, ticket.ended(TicketStatus.CANCELLED, reason, message, change.now_s))


_RETURNED = "The match was dropped because other players did not accept it."
_REFUSALS = {
    "Rejected": ("Rejected", "The match was rejected before every player of this ticket accepted it."),
    "TimedOut": ("AcceptanceTimeout", "Not every player of this ticket accepted the match in time."),
}


def _time_out(change: Change, ticket: Ticket) -> None:
    match = _match_of(change, ticket)
    _end_and_tell(change, ticket, TicketStatus.TIMED_OUT)
    if match is None:
        return
    if match.status is MatchStatus.ACCEPTING:
        _drop(change, match, "TimedOut")
        return
    change.world.matches.put(match.match_id, match.closed(MatchStatus.DROPPED))
    under_way = change.world.placements.get(match.placement_id) if match.placement_id else None
    if under_way and under_way.is_open:
        placement.end(change, under_way, PlacementStatus.CANCELLED)
    for other in placing.tickets_of(change, match):
        if other.is_open:
            placing.return_in_silence(change, other)


def _end_and_tell(change: Change, ticket: Ticket, status: TicketStatus) -> None:
    reason, message = notices.ending_of(status)
    ended = placing.put(change, ticket.ended(status, reason, message, change.now_s))
    counts = change.world.pools.get(ticket.configuration.name) or placing.NO_COUNTS
    notices.ended(change, ended, counts.since(ticket.counts_at_start))


def _match_of(change: Change, ticket: Ticket) -> Match | None:
    match = change.world.matches.get(ticket.match_id) if ticket.match_id else None
    return match if match and match.is_open else None
