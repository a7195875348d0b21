"""What a request's headers say about who sent it and what they can read."""

import ipaddress
import re
from collections.abc import Mapping

from aiohttp import web

PRIVATE_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Never handed to a handler."""
_BRACKETED = re.compile(r"\[([^\]]*)\](?::\d{1,5})?")


def told_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that a handler is told, names in lower case; one sent several times has its values joined.

    Args:
        headers: as aiohttp has them: a name may be there several times.
    """
    told: dict[str, str] = {}
    for name, value in headers.items():
        lowered = name.lower()
        if lowered not in PRIVATE_HEADERS:
            told[lowered] = f"{told[lowered]}, {value}" if lowered in told else value
    return told


def wants_json(headers: Mapping[str, str]) -> bool:
    """Whether the caller's Accept header asks for JSON by name; `*/*` does not."""
    media = {part.split(";")[0].strip().lower() for part in headers.get("Accept", "").split(",")}
    return any(name == "application/json" or name.endswith("+json") for name in media)


def client_of(request: web.BaseRequest, *, trusted_proxies: int) -> str:
    """Return the address of the client, as the outermost trusted proxy saw it.

    Args:
        request: the request.
        trusted_proxies: how many proxies in front append to `X-Forwarded-For`. What stands left of their entries was
            written by the client and is not believed.
    """
    peer = request.remote or ""
    if trusted_proxies == 0:
        return peer
    hops = [hop.strip() for line in request.headers.getall("X-Forwarded-For", []) for hop in line.split(",")]
    if len(hops) < trusted_proxies:
        return peer
    return _address(hops[-trusted_proxies]) or peer


def _address(hop: str) -> str:
    """Return the address in one entry, where some proxies add the port; empty when there is none."""
    if (bracketed := _BRACKETED.fullmatch(hop)) is not None:
        hop = bracketed[1]
    elif hop.count(":") == 1:
        hop = hop.partition(":")[0]
    try:
        return str(ipaddress.ip_address(hop))
    except ValueError:
        return ""
