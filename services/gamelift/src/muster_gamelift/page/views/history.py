"""The life of a ticket: which state it took when, and why, also where GameLift tells nobody.

Most steps were told in notices. The others follow from the ticket and from the placements of its matches: a placement
that timed out returns its tickets in silence, and so does a player's newer ticket cancel the older one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from muster_gamelift.page.chronicle import Told
from muster_gamelift.page.views.source import View
from muster_gamelift.state.placements import Placement, PlacementStatus
from muster_gamelift.state.tickets import Ticket, TicketStatus

_SEARCHING: Final = str(TicketStatus.SEARCHING)
_ENDINGS: Final = {
    "MatchmakingSucceeded": TicketStatus.COMPLETED,
    "MatchmakingTimedOut": TicketStatus.TIMED_OUT,
    "MatchmakingCancelled": TicketStatus.CANCELLED,
    "MatchmakingFailed": TicketStatus.FAILED,
}


def history(ticket: Ticket, told: Sequence[Told], placements: Sequence[Placement]) -> list[View]:
    """Return the steps of a ticket, the oldest first.

    Args:
        ticket: as it is now.
        told: the notices that named it.
        placements: of its matches.

    Returns:
        Steps with `at` (None where it is not known), `status` (None where it stays what it was), `text`, and `n`, the
        number of the notice that told it, or None where nobody was told.
    """
    asked = (
        "Players for a running game were asked for." if ticket.request.is_backfill else "StartMatchmaking was called."
    )
    steps = [_step(ticket.started_at_s, TicketStatus.QUEUED, asked)]
    left = list(placements)
    for one in told:
        step = _of_notice(one)
        steps.append(step)
        if step["status"] == str(TicketStatus.PLACING):
            # A placement follows upon this notice, at the same instant and before the next one.
            begun = [each for each in left if each.match_id == one.detail["matchId"]]
            left = [each for each in left if each not in begun]
            steps += [each for placement in begun for each in _of_placement(placement)]
    steps += [each for placement in left for each in _of_placement(placement)]
    steps.sort(key=lambda step: float(step["at"]))  # stable: what happened at the same instant keeps its order
    last = next((step["status"] for step in reversed(steps) if step["status"]), None)
    if not ticket.is_open and last != str(ticket.status):
        steps.append(_step(ticket.ended_at_s, ticket.status, _why(ticket)))
    elif last != str(ticket.status):
        steps.append(_step(None, ticket.status, "When this began is not known any more."))
    return steps


def _of_notice(told: Told) -> View:
    detail, kind = told.detail, told.kind
    at_s = datetime.fromisoformat(str(told.envelope["time"])).timestamp()
    match kind:
        case "MatchmakingSearching":
            status, text = TicketStatus.SEARCHING, "It waits in the pool."
        case "PotentialMatchCreated":
            asked = bool(detail["acceptanceRequired"])
            status = TicketStatus.REQUIRES_ACCEPTANCE if asked else TicketStatus.PLACING
            tickets, players = detail["tickets"], detail["gameSessionInfo"]["players"]
            text = f"A match of {len(tickets)} tickets with {len(players)} players was made."
        case "AcceptMatch":
            return _step(at_s, None, _answers(detail), told.number)
        case "AcceptMatchCompleted" if detail["acceptance"] == "Accepted":
            status, text = TicketStatus.PLACING, "Everybody accepted."
        case "AcceptMatchCompleted":
            why = "Somebody rejected it" if detail["acceptance"] == "Rejected" else "Not everybody answered in time"
            return _step(at_s, None, f"{why}: the match was dropped.", told.number)
        case _:
            status, text = _ENDINGS[kind], str(detail.get("message", "The match has its game session."))
            if kind == "MatchmakingSucceeded" and "gameSessionArn" not in detail["gameSessionInfo"]:
                text = "The match was made; STANDALONE needs no game session."
    return _step(at_s, status, text, told.number)


def _of_placement(placement: Placement) -> Iterable[View]:
    yield _step(placement.started_at_s, None, f"The queue {placement.queue_name} looks for a server process.")
    if placement.ended_at_s is None:
        return
    match placement.status:
        case PlacementStatus.FULFILLED:
            yield _step(placement.ended_at_s, None, f"A game session runs in {placement.session_location}.")
        case PlacementStatus.TIMED_OUT:
            text = f"The queue {placement.queue_name} found no server process in time: back to the pool, in silence."
            yield {**_step(placement.ended_at_s, None, text), "status": _SEARCHING}
        case status:
            yield _step(placement.ended_at_s, None, f"The placement ended as {status}.")


def _answers(detail: Any) -> str:  # noqa: ANN401 - the detail of a notice
    players = [player for ticket in detail["tickets"] for player in ticket["players"]]
    accepted = sum(player.get("accepted") is True for player in players)
    rejected = [str(player["playerId"]) for player in players if player.get("accepted") is False]
    if rejected:
        return f"{rejected[0]} rejected the match."
    return f"{accepted} of {len(players)} players have accepted."


def _why(ticket: Ticket) -> str:
    return ". ".join(one.rstrip(".") for one in (ticket.reason, ticket.message) if one) + "."


def _step(at_s: float | None, status: TicketStatus | None, text: str, n: int | None = None) -> View:
    return {"at": at_s, "status": None if status is None else str(status), "text": text, "n": n}
