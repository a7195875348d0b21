"""A provider's published keys: what counts as one, and a cache that tokens cannot make hammer the provider.

`muster_runtime.auth.jwks` does the same for our own issuer. Providers differ: they sign with several algorithms, and
whether one does not answer or answers nonsense is told apart.

Source: RFC 7517, RFC 8037 (EdDSA), RFC 8725 (one key, one algorithm; no trust in key addresses from a token).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from muster_identity.errors import ProviderLied, ProviderUnavailable
from muster_identity.gateway.providers.verdicts import lied, unavailable
from muster_runtime.auth.jwks import FAILURE_PAUSE_S, UNKNOWN_KEY_PAUSE_S
from muster_runtime.auth.keys import ALGORITHMS, MAX_KEYS, KeysRefused, PublicKey, key_set
from muster_runtime.clock import Clock

FetchDocument = Callable[[], Awaitable[Mapping[str, Any]]]
"""Gets the key set; raises ProviderUnavailable or ProviderLied."""

MAX_AGE_S: Final = 3600.0
"""Keys are fetched again after this. Providers publish a key days before they sign with it; a key that is not known yet
is looked for at once."""
STALE_S: Final = 86_400.0
"""How long past that age keys serve while their provider does not answer."""

KINDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {"RS256": ("RSA", ""), "PS256": ("RSA", ""), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}
)
"""Key type and curve of each algorithm."""
_POLICY: Final[Mapping[str, str]] = MappingProxyType(
    {"RS256": "RS256", "PS256": "RS256", "ES256": "ES256", "EdDSA": "EdDSA"}
)
"""What a key counts as where it is judged: RSA keys of either padding are alike."""


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A public key and what it may verify.

    Attributes:
        key: what verifies.
        algorithms: the one its publisher named, or those its kind allows where none was named.
    """

    key: PublicKey
    algorithms: tuple[str, ...]


class ProviderKeys:
    """Keys by id, fetched by one request at a time, whoever waits; failures are remembered for a moment."""

    def __init__(
        self, door: str, fetch: FetchDocument, clock: Clock, *, algorithms: Iterable[str] = ("RS256",)
    ) -> None:
        """Build an empty cache.

        Args:
            door: whose keys, for logs.
            fetch: gets the key set, within a time of its own.
            clock: where ages come from.
            algorithms: what this provider signs with.
        """
        self._door = door
        self._fetch = fetch
        self._clock = clock
        self._algorithms = tuple(algorithms)
        self._lock = asyncio.Lock()
        self._keys: Mapping[str, ProviderKey] | None = None
        self._fetched_at_s = 0.0
        self._failure: tuple[float, bool] | None = None
        self._sought_at_s: float | None = None

    async def find(self, key_id: str) -> ProviderKey | None:
        """Return the key called *key_id*; None when the provider has none of that name.

        Raises:
            ProviderUnavailable: nobody knows, because the provider does not answer.
            ProviderLied: nobody knows, because what it published is no key set.
        """
        keys = await self._current()
        if key_id in keys:
            return keys[key_id]
        return (await self._after_looking(keys, key_id)).get(key_id)

    async def _current(self) -> Mapping[str, ProviderKey]:
        if self._keys is not None and (self._age_s() < MAX_AGE_S or (self._serves() and self._lock.locked())):
            return self._keys
        async with self._lock:
            if self._keys is None or self._age_s() >= MAX_AGE_S:
                try:
                    return await self._refresh()
                except (ProviderUnavailable, ProviderLied):
                    if self._keys is None or not self._serves():
                        raise
            return self._keys

    async def _after_looking(self, before: Mapping[str, ProviderKey], key_id: str) -> Mapping[str, ProviderKey]:
        async with self._lock:
            if self._keys is not None and (self._keys is not before or key_id in self._keys):
                return self._keys
            now_s = self._clock.monotonic_s()
            if self._sought_at_s is not None and now_s - self._sought_at_s < UNKNOWN_KEY_PAUSE_S:
                return before
            keys = await self._refresh()
            self._sought_at_s = now_s
            return keys

    async def _refresh(self) -> Mapping[str, ProviderKey]:
        """Fetch once, unless that failed a moment ago. The lock is held."""
        if self._failure is not None and self._clock.monotonic_s() - self._failure[0] < FAILURE_PAUSE_S:
            raise (lied if self._failure[1] else unavailable)(self._door, "keys_failed_before")
        try:
            self._keys = usable_keys(await self._fetch(), door=self._door, algorithms=self._algorithms)
        except (ProviderUnavailable, ProviderLied) as error:
            self._failure = (self._clock.monotonic_s(), isinstance(error, ProviderLied))
            raise
        self._fetched_at_s, self._failure = self._clock.monotonic_s(), None
        return self._keys

    def _serves(self) -> bool:
        return self._age_s() < MAX_AGE_S + STALE_S

    def _age_s(self) -> float:
        return self._clock.monotonic_s() - self._fetched_at_s


def usable_keys(document: Mapping[str, Any], *, door: str, algorithms: tuple[str, ...]) -> Mapping[str, ProviderKey]:
    """Return the keys of a published set that may verify tokens of this provider; others are passed over.

    Each is held to the policy for our own keys. Providers may leave `alg` and `use` out: then the kind of key decides.

    Raises:
        ProviderLied: it is no key set, has one key id twice, publishes a secret, or has no usable key at all.
    """
    entries = document.get("keys")
    if not isinstance(entries, list) or len(entries) > MAX_KEYS or not all(isinstance(key, dict) for key in entries):
        raise lied(door, "no_key_set")
    if any("d" in entry or entry.get("kty") == "oct" for entry in entries):
        raise lied(door, "secret_key_published")
    fitting = [(entry, names) for entry in entries if (names := _algorithms(entry, algorithms))]
    named = [{**entry, "use": "sig", "key_ops": ["verify"], "alg": _POLICY[names[0]]} for entry, names in fitting]
    try:
        keys = key_set(json.dumps({"keys": named}).encode(), ALGORITHMS).keys
    except KeysRefused:
        raise lied(door, "no_usable_key") from None
    allowed = {entry["kid"]: names for entry, names in fitting if isinstance(entry.get("kid"), str)}
    return MappingProxyType({kid: ProviderKey(key.public, allowed[kid]) for kid, key in keys.items()})


def _algorithms(entry: dict[str, Any], algorithms: tuple[str, ...]) -> tuple[str, ...]:
    """Return which of *algorithms* the entry is for; none when it is for something else."""
    operations = entry.get("key_ops", ["verify"])
    if entry.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return ()
    kind = (entry.get("kty"), entry.get("crv", ""))
    return tuple(name for name in algorithms if KINDS[name] == kind and entry.get("alg", name) == name)
