"""From a match to its game session: tickets in PLACING, and what becomes of them.

Source: flexmatch specification 2.3, 2.5 and 4.1.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from muster_flexmatch import Player
from muster_gamelift import backfill, notices, placement
from muster_gamelift.matchdata import MOST_CHARACTERS, matchmaker_data
from muster_gamelift.state.arns import name_of
from muster_gamelift.state.catalogue import Configuration, FlexMatchMode, PoolCounts, Queue
from muster_gamelift.state.matches import Match, MatchStatus
from muster_gamelift.state.placements import Placement, PlacementStatus, SessionPlan
from muster_gamelift.state.sessions import GameSession
from muster_gamelift.state.tickets import IN_POOL, Connection, Ticket, TicketStatus
from muster_gamelift.state.world import Change

TOO_MUCH = f"The match needs more than {MOST_CHARACTERS:,} characters of matchmaker data."

NO_COUNTS = PoolCounts()
"""What a pool that was never searched has seen."""


def begin(change: Change, match: Match, tickets: Sequence[Ticket]) -> None:
    """Bring an accepted *match* to its game: a new session, a running one, or standalone none of ours."""
    world, configuration = change.world, match.configuration
    if configuration.mode is FlexMatchMode.STANDALONE:
        _succeed(change, world.matches.put(match.match_id, match.placing(None)), tickets, None)
        return
    if match.backfill_ticket_id:
        _join(change, match, tickets)
        return
    queues = (world.queues.get(name_of(arn)) for arn in configuration.queue_arns)
    queue = next((one for one in queues if one), None)
    if queue is None:
        _fail(change, match, tickets)
        return
    players = _players(tickets)
    rules = world.rule_sets[configuration.rule_set_name].rules
    following = backfill.next_ticket_id(change, configuration, len(players), previous=None)
    placing = match.placing(change.ids.uuid(), automatic_ticket_id=following)
    told = matchmaker_data(rules, world.arns.configuration(configuration.name), placing, players)
    if len(told) > MOST_CHARACTERS:
        _fail(change, match, tickets, TOO_MUCH)
        return
    world.matches.put(match.match_id, placing)
    plan = SessionPlan(
        # Expansions may let in more than the teams of the rule set hold at first.
        max_players=max(rules.max_players, len(players)),
        properties=configuration.properties,
        session_data=configuration.session_data,
        matchmaker_data=told,
        seats=tuple((player.player_id, None) for player in players),
    )
    placement.start(change, _placement(change, placing, queue, plan, players))


def on_placement(change: Change, placement_id: str) -> None:
    """Settle the match whose placement ended."""
    ended = change.world.placements[placement_id]
    match = change.world.matches.get(ended.match_id) if ended.match_id else None
    if match is None or not match.is_open:
        return
    tickets = tickets_of(change, match)
    match ended.status:
        case PlacementStatus.FULFILLED:
            _succeed(change, match, tickets, change.world.sessions[ended.session_arn or ""])
        case PlacementStatus.TIMED_OUT:
            # Back to the pool without a word. Source: observed on the service.
            change.world.matches.put(match.match_id, match.closed(MatchStatus.DROPPED))
            for ticket in tickets:
                return_in_silence(change, ticket)
        case _:
            _fail(change, match, tickets)


def on_session(change: Change, session_arn: str) -> None:
    """End the backfill tickets of a game session that can no longer be filled up."""
    if backfill.is_running(change, session_arn):
        return
    for ticket in change.world.tickets.find("session", session_arn):
        if ticket.status in IN_POOL:
            _fail_alone(change, ticket)


def estimate_s(change: Change, configuration: Configuration) -> float | None:
    """Return a rough wait for tickets of *configuration*, or None before the first completed one."""
    return (change.world.pools.get(configuration.name) or NO_COUNTS).estimate_s


def pick_up(change: Change, ticket: Ticket) -> None:
    """Take a queued *ticket* into the search, and tell."""
    _search_on(change, ticket.searching())


def return_to_search(change: Change, ticket: Ticket, *, reason: str, message: str) -> None:
    """Put a *ticket* whose match was dropped for a *reason* back into the search, and tell."""
    if _may_return(change, ticket):
        _search_on(change, ticket.searching(reason=reason, message=message))


def return_in_silence(change: Change, ticket: Ticket) -> None:
    """Put *ticket* back into the search as AWS does when a placement takes too long: without a notice."""
    if _may_return(change, ticket):
        put(change, ticket.searching())
        change.wants_pass = True


def tickets_of(change: Change, match: Match) -> list[Ticket]:
    """Return the tickets of *match* as they are now."""
    return [change.world.tickets[ticket_id] for ticket_id in match.tickets]


def put(change: Change, ticket: Ticket) -> Ticket:
    """Store *ticket*; the server of a running game hears when its backfill ticket ends without players."""
    backfill.ended(change, ticket)
    return change.world.tickets.put(ticket.ticket_id, ticket)


def _search_on(change: Change, ticket: Ticket) -> None:
    notices.searching(change, put(change, ticket), estimate_s(change, ticket.configuration))
    change.wants_pass = True


def _may_return(change: Change, ticket: Ticket) -> bool:
    """Whether *ticket* may search again; otherwise it ends here.

    It may not when a player has started another search meanwhile, or its game has ended.
    """
    if backfill.is_elsewhere(change, ticket):
        put(change, ticket.ended(TicketStatus.CANCELLED, *backfill.DUPLICATE, change.now_s))
        return False
    if ticket.backfill and not backfill.is_running(change, ticket.backfill.session_arn):
        _fail_alone(change, ticket)
        return False
    return True


def _placement(change: Change, match: Match, queue: Queue, plan: SessionPlan, players: Sequence[Player]) -> Placement:
    measured = {player.player_id: player.latencies for player in players if player.latencies}
    return Placement(
        placement_id=match.placement_id or "",
        queue_name=queue.name,
        plan=plan,
        started_at_s=change.now_s,
        times_out_at_s=change.now_s + queue.timeout_s,
        latencies={
            player_id: {place: float(ms) for place, ms in latencies.items()}
            for player_id, latencies in measured.items()
        },
        match_id=match.match_id,
    )


def _join(change: Change, match: Match, tickets: Sequence[Ticket]) -> None:
    """Seat the newcomers of a backfill in the running game, and give its server the new matchmaker data."""
    world = change.world
    filling = world.tickets[match.backfill_ticket_id or ""]
    arn = (filling.backfill.session_arn if filling.backfill else None) or ""
    newcomers = [ticket for ticket in tickets if ticket is not filling]
    players = _players((filling, *newcomers))
    following = backfill.next_ticket_id(change, filling.configuration, len(players), previous=filling)
    joining = match.placing(None, automatic_ticket_id=following)
    configuration = filling.configuration
    rules = world.rule_sets[configuration.rule_set_name].rules
    told = matchmaker_data(rules, world.arns.configuration(configuration.name), joining, players)
    if len(told) > MOST_CHARACTERS:
        _fail(change, match, tickets, TOO_MUCH)
        return
    session = backfill.seat(change, arn, _players(newcomers))
    if session is None:
        _fail(change, match, tickets, backfill.GONE.format(arn=arn))
        return
    backfill.fill(change, session, told, filling.ticket_id)
    _succeed(change, joining, tickets, session)


def _succeed(change: Change, match: Match, tickets: Sequence[Ticket], session: GameSession | None) -> None:
    change.world.matches.put(match.match_id, match.closed(MatchStatus.PLACED))
    connection = _connection(change, session) if session else None
    after = [put(change, ticket.completed(_own(connection, ticket), change.now_s)) for ticket in tickets]
    notices.succeeded(change, match, after, connection)
    name = match.configuration.name
    counts = change.world.pools.get(name) or NO_COUNTS
    for ticket in after:
        counts = counts.waited(change.now_s - ticket.started_at_s)
    change.world.pools.put(name, counts)
    if match.automatic_ticket_id and session:
        _fill_up(change, backfill.automatic(change, match, session, _players(after)), session)


def _fill_up(change: Change, ticket: Ticket, session: GameSession) -> None:
    """Start an automatic backfill, unless the game server has asked for players itself already."""
    asked = change.world.tickets.count("session", session.arn) > 0
    put(change, ticket)
    if asked and ticket.is_open:
        reason, message = notices.ending_of(TicketStatus.CANCELLED)
        cancelled = ticket.ended(TicketStatus.CANCELLED, reason, message, change.now_s)
        notices.ended(change, put(change, cancelled), ())
    change.wants_pass = True


def _fail(change: Change, match: Match, tickets: Sequence[Ticket], message: str = notices.FAILED_MESSAGE) -> None:
    change.world.matches.put(match.match_id, match.closed(MatchStatus.DROPPED))
    ended = [
        put(change, ticket.ended(TicketStatus.FAILED, notices.FAILED_REASON, message, change.now_s))
        for ticket in tickets
    ]
    notices.failed(change, match, ended)


def _fail_alone(change: Change, ticket: Ticket) -> None:
    arn = ticket.backfill.session_arn if ticket.backfill else None
    message = backfill.GONE.format(arn=arn)
    failed = put(change, ticket.ended(TicketStatus.FAILED, notices.FAILED_REASON, message, change.now_s))
    notices.failed_alone(change, failed)


def _players(tickets: Iterable[Ticket]) -> list[Player]:
    return [player for ticket in tickets for player in ticket.request.players]


def _connection(change: Change, session: GameSession) -> Connection:
    seats = change.world.seats.find("taken", session.arn)
    return Connection(
        session_arn=session.arn,
        ip_address=session.ip_address,
        dns_name=session.dns_name,
        port=session.port,
        seats={seat.player_id: seat.seat_id for seat in seats},
    )


def _own(connection: Connection | None, ticket: Ticket) -> Connection | None:
    """Return *connection* with the seats of the ticket's own players.

    Source: GameSessionConnectionInfo reference: one for each player ID that was in the original request.
    """
    if connection is None:
        return None
    own = {player_id: seat for player_id, seat in connection.seats.items() if player_id in ticket.player_ids}
    return replace(connection, seats=own)
