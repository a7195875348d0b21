import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from runtime_edge import settings

from muster_runtime import scope as under_test
from muster_runtime.auth.verifier import TokenInvalid
from muster_runtime.clock import SystemClock
from muster_runtime.scope import Scope
from muster_runtime.settings import AuthSettings, ServiceSettings, settings_config
from muster_runtime.testing.clock import FakeClock
from muster_runtime.testing.tokens import TokenMint


@pytest.fixture
def story(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was opened and closed, in order; stands in for AWS clients, which would load botocore's models."""
    happened: list[str] = []

    @asynccontextmanager
    async def client_context(service: str, _settings: object) -> AsyncIterator[object]:
        happened.append(f"open {service}")
        await asyncio.sleep(0)
        try:
            yield object()
        finally:
            happened.append(f"close {service}")

    monkeypatch.setattr(under_test, "client_context", client_context)
    return happened


async def test_there_is_one_client_a_service(story: list[str]) -> None:
    async with Scope("demo", settings()) as scope, asyncio.TaskGroup() as group:
        asked = [group.create_task(scope.aws("sqs")) for _ in range(5)]

    assert 1 == len({id(task.result()) for task in asked})
    assert ["open sqs", "close sqs"] == story


async def test_clients_close_in_the_opposite_order(story: list[str]) -> None:
    async with Scope("demo", settings()) as scope:
        await scope.aws("dynamodb")
        await scope.aws("sqs")

    assert ["open dynamodb", "open sqs", "close sqs", "close dynamodb"] == story


async def test_clients_close_when_the_service_fails(story: list[str]) -> None:
    async def fail() -> None:
        async with Scope("demo", settings()) as scope:
            await scope.aws("sqs")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await fail()

    assert "close sqs" == story[-1]


async def test_the_http_session_is_shared_bounded_in_time_and_closed() -> None:
    async with Scope("demo", settings()) as scope:
        session = await scope.http()
        assert session is await scope.http()
        assert session.timeout.total is not None
        assert session.timeout.connect is not None
        assert not session.closed

    assert session.closed


async def test_time_and_metrics_are_the_services_own(clock: FakeClock) -> None:
    async with Scope("one", settings(), clock=clock) as one, Scope("two", settings()) as two:
        assert clock is one.clock
        assert isinstance(two.clock, SystemClock)
        assert one.metrics.registry is not two.metrics.registry


async def test_a_verifier_takes_the_issuers_own_keys_and_its_clock(clock: FakeClock, token_mint: TokenMint) -> None:
    async def fetch() -> bytes:
        return json.dumps(token_mint.jwks()).encode()

    async with Scope("demo", settings(), clock=clock) as scope:
        verifier = scope.use_verifier(
            issuer_url=token_mint.issuer + "/", jwks_url="https://never.test", audience=token_mint.audience, fetch=fetch
        )

        assert verifier is scope.verifier
        assert "player-1" == (await verifier.verify(token_mint.token())).subject
        assert 1 == scope.metrics.registry.get_sample_value("muster_jwks_fetches_total", {"outcome": "ok"})


class Guarded(AuthSettings, ServiceSettings):
    model_config = settings_config("DEMO_")


async def test_the_limits_of_tokens_and_keys_are_those_of_the_settings(clock: FakeClock, token_mint: TokenMint) -> None:
    fetches: list[str] = []

    async def fetch() -> bytes:
        fetches.append("fetch")
        return json.dumps(token_mint.jwks()).encode()

    chosen = Guarded(
        issuer_url=token_mint.issuer, jwks_url="https://never.test", jwks_max_age_s=10, token_max_life_s=100
    )
    async with Scope("demo", chosen, clock=clock) as scope:
        verifier = scope.use_verifier(
            issuer_url=chosen.issuer_url, jwks_url=chosen.jwks_url, audience=token_mint.audience, fetch=fetch
        )
        await verifier.verify(token_mint.token(life_s=100))
        clock.advance(10)
        await verifier.verify(token_mint.token(life_s=100))
        with pytest.raises(TokenInvalid):
            await verifier.verify(token_mint.token(life_s=101))

    assert 2 == len(fetches)
