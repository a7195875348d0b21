"""Over four hundred forged tokens at the HTTP edge: each a 401, by bounded work, with no call to anybody."""

import asyncio
import socket
from collections import Counter
from functools import cache

import pytest
from forged_tokens import AUDIENCE, ISSUER, Forge
from runtime_edge import EdgeUnderTest, code_of, echo

from muster_runtime.auth.jwks import Jwks
from muster_runtime.auth.principal import PLAYER_SCOPES
from muster_runtime.auth.tokens import TokenExpired, TokenInvalid, TokenMalformed, bearer
from muster_runtime.auth.verifier import TokenVerifier
from muster_runtime.errors import Unauthenticated
from muster_runtime.http.routes import Route
from muster_runtime.testing.clock import FakeClock

LEAST = 100
CODES = {kind.code for kind in (TokenMalformed, TokenInvalid, TokenExpired)}


@cache
def forge() -> Forge:
    return Forge(int(FakeClock().epoch_s()))


@cache
def forged() -> dict[str, str]:
    return forge().forged()


class Gate:
    """One protected route before a verifier whose fetches and signature checks are counted."""

    def __init__(self, algorithms: tuple[str, ...]) -> None:
        clock = FakeClock()
        self.fetches = 0
        self.checks = 0
        keys = Jwks(self.fetch, clock=clock, algorithms=algorithms)
        self.verifier = TokenVerifier(keys, issuer=ISSUER, audience=AUDIENCE, clock=clock, max_life_s=3600)
        check = self.verifier._check_signature

        def counted(*arguments: object) -> None:
            self.checks += 1
            check(*arguments)  # type: ignore[arg-type]

        self.verifier._check_signature = counted  # type: ignore[method-assign,assignment]
        route = Route("GET", "/who", echo, "Tell", scopes=PLAYER_SCOPES)
        self.edge = EdgeUnderTest(route, verifier=self.verifier, clock=clock)

    async def fetch(self) -> bytes:
        self.fetches += 1
        return forge().document


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Name every attempt to reach anybody."""
    attempts: list[str] = []

    def attempt(*arguments: object, **_more: object) -> None:
        attempts.append(str(arguments))
        raise OSError("there is no network here")

    # Patched because what must not happen can only be seen where it would.
    monkeypatch.setattr(socket.socket, "connect", attempt)
    monkeypatch.setattr(socket, "getaddrinfo", attempt)
    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", attempt)
    return attempts


ALL = ("RS256", "ES256", "EdDSA")


async def verdict(gate: Gate, value: str) -> str:
    """Return the code by which an Authorization header is refused; `accepted` when it is not."""
    try:
        await gate.verifier.verify(bearer([value]))
    except Unauthenticated as error:
        return error.code
    return "accepted"


@pytest.mark.parametrize("algorithms", [ALL, ("RS256",)], ids=["every algorithm", "RS256 alone"])
@pytest.mark.parametrize("how", ["", "Bearer "], ids=["bare", "bearer"])
async def test_every_forged_token_is_refused_by_little_work_and_nobody_is_called(
    algorithms: tuple[str, ...], how: str, no_network: list[str]
) -> None:
    gate = Gate(algorithms)
    odd = []

    for name, token in forged().items():
        before = gate.checks
        if (code := await verdict(gate, how + token)) not in CODES:
            odd.append((name, code))
        assert gate.checks - before <= 1, name

    assert [] == odd
    assert [] == no_network
    # The keys themselves, and one look for a key that nobody has, whoever many ask for one.
    assert gate.fetches <= 2
    assert 0 == len(gate.verifier._verified)


async def test_every_forged_token_is_a_401_at_the_http_edge() -> None:
    gate = Gate(ALL)

    for name, token in forged().items():
        # What no header can carry stays with the test above.
        if token.isprintable():
            response = await gate.edge.ask("GET", "/who", headers={"Authorization": token})
            assert 401 == response.status, name
            assert code_of(response) in CODES, name
            assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"', name


async def test_the_good_tokens_beside_them_are_let_in() -> None:
    gate = Gate(ALL)

    for name, token in forge().good().items():
        assert 200 == (await gate.edge.ask("GET", "/who", headers={"Authorization": token})).status, name


async def test_an_algorithm_that_is_not_configured_is_refused_with_a_good_signature() -> None:
    gate = Gate(("RS256",))

    for name in ("ES256", "EdDSA"):
        response = await gate.edge.ask("GET", "/who", headers={"Authorization": forge().good()[name]})
        assert (401, "token_invalid") == (response.status, code_of(response)), name


def test_every_family_is_there_and_no_token_twice() -> None:
    families = Counter(name.split(":")[0] for name in forged())

    assert 15 == len(families)
    assert min(families.values()) >= 8
    assert sum(families.values()) >= LEAST
    assert len(set(forged().values())) >= len(forged()) - 10


async def test_refused_tokens_are_not_remembered() -> None:
    gate = Gate(ALL)
    token = forge().with_claims(aud="refresh")

    assert {"token_invalid"} == {await verdict(gate, token) for _ in range(50)}

    assert 0 == len(gate.verifier._verified)
    assert 1 == gate.fetches


async def test_tokens_that_name_hundreds_of_unknown_keys_cause_one_look_for_them() -> None:
    gate = Gate(ALL)

    for number in range(300):
        token = forge().made(forge().header(kid=f"made-up-{number}"), {}, lambda _: b"x")
        assert "token_invalid" == await verdict(gate, token)

    assert 2 == gate.fetches
