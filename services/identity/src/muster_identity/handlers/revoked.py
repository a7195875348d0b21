"""The list of what was taken back, as every verifier reads it."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from muster_identity.domain.changes import Listed
from muster_identity.ports import Accounts
from muster_runtime.auth.revocations import MAX_ENTRIES, Revocation, document_of
from muster_runtime.clock import Clock

log = structlog.get_logger(__name__)

KEPT_S = 1.0
"""How long the list serves before the table is asked again: verifiers read it every two seconds, from every instance,
and a ban is to reach them all within five."""


def _most_urgent(found: Sequence[Listed]) -> Sequence[Listed]:
    """Return as many as a verifier takes; sessions last, which players end themselves, as often as they like."""
    if len(found) <= MAX_ENTRIES:
        return found
    log.error("revocations_left_out", count=len(found) - MAX_ENTRIES)
    return sorted(found, key=lambda each: (each.kind == "session", -each.until_s))[:MAX_ENTRIES]


@dataclass(slots=True)
class RevokedHandlers:
    """Serves the list; however many verifiers ask, the table is read once a second."""

    accounts: Accounts
    clock: Clock
    _document: bytes | None = None
    _read_at_s: float = 0.0
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def document(self) -> bytes:
        """Return the list. Safe to repeat: it only reads."""
        async with self._reading:
            now_s = self.clock.monotonic_s()
            if self._document is None or now_s - self._read_at_s >= KEPT_S:
                found = await self.accounts.revocations(int(self.clock.epoch_s()))
                listed = [Revocation(each.mark, each.not_after_s, each.until_s) for each in _most_urgent(found)]
                self._document = json.dumps(document_of(listed), separators=(",", ":")).encode()
                self._read_at_s = now_s
            return self._document
