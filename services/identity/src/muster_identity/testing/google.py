"""The pretend Google: codes for Play Games."""

from dataclasses import dataclass

from aiohttp import web

from muster_identity.testing.people import digits
from muster_identity.testing.setup import GOOGLE_APP_ID, GOOGLE_CLIENT_ID, SECRET
from muster_identity.testing.vouchers import Vouchers
from muster_runtime.ids import Ids


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code, or an access token, is good for.

    Attributes:
        player: whose.
        app_id: for which game.
        first_id: the id that the player had when it was another; empty when it never was.
    """

    player: str
    app_id: str = GOOGLE_APP_ID
    first_id: str = ""


class PretendGoogle:
    """Gives codes out, redeems each once, and tells whose they were."""

    def __init__(self, ids: Ids) -> None:
        """Build it with no code given out."""
        self._codes = Vouchers[Grant](ids)
        self._tokens = Vouchers[Grant](ids)

    def code(self, player: str = "ann", **more: str) -> str:
        """Return a new server auth code of *player*; *more* are fields of `Grant`."""
        return self._codes.give(Grant(player, **more), prefix="4/")

    async def token(self, request: web.Request) -> web.StreamResponse:
        """Redeem a code."""
        form = await request.post()
        if (form.get("client_id"), form.get("client_secret")) != (GOOGLE_CLIENT_ID, SECRET):
            return web.json_response({"error": "invalid_client"}, status=401)
        grant = self._codes.redeem(str(form.get("code", "")))
        if grant is None or form.get("grant_type") != "authorization_code":
            return web.json_response({"error": "invalid_grant", "error_description": "Bad Request"}, status=400)
        token = self._tokens.give(grant, prefix="ya29.")
        return web.json_response({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    async def verify(self, request: web.Request) -> web.StreamResponse:
        """Tell whose token it is, if it is for our game."""
        grant = self._bearer(request)
        if grant is None:
            return web.json_response({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, status=401)
        if grant.app_id != GOOGLE_APP_ID:
            return web.json_response({"error": {"code": 403, "status": "PERMISSION_DENIED"}}, status=403)
        return web.json_response({"kind": "games#applicationVerifyResponse", "player_id": player_id(grant.player)})

    async def me(self, request: web.Request) -> web.StreamResponse:
        """Tell about the player whose token it is."""
        grant = self._bearer(request)
        if grant is None:
            return web.json_response({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, status=401)
        first = {"originalPlayerId": grant.first_id} if grant.first_id else {}
        shown = {"kind": "games#player", "playerId": player_id(grant.player), "displayName": grant.player}
        return web.json_response(shown | first)

    def _bearer(self, request: web.Request) -> Grant | None:
        return self._tokens.look(request.headers.get("Authorization", "").removeprefix("Bearer "))


def player_id(player: str) -> str:
    """Return the id of a pretend player."""
    return f"g{digits(player, 'google', 20)}"
