"""Tokens that are taken back before their time, from the decision to the verifier of another service."""

import json
from typing import Any

import pytest
from identity_fakes import ISSUER, Instance, World, holder_of

from muster_identity.domain.changes import Change, Fact, Told
from muster_identity.domain.discovery import JWKS_PATH
from muster_identity.domain.sessions import Session
from muster_identity.domain.users import UserId
from muster_identity.handlers import revoked
from muster_runtime.auth.jwks import Jwks
from muster_runtime.auth.revocation_feed import RevocationFeed
from muster_runtime.auth.tokens import TokenRevoked
from muster_runtime.auth.verifier import TokenVerifier

BAN: dict[str, Any] = {"reason": "aimbot", "until_s": None, "operator": "tool"}


class Elsewhere:
    """The verifier of another service, which has fetched the keys and reads the list."""

    def __init__(self, world: World, instance: Instance) -> None:
        published = instance.keys.documents()[JWKS_PATH]

        async def keys() -> bytes:
            return published

        self.verifier = TokenVerifier(
            Jwks(keys, clock=world.clock), issuer=ISSUER, audience="gamebackend", clock=world.clock
        )
        self.feed = RevocationFeed(instance.handlers.revoked.document, self.verifier.revocations, every_s=2)

    async def takes(self, token: str) -> bool:
        assert await self.feed.read()
        try:
            await self.verifier.verify(token)
        except TokenRevoked:
            return False
        return True


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def instance(world: World) -> Instance:
    made = world.instance()
    await made.keys.start()
    return made


async def test_a_token_given_out_while_the_ban_was_written_is_taken_back(
    world: World, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest, commit, given = await instance.players.sign_in_guest(None, None), world.accounts.commit, []

    async def slow(change: Change) -> None:
        if change.facts[0].told is Told.BANNED:
            # The write takes its time, and in that time the player comes in once more.
            world.clock.advance(1)
            given.append(await instance.players.sign_in_guest(guest.tokens.user_id, guest.guest_secret))
        await commit(change)

    monkeypatch.setattr(world.accounts, "commit", slow)
    await instance.handlers.operators.ban(guest.tokens.user_id, **BAN)

    assert not await Elsewhere(world, instance).takes(given[0].tokens.access_token)


async def test_a_refresh_decided_on_before_a_ban_and_stored_after_it_is_taken_back(
    world: World, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest, advance = await instance.players.sign_in_guest(None, None), world.accounts.advance

    async def after_the_ban(session: Session, *, expected_hash: str) -> None:
        await instance.handlers.operators.ban(guest.tokens.user_id, **BAN)
        await advance(session, expected_hash=expected_hash)

    monkeypatch.setattr(world.accounts, "advance", after_the_ban)
    world.clock.advance(5)
    refreshed = await instance.players.refresh(guest.tokens.refresh_token)

    assert not await Elsewhere(world, instance).takes(refreshed.access_token)


async def test_who_signs_in_in_the_very_second_of_signing_out_everywhere_is_in(
    world: World, instance: Instance
) -> None:
    guest = await instance.players.sign_in_guest(None, None)
    await instance.handlers.accounts.end_all_sessions(holder_of(guest.tokens.access_token))
    back = await instance.players.sign_in_guest(guest.tokens.user_id, guest.guest_secret)

    elsewhere = Elsewhere(world, instance)

    assert not await elsewhere.takes(guest.tokens.access_token)
    assert await elsewhere.takes(back.tokens.access_token)


async def test_a_token_of_an_earlier_epoch_that_a_change_left_alone_goes_with_the_next_ban(
    world: World, instance: Instance
) -> None:
    guest = await instance.players.sign_in_guest(None, None)
    await instance.handlers.accounts.change_guest_secret(holder_of(guest.tokens.access_token))
    elsewhere = Elsewhere(world, instance)
    assert await elsewhere.takes(guest.tokens.access_token)
    world.clock.advance(2)

    await instance.handlers.operators.ban(guest.tokens.user_id, **BAN)
    world.clock.advance(2)

    assert not await elsewhere.takes(guest.tokens.access_token)


async def test_a_stolen_key_is_void_where_it_is_cached_as_soon_as_the_list_is_read(
    world: World, instance: Instance
) -> None:
    guest, elsewhere = await instance.players.sign_in_guest(None, None), Elsewhere(world, instance)
    assert await elsewhere.takes(guest.tokens.access_token)
    stolen = world.vault.stored.keyring.keys[0].key_id

    await instance.keys.revoke(stolen)
    world.clock.advance(1)

    assert not await elsewhere.takes(guest.tokens.access_token)


async def test_a_key_that_the_ring_does_not_have_is_told(world: World, instance: Instance) -> None:
    (kept,) = world.vault.stored.keyring.keys

    assert not await instance.keys.revoke("a-key-misspelt")

    assert world.vault.stored.keyring.keys == (kept,)


async def test_sign_outs_without_number_do_not_crowd_out_a_ban(
    world: World, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revoked, "MAX_ENTRIES", 10)
    guest, now_s = await instance.players.sign_in_guest(None, None), int(world.clock.epoch_s())
    await instance.handlers.operators.ban(guest.tokens.user_id, **BAN)
    world.accounts.facts += [
        Fact(Told.REVOKED, UserId("somebody"), now_s + 5, sequence=1, session_id=f"session-{number}")
        for number in range(50)
    ]

    listed = json.loads(await instance.handlers.revoked.document())["revoked"]

    assert len(listed) == 10
    assert not await Elsewhere(world, instance).takes(guest.tokens.access_token)
