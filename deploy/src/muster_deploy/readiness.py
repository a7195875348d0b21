"""Wait until a service says that it is ready."""

import asyncio

import aiohttp

from muster_deploy.problems import CannotStart
from muster_deploy.supervise import Kept

_POLL_S = 0.05
_ASK_TIMEOUT_S = 2.0
_CRASHES_BEFORE_GIVING_UP = 3


async def wait_until_ready(kept: Kept, url: str, *, timeout_s: float) -> None:
    """Return once `/readyz` answers 200.

    Args:
        kept: the unit behind it.
        url: the service's own address.
        timeout_s: longest wait, seconds.

    Raises:
        CannotStart: it cannot run, or crashed three times meanwhile, or time is up.
    """
    name, crashes_before = kept.unit.name, kept.crashes
    try:
        async with (
            asyncio.timeout(timeout_s),
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ASK_TIMEOUT_S)) as http,
        ):
            while not await answers(http, f"{url}/readyz"):
                if kept.hopeless or kept.crashes - crashes_before >= _CRASHES_BEFORE_GIVING_UP:
                    raise CannotStart(f"The service {name} does not start.", f"It {kept.last_words.rstrip('.')}.")
                await asyncio.sleep(_POLL_S)
    except TimeoutError as error:
        advice = f"It {kept.last_words}." if kept.last_words else f"Ask {url}/readyz what is missing."
        raise CannotStart(f"The service {name} did not get ready in {timeout_s:.0f} s.", advice) from error


async def answers(http: aiohttp.ClientSession, url: str) -> bool:
    """Tell whether *url* answers 200 now."""
    try:
        async with http.get(url) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False
