"""Guests, their tokens, and machines' tokens."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from muster_identity.domain.tokens import GuestSignedIn, MachineToken, TokenPair

Opaque = Annotated[str, Field(max_length=4096)]
"""A token or secret of ours as somebody else keeps it."""
Presented = Annotated[str, Field(max_length=8192)]
"""A provider's credential: a Steam ticket in hex, or an Apple token full of claims, can be this long."""
Device = Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""What a client calls the device."""


class SignInGuest(BaseModel):
    """A guest who signs in: both members for an existing one, none for a new one."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    user_id: Opaque | None = Field(default=None, description="an existing guest")
    guest_secret: Opaque | None = Field(default=None, description="the secret that the creation answered")
    device: Device = Field(default="", description="what the list of sessions calls this one")


class RefreshTokens(BaseModel):
    """A refresh token to exchange; it is good for one use."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    refresh_token: Opaque = Field(description="the refresh token answered last")


class Tokens(BaseModel):
    """A pair of tokens; the refresh token replaces the one before."""

    user_id: str
    access_token: str = Field(description="send it as Authorization: Bearer")
    refresh_token: str = Field(description="good for one use")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the kind of token, no token
    expires_in: int = Field(description="seconds until the access token expires")
    refresh_expires_in: int = Field(description="seconds until the session ends, whatever its use")
    scope: str = Field(description="what the access token opens")

    @classmethod
    def of(cls, tokens: TokenPair) -> "Tokens":
        """Show *tokens* to their player."""
        return cls(
            user_id=tokens.user_id,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            expires_in=tokens.expires_in_s,
            refresh_expires_in=tokens.refresh_expires_in_s,
            scope=tokens.scope,
        )


class Guest(Tokens):
    """A guest who is signed in."""

    guest_secret: str = Field(description="keep it: it opens this account again")

    @classmethod
    def of_guest(cls, guest: GuestSignedIn) -> "Guest":
        """Show *guest* to their player."""
        return cls(guest_secret=guest.guest_secret, **Tokens.of(guest.tokens).model_dump())


class OAuthToken(BaseModel):
    """A machine's token, as RFC 6749 section 5.1 has it."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the kind of token, no token
    expires_in: int
    scope: str

    @classmethod
    def of(cls, token: MachineToken) -> "OAuthToken":
        """Show *token* to its client."""
        return cls(access_token=token.access_token, expires_in=token.expires_in_s, scope=token.scope)


class OAuthError(BaseModel):
    """A refusal, as RFC 6749 section 5.2 has it."""

    error: str
    error_description: str
