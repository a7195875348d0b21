"""Google Play Games: a server auth code, redeemed once.

Source: developer.android.com/games/services/web/api/rest/v1/applications/verify and .../players, 2026-11.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from muster_identity.domain.doors import Door, ProviderIdentity
from muster_identity.gateway.providers.fields import display_name, error_of, text
from muster_identity.gateway.providers.outbound import Answer, Outbound
from muster_identity.gateway.providers.verdicts import lied, refused, unavailable

PLAYER_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}")
TOKEN: Final = re.compile(r"[\x21-\x7e]{1,4096}")


@dataclass(frozen=True, slots=True)
class GooglePlay:
    """Redeems a code, and asks who it was given to, and for which game.

    Attributes:
        outbound: the way to Google.
        oauth_url: where codes are redeemed.
        games_url: where Play Games answers.
        app_id: the game.
        client_id: OAuth client of the game's server.
        client_secret: its secret.
    """

    outbound: Outbound
    oauth_url: str
    games_url: str
    app_id: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str = Door.GOOGLE_PLAY

    async def validate(self, credential: Mapping[str, str]) -> ProviderIdentity:
        """Return who the code proves; see `ports.Provider`.

        A player whom Google has given another id since is known by the first one still: Google tells it, and it is the
        one that the account was made with.
        """
        bearer = await self._redeem(credential["server_auth_code"])
        app = quote(self.app_id, safe="")
        verified = await self._ask(f"{self.games_url}/games/v1/applications/{app}/verify", bearer)
        player_id = text(verified, "player_id", PLAYER_ID, door=self.name)
        player = await self._ask(f"{self.games_url}/games/v1/players/me", bearer)
        if text(player, "playerId", PLAYER_ID, door=self.name) != player_id:
            raise lied(self.name, "two_players")
        first_id = text(player, "originalPlayerId", PLAYER_ID, door=self.name) if "originalPlayerId" in player else None
        return ProviderIdentity(self.name, first_id or player_id, display_name(player.get("displayName")))

    async def _redeem(self, code: str) -> Mapping[str, str]:
        """Return the header with the access token that the code was good for."""
        answer = await self.outbound.post(
            f"{self.oauth_url}/token",
            {
                "code": code,
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "grant_type": "authorization_code",
                "redirect_uri": "",
            },
        )
        if answer.status in {400, 401, 403}:
            raise self._not_redeemed(answer)
        if answer.status != 200:
            raise lied(self.name, "status")
        return {"Authorization": f"Bearer {text(answer.document(), 'access_token', TOKEN, door=self.name)}"}

    def _not_redeemed(self, answer: Answer) -> Exception:
        """Tell a bad code from a bad client: the latter is ours, and no player can do anything about it."""
        if error_of(answer.document()) in {"invalid_grant", "invalid_request"}:
            return refused(self.name, "code_refused")
        return unavailable(self.name, "client_refused")

    async def _ask(self, url: str, bearer: Mapping[str, str]) -> Mapping[str, Any]:
        answer = await self.outbound.get(url, headers=bearer)
        if answer.status in {400, 401, 403, 404}:
            # The code was good, but for another game or for less than this.
            raise refused(self.name, "other_application")
        if answer.status != 200:
            raise lied(self.name, "status")
        return answer.document()
