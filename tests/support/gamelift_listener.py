"""Somebody who only hears the notices of the local GameLift, and refuses to be told nonsense."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

FINAL: Final = frozenset({"COMPLETED", "CANCELLED", "TIMED_OUT", "FAILED"})
DROPPED: Final = "DROPPED"
"""A match was not accepted: what follows is a search told anew, or nothing, which means cancelled."""


@dataclass
class Heard:
    """What was heard of one ticket.

    Attributes:
        status: what a listener takes it to be; QUEUED before the first notice.
        match_id: of the match it is in, or was last.
        seats: player session ids by player, once it succeeded.
    """

    status: str = "QUEUED"
    match_id: str = ""
    seats: dict[str, str] = field(default_factory=dict)


class Listener:
    """Follows the tickets by the notices alone; an assertion fails at the first one that cannot follow the others."""

    def __init__(self) -> None:
        self.tickets: dict[str, Heard] = {}
        self.sessions: dict[str, str] = {}
        """Game session ARN by match id."""
        self._hearers: Mapping[str, Callable[[Heard, dict[str, Any]], None]] = {
            "MatchmakingSearching": self._searching,
            "PotentialMatchCreated": self._built,
            "AcceptMatch": self._answered,
            "AcceptMatchCompleted": self._accepted,
            "MatchmakingSucceeded": self._succeeded,
            "MatchmakingTimedOut": self._ended("TIMED_OUT"),
            "MatchmakingCancelled": self._ended("CANCELLED"),
            "MatchmakingFailed": self._ended("FAILED"),
        }

    def hear(self, detail: dict[str, Any]) -> None:
        """Take in the detail of one matchmaking notice."""
        told = detail["tickets"]
        assert told, "a notice is about somebody"
        assert len({ticket["ticketId"] for ticket in told}) == len(told), "no ticket is told of twice in one notice"
        everyone = [player for ticket in told for player in ticket["players"]]
        assert everyone == detail["gameSessionInfo"]["players"]
        assert len({player["playerId"] for player in everyone}) == len(everyone), "nobody plays twice in one match"
        if detail["type"] == "MatchmakingSucceeded" and "gameSessionArn" in detail["gameSessionInfo"]:
            self.sessions[detail["matchId"]] = detail["gameSessionInfo"]["gameSessionArn"]
        for ticket in told:
            heard = self.tickets.setdefault(ticket["ticketId"], Heard())
            self._hearers[detail["type"]](heard, detail)
            if detail["type"] == "MatchmakingSucceeded":
                heard.seats = {one["playerId"]: one.get("playerSessionId", "") for one in ticket["players"]}

    @staticmethod
    def _searching(heard: Heard, _detail: dict[str, Any]) -> None:
        assert heard.status in {"QUEUED", DROPPED}, heard
        heard.status = "SEARCHING"

    @staticmethod
    def _built(heard: Heard, detail: dict[str, Any]) -> None:
        # From PLACING as well: a placement that times out returns its tickets in silence.
        assert heard.status in {"SEARCHING", "PLACING"}, heard
        heard.status = "REQUIRES_ACCEPTANCE" if detail["acceptanceRequired"] else "PLACING"
        heard.match_id = detail["matchId"]

    @staticmethod
    def _answered(heard: Heard, detail: dict[str, Any]) -> None:
        assert heard.status == "REQUIRES_ACCEPTANCE", heard
        assert heard.match_id == detail["matchId"]

    @staticmethod
    def _accepted(heard: Heard, detail: dict[str, Any]) -> None:
        assert heard.match_id == detail["matchId"]
        if heard.status in FINAL:
            # The ticket that ended the match by ending itself; it is still named among the others.
            assert detail["acceptance"] != "Accepted"
            return
        assert heard.status == "REQUIRES_ACCEPTANCE", heard
        heard.status = "PLACING" if detail["acceptance"] == "Accepted" else DROPPED

    @staticmethod
    def _succeeded(heard: Heard, detail: dict[str, Any]) -> None:
        assert heard.status == "PLACING", heard
        assert heard.match_id == detail["matchId"]
        heard.status = "COMPLETED"

    @staticmethod
    def _ended(status: str) -> Callable[[Heard, dict[str, Any]], None]:
        def end(heard: Heard, detail: dict[str, Any]) -> None:
            assert heard.status not in FINAL, (heard, detail["type"])
            assert "matchId" not in detail or heard.match_id == detail["matchId"]
            heard.status = status

        return end
