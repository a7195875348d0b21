"""HTTP to one provider, within bounds: connections of its own, time-outs, no redirects, short answers, few repeats."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from muster_identity.errors import ProviderUnavailable
from muster_identity.gateway.providers.guard import Guard, Limits
from muster_identity.gateway.providers.verdicts import lied, unavailable
from muster_runtime.errors import Malformed
from muster_runtime.http import strictjson

MEDIA: Final = frozenset({"application/json", "text/javascript", "application/jwk-set+json"})
"""How providers label JSON; Graph API says `text/javascript` now and then."""
LONGEST_RETRY_AFTER_S: Final = 300.0
"""A provider's own Retry-After is believed up to here."""
HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "muster-identity"}
"""Sent with every call. Nothing compressed is asked for, so that nobody can send a bomb."""

Enter = Callable[[aiohttp.ClientSession], Awaitable[aiohttp.ClientSession]]
"""Opens a session that is closed with the service: `Scope.enter`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of a provider, below status 500 and not a redirect.

    Attributes:
        door: whose it is.
        status: HTTP status.
        media: content type without its parameters.
        raw: the body; never shown or logged.
    """

    door: str
    status: int
    media: str
    raw: bytes = field(repr=False)

    def document(self) -> Mapping[str, Any]:
        """Return the JSON object in the body.

        Raises:
            ProviderLied: there is none.
        """
        if self.media not in MEDIA:
            raise lied(self.door, "media_type")
        try:
            document = strictjson.loads(self.raw)
        except Malformed:
            raise lied(self.door, "malformed_json") from None
        if not isinstance(document, dict):
            raise lied(self.door, "no_json_object")
        return document


class _Failed(Exception):
    """One try failed; whether another makes sense is told."""

    def __init__(self, reason: str, *, repeatable: bool, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.repeatable = repeatable
        self.retry_after_s = retry_after_s


class Outbound:
    """Calls to one provider. A slow one fills its own places and connections, and nobody else's."""

    def __init__(self, door: str, limits: Limits, guard: Guard, enter: Enter) -> None:
        """Build it; nothing is opened before the first call.

        Args:
            door: whom it calls, for logs.
            limits: what a call may cost.
            guard: lets calls through or not.
            enter: keeps the HTTP session open until the service ends.
        """
        self._door = door
        self._limits = limits
        self._guard = guard
        self._enter = enter
        self._opening = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None

    async def get(
        self, url: str, *, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Return the answer to a GET, which is repeated when the provider fails.

        Raises:
            ProviderUnavailable: no answer in time, or one that says that there is none now.
            ProviderLied: a redirect, or more bytes than any sensible answer has.
        """
        return await self._call("GET", url, safe=True, params=query, headers=headers)

    async def post(self, url: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a form, which may carry a code for one use: sent again only if it never left.

        Raises:
            ProviderUnavailable: no answer in time, or one that says that there is none now.
            ProviderLied: a redirect, or more bytes than any sensible answer has.
        """
        return await self._call("POST", url, safe=False, data=dict(form), headers=headers)

    async def _call(
        self,
        method: str,
        url: str,
        *,
        safe: bool,
        headers: Mapping[str, str] | None,
        **request: Any,  # noqa: ANN401 - passed on to aiohttp
    ) -> Answer:
        async with self._guard.passing():
            session = await self._opened()
            try:
                async with asyncio.timeout(self._limits.total_s):
                    return await self._tries(session, method, url, safe=safe, headers=headers, **request)
            except TimeoutError:
                # Not chained, here and below: what aiohttp raises may repeat the address, and with it secrets.
                raise unavailable(self._door, "timeout") from None

    async def _tries(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: str,
        *,
        safe: bool,
        **request: Any,  # noqa: ANN401 - passed on
    ) -> Answer:
        last = self._limits.attempts
        for attempt in range(1, last + 1):
            try:
                return await self._once(session, method, url, **request)
            except _Failed as failure:
                if attempt == last or not (safe or failure.repeatable):
                    raise self._gone(failure) from None
            await asyncio.sleep(self._limits.pause_s)
        raise AssertionError("there is at least one try")

    async def _once(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None,
        **request: Any,  # noqa: ANN401 - passed on
    ) -> Answer:
        sent = {**HEADERS, **(headers or {})}
        try:
            async with session.request(method, url, headers=sent, allow_redirects=False, **request) as response:
                if response.status >= 500 or response.status in {408, 429}:
                    raise _Failed(
                        f"status_{response.status}",
                        repeatable=False,
                        retry_after_s=_seconds(response.headers.get("Retry-After", "")),
                    )
                if 300 <= response.status < 400:
                    raise lied(self._door, "redirect")
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    raise lied(self._door, "content_encoding")
                return Answer(self._door, response.status, response.content_type, await self._body(response))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            # There was no connection, so nothing was sent.
            raise _Failed(type(error).__name__, repeatable=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _Failed(type(error).__name__, repeatable=False) from None

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        raw = bytearray()
        async for chunk in response.content.iter_any():
            raw += chunk
            if len(raw) > self._limits.body_bytes:
                raise lied(self._door, "oversized")
        return bytes(raw)

    async def _opened(self) -> aiohttp.ClientSession:
        async with self._opening:
            if self._session is None:
                self._session = await self._enter(
                    aiohttp.ClientSession(
                        # The whole call has a time-out of its own, repeats included.
                        timeout=aiohttp.ClientTimeout(total=None, connect=self._limits.connect_s),
                        connector=aiohttp.TCPConnector(limit=self._limits.concurrency),
                        cookie_jar=aiohttp.DummyCookieJar(),
                        auto_decompress=False,
                    )
                )
            return self._session

    def _gone(self, failure: _Failed) -> ProviderUnavailable:
        return unavailable(self._door, failure.reason, retry_after_s=failure.retry_after_s)


def _seconds(retry_after: str) -> float | None:
    """Return a Retry-After in seconds; None where there is none, or it is a date."""
    return min(float(retry_after), LONGEST_RETRY_AFTER_S) if retry_after.isdecimal() and len(retry_after) < 10 else None
