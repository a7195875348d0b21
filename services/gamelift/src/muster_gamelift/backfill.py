"""Running games that take in more players: what their servers are told, and the tickets that the service makes itself.

Source: FlexMatch guide, backfill; flexmatch specification 2.3 and 5.3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from muster_flexmatch import Player
from muster_flexmatch import Ticket as Request
from muster_gamelift import sessions
from muster_gamelift.errors import GameSessionFull, InvalidGameSessionStatus, UnknownResource
from muster_gamelift.state.catalogue import Configuration
from muster_gamelift.state.matches import Match
from muster_gamelift.state.sessions import GameSession, SessionStatus
from muster_gamelift.state.tickets import IN_POOL, Backfill, Ticket, TicketStatus
from muster_gamelift.state.world import Change, Push

AUTOMATIC = "AUTOMATIC"
GONE = "The game session {arn} was not found, or was in a state which wouldn't accept new player sessions."
"""Status message of a ticket whose game cannot take players in. Source: observed on the service."""

DUPLICATE = ("Cancelled due to duplicate player", "A player of this ticket is in a newer ticket.")
"""Status reason and message. Source: the reason is observed on the service."""

_FAILURES: Mapping[TicketStatus, str] = {
    TicketStatus.FAILED: "BACKFILL_FAILED",
    TicketStatus.TIMED_OUT: "BACKFILL_TIMED_OUT",
    TicketStatus.CANCELLED: "BACKFILL_CANCELLED",
}


def ended(change: Change, ticket: Ticket) -> None:
    """Tell the server of a game that its backfill *ticket* ended without players."""
    if ticket.backfill and ticket.backfill.session_arn and ticket.status in _FAILURES:
        session = change.world.sessions.get(ticket.backfill.session_arn)
        if session and session.is_open:
            _push(change, session, _FAILURES[ticket.status], ticket.ticket_id)


def is_running(change: Change, session_arn: str | None) -> bool:
    """Whether the game session can still be filled up; None stands for one that is hosted elsewhere."""
    if session_arn is None:
        return True
    session = change.world.sessions.get(session_arn)
    return session is not None and session.status in {SessionStatus.ACTIVATING, SessionStatus.ACTIVE}


def seat(change: Change, session_arn: str, newcomers: Sequence[Player]) -> GameSession | None:
    """Reserve seats for *newcomers* in a running game; None when it cannot take all of them."""
    try:
        sessions.create_seats(change, session_arn, [(player.player_id, None) for player in newcomers])
    except (UnknownResource, InvalidGameSessionStatus, GameSessionFull):
        return None
    return change.world.sessions[session_arn]


def fill(change: Change, session: GameSession, matchmaker_data: str, ticket_id: str) -> None:
    """Store new matchmaker data with *session*, and give them to its server."""
    filled = change.world.sessions.put(session.arn, session.filled(matchmaker_data))
    _push(change, filled, "MATCHMAKING_DATA_UPDATED", ticket_id)


def next_ticket_id(
    change: Change, configuration: Configuration, players: int, *, previous: Ticket | None
) -> str | None:
    """Return the id of the automatic backfill ticket that follows a match of so many players, or None.

    Args:
        change: the change under way.
        configuration: of the match.
        players: in the game, once the match is placed; who leaves later makes no difference.
        previous: the backfill ticket in the match; unless it is automatic, none follows it.
    """
    if configuration.backfill_mode != AUTOMATIC:
        return None
    if previous and not (previous.backfill and previous.backfill.automatic):
        return None
    rules = change.world.rule_sets[configuration.rule_set_name].rules
    room = rules.max_players - configuration.additional_players - players
    return change.ids.uuid() if room > 0 else None


def automatic(change: Change, match: Match, session: GameSession, players: Sequence[Player]) -> Ticket:
    """Return the automatic backfill ticket of a match that has its *session*.

    Where a player searches elsewhere already, that search is the newer wish: the ticket starts out cancelled.
    """
    counts = change.world.pools.get(match.configuration.name)
    located = all(session.location in player.latencies for player in players)

    def seated(player: Player) -> Player:
        # The game stays where it is, so only the latency to that place still counts.
        latencies = {session.location: player.latencies[session.location]} if located else {}
        return replace(player, team=match.teams[player.player_id], latencies=latencies)

    ticket = Ticket(
        request=Request(match.automatic_ticket_id or "", tuple(seated(player) for player in players), change.now_s),
        configuration=match.configuration,
        counts_at_start=counts.rules if counts else {},
        backfill=Backfill(session.arn, automatic=True),
    )
    if is_elsewhere(change, ticket):
        return ticket.ended(TicketStatus.CANCELLED, *DUPLICATE, change.now_s)
    return ticket


def is_elsewhere(change: Change, ticket: Ticket) -> bool:
    """Whether a player of *ticket* is in another ticket that searches."""
    return any(
        other.status in IN_POOL and other.ticket_id != ticket.ticket_id
        for player_id in ticket.player_ids
        for other in change.world.tickets.find("player", player_id)
    )


def _push(change: Change, session: GameSession, reason: str, ticket_id: str) -> None:
    message = {
        "Action": "UpdateGameSession",
        "GameSession": sessions.described(session),
        "UpdateReason": reason,
        "BackfillTicketId": ticket_id,
    }
    change.pushes.append(Push(session.process_id, message))
