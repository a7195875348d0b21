"""In-memory stand-ins for identity's ports; the contract tests hold them to what AWS does."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jwt

from muster_identity.app import assemble
from muster_identity.domain.changes import AuditEntry, Change, Fact, Listed, Resolution, TakenBack, taken_back
from muster_identity.domain.clients import Client
from muster_identity.domain.discovery import JWKS_PATH
from muster_identity.domain.doors import CREDENTIALS, Door, ProviderIdentity, kind_of
from muster_identity.domain.keys import FreshKey, KeyId, Keyring, RotationPolicy, SigningKey
from muster_identity.domain.policy import AccountPolicy
from muster_identity.domain.sessions import Session, SessionId
from muster_identity.domain.tokens import REFRESH_AUDIENCE, Claims, TokenPolicy
from muster_identity.domain.users import Ban, User, UserId
from muster_identity.errors import AccountChanged, CredentialRefused, KeyringChanged, RefreshRefused, SessionChanged
from muster_identity.gateway.issuer import PublishedKeys
from muster_identity.gateway.signer import KeySigner
from muster_identity.handlers.desk import Desk
from muster_identity.handlers.keys import KeyHandlers, KnownKeys
from muster_identity.handlers.machines import MachineHandlers
from muster_identity.handlers.players import PlayerHandlers
from muster_identity.ports import Signer, StoredKeyring, UserPool
from muster_identity.routes import Handlers
from muster_runtime.auth.principal import Principal
from muster_runtime.auth.revocations import mark_of
from muster_runtime.clock import Clock
from muster_runtime.ids import Ids, SystemIds
from muster_runtime.testing import FakeClock

ISSUER = "https://identity.example"

TOKENS = TokenPolicy(issuer=ISSUER, access_life_s=900, session_life_s=518_400, grace_s=30)


@dataclass
class MemoryAccounts:
    """`Accounts` in dictionaries; `told` lists what the outbox would publish, `facts` all of it."""

    users: dict[UserId, User] = field(default_factory=dict)
    sessions: dict[SessionId, Session] = field(default_factory=dict)
    owners: dict[tuple[str, str], UserId] = field(default_factory=dict)
    bans: dict[str, Ban] = field(default_factory=dict)
    resolutions: dict[str, Resolution] = field(default_factory=dict)
    audits: list[AuditEntry] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    void: dict[str, int] = field(default_factory=dict)

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(fact.told.value, fact.user_id) for fact in self.facts]

    async def commit(self, change: Change) -> None:
        if not self._holds(change):
            raise AccountChanged
        for user in change.users:
            self.users[user.user_id] = replace(user, version=user.version + 1)
        for claim in change.claims:
            self.owners.pop((claim.door, claim.subject), None)
            if claim.after is not None:
                self.owners[claim.door, claim.subject] = claim.after
        for session in (*change.ended, *((change.opened,) if change.opened else ())):
            self.sessions[session.session_id] = session
        if change.kept is not None:
            stored = self.sessions[change.kept.session_id]
            self.sessions[stored.session_id] = replace(stored, epoch=change.kept.epoch)
        for ban in change.bans:
            self.bans[ban.identity_hash] = ban.ban
        for pardoned in change.pardons:
            self.bans.pop(pardoned, None)
        self.resolutions.pop(change.spends, None)
        self.facts += change.facts
        self.audits += change.audits

    def _holds(self, change: Change) -> bool:
        unknown = User(UserId(""), 0)
        return (
            all(self.users.get(user.user_id, unknown).version == user.version for user in change.users)
            and all(self.owners.get((claim.door, claim.subject)) == claim.before for claim in change.claims)
            and (change.opened is None or change.opened.session_id not in self.sessions)
            and all(self._lives(session.session_id) for session in change.ended)
            and (change.kept is None or self._lives(change.kept.session_id))
            and (not change.spends or change.spends in self.resolutions)
            and not any(
                (ban := self.bans.get(each.identity_hash)) and ban.is_in_force(each.at_s) for each in change.entrants
            )
        )

    def _lives(self, session_id: SessionId) -> bool:
        session = self.sessions.get(session_id)
        return session is not None and session.revoked_at_s is None

    async def find_user(self, user_id: UserId) -> User | None:
        return self.users.get(user_id)

    async def find_owner(self, door: str, subject: str) -> UserId | None:
        return self.owners.get((door, subject))

    async def find_ban(self, identity_hash: str) -> Ban | None:
        return self.bans.get(identity_hash)

    async def open_session(self, session: Session) -> None:
        self.sessions[session.session_id] = session

    async def find_session(self, session_id: SessionId) -> Session | None:
        return self.sessions.get(session_id)

    async def find_session_and_user(self, session_id: SessionId, user_id: UserId) -> tuple[Session | None, User | None]:
        return await self.find_session(session_id), await self.find_user(user_id)

    async def sessions_of(self, user_id: UserId, *, most: int | None = None) -> tuple[Session, ...]:
        found = [session for session in self.sessions.values() if session.user_id == user_id]
        return tuple(sorted(found, key=lambda session: session.signed_in_at_s, reverse=True))[:most]

    async def forget_sessions(self, session_ids: Sequence[SessionId]) -> None:
        for session_id in session_ids:
            self.sessions.pop(session_id, None)

    async def advance(self, session: Session, *, expected_hash: str) -> None:
        stored = self.sessions.get(session.session_id)
        if stored is None or (stored.current_hash, stored.epoch) != (expected_hash, session.epoch):
            raise SessionChanged
        if stored.revoked_at_s is not None:
            raise SessionChanged
        self.sessions[session.session_id] = session

    async def keep_resolution(self, resolution: Resolution) -> None:
        self.resolutions[resolution.token_hash] = resolution

    async def find_resolution(self, token_hash: str) -> Resolution | None:
        return self.resolutions.get(token_hash)

    async def due_deletions(self, now_s: int) -> tuple[UserId, ...]:
        return tuple(user.user_id for user in self.users.values() if user.is_due(now_s))

    async def revocations(self, now_s: int) -> tuple[Listed, ...]:
        listed = {}
        keys = [TakenBack("key", key_id, until_s, until_s) for key_id, until_s in self.void.items()]
        for each in (*taken_back(self.facts, life_s=TOKENS.access_life_s + 60), *keys):
            mark = mark_of(each.kind, each.what)
            listed[mark] = Listed(each.kind, mark, each.not_after_s, each.until_s)
        return tuple(each for each in listed.values() if each.until_s > now_s)

    async def history(self, user_id: UserId, *, most: int | None) -> tuple[AuditEntry, ...]:
        return tuple(entry for entry in reversed(self.audits) if entry.user_id == user_id)[:most]


@dataclass
class BookProvider:
    """`Provider` that knows its people by heart: the credential's first field is the subject itself.

    Attributes:
        name: its door.
        failure: what it raises instead, once set.
        asked: how often it was asked.
    """

    name: str
    failure: Exception | None = None
    asked: int = 0

    async def validate(self, credential: Mapping[str, str]) -> ProviderIdentity:
        self.asked += 1
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        subject = credential[CREDENTIALS[kind_of(self.name)].required[0]]
        if subject.startswith("bad"):
            raise CredentialRefused
        return ProviderIdentity(self.name, subject, f"{subject} of {self.name}")


@dataclass
class BookPool:
    """`UserPool` that takes every step unless the user is called `bad`; `steps` lists them."""

    steps: list[str] = field(default_factory=list)

    async def sign_up(self, *, username: str, password: str, email: str) -> None:
        assert password
        assert email
        self._step("sign_up", username)

    async def confirm(self, *, username: str, code: str) -> None:
        assert code
        self._step("confirm", username)

    async def forgot_password(self, *, username: str) -> None:
        self._step("forgot_password", username)

    async def reset_password(self, *, username: str, code: str, password: str) -> None:
        assert code
        assert password
        self._step("reset_password", username)

    async def sign_out(self, *, access_token: str) -> None:
        self._step("sign_out", access_token)

    def _step(self, name: str, username: str) -> None:
        if username.startswith("bad"):
            raise CredentialRefused
        self.steps.append(name)


def all_doors() -> dict[str, BookProvider]:
    """Return a provider for every kind of door, and one named OpenID issuer."""
    names = [door.value for door in CREDENTIALS if door is not Door.OIDC] + ["oidc:guild"]
    return {name: BookProvider(name) for name in names}


@dataclass
class MemoryVault:
    """`Vault` in one attribute; `writes` counts the versions."""

    stored: StoredKeyring = field(default_factory=lambda: StoredKeyring(Keyring(), ""))
    writes: int = 0

    async def read(self) -> StoredKeyring:
        return self.stored

    async def replace(self, keyring: Keyring, *, version: str) -> None:
        if version != self.stored.version:
            raise KeyringChanged
        self.writes += 1
        self.stored = StoredKeyring(keyring, f"version-{self.writes}")


@dataclass
class MemoryClientDirectory:
    """`ClientDirectory` in a dictionary."""

    clients: dict[str, Client] = field(default_factory=dict)

    async def read(self) -> Mapping[str, Client]:
        return dict(self.clients)


@dataclass
class MemoryIssuerFiles:
    """`IssuerFiles` in a dictionary."""

    files: dict[str, bytes] = field(default_factory=dict)

    async def publish(self, files: Mapping[str, bytes]) -> None:
        self.files |= files

    async def published_key_ids(self) -> frozenset[str]:
        content = self.files.get(JWKS_PATH)
        if content is None:
            return frozenset()
        return frozenset(key.kid for key in PublishedKeys.model_validate_json(content).keys)


@dataclass
class RecordingBell:
    """`Bell` that keeps what it was told."""

    rung: list[str] = field(default_factory=list)
    void: dict[str, int] = field(default_factory=dict)

    async def announce_rotation(self, key: SigningKey) -> None:
        self.rung.append(key.key_id)

    async def void_key(self, key_id: str, *, until_s: int) -> None:
        self.void[key_id] = until_s


_POOL: dict[str, list[str]] = {}
_PARSED: dict[str, object] = {}


@dataclass(slots=False)
class ThriftySigner(KeySigner):
    """`KeySigner` that hands out four real key pairs of a kind in turn, and parses each once a run.

    Drawing primes, and checking them, is most of what a test would spend.
    """

    drawn: int = 0

    async def fresh_key(self, key_id: str) -> FreshKey:
        pool = _POOL.setdefault(self.algorithm, [])
        if len(pool) < 4:
            pool.append((await KeySigner.fresh_key(self, key_id)).private_pem)
        pem = pool[self.drawn % len(pool)]
        self.drawn += 1
        return FreshKey(KeyId(key_id), pem)

    def _parse(self, key: SigningKey) -> object:
        if key.private_pem not in _PARSED:
            _PARSED[key.private_pem] = KeySigner()._parse(key)
        return _PARSED[key.private_pem]


class PaperSigner:
    """`Signer` whose signature is the name of the key: for tests about thousands of tokens and when keys change."""

    async def fresh_key(self, key_id: str) -> FreshKey:
        return FreshKey(KeyId(key_id), f"pem of {key_id}")

    def sign(self, claims: Claims, key: SigningKey) -> str:
        return json.dumps([key.key_id, dict(claims)])

    def read(self, token: str, keyring: Keyring, *, issuer: str, now_s: int) -> Mapping[str, object]:
        key_id, claims = json.loads(token)
        is_good = claims["iss"] == issuer and claims["aud"] == REFRESH_AUDIENCE and claims["exp"] > now_s
        if keyring.find(key_id) is None or not is_good:
            raise RefreshRefused
        return dict(claims)

    def public_keys(self, keyring: Keyring) -> tuple[Mapping[str, str], ...]:
        return tuple({"kid": key.key_id} for key in keyring.keys)


@dataclass
class World:
    """Identity on fakes: what all instances share, and the making of instances."""

    clock: FakeClock = field(default_factory=FakeClock)
    policy: RotationPolicy = field(default_factory=RotationPolicy)
    accounts: MemoryAccounts = field(default_factory=MemoryAccounts)
    vault: MemoryVault = field(default_factory=MemoryVault)
    files: MemoryIssuerFiles = field(default_factory=MemoryIssuerFiles)
    bell: RecordingBell = field(default_factory=RecordingBell)
    directory: MemoryClientDirectory = field(default_factory=MemoryClientDirectory)
    ids: Ids = field(default_factory=SystemIds)
    signer: Callable[[], Signer] = ThriftySigner
    doors: dict[str, BookProvider] = field(default_factory=all_doors)
    pool: UserPool | None = None
    accounts_policy: AccountPolicy = field(default_factory=AccountPolicy)

    def __post_init__(self) -> None:
        # One table: what the bell is told of keys is in the list that accounts give.
        if isinstance(self.accounts, MemoryAccounts):
            self.bell.void = self.accounts.void

    def instance(self) -> "Instance":
        """Return one more process of the service."""
        return Instance.of(self)


@dataclass
class Instance:
    """One process of the service, on what the world shares."""

    keys: KeyHandlers
    players: PlayerHandlers
    machines: MachineHandlers
    handlers: Handlers

    @classmethod
    def of(cls, world: World, *, tokens: TokenPolicy = TOKENS, ids: Ids | None = None) -> "Instance":
        clock: Clock = world.clock
        known, signer, drawn = KnownKeys(world.policy, clock), world.signer(), ids or world.ids
        keys = KeyHandlers(
            known=known,
            vault=world.vault,
            files=world.files,
            bell=world.bell,
            signer=signer,
            issuer=ISSUER,
            policy=world.policy,
            clock=clock,
            ids=drawn,
        )
        handlers = assemble(
            world.accounts,
            Desk(known, signer, tokens, clock, drawn),
            keys,
            policy=world.accounts_policy,
            providers=world.doors,
            pool=world.pool,
        )
        return cls(
            keys=keys,
            players=handlers.players,
            machines=MachineHandlers(world.directory, known, signer, tokens, clock, drawn),
            handlers=handlers,
        )


def holder_of(access_token: str) -> Principal:
    """Return the caller that an access token of ours proves, unchecked."""
    claims: Any = (
        json.loads(access_token)[1]
        if access_token.startswith("[")
        else jwt.decode(access_token, options={"verify_signature": False})
    )
    return Principal(
        subject=claims["sub"],
        scope=claims["scope"],
        session_id=claims["sid"],
        token_id=claims["jti"],
        expires_at_s=claims["exp"],
        issued_at_s=claims["iat"],
    )
