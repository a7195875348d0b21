"""Tickets: a list of any length in parts, and one with its whole history."""

from collections import Counter
from collections.abc import Sequence

from muster_flexmatch import Player
from muster_gamelift.operations import render
from muster_gamelift.page.chronicle import Told
from muster_gamelift.page.views import hosting
from muster_gamelift.page.views.history import history
from muster_gamelift.page.views.notices import line
from muster_gamelift.page.views.source import Source, View, contains, part, short
from muster_gamelift.state.matches import Match
from muster_gamelift.state.tickets import IN_POOL, Ticket, TicketStatus

LONGEST_WAITING = 8
PLAYERS_SHOWN = 5
"""Of a ticket's players in a list; a backfill ticket may have 199."""


def tickets(source: Source) -> View:
    """Return tickets, the newest first, with how many there are in each state; or one with everything about it."""
    if source.question.name:
        ticket = source.world.tickets.get(source.question.name)
        return {"one": _whole(source, ticket) if ticket else None}
    asked = source.question
    named = [
        ticket
        for ticket in source.world.tickets
        if (not asked.configuration or ticket.configuration.name == asked.configuration)
        and contains(asked.text, (ticket.ticket_id, *ticket.player_ids))
    ]
    statuses = Counter(ticket.status for ticket in named)
    found = [ticket for ticket in reversed(named) if asked.status in {"", ticket.status}]
    return {
        **part(found, asked.start, _line),
        "statuses": {str(status): statuses[status] for status in TicketStatus},
        "configurations": [one.name for one in source.world.configurations],
    }


def longest_waiting(source: Source) -> list[View]:
    """Return the open tickets that started first."""
    first = source.world.tickets.find("open", at=True)[: LONGEST_WAITING * 20]
    return [_line(ticket) for ticket in sorted(first, key=lambda one: one.started_at_s)[:LONGEST_WAITING]]


def _line(ticket: Ticket) -> View:
    players = ticket.player_ids
    return {
        "ticketId": ticket.ticket_id,
        "configuration": ticket.configuration.name,
        "status": str(ticket.status),
        "reason": ticket.reason,
        "players": list(players[:PLAYERS_SHOWN]),
        "playerCount": len(players),
        "startedAt": ticket.started_at_s,
        "endedAt": ticket.ended_at_s,
        "timesOutAt": ticket.times_out_at_s,
        "backfill": ticket.request.is_backfill,
    }


def _whole(source: Source, ticket: Ticket) -> View:
    world = source.world
    told = source.told.of_ticket(world.region, ticket.ticket_id)
    match_ids = {str(one.detail["matchId"]) for one in told if "matchId" in one.detail}
    if ticket.match_id:
        match_ids.add(ticket.match_id)
    placements = [one for one in world.placements if one.match_id in match_ids] if match_ids else []
    match = world.matches.get(ticket.match_id) if ticket.match_id else None
    session = world.sessions.get(ticket.connection.session_arn) if ticket.connection else None
    return {
        **_line(ticket),
        "ruleSet": ticket.configuration.rule_set_name,
        "message": ticket.message,
        "searches": ticket.status in IN_POOL,
        "people": [_player(ticket, player) for player in ticket.request.players],
        "history": history(ticket, told, placements),
        "notices": [line(one) for one in told[-100:]],
        "match": _match(ticket, match, told),
        "placements": [hosting.placement_line(source, one) for one in placements[-5:]],
        "session": hosting.session_line(source, session) if session else None,
        "connection": _connection(ticket),
    }


def _player(ticket: Ticket, player: Player) -> View:
    seat = ticket.connection.seats.get(player.player_id) if ticket.connection else None
    return {
        "playerId": player.player_id,
        "team": (ticket.teams or {}).get(player.player_id, player.team),
        "attributes": {name: render.attribute(value) for name, value in player.attributes.items()},
        "latencies": dict(player.latencies),
        "seat": short(seat) if seat else None,
    }


def _match(ticket: Ticket, match: Match | None, told: Sequence[Told]) -> View | None:
    """Return the match of a ticket; once it is over only notices remember the others in it."""
    if not ticket.match_id:
        return None
    made = next((one.detail for one in reversed(told) if one.detail.get("matchId") == ticket.match_id), None)
    tickets = made["tickets"] if made else []
    teams = {player["playerId"]: player["team"] for each in tickets for player in each["players"] if "team" in player}
    return {
        "matchId": ticket.match_id,
        "status": str(match.status) if match else None,
        "tickets": [str(each["ticketId"]) for each in tickets[:200]] or [ticket.ticket_id],
        "teams": teams or dict(match.teams if match else ticket.teams or {}),
        "answers": dict(match.answers) if match else {},
        "acceptBy": match.accept_by_s if match else None,
    }


def _connection(ticket: Ticket) -> View | None:
    connection = ticket.connection
    if connection is None:
        return None
    return {
        "sessionArn": connection.session_arn,
        "ipAddress": connection.ip_address,
        "dnsName": connection.dns_name,
        "port": connection.port,
    }
