"""The queue edge: what arrives, and which handler takes it.

The wire models of GameLift and of game servers become the domain's own reports here and nowhere else.
"""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from muster_events.envelope import Event
from muster_events.gamelift import MatchmakingNotice, PlacementNotice
from muster_events.matches import MatchFinished
from muster_listener.domain import (
    Address,
    LogEntry,
    Match,
    MatchId,
    Outcome,
    Placement,
    PlacementId,
    PlayerId,
    Record,
    Session,
    SessionArn,
    Stage,
    TicketId,
    together,
)
from muster_listener.handlers import ListenerHandlers
from muster_runtime.messaging.reactions import Reactions

_STAGES: Final[Mapping[str, Stage]] = {
    "PotentialMatchCreated": Stage.FORMED,
    "AcceptMatch": Stage.FORMED,
    "MatchmakingSucceeded": Stage.PLACED,
    "MatchmakingFailed": Stage.FAILED,
}
"""How far a notice of that type says its match has come; `AcceptMatchCompleted` says it in a field of its own."""

_OUTCOMES: Final[Mapping[str, Outcome]] = {
    "PlacementFulfilled": Outcome.FULFILLED,
    "PlacementCancelled": Outcome.CANCELLED,
    "PlacementTimedOut": Outcome.TIMED_OUT,
    "PlacementFailed": Outcome.FAILED,
}


def notice_reactions(handlers: ListenerHandlers) -> Reactions:
    """Return what the queue of GameLift's notices brings."""
    return {
        MatchmakingNotice: partial(_on_matchmaking, handlers),
        PlacementNotice: partial(_on_placement, handlers),
    }


def event_reactions(handlers: ListenerHandlers) -> Reactions:
    """Return what the queue of game servers' events brings."""
    return {MatchFinished: partial(_on_match_finished, handlers)}


async def _on_matchmaking(handlers: ListenerHandlers, notice: MatchmakingNotice) -> None:
    await handlers.on_notice(matchmaking_entry(notice), tuple(reports_of_match(notice)))


async def _on_placement(handlers: ListenerHandlers, notice: PlacementNotice) -> None:
    await handlers.on_notice(placement_entry(notice), tuple(reports_of_placement(notice)))


async def _on_match_finished(handlers: ListenerHandlers, event: Event[MatchFinished]) -> None:
    await handlers.on_reports(tuple(reports_of_end(event)))


def matchmaking_entry(notice: MatchmakingNotice) -> LogEntry:
    """Return the log entry of a matchmaking notice."""
    detail = notice.detail
    about = (*(ticket.ticket_id for ticket in detail.tickets), *([detail.match_id] if detail.match_id else ()))
    return LogEntry(
        notice_id=notice.id,
        kind="matchmaking",
        type=detail.type,
        at=notice.time,
        about=about,
        body=_body(notice),
    )


def placement_entry(notice: PlacementNotice) -> LogEntry:
    """Return the log entry of a placement notice."""
    return LogEntry(
        notice_id=notice.id,
        kind="placement",
        type=notice.detail.type,
        at=notice.time,
        about=(notice.detail.placement_id,),
        body=_body(notice),
    )


def reports_of_match(notice: MatchmakingNotice) -> Iterator[Record]:
    """Yield what a matchmaking notice reports: its match, and once placed the game session.

    Here and below: what has no name cannot be kept, so a part without an id reports nothing.
    """
    detail, info = notice.detail, notice.detail.game_session_info
    stage = _stage(notice)
    if not detail.match_id or stage is None:
        return
    match_id = MatchId(detail.match_id)
    players = [player for ticket in detail.tickets for player in ticket.players]
    session_arn = SessionArn(info.game_session_arn) if info and info.game_session_arn else None
    yield Match(
        match_id=match_id,
        stage=stage,
        ticket_ids=together((), tuple(TicketId(ticket.ticket_id) for ticket in detail.tickets)),
        teams={PlayerId(player.player_id): player.team for player in players if player.team},
        session_arn=session_arn,
        formed_at=notice.time,
    )
    if info is not None and session_arn is not None and stage is Stage.PLACED:
        # The notice's own region is the matchmaker's; where the session runs only the placement tells.
        yield Session(
            arn=session_arn,
            match_id=match_id,
            address=Address(ip_address=info.ip_address, dns_name=info.dns_name, port=info.port),
            player_ids=together((), tuple(PlayerId(player.player_id) for player in players)),
            placed_at=notice.time,
        )


def _stage(notice: MatchmakingNotice) -> Stage | None:
    if notice.detail.type == "AcceptMatchCompleted":
        return Stage.ACCEPTED if notice.detail.acceptance == "Accepted" else Stage.DECLINED
    return _STAGES.get(notice.detail.type)


def reports_of_placement(notice: PlacementNotice) -> Iterator[Record]:
    """Yield what a placement notice reports: the placement, and once fulfilled the game session."""
    detail = notice.detail
    outcome = _OUTCOMES.get(detail.type)
    if not detail.placement_id or outcome is None:
        return
    placement_id = PlacementId(detail.placement_id)
    ended_at = detail.end_time or notice.time
    session_arn = SessionArn(detail.game_session_arn) if detail.game_session_arn else None
    address = Address(
        region=detail.game_session_region or "",
        location=detail.game_session_location or "",
        ip_address=detail.ip_address,
        dns_name=detail.dns_name,
        port=detail.port,
    )
    player_ids = together((), tuple(PlayerId(seat.player_id) for seat in detail.placed_player_sessions))
    yield Placement(
        placement_id=placement_id,
        outcome=outcome,
        notice_id=notice.id,
        started_at=detail.start_time,
        ended_at=ended_at,
        session_arn=session_arn,
        address=address,
        player_ids=player_ids,
    )
    if session_arn is not None and outcome is Outcome.FULFILLED:
        yield Session(
            arn=session_arn,
            placement_id=placement_id,
            address=address,
            player_ids=player_ids,
            placed_at=ended_at,
        )


def reports_of_end(event: Event[MatchFinished]) -> Iterator[Record]:
    """Yield what the end of a match reports: the match with its scores, and the game session."""
    finished = event.data
    match_id, session_arn = MatchId(finished.match_id), SessionArn(finished.game_session_arn)
    if match_id:
        yield Match(
            match_id=match_id,
            stage=Stage.FINISHED,
            teams={PlayerId(player.player_id): player.team for player in finished.players},
            session_arn=session_arn or None,
            formed_at=finished.started_at,
            ended_at=finished.ended_at,
            scores=finished.scores,
        )
    if session_arn:
        yield Session(
            arn=session_arn,
            match_id=match_id,
            player_ids=together((), tuple(PlayerId(player.player_id) for player in finished.players)),
            ended_at=finished.ended_at,
            cause=event.id,
        )


def _body(notice: MatchmakingNotice | PlacementNotice) -> str:
    """Return the notice as JSON, without what opens a seat in a game."""
    return json.dumps(_without_seats(notice.model_dump(mode="json", by_alias=True, exclude_none=True)))


def _without_seats(value: Any) -> Any:  # noqa: ANN401 - any part of a JSON document
    match value:
        case dict():
            return {name: _without_seats(part) for name, part in value.items() if name != "playerSessionId"}
        case list():
            return [_without_seats(part) for part in value]
        case _:
            return value
