"""What happens before a case of the differential table."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from difference_cases import Case, Facts
from difference_stage import FOR_ONE_ACCOUNT, PASSWORD, ROUTE_OF, Stage, Step, Theatre, seen
from difference_values import VALUES, member
from identity_world import claims_of
from provider_world import HASTY, settings_for

from muster_identity.gateway import providers as gateway
from muster_identity.testing.faults import Fault, Mood
from muster_runtime.errors import Unavailable
from muster_runtime.scope import Scope

PRETENDS: Final = {"google-play": "google"}
"""What the pretend providers call a door, where it is another name."""
DOORS: Final = {"google-play": "google_play"}
"""What identity calls it."""


async def _guest(stage: Stage) -> None:
    await stage.person("guest")


async def _minute(stage: Stage) -> None:
    stage.clock.advance(60)


async def _refresh(stage: Stage) -> None:
    guest = await stage.person("guest")
    reply = await stage.send(f"GET /refresh-access-token?refresh_token={guest['refresh_token']}")
    assert reply.status == 200, reply.text
    stage.previous = reply.json


async def _signed_in_an_hour_ago(stage: Stage) -> None:
    await _guest(stage)
    stage.clock.advance(3500)
    await _refresh(stage)
    stage.people["guest"] |= stage.previous
    stage.clock.advance(200)


async def _gone(stage: Stage) -> None:
    del stage.world.accounts.users[(await stage.person("guest"))["user_id"]]


async def _nearly_over(stage: Stage) -> None:
    session_id = claims_of((await stage.person("guest"))["auth_token"])["sid"]
    sessions = stage.world.accounts.sessions
    sessions[session_id] = replace(sessions[session_id], expires_at_s=int(stage.clock.epoch_s()) + 20)


async def _taken_ids(stage: Stage) -> None:
    ids = stage.theatre.identity.ids
    ids.stuck = (await stage.person("player"))["user_id"]
    stage.undo.callback(setattr, ids, "stuck", "")


async def _too_often(stage: Stage) -> None:
    for _ in range(FOR_ONE_ACCOUNT):
        await stage.send("GET /login-as-guest?user_id=popular&guest_secret=x")


def _breaks(method: str, error: Exception) -> Step:
    """Return the step that lets one method of the accounts fail, until the case is over."""

    async def fails(*_: object, **__: object) -> None:
        raise error

    async def step(stage: Stage) -> None:
        # Whoever the request is about has signed in before.
        await stage.person("guest")
        accounts = stage.world.accounts
        setattr(accounts, method, fails)
        stage.undo.callback(delattr, accounts, method)

    return step


def _ill(door: str, fault: Fault, **changes: Any) -> Step:
    """Return the step that makes a provider ill; identity meets it with nothing learned about it before."""

    async def step(stage: Stage) -> None:
        await stage.person("guest")
        pretend = stage.theatre.providers.pretend
        if door == "cognito":
            await member(stage, "")
        else:
            settings = settings_for(pretend.url, **changes)
            scope = await stage.undo.enter_async_context(Scope("identity", settings, clock=stage.clock))
            name, doors = DOORS.get(door, door), stage.world.doors
            stage.undo.callback(doors.update, {name: doors[name]})
            doors[name] = gateway.build(settings, scope)[name]  # type: ignore[assignment]  # the real one
        # After the service has closed its connections, or the pretend one waits for them.
        stage.undo.callback(pretend.switchboard.clear)
        pretend.switchboard.set(PRETENDS.get(door, door), Mood(fault))

    return step


def _not_set_up(door: str) -> Step:
    async def step(stage: Stage) -> None:
        name, doors = DOORS.get(door, door), stage.world.doors
        stage.undo.callback(doors.update, {name: doors.pop(name)})

    return step


async def _no_pool(stage: Stage) -> None:
    handlers = stage.theatre.part.handlers
    stage.undo.callback(object.__setattr__, handlers, "pool", handlers.pool)
    object.__setattr__(handlers, "pool", None)


async def _second_factor(stage: Stage) -> None:
    await member(stage, "")
    stage.theatre.providers.pretend.pool.members[stage.name].challenge = "SOFTWARE_TOKEN_MFA"


async def _stranger_joins(stage: Stage) -> None:
    pool = stage.theatre.providers.pool
    assert pool is not None
    await pool.sign_up(username=f"{stage.name}-new", password=PASSWORD, email="new@example.com")


async def _forgot(stage: Stage) -> None:
    pool = stage.theatre.providers.pool
    assert pool is not None
    await pool.forgot_password(username=await member(stage, ""))


def _through(more: str, role: str) -> Callable[[str], Step]:
    """Return what makes, for a door, the step in which *role* comes in by it, with *more* in the query."""

    def at(door: str) -> Step:
        async def step(stage: Stage) -> None:
            if door == "cognito":
                body = {"body": {"username": "{member}", "password": PASSWORD, "signin": "True"}}
                reply = await stage.send(f"POST /login-with-cognito?{more}", body)
            else:
                reply = await stage.send(f"GET {ROUTE_OF[door]}&{more}")
            assert reply.status == 200, reply.text
            stage.people.setdefault(role, reply.json)

        return step

    return at


LINK: Final = "auth_token={guest.auth_token}&link_to_existing_user=Yes"


def of_doors(name: str, make: Callable[[str], Step]) -> Mapping[str, Step]:
    """Return a step for each door, called `DOOR: NAME`."""
    return {f"{door}: {name}": make(door) for door in (*ROUTE_OF, "cognito")}


def _another(door: str) -> Step:
    """Return the step in which the guest links somebody else's identity of the same provider."""
    link = _through(LINK, "guest")(door)

    async def step(stage: Stage) -> None:
        await stage.person("guest")
        own, stage.name = stage.name, f"{stage.name}-other"
        await link(stage)
        stage.name = own

    return step


STEPS: Final[Mapping[str, Step]] = {
    "the guest exists": _guest,
    "a minute passes": _minute,
    "the guest refreshes": _refresh,
    "the guest signed in an hour ago": _signed_in_an_hour_ago,
    "the guest is gone": _gone,
    "the session is about to end": _nearly_over,
    "ids are taken": _taken_ids,
    "one account is asked for too often": _too_often,
    "reading users crashes": _breaks("find_user", RuntimeError("as the case has it")),
    "reading identities fails": _breaks("find_owner", Unavailable("AWS does not answer (TimeoutError).")),
    "writing accounts fails": _breaks("commit", Unavailable("AWS does not answer (TimeoutError).")),
    "steam hangs": _ill("steam", Fault.HANG, **HASTY),
    "facebook answers errors": _ill("facebook", Fault.ERROR_WITH_200),
    **{f"{door} is down": _ill(door, Fault.DOWN) for door in (*ROUTE_OF, "cognito")},
    **{f"{door} is lying": _ill(door, Fault.NOT_JSON) for door in (*ROUTE_OF, "cognito")},
    **{f"{door} is not set up": _not_set_up(door) for door in ROUTE_OF},
    "the pool is not set up": _no_pool,
    "the pool asks for a second factor": _second_factor,
    "a stranger signs up": _stranger_joins,
    "the member forgot the password": _forgot,
    **of_doors("the owner exists", _through("", "owner")),
    **of_doors("the guest links it", _through(LINK, "guest")),
    **of_doors("the guest links another", _another),
}


async def play(theatre: Theatre, case: Case) -> Facts:
    """Send the request of *case*, after what has happened before it, and return what is seen."""
    theatre.cases += 1
    stage = Stage(theatre, f"p{theatre.cases}", VALUES)
    async with stage.undo:
        for step in case.before:
            await STEPS[step](stage)
        known = set(theatre.world.accounts.users)
        reply = await stage.send(case.request, case.body, case.headers)
        return seen(stage, reply, known)
