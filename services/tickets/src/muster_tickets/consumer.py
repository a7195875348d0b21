"""The queue edge: what arrives, and which handler takes it.

The wire models of GameLift and of matchmaking become the domain's own `Notice` here and nowhere else.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC
from functools import partial
from typing import Final

from muster_events.envelope import Event
from muster_events.gamelift import MatchmakingDetail, MatchmakingNotice, NoticePlayer, NoticeTicket
from muster_events.matchmaking import TicketRefused, TicketRequested
from muster_runtime.messaging.reactions import Reactions
from muster_tickets.domain import MatchId, Notice, PlayerId, Seat, SessionAddress, Standing, Status, TicketId
from muster_tickets.handlers import TicketHandlers

_PLAIN: Final[Mapping[str, Status]] = {
    "MatchmakingSearching": Status.SEARCHING,
    "MatchmakingSucceeded": Status.COMPLETED,
    "MatchmakingTimedOut": Status.TIMED_OUT,
    "MatchmakingCancelled": Status.CANCELLED,
    "MatchmakingFailed": Status.FAILED,
}
"""Types whose name alone says where the tickets in them stand."""


def notice_reactions(handlers: TicketHandlers) -> Reactions:
    """Return what the queue of GameLift's notices brings."""
    return {MatchmakingNotice: partial(_on_matchmaking_notice, handlers)}


def event_reactions(handlers: TicketHandlers) -> Reactions:
    """Return what the queue of matchmaking's events brings."""
    return {
        TicketRequested: partial(_on_requested, handlers),
        TicketRefused: partial(_on_refused, handlers),
    }


async def _on_matchmaking_notice(handlers: TicketHandlers, notice: MatchmakingNotice) -> None:
    await handlers.on_notices(tuple(notices_from(notice)))


async def _on_requested(handlers: TicketHandlers, event: Event[TicketRequested]) -> None:
    await handlers.on_notice(requested_from(event))


async def _on_refused(handlers: TicketHandlers, event: Event[TicketRefused]) -> None:
    await handlers.on_notice(refused_from(event))


def notices_from(received: MatchmakingNotice) -> Iterator[Notice]:
    """Yield what a notice of GameLift says of each ticket in it; nothing when its type says nothing of them.

    What has no name cannot be kept, so a ticket without an id is passed over.
    """
    for ticket in received.detail.tickets:
        status = status_from(received.detail, ticket)
        if ticket.ticket_id and status is not None:
            yield Notice(
                ticket_id=TicketId(ticket.ticket_id),
                standing=_standing_from(received, ticket, status),
                player_ids=tuple(PlayerId(player.player_id) for player in ticket.players),
                configuration=received.resources[0].rpartition("/")[2] if received.resources else "",
                requested_at=ticket.start_time,
            )


def status_from(detail: MatchmakingDetail, ticket: NoticeTicket) -> Status | None:
    """Return where a notice says that *ticket* stands; None when it does not say.

    `AcceptMatch` tells of one player's answer and changes no ticket: `AcceptMatchCompleted` tells what came of it.

    Source: "FlexMatch matchmaking events" in the FlexMatch guide, and the ticket states in the API reference.
    """
    match detail.type:
        case "PotentialMatchCreated":
            return Status.REQUIRES_ACCEPTANCE if detail.acceptance_required else Status.PLACING
        case "AcceptMatchCompleted":
            return _status_after_acceptance(detail, ticket)
        case plain:
            return _PLAIN.get(plain)


def _status_after_acceptance(detail: MatchmakingDetail, ticket: NoticeTicket) -> Status:
    """Tell what the end of the acceptance made of *ticket*.

    A ticket with a player who rejected is cancelled; one whose players all accepted goes back to the pool. GameLift
    does not always say who did what. Then the ticket counts as searching: were it over, no notice would tell, but the
    reconciler learns of it.

    Source: AcceptMatch in the API reference.
    """
    if detail.acceptance == "Accepted":
        return Status.PLACING
    if any(player.accepted is False for player in ticket.players):
        return Status.CANCELLED
    return Status.SEARCHING


def _standing_from(received: MatchmakingNotice, ticket: NoticeTicket, status: Status) -> Standing:
    detail = received.detail
    won = status is Status.COMPLETED
    over = status.is_final and not won
    return Standing(
        status=status,
        at=received.time.astimezone(UTC),
        notice_id=received.id,
        # Searching again means that the match is off, although the notice still names it.
        match_id=MatchId(detail.match_id) if detail.match_id and status is not Status.SEARCHING else None,
        session=_session_from(detail) if won else None,
        seats=tuple(_seats_from(detail, ticket)) if won else (),
        reason=(detail.reason or detail.acceptance or detail.message or "") if over else "",
    )


def _session_from(detail: MatchmakingDetail) -> SessionAddress | None:
    """Return where to play; None for a match without a queue, which has no game session."""
    info = detail.game_session_info
    if info is None or info.game_session_arn is None:
        return None
    return SessionAddress(
        game_session_arn=info.game_session_arn,
        ip_address=info.ip_address,
        dns_name=info.dns_name,
        port=info.port,
    )


def _seats_from(detail: MatchmakingDetail, ticket: NoticeTicket) -> Iterator[Seat]:
    """Yield the seat of each player of *ticket*, and of nobody else: every player has their own."""
    info = detail.game_session_info
    named: tuple[NoticePlayer, ...] = (*(info.players if info else ()), *ticket.players)
    seats = {player.player_id: player.player_session_id for player in named if player.player_session_id}
    for player_id in sorted({player.player_id for player in ticket.players}):
        if player_id in seats:
            yield Seat(player_id=PlayerId(player_id), player_session_id=seats[player_id])


def requested_from(event: Event[TicketRequested]) -> Notice:
    """Return what matchmaking's acceptance of a request says."""
    requested = event.data
    return Notice(
        ticket_id=TicketId(requested.ticket_id),
        standing=Standing(status=Status.REQUESTED, at=requested.requested_at.astimezone(UTC), notice_id=event.id),
        player_ids=tuple(PlayerId(player_id) for player_id in requested.player_ids),
        configuration=requested.configuration.rpartition("/")[2],
        requested_at=requested.requested_at,
    )


def refused_from(event: Event[TicketRefused]) -> Notice:
    """Return what GameLift's refusal says: the ticket has ended before it began."""
    refused = event.data
    return Notice(
        ticket_id=TicketId(refused.ticket_id),
        standing=Standing(
            status=Status.REFUSED, at=event.occurred_at.astimezone(UTC), notice_id=event.id, reason=refused.reason
        ),
        player_ids=tuple(PlayerId(player_id) for player_id in refused.player_ids),
    )
