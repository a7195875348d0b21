"""The issuer's list of revocations, read by every instance for itself, every few seconds.

An event on a queue reaches one instance of a service; this reaches all of them, and does the same small work whether
anything was revoked or not. A reader that fails changes nothing: what it knows counts on, and tokens die by themselves.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp
import structlog

from muster_runtime.auth.revocations import MAX_ENTRIES, Revocation, Revocations
from muster_runtime.backoff import pause
from muster_runtime.errors import MusterError
from muster_runtime.http import strictjson
from muster_runtime.metrics import Metrics

log = structlog.get_logger()

FetchList = Callable[[], Awaitable[bytes | None]]
"""Gets the raw list, or None when it is the one got before; raises any exception when it cannot."""

MAX_LIST_BYTES: Final = 4 * 1024 * 1024
"""Largest list read: `MAX_ENTRIES` of some 60 bytes each, and room."""
PATIENCE: Final = 3
"""Reads that fail in a row before anybody is told."""
MARK_LENGTH: Final = 32
"""Characters of a mark."""


class ListRefused(ValueError):
    """The document is not a list of revocations."""


class RevocationFeed:
    """A `Runnable` that keeps a set of revocations current."""

    def __init__(
        self, fetch: FetchList, revocations: Revocations, *, every_s: float, metrics: Metrics | None = None
    ) -> None:
        """Build a feed; nothing is read yet.

        Args:
            fetch: gets the list, within a time of its own.
            revocations: the set that it goes into.
            every_s: seconds between two reads.
            metrics: where reads are counted.
        """
        self._fetch = fetch
        self._revocations = revocations
        self._every_s = every_s
        self._metrics = metrics
        self._failures = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Read at once and then again and again until *stop* is set."""
        await self.read()
        while not await pause(stop, self._every_s):
            await self.read()

    async def read(self) -> bool:
        """Read the list once. Safe to repeat; returns whether it could be read."""
        try:
            raw = await self._fetch()
            if raw is not None:
                self._revocations.add(entries_of(raw))
        except Exception as error:  # noqa: BLE001 - a fetch may fail in any way; each way means no news
            self._count("failed")
            self._failures += 1
            if self._failures == PATIENCE:
                # Once an outage: it is tried every few seconds. While everything starts, the issuer may be the last.
                log.warning("revocations_unread", reason=type(error).__name__, detail=str(error))
            return False
        if self._failures >= PATIENCE:
            log.info("revocations_read_again", failures=self._failures)
        self._failures = 0
        self._count("ok")
        return True

    def _count(self, outcome: str) -> None:
        if self._metrics is not None:
            self._metrics.revocation_reads.labels(outcome=outcome).inc()


def fetch_list(url: str, session: Callable[[], Awaitable[aiohttp.ClientSession]], *, timeout_s: float) -> FetchList:
    """Return a fetch of *url* that asks for changes only: no redirects, one time-out over all, a bound on the size."""
    etag = ""

    async def fetch() -> bytes | None:
        nonlocal etag
        client = await session()
        headers = {"Accept": "application/json", **({"If-None-Match": etag} if etag else {})}
        async with asyncio.timeout(timeout_s), client.get(url, allow_redirects=False, headers=headers) as response:
            if response.status == 304:
                return None
            if response.status != 200:
                raise ListRefused(f"the issuer answered {response.status}")
            raw = bytearray()
            async for chunk in response.content.iter_any():
                raw += chunk
                if len(raw) > MAX_LIST_BYTES:
                    raise ListRefused("the list is too large")
            etag = response.headers.get("ETag", "")
            return bytes(raw)

    return fetch


def entries_of(raw: bytes) -> tuple[Revocation, ...]:
    """Return what a published list says.

    Raises:
        ListRefused: it is not what `revocations.document_of` makes, or says too much.
    """
    try:
        document = strictjson.loads(raw)
    except MusterError as error:
        raise ListRefused(f"the list is not strict JSON ({error.code})") from None
    listed = document.get("revoked") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_ENTRIES:
        raise ListRefused("the document is no list of revocations")
    return tuple(_entry(one) for one in listed)


def _entry(listed: Any) -> Revocation:  # noqa: ANN401 - JSON is dynamic; this gives it its type
    match listed:
        case [str() as mark, int() as not_after_s, int() as until_s] if (
            len(mark) == MARK_LENGTH and not isinstance(not_after_s, bool) and not isinstance(until_s, bool)
        ):
            return Revocation(mark, float(not_after_s), float(until_s))
        case _:
            raise ListRefused("an entry of the list is not mark, not-after, until")
