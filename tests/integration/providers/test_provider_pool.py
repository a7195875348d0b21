"""A Cognito user pool: what comes before the first sign-in, the sign-in, and a pool that is down or lying."""

from collections.abc import AsyncIterator
from typing import NoReturn

import pytest
from provider_world import HASTY, DoorSettings, ProviderWorld, provider_world

from muster_identity.errors import CredentialRefused, ProviderLied, ProviderUnavailable
from muster_identity.gateway import providers as gateway
from muster_identity.testing.cognito import Refusal, subject
from muster_identity.testing.faults import Fault, Mood
from muster_runtime.scope import Scope
from muster_runtime.testing import FakeClock

PASSWORD = "Correct-horse-1"
OTHER = "Battery-staple-2"


@pytest.fixture
async def world(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ProviderWorld]:
    async with provider_world(clock, monkeypatch) as running:
        yield running


async def join(world: ProviderWorld) -> None:
    assert world.pool is not None
    await world.pool.sign_up(username="ann", password=PASSWORD, email="ann@example.com")
    await world.pool.confirm(username="ann", code=world.pretend.pool.mailbox["ann"])


async def test_a_player_joins_signs_in_forgets_the_password_and_leaves(world: ProviderWorld) -> None:
    pool = world.pool
    assert pool is not None
    await pool.sign_up(username="ann", password=PASSWORD, email="ann@example.com")
    with pytest.raises(CredentialRefused):
        await world.sign_in("cognito", username="ann", password=PASSWORD)
    with pytest.raises(CredentialRefused):
        await pool.confirm(username="ann", code="000000x")
    await pool.confirm(username="ann", code=world.pretend.pool.mailbox["ann"])

    identity = await world.sign_in("cognito", username="ann", password=PASSWORD)
    assert ("cognito", subject("ann"), "ann") == (identity.door, identity.subject, identity.display_name)

    await pool.forgot_password(username="ann")
    code = world.pretend.pool.mailbox["ann"]
    await pool.reset_password(username="ann", code=code, password=OTHER)
    with pytest.raises(CredentialRefused):
        await pool.reset_password(username="ann", code=code, password=PASSWORD)
    with pytest.raises(CredentialRefused):
        await world.sign_in("cognito", username="ann", password=PASSWORD)
    assert identity == await world.sign_in("cognito", username="ann", password=OTHER)

    (access,) = world.pretend.pool.open_sessions("ann")[-1:]
    await pool.sign_out(access_token=access)
    with pytest.raises(CredentialRefused):
        await pool.sign_out(access_token=access)


async def test_the_pool_refuses_taken_names_weak_passwords_and_strangers(world: ProviderWorld) -> None:
    pool = world.pool
    assert pool is not None
    await join(world)

    with pytest.raises(CredentialRefused):
        await pool.sign_up(username="ann", password=PASSWORD, email="other@example.com")
    with pytest.raises(CredentialRefused):
        await pool.sign_up(username="bob", password="weak", email="bob@example.com")
    with pytest.raises(CredentialRefused):
        await pool.sign_up(username="", password=PASSWORD, email="bob@example.com")
    for username in ("nobody", "a\ud800"):
        with pytest.raises(CredentialRefused):
            await pool.forgot_password(username=username)
    with pytest.raises(CredentialRefused):
        await pool.sign_out(access_token="made-up")
    for username, password in (("nobody", PASSWORD), ("ann", OTHER), ("ann", "")):
        with pytest.raises(CredentialRefused):
            await world.sign_in("cognito", username=username, password=password)


async def test_a_second_factor_is_no_way_in_here(world: ProviderWorld) -> None:
    await join(world)
    world.pretend.pool.members["ann"].challenge = "SMS_MFA"

    with pytest.raises(CredentialRefused):
        await world.sign_in("cognito", username="ann", password=PASSWORD)


async def test_a_token_of_the_pool_for_another_client_or_use_is_refused(world: ProviderWorld) -> None:
    await join(world)
    wrong: tuple[dict[str, object], ...] = (
        {"aud": "another client"},
        {"token_use": "access"},
        {"iss": "https://evil.example/pool"},
        {"exp": 1},
    )
    for claims in wrong:
        world.pretend.pool.oddities = claims
        with pytest.raises(CredentialRefused):
            await world.sign_in("cognito", username="ann", password=PASSWORD)

    world.pretend.pool.oddities = {}
    assert "cognito" == (await world.sign_in("cognito", username="ann", password=PASSWORD)).door


async def test_new_keys_of_the_pool_are_found(world: ProviderWorld) -> None:
    await join(world)
    first = await world.sign_in("cognito", username="ann", password=PASSWORD)

    world.pretend.pool.mint.rotate(keep=False)

    assert first == await world.sign_in("cognito", username="ann", password=PASSWORD)


async def test_a_pool_that_is_down_or_lying_is_told_apart(world: ProviderWorld) -> None:
    await join(world)
    outcomes = {}
    for fault in (Fault.DOWN, Fault.BUSY, Fault.BREAKS_OFF, Fault.REDIRECT, Fault.MALFORMED, Fault.ERROR_WITH_200):
        world.pretend.switchboard.set("cognito", Mood(fault))
        with pytest.raises((ProviderUnavailable, ProviderLied)) as caught:
            await world.sign_in("cognito", username="ann", password=PASSWORD)
        outcomes[fault] = type(caught.value)
        world.clock.advance(60)

    assert {
        Fault.DOWN: ProviderUnavailable,
        Fault.BUSY: ProviderUnavailable,
        Fault.BREAKS_OFF: ProviderUnavailable,
        Fault.REDIRECT: ProviderLied,
        Fault.MALFORMED: ProviderLied,
        Fault.ERROR_WITH_200: ProviderLied,
    } == outcomes


def undeliverable(_asked: object) -> NoReturn:
    raise Refusal("CodeDeliveryFailureException")


async def test_an_address_that_takes_no_mail_shuts_the_door_for_nobody_else(
    world: ProviderWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.pool is not None
    await join(world)

    with monkeypatch.context() as patch:
        patch.setattr(world.pretend.pool, "_sign_up", undeliverable)
        for number in range(10):
            with pytest.raises(CredentialRefused):
                await world.pool.sign_up(username=f"nobody-{number}", password=PASSWORD, email="nobody@nowhere.example")

    assert (await world.sign_in("cognito", username="ann", password=PASSWORD)).subject == subject("ann")


async def test_a_pool_that_hangs_is_given_up(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    async with provider_world(clock, monkeypatch, **HASTY) as world:
        world.pretend.switchboard.set("cognito", Mood(Fault.HANG))
        assert world.pool is not None

        with pytest.raises(ProviderUnavailable):
            await world.pool.forgot_password(username="ann")


async def test_a_client_that_the_pool_does_not_know_is_no_fault_of_the_player(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with provider_world(clock, monkeypatch, cognito_client_id="another") as world:
        with pytest.raises(ProviderUnavailable):
            await world.sign_in("cognito", username="ann", password=PASSWORD)


async def test_without_a_pool_there_is_none(clock: FakeClock) -> None:
    async with provider_world(clock, cognito_pool_id="", cognito_client_id="") as world:
        assert world.pool is None
        assert "cognito" not in world.doors


async def test_without_settings_there_is_no_door(clock: FakeClock) -> None:
    async with Scope("identity", DoorSettings(), clock=clock) as scope:
        assert {} == gateway.build(DoorSettings(), scope)
