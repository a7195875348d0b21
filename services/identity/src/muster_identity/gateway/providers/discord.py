"""Discord: an authorization code, redeemed once, and the question whom and which application it was for.

Source: discord.com/developers/docs/topics/oauth2, "Get Current Authorization Information".
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from muster_identity.domain.doors import Door, ProviderIdentity
from muster_identity.gateway.providers.fields import display_name, error_of, inner, text
from muster_identity.gateway.providers.outbound import Outbound
from muster_identity.gateway.providers.verdicts import lied, refused, unavailable
from muster_runtime.clock import Clock

SNOWFLAKE: Final = re.compile(r"\d{15,20}")
TOKEN: Final = re.compile(r"[\x21-\x7e]{1,4096}")
INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]{8,15}(?:Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Discord:
    """Redeems a code, and asks whom it was given to.

    Attributes:
        outbound: the way to Discord.
        url: where it answers.
        client_id: the application.
        client_secret: its secret.
        clock: what expiry is judged by.
    """

    outbound: Outbound
    url: str
    client_id: str
    client_secret: str = field(repr=False)
    clock: Clock
    name: str = Door.DISCORD

    async def validate(self, credential: Mapping[str, str]) -> ProviderIdentity:
        """Return who the code proves; see `ports.Provider`.

        The token is bound to our application: a bare `/users/@me` would take anybody's.
        """
        bearer = await self._redeem(credential)
        answer = await self.outbound.get(f"{self.url}/api/v10/oauth2/@me", headers=bearer)
        if answer.status in {401, 403}:
            raise refused(self.name, "token_refused")
        if answer.status != 200:
            raise lied(self.name, "status")
        authorization = answer.document()
        if inner(authorization, "application", door=self.name).get("id") != self.client_id:
            raise refused(self.name, "other_application")
        self._check_expiry(authorization)
        if "user" not in authorization:
            raise refused(self.name, "scope_identify_missing")
        user = inner(authorization, "user", door=self.name)
        shown = display_name(user.get("global_name")) or display_name(user.get("username"))
        return ProviderIdentity(self.name, text(user, "id", SNOWFLAKE, door=self.name), shown)

    async def _redeem(self, credential: Mapping[str, str]) -> Mapping[str, str]:
        """Return the header with the access token that the code was good for."""
        form = {
            "grant_type": "authorization_code",
            "code": credential["code"],
            # Discord compares it with the one that the code was asked for with.
            "redirect_uri": credential["redirect_uri"],
        }
        if verifier := credential.get("code_verifier"):
            form["code_verifier"] = verifier
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        answer = await self.outbound.post(
            f"{self.url}/api/oauth2/token", form, headers={"Authorization": f"Basic {pair}"}
        )
        if answer.status in {400, 401, 403}:
            if error_of(answer.document()) in {"invalid_grant", "invalid_request"}:
                raise refused(self.name, "code_refused")
            raise unavailable(self.name, "client_refused")
        if answer.status != 200:
            raise lied(self.name, "status")
        return {"Authorization": f"Bearer {text(answer.document(), 'access_token', TOKEN, door=self.name)}"}

    def _check_expiry(self, authorization: Mapping[str, Any]) -> None:
        try:
            expires = datetime.fromisoformat(text(authorization, "expires", INSTANT, door=self.name))
        except ValueError:
            raise lied(self.name, "field_expires") from None
        if expires <= self.clock.now():
            raise refused(self.name, "token_expired")
