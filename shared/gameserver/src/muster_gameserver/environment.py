"""Server parameters from the environment; the only place of this library that looks at it."""

import os
from collections.abc import Mapping

from muster_gameserver.errors import InvalidParameters
from muster_gameserver.parameters import AWSKeys, ServerParameters

MANAGED_PROCESS = "ManagedResource"
"""Stands for "draw an id yourself" in containers without an agent. Source: Go SDK 5.6.0."""


def from_environment(environment: Mapping[str, str] | None = None, *, process_id: str = "") -> ServerParameters:
    """Return the parameters that the variables of Server SDK 5 give.

    Args:
        environment: the variables; those of the process when left out.
        process_id: used when GAMELIFT_SDK_PROCESS_ID is not set.

    Raises:
        InvalidParameters: a variable that is needed is missing, or has a value that cannot be right.

    Source: Server SDK 5, environment variables GAMELIFT_SDK_WEBSOCKET_URL, GAMELIFT_SDK_AUTH_TOKEN,
    GAMELIFT_SDK_FLEET_ID, GAMELIFT_SDK_HOST_ID and GAMELIFT_SDK_PROCESS_ID; without a token GAMELIFT_REGION,
    GAMELIFT_ACCESS_KEY, GAMELIFT_SECRET_KEY and GAMELIFT_SESSION_TOKEN.
    """
    given = os.environ if environment is None else environment  # noqa: TID251 - this is the settings module here
    named = given.get("GAMELIFT_SDK_PROCESS_ID", "")
    values = {
        "GAMELIFT_SDK_WEBSOCKET_URL": given.get("GAMELIFT_SDK_WEBSOCKET_URL", ""),
        "GAMELIFT_SDK_FLEET_ID": given.get("GAMELIFT_SDK_FLEET_ID", ""),
        "GAMELIFT_SDK_HOST_ID": given.get("GAMELIFT_SDK_HOST_ID", ""),
        "GAMELIFT_SDK_PROCESS_ID": process_id if named in {"", MANAGED_PROCESS} else named,
    }
    missing = [name for name, value in values.items() if not value]
    if missing:
        raise InvalidParameters(f"not set: {', '.join(missing)}")
    token, aws = given.get("GAMELIFT_SDK_AUTH_TOKEN", ""), _keys(given)
    if not token and aws is None:
        raise InvalidParameters("set GAMELIFT_SDK_AUTH_TOKEN, or GAMELIFT_REGION and AWS keys to sign with")
    return ServerParameters(
        websocket_url=values["GAMELIFT_SDK_WEBSOCKET_URL"],
        fleet_id=values["GAMELIFT_SDK_FLEET_ID"],
        host_id=values["GAMELIFT_SDK_HOST_ID"],
        process_id=values["GAMELIFT_SDK_PROCESS_ID"],
        auth_token=token,
        aws=None if token else aws,
    )


def _keys(given: Mapping[str, str]) -> AWSKeys | None:
    region = given.get("GAMELIFT_REGION", "")
    access_key, secret_key = given.get("GAMELIFT_ACCESS_KEY", ""), given.get("GAMELIFT_SECRET_KEY", "")
    if not (region and access_key and secret_key):
        return None
    return AWSKeys(region, access_key, secret_key, given.get("GAMELIFT_SESSION_TOKEN", ""))
