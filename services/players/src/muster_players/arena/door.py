"""Who may take a seat: GameLift decides, the door remembers whom it let in."""

import re

import structlog

from muster_gameserver import GameServer, GameServerError, PlayerSession, PlayerSessionStatus, Refused

_log = structlog.get_logger()
_PLAYER_SESSION_ID = re.compile(r"[A-Za-z0-9-]{1,256}")


class Door:
    """The check of player session ids for one game session. The ids are secrets: they are never logged."""

    def __init__(self, server: GameServer, game_session_id: str) -> None:
        """Build the door of a session.

        Args:
            server: the server process that hosts it.
            game_session_id: its ARN.
        """
        self._server = server
        self._game_session_id = game_session_id
        self._inside: set[str] = set()
        self._asked: set[str] = set()
        self._visits: dict[str, int] = {}

    async def admit(self, player_session_id: str) -> str | None:
        """Return the id of the player whose seat this is, or None when nobody may come in with it.

        A seat is used by one connection at a time. Somebody who was in before may come back while GameLift says that
        the seat is ACTIVE. When GameLift does not answer, nobody comes in; the player may try again.
        """
        if not _PLAYER_SESSION_ID.fullmatch(player_session_id) or player_session_id in self._inside:
            return None
        # Taken before the first await: two connections with one id must not both pass.
        self._inside.add(player_session_id)
        seat: PlayerSession | None = None
        try:
            seat = await self._check(player_session_id)
        except GameServerError as error:
            _log.info("seat_not_opened", game_session_id=self._game_session_id, problem=str(error))
        finally:
            if seat is None:
                self._inside.discard(player_session_id)
        if seat is None:
            return None
        self._visits[player_session_id] = self.visit(player_session_id) + 1
        return seat.player_id

    def visit(self, player_session_id: str) -> int:
        """Return how often this seat's player has come in so far."""
        return self._visits.get(player_session_id, 0)

    def step_out(self, player_session_id: str) -> None:
        """Note that the connection of a seat ended; the player may still come back."""
        self._inside.discard(player_session_id)

    async def give_up(self, player_session_id: str) -> None:
        """Tell GameLift that the player of a seat will not come back."""
        try:
            await self._server.remove_player_session(player_session_id)
        except GameServerError as error:
            # GameLift ends the seat with the session at the latest.
            _log.info("seat_not_removed", game_session_id=self._game_session_id, problem=str(error))

    async def _check(self, player_session_id: str) -> PlayerSession | None:
        known = player_session_id in self._asked
        self._asked.add(player_session_id)
        try:
            await self._server.accept_player_session(player_session_id)
        except Refused:
            # Whoever was accepted before, or whose acceptance was lost on the way, has an ACTIVE seat by now.
            if not known:
                return None
        page = await self._server.describe_player_sessions(player_session_id=player_session_id, limit=1)
        for seat in page.player_sessions:
            if (
                seat.player_session_id == player_session_id
                and seat.status == PlayerSessionStatus.ACTIVE
                and seat.game_session_id in {"", self._game_session_id}
            ):
                return seat
        return None
