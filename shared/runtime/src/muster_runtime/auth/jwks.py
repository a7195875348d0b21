"""The issuer's published keys: fetched when needed, kept for a while, by a cache that cannot be made to hammer.

Source: RFC 8725 (no trust in key addresses from a token).
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import aiohttp
import structlog

from muster_runtime.auth.keys import ALGORITHMS, MAX_DOCUMENT_BYTES, RS256, KeySet, KeysRefused, key_set
from muster_runtime.clock import Clock
from muster_runtime.errors import Unavailable
from muster_runtime.metrics import Metrics

log = structlog.get_logger()

FetchKeys = Callable[[], Awaitable[bytes]]
"""Gets the raw key document; raises any exception when it cannot."""

UNKNOWN_KEY_PAUSE_S = 30.0
"""Tokens that name unknown keys cause at most one fetch in this time."""
FAILURE_PAUSE_S = 2.0
"""After a failed fetch the issuer is left alone for this time."""


class KeysUnavailable(Unavailable):
    """The issuer's keys cannot be fetched, so no token can be judged."""

    code = "keys_unavailable"


class Jwks:
    """The issuer's keys, fetched when needed and kept for a while.

    One fetch at a time serves everyone who waits. While the issuer is down, keys past their age serve for a bounded
    time. A token that names an unknown key makes at most one fetch in `UNKNOWN_KEY_PAUSE_S`, whoever sends how many.

    Attributes:
        algorithms: those that a key may be for, and so a token be signed with.
    """

    def __init__(  # noqa: PLR0913 - each is named and has a default that serves
        self,
        fetch: FetchKeys,
        *,
        clock: Clock,
        max_age_s: float = 300.0,
        stale_s: float = 3600.0,
        metrics: Metrics | None = None,
        algorithms: Collection[str] = (RS256,),
    ) -> None:
        """Build an empty cache.

        Args:
            fetch: gets the raw document, within a time of its own.
            clock: where ages come from.
            max_age_s: keys are fetched again after this.
            stale_s: how long past that age they serve while fetching fails.
            metrics: where fetches are counted.
            algorithms: some of `keys.ALGORITHMS`.

        Raises:
            ValueError: there is none, or one that nobody here can judge.
        """
        self.algorithms = frozenset(algorithms)
        if not self.algorithms or not self.algorithms <= ALGORITHMS:
            raise ValueError(f"token algorithms must be some of {', '.join(sorted(ALGORITHMS))}")
        self._fetch = fetch
        self._clock = clock
        self._max_age_s = max_age_s
        self._stale_s = stale_s
        self._metrics = metrics
        self._lock = asyncio.Lock()
        self._current: KeySet | None = None
        self._fetched_at_s = 0.0
        self._failed_at_s: float | None = None
        self._sought_at_s: float | None = None

    @property
    def young(self) -> KeySet | None:
        """The keys, when they need not be fetched again yet; None otherwise: then `current` knows more."""
        return self._current if self._age_s() < self._max_age_s else None

    async def current(self) -> KeySet:
        """Return the keys, fetched again when they are past their age.

        Raises:
            KeysUnavailable: there are none young enough to serve, and fetching them failed.
        """
        if (young := self.young) is not None:
            return young
        if self._current is not None and self._serves() and (self._lock.locked() or self._paused()):
            return self._current
        async with self._lock:
            if self._current is None or self._age_s() >= self._max_age_s:
                await self._refresh()
        if self._current is None or not self._serves():
            raise KeysUnavailable
        return self._current

    async def seek(self, key_id: str) -> KeySet:
        """Return the keys after looking for *key_id*, which the current ones do not have.

        The result need not have it either: then the token is no good.

        Raises:
            KeysUnavailable: the issuer could not be asked, so nobody knows whether it has that key.
        """
        before = await self.current()
        async with self._lock:
            if self._current is not None and (self._current is not before or key_id in self._current.keys):
                return self._current
            now_s = self._clock.monotonic_s()
            if self._sought_at_s is not None and now_s - self._sought_at_s < UNKNOWN_KEY_PAUSE_S:
                return before
            self._sought_at_s = now_s
            if not await self._refresh():
                # Nobody has looked: the next one may, once the issuer has had its pause.
                self._sought_at_s = None
                raise KeysUnavailable
        return self._current or before

    async def _refresh(self) -> bool:
        """Fetch once; keep what there is when it fails. The lock is held."""
        if self._paused():
            return False
        try:
            raw = await self._fetch()
            if self._current is None or raw != self._current.raw:
                # The same bytes are the same keys, and what they proved stays proved.
                self._current = key_set(raw, self.algorithms)
        except Exception as error:  # noqa: BLE001 - a fetch may fail in any way; each way means no new keys
            self._failed_at_s = self._clock.monotonic_s()
            self._count("failed")
            log.warning("jwks_fetch_failed", reason=type(error).__name__, detail=str(error))
            return False
        self._fetched_at_s = self._clock.monotonic_s()
        self._failed_at_s = None
        self._count("ok")
        return True

    def _age_s(self) -> float:
        return self._clock.monotonic_s() - self._fetched_at_s

    def _serves(self) -> bool:
        return self._age_s() < self._max_age_s + self._stale_s

    def _paused(self) -> bool:
        return self._failed_at_s is not None and self._clock.monotonic_s() - self._failed_at_s < FAILURE_PAUSE_S

    def _count(self, outcome: str) -> None:
        if self._metrics is not None:
            self._metrics.jwks_fetches.labels(outcome=outcome).inc()


def fetch_over_http(
    jwks_url: str, session: Callable[[], Awaitable[aiohttp.ClientSession]], *, timeout_s: float
) -> FetchKeys:
    """Return a fetch of *jwks_url*: no redirects, one time-out over all, at most `MAX_DOCUMENT_BYTES`."""

    async def fetch() -> bytes:
        client = await session()
        async with (
            asyncio.timeout(timeout_s),
            client.get(jwks_url, allow_redirects=False, headers={"Accept": "application/json"}) as response,
        ):
            if response.status != 200:
                raise KeysRefused(f"the issuer answered {response.status}")
            raw = bytearray()
            async for chunk in response.content.iter_any():
                raw += chunk
                if len(raw) > MAX_DOCUMENT_BYTES:
                    raise KeysRefused("the key document is too large")
            return bytes(raw)

    return fetch
