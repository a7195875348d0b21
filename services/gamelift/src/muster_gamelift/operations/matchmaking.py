"""Tickets: start, describe, accept, stop; and those of running games."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from muster_flexmatch import Player
from muster_flexmatch import Ticket as Request
from muster_gamelift import backfill, matchmaking, placing, sessions
from muster_gamelift.errors import InvalidRequest
from muster_gamelift.operations import entrants, render
from muster_gamelift.operations.call import Call, Output, found
from muster_gamelift.state.catalogue import Configuration, FlexMatchMode
from muster_gamelift.state.tickets import Backfill, Ticket
from muster_gamelift.state.world import Change

TICKETS_OF_A_DESCRIBE = 10
"""Source: DescribeMatchmaking reference."""


def start_matchmaking(call: Call) -> Output:
    """Queue a request for a match."""
    given = call.given
    configuration = found(call.world.configurations, given["ConfigurationName"], "Matchmaking configuration")
    players = entrants.newcomers(call.world.rule_sets[configuration.rule_set_name].rules, given["Players"])
    ticket = _ticket(call.change, configuration, given.get("TicketId"), players)
    return {"MatchmakingTicket": _shown(call, matchmaking.start(call.change, ticket))}


def start_match_backfill(call: Call) -> Output:
    """Queue a request for more players in a running game."""
    return {"MatchmakingTicket": _shown(call, begin_backfill(call.change, call.given))}


def begin_backfill(change: Change, given: Mapping[str, Any]) -> Ticket:
    """Queue a backfill request, whoever makes it: a client, or the game server itself.

    Args:
        change: the change under way.
        given: the input of StartMatchBackfill, satisfying the service model.

    Raises:
        UnknownResource: no such configuration, or game session.
        InvalidRequest: the request makes no sense for this configuration and session.
    """
    world = change.world
    configuration = found(world.configurations, given["ConfigurationName"], "Matchmaking configuration")
    session_arn = _session_to_fill(change, configuration, given.get("GameSessionArn"))
    players = entrants.seated(world.rule_sets[configuration.rule_set_name].rules, given["Players"])
    ticket = _ticket(change, configuration, given.get("TicketId"), players)
    return matchmaking.start_backfill(change, replace(ticket, backfill=Backfill(session_arn)))


def describe_matchmaking(call: Call) -> Output:
    """Return the tickets that exist among the named ones."""
    ticket_ids = call.given["TicketIds"]
    if len(ticket_ids) > TICKETS_OF_A_DESCRIBE:
        raise InvalidRequest(f"At most {TICKETS_OF_A_DESCRIBE} ticket ids can be described at once.")
    tickets = (call.world.tickets.get(ticket_id) for ticket_id in dict.fromkeys(ticket_ids))
    return {"TicketList": [_shown(call, ticket) for ticket in tickets if ticket]}


def stop_matchmaking(call: Call) -> Output:
    """Cancel a ticket that is not being placed."""
    matchmaking.stop(call.change, found(call.world.tickets, call.given["TicketId"], "Matchmaking ticket"))
    return {}


def accept_match(call: Call) -> Output:
    """Record answers of players to a potential match."""
    ticket = found(call.world.tickets, call.given["TicketId"], "Matchmaking ticket")
    accepted = call.given["AcceptanceType"] == "ACCEPT"
    if not call.given["PlayerIds"]:
        raise InvalidRequest("PlayerIds must name at least one player.")
    matchmaking.answer(call.change, ticket, call.given["PlayerIds"], accepted=accepted)
    return {}


def _shown(call: Call, ticket: Ticket) -> dict[str, Any]:
    estimate_s = placing.estimate_s(call.change, ticket.configuration)
    return render.ticket(ticket, call.world.arns, estimate_s)


def _ticket(change: Change, configuration: Configuration, ticket_id: str | None, players: tuple[Player, ...]) -> Ticket:
    ticket_id = ticket_id or change.ids.uuid()
    if ticket_id in change.world.tickets:
        raise InvalidRequest(f"A matchmaking ticket with the id {ticket_id} exists already.")
    counts = change.world.pools.get(configuration.name) or placing.NO_COUNTS
    return Ticket(
        request=Request(ticket_id, players, change.now_s), configuration=configuration, counts_at_start=counts.rules
    )


def _session_to_fill(change: Change, configuration: Configuration, session_arn: str | None) -> str | None:
    if configuration.mode is FlexMatchMode.STANDALONE:
        # Such games are hosted elsewhere. Source: StartMatchBackfill reference, "this parameter is not needed".
        return None
    if not session_arn:
        raise InvalidRequest("GameSessionArn is required with FlexMatchMode WITH_QUEUE.")
    session = sessions.existing(change, session_arn)
    if not backfill.is_running(change, session_arn):
        raise InvalidRequest(f"Game session {session_arn} is {session.status} and takes no new players.")
    return session_arn
