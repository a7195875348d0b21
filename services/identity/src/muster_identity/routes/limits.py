"""Who may ask how often: the same guards around every route of the table, so that a new route is guarded too.

Three limits. Everybody's requests are counted by address. New guests are counted by address once more, because an
account costs a visitor nothing and us a row for ever. An account's requests are counted by the account where a token
proves it; where somebody only names it, by the account and the address together, or a stranger could lock its owner
out.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

from aiohttp import web

from muster_identity.domain.discovery import DISCOVERY_PATH, JWKS_PATH
from muster_runtime.http.callers import client_of
from muster_runtime.http.raw import RawRoute
from muster_runtime.http.routes import Answer, Call, Handler, Route
from muster_runtime.limits import Limiter, address_key

UNLIMITED = frozenset({f"/{JWKS_PATH}", f"/{DISCOVERY_PATH}", "/.well-known/revocations.json"})
"""What verifiers read over and over: made once, answered from memory, and no secret is tried here."""
GUEST_ROUTES = frozenset({"/v1/guests", "/login-as-guest"})
"""Where no user id means: make an account."""

RawHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Guards:
    """The limits of identity.

    Attributes:
        requests: all requests of one address.
        guests: new guests of one address.
        accounts: requests for one account.
        trusted_proxies: how many proxies in front are believed about the address.
    """

    requests: Limiter
    guests: Limiter
    accounts: Limiter
    trusted_proxies: int = 0

    async def admit(self, path: str, call: Call) -> None:
        """Let *call* of the route *path* through.

        Raises:
            RateLimited: too many came before.
        """
        address = address_key(call.client)
        await self.requests.admit(address)
        named = _named(call)
        if path in GUEST_ROUTES and named is None:
            await self.guests.admit(address)
        if call.principal is not None:
            await self.accounts.admit(f"user {call.principal.subject}")
        elif named is not None:
            await self.accounts.admit(f"{address} {named}")


def guarded(routes: Iterable[Route], guards: Guards | None) -> tuple[Route, ...]:
    """Return *routes* with the guards around each handler; None leaves them as they are."""
    if guards is None:
        return tuple(routes)
    return tuple(
        route if route.path in UNLIMITED else replace(route, handler=_around(route.path, route.handler, guards))
        for route in routes
    )


def guarded_raw(routes: Iterable[RawRoute], guards: Guards | None) -> tuple[RawRoute, ...]:
    """Return raw *routes* guarded by address alone: what they carry is theirs to read."""
    if guards is None:
        return tuple(routes)
    return tuple(replace(route, handler=_around_raw(route.handler, guards)) for route in routes)


def _around(path: str, handler: Handler, guards: Guards) -> Handler:
    async def handle(call: Call) -> Answer:
        await guards.admit(path, call)
        return await handler(call)

    return handle


def _around_raw(handler: RawHandler, guards: Guards) -> RawHandler:
    async def handle(request: web.Request) -> web.StreamResponse:
        await guards.requests.admit(address_key(client_of(request, trusted_proxies=guards.trusted_proxies)))
        return await handler(request)

    return handle


def _named(call: Call) -> str | None:
    """Return the account that a request names, bounded; None when it names none."""
    for part in (call.query, call.body):
        user_id = getattr(part, "user_id", None)
        if isinstance(user_id, str):
            return user_id[:64]
    return None
