"""Builds the notices of GameLift: exact envelopes and details, one function a type.

Source: FlexMatch guide, matchmaking events; GameLift guide, queue placement events; flexmatch specification 3.2-3.4.
Fields that AWS leaves out are left out here, not sent as null.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from muster_gamelift.state.catalogue import Configuration, Queue
from muster_gamelift.state.matches import Match
from muster_gamelift.state.placements import Placement, PlacementStatus
from muster_gamelift.state.sessions import GameSession, Seat
from muster_gamelift.state.tickets import Connection, Ticket, TicketStatus
from muster_gamelift.state.world import Change, Notice

Detail = dict[str, Any]
Metrics = Iterable[tuple[str, int, int]]
"""Rule name, how often it passed, how often it failed."""

MATCHMAKING = "GameLift Matchmaking Event"
PLACEMENT = "GameLift Queue Placement Event"
NO_ESTIMATE = "NOT_AVAILABLE"
GATEWAY_STATUS = "DISABLED"
"""Player gateways exist on managed fleets only."""

_ENDINGS = {
    TicketStatus.TIMED_OUT: ("MatchmakingTimedOut", "TimedOut", "Removed from matchmaking due to timing out."),
    TicketStatus.CANCELLED: ("MatchmakingCancelled", "Cancelled", "Cancelled by request."),
}
FAILED_REASON = "UNEXPECTED_ERROR"
FAILED_MESSAGE = "An unexpected error was encountered during match placing."

_PLACEMENT_TYPES = {
    PlacementStatus.FULFILLED: "PlacementFulfilled",
    PlacementStatus.CANCELLED: "PlacementCancelled",
    PlacementStatus.TIMED_OUT: "PlacementTimedOut",
    PlacementStatus.FAILED: "PlacementFailed",
}


def ending_of(status: TicketStatus) -> tuple[str, str]:
    """Return reason and message of a ticket that timed out or was cancelled by request."""
    _, reason, message = _ENDINGS[status]
    return reason, message


@lru_cache(maxsize=4096)
def instant(epoch_s: float) -> str:
    """Return *epoch_s* as ISO 8601 in UTC with milliseconds, as notices write times."""
    moment = datetime.fromtimestamp(round(epoch_s, 3), tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def searching(change: Change, ticket: Ticket, estimated_wait_s: float | None) -> None:
    """Tell that *ticket* entered the pool, or returned to it after a match that was not accepted."""
    estimate = NO_ESTIMATE if estimated_wait_s is None else round(estimated_wait_s * 1000)
    detail = _about("MatchmakingSearching", (ticket,), _bare)
    _tell(change, ticket.configuration, {**detail, "estimatedWaitMillis": estimate})


def potential_match(change: Change, match: Match, tickets: Sequence[Ticket], metrics: Metrics) -> None:
    """Tell that a match was built, with or without acceptance to come."""
    detail = _about("PotentialMatchCreated", tickets, _teamed(match.teams))
    detail |= {"matchId": match.match_id, "acceptanceRequired": match.accept_by_s is not None}
    if match.accept_by_s is not None:
        detail["acceptanceTimeout"] = round(match.accept_by_s - change.now_s)
    _tell(change, match.configuration, {**detail, "ruleEvaluationMetrics": _metrics(metrics)})


def accept_match(change: Change, match: Match, tickets: Sequence[Ticket]) -> None:
    """Tell that a player answered; `accepted` is absent for players who have not."""

    def player(player_id: str) -> Detail:
        answer = match.answers.get(player_id)
        known = {} if answer is None else {"accepted": answer}
        return {"playerId": player_id, "team": match.teams[player_id], **known}

    _tell(change, match.configuration, {**_about("AcceptMatch", tickets, player), "matchId": match.match_id})


def accept_match_completed(change: Change, match: Match, tickets: Sequence[Ticket], acceptance: str) -> None:
    """Tell how acceptance ended: `Accepted`, `Rejected` or `TimedOut`."""
    detail = _about("AcceptMatchCompleted", tickets, _teamed(match.teams))
    _tell(change, match.configuration, {**detail, "matchId": match.match_id, "acceptance": acceptance})


def succeeded(change: Change, match: Match, tickets: Sequence[Ticket], connection: Connection | None) -> None:
    """Tell that a match has its game session; standalone, that it was formed."""
    seats: Mapping[str, str] = connection.seats if connection else {}

    def player(player_id: str) -> Detail:
        seat = {"playerSessionId": seats[player_id]} if player_id in seats else {}
        return {"playerId": player_id, **seat, "team": match.teams[player_id]}

    detail = {**_about("MatchmakingSucceeded", tickets, player), "matchId": match.match_id}
    if connection:
        address = {
            "gameSessionArn": connection.session_arn,
            "ipAddress": connection.ip_address,
            "dnsName": connection.dns_name,
            "port": connection.port,
            "playerGatewayStatus": GATEWAY_STATUS,
        }
        detail["gameSessionInfo"] = {**_present(address), **detail["gameSessionInfo"]}
    _tell(change, match.configuration, detail)


def ended(change: Change, ticket: Ticket, metrics: Metrics) -> None:
    """Tell that *ticket* timed out, or was cancelled by request."""
    kind, reason, message = _ENDINGS[ticket.status]
    player = _teamed(ticket.teams) if ticket.teams and ticket.status is TicketStatus.TIMED_OUT else _bare
    detail = {**_about(kind, (ticket,), player), "ruleEvaluationMetrics": _metrics(metrics)}
    _tell(change, ticket.configuration, {**detail, "reason": reason, "message": message})


def failed(change: Change, match: Match, tickets: Sequence[Ticket]) -> None:
    """Tell that a match could not be placed for a reason other than time."""
    detail = _about("MatchmakingFailed", tickets, _teamed(match.teams))
    detail |= {"matchId": match.match_id, "reason": FAILED_REASON, "message": FAILED_MESSAGE}
    _tell(change, match.configuration, detail)


def failed_alone(change: Change, ticket: Ticket) -> None:
    """Tell that *ticket* failed before it was matched: the game it stood for has ended.

    Without `matchId`, because there is no match; AWS documents no such case, and none where a ticket fails in silence.
    """
    seats = {player.player_id: player.team for player in ticket.request.players if player.team}
    detail = _about("MatchmakingFailed", (ticket,), _teamed(seats) if seats else _bare)
    _tell(change, ticket.configuration, {**detail, "reason": FAILED_REASON, "message": FAILED_MESSAGE})


def placement_ended(
    change: Change, placement: Placement, queue: Queue, session: GameSession | None, seats: Sequence[Seat]
) -> None:
    """Tell how a placement ended.

    Args:
        change: the change under way.
        placement: in its final state.
        queue: its queue, for target and custom data.
        session: the game session of a fulfilled placement.
        seats: the player sessions created with it.
    """
    detail: Detail = {
        "type": _PLACEMENT_TYPES[placement.status],
        "placementId": placement.placement_id,
        "startTime": instant(placement.started_at_s),
        "endTime": instant(change.now_s if placement.ended_at_s is None else placement.ended_at_s),
    }
    if session:
        detail |= _present(
            {
                "gameSessionArn": session.arn,
                "gameSessionRegion": change.world.region,
                "gameSessionLocation": session.location,
                "ipAddress": session.ip_address,
                "dnsName": session.dns_name,
                # Text here, a number in matchmaking notices. Source: GameLift guide, queue placement events.
                "port": str(session.port),
                "computeName": session.compute_name,
                "playerGatewayStatus": GATEWAY_STATUS,
                "placedPlayerSessions": [
                    {"playerId": seat.player_id, "playerSessionId": seat.seat_id} for seat in seats
                ],
            },
        )
    if queue.custom_event_data:
        detail["customEventData"] = queue.custom_event_data
    resource = change.world.arns.queue(queue.name)
    change.notices.append(Notice(queue.notification_target, _envelope(change, PLACEMENT, resource, detail)))


def _tell(change: Change, configuration: Configuration, detail: Detail) -> None:
    if configuration.custom_event_data:
        detail = {**detail, "customEventData": configuration.custom_event_data}
    resource = change.world.arns.configuration(configuration.name)
    envelope = _envelope(change, MATCHMAKING, resource, detail)
    change.notices.append(Notice(configuration.notification_target, envelope))


def _envelope(change: Change, detail_type: str, resource: str, detail: Detail) -> Detail:
    return {
        "version": "0",
        "id": change.ids.uuid(),
        "detail-type": detail_type,
        "source": "aws.gamelift",
        "account": change.world.account,
        "time": instant(change.now_s),
        "region": change.world.region,
        "resources": [resource],
        "detail": detail,
    }


def _about(kind: str, tickets: Sequence[Ticket], player: Callable[[str], Detail]) -> Detail:
    told = [
        {
            "ticketId": ticket.ticket_id,
            "startTime": instant(ticket.started_at_s),
            "players": [player(player_id) for player_id in ticket.player_ids],
        }
        for ticket in tickets
    ]
    everyone = [one for ticket in told for one in ticket["players"]]
    return {"type": kind, "tickets": told, "gameSessionInfo": {"players": everyone}}


def _bare(player_id: str) -> Detail:
    return {"playerId": player_id}


def _teamed(teams: Mapping[str, str]) -> Callable[[str], Detail]:
    return lambda player_id: {"playerId": player_id, "team": teams[player_id]}


def _metrics(metrics: Metrics) -> list[Detail]:
    return [{"ruleName": name, "passedCount": passed, "failedCount": failed} for name, passed, failed in metrics]


def _present(values: Mapping[str, Any]) -> Detail:
    return {name: value for name, value in values.items() if value is not None}
