"""How often somebody may ask: token buckets by key, bounded in memory, alone or together with other instances.

A bucket holds `Rate.burst` and is refilled by `Rate.per_s`. One process sees its share of the requests only; where the
sum over all instances matters, `SharedBuckets` counts in DynamoDB too, at one write a request.

What is a key is the caller's matter. An address that a client can choose, or somebody else's user id, is no key: see
`address_key`, and count what a caller only claims together with where the claim comes from.
"""

import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from muster_runtime.aws import code_of
from muster_runtime.clock import Clock
from muster_runtime.dynamo import Table
from muster_runtime.errors import MusterError, TooMany
from muster_runtime.metrics import Metrics

log = structlog.get_logger()

MAX_KEYS: Final = 50_000
"""Buckets held by one set; some 150 bytes each. The one not asked for longest goes first: it is the fullest."""
IPV6_PREFIX: Final = 64
"""Bits of an IPv6 address that count: who has one address has all of its network."""
RECENT_ADDRESSES: Final = 4096
"""Addresses whose key is remembered: making the one of an IPv6 address takes 40 microseconds, at every request."""
GRANTED: Final = 0.0


class RateLimited(TooMany):
    """The caller has asked more often than this service lets anybody."""

    code = "rate_limited"


@dataclass(frozen=True, slots=True)
class Rate:
    """How often.

    Attributes:
        burst: how many at once, after a rest; 1 or more.
        per_s: how many a second in the long run; above 0.
    """

    burst: float
    per_s: float

    def __post_init__(self) -> None:
        """Check the bounds.

        Raises:
            ValueError: nothing would ever be granted, or without end.
        """
        if not (self.burst >= 1 and self.per_s > 0 and math.isfinite(self.burst) and math.isfinite(self.per_s)):
            raise ValueError("a rate needs a burst of 1 or more and more than nothing a second")


class Buckets:
    """Token buckets of one process, made as keys turn up."""

    def __init__(self, rate: Rate, *, clock: Clock, max_keys: int = MAX_KEYS) -> None:
        """Build an empty set.

        Args:
            rate: the same for every key.
            clock: what refills.
            max_keys: buckets held at most.
        """
        self.rate = rate
        self._clock = clock
        self._max_keys = max_keys
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many buckets are held."""
        return len(self._left)

    def take(self, key: str) -> float:
        """Take one from the bucket of *key*; return `GRANTED`, or the seconds until there is one again.

        A refusal takes nothing, so whoever goes on asking is not punished beyond the rate.
        """
        now_s = self._clock.monotonic_s()
        left, at_s = self._left.get(key, (self.rate.burst, now_s))
        left = min(self.rate.burst, left + (now_s - at_s) * self.rate.per_s)
        # A hair less than one is one: refilling in many small steps must not cost a whole turn.
        granted = left >= 1 - 1e-9
        self._left[key] = (max(0.0, left - 1) if granted else left, now_s)
        self._left.move_to_end(key)
        if len(self._left) > self._max_keys:
            self._left.popitem(last=False)
        return GRANTED if granted else (1 - left) / self.rate.per_s


class SharedBuckets:
    """The same rate over all instances, counted in DynamoDB by windows of `burst / per_s` seconds.

    Windows, because adding one to a number is one write that never conflicts. At the border of two windows, up to twice
    the burst can pass. While DynamoDB fails, everything passes: the buckets of each process still hold.

    The table has the partition key `bucket` and expires rows by `expires_at`.
    """

    def __init__(self, table: Table, rate: Rate, *, name: str, clock: Clock) -> None:
        """Build the counter.

        Args:
            table: where it counts.
            rate: the same for every key.
            name: tells this set from others in the table.
            clock: where windows begin and end.
        """
        self.rate = rate
        self._table = table
        self._name = name
        self._clock = clock
        self._window_s = max(1.0, rate.burst / rate.per_s)

    async def take(self, key: str) -> float:
        """Count one for *key*; return `GRANTED`, or the seconds until the next window."""
        now_s = self._clock.epoch_s()
        window = int(now_s // self._window_s)
        ends_at_s = (window + 1) * self._window_s
        try:
            row = await self._table.update(
                {"bucket": f"{self._name}#{key}#{window}"},
                update="ADD taken :one SET expires_at = :gone",
                values={":one": 1, ":gone": math.ceil(ends_at_s) + 60},
                returning="UPDATED_NEW",
            )
        except (MusterError, ClientError, BotoCoreError) as error:
            code = error.code if isinstance(error, MusterError) else code_of(error)
            log.warning("limit_not_counted", limit=self._name, error=code)
            return GRANTED
        return GRANTED if int(row["taken"]) <= self.rate.burst else ends_at_s - now_s


class Limiter:
    """One limit of a service: the buckets here, and those shared with other instances where there are any."""

    def __init__(self, name: str, local: Buckets, *, metrics: Metrics, shared: SharedBuckets | None = None) -> None:
        """Build the limit.

        Args:
            name: what is limited; a label of the metric, so one of a few.
            local: the buckets of this process.
            metrics: where refusals are counted.
            shared: asked only when the local ones grant, so that a flood costs no writes.
        """
        self.name = name
        self._local = local
        self._shared = shared
        self._refusals = metrics.requests_limited.labels(limit=name)

    async def admit(self, key: str) -> None:
        """Let one request of *key* through.

        Raises:
            RateLimited: too many came before; it says when the next may come.
        """
        wait_s = self._local.take(key)
        if wait_s == GRANTED and self._shared is not None:
            wait_s = await self._shared.take(key)
        if wait_s > GRANTED:
            self._refusals.inc()
            raise RateLimited(retry_after_s=wait_s)


@lru_cache(RECENT_ADDRESSES)
def address_key(address: str) -> str:
    """Return what stands for a client's address among keys: IPv4 as it is, of IPv6 the network.

    Args:
        address: as `Call.client` has it; anything that is no address is one common key.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "no address"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed)
