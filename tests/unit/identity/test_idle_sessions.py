"""Sessions that nobody refreshes, where they are to end sooner than others."""

from dataclasses import replace
from typing import Any

import jwt
import pytest
from identity_fakes import TOKENS, Instance, World, holder_of

from muster_identity.errors import RefreshRefused

IDLE_S = 7200
LIFE_S = 5 * IDLE_S


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def identity(world: World) -> Instance:
    instance = Instance.of(world, tokens=replace(TOKENS, idle_s=IDLE_S, session_life_s=LIFE_S))
    await instance.keys.start()
    return instance


def end_of(token: str) -> Any:
    return jwt.decode(token, options={"verify_signature": False})["exp"]


async def test_a_session_that_is_not_refreshed_ends_when_it_says(world: World, identity: Instance) -> None:
    tokens = (await identity.players.sign_in_guest(None, None)).tokens
    assert IDLE_S == tokens.refresh_expires_in_s
    world.clock.advance(IDLE_S)

    with pytest.raises(RefreshRefused):
        await identity.players.refresh(tokens.refresh_token)


async def test_each_refresh_puts_the_end_off_but_never_past_the_sessions_own(world: World, identity: Instance) -> None:
    tokens = (await identity.players.sign_in_guest(None, None)).tokens
    last = int(world.clock.epoch_s()) + LIFE_S

    ends = [end_of(tokens.refresh_token)]
    while ends[-1] < last:
        world.clock.advance(IDLE_S - 60)
        tokens = await identity.players.refresh(tokens.refresh_token)
        assert end_of(tokens.refresh_token) == int(world.clock.epoch_s()) + tokens.refresh_expires_in_s
        ends.append(end_of(tokens.refresh_token))

    assert sorted(set(ends)) == ends
    assert last == ends[-1]


async def test_a_lost_reply_is_given_again_with_the_same_end(world: World, identity: Instance) -> None:
    guest = (await identity.players.sign_in_guest(None, None)).tokens
    world.clock.advance(1000)
    first = await identity.players.refresh(guest.refresh_token)
    world.clock.advance(TOKENS.grace_s)

    assert first.refresh_token == (await identity.players.refresh(guest.refresh_token)).refresh_token


async def test_an_idle_session_is_not_listed(world: World, identity: Instance) -> None:
    old = await identity.players.sign_in_guest(None, None)
    world.clock.advance(IDLE_S)
    now = await identity.players.sign_in_guest(old.tokens.user_id, old.guest_secret)
    accounts = identity.handlers.accounts

    listed = await accounts.sessions(holder_of(now.tokens.access_token))

    assert [holder_of(now.tokens.access_token).session_id] == [session.session_id for session in listed]


async def test_without_the_setting_only_the_sessions_own_end_counts(world: World) -> None:
    instance = world.instance()
    await instance.keys.start()
    tokens = (await instance.players.sign_in_guest(None, None)).tokens
    world.clock.advance(IDLE_S * 10)

    assert (
        TOKENS.session_life_s - IDLE_S * 10
        == (await instance.players.refresh(tokens.refresh_token)).refresh_expires_in_s
    )
