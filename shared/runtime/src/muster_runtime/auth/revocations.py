"""What was taken back before its time: sessions that ended, and users whose tokens up to a moment no longer count.

Every instance of every service keeps this set beside its verifier. It is fed by events (`session_ended`,
`user_barred`), by the issuer's list (`RevocationFeed`), or by both: a repeat changes nothing.

The set forgets what no token can outlive, so that it stays small by itself; a bound holds it small in any case.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from muster_runtime.auth.principal import Principal
from muster_runtime.clock import Clock

log = structlog.get_logger()

MAX_ENTRIES: Final = 50_000
"""Most entries held. An entry lives as long as an access token, so this is over fifty a second, for a quarter hour."""
SWEEP_EVERY_S: Final = 30.0
"""Entries that are over are thrown out this often, and whenever the set is full."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """One thing taken back.

    Attributes:
        mark: `mark_of` what was taken back; the id itself need not travel.
        not_after_s: tokens issued at or before this are refused, seconds since the epoch. A session, a version and a
            key end for good, a user may sign in again after it.
        until_s: by then no such token can be alive, seconds since the epoch.
    """

    mark: str
    not_after_s: float
    until_s: float


def mark_of(kind: str, identifier: str) -> str:
    """Return what stands for an id in lists of revocations: 32 characters that do not tell it.

    Args:
        kind: `session`, `user`, `version` or `key`.
        identifier: the `sid`, the `sub`, `sub#ver` or the `kid` of the tokens concerned.
    """
    return hashlib.sha256(f"{kind}\n{identifier}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def marks_of(principal: Principal) -> tuple[str, ...]:
    """Return the marks under which the token behind *principal* may be taken back.

    Those of its user, its session, its version of the user's sessions, and its key.
    """
    marks = [mark_of("user", principal.subject)]
    if principal.session_id:
        marks.append(mark_of("session", principal.session_id))
    if principal.version is not None:
        marks.append(mark_of("version", f"{principal.subject}#{principal.version}"))
    if principal.key_id:
        marks.append(mark_of("key", principal.key_id))
    return tuple(marks)


class Revocations:
    """The set of one process, bounded in size and time."""

    def __init__(self, *, clock: Clock, longest_life_s: float = 3600.0, max_entries: int = MAX_ENTRIES) -> None:
        """Build an empty set.

        Args:
            clock: where the present comes from.
            longest_life_s: longest life that an access token may have, with what clocks may differ.
            max_entries: most entries held; when there are more, those that would end first go.
        """
        self._clock = clock
        self._longest_life_s = longest_life_s
        self._max_entries = max_entries
        self._entries: dict[str, Revocation] = {}
        self._swept_at_s = clock.monotonic_s()

    def __len__(self) -> int:
        """Return how many entries are held, those that are over and not yet swept included."""
        return len(self._entries)

    def session_ended(self, session_id: str) -> None:
        """Refuse the tokens of a session from now on. Safe to repeat."""
        until_s = self._clock.epoch_s() + self._longest_life_s
        self.add([Revocation(mark_of("session", session_id), until_s, until_s)])

    def user_barred(self, user_id: str, *, at_s: float | None = None) -> None:
        """Refuse the tokens that a user got until *at_s*; now, when left out. Safe to repeat, and in any order."""
        at_s = self._clock.epoch_s() if at_s is None else at_s
        self.add([Revocation(mark_of("user", user_id), at_s, at_s + self._longest_life_s)])

    def add(self, revocations: Iterable[Revocation]) -> None:
        """Take *revocations* in; of two about the same, what reaches further counts."""
        now_s = self._clock.epoch_s()
        longest_s = now_s + self._longest_life_s
        for told in revocations:
            if told.until_s <= now_s:
                continue
            # Nothing outlives the longest life, whatever a list says: memory is ours to bound.
            known = self._entries.pop(told.mark, None)
            not_after_s = max(told.not_after_s, known.not_after_s if known else 0.0)
            until_s = min(max(told.until_s, known.until_s if known else 0.0), longest_s)
            self._entries[told.mark] = Revocation(told.mark, not_after_s, until_s)
        if len(self._entries) > self._max_entries or self._clock.monotonic_s() - self._swept_at_s >= SWEEP_EVERY_S:
            self._sweep(now_s)

    def covers(self, marks: Iterable[str], issued_at_s: float) -> bool:
        """Whether a token was taken back.

        Args:
            marks: `marks_of` its principal.
            issued_at_s: its `iat`.
        """
        if not self._entries:
            return False
        for mark in marks:
            entry = self._entries.get(mark)
            if entry is not None and issued_at_s <= entry.not_after_s and self._clock.epoch_s() < entry.until_s:
                return True
        return False

    def _sweep(self, now_s: float) -> None:
        self._swept_at_s = self._clock.monotonic_s()
        alive = [entry for entry in self._entries.values() if entry.until_s > now_s]
        if len(alive) > self._max_entries:
            # Those whose tokens die first are the least loss.
            alive.sort(key=lambda entry: entry.until_s)
            lost = len(alive) - self._max_entries
            alive = alive[lost:]
            log.error("revocations_lost", count=lost)
        self._entries = {entry.mark: entry for entry in alive}


def document_of(revocations: Iterable[Revocation]) -> Mapping[str, list[list[str | int]]]:
    """Return the issuer's list as it is published: `{"revoked": [[mark, not_after, until], ...]}`, whole seconds."""
    # Rounded up: a moment too long refuses a token that the client replaces, a moment too short lets one in.
    return {
        "revoked": [
            [one.mark, -int(-one.not_after_s // 1), -int(-one.until_s // 1)]
            for one in sorted(revocations, key=lambda one: one.mark)
        ]
    }
