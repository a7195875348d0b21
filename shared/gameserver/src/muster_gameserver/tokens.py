"""A fresh token of the compute, from the GameLift API, without an AWS SDK."""

import asyncio
import json
import ssl
from collections.abc import Callable
from time import time  # noqa: TID251 - the default of what a test may replace
from urllib.parse import urlsplit

import aiohttp

from muster_gameserver.errors import TokenRefused
from muster_gameserver.parameters import AWSKeys
from muster_gameserver.signing import signed_headers

_LONGEST_CODE = 64


async def compute_auth_token(  # noqa: PLR0913 - each is named, most have defaults
    keys: AWSKeys,
    *,
    fleet_id: str,
    compute_name: str,
    endpoint: str = "",
    timeout_s: float = 10.0,
    tls: ssl.SSLContext | None = None,
    now_s: Callable[[], float] = time,
) -> str:
    """Return a token of the compute: what `aws gamelift get-compute-auth-token` prints as AuthToken.

    Args:
        keys: AWS credentials that may call GetComputeAuthToken.
        fleet_id: the fleet.
        compute_name: name given to RegisterCompute.
        endpoint: address of the API; AWS's own for the region when empty.
        timeout_s: for the whole call.
        tls: how to check the endpoint's certificate; against the system's authorities when left out.
        now_s: tells seconds since the epoch; the signature is good for some minutes around it.

    Raises:
        TokenRefused: GameLift refused, or did not answer.
    """
    url = endpoint or f"https://gamelift.{keys.region}.amazonaws.com"
    body = json.dumps({"FleetId": fleet_id, "ComputeName": compute_name}).encode()
    headers = signed_headers(
        keys, host=urlsplit(url).netloc, target="GameLift.GetComputeAuthToken", body=body, now_s=now_s()
    )
    try:
        async with (
            asyncio.timeout(timeout_s),
            aiohttp.ClientSession() as http,
            http.post(f"{url.rstrip('/')}/", data=body, headers=headers, ssl=tls or True) as answer,
        ):
            document = json.loads(await answer.read())
            if answer.status != 200:
                # Only the name of the error: AWS's words may quote what was sent.
                raise TokenRefused(str(document.get("__type", answer.status)).rpartition("#")[2][:_LONGEST_CODE])
            return str(document["AuthToken"])
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, AttributeError) as error:
        raise TokenRefused(type(error).__name__) from None
