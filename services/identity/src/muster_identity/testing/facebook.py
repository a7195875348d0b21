"""The pretend Facebook: access tokens, and id tokens of Limited Login."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from muster_identity.testing.mint import Mint
from muster_identity.testing.people import digits
from muster_identity.testing.setup import FACEBOOK_APP_ID, SECRET
from muster_identity.testing.vouchers import Vouchers
from muster_runtime.clock import Clock
from muster_runtime.ids import Ids

HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What an access token is good for.

    Attributes:
        player: whose.
        app_id: for which app.
        life_s: how long from its making; 0 for ever.
        kind: `USER`, or `PAGE` and others.
        said_valid: called valid even when its time is over.
    """

    player: str
    app_id: str = FACEBOOK_APP_ID
    life_s: int = HOUR_S
    kind: str = "USER"
    said_valid: bool = False


class PretendFacebook:
    """Gives tokens out, and tells whose they are.

    Attributes:
        mint: signs id tokens.
    """

    def __init__(self, ids: Ids, clock: Clock) -> None:
        """Build it with no token given out."""
        self._tokens = Vouchers[tuple[AccessToken, int]](ids)
        self._clock = clock
        self.mint = Mint("facebook", clock)

    def access_token(self, player: str = "ann", **more: object) -> str:
        """Return a new access token of *player*; *more* are fields of `AccessToken`."""
        meaning = AccessToken(player, **more)  # type: ignore[arg-type]  # fields of several types
        expires_s = int(self._clock.epoch_s()) + meaning.life_s if meaning.life_s else 0
        return self._tokens.give((meaning, expires_s), prefix="EAA")

    def limited_token(self, player: str = "ann", **claims: object) -> str:
        """Return a new id token of Limited Login; *claims* take the place of the usual ones."""
        usual: dict[str, object] = {
            "iss": "https://www.facebook.com",
            "aud": FACEBOOK_APP_ID,
            "sub": user_id(player),
            "name": player,
        }
        return self.mint.token(usual | claims)

    async def debug_token(self, request: web.Request) -> web.StreamResponse:
        """Tell about an access token of our app."""
        if request.query.get("access_token") != f"{FACEBOOK_APP_ID}|{SECRET}":
            return _error(190, "Invalid OAuth access token signature.")
        found = self._tokens.look(request.query.get("input_token", ""))
        if found is None:
            problem = {"code": 190, "message": "Malformed access token"}
            return web.json_response({"data": {"error": problem, "is_valid": False, "scopes": []}})
        token, expires_s = found
        if token.app_id != FACEBOOK_APP_ID:
            return _error(100, "(#100) The App_id in the input_token did not match the Viewing App")
        data = {
            "app_id": token.app_id,
            "type": token.kind,
            "application": "Muster",
            "expires_at": expires_s,
            "is_valid": token.said_valid or expires_s == 0 or self._clock.epoch_s() < expires_s,
            "scopes": ["public_profile"],
            "user_id": user_id(token.player),
        }
        return web.json_response({"data": data})

    async def keys(self, _request: web.Request) -> web.StreamResponse:
        """Publish the keys of Limited Login."""
        return web.json_response(self.mint.jwks())


def user_id(player: str) -> str:
    """Return the id of a pretend player, which is this app's own."""
    return digits(player, "facebook", 16)


def _error(code: int, message: str) -> web.Response:
    problem = {"message": message, "type": "OAuthException", "code": code}
    return web.json_response({"error": problem}, status=400)
