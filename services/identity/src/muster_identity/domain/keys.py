"""Signing keys and when they change.

A key passes through these states, and every key in the ring is published to verifiers:

    pending ──signs_from──> active ──the next one takes over──> retired ──keep_s──> removed

It is published, as pending, long enough for every verifier to have fetched it before it signs. It stays published, as
retired, until the last token it signed has expired. So no verifier ever meets a good token whose key it cannot know.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NewType

KeyId = NewType("KeyId", str)

HOUR_S = 3600
DAY_S = 24 * HOUR_S

LEAST_LEAD_S = 2 * HOUR_S
"""API Gateway's JWT authorizer may keep an issuer's keys for two hours.

Source: Amazon API Gateway developer guide, "Control access to HTTP APIs with JWT authorizers".
"""


class KeyState(StrEnum):
    """Where a key is in its life."""

    PENDING = "pending"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key pair.

    Attributes:
        key_id: the `kid` of its tokens, a UUID.
        state: where it is in its life.
        created_at_s: when it was made, seconds since the epoch.
        signs_from_s: earliest instant at which it may sign, seconds since the epoch.
        private_pem: the private key, PKCS #8 PEM, not encrypted: Secrets Manager encrypts it at rest.
        retire_at_s: when the next key took over, seconds since the epoch; None until then.
    """

    key_id: KeyId
    state: KeyState
    created_at_s: int
    signs_from_s: int
    private_pem: str = field(repr=False)
    retire_at_s: int | None = None


@dataclass(frozen=True, slots=True)
class FreshKey:
    """A key pair just drawn, not in any ring yet."""

    key_id: KeyId
    private_pem: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keyring:
    """Every key that verifiers may need.

    Attributes:
        keys: newest first.
        announced: id of the active key that `keys.rotated` has told of; empty before the first.
    """

    keys: tuple[SigningKey, ...] = ()
    announced: str = ""

    @property
    def active(self) -> SigningKey | None:
        """The key that signs; None when there is none."""
        return next((key for key in self.keys if key.state is KeyState.ACTIVE), None)

    @property
    def key_ids(self) -> frozenset[str]:
        """The ids of all keys."""
        return frozenset(key.key_id for key in self.keys)

    def find(self, key_id: str) -> SigningKey | None:
        """Return the key with this id, whatever its state; None when the ring has no such key."""
        return next((key for key in self.keys if key.key_id == key_id), None)


@dataclass(frozen=True, slots=True)
class RotationPolicy:
    """How keys change; every attribute in seconds.

    Attributes:
        rotate_every_s: how long a key signs.
        check_every_s: how often somebody looks whether it is time.
        jwks_max_age_s: how long verifiers may keep the published keys, as we tell them.
        token_life_s: longest life of any token, from its issue.
        margin_s: how long an instance may go on signing with a key after another one took over, because it could not
            re-read the keyring, clock differences included.
    """

    rotate_every_s: int = 7 * DAY_S
    check_every_s: int = DAY_S
    jwks_max_age_s: int = 300
    token_life_s: int = 6 * DAY_S
    margin_s: int = DAY_S

    @property
    def lead_s(self) -> int:
        """How long a key is published before it signs."""
        return max(LEAST_LEAD_S, 2 * self.jwks_max_age_s)

    @property
    def keep_s(self) -> int:
        """How long a key stays published after the next one took over."""
        return self.token_life_s + self.margin_s


def needs_fresh_key(keyring: Keyring, now_s: int, policy: RotationPolicy) -> bool:
    """Tell whether `plan_rotation` has a use for a fresh key now.

    A successor is wanted one look ahead of the latest moment at which it must be published, so that it can take over
    on the day that the policy names and not one look later.
    """
    if any(key.state is KeyState.PENDING for key in keyring.keys):
        return False
    active = keyring.active
    if active is None:
        return True
    return now_s >= active.signs_from_s + policy.rotate_every_s - policy.lead_s - policy.check_every_s


def plan_rotation(
    keyring: Keyring,
    now_s: int,
    policy: RotationPolicy,
    *,
    fresh: FreshKey | None = None,
    published: AbstractSet[str] | None = None,
) -> Keyring:
    """Return the keyring as it should be now; the same one when nothing is due.

    Planning twice at one instant gives the same ring as planning once. From any ring, however it was left behind, the
    result has exactly one active key as long as there is a key to make active.

    Args:
        keyring: the ring as stored.
        now_s: the present, seconds since the epoch.
        policy: how keys change.
        fresh: a new key to add when `needs_fresh_key`; ignored otherwise.
        published: ids of the keys that verifiers can really fetch; a pending key that is not among them (the last
            rotation died before it published) waits another lead. None: take the ring's own keys for published.
    """
    keys = [_dated(key, now_s) for key in keyring.keys if not _is_over(key, now_s, policy)]
    if published is not None:
        keys = [_wait_for_publication(key, now_s, policy, published) for key in keys]
    keys = _take_over(keys, now_s)
    planned = replace(keyring, keys=tuple(keys))
    if fresh is not None and needs_fresh_key(planned, now_s, policy):
        keys = [_successor_of(planned.active, fresh, now_s, policy), *keys]
    newest_first = tuple(sorted(keys, key=lambda key: key.created_at_s, reverse=True))
    return replace(planned, keys=newest_first)


def without(keyring: Keyring, key_id: str) -> Keyring:
    """Return *keyring* without the key with this id; the same one when it has no such key."""
    if keyring.find(key_id) is None:
        return keyring
    return replace(keyring, keys=tuple(key for key in keyring.keys if key.key_id != key_id))


def _is_over(key: SigningKey, now_s: int, policy: RotationPolicy) -> bool:
    """Tell whether every token that *key* can have signed has expired."""
    return key.state is KeyState.RETIRED and key.retire_at_s is not None and now_s >= key.retire_at_s + policy.keep_s


def _dated(key: SigningKey, now_s: int) -> SigningKey:
    """Return *key*; one that was retired by hand, without a date, is kept as if that had been now."""
    if key.state is KeyState.RETIRED and key.retire_at_s is None:
        return replace(key, retire_at_s=now_s)
    return key


def _wait_for_publication(
    key: SigningKey, now_s: int, policy: RotationPolicy, published: AbstractSet[str]
) -> SigningKey:
    """Return *key*, its turn put off when verifiers cannot have seen it yet."""
    if key.state is not KeyState.PENDING or key.key_id in published:
        return key
    return replace(key, signs_from_s=max(key.signs_from_s, now_s + policy.lead_s))


def _take_over(keys: list[SigningKey], now_s: int) -> list[SigningKey]:
    """Return *keys* with exactly one active: the newest whose turn has come."""
    ready = [key for key in keys if key.state is KeyState.PENDING and key.signs_from_s <= now_s]
    active = [key for key in keys if key.state is KeyState.ACTIVE]
    # With nothing else to sign with, a key that verifiers do not know yet beats no key: they fetch unknown ones.
    waiting = [key for key in keys if key.state is KeyState.PENDING]
    candidates = ready or active or waiting
    if not candidates:
        return keys
    chosen = max(candidates, key=lambda key: (key.signs_from_s, key.created_at_s, key.key_id))
    return [_settled(key, chosen, now_s) for key in keys]


def _settled(key: SigningKey, chosen: SigningKey, now_s: int) -> SigningKey:
    """Return *key* as it is once *chosen* signs."""
    if key.key_id == chosen.key_id:
        return replace(key, state=KeyState.ACTIVE, retire_at_s=None)
    its_turn_came = key.state is KeyState.PENDING and key.signs_from_s <= now_s
    if key.state is KeyState.ACTIVE or its_turn_came:
        return replace(key, state=KeyState.RETIRED, retire_at_s=now_s)
    return key


def _successor_of(active: SigningKey | None, fresh: FreshKey, now_s: int, policy: RotationPolicy) -> SigningKey:
    """Return *fresh* as the next key in line, or as the signing key when there is none."""
    if active is None:
        state, signs_from_s = KeyState.ACTIVE, now_s
    else:
        state = KeyState.PENDING
        signs_from_s = max(now_s + policy.lead_s, active.signs_from_s + policy.rotate_every_s)
    return SigningKey(
        key_id=fresh.key_id,
        state=state,
        created_at_s=now_s,
        signs_from_s=signs_from_s,
        private_pem=fresh.private_pem,
    )
