"""The pretend issuers of id tokens: Apple, Epic, and an OpenID issuer like any other."""

import base64
import hashlib

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from muster_identity.testing.mint import Mint
from muster_identity.testing.people import hexadecimal
from muster_identity.testing.setup import (
    APPLE_CLIENT_ID,
    APPLE_KEY,
    APPLE_KEY_ID,
    APPLE_TEAM_ID,
    EPIC_CLIENT_ID,
    OIDC_CLIENT_ID,
)
from muster_identity.testing.vouchers import Vouchers
from muster_runtime.clock import Clock
from muster_runtime.ids import Ids


class PretendApple:
    """Signs identity tokens, and redeems the code that comes with each, once.

    Attributes:
        mint: signs.
    """

    def __init__(self, ids: Ids, clock: Clock) -> None:
        """Build it with no code given out."""
        self._codes = Vouchers[str](ids)
        self.mint = Mint("apple", clock)

    def sign_in(self, player: str = "ann", **claims: object) -> tuple[str, str]:
        """Return a new identity token and its authorization code; *claims* take the place of the usual ones."""
        code = self._codes.give(player, prefix="c0.")
        half = base64.urlsafe_b64encode(hashlib.sha256(code.encode()).digest()[:16]).rstrip(b"=").decode()
        return self.mint.token(self._claims(player) | {"c_hash": half} | claims), code

    def identity_token(self, player: str = "ann", **claims: object) -> str:
        """Return a new identity token without a code."""
        return self.mint.token(self._claims(player) | claims)

    async def keys(self, _request: web.Request) -> web.StreamResponse:
        """Publish the keys."""
        return web.json_response(self.mint.jwks())

    async def token(self, request: web.Request) -> web.StreamResponse:
        """Redeem a code."""
        form = await request.post()
        if form.get("client_id") != APPLE_CLIENT_ID or not _is_ours(str(form.get("client_secret", ""))):
            return web.json_response({"error": "invalid_client"}, status=400)
        player = self._codes.redeem(str(form.get("code", "")))
        if player is None:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = self.mint.token(self._claims(player))
        return web.json_response({"access_token": "a0", "token_type": "Bearer", "expires_in": 3600, "id_token": token})

    def _claims(self, player: str) -> dict[str, object]:
        return {"iss": "https://appleid.apple.com", "aud": APPLE_CLIENT_ID, "sub": apple_subject(player)}


class PretendEpic:
    """Signs id tokens of Epic accounts.

    Attributes:
        mint: signs.
    """

    def __init__(self, clock: Clock) -> None:
        """Build it."""
        self.mint = Mint("epic", clock)

    def id_token(self, player: str = "ann", **claims: object) -> str:
        """Return a new id token; *claims* take the place of the usual ones."""
        usual: dict[str, object] = {
            "iss": "https://api.epicgames.dev/epic/oauth/v2",
            "aud": EPIC_CLIENT_ID,
            "sub": hexadecimal(player, "epic"),
            "dn": player,
        }
        return self.mint.token(usual | claims)

    async def keys(self, _request: web.Request) -> web.StreamResponse:
        """Publish the keys."""
        return web.json_response(self.mint.jwks())


class PretendOidc:
    """An OpenID issuer with discovery.

    Attributes:
        mint: signs.
        url: its issuer; set once the address is known.
    """

    def __init__(self, clock: Clock) -> None:
        """Build it."""
        self.mint = Mint("oidc", clock)
        self.url = ""

    def id_token(self, player: str = "ann", **claims: object) -> str:
        """Return a new id token; *claims* take the place of the usual ones."""
        usual: dict[str, object] = {
            "iss": self.url,
            "aud": OIDC_CLIENT_ID,
            "sub": hexadecimal(player, "oidc"),
            "name": player,
        }
        return self.mint.token(usual | claims)

    async def discovery(self, _request: web.Request) -> web.StreamResponse:
        """Publish the discovery document."""
        body = {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/keys",
            "authorization_endpoint": f"{self.url}/authorize",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return web.json_response(body)

    async def keys(self, _request: web.Request) -> web.StreamResponse:
        """Publish the keys."""
        return web.json_response(self.mint.jwks())


def apple_subject(player: str) -> str:
    """Return the id of a pretend player, which is the team's own."""
    return f"000000.{hexadecimal(player, 'apple')}.0000"


def _is_ours(client_secret: str) -> bool:
    public = load_pem_private_key(APPLE_KEY, None).public_key()
    try:
        claims = jwt.decode(
            client_secret,
            public,  # type: ignore[arg-type]  # of the many kinds that a PEM may hold, this one is P-256
            algorithms=["ES256"],
            audience="https://appleid.apple.com",
            options={"verify_exp": False, "verify_iat": False},
        )
        key_id = jwt.get_unverified_header(client_secret).get("kid")
    except jwt.PyJWTError:
        return False
    return (claims.get("iss"), claims.get("sub"), key_id) == (APPLE_TEAM_ID, APPLE_CLIENT_ID, APPLE_KEY_ID)
