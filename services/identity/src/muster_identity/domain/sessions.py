"""A session: one family of refresh tokens, of which only the newest counts.

Each use of a refresh token makes the next one. The row keeps fingerprints only, never a token or its id:

    token ids    t1 ──derive──> t2 ──derive──> t3          (each follows from the one before)
    row          previous = sha256(t2), current = sha256(t3), issued_at, key_id

Because the successor's id follows from the id presented, and because our signatures are deterministic, showing t2
again within the grace gives the very same t3 again, without a copy of it being kept anywhere. Any older token shown,
or t2 after the grace, means that two parties hold this family: it is ended for both.

Source: RFC 9700 section 4.14.2.
"""

import ipaddress
from dataclasses import dataclass, field, replace
from typing import NewType

from muster_identity.domain.fingerprints import derive, fingerprint
from muster_identity.domain.users import User, UserId

SessionId = NewType("SessionId", str)

LEAST_REMAINING_S = 30
"""A session with less than this left, in seconds, is treated as over: clients of the published design refresh 5 or 10
seconds before the end of what they were told, so that they would refresh without pause through its last seconds."""


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in, on one device, and the head of its family of refresh tokens.

    Attributes:
        session_id: the `sid` of its tokens.
        user_id: whose it is.
        scope: the scope in the access token of the present generation.
        signed_in_at_s: when the person signed in, seconds since the epoch; the `auth_time` of its tokens.
        expires_at_s: when it ends whatever happens, seconds since the epoch.
        generation: 1 for the sign-in itself, one more with each refresh.
        issued_at_s: when the present generation was issued; from generation 2 on, when the one before was used up.
        key_id: the key that signed the present generation.
        current_hash: fingerprint of the id of the refresh token that counts.
        previous_hash: fingerprint of the one before; empty in generation 1.
        revoked_at_s: when it was ended early; None while it lives.
        revoked_reason: why it was ended early, one word; empty while it lives.
        epoch: the user's epoch at the sign-in; the session is over once the user's is another.
        door: the door the person came in by.
        device: what the client calls the device; empty when it does not say.
        network: the first half of the address the person signed in from; empty when it is not known.
    """

    session_id: SessionId
    user_id: UserId
    scope: str
    signed_in_at_s: int
    expires_at_s: int
    issued_at_s: int
    key_id: str
    current_hash: str = field(repr=False)
    previous_hash: str = field(default="", repr=False)
    generation: int = 1
    revoked_at_s: int | None = None
    revoked_reason: str = ""
    epoch: int = 0
    door: str = "guest"
    device: str = ""
    network: str = ""

    def is_alive(self, user: User, now_s: int) -> bool:
        """Tell whether it counts for *user* as stored at *now_s*."""
        stands = self.revoked_at_s is None and self.expires_at_s > now_s and self.epoch == user.epoch
        return stands and not user.is_gone and not user.is_banned(now_s)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in comes from.

    Attributes:
        device: what the client calls the device; empty when it does not say.
        network: the first half of the caller's address; empty when it is not known.
    """

    device: str = ""
    network: str = ""


def network_of(address: str) -> str:
    """Return what is kept of a caller's address: enough to tell places apart, too little to find a person.

    Args:
        address: an IPv4 or IPv6 address; anything else gives an empty text.

    Returns:
        The /24 network of an IPv4 address, the /48 network of an IPv6 address.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    prefix = 24 if parsed.version == 4 else 48
    host_bits = parsed.max_prefixlen - prefix
    # By hand: a network object would cost ten times as much, at every sign-in.
    return f"{type(parsed)(int(parsed) >> host_bits << host_bits)}/{prefix}"


@dataclass(frozen=True, slots=True)
class Use:
    """What one use of a refresh token does to its session.

    Attributes:
        session: the session afterwards.
        token_id: id of the successor to answer with.
        is_repeat: the successor was given out before; there is nothing to store.
    """

    session: Session
    token_id: str = field(repr=False)
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Reuse:
    """A used-up token was shown again: the family must end.

    Attributes:
        session: the session, revoked.
    """

    session: Session


def successor(token_id: str) -> str:
    """Return the id of the refresh token that follows the one with *token_id*."""
    return derive("refresh", token_id)


def use(  # noqa: PLR0913 - each is a fact of its own
    session: Session, token_id: str, *, now_s: int, grace_s: int, key_id: str, scope: str
) -> Use | Reuse | None:
    """Decide what presenting the refresh token with *token_id* does.

    Args:
        session: the session as stored.
        token_id: the `jti` of a refresh token whose signature, times and session id have been checked.
        now_s: the present, seconds since the epoch.
        grace_s: how long a used-up token is answered with the same successor, for the client that lost our reply and
            for requests that crossed; seconds, 0 to 60.
        key_id: the key that signs now.
        scope: the scope the user has now.

    Returns:
        The use to store and answer, the reuse to punish, or None when the session is over anyway.
    """
    if session.revoked_at_s is not None or now_s + LEAST_REMAINING_S > session.expires_at_s:
        return None
    presented = fingerprint(token_id)
    if presented == session.current_hash:
        following = successor(token_id)
        after = replace(
            session,
            scope=scope,
            generation=session.generation + 1,
            issued_at_s=now_s,
            key_id=key_id,
            current_hash=fingerprint(following),
            previous_hash=presented,
        )
        return Use(after, following)
    if presented == session.previous_hash and now_s - session.issued_at_s <= grace_s:
        return Use(session, successor(token_id), is_repeat=True)
    return Reuse(replace(session, revoked_at_s=now_s, revoked_reason="reuse"))
