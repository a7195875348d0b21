"""A running identity on which the cases of the differential table are played, one after another, in any order.

The HTTP edge, the handlers, the guards and the provider gateways are the real ones; accounts and keys are in memory,
and the pretend providers are on the loopback interface. One server serves all cases: each has people of its own.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import aiohttp
import pytest
from difference_cases import Facts
from identity_fakes import Instance, World
from identity_world import Identity, Reply, StickyIds, claims_of
from patience import PATIENT
from provider_world import ProviderWorld, provider_world

from muster_identity.domain.discovery import etag_of
from muster_identity.routes import routes
from muster_identity.routes.limits import Guards, guarded
from muster_identity.testing.facebook import user_id as facebook_id
from muster_identity.testing.google import player_id
from muster_identity.testing.people import hexadecimal, steam_id
from muster_runtime.limits import Buckets, Limiter, Rate
from muster_runtime.scope import Scope
from muster_runtime.service import Service
from muster_runtime.settings import ServiceSettings
from muster_runtime.testing import FakeClock, running

FOR_ONE_ACCOUNT: Final = 5
"""Requests in a burst; no case but the one about throttling names an account so often."""
NAME: Final = re.compile(r"\{([a-z_]+(?:\.[a-z_-]+)?)\}")
PASSWORD: Final = "Correct-horse-1"
SIGNED_IN: Final = (
    "user", "secret", "scope", "renewed_scope", "subject", "access_life", "refresh_life", "user_form", "secret_form",
    "end", "pair",
)  # fmt: skip
"""The facts of a sign-in."""
ROUTE_OF: Final = {
    "steam": "/login-with-steam?steam_auth_token={steam}",
    "apple": "/login-with-apple-id?apple_auth_token={apple}",
    "google-play": "/login-with-google-play?google_play_auth_token={google}",
    "facebook": "/login-with-facebook?facebook_access_token={facebook}&facebook_user_id={facebook_id}",
}


@dataclass
class Theatre:
    """What all cases share."""

    identity: Identity
    providers: ProviderWorld
    part: Instance
    cases: int = 0

    @property
    def world(self) -> World:
        return self.identity.world


@dataclass
class Stage:
    """What one case has for itself.

    Attributes:
        theatre: the running service.
        name: of its player, unlike that of any other case.
        values: what `{names}` stand for.
        people: who has signed in, by role: what they were answered.
        previous: the answer of the last refresh.
        undo: what puts the shared world right again.
    """

    theatre: Theatre
    name: str
    values: "Mapping[str, Value]"
    people: dict[str, Any] = field(default_factory=dict)
    previous: Any = None
    undo: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def world(self) -> World:
        return self.theatre.world

    @property
    def clock(self) -> FakeClock:
        return self.theatre.identity.clock

    async def send(self, request: str, body: object = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Send a request, with its `{names}` filled in."""
        method, _, path = (await self.fill(request)).partition(" ")
        more: dict[str, Any] = {} if body is None else {"json": await self.fill_all(body)}
        filled = {name: await self.fill(value) for name, value in (headers or {}).items()}
        return await self.theatre.identity.call(method, path, headers=filled, **more)

    async def person(self, role: str) -> Any:
        """Return what *role* was answered at the sign-in; nobody signs in twice."""
        if role not in self.people:
            if role == "guest":
                reply = await self.send("GET /login-as-guest")
                assert reply.status == 200, reply.text
                self.people[role] = reply.json
            else:
                # By a door that the published design does not have, so it is in no case's way.
                token = self.theatre.providers.pretend.epic.id_token(self.name)
                reply = await self.send("POST /v1/sign-in/epic", {"credential": {"id_token": token}})
                assert reply.status == 201, reply.text
                self.people[role] = reply.json | {"auth_token": reply.json["access_token"]}
        return self.people[role]

    async def fill(self, text: str) -> str:
        """Return *text* with each `{name}` replaced by what it stands for."""
        for name in NAME.findall(text):
            role, _, part = name.partition(".")
            if role in {"guest", "player", "owner"}:
                value = str((await self.person(role))[part])
            else:
                value = await self.values["forged" if role == "forged" else name](self, part)
            text = text.replace(f"{{{name}}}", value, 1)
        return text

    async def fill_all(self, body: object) -> object:
        """Return a body with every text of it filled in."""
        if isinstance(body, Mapping):
            return {name: await self.fill_all(value) for name, value in body.items()}
        return await self.fill(body) if isinstance(body, str) else body


Value = Callable[[Stage, str], Awaitable[str]]
Step = Callable[[Stage], Awaitable[None]]


def seen(stage: Stage, reply: Reply, known: set[Any]) -> Facts:
    """Return every fact that an answer shows; those of a sign-in are None where there is none."""
    is_json = reply.headers["Content-Type"].split(";")[0].endswith("json")
    document = reply.json if is_json else None
    told = document if isinstance(document, dict) else {}
    etag = reply.headers.get("ETag")
    return {
        "status": reply.status,
        "type": reply.headers["Content-Type"].split(";")[0],
        "body": None if isinstance(document, dict) else reply.text,
        "origin": reply.headers.get("Access-Control-Allow-Origin"),
        "credentials": reply.headers.get("Access-Control-Allow-Credentials"),
        "caching": reply.headers.get("Cache-Control"),
        "retry_after": "Retry-After" in reply.headers,
        "etag": "of the content" if etag == etag_of(reply.text.encode()) else etag,
        "members": tuple(told),
        **(_signed_in(stage, told, known) if "auth_token" in told else dict.fromkeys(SIGNED_IN)),
    }


def _signed_in(stage: Stage, told: Mapping[str, Any], known: set[Any]) -> Facts:
    access, refresh = claims_of(told["auth_token"]), claims_of(told["refresh_token"])
    secret, subjects = told.get("guest_secret"), [value for name, value in told.items() if name.endswith("_id")]
    assert access["sub"] == refresh["sub"] == told["user_id"]
    guest = stage.people.get("guest", {})
    return {
        "user": _who(stage, told["user_id"], known),
        "secret": "echoed" if secret == guest.get("guest_secret") else "new",
        "scope": access["scope"],
        "renewed_scope": refresh["access_token_scope"],
        "subject": "the provider's" if set(subjects) & _subjects(stage.name) else "another",
        "access_life": told["auth_token_expires_in"],
        "refresh_life": told["refresh_token_expires_in"],
        "user_form": _form([told["user_id"]], "UUIDv4"),
        "secret_form": _form([(secret or "")[:36], (secret or "")[37:]], f"two UUIDv4, {len(secret or '')} characters"),
        "end": "kept" if guest and refresh["exp"] == claims_of(guest["refresh_token"])["exp"] else "another",
        "pair": _pair(stage, told),
    }


def _who(stage: Stage, user_id: str, known: set[Any]) -> str:
    for role, person in stage.people.items():
        if person["user_id"] == user_id:
            return f"the {role}"
    is_new = user_id not in known and user_id in stage.world.accounts.users
    return "new" if is_new else "a stranger"


def _subjects(name: str) -> set[str]:
    number = hexadecimal(name, "cognito")
    pool = f"{number[:8]}-{number[8:12]}-{number[12:16]}-{number[16:20]}-{number[20:]}"
    return {steam_id(name), f"000000.{hexadecimal(name, 'apple')}.0000", player_id(name), facebook_id(name), pool}


def _form(parts: list[str], name: str) -> str:
    return name if all(re.fullmatch(r"[0-9a-f-]{36}", part) and UUID(part).version == 4 for part in parts) else "other"


def _pair(stage: Stage, told: Mapping[str, Any]) -> str:
    same = stage.previous is not None and told["refresh_token"] == stage.previous["refresh_token"]
    return "the same successor" if same else "another"


@asynccontextmanager
async def theatre() -> AsyncIterator[Theatre]:
    """Run it all."""
    clock, ids = FakeClock(), StickyIds()
    async with AsyncExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        providers = await stack.enter_async_context(provider_world(clock, patch, provider_failures=100))
        world = World(clock=clock, ids=ids, pool=providers.pool)
        world.doors = dict(providers.doors)  # type: ignore[arg-type]  # the real ones, in place of the fakes
        part = world.instance()
        await _join(providers)

        async def build(_: ServiceSettings, scope: Scope) -> Service:
            scope.verifier = part.handlers.verifier
            await part.keys.start()
            table = routes(part.handlers, jwks_max_age_s=300)
            guards = _guards(scope)
            return Service(routes=guarded(table, guards), gate=guards.enter)

        service = await stack.enter_async_context(
            running("identity", ServiceSettings(**PATIENT), build, clock=clock, ids=ids)
        )
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=100)))
        yield Theatre(Identity(service.base_url, http, clock, ids, world, [part]), providers, part)


def _guards(scope: Scope) -> Guards:
    def limiter(name: str, burst: int) -> Limiter:
        return Limiter(name, Buckets(Rate(burst, 0.001), clock=scope.clock), metrics=scope.metrics)

    return Guards(limiter("requests", 100_000), limiter("guests", 100_000), limiter("accounts", FOR_ONE_ACCOUNT))


async def _join(providers: ProviderWorld) -> None:
    """Ask the pool once, while the environment says where it is: its client is made at the first call."""
    assert providers.pool is not None
    await providers.pool.sign_up(username="first", password=PASSWORD, email="first@example.com")
