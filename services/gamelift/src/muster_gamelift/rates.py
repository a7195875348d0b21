"""Request rates as AWS keeps them, so that teams can test their back-off. Off unless switched on.

Every operation has a bucket of its own in each region, and all of a region's operations together have the account's.
A request takes one token from both, or is refused and takes none. A bucket holds what one second brings, is full at
first, and fills evenly: with time standing still exactly a second's worth of requests passes.

Source: GameLift quotas; that requests are limited by token buckets was told by AWS in its forum. The quotas page gives
a burst equal to the rate for the operations of matchmaking; for the others a second's worth is our choice.
"""

from collections.abc import Mapping
from typing import Final

from muster_gamelift.errors import Throttled
from muster_gamelift.ports import Gate

ACCOUNT_RATE: Final = 500
"""Requests a second, all operations of a region together."""
RATES: Final[Mapping[str, int]] = {
    "AcceptMatch": 100,
    "CreateGameSession": 50,
    "CreatePlayerSession": 200,
    "CreatePlayerSessions": 200,
    "DescribeGameSessionPlacement": 75,
    "DescribeGameSessions": 20,
    "DescribeMatchmaking": 200,
    "DescribePlayerSessions": 200,
    "GetComputeAuthToken": 5,
    "SearchGameSessions": 30,
    "StartGameSessionPlacement": 75,
    "StartMatchBackfill": 70,
    "StartMatchmaking": 100,
    "StopMatchmaking": 100,
}
"""Requests a second of operations that have a number of their own."""
READING: Final = ("Describe", "List", "Get", "Resolve", "Search", "Validate")
READING_RATE: Final = 30
WRITING_RATE: Final = 20
"""Requests a second of all others. AWS names describe and list, create, update and delete; the other verbs are sorted
by what they do, which is our choice."""
MOST_BUCKETS: Final = 10_000
"""Buckets that are full again are forgotten beyond so many, and then the oldest: clients name regions as they like."""

_TOKEN: Final = 1000
"""Tokens are counted in thousandths, so that whole milliseconds bring whole numbers of them at any rate."""


def rate_of(operation: str) -> int:
    """Return how many requests a second AWS takes of *operation*, by account and region."""
    by_verb = READING_RATE if operation.startswith(READING) else WRITING_RATE
    return RATES.get(operation, by_verb)


class Rates:
    """A `Gate` that refuses what comes faster than AWS would take it."""

    def __init__(self, behind: Gate) -> None:
        """Start with full buckets.

        Args:
            behind: asked first; what it refuses takes no token.
        """
        self._behind = behind
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def admit(self, region: str, operation: str, now_s: float) -> None:
        """Let a call through, or refuse it.

        Raises:
            Throttled: the operation, or the account, has used up its requests.
            Fault: the gate behind refuses the call.
        """
        self._behind.admit(region, operation, now_s)
        now_ms = round(now_s * 1000)
        if len(self._buckets) >= MOST_BUCKETS:
            self._tidy(now_ms)
        account = self._bucket(region, "", ACCOUNT_RATE, now_ms)
        own = self._bucket(region, operation, rate_of(operation), now_ms)
        if account.level < _TOKEN or own.level < _TOKEN:
            raise Throttled("Rate exceeded")
        account.level -= _TOKEN
        own.level -= _TOKEN

    def forget(self) -> None:
        """Fill all buckets."""
        self._behind.forget()
        self._buckets.clear()

    @property
    def buckets(self) -> int:
        """How many buckets are remembered."""
        return len(self._buckets)

    def _bucket(self, region: str, operation: str, rate: int, now_ms: int) -> "_Bucket":
        bucket = self._buckets.get((region, operation))
        if bucket is None:
            bucket = self._buckets[region, operation] = _Bucket(rate, now_ms)
        bucket.fill(now_ms)
        return bucket

    def _tidy(self, now_ms: int) -> None:
        for key, bucket in tuple(self._buckets.items()):
            bucket.fill(now_ms)
            if bucket.is_full:
                del self._buckets[key]
        for key in tuple(self._buckets)[: max(0, len(self._buckets) - MOST_BUCKETS // 2)]:
            del self._buckets[key]


class _Bucket:
    """So many thousandths of tokens, as of an instant."""

    __slots__ = ("_at_ms", "_rate", "level")

    def __init__(self, rate: int, now_ms: int) -> None:
        self._rate = rate
        self._at_ms = now_ms
        self.level = rate * _TOKEN

    def fill(self, now_ms: int) -> None:
        """Add what has come since; time that went back brings nothing."""
        passed_ms = max(0, now_ms - self._at_ms)
        self.level = min(self._rate * _TOKEN, self.level + passed_ms * self._rate)
        self._at_ms = now_ms

    @property
    def is_full(self) -> bool:
        """Whether a new bucket would be the same."""
        return self.level == self._rate * _TOKEN
