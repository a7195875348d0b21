"""What every route of identity has in common."""

from collections.abc import Mapping
from dataclasses import dataclass

from muster_identity.domain.sessions import Origin, network_of
from muster_identity.errors import (
    AccountContended,
    Banned,
    CredentialIncomplete,
    CredentialRefused,
    DoorUnknown,
    GuestRefused,
    KeyringUnreadable,
    NoSigningKey,
    ProviderLied,
    ProviderUnavailable,
    RefreshRefused,
    SessionContended,
    SessionOver,
    SignInTooOld,
    UserNotCreated,
)
from muster_identity.handlers.accounts import AccountHandlers
from muster_identity.handlers.doors import DoorHandlers
from muster_identity.handlers.keys import KeyHandlers
from muster_identity.handlers.operators import OperatorHandlers
from muster_identity.handlers.players import PlayerHandlers
from muster_identity.handlers.revoked import RevokedHandlers
from muster_identity.ports import UserPool
from muster_runtime.auth.verifier import TokenVerifier
from muster_runtime.http.routes import Call

CORS: Mapping[str, str] = {"Access-Control-Allow-Origin": "*"}
"""The published design allows credentials beside `*` too, a pair that browsers refuse: no cookie is involved."""

SIGNING_ERRORS = (NoSigningKey, KeyringUnreadable)
PROVIDER_ERRORS = (DoorUnknown, CredentialIncomplete, CredentialRefused, ProviderUnavailable, ProviderLied, Banned)
SIGN_IN_ERRORS = (*PROVIDER_ERRORS, UserNotCreated, AccountContended, *SIGNING_ERRORS)
GUEST_ERRORS = (GuestRefused, Banned, UserNotCreated, AccountContended, *SIGNING_ERRORS)
REFRESH_ERRORS = (RefreshRefused, Banned, SessionContended, *SIGNING_ERRORS)
CALLER_ERRORS = (SessionOver,)
RECENT_ERRORS = (SessionOver, SignInTooOld, AccountContended)


@dataclass(frozen=True, slots=True)
class Handlers:
    """Everything that the routes call.

    Attributes:
        players: guests and refreshes.
        doors: providers.
        accounts: what players do with their accounts.
        operators: what operators do to accounts.
        keys: what the issuer's files are made from.
        revoked: the list of what was taken back.
        verifier: checks the access token that a compatible link request carries in its query.
        pool: the Cognito user pool; None when none is configured.
    """

    players: PlayerHandlers
    doors: DoorHandlers
    accounts: AccountHandlers
    operators: OperatorHandlers
    keys: KeyHandlers
    revoked: RevokedHandlers
    verifier: TokenVerifier
    pool: UserPool | None = None


def origin_of(call: Call, device: str = "") -> Origin:
    """Return where a request comes from."""
    return Origin(device=device, network=network_of(call.client))
