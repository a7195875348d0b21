"""The doors that a player can come in by, and what stands behind one once its provider has been asked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Door(StrEnum):
    """The kinds of doors; the words are those of routes, rows and events."""

    GUEST = "guest"
    STEAM = "steam"
    APPLE = "apple"
    GOOGLE_PLAY = "google_play"
    FACEBOOK = "facebook"
    EPIC = "epic"
    DISCORD = "discord"
    OIDC = "oidc"
    COGNITO = "cognito"


@dataclass(frozen=True, slots=True)
class CredentialFields:
    """What a player brings to one kind of door.

    Attributes:
        required: fields without which the provider is not asked.
        optional: fields that may be there; any other is refused.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


CREDENTIALS: Mapping[Door, CredentialFields] = {
    Door.STEAM: CredentialFields(("ticket",)),
    Door.APPLE: CredentialFields(("identity_token",), ("nonce", "authorization_code")),
    Door.GOOGLE_PLAY: CredentialFields(("server_auth_code",)),
    Door.FACEBOOK: CredentialFields(("access_token",), ("user_id",)),
    Door.EPIC: CredentialFields(("id_token",), ("nonce",)),
    Door.DISCORD: CredentialFields(("code", "redirect_uri"), ("code_verifier",)),
    Door.OIDC: CredentialFields(("id_token",), ("nonce",)),
    Door.COGNITO: CredentialFields(("username", "password")),
}
"""Names and kinds of what each provider is shown; every value is a text."""


def kind_of(door: str) -> Door:
    """Return the kind of a door's name: `oidc:NAME` is of the kind `oidc`.

    Raises:
        ValueError: there is no such kind.
    """
    return Door(door.partition(":")[0])


_NAMES = re.compile(r"steam|apple|google_play|facebook|epic|discord|cognito|oidc:[a-z0-9][a-z0-9_-]{0,31}")


def is_provider(door: str) -> bool:
    """Tell whether *door* is a name that a provider can have, configured or not."""
    return _NAMES.fullmatch(door) is not None


@dataclass(frozen=True, slots=True)
class ProviderIdentity:
    """One person as one provider knows them; proven.

    Attributes:
        door: the provider's name: `steam`, or `oidc:NAME` for a configured issuer.
        subject: the provider's own id of the person, as text, exactly as the provider writes it.
        display_name: what the provider calls them; None when it does not say.
    """

    door: str
    subject: str
    display_name: str | None = None
