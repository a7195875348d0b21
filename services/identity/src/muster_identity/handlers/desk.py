"""Where sessions begin and tokens are made out."""

from dataclasses import dataclass

from muster_identity.domain import fingerprints
from muster_identity.domain.sessions import Origin, Session, SessionId
from muster_identity.domain.tokens import TokenPair, TokenPolicy, access_claims, refresh_claims
from muster_identity.domain.users import User, scope_of
from muster_identity.handlers.keys import KnownKeys
from muster_identity.ports import Signer
from muster_runtime.clock import Clock
from muster_runtime.ids import Ids


@dataclass(frozen=True, slots=True)
class Desk:
    """Makes sessions and tokens; stores nothing."""

    keys: KnownKeys
    signer: Signer
    policy: TokenPolicy
    clock: Clock
    ids: Ids

    def now_s(self) -> int:
        """Return the present in whole seconds, rounded down, so that no token starts in the future."""
        return int(self.clock.epoch_s())

    def new_session(self, user: User, *, door: str, origin: Origin) -> tuple[Session, str]:
        """Return a session that starts now for *user*, and the id of its first refresh token.

        Raises:
            NoSigningKey: nothing can be signed now.
        """
        now_s, token_id = self.now_s(), self.ids.secret()
        session = Session(
            session_id=SessionId(self.ids.uuid()),
            user_id=user.user_id,
            scope=scope_of(user),
            signed_in_at_s=now_s,
            expires_at_s=now_s + self.policy.session_life_s,
            issued_at_s=now_s,
            key_id=self.keys.signing_key().key_id,
            current_hash=fingerprints.fingerprint(token_id),
            epoch=user.epoch,
            door=door,
            device=origin.device,
            network=origin.network,
        )
        return session, token_id

    def is_alive(self, session: Session, user: User, now_s: int) -> bool:
        """Tell whether *session* counts for *user* as stored at *now_s*, idleness considered."""
        return session.is_alive(user, now_s) and self.policy.ends_at_s(session) > now_s

    def pair(self, session: Session, token_id: str) -> TokenPair:
        """Return the tokens of the session's present generation; the same each time.

        Raises:
            NoSigningKey: the key that signed this generation has been taken out of the ring.
        """
        key = self.keys.key(session.key_id)
        now_s = self.now_s()
        return TokenPair(
            user_id=session.user_id,
            scope=session.scope,
            access_token=self.signer.sign(access_claims(session, token_id, self.policy), key),
            refresh_token=self.signer.sign(refresh_claims(session, token_id, self.policy), key),
            expires_in_s=session.issued_at_s + self.policy.access_life_s - now_s,
            refresh_expires_in_s=self.policy.ends_at_s(session) - now_s,
        )
