"""Breaker and bulkhead, by a clock that stands still."""

from contextlib import suppress
from dataclasses import replace

import pytest

from muster_identity.errors import CredentialRefused, ProviderLied, ProviderUnavailable
from muster_identity.gateway.providers.guard import Breaker, Guard, Limits
from muster_runtime.testing import FakeClock

LIMITS = Limits(connect_s=1, total_s=3, attempts=2, pause_s=0, concurrency=2, body_bytes=1024, failures=3, open_s=10)


async def call(guard: Guard, error: BaseException | None = None) -> None:
    async with guard.passing():
        if error is not None:
            raise error


async def fail(guard: Guard, times: int = 1) -> None:
    for _ in range(times):
        with suppress(ProviderUnavailable):
            await call(guard, ProviderUnavailable())


async def test_failures_in_a_row_open_it_and_others_do_not(clock: FakeClock) -> None:
    guard = Guard("steam", LIMITS, clock)
    await fail(guard, 2)
    await call(guard)
    await fail(guard, 2)
    await call(guard)
    await fail(guard, 3)

    with pytest.raises(ProviderUnavailable) as refused:
        await call(guard)
    assert 10 == refused.value.retry_after_s


async def test_a_lie_is_a_failure_and_a_refusal_is_an_answer(clock: FakeClock) -> None:
    lying, refusing = Guard("steam", LIMITS, clock), Guard("steam", LIMITS, clock)
    for _ in range(3):
        with pytest.raises(ProviderLied):
            await call(lying, ProviderLied())
        with pytest.raises(CredentialRefused):
            await call(refusing, CredentialRefused())

    with pytest.raises(ProviderUnavailable):
        await call(lying)
    await call(refusing)


async def test_one_call_at_a_time_tries_a_provider_that_was_left_alone(clock: FakeClock) -> None:
    guard = Guard("steam", LIMITS, clock)
    await fail(guard, 3)
    clock.advance(10)

    async with guard.passing():
        with pytest.raises(ProviderUnavailable) as refused:
            await call(guard)
        assert 3 == refused.value.retry_after_s

    await call(guard)


async def test_a_failed_try_leaves_it_alone_again(clock: FakeClock) -> None:
    guard = Guard("steam", LIMITS, clock)
    await fail(guard, 3)
    clock.advance(10)
    await fail(guard)
    clock.advance(9)

    with pytest.raises(ProviderUnavailable) as refused:
        await call(guard)
    assert 1 == refused.value.retry_after_s


async def test_a_try_that_was_broken_off_makes_room_for_the_next(clock: FakeClock) -> None:
    guard = Guard("steam", LIMITS, clock)
    await fail(guard, 3)
    clock.advance(10)
    with pytest.raises(KeyboardInterrupt):
        await call(guard, KeyboardInterrupt())

    await call(guard)


async def test_there_are_so_many_places_and_each_is_given_back(clock: FakeClock) -> None:
    guard = Guard("steam", LIMITS, clock)
    async with guard.passing(), guard.passing():
        with pytest.raises(ProviderUnavailable):
            await call(guard)

    await call(guard)


async def test_whoever_watches_is_told(clock: FakeClock) -> None:
    told: list[bool] = []
    guard = Guard("steam", replace(LIMITS, failures=1), clock, on_change=told.append)

    await fail(guard)
    clock.advance(10)
    await call(guard)

    assert [True, False] == told


def test_a_closed_breaker_lets_everybody_through(clock: FakeClock) -> None:
    breaker = Breaker(LIMITS, clock)
    breaker.begin()
    breaker.abandoned()

    assert (0.0, False) == (breaker.wait_s(), breaker.is_open)
