"""Any OpenID Connect issuer: discovery, keys, id tokens.

The person is issuer and `sub`; never an e-mail address, which can change hands.

Source: OpenID Connect Discovery 1.0 section 4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from muster_identity.domain.doors import ProviderIdentity
from muster_identity.gateway.providers.fields import display_name
from muster_identity.gateway.providers.idtokens import IdTokens
from muster_identity.gateway.providers.keys import FetchDocument
from muster_identity.gateway.providers.outbound import Outbound
from muster_identity.gateway.providers.settings import secure
from muster_identity.gateway.providers.verdicts import lied, unavailable

WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Oidc:
    """Checks id tokens of one issuer.

    Attributes:
        name: the door, such as `oidc:NAME`.
        tokens: judges them.
    """

    name: str
    tokens: IdTokens

    async def validate(self, credential: Mapping[str, str]) -> ProviderIdentity:
        """Return who the id token proves; see `ports.Provider`."""
        claims = await self.tokens.verify(credential["id_token"], nonce=credential.get("nonce") or None)
        shown = display_name(claims.get("name")) or display_name(claims.get("preferred_username"))
        return ProviderIdentity(self.name, str(claims["sub"]), shown)


def keys_at(outbound: Outbound, url: str, *, door: str) -> FetchDocument:
    """Return a fetch of the key set at *url*."""

    async def fetch() -> Mapping[str, Any]:
        return await _document(outbound, url, door=door)

    return fetch


def keys_of(outbound: Outbound, issuer: str, *, door: str) -> FetchDocument:
    """Return a fetch of the key set that *issuer*'s discovery document names; the document is read each time.

    The issuer in it must be the very same text, and its keys must be as safe to fetch as the document was.
    """

    async def fetch() -> Mapping[str, Any]:
        document = await _document(outbound, issuer.rstrip("/") + WELL_KNOWN, door=door)
        if document.get("issuer") != issuer:
            raise lied(door, "discovery_issuer")
        url = _as_safe(document.get("jwks_uri"), issuer, door=door)
        return await _document(outbound, url, door=door)

    return fetch


def _as_safe(address: object, issuer: str, *, door: str) -> str:
    """Return where the keys are, if they travel as safely as the discovery document did."""
    if not isinstance(address, str) or (issuer.startswith("https:") and not address.startswith("https:")):
        raise lied(door, "discovery_keys")
    try:
        return secure(address)
    except ValueError:
        raise lied(door, "discovery_keys") from None


async def _document(outbound: Outbound, url: str, *, door: str) -> Mapping[str, Any]:
    answer = await outbound.get(url)
    if answer.status != 200:
        raise unavailable(door, "keys_status")
    return answer.document()
