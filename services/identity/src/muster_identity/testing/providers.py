"""All the pretend providers together, and their routes."""

from collections.abc import Sequence

from muster_identity.testing.cognito import PretendPool
from muster_identity.testing.discord import PretendDiscord
from muster_identity.testing.facebook import PretendFacebook
from muster_identity.testing.faults import Switchboard
from muster_identity.testing.google import PretendGoogle
from muster_identity.testing.issuers import PretendApple, PretendEpic, PretendOidc
from muster_identity.testing.mint import Mint
from muster_identity.testing.setup import GOOGLE_APP_ID, POOL_ID
from muster_identity.testing.steam import PretendSteam
from muster_runtime.clock import Clock
from muster_runtime.http.raw import RawRoute
from muster_runtime.ids import Ids


class Providers:
    """One of each.

    Attributes:
        switchboard: makes them slow, down, or lying.
        mints: those that sign tokens, by provider.
        url: where they are; set before anybody asks.
    """

    def __init__(self, clock: Clock, ids: Ids, url: str = "") -> None:
        """Build them."""
        self.switchboard = Switchboard()
        self.steam = PretendSteam(ids)
        self.apple = PretendApple(ids, clock)
        self.google = PretendGoogle(ids)
        self.facebook = PretendFacebook(ids, clock)
        self.epic = PretendEpic(clock)
        self.discord = PretendDiscord(ids, clock)
        self.oidc = PretendOidc(clock)
        self.pool = PretendPool(ids, clock)
        self.mints: dict[str, Mint] = {
            "apple": self.apple.mint,
            "facebook": self.facebook.mint,
            "epic": self.epic.mint,
            "oidc": self.oidc.mint,
            "cognito": self.pool.mint,
        }
        self.move(url)

    def move(self, url: str) -> None:
        """Tell them that they are at *url*, without a slash at its end."""
        self.url = url
        self.oidc.url = f"{url}/oidc"
        self.pool.url = f"{url}/cognito"

    def routes(self) -> Sequence[RawRoute]:
        """Return what the providers answer to those who ask about players."""
        told = (
            ("steam", "GET", "/steam/ISteamUserAuth/AuthenticateUserTicket/v1/", self.steam.authenticate),
            ("apple", "GET", "/apple/auth/keys", self.apple.keys),
            ("apple", "POST", "/apple/auth/token", self.apple.token),
            ("google", "POST", "/google/token", self.google.token),
            ("google", "GET", f"/google/games/v1/applications/{GOOGLE_APP_ID}/verify", self.google.verify),
            ("google", "GET", "/google/games/v1/players/me", self.google.me),
            ("facebook", "GET", "/facebook/v22.0/debug_token", self.facebook.debug_token),
            ("facebook", "GET", "/facebook/.well-known/oauth/openid/jwks/", self.facebook.keys),
            ("epic", "GET", "/epic/epic/oauth/v2/.well-known/jwks.json", self.epic.keys),
            ("discord", "POST", "/discord/api/oauth2/token", self.discord.token),
            ("discord", "GET", "/discord/api/v10/oauth2/@me", self.discord.me),
            ("oidc", "GET", "/oidc/.well-known/openid-configuration", self.oidc.discovery),
            ("oidc", "GET", "/oidc/keys", self.oidc.keys),
            ("cognito", "POST", "/cognito", self.pool.answer),
            ("cognito", "POST", "/cognito/", self.pool.answer),
            ("cognito", "GET", f"/cognito/{POOL_ID}/.well-known/jwks.json", self.pool.keys),
        )
        through = self.switchboard.through
        return [RawRoute(method, path, through(provider, handler)) for provider, method, path, handler in told]
