"""Facebook: access tokens, which Facebook is asked about, and the id tokens of Limited Login.

Who signs in is whom the token was given to. The id that a client names is never looked up; it may only agree.

Source: developers.facebook.com/docs/facebook-login/access-tokens/debugging-and-error-handling and
.../ios/limited-login/token, 2026-11.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from muster_identity.domain.doors import Door, ProviderIdentity
from muster_identity.gateway.providers.fields import display_name, flag, inner, text
from muster_identity.gateway.providers.idtokens import IdTokens
from muster_identity.gateway.providers.outbound import Outbound
from muster_identity.gateway.providers.verdicts import lied, refused, unavailable
from muster_runtime.clock import Clock

LIMITED_ISSUERS: Final = frozenset({"https://www.facebook.com", "https://facebook.com", "https://limited.facebook.com"})
"""How Limited Login spells itself; the last since its addresses moved there."""
KEYS_PATH: Final = "/.well-known/oauth/openid/jwks/"
USER_ID: Final = re.compile(r"\d{1,32}")
ID_TOKEN: Final = re.compile(r"eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
"""An access token of Facebook has no dots."""
INVALID_PARAMETER: Final = 100
"""Graph's code where the token to look at is another app's, or none at all."""


@dataclass(frozen=True, slots=True)
class Facebook:
    """Asks Facebook about an access token, or judges an id token of Limited Login.

    Attributes:
        outbound: the way to Facebook.
        tokens: judges id tokens.
        graph_url: Graph API with its version.
        app_id: whose tokens are good.
        app_secret: its secret.
        clock: what expiry is judged by.
    """

    outbound: Outbound
    tokens: IdTokens
    graph_url: str
    app_id: str
    app_secret: str = field(repr=False)
    clock: Clock
    name: str = Door.FACEBOOK

    async def validate(self, credential: Mapping[str, str]) -> ProviderIdentity:
        """Return whom the token was given to; see `ports.Provider`."""
        token = credential["access_token"]
        if ID_TOKEN.fullmatch(token):
            claims = await self.tokens.verify(token)
            identity = ProviderIdentity(self.name, str(claims["sub"]), display_name(claims.get("name")))
        else:
            identity = ProviderIdentity(self.name, await self._holder(token))
        named = credential.get("user_id")
        if named and named != identity.subject:
            raise refused(self.name, "token_of_another_person")
        return identity

    async def _holder(self, token: str) -> str:
        seen = inner(await self._debug(token), "data", door=self.name)
        if not flag(seen, "is_valid", door=self.name):
            raise refused(self.name, "token_invalid")
        if str(seen.get("app_id")) != self.app_id:
            raise refused(self.name, "token_of_another_app")
        if seen.get("type") != "USER":
            raise refused(self.name, "token_of_no_person")
        expires_s = seen.get("expires_at")
        if isinstance(expires_s, bool) or not isinstance(expires_s, int):
            raise lied(self.name, "field_expires_at")
        # 0 is never. A token that ended while Facebook answered has ended.
        if 0 != expires_s <= self.clock.epoch_s():
            raise refused(self.name, "token_expired")
        return text(seen, "user_id", USER_ID, door=self.name)

    async def _debug(self, token: str) -> Mapping[str, Any]:
        answer = await self.outbound.get(
            f"{self.graph_url}/debug_token",
            query={"input_token": token, "access_token": f"{self.app_id}|{self.app_secret}"},
        )
        document = answer.document()
        if answer.status == 200 and "error" not in document:
            return document
        error = inner(document, "error", door=self.name)
        if error.get("code") == INVALID_PARAMETER:
            raise refused(self.name, "token_of_another_app")
        # The rest is about us: our secret, our rate, or Facebook's own trouble.
        raise unavailable(self.name, "graph_error")
