"""The keyring: knowing it, and moving it on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import structlog

from muster_identity.domain.discovery import DISCOVERY_PATH, JWKS_PATH, discovery_document, jwks_document
from muster_identity.domain.keys import (
    DAY_S,
    Keyring,
    RotationPolicy,
    SigningKey,
    needs_fresh_key,
    plan_rotation,
    without,
)
from muster_identity.errors import KeyringChanged, NoSigningKey
from muster_identity.ports import Bell, IssuerFiles, Signer, StoredKeyring, Vault
from muster_runtime.clock import Clock
from muster_runtime.ids import Ids

log = structlog.get_logger(__name__)

TRIES = 8
"""How often a lost race for the keyring is run again. Each loss means that somebody else moved it on, and a ring that
has just been moved on needs nothing, so the second try is nearly always the last."""


VOID_S = DAY_S
"""How long verifiers are told that a key is void: none keeps one in its cache for longer, as far as is known."""


@dataclass(slots=True)
class KnownKeys:
    """The keyring as this instance read it last.

    Attributes:
        policy: how keys change.
        clock: the time.
    """

    policy: RotationPolicy
    clock: Clock
    _keyring: Keyring = field(default_factory=Keyring, repr=False)
    _read_at_s: float | None = None
    _times: int = 0

    @property
    def ring(self) -> Keyring:
        """The keyring, for checking and for publishing."""
        return self._keyring

    @property
    def times(self) -> int:
        """How often a ring was learned: whoever reads one can tell whether a newer one came meanwhile."""
        return self._times

    def learn(self, keyring: Keyring) -> None:
        """Take *keyring* for the present one from now on."""
        self._keyring = keyring
        self._read_at_s = self.clock.epoch_s()
        self._times += 1

    def signing_key(self) -> SigningKey:
        """Return the key that signs now.

        Raises:
            NoSigningKey: there is none, or the ring was read so long ago that a token signed now could outlive the
                publication of its key.
        """
        active = self._keyring.active
        is_fresh = self._read_at_s is not None and self.clock.epoch_s() - self._read_at_s < self.policy.margin_s
        if active is None or not is_fresh:
            raise NoSigningKey
        return active

    def key(self, key_id: str) -> SigningKey:
        """Return the key with this id.

        Raises:
            NoSigningKey: the ring, as known here, has no such key (any more).
        """
        key = self._keyring.find(key_id)
        if key is None:
            raise NoSigningKey
        return key


@dataclass(frozen=True, slots=True)
class KeyHandlers:
    """Everything identity does about its keys."""

    known: KnownKeys
    vault: Vault
    files: IssuerFiles
    bell: Bell
    signer: Signer
    issuer: str
    policy: RotationPolicy
    clock: Clock
    ids: Ids

    async def start(self) -> None:
        """Make sure that there is a key to sign with and that verifiers can fetch it.

        Safe to repeat: of several instances that start on an empty secret one creates the key, the others read it.
        """
        stored = await self.vault.read()
        # A key that is published and not in the ring was taken out of use by somebody who did not get to publishing.
        if stored.keyring.active is None or stored.keyring.key_ids != await self.files.published_key_ids():
            await self.rotate()
            return
        self.known.learn(stored.keyring)

    async def reload(self) -> None:
        """Read the keyring again, so that a rotation by another instance takes effect here.

        Safe to repeat: it only reads. A ring that has come meanwhile by this instance's own work is newer, and stays.

        Raises:
            NoSigningKey: the secret is gone, or empty, which no rotation leaves it: the ring known before still serves.
        """
        times = self.known.times
        stored = await self.vault.read()
        if self.known.times != times:
            return
        if not stored.keyring.keys and self.known.ring.keys:
            raise NoSigningKey
        if stored.keyring.key_ids != self.known.ring.key_ids:
            log.info("keyring_reloaded", key_ids=sorted(stored.keyring.key_ids))
        self.known.learn(stored.keyring)

    async def rotate(self) -> None:
        """Do what is due: publish a successor, let it take over, drop what nobody needs; then tell the others.

        Safe to repeat: a run that finds nothing due writes no key. Publishing and telling are caught up on from what
        is stored, so it does not matter where an earlier run stopped.

        Raises:
            KeyringChanged: others kept moving the ring on; run again.
        """
        for _ in range(TRIES):
            stored = await self.vault.read()
            planned = await self._plan(stored.keyring)
            try:
                if planned != stored.keyring:
                    await self.vault.replace(planned, version=stored.version)
            except KeyringChanged:
                log.info("rotation_race_lost")
                continue
            current = await self._publish()
            await self._tell(current)
            self.known.learn(current.keyring)
            return
        raise KeyringChanged

    async def revoke(self, key_id: str) -> bool:
        """Take a key out of use at once, for the day that somebody has stolen it: what it signed is void everywhere.

        Verifiers that read the list of what was taken back refuse it within seconds, though they may have the key in
        their caches; whoever does not read the list, API Gateway say, takes it until its cache is over. Players with
        tokens of that key sign in again. If it was the one that signs, another takes over at once, before verifiers
        can have it in their caches: they fetch keys that they do not know. Instances that have not read the ring
        since go on signing with the old key for as long as `keys_reload_s`, in vain.

        Safe to repeat: what a run that died left undone is made up for, also when the ring has no such key any more.

        Returns:
            Whether the ring had such a key.

        Raises:
            KeyringChanged: others kept moving the ring on; run again.
        """
        await self.bell.void_key(key_id, until_s=int(self.clock.epoch_s()) + VOID_S)
        for _ in range(TRIES):
            stored = await self.vault.read()
            stolen = stored.keyring.find(key_id)
            planned = await self._plan(without(stored.keyring, key_id))
            try:
                if planned != stored.keyring:
                    await self.vault.replace(planned, version=stored.version)
            except KeyringChanged:
                log.info("rotation_race_lost")
                continue
            if stolen is None:
                log.warning("key_to_revoke_unknown")
            else:
                log.warning("key_revoked", key_id=stolen.key_id)
            current = await self._publish()
            await self._tell(current)
            self.known.learn(current.keyring)
            return stolen is not None
        raise KeyringChanged

    async def check(self) -> None:
        """Tell readiness whether tokens can be signed: from memory, so that an outage of the vault changes nothing.

        Raises:
            NoSigningKey: they cannot.
        """
        self.known.signing_key()

    def documents(self) -> Mapping[str, bytes]:
        """Return the issuer's public files by path, from the keyring as known here."""
        return self._render(self.known.ring)

    async def _plan(self, keyring: Keyring) -> Keyring:
        """Return the ring as it should be now, with a new key drawn if one is due."""
        now_s = int(self.clock.epoch_s())
        wanted = needs_fresh_key(keyring, now_s, self.policy)
        fresh = await self.signer.fresh_key(self.ids.uuid()) if wanted else None
        published = await self.files.published_key_ids()
        return plan_rotation(keyring, now_s, self.policy, fresh=fresh, published=published)

    async def _publish(self) -> StoredKeyring:
        """Publish the ring as stored; return what was published.

        Reading again afterwards closes the gap in which a slower instance would put an older file over a newer one.
        """
        stored = await self.vault.read()
        for _ in range(TRIES):
            await self.files.publish(self._render(stored.keyring))
            again = await self.vault.read()
            if again.keyring.key_ids == stored.keyring.key_ids:
                return again
            stored = again
        raise KeyringChanged

    async def _tell(self, stored: StoredKeyring) -> None:
        """Announce the signing key unless that is done, and remember that it is."""
        active = stored.keyring.active
        if active is None or stored.keyring.announced == active.key_id:
            return
        await self.bell.announce_rotation(active)
        log.info("keys_rotated", key_id=active.key_id)
        try:
            await self.vault.replace(replace(stored.keyring, announced=active.key_id), version=stored.version)
        except KeyringChanged:
            # Whoever changed it looks at the same field: at worst the same event, with the same id, goes out again.
            log.info("rotation_told_twice", key_id=active.key_id)

    def _render(self, keyring: Keyring) -> Mapping[str, bytes]:
        published = self.signer.public_keys(keyring)
        algorithms = tuple(dict.fromkeys(key["alg"] for key in published if "alg" in key))
        return {
            JWKS_PATH: jwks_document(published),
            DISCOVERY_PATH: discovery_document(self.issuer, algorithms or ("RS256",)),
        }
