"""Tokens of computes: issued to whoever asks, and renewed on open connections before they run out.

Source: GetComputeAuthToken reference; the RefreshConnection message of Server SDK 5: the process opens a second
connection with the new token, and drops the first.
"""

import hashlib
from typing import Final

from muster_gamelift.state.catalogue import AuthToken
from muster_gamelift.state.world import Change, Push

RENEWED_BEFORE: Final = 0.25
"""A connection is renewed when less than this share of its token's life is left. AWS does not say when it does."""
TRIES: Final = 3
PAUSE: Final = 1 / 12
"""A process that did not come is asked again after this share of the token's life, so that all tries fall into it."""


def digest_of(token: str) -> str:
    """Return the digest under which a token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue(change: Change, fleet_id: str, compute_name: str) -> tuple[str, AuthToken]:
    """Return a new token of a compute, and what is kept of it."""
    token = change.ids.uuid()
    kept = AuthToken(digest_of(token), fleet_id, compute_name, change.now_s + change.limits.token_s)
    change.world.tokens.put(kept.digest, kept)
    return token, kept


def renewal_s(change: Change, digest: str) -> float:
    """Return when a connection that was made with the token of *digest* is to be renewed.

    A process may have come back with a token that has run out since: then it is now.
    """
    kept = change.world.tokens.get(digest)
    due_s = kept.expires_at_s - RENEWED_BEFORE * change.limits.token_s if kept else change.now_s
    return max(change.now_s, due_s)


def renew(change: Change) -> None:
    """Push RefreshConnection, with a new token, to every process whose own is about to run out."""
    for process in change.world.processes.find("open", at=True):
        if not process.linked or process.renew_at_s is None or change.now_s < process.renew_at_s:
            continue
        tries = process.renewals + 1
        next_s = change.now_s + PAUSE * change.limits.token_s if tries < TRIES else None
        change.world.processes.put(process.process_id, process.asked_to_renew(next_s))
        token, _ = issue(change, process.fleet_id, process.compute_name)
        message = {
            "Action": "RefreshConnection",
            "RefreshConnectionEndpoint": process.endpoint,
            "AuthToken": token,
        }
        change.pushes.append(Push(process.process_id, message))
