"""Counts what providers say, and how long they take: the one face that providers show to the rest of identity."""

from collections.abc import Mapping
from typing import Final, Protocol

from muster_identity.domain.doors import ProviderIdentity
from muster_identity.errors import CredentialRefused, ProviderLied, ProviderUnavailable
from muster_identity.gateway.providers.verdicts import refused
from muster_runtime.clock import Clock
from muster_runtime.metrics import Metrics

VERDICTS: Final = {CredentialRefused: "refused", ProviderUnavailable: "unavailable", ProviderLied: "lied"}


class Check(Protocol):
    """What each module of this package implements; see `ports.Provider`."""

    @property
    def name(self) -> str:
        """The door."""

    async def validate(self, credential: Mapping[str, str]) -> ProviderIdentity:
        """Return who the credential proves."""


class Instruments:
    """The metrics of all providers; one set a service."""

    def __init__(self, metrics: Metrics) -> None:
        """Register them."""
        self.verdicts = metrics.counter(
            "muster_provider_verdicts",
            "Credentials judged, by door and verdict: `good`, `refused`, `unavailable`, `lied`",
            ("door", "verdict"),
        )
        self.seconds = metrics.histogram(
            "muster_provider_seconds", "Time to judge a credential, calls to the provider included", ("door",)
        )
        self.open = metrics.gauge(
            "muster_provider_breaker_open", "1 while a provider is left alone after failures in a row", ("door",)
        )


class Watched:
    """A provider whose verdicts are counted.

    Attributes:
        name: the door.
    """

    def __init__(self, check: Check, instruments: Instruments, clock: Clock) -> None:
        """Watch *check*."""
        self.name = str(check.name)
        self._check = check
        self._instruments = instruments
        self._clock = clock

    async def validate(self, credential: Mapping[str, str]) -> ProviderIdentity:
        """Return who the credential proves; see `ports.Provider`."""
        began_s = self._clock.monotonic_s()
        verdict = ""
        try:
            self._check_text(credential)
            identity = await self._check.validate(credential)
            verdict = "good"
        except (CredentialRefused, ProviderUnavailable, ProviderLied) as error:
            verdict = VERDICTS[type(error)]
            raise
        finally:
            if verdict:
                # A request that was broken off has no verdict.
                self._instruments.verdicts.labels(door=self.name, verdict=verdict).inc()
                self._instruments.seconds.labels(door=self.name).observe(self._clock.monotonic_s() - began_s)
        return identity

    def _check_text(self, credential: Mapping[str, str]) -> None:
        """Refuse what is no text: half a surrogate pair cannot be sent to anybody."""
        try:
            for value in credential.values():
                value.encode()
        except UnicodeEncodeError:
            raise refused(self.name, "not_text") from None
