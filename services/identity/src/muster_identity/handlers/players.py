"""Players: signing in as a guest, and staying signed in."""

from contextlib import suppress
from dataclasses import dataclass, replace

import structlog

from muster_identity.domain import fingerprints, sessions
from muster_identity.domain.accounts import created, signed_out
from muster_identity.domain.doors import Door
from muster_identity.domain.sessions import Origin, Reuse, Session, SessionId, Use
from muster_identity.domain.tokens import GuestSignedIn, TokenPair
from muster_identity.domain.told import SYSTEM
from muster_identity.domain.users import User, UserId, may_exist, scope_of
from muster_identity.errors import (
    AccountChanged,
    GuestRefused,
    GuestSecretMissing,
    RefreshRefused,
    SessionChanged,
    SessionContended,
    UserNotCreated,
)
from muster_identity.handlers.admission import Admission, settled
from muster_identity.handlers.desk import Desk
from muster_identity.ports import Accounts

log = structlog.get_logger(__name__)

ID_TRIES = 10
"""Source: the published identity design gives up after ten user ids that are taken."""

SESSION_TRIES = 5
"""A lost race means that another request moved the session on, after which ours is answered with that successor; more
than two tries are needed only while a third request uses that successor at the same moment."""


NOWHERE = Origin()
"""Where a sign-in comes from that does not say."""


@dataclass(frozen=True, slots=True)
class PlayerHandlers:
    """Everything a player can do here."""

    accounts: Accounts
    desk: Desk
    admission: Admission

    async def sign_in_guest(
        self, user_id: str | None, guest_secret: str | None, *, origin: Origin = NOWHERE
    ) -> GuestSignedIn:
        """Sign an existing guest in, or create one when no user id is given.

        Safe to repeat: an existing guest gets a further session; a repeat without a user id makes another guest, of
        which nobody but the caller knows.

        Args:
            user_id: the account, or one that was merged into it; None for a new one.
            guest_secret: the secret that its creation answered; without a user id it is not looked at.
            origin: where the request comes from.

        Raises:
            GuestSecretMissing: a user id without a secret.
            GuestRefused: no such guest, or not this guest's secret.
            Banned: the account is banned.
            UserNotCreated: no free user id was found.
            NoSigningKey: nothing can be signed now.
        """
        if user_id is None:
            return await self._create_guest(origin)
        if guest_secret is None:
            raise GuestSecretMissing
        tokens = await settled(lambda: self._open_guest(UserId(user_id), guest_secret, origin))
        log.info("guest_signed_in", user_id=tokens.user_id)
        return GuestSignedIn(tokens, guest_secret, is_new=False)

    async def _open_guest(self, user_id: UserId, guest_secret: str, origin: Origin) -> TokenPair:
        """Begin a session of an existing guest whose secret is right."""
        user = await self.admission.find(user_id) if may_exist(user_id) else None
        # Compared in any case, so that both refusals do the same work.
        proven = fingerprints.is_one_of(guest_secret, () if user is None else user.guest_hashes)
        if user is None or not proven:
            log.info("guest_refused")
            raise GuestRefused
        return await self.admission.open(user, door=Door.GUEST, origin=origin)

    async def refresh(self, refresh_token: str) -> TokenPair:
        """Exchange a refresh token for the next pair of tokens.

        Safe to repeat: within the grace the same successor is answered; after it, a repeat means that two parties
        hold the token, and ends the session.

        Raises:
            RefreshRefused: the token is not good, was used up, or its session or user is gone.
            Banned: the user is banned.
            SessionContended: too many requests used tokens of this session at once.
            NoSigningKey: nothing can be signed now.
        """
        claims = self.desk.signer.read(
            refresh_token, self.desk.keys.ring, issuer=self.desk.policy.issuer, now_s=self.desk.now_s()
        )
        session_id, token_id = SessionId(str(claims["sid"])), str(claims["jti"])
        for _ in range(SESSION_TRIES):
            try:
                return await self._advance(session_id, token_id, subject=UserId(str(claims["sub"])))
            except SessionChanged:
                continue
        raise SessionContended

    async def _advance(self, session_id: SessionId, token_id: str, *, subject: UserId) -> TokenPair:
        """Decide on one use of a refresh token by the session and user as stored, and store the outcome."""
        session, user = await self.accounts.find_session_and_user(session_id, subject)
        if session is None or session.user_id != subject:
            raise RefreshRefused
        if user is None or user.is_gone:
            log.info("refresh_of_missing_user", session_id=session_id)
            raise RefreshRefused
        self.admission.refuse_banned(user.ban, self.desk.now_s())
        if session.epoch != user.epoch:
            raise RefreshRefused
        decision = sessions.use(
            session,
            token_id,
            now_s=self.desk.now_s(),
            grace_s=self.desk.policy.grace_s,
            key_id=self.desk.keys.signing_key().key_id,
            scope=scope_of(user),
        )
        if isinstance(decision, Use):
            # Signed before it is stored: what cannot be answered must not use the token up.
            pair = self.desk.pair(decision.session, decision.token_id)
            if not decision.is_repeat:
                await self.accounts.advance(decision.session, expected_hash=session.current_hash)
            return pair
        if isinstance(decision, Reuse):
            await self._end_reused(user, session)
        raise RefreshRefused

    async def _end_reused(self, user: User, session: Session) -> None:
        """End a session of which two parties hold tokens."""
        log.warning("refresh_token_reused", session_id=session.session_id, user_id=user.user_id)
        now_s = self.desk.now_s()
        # Somebody else may have ended it meanwhile, which is as well.
        with suppress(AccountChanged):
            await self.accounts.commit(signed_out(user, session, now_s, actor=SYSTEM, reason="reuse"))

    async def _create_guest(self, origin: Origin) -> GuestSignedIn:
        """Store a new guest with a first session; the id is drawn again when it is taken."""
        ids = self.desk.ids
        # Two random UUIDs, 73 characters, as in the published design; each carries 122 random bits.
        guest_secret = f"{ids.uuid()}-{ids.uuid()}"
        template = User(UserId(""), self.desk.now_s(), fingerprints.fingerprint(guest_secret))
        for _ in range(ID_TRIES):
            user = replace(template, user_id=UserId(ids.uuid()))
            session, token_id = self.desk.new_session(user, door=Door.GUEST, origin=origin)
            tokens = self.desk.pair(session, token_id)
            try:
                await self.accounts.commit(created(user, session))
            except AccountChanged:
                continue
            log.info("guest_created", user_id=user.user_id)
            return GuestSignedIn(tokens, guest_secret, is_new=True)
        raise UserNotCreated
