import asyncio
from dataclasses import replace

import jwt
import pytest
from identity_fakes import ISSUER, TOKENS, Instance, World

from muster_identity.domain.fingerprints import fingerprint
from muster_identity.domain.tokens import GuestSignedIn
from muster_identity.errors import (
    GuestRefused,
    GuestSecretMissing,
    NoSigningKey,
    RefreshRefused,
    SessionChanged,
    SessionContended,
    UserNotCreated,
)
from muster_identity.handlers.players import SESSION_TRIES
from muster_runtime.testing import SequentialIds


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def identity(world: World) -> Instance:
    instance = world.instance()
    await instance.keys.start()
    return instance


def payload(token: str) -> dict[str, object]:
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def a_guest(identity: Instance) -> GuestSignedIn:
    return await identity.players.sign_in_guest(None, None)


async def test_a_new_guest_gets_an_account_a_session_and_an_announcement(world: World, identity: Instance) -> None:
    guest = await a_guest(identity)

    assert guest.is_new
    assert list(world.accounts.users) == [guest.tokens.user_id]
    assert [session.user_id for session in world.accounts.sessions.values()] == [guest.tokens.user_id]
    assert world.accounts.told == [("user.created", guest.tokens.user_id)]


async def test_a_guests_secret_is_stored_as_a_fingerprint_only(world: World, identity: Instance) -> None:
    guest = await a_guest(identity)

    user = world.accounts.users[guest.tokens.user_id]
    assert user.guest_secret_hash == fingerprint(guest.guest_secret)
    assert len(guest.guest_secret) == 73
    assert guest.guest_secret not in repr((user, guest))


async def test_a_guest_comes_back_with_the_secret(world: World, identity: Instance) -> None:
    guest = await a_guest(identity)

    again = await identity.players.sign_in_guest(guest.tokens.user_id, guest.guest_secret)

    assert not again.is_new
    assert again.tokens.user_id == guest.tokens.user_id
    assert again.guest_secret == guest.guest_secret
    assert len(world.accounts.sessions) == 2
    assert len(world.accounts.users) == 1


@pytest.mark.parametrize("secret", ["", "wrong", "\ud800", "x" * 4096])
async def test_a_wrong_secret_is_refused(identity: Instance, secret: str) -> None:
    guest = await a_guest(identity)

    with pytest.raises(GuestRefused):
        await identity.players.sign_in_guest(guest.tokens.user_id, secret)


@pytest.mark.parametrize("user_id", ["", "nobody", "x" * 4096, "a\x00b", "\ud800"])
async def test_an_unknown_user_is_refused_as_a_wrong_secret_is(identity: Instance, user_id: str) -> None:
    with pytest.raises(GuestRefused):
        await identity.players.sign_in_guest(user_id, "secret")


async def test_an_account_without_a_guest_door_is_refused(world: World, identity: Instance) -> None:
    guest = await a_guest(identity)
    user = world.accounts.users[guest.tokens.user_id]
    world.accounts.users[user.user_id] = replace(user, guest_secret_hash="")

    with pytest.raises(GuestRefused):
        await identity.players.sign_in_guest(user.user_id, "")


async def test_a_user_id_alone_asks_for_its_secret(identity: Instance) -> None:
    with pytest.raises(GuestSecretMissing, match="No guest_secret in query string"):
        await identity.players.sign_in_guest("somebody", None)


async def test_a_secret_alone_makes_a_new_guest(world: World, identity: Instance) -> None:
    guest = await identity.players.sign_in_guest(None, "a secret of nobody")

    assert guest.is_new
    assert guest.guest_secret != "a secret of nobody"


class StuckIds(SequentialIds):
    """Always draws the same id."""

    def uuid(self) -> str:
        return "00000000-0000-4000-8000-00000000dead"


async def test_ten_taken_ids_are_enough(world: World, identity: Instance) -> None:
    unlucky = Instance.of(world, ids=StuckIds())
    await unlucky.keys.start()
    await a_guest(unlucky)

    with pytest.raises(UserNotCreated, match="Could not create user"):
        await a_guest(unlucky)

    assert len(world.accounts.users) == 1


async def test_without_a_signing_key_nobody_is_stored(world: World) -> None:
    with pytest.raises(NoSigningKey):
        await a_guest(world.instance())

    assert not world.accounts.users


async def test_the_access_token_says_what_the_published_design_says_and_a_little_more(
    world: World, identity: Instance
) -> None:
    guest = await a_guest(identity)

    claims, now_s = payload(guest.tokens.access_token), int(world.clock.epoch_s())
    key = world.vault.stored.keyring.active
    assert key is not None
    (session,) = world.accounts.sessions.values()
    assert claims == {
        "sub": guest.tokens.user_id,
        "iss": ISSUER,
        "aud": "gamebackend",
        "scope": "guest",
        "kid": key.key_id,
        "iat": now_s,
        "nbf": now_s,
        "exp": now_s + 900,
        "jti": claims["jti"],
        "sid": session.session_id,
        "auth_time": now_s,
        "ver": 0,
    }
    assert jwt.get_unverified_header(guest.tokens.access_token) == {
        "alg": "RS256", "kid": key.key_id, "typ": "at+jwt",
    }  # fmt: skip
    assert guest.tokens.expires_in_s == 900


async def test_the_refresh_token_lives_as_long_as_the_session(world: World, identity: Instance) -> None:
    guest = await a_guest(identity)

    claims, now_s = payload(guest.tokens.refresh_token), int(world.clock.epoch_s())
    assert claims["aud"] == claims["scope"] == "refresh"
    assert claims["access_token_scope"] == "guest"
    assert claims["exp"] == now_s + 518_400
    assert guest.tokens.refresh_expires_in_s == 518_400
    assert claims["jti"] != payload(guest.tokens.access_token)["jti"]


async def test_a_refresh_gives_a_full_access_token_and_keeps_the_sessions_end(world: World, identity: Instance) -> None:
    guest = await a_guest(identity)
    world.clock.advance(1000)

    tokens = await identity.players.refresh(guest.tokens.refresh_token)

    assert tokens.expires_in_s == 900
    assert tokens.refresh_expires_in_s == 518_400 - 1000
    assert payload(tokens.refresh_token)["exp"] == payload(guest.tokens.refresh_token)["exp"]
    assert payload(tokens.refresh_token)["jti"] != payload(guest.tokens.refresh_token)["jti"]
    assert payload(tokens.access_token)["auth_time"] == payload(guest.tokens.access_token)["auth_time"]


async def test_a_lost_reply_is_given_again_to_the_letter(world: World, identity: Instance) -> None:
    guest = await a_guest(identity)
    world.clock.advance(1000)
    first = await identity.players.refresh(guest.tokens.refresh_token)
    world.clock.advance(TOKENS.grace_s)

    again = await identity.players.refresh(guest.tokens.refresh_token)

    assert again.refresh_token == first.refresh_token
    assert again.access_token == first.access_token
    assert again.expires_in_s == 900 - TOKENS.grace_s
    assert [session.generation for session in world.accounts.sessions.values()] == [2]


async def test_the_same_answer_comes_from_another_instance_and_after_a_rotation(world: World) -> None:
    one, other = world.instance(), world.instance()
    await one.keys.start()
    guest = await a_guest(one)
    first = await one.players.refresh(guest.tokens.refresh_token)
    ring = world.vault.stored.keyring
    retired = tuple(replace(key, signs_from_s=key.signs_from_s - 1) for key in ring.keys)
    world.vault.stored = replace(world.vault.stored, keyring=replace(ring, keys=retired))
    await other.keys.start()

    again = await other.players.refresh(guest.tokens.refresh_token)

    assert again == first


async def test_a_used_token_shown_after_the_grace_ends_the_session_for_everybody(
    world: World, identity: Instance
) -> None:
    guest = await a_guest(identity)
    current = await identity.players.refresh(guest.tokens.refresh_token)
    world.clock.advance(TOKENS.grace_s + 1)

    with pytest.raises(RefreshRefused):
        await identity.players.refresh(guest.tokens.refresh_token)

    with pytest.raises(RefreshRefused):
        await identity.players.refresh(current.refresh_token)
    assert [session.revoked_reason for session in world.accounts.sessions.values()] == ["reuse"]


async def test_another_session_of_the_same_guest_outlives_the_theft_of_one(world: World, identity: Instance) -> None:
    guest = await a_guest(identity)
    phone = await identity.players.sign_in_guest(guest.tokens.user_id, guest.guest_secret)
    await identity.players.refresh(guest.tokens.refresh_token)
    world.clock.advance(TOKENS.grace_s + 1)
    with pytest.raises(RefreshRefused):
        await identity.players.refresh(guest.tokens.refresh_token)

    assert (await identity.players.refresh(phone.tokens.refresh_token)).user_id == guest.tokens.user_id


async def test_a_user_who_is_gone_is_not_refreshed(world: World, identity: Instance) -> None:
    guest = await a_guest(identity)
    del world.accounts.users[guest.tokens.user_id]

    with pytest.raises(RefreshRefused):
        await identity.players.refresh(guest.tokens.refresh_token)


async def test_a_session_that_is_gone_is_not_refreshed(world: World, identity: Instance) -> None:
    guest = await a_guest(identity)
    world.accounts.sessions.clear()

    with pytest.raises(RefreshRefused):
        await identity.players.refresh(guest.tokens.refresh_token)


async def test_a_session_of_somebody_else_is_not_refreshed(world: World, identity: Instance) -> None:
    guest = await a_guest(identity)
    (session,) = world.accounts.sessions.values()
    world.accounts.sessions[session.session_id] = replace(session, user_id=(await a_guest(identity)).tokens.user_id)

    with pytest.raises(RefreshRefused):
        await identity.players.refresh(guest.tokens.refresh_token)


async def test_a_hundred_parallel_refreshes_of_one_token_make_one_family_head(world: World, identity: Instance) -> None:
    """Every store call gives way to the others, so that all hundred decide on the same row first."""

    class Slow(type(world.accounts)):  # type: ignore[misc]
        async def find_session(self, session_id: object) -> object:
            found = await super().find_session(session_id)
            await asyncio.sleep(0)
            return found

    identity = replace(identity, players=replace(identity.players, accounts=Slow()))
    guest = await a_guest(identity)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(identity.players.refresh(guest.tokens.refresh_token)) for _ in range(100)]

    assert len({task.result() for task in tasks}) == 1
    accounts = identity.players.accounts
    assert isinstance(accounts, Slow)
    assert [session.generation for session in accounts.sessions.values()] == [2]


async def test_a_session_that_never_comes_to_rest_is_given_up(world: World, identity: Instance) -> None:
    guest = await a_guest(identity)
    tries = 0

    class Restless(type(world.accounts)):  # type: ignore[misc]
        async def advance(self, session: object, *, expected_hash: str) -> None:
            nonlocal tries
            tries += 1
            raise SessionChanged

    restless = Restless(world.accounts.users, world.accounts.sessions)
    identity = replace(identity, players=replace(identity.players, accounts=restless))

    with pytest.raises(SessionContended):
        await identity.players.refresh(guest.tokens.refresh_token)

    assert tries == SESSION_TRIES


async def test_a_session_signed_with_a_key_that_was_taken_away_is_unavailable(world: World, identity: Instance) -> None:
    guest = await a_guest(identity)
    first = await identity.players.refresh(guest.tokens.refresh_token)
    (session,) = world.accounts.sessions.values()
    world.accounts.sessions[session.session_id] = replace(session, key_id="a key that was taken away")

    with pytest.raises(NoSigningKey):
        await identity.players.refresh(guest.tokens.refresh_token)

    assert (await identity.players.refresh(first.refresh_token)).user_id == guest.tokens.user_id


async def test_tokens_and_secrets_are_not_shown_by_accident(identity: Instance) -> None:
    guest = await a_guest(identity)

    shown = repr(guest)
    assert guest.tokens.access_token not in shown
    assert guest.tokens.refresh_token not in shown
    assert guest.guest_secret not in shown
