"""Identifiers as an argument: services never draw their own."""

import secrets
from typing import Final, Protocol

_FIXED_BITS: Final = 0xF << 76 | 0x3 << 62
_VERSION_4: Final = 0x4 << 76 | 0x2 << 62


class Ids(Protocol):
    """Where a service gets new identifiers and secrets from."""

    def uuid(self) -> str:
        """Return a new random UUID, 36 characters, lower case."""

    def secret(self, bytes_of_entropy: int = 32) -> str:
        """Return a new unguessable URL-safe string carrying that many random bytes."""


class SystemIds:
    """Identifiers from the operating system's random source."""

    def uuid(self) -> str:
        """Return a new random UUID, 36 characters, lower case."""
        # RFC 9562 version 4, as `uuid.uuid4` draws it, without building the object.
        drawn = secrets.randbits(128) & ~_FIXED_BITS | _VERSION_4
        digits = f"{drawn:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def secret(self, bytes_of_entropy: int = 32) -> str:
        """Return a new unguessable URL-safe string carrying that many random bytes."""
        return secrets.token_urlsafe(bytes_of_entropy)
