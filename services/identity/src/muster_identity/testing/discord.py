"""The pretend Discord."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from muster_identity.testing.people import digits
from muster_identity.testing.setup import DISCORD_CLIENT_ID, SECRET
from muster_identity.testing.vouchers import Vouchers
from muster_runtime.clock import Clock
from muster_runtime.ids import Ids

REDIRECT_URI = "http://127.0.0.1/signed-in"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code, or an access token, is good for.

    Attributes:
        player: whose.
        redirect_uri: where the code was sent.
        application: for which one.
        challenge: of PKCE, method S256; empty for none.
        identify: whether the scope `identify` was granted.
        life_s: how long the access token is good.
    """

    player: str
    redirect_uri: str = REDIRECT_URI
    application: str = DISCORD_CLIENT_ID
    challenge: str = ""
    identify: bool = True
    life_s: int = 604_800


class PretendDiscord:
    """Gives codes out, redeems each once, and tells whose they were."""

    def __init__(self, ids: Ids, clock: Clock) -> None:
        """Build it with no code given out."""
        self._codes = Vouchers[Grant](ids)
        self._tokens = Vouchers[Grant](ids)
        self._clock = clock

    def code(self, player: str = "ann", **more: object) -> str:
        """Return a new authorization code of *player*; *more* are fields of `Grant`."""
        return self._codes.give(Grant(player, **more))  # type: ignore[arg-type]  # fields of several types

    async def token(self, request: web.Request) -> web.StreamResponse:
        """Redeem a code."""
        pair = base64.b64encode(f"{DISCORD_CLIENT_ID}:{SECRET}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {pair}":
            return web.json_response({"error": "invalid_client"}, status=401)
        form = await request.post()
        grant = self._codes.redeem(str(form.get("code", "")))
        if (
            grant is None
            or grant.redirect_uri != form.get("redirect_uri")
            or not _proves(grant, form.get("code_verifier"))
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = self._tokens.give(grant)
        scope = "identify" if grant.identify else "email"
        body = {"access_token": token, "token_type": "Bearer", "expires_in": grant.life_s, "scope": scope}
        return web.json_response(body)

    async def me(self, request: web.Request) -> web.StreamResponse:
        """Tell whom and what an access token is for."""
        grant = self._tokens.look(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if grant is None:
            return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
        body: dict[str, object] = {
            "application": {"id": grant.application, "name": "Muster"},
            "scopes": ["identify"] if grant.identify else [],
            "expires": (self._clock.now() + timedelta(seconds=grant.life_s)).isoformat(),
        }
        if grant.identify:
            body["user"] = {"id": user_id(grant.player), "username": grant.player, "global_name": None}
        return web.json_response(body)


def user_id(player: str) -> str:
    """Return the snowflake of a pretend player."""
    return digits(player, "discord", 18)


def _proves(grant: Grant, verifier: object) -> bool:
    if not grant.challenge:
        return True
    digest = hashlib.sha256(str(verifier).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == grant.challenge
