"""What travels on the wire of AWS's published game backend.

Source: Guidance for Custom Game Backend Hosting on AWS, identity component.
"""

from pydantic import BaseModel, ConfigDict, Field

from muster_identity.api.guests import Opaque, Presented
from muster_identity.domain.tokens import GuestSignedIn, TokenPair

LINK = "Yes"
"""The one spelling that asks for a link."""


class LoginAsGuest(BaseModel):
    """The parameters of `/login-as-guest`, in the query or in a body; unknown ones are ignored, as ever.

    Source: Guidance for Custom Game Backend Hosting on AWS, identity component.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    user_id: Opaque | None = Field(default=None, description="an existing guest; leave out to create one")
    guest_secret: Opaque | None = Field(default=None, description="the secret that the creation answered")


class RefreshAccessToken(BaseModel):
    """The parameters of `/refresh-access-token`, in the query or in a body.

    Source: Guidance for Custom Game Backend Hosting on AWS, identity component.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    # Not required here, because the published design answers 401 where it is missing.
    refresh_token: str = Field(default="", description="the refresh token answered last")


class LoginAsGuestBody(LoginAsGuest):
    """The same in a body: a form of our own, which no published client sends, so unknown members are refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class RefreshAccessTokenBody(RefreshAccessToken):
    """The same in a body: a form of our own, which no published client sends, so unknown members are refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class LegacyTokens(BaseModel):
    """What `/refresh-access-token` answers, members in the published order."""

    user_id: str
    auth_token: str
    refresh_token: str
    auth_token_expires_in: int = Field(description="seconds")
    refresh_token_expires_in: int = Field(description="seconds until the session ends")

    @classmethod
    def of(cls, tokens: TokenPair) -> "LegacyTokens":
        """Show *tokens* in the published design's words."""
        return cls(
            user_id=tokens.user_id,
            auth_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            auth_token_expires_in=tokens.expires_in_s,
            refresh_token_expires_in=tokens.refresh_expires_in_s,
        )


class LegacyGuest(BaseModel):
    """What `/login-as-guest` answers, members in the published order."""

    guest_secret: str
    user_id: str
    auth_token: str
    refresh_token: str
    auth_token_expires_in: int = Field(description="seconds")
    refresh_token_expires_in: int = Field(description="seconds until the session ends")

    @classmethod
    def of(cls, guest: GuestSignedIn) -> "LegacyGuest":
        """Show *guest* in the published design's words."""
        return cls(guest_secret=guest.guest_secret, **LegacyTokens.of(guest.tokens).model_dump())


class LinkQuery(BaseModel):
    """The parameters that every provider's route has beside the provider's own; unknown ones are ignored, as ever."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    auth_token: Opaque | None = Field(default=None, description="the access token of the account to link to")
    link_to_existing_user: Opaque | None = Field(default=None, description="exactly Yes to link")

    @property
    def wants_link(self) -> bool:
        """Whether a link is asked for."""
        return bool(self.auth_token) and self.link_to_existing_user == LINK


class LoginWithSteam(LinkQuery):
    """The parameters of `/login-with-steam`."""

    steam_auth_token: Presented = Field(default="", description="the session ticket, in hex")


class LoginWithAppleId(LinkQuery):
    """The parameters of `/login-with-apple-id`."""

    apple_auth_token: Presented = Field(default="", description="the identity token")


class LoginWithGooglePlay(LinkQuery):
    """The parameters of `/login-with-google-play`."""

    google_play_auth_token: Presented = Field(default="", description="the server auth code")


class LoginWithFacebook(LinkQuery):
    """The parameters of `/login-with-facebook`."""

    facebook_access_token: Presented = Field(default="", description="the user's access token")
    facebook_user_id: Opaque = Field(default="", description="must be the user that the token is of")


class CognitoStep(BaseModel):
    """One step with a Cognito user pool; flags are the text `True`."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    username: Opaque = ""
    password: Opaque = Field(default="", repr=False)
    email: Opaque = ""
    signup: Opaque = ""
    signup_confirmation_code: Opaque | None = Field(default=None, description="set to anything to confirm the address")
    confirmation_code: Opaque = ""
    forgot_password: Opaque = ""
    reset_password: Opaque = ""
    reset_password_code: Opaque = ""
    signout: Opaque = ""
    access_token: Opaque = Field(default="", repr=False)
    signin: Opaque = ""


class LoginWithCognito(BaseModel):
    """The body of `/login-with-cognito`."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    # Not required here, so that its absence is told as plain text.
    body: CognitoStep | None = None


class LoginWithSteamBody(LoginWithSteam):
    """The same in a body: a form of our own, so unknown members are refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class LoginWithAppleIdBody(LoginWithAppleId):
    """The same in a body: a form of our own, so unknown members are refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class LoginWithGooglePlayBody(LoginWithGooglePlay):
    """The same in a body: a form of our own, so unknown members are refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class LoginWithFacebookBody(LoginWithFacebook):
    """The same in a body: a form of our own, so unknown members are refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SignedInWith(BaseModel):
    """What a provider's route answers: `user_id`, the provider's id as `PROVIDER_id`, then the tokens, in order."""

    model_config = ConfigDict(extra="allow")

    user_id: str

    @classmethod
    def of_door(cls, tokens: TokenPair, id_field: str, subject: str) -> "SignedInWith":
        """Show *tokens* and the provider's id, called *id_field*, in the published design's words."""
        members = LegacyTokens.of(tokens).model_dump()
        return cls.model_validate({"user_id": members.pop("user_id"), id_field: subject, **members})
