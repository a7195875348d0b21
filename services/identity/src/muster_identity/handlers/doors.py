"""Doors: signing in with a provider, linking, unlinking, and what to do when an identity opens another account."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from muster_identity.domain import accounts as decisions
from muster_identity.domain.bans import identity_hash
from muster_identity.domain.changes import Offer, Resolution
from muster_identity.domain.doors import CREDENTIALS, ProviderIdentity, kind_of
from muster_identity.domain.fingerprints import fingerprint
from muster_identity.domain.outcomes import Choice, DoorSignedIn, Resolved
from muster_identity.domain.sessions import Origin
from muster_identity.domain.users import User, UserId
from muster_identity.errors import (
    AccountChanged,
    AccountNotFound,
    CredentialIncomplete,
    DoorUnknown,
    IdentityConflict,
    ResolutionRefused,
    UserNotCreated,
)
from muster_identity.handlers.admission import Admission, Caller, settled
from muster_identity.handlers.desk import Desk
from muster_identity.ports import Accounts, Provider
from muster_runtime.auth.principal import Principal

log = structlog.get_logger(__name__)

ID_TRIES = 10
"""Source: the published identity design gives up after ten user ids that are taken."""
LONGEST_SUBJECT = 512
"""Characters of a provider's id of a person; the longest that any provider documents has 255."""


@dataclass(frozen=True, slots=True)
class DoorHandlers:
    """Everything that has to do with providers."""

    accounts: Accounts
    desk: Desk
    admission: Admission
    providers: Mapping[str, Provider]

    async def sign_in(
        self, door: str, credential: Mapping[str, str], *, origin: Origin, create: bool = True
    ) -> DoorSignedIn:
        """Sign in whoever the credential proves; make an account when there is none and *create* says so.

        Safe to repeat with a fresh credential: of concurrent first sign-ins of one identity one makes the account,
        the others come into it.

        Raises:
            DoorUnknown: no such provider is configured.
            CredentialIncomplete: these are not the fields that the provider is shown.
            CredentialRefused: the provider, or a check of ours, refuses it.
            ProviderUnavailable: the provider does not answer.
            ProviderLied: its answer makes no sense.
            Banned: the account, or the identity, is banned.
            AccountNotFound: there is no account, and none shall be made.
            UserNotCreated: no free user id was found.
        """
        identity = await self._prove(door, credential)
        return await settled(lambda: self._enter(identity, origin, create=create))

    async def sign_in_or_link(
        self,
        door: str,
        credential: Mapping[str, str],
        *,
        origin: Origin,
        linking: Callable[[], Awaitable[Principal]] | None,
    ) -> DoorSignedIn:
        """Do what the published design's sign-in routes do: sign in, or link to the account of an access token.

        Safe to repeat with a fresh credential: what is linked already is signed in.

        Args:
            door: the provider's name.
            credential: what it is shown.
            origin: where the request comes from.
            linking: gives the verified holder of the access token to link to; None where no link is asked for.

        Raises:
            IdentityConflict: a link is asked for, and the identity opens another account.
            MusterError: as `sign_in`, as `link`, and whatever *linking* raises.
        """
        identity = await self._prove(door, credential)
        if linking is None:
            return await settled(lambda: self._enter(identity, origin, create=True))
        owner_id = await self.accounts.find_owner(identity.door, identity.subject)
        if owner_id is not None and self.admission.policy.compatible_link_switches:
            return await settled(lambda: self._enter(identity, origin, create=False))
        principal = await linking()
        outcome = await settled(lambda: self._link(principal, identity))
        if isinstance(outcome, Offer):
            raise IdentityConflict
        return await settled(lambda: self._enter(identity, origin, create=False))

    async def link(self, principal: Principal, door: str, credential: Mapping[str, str]) -> User | Offer:
        """Let the identity that the credential proves open the caller's account too.

        Safe to repeat with a fresh credential: what is linked already stays so.

        Returns:
            The account, or an offer to resolve the conflict when the identity opens another one.

        Raises:
            DoorTaken: another identity of the same provider opens the account.
            MusterError: as `sign_in` and `Admission.recent_caller`.
        """
        await self.admission.recent_caller(principal)
        identity = await self._prove(door, credential)
        return await settled(lambda: self._link(principal, identity))

    async def unlink(self, principal: Principal, door: str) -> User:
        """Close a door of the caller's account, and end all sessions but the one that asks.

        Safe to repeat: the second time it is not linked.

        Raises:
            DoorNotLinked: this door does not open the account.
            LastDoor: nothing else does.
            MusterError: as `Admission.recent_caller`.
        """

        async def attempt() -> User:
            caller = await self.admission.recent_caller(principal)
            change = decisions.unlinked(caller.user, door, self.desk.now_s())
            await self.accounts.commit(await self.admission.staying(change, caller, reason="unlinked"))
            return await self._stored(caller.user.user_id)

        user = await settled(attempt)
        log.info("identity_unlinked", user_id=user.user_id, door=door)
        return user

    async def resolve(self, principal: Principal, token: str, choice: Choice, *, origin: Origin) -> Resolved:
        """End a conflict as its player chooses; the token is then used up.

        Safe to repeat: the second time the token is used up.

        Raises:
            ResolutionRefused: the token is used up, too old, another session's, or the conflict is over.
            DoorTaken: for keep: the account has another identity of the same provider.
            LastDoor: for keep: nothing else opens the other account.
            MergeRefused: for merge: these two cannot become one.
            Banned: the other account is banned.
            MusterError: as `Admission.recent_caller`.
        """
        return await settled(lambda: self._resolve(principal, fingerprint(token), choice, origin))

    async def _prove(self, door: str, credential: Mapping[str, str]) -> ProviderIdentity:
        """Ask the provider who this is."""
        provider = self.providers.get(door)
        if provider is None:
            raise DoorUnknown
        fields = CREDENTIALS[kind_of(door)]
        if not set(fields.required) <= credential.keys() <= {*fields.required, *fields.optional}:
            raise CredentialIncomplete(f"The fields of this door: {', '.join((*fields.required, *fields.optional))}.")
        if not all(credential[name] for name in fields.required):
            raise CredentialIncomplete(f"Not empty for this door: {', '.join(fields.required)}.")
        identity = await provider.validate(credential)
        assert identity.door == door, "a provider proves identities of its own door"
        assert 0 < len(identity.subject) <= LONGEST_SUBJECT, "a provider bounds the ids that it takes"
        return identity

    async def _owner(self, identity: ProviderIdentity) -> UserId | None:
        """Return whose account an identity opens; None for nobody's.

        The ban is looked for last, and at each attempt: when a banned account is deleted its identities are freed and
        banned at one moment, so whoever finds them free finds the ban as well.

        Raises:
            Banned: the identity is banned, whatever account it opens.
        """
        owner_id = await self.accounts.find_owner(identity.door, identity.subject)
        ban = await self.accounts.find_ban(identity_hash(identity.door, identity.subject))
        self.admission.refuse_banned(ban, self.desk.now_s())
        return owner_id

    async def _enter(self, identity: ProviderIdentity, origin: Origin, *, create: bool) -> DoorSignedIn:
        """Begin a session of the account that *identity* opens, or make that account."""
        owner_id = await self._owner(identity)
        if owner_id is None:
            if not create:
                raise AccountNotFound
            return await self._create(identity, origin)
        user = await self.admission.find(owner_id)
        if user is None or user.linked(identity.door) is None:
            # It was read amid a change, or its grace was over and it has just been deleted.
            raise AccountChanged
        tokens = await self.admission.open(user, door=identity.door, origin=origin)
        log.info("user_signed_in", user_id=user.user_id, door=identity.door)
        return DoorSignedIn(tokens, identity, is_new=False)

    async def _create(self, identity: ProviderIdentity, origin: Origin) -> DoorSignedIn:
        """Make an account that *identity* opens; the id is drawn again when it is taken."""
        for _ in range(ID_TRIES):
            user = User(UserId(self.desk.ids.uuid()), self.desk.now_s())
            # The scope of the session follows from the doors, so they are there first.
            opened = decisions.with_door(user, identity)
            session, token_id = self.desk.new_session(opened, door=identity.door, origin=origin)
            tokens = self.desk.pair(session, token_id)
            try:
                await self.accounts.commit(decisions.created(user, session, identity=identity))
            except AccountChanged:
                # Somebody else was first, or the person was banned meanwhile; else the id was taken.
                if await self._owner(identity) is not None:
                    raise
                continue
            log.info("user_created", user_id=user.user_id, door=identity.door)
            return DoorSignedIn(tokens, identity, is_new=True)
        raise UserNotCreated

    async def _link(self, principal: Principal, identity: ProviderIdentity) -> User | Offer:
        """Link what nobody owns, leave what the caller owns, make an offer for what another owns."""
        caller = await self.admission.recent_caller(principal)
        owner_id = await self._owner(identity)
        if owner_id is None:
            await self.accounts.commit(decisions.linked(caller.user, identity, self.desk.now_s()))
            log.info("identity_linked", user_id=caller.user.user_id, door=identity.door)
            return await self._stored(caller.user.user_id)
        if owner_id == caller.user.user_id:
            return caller.user
        owner = await self.admission.find(owner_id)
        if owner is None:
            raise AccountChanged
        self.admission.refuse_banned(owner.ban, self.desk.now_s())
        return await self._offer(caller, owner, identity)

    async def _offer(self, caller: Caller, owner: User, identity: ProviderIdentity) -> Offer:
        """Keep an offer to resolve the conflict, and return it."""
        token, expires_in_s = self.desk.ids.secret(), self.admission.policy.resolution_s
        resolution = Resolution(
            token_hash=fingerprint(token),
            user_id=caller.user.user_id,
            session_id=caller.session.session_id,
            owner_id=owner.user_id,
            door=identity.door,
            subject=identity.subject,
            display_name=identity.display_name or "",
            expires_at_s=self.desk.now_s() + expires_in_s,
        )
        await self.accounts.keep_resolution(resolution)
        log.info("identity_conflict", user_id=caller.user.user_id, owner_id=owner.user_id, door=identity.door)
        return Offer(token, expires_in_s, caller.user, owner)

    async def _resolve(self, principal: Principal, token_hash: str, choice: Choice, origin: Origin) -> Resolved:
        """Decide on one choice by what is stored, and store the outcome."""
        caller, now_s = await self.admission.recent_caller(principal), self.desk.now_s()
        found = await self.accounts.find_resolution(token_hash)
        if found is None or found.session_id != caller.session.session_id or now_s >= found.expires_at_s:
            raise ResolutionRefused
        identity = ProviderIdentity(found.door, found.subject, found.display_name or None)
        if await self._owner(identity) != found.owner_id:
            raise ResolutionRefused("The identity has changed hands. Ask for the link again.")
        owner = await self.admission.find(found.owner_id)
        if owner is None:
            raise AccountChanged
        # Whatever is chosen: a ban does not end by taking the identity to another account.
        self.admission.refuse_banned(owner.ban, now_s)
        if choice is Choice.SWITCH:
            return await self._switch(owner, found, origin)
        if choice is Choice.KEEP:
            change = decisions.moved(caller.user, owner, identity, now_s)
        else:
            change = decisions.merged(caller.user, owner, now_s)
        await self.accounts.commit(decisions.spending(change, token_hash))
        log.info("identity_conflict_resolved", user_id=caller.user.user_id, owner_id=owner.user_id, choice=choice)
        return Resolved(await self._stored(caller.user.user_id))

    async def _switch(self, owner: User, resolution: Resolution, origin: Origin) -> Resolved:
        """Begin a session of the other account, which uses the offer up."""
        tokens = await self.admission.open(owner, door=resolution.door, origin=origin, spends=resolution.token_hash)
        log.info("identity_conflict_resolved", user_id=owner.user_id, choice=Choice.SWITCH)
        return Resolved(await self._stored(owner.user_id), tokens)

    async def _stored(self, user_id: UserId) -> User:
        """Return the account as it is now."""
        user = await self.accounts.find_user(user_id)
        if user is None:
            raise AccountChanged
        return user
