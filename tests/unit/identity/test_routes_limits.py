"""The guards around identity's routes: who is counted, by what, and what a refusal looks like."""

from collections.abc import Callable, Mapping
from unittest.mock import AsyncMock, Mock

import pytest
from aiohttp import web
from pydantic import BaseModel
from runtime_edge import EdgeUnderTest, code_of

from muster_identity.api.accounts import SignIn
from muster_identity.api.compatible import CognitoStep, LoginWithCognito
from muster_identity.routes.limits import Guards, guarded
from muster_runtime.auth.principal import PLAYER_SCOPES, Principal
from muster_runtime.auth.tokens import TokenInvalid
from muster_runtime.auth.verifier import TokenVerifier
from muster_runtime.http.raw import RawRoute
from muster_runtime.http.routes import Answer, Call, Route
from muster_runtime.limits import Buckets, Limiter, Rate, RateLimited
from muster_runtime.metrics import Metrics
from muster_runtime.testing.clock import FakeClock


class Named(BaseModel):
    user_id: str | None = None


async def answer(_call: Call) -> Answer:
    return Answer("done")


def guards(clock: FakeClock, *, requests: int = 1000, guests: int = 1000, accounts: int = 1000) -> Guards:
    metrics = Metrics()

    def limiter(name: str, burst: int) -> Limiter:
        return Limiter(name, Buckets(Rate(burst, 0.1), clock=clock), metrics=metrics)

    return Guards(limiter("requests", requests), limiter("guests", guests), limiter("accounts", accounts))


ROUTES = (
    Route("POST", "/v1/guests", answer, "Make.", body=Named, body_optional=True),
    Route("GET", "/login-as-guest", answer, "Make.", query=Named, plain_errors=True),
    Route("GET", "/v1/other", answer, "Other."),
    Route("GET", "/.well-known/jwks.json", answer, "Keys."),
    Route("GET", "/v1/me", answer, "Me.", scopes=PLAYER_SCOPES),
)


async def token(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="token")


def knows_no_token() -> Mock:
    return Mock(spec=TokenVerifier, verify=AsyncMock(side_effect=TokenInvalid))


def edge(clock: FakeClock, verifier: TokenVerifier | None = None, **limits: int) -> EdgeUnderTest:
    each = guards(clock, **limits)
    return EdgeUnderTest(
        *guarded(ROUTES, each),
        raw=(RawRoute("POST", "/v1/oauth/token", token),),
        gate=each.enter,
        verifier=verifier or knows_no_token(),
        clock=clock,
        trusted_proxies=1,
    )


def from_address(address: str) -> Mapping[str, str]:
    return {"X-Forwarded-For": address}


async def test_a_flood_from_one_address_is_told_when_to_come_back_and_others_are_served(clock: FakeClock) -> None:
    under_test = edge(clock, requests=3)
    statuses = [
        (await under_test.ask("GET", "/v1/other", headers=from_address("203.0.113.1"))).status for _ in range(5)
    ]

    refused = await under_test.ask("GET", "/v1/other", headers=from_address("203.0.113.1"))

    assert [200, 200, 200, 429, 429] == statuses
    assert ("rate_limited", "10") == (code_of(refused), refused.headers["Retry-After"])
    assert 200 == (await under_test.ask("GET", "/v1/other", headers=from_address("203.0.113.2"))).status
    clock.advance(10)
    assert 200 == (await under_test.ask("GET", "/v1/other", headers=from_address("203.0.113.1"))).status


async def test_on_the_published_wire_the_refusal_is_plain_text(clock: FakeClock) -> None:
    under_test = edge(clock, guests=1)
    await under_test.ask("GET", "/login-as-guest")

    refused = await under_test.ask("GET", "/login-as-guest")

    assert 429 == refused.status
    assert b"Error: Wait as long as Retry-After says." == refused.body
    assert ("text/plain; charset=utf-8", "10") == (refused.headers["Content-Type"], refused.headers["Retry-After"])


async def test_new_guests_are_counted_over_both_wires_and_sign_ins_are_not_new_guests(clock: FakeClock) -> None:
    under_test = edge(clock, guests=2)

    assert 200 == (await under_test.ask("GET", "/login-as-guest")).status
    assert 200 == (await under_test.ask("POST", "/v1/guests")).status
    assert 429 == (await under_test.ask("POST", "/v1/guests", b"{}")).status
    assert 429 == (await under_test.ask("GET", "/login-as-guest?")).status
    assert 200 == (await under_test.ask("GET", "/login-as-guest?user_id=somebody")).status
    assert 200 == (await under_test.ask("POST", "/v1/guests", b'{"user_id": "somebody"}')).status


async def test_two_thousand_guests_from_one_network_are_a_few(clock: FakeClock) -> None:
    limits = guards(clock, requests=100_000, guests=60)
    made = 0

    for number in range(2_000):
        call = Call(path={}, client=f"2001:db8:1:2::{number:x}")
        try:
            await limits.admit("/v1/guests", call)
            made += 1
        except RateLimited:
            continue

    assert 60 == made


async def test_a_client_that_makes_up_addresses_stays_the_one_that_the_proxy_saw(clock: FakeClock) -> None:
    under_test = edge(clock, requests=1)

    statuses = [
        (await under_test.ask("GET", "/v1/other", headers=from_address(f"{made_up}, 203.0.113.1"))).status
        for made_up in ("198.51.100.1", "198.51.100.2", "x" * 5000, "::1", "")
    ]

    assert [200, 429, 429, 429, 429] == statuses


async def test_a_stranger_who_names_an_account_does_not_lock_its_owner_out(clock: FakeClock) -> None:
    limits = guards(clock, accounts=5)

    async def tries(address: str, count: int) -> int:
        refused = 0
        for _ in range(count):
            try:
                await limits.admit("/v1/guests", Call(path={}, body=Named(user_id="victim"), client=address))
            except RateLimited:
                refused += 1
        return refused

    assert 95 == await tries("203.0.113.66", 100)
    assert 0 == await tries("203.0.113.1", 5)


def of_cognito(username: str) -> SignIn:
    return SignIn(credential={"username": username, "password": "guess"})


@pytest.mark.parametrize(
    ("path", "guesses"),
    [
        ("/v1/sign-in/{door}", of_cognito),
        ("/login-with-cognito", lambda name: LoginWithCognito(body=CognitoStep(username=name, signin="True"))),
        ("/login-with-cognito", lambda name: LoginWithCognito(body=CognitoStep(username=name, reset_password="True"))),
    ],
)
async def test_whoever_guesses_the_password_of_a_cognito_user_gets_a_few_tries(
    clock: FakeClock, path: str, guesses: Callable[[str], BaseModel]
) -> None:
    limits = guards(clock, accounts=2)

    for name in ("ann", "Ann"):
        await limits.admit(path, Call(path={}, body=guesses(name), client="203.0.113.66"))
    with pytest.raises(RateLimited):
        await limits.admit(path, Call(path={}, body=guesses("ANN"), client="203.0.113.66"))
    await limits.admit(path, Call(path={}, body=guesses("bob"), client="203.0.113.66"))
    await limits.admit(path, Call(path={}, body=guesses("ann"), client="203.0.113.1"))


async def test_many_accounts_that_link_guess_the_password_of_one_cognito_user_no_more_often(clock: FakeClock) -> None:
    limits = guards(clock, accounts=2)
    calls = [
        Call(path={}, body=of_cognito("ann"), principal=Principal(f"player-{number}", "guest"), client="203.0.113.66")
        for number in range(3)
    ]

    for call in calls[:2]:
        await limits.admit("/v1/me/doors/{door}", call)
    with pytest.raises(RateLimited):
        await limits.admit("/v1/me/doors/{door}", calls[2])


async def test_a_step_that_names_nobody_is_counted_by_address_alone(clock: FakeClock) -> None:
    limits = guards(clock, accounts=1)
    signs_out = LoginWithCognito(body=CognitoStep(signout="True", access_token="theirs"))

    for _ in range(5):
        await limits.admit("/login-with-cognito", Call(path={}, body=signs_out, client="203.0.113.66"))
        await limits.admit("/login-with-cognito", Call(path={}, body=LoginWithCognito(), client="203.0.113.66"))


async def test_an_account_with_a_token_is_counted_wherever_it_comes_from(clock: FakeClock) -> None:
    limits = guards(clock, accounts=3)
    caller = Principal("player-1", "guest")

    for number in range(3):
        await limits.admit("/v1/other", Call(path={}, principal=caller, client=f"203.0.113.{number}"))
    with pytest.raises(RateLimited):
        await limits.admit("/v1/other", Call(path={}, principal=caller, client="203.0.113.99"))
    await limits.admit("/v1/other", Call(path={}, principal=Principal("player-2", "guest"), client="203.0.113.99"))


@pytest.mark.parametrize("scope", ["operator", "server"])
async def test_a_tool_that_bans_hundreds_is_not_limited_as_one_account(clock: FakeClock, scope: str) -> None:
    limits = guards(clock, accounts=1)

    for number in range(300):
        path = {"user_id": f"player-{number}"}
        call = Call(path=path, principal=Principal("tool", scope), client="203.0.113.1")
        await limits.admit("/v1/users/{user_id}/ban", call)


async def test_the_keys_are_for_everybody_at_any_time(clock: FakeClock) -> None:
    under_test = edge(clock, requests=1)

    assert {200} == {(await under_test.ask("GET", "/.well-known/jwks.json")).status for _ in range(20)}


async def test_requests_that_are_refused_for_another_reason_are_counted_with_the_rest(clock: FakeClock) -> None:
    under_test = edge(clock, requests=5)
    forged = {"Authorization": "Bearer forged"}

    statuses = [
        (await under_test.ask("GET", "/v1/me", headers=forged)).status,
        (await under_test.ask("POST", "/v1/guests", b'{"user_id": 7}')).status,
        (await under_test.ask("GET", "/nowhere")).status,
        (await under_test.ask("DELETE", "/login-as-guest")).status,
        (await under_test.ask("POST", "/v1/oauth/token")).status,
    ]

    assert [401, 422, 404, 405, 200] == statuses
    for method, path in (("GET", "/nowhere"), ("POST", "/v1/oauth/token"), ("GET", "/v1/other")):
        refused = await under_test.ask(method, path)
        assert (429, "rate_limited", "10") == (refused.status, code_of(refused), refused.headers["Retry-After"])
    refused = await under_test.ask("DELETE", "/login-as-guest")
    assert (429, b"Error: Wait as long as Retry-After says.") == (refused.status, refused.body)


async def test_a_flood_of_forged_tokens_is_not_even_verified(clock: FakeClock) -> None:
    verifier = knows_no_token()
    under_test = edge(clock, verifier, requests=2)

    statuses = [
        (await under_test.ask("GET", "/v1/me", headers={"Authorization": "Bearer forged"})).status for _ in range(4)
    ]

    assert ([401, 401, 429, 429], 2) == (statuses, verifier.verify.await_count)


def test_without_limits_the_table_is_as_it_was() -> None:
    assert guarded(ROUTES, None) == ROUTES
