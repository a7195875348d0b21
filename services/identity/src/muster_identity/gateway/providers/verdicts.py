"""What is said about a credential or a provider: the reason goes to the log, from a closed set.

Outside none is told, but where the published routes have words of their own for it.

Nothing of what a provider or a player sent is ever repeated, in logs or in errors.
"""

import structlog

from muster_identity.errors import CredentialRefused, ProviderLied, ProviderUnavailable

log = structlog.get_logger(__name__)


def refused(door: str, reason: str) -> CredentialRefused:
    """Return the error for a bad credential; *reason* is a constant in snake_case."""
    log.info("provider_credential_refused", door=door, reason=reason)
    return CredentialRefused(reason=reason)


def unavailable(door: str, reason: str, *, retry_after_s: float | None = None) -> ProviderUnavailable:
    """Return the error for a provider that does not answer; *reason* is a constant or the name of an exception."""
    log.warning("provider_unavailable", door=door, reason=reason)
    return ProviderUnavailable(retry_after_s=retry_after_s)


def lied(door: str, reason: str) -> ProviderLied:
    """Return the error for an answer that makes no sense; *reason* is a constant in snake_case."""
    log.warning("provider_lied", door=door, reason=reason)
    return ProviderLied()
