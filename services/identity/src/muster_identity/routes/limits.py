"""Who may ask how often: the same guards around every route of the table, so that a new route is guarded too.

Three limits. Everybody's requests are counted by address at the gate, before a token or a body is looked at, so those
that are refused count too. New guests are counted by address once more, because an account costs a visitor nothing and
us a row for ever. An account's requests are counted by the account where a token proves it; where somebody only names
it, by the account and the address together, or a stranger could lock its owner out. A Cognito user is named too:
whoever knows the name may guess the password or a code.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from muster_identity.api.accounts import Credential
from muster_identity.api.compatible import CognitoStep, LoginWithCognito
from muster_identity.domain.discovery import DISCOVERY_PATH, JWKS_PATH
from muster_runtime.auth.principal import PLAYER_SCOPES
from muster_runtime.http.routes import Answer, Call, Handler, Route
from muster_runtime.limits import Limiter, address_key

UNLIMITED = frozenset({f"/{JWKS_PATH}", f"/{DISCOVERY_PATH}", "/.well-known/revocations.json"})
"""What verifiers read over and over: made once, answered from memory, and no secret is tried here."""
GUEST_ROUTES = frozenset({"/v1/guests", "/login-as-guest"})
"""Where no user id means: make an account."""
MAX_NAMED = 64
"""Characters that count of the name of an account."""


@dataclass(frozen=True, slots=True)
class Guards:
    """The limits of identity.

    Attributes:
        requests: all requests of one address.
        guests: new guests of one address.
        accounts: requests for one account.
    """

    requests: Limiter
    guests: Limiter
    accounts: Limiter

    async def enter(self, client: str, route: str) -> None:
        """Let a request from the address *client* through the gate, whatever it carries.

        Raises:
            RateLimited: too many came before.
        """
        if route not in UNLIMITED:
            await self.requests.admit(address_key(client))

    async def admit(self, path: str, call: Call) -> None:
        """Let *call* of the route *path* through, which the gate has counted already.

        Raises:
            RateLimited: too many came before.
        """
        address = address_key(call.client)
        named = _named(call)
        if path in GUEST_ROUTES and named is None:
            await self.guests.admit(address)
        # Players alone: a tool of the operators may have thousands to ban, and it is known by its secret.
        if call.principal is not None and call.principal.scope in PLAYER_SCOPES:
            await self.accounts.admit(f"user {call.principal.subject}")
        if named is not None:
            await self.accounts.admit(f"{address} {named}")


def guarded(routes: Iterable[Route], guards: Guards | None) -> tuple[Route, ...]:
    """Return *routes* with the guards around each handler; None leaves them as they are."""
    if guards is None:
        return tuple(routes)
    return tuple(
        route if route.path in UNLIMITED else replace(route, handler=_around(route.path, route.handler, guards))
        for route in routes
    )


def _around(path: str, handler: Handler, guards: Guards) -> Handler:
    async def handle(call: Call) -> Answer:
        await guards.admit(path, call)
        return await handler(call)

    return handle


def _named(call: Call) -> str | None:
    """Return the account or the Cognito user that a request names, bounded; None when it names none."""
    for part in (call.query, call.body):
        user_id = getattr(part, "user_id", None)
        if isinstance(user_id, str):
            return user_id[:MAX_NAMED]
    if username := _username(call.body):
        # Cognito takes Ann for ann, unless the pool says otherwise.
        return f"cognito {username[:MAX_NAMED].casefold()}"
    return None


def _username(body: object) -> str:
    """Return the Cognito user that a body names, in our own words or in those of the published design."""
    match body:
        case Credential(credential={"username": str(username)}):
            return username
        case LoginWithCognito(body=CognitoStep(username=username)):
            return username
    return ""
