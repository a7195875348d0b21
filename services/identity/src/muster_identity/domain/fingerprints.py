"""Fingerprints of secrets, and comparing them without telling how near a guess was."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

DUMMY_FINGERPRINT = hashlib.sha256(b"nobody has this secret").hexdigest()
"""Compared against when there is no such user or client, so that both refusals do the same work."""


def fingerprint(secret: str) -> str:
    """Return what is stored in place of *secret*: its SHA-256, 64 lower-case hex digits.

    One round of SHA-256 is right here and a slow password hash would be waste: every secret whose fingerprint is
    stored was drawn by us with at least 244 random bits (two random UUIDs), so there is no dictionary to try. A slow
    hash would only hand attackers a way to burn our processor.

    Source: OWASP ASVS 5, chapter 11 (secrets with 112 bits of entropy or more need no slow hash).
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def is_same(secret: str, stored_fingerprint: str | None) -> bool:
    """Tell whether *secret* is the one behind *stored_fingerprint*, in time that does not depend on either.

    Args:
        secret: what the caller presented.
        stored_fingerprint: what `fingerprint` gave once; None or empty when nobody has such a secret, which costs the
            same comparison and is never a match.
    """
    matches = hmac.compare_digest(fingerprint(secret), stored_fingerprint or DUMMY_FINGERPRINT)
    return matches and bool(stored_fingerprint)


def is_one_of(secret: str, stored_fingerprints: Sequence[str]) -> bool:
    """Tell whether *secret* is behind one of the fingerprints; without any, the work of one comparison is done.

    Args:
        secret: what the caller presented.
        stored_fingerprints: what `fingerprint` gave once; all are compared, whichever matches.
    """
    matches = [is_same(secret, stored) for stored in stored_fingerprints or ("",)]
    return any(matches)


def derive(label: str, token_id: str) -> str:
    """Return an identifier that follows from *token_id* alone: 22 URL-safe characters, 128 bits.

    Args:
        label: what the new identifier is for; different labels give unrelated identifiers.
        token_id: the identifier it follows from.
    """
    digest = hashlib.sha256(f"{label}\n{token_id}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
