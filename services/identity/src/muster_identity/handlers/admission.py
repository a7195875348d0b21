"""Who is let in: aliases followed, bans told, deletions called off, and the caller of a request made out."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import structlog

from muster_identity.domain import accounts as decisions
from muster_identity.domain.bans import identity_hash
from muster_identity.domain.changes import Change
from muster_identity.domain.policy import AccountPolicy
from muster_identity.domain.sessions import Origin, Session, SessionId
from muster_identity.domain.tokens import TokenPair
from muster_identity.domain.users import Ban, User, UserId
from muster_identity.errors import AccountChanged, AccountContended, Banned, SessionOver, SignInTooOld
from muster_identity.handlers.desk import Desk
from muster_identity.ports import Accounts
from muster_runtime.auth.principal import Principal
from muster_runtime.backoff import full_jitter

log = structlog.get_logger(__name__)

T = TypeVar("T")

TRIES = 8
"""How often a lost race for an account is decided again: each loss means that somebody else got through."""
PAUSE_S, LONGEST_PAUSE_S = 0.005, 0.2
"""Bound of the pause after the first loss, which doubles with each, and of any; seconds."""
MOST_ALIASES = 16
"""Longest chain of mergers that is followed."""


SESSIONS_TOLD = 25
"""Sessions that end with one that stays are told one by one, and a transaction has room for a hundred rows."""


async def settled(attempt: Callable[[], Awaitable[T]]) -> T:
    """Return what *attempt* gives, tried again from the start when another request changed what it decided on.

    Raises:
        AccountContended: others were always first.
    """
    for losses in range(1, TRIES + 1):
        try:
            return await attempt()
        except AccountChanged:
            # One after another, or those who lost together meet again.
            await asyncio.sleep(full_jitter(losses, base_s=PAUSE_S, cap_s=LONGEST_PAUSE_S))
    raise AccountContended


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent a request with an access token.

    Attributes:
        user: the account as stored now.
        session: the session that the token is of.
    """

    user: User
    session: Session


@dataclass(frozen=True, slots=True)
class Admission:
    """Decides who comes in and who is already in."""

    accounts: Accounts
    desk: Desk
    policy: AccountPolicy

    async def find(self, user_id: UserId) -> User | None:
        """Return the account that *user_id* stands for, mergers followed; None when nobody can be it any more.

        Safe to repeat: an account whose grace is over is deleted here, if the job has not come to it yet.
        """
        for _ in range(MOST_ALIASES):
            user = await self.accounts.find_user(user_id)
            if user is None or user.deleted_at_s is not None:
                return None
            if not user.merged_into:
                return None if await self.delete_if_due(user) else user
            user_id = UserId(user.merged_into)
        return None

    async def delete_if_due(self, user: User) -> bool:
        """Delete *user* if the grace is over; return whether it was. Safe to repeat.

        Raises:
            AccountChanged: something else happened to the account; look again.
        """
        now_s = self.desk.now_s()
        if not user.is_due(now_s):
            return False
        hashes = [identity_hash(each.door, each.subject) for each in user.doors] if user.is_banned(now_s) else []
        found = {each: await self.accounts.find_ban(each) for each in hashes}
        standing = {each: ban for each, ban in found.items() if ban is not None}
        sessions = await self.accounts.sessions_of(user.user_id)
        await self.accounts.commit(decisions.deleted(user, now_s, standing))
        # Afterwards: who came back at the last moment keeps the session. None of these counts, and each expires.
        await self.accounts.forget_sessions([session.session_id for session in sessions])
        log.info("user_deleted", user_id=user.user_id)
        return True

    async def open(self, user: User, *, door: str, origin: Origin, spends: str = "") -> TokenPair:
        """Begin a session of *user*, who has proved to be this user; an asked-for deletion is called off by it.

        Safe to repeat: each call begins one more session, unless it *spends* the resolution with this hash.

        Raises:
            Banned: a ban stands.
            AccountChanged: something else happened to the account; look again.
            NoSigningKey: nothing can be signed now.
        """
        now_s = self.desk.now_s()
        self.refuse_banned(user.ban, now_s)
        session, token_id = self.desk.new_session(user, door=door, origin=origin)
        tokens = self.desk.pair(session, token_id)
        if user.delete_at_s is not None:
            await self.accounts.commit(decisions.spending(decisions.deletion_cancelled(user, session, now_s), spends))
            log.info("deletion_cancelled", user_id=user.user_id)
        elif spends:
            await self.accounts.commit(Change(opened=session, spends=spends))
        else:
            await self.accounts.open_session(session)
        return tokens

    def refuse_banned(self, ban: Ban | None, now_s: int) -> None:
        """Do nothing unless *ban* stands at *now_s*.

        Raises:
            Banned: it does; tells its reason and end.
        """
        if ban is None or not ban.is_in_force(now_s):
            return
        end = "for good" if ban.until_s is None else f"until {datetime.fromtimestamp(ban.until_s, UTC).isoformat()}"
        raise Banned(f"This account is banned {end}: {ban.reason}")

    async def caller(self, principal: Principal) -> Caller:
        """Return who is behind a verified access token, by what is stored now.

        Raises:
            SessionOver: the session, or the user, is no more; or a ban stands.
        """
        if not principal.session_id:
            raise SessionOver
        session, user = await self.accounts.find_session_and_user(
            SessionId(principal.session_id), UserId(principal.subject)
        )
        if session is None or user is None or session.user_id != user.user_id:
            raise SessionOver
        if not self.desk.is_alive(session, user, self.desk.now_s()):
            raise SessionOver
        return Caller(user, session)

    async def staying(self, change: Change, caller: Caller, *, reason: str) -> Change:
        """Return *change* with all of the caller's sessions over but the one that asks."""
        now_s, mine = self.desk.now_s(), caller.session.session_id
        found = await self.accounts.sessions_of(caller.user.user_id, most=SESSIONS_TOLD)
        others = [each for each in found if each.session_id != mine and self.desk.is_alive(each, caller.user, now_s)]
        return decisions.staying(change, caller.session, others, now_s, reason=reason)

    async def recent_caller(self, principal: Principal) -> Caller:
        """Return the same for what changes who may come in: not every token that lies around may do that.

        Raises:
            SessionOver: as for `caller`; or the token is older than the session's last refresh.
            SignInTooOld: the person signed in too long ago.
        """
        found = await self.caller(principal)
        if principal.issued_at_s != found.session.issued_at_s:
            raise SessionOver("This access token has a successor. Use that one.")
        if self.desk.now_s() - found.session.signed_in_at_s > self.policy.recent_s:
            raise SignInTooOld
        return found
