"""What players do with their own accounts: look, rename, sign out, take a copy along, leave."""

from dataclasses import dataclass
from functools import partial

import structlog

from muster_identity.domain import accounts as decisions
from muster_identity.domain.fingerprints import fingerprint
from muster_identity.domain.outcomes import Archive
from muster_identity.domain.sessions import Session, SessionId
from muster_identity.domain.told import PLAYER
from muster_identity.domain.users import User
from muster_identity.errors import AccountChanged, SessionNotFound
from muster_identity.handlers.admission import Admission, settled
from muster_identity.handlers.desk import Desk
from muster_identity.ports import Accounts
from muster_runtime.auth.principal import Principal
from muster_runtime.errors import MusterError

log = structlog.get_logger(__name__)


SESSIONS_SHOWN = 200
"""Nobody reads more, and an account that signs in all the time has thousands."""


@dataclass(frozen=True, slots=True)
class AccountHandlers:
    """Everything a player can do with the own account."""

    accounts: Accounts
    desk: Desk
    admission: Admission

    async def profile(self, principal: Principal) -> User:
        """Return the caller's account. Safe to repeat: it only reads.

        Raises:
            SessionOver: the caller's session has ended.
        """
        return (await self.admission.caller(principal)).user

    async def rename(self, principal: Principal, display_name: str) -> User:
        """Give the caller's account another display name. Safe to repeat.

        Raises:
            SessionOver: the caller's session has ended.
        """

        async def attempt() -> User:
            user = (await self.admission.caller(principal)).user
            if user.display_name != display_name:
                await self.accounts.commit(decisions.renamed(user, display_name))
            return (await self.admission.caller(principal)).user

        return await settled(attempt)

    async def sessions(self, principal: Principal) -> tuple[Session, ...]:
        """Return the caller's sessions that live, newest first, of the last hundreds. Safe to repeat: it only reads.

        Raises:
            SessionOver: the caller's session has ended.
        """
        user, now_s = (await self.admission.caller(principal)).user, self.desk.now_s()
        found = await self.accounts.sessions_of(user.user_id, most=SESSIONS_SHOWN)
        return tuple(each for each in found if self.desk.is_alive(each, user, now_s))

    async def end_session(self, principal: Principal, session_id: str) -> None:
        """End one of the caller's sessions; `current` is the one that asks.

        Safe to repeat: the second time there is no such session.

        Raises:
            SessionNotFound: the account has no such session that lives.
            SessionOver: the caller's session has ended.
        """
        caller, now_s = await self.admission.caller(principal), self.desk.now_s()
        wanted = caller.session.session_id if session_id == "current" else SessionId(session_id)
        session = await self.accounts.find_session(wanted)
        if (
            session is None
            or session.user_id != caller.user.user_id
            or not self.desk.is_alive(session, caller.user, now_s)
        ):
            # Somebody else's is not told apart from none.
            raise SessionNotFound
        try:
            await self.accounts.commit(decisions.signed_out(caller.user, session, now_s, actor=PLAYER))
        except AccountChanged as error:
            raise SessionNotFound from error
        log.info("session_ended", user_id=caller.user.user_id, session_id=session.session_id)

    async def end_all_sessions(self, principal: Principal) -> None:
        """End all of the caller's sessions, this one included.

        Safe to repeat: the second time the caller's session has ended.

        Raises:
            SessionOver: the caller's session has ended.
        """

        async def attempt() -> None:
            user = (await self.admission.caller(principal)).user
            change = decisions.signed_out_everywhere(user, self.desk.now_s(), actor=PLAYER)
            await self.accounts.commit(change)
            log.info("all_sessions_ended", user_id=user.user_id)

        await settled(attempt)

    async def change_guest_secret(self, principal: Principal) -> tuple[User, str]:
        """Give the guest door a new secret; older ones open nothing any more, and all other sessions end.

        Safe to repeat: each call gives another one.

        Raises:
            SessionOver: the caller's session has ended.
            SignInTooOld: the sign-in was too long ago.
        """
        guest_secret = f"{self.desk.ids.uuid()}-{self.desk.ids.uuid()}"

        async def attempt() -> User:
            caller = await self.admission.recent_caller(principal)
            change = decisions.guest_secret_changed(caller.user, fingerprint(guest_secret), self.desk.now_s())
            await self.accounts.commit(await self.admission.staying(change, caller, reason="guest_secret_changed"))
            return caller.user

        return await settled(attempt), guest_secret

    async def export(self, principal: Principal) -> Archive:
        """Return everything that is kept about the caller. Safe to repeat: it only reads.

        Raises:
            SessionOver: the caller's session has ended.
            SignInTooOld: the sign-in was too long ago.
        """
        user = (await self.admission.recent_caller(principal)).user
        return Archive(
            user=user,
            sessions=await self.accounts.sessions_of(user.user_id),
            history=await self.accounts.history(user.user_id, most=None),
            exported_at_s=self.desk.now_s(),
        )

    async def leave(self, principal: Principal) -> int:
        """End all of the caller's sessions, and delete the account once the grace is over.

        Safe to repeat: the second time the caller's session has ended. Signing in within the grace calls it off.

        Returns:
            When the account is deleted, seconds since the epoch.

        Raises:
            SessionOver: the caller's session has ended.
            SignInTooOld: the sign-in was too long ago.
        """

        async def attempt() -> int:
            user, now_s = (await self.admission.recent_caller(principal)).user, self.desk.now_s()
            due_s = now_s + self.admission.policy.deletion_grace_s
            await self.accounts.commit(decisions.deletion_asked(user, now_s, delete_at_s=due_s, actor=PLAYER))
            log.info("deletion_asked", user_id=user.user_id)
            return due_s

        return await settled(attempt)

    async def finish_deletions(self) -> None:
        """Delete the accounts whose grace is over. Safe to repeat: what is deleted is not due any more."""
        for user_id in await self.accounts.due_deletions(self.desk.now_s()):
            try:
                # Deletes it on the way, when it is due.
                await settled(partial(self.admission.find, user_id))
            except MusterError as error:
                # One that cannot be deleted, now or ever, keeps nobody else's data.
                log.warning("deletion_failed", user_id=user_id, code=error.code)
