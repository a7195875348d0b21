"""Epic: id tokens of Epic accounts, or of EOS Connect; a game uses one kind, because their ids are of two worlds.

Source: dev.epicgames.com/docs/web-api-ref/authentication and /docs/epic-account-services/auth/auth-interface; the
issuers as seen in tokens (github.com/EOS-Contrib/eos_plugin_for_unity/issues/1139), 2026-11.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from muster_identity.domain.doors import Door, ProviderIdentity
from muster_identity.gateway.providers.fields import display_name
from muster_identity.gateway.providers.idtokens import IdTokens
from muster_identity.gateway.providers.verdicts import refused

Kind = Literal["epic", "connect"]

ISSUERS: Final[Mapping[Kind, frozenset[str]]] = {
    "epic": frozenset({"https://api.epicgames.dev/epic/oauth/v1", "https://api.epicgames.dev/epic/oauth/v2"}),
    "connect": frozenset({"https://api.epicgames.dev", "https://api.epicgames.dev/auth/v1/oauth"}),
}
KEYS_PATHS: Final[Mapping[Kind, str]] = {
    "epic": "/epic/oauth/v2/.well-known/jwks.json",
    "connect": "/auth/v1/oauth/jwks",
}
ACCOUNT_ID: Final = re.compile(r"[0-9a-f]{32}")
"""An Epic account id, and a product user id of EOS."""


@dataclass(frozen=True, slots=True)
class Epic:
    """Checks id tokens of Epic.

    Attributes:
        tokens: judges them.
    """

    tokens: IdTokens
    name: str = Door.EPIC

    async def validate(self, credential: Mapping[str, str]) -> ProviderIdentity:
        """Return who the id token proves; see `ports.Provider`."""
        claims = await self.tokens.verify(credential["id_token"], nonce=credential.get("nonce") or None)
        subject = str(claims["sub"])
        if not ACCOUNT_ID.fullmatch(subject):
            # A client or a server may have such a token too.
            raise refused(self.name, "token_of_no_person")
        return ProviderIdentity(self.name, subject, display_name(claims.get("dn")))
