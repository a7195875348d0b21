"""Identifiers that a test can foresee."""

from base64 import urlsafe_b64encode


class SequentialIds:
    """A `muster_runtime.ids.Ids` that counts: each call gives the next."""

    def __init__(self) -> None:
        """Begin at 1."""
        self._uuids = 0
        self._secrets = 0

    def uuid(self) -> str:
        """Return `00000000-0000-4000-8000-000000000001`, then `...2`, and so on."""
        self._uuids += 1
        return f"00000000-0000-4000-8000-{self._uuids:012x}"

    def secret(self, bytes_of_entropy: int = 32) -> str:
        """Return the next text of the length and alphabet that a real secret of so many bytes has."""
        self._secrets += 1
        return urlsafe_b64encode(self._secrets.to_bytes(bytes_of_entropy, "big")).rstrip(b"=").decode()
