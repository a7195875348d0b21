"""What the pretend providers know, and the settings of identity that lead to them."""

import json
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

STEAM_APP_ID: Final = 480
STEAM_IDENTITY: Final = "muster"
APPLE_CLIENT_ID: Final = "com.example.muster"
APPLE_TEAM_ID: Final = "TEAM000000"
APPLE_KEY_ID: Final = "KEY0000000"
GOOGLE_APP_ID: Final = "100200300400"
GOOGLE_CLIENT_ID: Final = "100200300400-muster.apps.googleusercontent.com"
FACEBOOK_APP_ID: Final = "1122334455667788"
EPIC_CLIENT_ID: Final = "xyza7891muster"
DISCORD_CLIENT_ID: Final = "900000000000000001"
OIDC_NAME: Final = "example"
OIDC_CLIENT_ID: Final = "muster-game"
POOL_ID: Final = "us-east-1_Pretend01"
POOL_CLIENT_ID: Final = "1example23456789"
SECRET: Final = "pretend-secret"  # noqa: S105 - it opens nothing but the pretend providers
"""Every secret here is this one."""

APPLE_KEY: Final = ec.derive_private_key(0xC0FFEE, ec.SECP256R1()).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)
"""The game's sign-in key at the pretend Apple: everybody can make it, so it is no secret."""


def environment(url: str) -> Mapping[str, str]:
    """Return the variables that lead identity to pretend providers at *url*, without a slash at its end."""
    issuer = {"issuer": f"{url}/oidc", "client_ids": [OIDC_CLIENT_ID]}
    return {
        "IDENTITY_STEAM_APP_ID": str(STEAM_APP_ID),
        "IDENTITY_STEAM_KEY": SECRET,
        "IDENTITY_STEAM_IDENTITY": STEAM_IDENTITY,
        "IDENTITY_STEAM_URL": f"{url}/steam",
        "IDENTITY_APPLE_CLIENT_IDS": APPLE_CLIENT_ID,
        "IDENTITY_APPLE_TEAM_ID": APPLE_TEAM_ID,
        "IDENTITY_APPLE_KEY_ID": APPLE_KEY_ID,
        "IDENTITY_APPLE_PRIVATE_KEY": APPLE_KEY.decode(),
        "IDENTITY_APPLE_URL": f"{url}/apple",
        "IDENTITY_GOOGLE_PLAY_APP_ID": GOOGLE_APP_ID,
        "IDENTITY_GOOGLE_PLAY_CLIENT_ID": GOOGLE_CLIENT_ID,
        "IDENTITY_GOOGLE_PLAY_CLIENT_SECRET": SECRET,
        "IDENTITY_GOOGLE_OAUTH_URL": f"{url}/google",
        "IDENTITY_GOOGLE_GAMES_URL": f"{url}/google",
        "IDENTITY_FACEBOOK_APP_ID": FACEBOOK_APP_ID,
        "IDENTITY_FACEBOOK_APP_SECRET": SECRET,
        "IDENTITY_FACEBOOK_GRAPH_URL": f"{url}/facebook/v22.0",
        "IDENTITY_FACEBOOK_LIMITED_URL": f"{url}/facebook",
        "IDENTITY_EPIC_CLIENT_ID": EPIC_CLIENT_ID,
        "IDENTITY_EPIC_URL": f"{url}/epic",
        "IDENTITY_DISCORD_CLIENT_ID": DISCORD_CLIENT_ID,
        "IDENTITY_DISCORD_CLIENT_SECRET": SECRET,
        "IDENTITY_DISCORD_URL": f"{url}/discord",
        "IDENTITY_OIDC": json.dumps({OIDC_NAME: issuer}),
        "IDENTITY_COGNITO_POOL_ID": POOL_ID,
        "IDENTITY_COGNITO_CLIENT_ID": POOL_CLIENT_ID,
        "IDENTITY_COGNITO_CLIENT_SECRET": SECRET,
        "IDENTITY_COGNITO_URL": f"{url}/cognito",
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": f"{url}/cognito",
    }
