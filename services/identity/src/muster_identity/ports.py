"""What the handlers need from outside, told by effect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from muster_identity.domain.changes import AuditEntry, Change, Listed, Resolution
from muster_identity.domain.clients import Client
from muster_identity.domain.doors import ProviderIdentity
from muster_identity.domain.keys import FreshKey, Keyring, SigningKey
from muster_identity.domain.sessions import Session, SessionId
from muster_identity.domain.tokens import Claims
from muster_identity.domain.users import Ban, User, UserId


class Accounts(Protocol):
    """Keeps users, the identities that open their accounts, their sessions and their history."""

    async def commit(self, change: Change) -> None:
        """Write all of *change* and queue what it tells, or nothing.

        Raises:
            AccountChanged: something that the change was decided on is otherwise by now; read it again.
        """

    async def find_user(self, user_id: UserId) -> User | None:
        """Return the user; None when there is none. Sees every write that was acknowledged before."""

    async def find_owner(self, door: str, subject: str) -> UserId | None:
        """Return whose account an identity opens; None for nobody's. Sees every acknowledged write."""

    async def find_ban(self, identity_hash: str) -> Ban | None:
        """Return the ban of an identity, over or not; None when there is none. Sees every acknowledged write."""

    async def open_session(self, session: Session) -> None:
        """Store a further session of a user who exists."""

    async def find_session(self, session_id: SessionId) -> Session | None:
        """Return the session; None when it never was or has expired. Sees every acknowledged write."""

    async def find_session_and_user(self, session_id: SessionId, user_id: UserId) -> tuple[Session | None, User | None]:
        """Return both, each as its own method does; not as of one instant."""

    async def sessions_of(self, user_id: UserId, *, most: int | None = None) -> tuple[Session, ...]:
        """Return stored sessions of a user, newest first: *most*, or all; the last second's writes may be missing."""

    async def forget_sessions(self, session_ids: Sequence[SessionId]) -> None:
        """Delete sessions, whatever their state; one that is gone is no error."""

    async def advance(self, session: Session, *, expected_hash: str) -> None:
        """Store the next generation, if the stored one still has the hash *expected_hash*, its epoch, and lives.

        Raises:
            SessionChanged: another request got there first, or the session was ended; read it again.
        """

    async def keep_resolution(self, resolution: Resolution) -> None:
        """Store an offer to resolve a conflict; `Change.spends` uses it up."""

    async def find_resolution(self, token_hash: str) -> Resolution | None:
        """Return the offer with this hash; None when it is used up or was never made."""

    async def due_deletions(self, now_s: int) -> tuple[UserId, ...]:
        """Return some of the users whose grace is over at *now_s*; the last second's writes may be missing."""

    async def revocations(self, now_s: int) -> tuple[Listed, ...]:
        """Return what was taken back and may live at *now_s*. Sees every acknowledged write."""

    async def history(self, user_id: UserId, *, most: int | None) -> tuple[AuditEntry, ...]:
        """Return what happened to an account, newest first: the last *most* entries, or all."""


@dataclass(frozen=True, slots=True)
class StoredKeyring:
    """A keyring as read, and what is needed to replace exactly that one.

    Attributes:
        keyring: the ring; empty when none was ever stored.
        version: opaque; empty when nothing was ever stored.
    """

    keyring: Keyring
    version: str


class Vault(Protocol):
    """Keeps the one keyring that all instances share."""

    async def read(self) -> StoredKeyring:
        """Return the keyring.

        Raises:
            KeyringUnreadable: something else is stored there.
        """

    async def replace(self, keyring: Keyring, *, version: str) -> None:
        """Store *keyring* in place of the one read as *version*.

        Of any number of writers that read the same version, exactly one succeeds.

        Raises:
            KeyringChanged: another writer got there first; read it again.
        """


class ClientDirectory(Protocol):
    """Knows the registered OAuth clients."""

    async def read(self) -> Mapping[str, Client]:
        """Return the clients by id; empty when none is registered."""


class IssuerFiles(Protocol):
    """The issuer's public files, where verifiers that do not ask this service fetch them."""

    async def publish(self, files: Mapping[str, bytes]) -> None:
        """Store each file under its path, replacing what was there."""

    async def published_key_ids(self) -> frozenset[str]:
        """Return the ids of the keys in the published key file; empty when there is none that can be read."""


class Bell(Protocol):
    """Tells the other services."""

    async def announce_rotation(self, key: SigningKey) -> None:
        """Queue the event `keys.rotated` for the key that signs now; a repeat carries the same event id."""

    async def void_key(self, key_id: str, *, until_s: int) -> None:
        """Tell every verifier that nothing signed with this key counts, up to *until_s*; a repeat changes nothing."""


class Signer(Protocol):
    """Signatures. Same claims and same key always give the same token."""

    async def fresh_key(self, key_id: str) -> FreshKey:
        """Draw a new key pair; takes a noticeable part of a second of processor time, off the event loop."""

    def sign(self, claims: Claims, key: SigningKey) -> str:
        """Return the signed token, its header naming the algorithm, the key and the type."""

    def read(self, token: str, keyring: Keyring, *, issuer: str, now_s: int) -> Mapping[str, object]:
        """Return the claims of a refresh token that was signed here and whose times and issuer are right.

        Raises:
            RefreshRefused: it is not such a token.
        """

    def public_keys(self, keyring: Keyring) -> tuple[Mapping[str, str], ...]:
        """Return the public half of every key as a JSON Web Key, newest first; nothing private is in it."""


class Provider(Protocol):
    """Somebody who knows the player: a platform, a store, an issuer of OpenID tokens.

    `gateway.providers.build(settings, scope)` gives the configured ones by name, and nothing else is a door.

    Attributes:
        name: the door that it opens, such as `steam` or `oidc:NAME`.
    """

    name: str

    async def validate(self, credential: Mapping[str, str]) -> ProviderIdentity:
        """Return who the credential proves.

        Args:
            credential: fields as `domain.doors.CREDENTIALS` has them; the required ones are there and not empty.

        Raises:
            CredentialRefused: the provider, or a check of ours, refuses the credential.
            ProviderUnavailable: the provider does not answer in time, or says that it cannot.
            ProviderLied: it answered what it never should: no JSON, far too much of it, another person.
        """


class UserPool(Protocol):
    """What a player does at a Cognito user pool before there is anything to sign in with.

    `gateway.providers.build_pool(settings, scope)` gives it, or None when no pool is configured.
    """

    async def sign_up(self, *, username: str, password: str, email: str) -> None:
        """Create a user who has to confirm the e-mail address.

        Raises:
            CredentialRefused: the pool refuses these values; the name may be taken.
            ProviderUnavailable: the pool does not answer.
        """

    async def confirm(self, *, username: str, code: str) -> None:
        """Confirm the address with the code sent to it. Raises as `sign_up`."""

    async def forgot_password(self, *, username: str) -> None:
        """Send a code for a new password. Raises as `sign_up`."""

    async def reset_password(self, *, username: str, code: str, password: str) -> None:
        """Set a new password with the code. Raises as `sign_up`."""

    async def sign_out(self, *, access_token: str) -> None:
        """End every session of the pool's user whom *access_token*, the pool's own, belongs to. Raises as `sign_up`."""
