"""What operators do to accounts: look, ban and pardon, sign out, delete."""

from dataclasses import dataclass, replace

import structlog

from muster_identity.domain import accounts as decisions
from muster_identity.domain import bans
from muster_identity.domain.changes import Change
from muster_identity.domain.doors import is_provider
from muster_identity.domain.outcomes import Dossier
from muster_identity.domain.users import Ban, User, UserId, may_exist
from muster_identity.errors import AccountNotFound, DoorUnknown
from muster_identity.handlers.admission import Admission, settled
from muster_identity.handlers.desk import Desk
from muster_identity.ports import Accounts

log = structlog.get_logger(__name__)


SHOWN = 100
"""Sessions, and lines of its history, of an account that an operator is shown."""


@dataclass(frozen=True, slots=True)
class OperatorHandlers:
    """Everything an operator can do to an account; *operator* is the id of the OAuth client that asks."""

    accounts: Accounts
    desk: Desk
    admission: Admission

    async def look(self, user_id: str) -> Dossier:
        """Return what is known of an account, a deleted or merged one included. Safe to repeat: it only reads.

        Raises:
            AccountNotFound: there never was such an account.
        """
        user, now_s = await self._user(user_id), self.desk.now_s()
        sessions = await self.accounts.sessions_of(user.user_id, most=SHOWN)
        alive = tuple(each for each in sessions if self.desk.is_alive(each, user, now_s))
        return Dossier(user, alive, await self.accounts.history(user.user_id, most=SHOWN))

    async def ban(self, user_id: str, *, reason: str, until_s: int | None, operator: str) -> User:
        """Ban an account, in place of a ban that stands, and end its sessions. Safe to repeat.

        Raises:
            AccountNotFound: there is no such account.
        """

        async def attempt() -> User:
            user = await self._living(user_id)
            # At each attempt: tokens up to this moment count no more, and whoever was first may have given some out.
            ban = Ban(reason, self.desk.now_s(), until_s)
            await self.accounts.commit(bans.banned(user, ban, actor=f"operator:{operator}"))
            return replace(user, ban=ban)

        user = await settled(attempt)
        log.info("user_banned", user_id=user.user_id, operator=operator)
        return user

    async def pardon(self, user_id: str, *, operator: str) -> User:
        """Lift the ban of an account. Safe to repeat: without a ban nothing changes.

        Raises:
            AccountNotFound: there is no such account.
        """

        async def attempt() -> User:
            user = await self._living(user_id)
            await self.accounts.commit(bans.unbanned(user, self.desk.now_s(), actor=f"operator:{operator}"))
            return replace(user, ban=None)

        user = await settled(attempt)
        log.info("user_unbanned", user_id=user.user_id, operator=operator)
        return user

    async def ban_identity(
        self, door: str, subject: str, *, reason: str, until_s: int | None, operator: str
    ) -> User | None:
        """Ban a person as a provider knows them, and the account that the identity opens, if any.

        Safe to repeat. A longer ban of the account stays.

        Returns:
            The account that was banned with it; None when the identity opens none.

        Raises:
            DoorUnknown: no provider has such a name.
        """
        if not is_provider(door):
            raise DoorUnknown
        actor = f"operator:{operator}"

        async def attempt() -> User | None:
            owner_id = await self.accounts.find_owner(door, subject)
            owner = None if owner_id is None else await self.admission.find(owner_id)
            ban = Ban(reason, self.desk.now_s(), until_s)
            change = bans.identity_banned(door, subject, ban, owner, actor=actor)
            await self.accounts.commit(change)
            return None if owner is None else replace(owner, ban=change.users[0].ban)

        owner = await settled(attempt)
        log.info("identity_banned", door=door, operator=operator, user_id="" if owner is None else owner.user_id)
        return owner

    async def pardon_identity(self, door: str, subject: str, *, operator: str) -> None:
        """Lift the ban of an identity; a ban of the account stays. Safe to repeat.

        Raises:
            DoorUnknown: no provider has such a name.
        """
        if not is_provider(door):
            raise DoorUnknown
        await self.accounts.commit(Change(pardons=(bans.identity_hash(door, subject),)))
        log.info("identity_unbanned", door=door, operator=operator)

    async def sign_out(self, user_id: str, *, operator: str) -> None:
        """End all sessions of an account. Safe to repeat.

        Raises:
            AccountNotFound: there is no such account.
        """

        async def attempt() -> None:
            user = await self._living(user_id)
            change = decisions.signed_out_everywhere(
                user, self.desk.now_s(), actor=f"operator:{operator}", reason="operator"
            )
            await self.accounts.commit(change)

        await settled(attempt)
        log.info("all_sessions_ended", user_id=user_id, operator=operator)

    async def delete(self, user_id: str, *, operator: str) -> int:
        """End all sessions of an account, and delete it once the grace is over; its player may still come back.

        Safe to repeat: the moment that was named first stays.

        Returns:
            When the account is deleted, seconds since the epoch.

        Raises:
            AccountNotFound: there is no such account.
        """

        async def attempt() -> int:
            user, now_s = await self._living(user_id), self.desk.now_s()
            due_s = user.delete_at_s or now_s + self.admission.policy.deletion_grace_s
            change = decisions.deletion_asked(user, now_s, delete_at_s=due_s, actor=f"operator:{operator}")
            await self.accounts.commit(change)
            return due_s

        due_s = await settled(attempt)
        log.info("deletion_asked", user_id=user_id, operator=operator)
        return due_s

    async def _user(self, user_id: str) -> User:
        user = await self.accounts.find_user(UserId(user_id)) if may_exist(user_id) else None
        if user is None:
            raise AccountNotFound
        return user

    async def _living(self, user_id: str) -> User:
        user = await self._user(user_id)
        if user.is_gone:
            raise AccountNotFound
        return user
