"""What identity is told about the providers: `IDENTITY_STEAM_APP_ID` and so on.

A provider whose ids are missing is no door at all. Addresses are the providers' own unless told otherwise, which the
fake providers and tests do.
"""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Hosts that may be reached without TLS: nothing that is sent to them leaves the machine."""

Algorithm = Literal["RS256", "PS256", "ES256", "EdDSA"]
"""Signature algorithms that an issuer may use; nothing symmetric."""


def secure(address: str) -> str:
    """Return *address* without a slash at its end.

    Raises:
        ValueError: it is not https, not to this machine either, or holds a query, a fragment or a user.
    """
    parts = urlsplit(address)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not safe or not parts.hostname or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("must be an https address without query, fragment or user")
    return address.rstrip("/")


def listed(text: str) -> frozenset[str]:
    """Return the members of a list with commas."""
    return frozenset(member for part in text.split(",") if (member := part.strip()))


ProviderUrl = Annotated[str, AfterValidator(secure)]
"""Where a provider answers; a slash at its end is dropped."""


class OidcIssuer(BaseModel):
    """One OpenID Connect issuer whose players may come in.

    Attributes:
        issuer: its address, exactly as its tokens and its discovery document spell it.
        client_ids: whom its tokens may be for.
        nonce_required: refuse tokens that come without the nonce whose SHA-256 they were asked for with.
        algorithms: what it may sign with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str = Field(min_length=9, max_length=512)
    client_ids: tuple[str, ...] = Field(min_length=1, max_length=32)
    nonce_required: bool = False
    algorithms: tuple[Algorithm, ...] = Field(default=("RS256", "PS256", "ES256", "EdDSA"), min_length=1)

    @model_validator(mode="after")
    def _safe(self) -> Self:
        secure(self.issuer)
        return self


OidcName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
"""Names an issuer: the door is `oidc:NAME`."""


class ProviderSettings(BaseModel):
    """Mixin: the providers that players may come in by, and how long each may take."""

    model_config = ConfigDict(frozen=True)

    steam_app_id: int | None = Field(None, ge=1, lt=2**32, description="Steam: id of the app")
    steam_key: SecretStr | None = Field(None, description="Steam: publisher Web API key")
    steam_identity: str = Field(
        "", max_length=128, description="Steam: identity that clients give to GetAuthTicketForWebApi; empty for none"
    )
    steam_reject_vac: bool = Field(default=True, description="Steam: refuse players with a VAC ban")
    steam_reject_publisher_ban: bool = Field(
        default=True, description="Steam: refuse players whom the publisher banned"
    )
    steam_allow_borrowed: bool = Field(default=True, description="Steam: let players in who borrow the game")
    steam_url: ProviderUrl = Field("https://partner.steam-api.com", description="Steam: where its Web API answers")

    apple_client_ids: str = Field("", description="Apple: bundle and service ids, commas between them")
    apple_nonce_required: bool = Field(
        default=False, description="Apple: refuse identity tokens without the nonce whose SHA-256 they hold"
    )
    apple_team_id: str = Field("", description="Apple: team id; with key id and key, authorization codes are redeemed")
    apple_key_id: str = Field("", description="Apple: id of the sign-in key")
    apple_private_key: SecretStr | None = Field(None, description="Apple: the sign-in key, PEM of the .p8 file")
    apple_url: ProviderUrl = Field("https://appleid.apple.com", description="Apple: where it answers")

    google_play_app_id: str = Field("", pattern=r"^\d{0,32}$", description="Google Play: id of the game's project")
    google_play_client_id: str = Field("", description="Google Play: OAuth client id of the game's server")
    google_play_client_secret: SecretStr | None = Field(None, description="Google Play: secret of that client")
    google_oauth_url: ProviderUrl = Field(
        "https://oauth2.googleapis.com", description="Google: where codes are redeemed"
    )
    google_games_url: ProviderUrl = Field(
        "https://games.googleapis.com", description="Google: where Play Games answers"
    )

    facebook_app_id: str = Field("", pattern=r"^\d{0,32}$", description="Facebook: id of the app")
    facebook_app_secret: SecretStr | None = Field(None, description="Facebook: secret of the app")
    facebook_graph_url: ProviderUrl = Field(
        "https://graph.facebook.com/v22.0", description="Facebook: Graph API with its version"
    )
    facebook_limited_url: ProviderUrl = Field(
        "https://limited.facebook.com", description="Facebook: where the keys of Limited Login are"
    )

    epic_client_id: str = Field("", description="Epic: client id of the product")
    epic_accounts: Literal["epic", "connect"] = Field(
        "epic", description="Epic: whose id tokens players bring, of Epic accounts or of EOS Connect"
    )
    epic_nonce_required: bool = Field(
        default=False, description="Epic: refuse id tokens without the nonce whose SHA-256 they hold"
    )
    epic_url: ProviderUrl = Field("https://api.epicgames.dev", description="Epic: where it answers")

    discord_client_id: str = Field("", pattern=r"^\d{0,32}$", description="Discord: id of the application")
    discord_client_secret: SecretStr | None = Field(None, description="Discord: secret of the application")
    discord_url: ProviderUrl = Field("https://discord.com", description="Discord: where it answers")

    oidc: dict[OidcName, OidcIssuer] = Field(
        default={}, description='OpenID issuers as JSON: {"NAME": {"issuer": URL, "client_ids": [...]}}'
    )

    cognito_pool_id: str = Field(
        "", pattern=r"^([a-z0-9-]+_[A-Za-z0-9]+)?$", description="Cognito: id of the user pool, region included"
    )
    cognito_client_id: str = Field("", description="Cognito: app client id, with USER_PASSWORD_AUTH")
    cognito_client_secret: SecretStr | None = Field(None, description="Cognito: secret of that client, if it has one")
    cognito_url: ProviderUrl | None = Field(
        None, description="Cognito: issuer without the pool's id; AWS's own of the pool's region when unset"
    )

    provider_connect_s: float = Field(1.5, gt=0, le=30, description="longest wait for a connection to a provider")
    provider_timeout_s: float = Field(3.0, gt=0, le=30, description="longest one call to a provider, repeats included")
    provider_attempts: int = Field(2, ge=1, le=5, description="tries of a call that is safe to repeat")
    provider_pause_s: float = Field(0.2, ge=0, le=5, description="pause between two tries")
    provider_concurrency: int = Field(32, ge=1, le=1000, description="calls to one provider at a time")
    provider_body_bytes: int = Field(65_536, ge=1024, le=1_048_576, description="longest answer of a provider")
    provider_failures: int = Field(5, ge=1, le=100, description="failures in a row before a provider is left alone")
    provider_open_s: float = Field(10.0, gt=0, le=600, description="how long it is left alone before one call tries it")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Refuse a provider that is half set up: it would be a door that nobody can open."""
        groups = {
            "steam_app_id and steam_key": (self.steam_app_id, self.steam_key),
            "apple_team_id, apple_key_id and apple_private_key": (
                self.apple_team_id,
                self.apple_key_id,
                self.apple_private_key,
            ),
            "google_play_app_id, google_play_client_id and google_play_client_secret": (
                self.google_play_app_id,
                self.google_play_client_id,
                self.google_play_client_secret,
            ),
            "facebook_app_id and facebook_app_secret": (self.facebook_app_id, self.facebook_app_secret),
            "discord_client_id and discord_client_secret": (self.discord_client_id, self.discord_client_secret),
            "cognito_pool_id and cognito_client_id": (self.cognito_pool_id, self.cognito_client_id),
        }
        for names, values in groups.items():
            if any(values) and not all(values):
                raise ValueError(f"{names} belong together: set all of them or none")
        if self.apple_team_id and not self.apple_client_ids:
            raise ValueError("apple_team_id needs apple_client_ids")
        return self
