"""What our tokens say.

The claims are those of the published identity design, so that its clients, API Gateway and its back ends accept them;
`jti`, `sid` and `auth_time` are added, and to access tokens `ver`, the account's epoch: raising it takes back every
token that has the one before, whenever and wherever that was given out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from muster_identity.domain.fingerprints import derive
from muster_identity.domain.sessions import Session
from muster_identity.domain.users import UserId

Claims = Mapping[str, str | int]
"""A JSON object of a token; written once, in this order."""

ACCESS_AUDIENCE = "gamebackend"
REFRESH_AUDIENCE = "refresh"
REFRESH_SCOPE = "refresh"


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """Who issues, and for how long.

    Attributes:
        issuer: the `iss` claim: the issuer's URL without a trailing slash.
        access_life_s: life of an access token, seconds.
        session_life_s: life of a session from sign-in to its last refresh, seconds.
        grace_s: how long a used-up refresh token is answered with the same successor, seconds.
        idle_s: how long a session lives after its last refresh, seconds; None for as long as it may live at all.
    """

    issuer: str
    access_life_s: int
    session_life_s: int
    grace_s: int
    idle_s: int | None = None

    def ends_at_s(self, session: Session) -> int:
        """Return when *session* ends if it is not refreshed again, seconds since the epoch."""
        if self.idle_s is None:
            return session.expires_at_s
        return min(session.expires_at_s, session.issued_at_s + self.idle_s)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a sign-in or a refresh gives.

    Attributes:
        user_id: whose tokens they are.
        scope: what the access token opens.
        access_token: a signed JWT.
        refresh_token: a signed JWT, good for one use.
        expires_in_s: remaining life of the access token, seconds.
        refresh_expires_in_s: remaining life of the session, seconds.
    """

    user_id: UserId
    scope: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_s: int
    refresh_expires_in_s: int


@dataclass(frozen=True, slots=True)
class GuestSignedIn:
    """A guest's sign-in.

    Attributes:
        tokens: the tokens, with the user id.
        guest_secret: what opens this account next time.
        is_new: the account was created just now.
    """

    tokens: TokenPair
    guest_secret: str = field(repr=False)
    is_new: bool


@dataclass(frozen=True, slots=True)
class MachineToken:
    """A machine's access token.

    Attributes:
        access_token: a signed JWT.
        scope: what it opens.
        expires_in_s: its life, seconds.
    """

    access_token: str = field(repr=False)
    scope: str
    expires_in_s: int


def access_claims(session: Session, token_id: str, policy: TokenPolicy) -> Claims:
    """Return the access token's claims for the present generation of *session*.

    They follow from the arguments alone, so that a repeated answer carries the same token.

    Args:
        session: the session.
        token_id: id of the refresh token that goes out with it; the access token's own id is derived from it.
        policy: issuer and lives.
    """
    return {
        "sub": session.user_id,
        "iss": policy.issuer,
        "aud": ACCESS_AUDIENCE,
        "scope": session.scope,
        "kid": session.key_id,
        "iat": session.issued_at_s,
        "nbf": session.issued_at_s,
        "exp": session.issued_at_s + policy.access_life_s,
        "jti": derive("access", token_id),
        "sid": session.session_id,
        "auth_time": session.signed_in_at_s,
        "ver": session.epoch,
    }


def refresh_claims(session: Session, token_id: str, policy: TokenPolicy) -> Claims:
    """Return the refresh token's claims for the present generation of *session*.

    Its `exp` is the session's end: kept on renewal, so that a session lives at most its whole life after a sign-in.
    Where idle sessions end sooner, it is that end if it comes first.

    Args:
        session: the session.
        token_id: the refresh token's id.
        policy: issuer and lives.
    """
    return {
        "sub": session.user_id,
        "iss": policy.issuer,
        "aud": REFRESH_AUDIENCE,
        "scope": REFRESH_SCOPE,
        "access_token_scope": session.scope,
        "kid": session.key_id,
        "iat": session.issued_at_s,
        "nbf": session.issued_at_s,
        "exp": policy.ends_at_s(session),
        "jti": token_id,
        "sid": session.session_id,
        "auth_time": session.signed_in_at_s,
    }


def client_claims(  # noqa: PLR0913 - each is a fact of its own
    *, client_id: str, scope: str, key_id: str, token_id: str, now_s: int, policy: TokenPolicy
) -> Claims:
    """Return the claims of a machine's access token: no session stands behind it, so it has no `sid`."""
    return {
        "sub": client_id,
        "iss": policy.issuer,
        "aud": ACCESS_AUDIENCE,
        "scope": scope,
        "kid": key_id,
        "iat": now_s,
        "nbf": now_s,
        "exp": now_s + policy.access_life_s,
        "jti": token_id,
        "auth_time": now_s,
    }
