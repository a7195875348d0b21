"""Races for one account or one identity, at two instances, on the fakes and on DynamoDB alike."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from identity_fakes import TOKENS, Instance, World, holder_of
from identity_world import sessions_table, users_table
from patience import let_dynamodb_take_its_time

from muster_identity.domain.changes import Change, Offer
from muster_identity.domain.sessions import Origin, Session
from muster_identity.domain.users import UserId
from muster_identity.errors import Banned
from muster_identity.store import DynamoAccounts, Tables
from muster_runtime.errors import MusterError
from muster_runtime.messaging.outbox import Outbox
from muster_runtime.metrics import Metrics
from muster_runtime.testing import RecordingPublisher, Sandbox

MANY = 100
BAN: dict[str, Any] = {"reason": "aimbot", "until_s": None, "operator": "tool"}


async def together(attempts: list[Any]) -> list[Any]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(attempt) for attempt in attempts]
    return [task.result() for task in tasks]


@contextmanager
def held(world: World, holds: Callable[[Change], bool]) -> Iterator[tuple[asyncio.Event, asyncio.Event]]:
    """Hold back the first commit that *holds* of; give what is set once it waits, and what lets it go."""
    commit, reached, go = world.accounts.commit, asyncio.Event(), asyncio.Event()

    async def slow(change: Change) -> None:
        if holds(change) and not reached.is_set():
            reached.set()
            await go.wait()
        await commit(change)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.accounts, "commit", slow)
        yield reached, go


async def outcome(attempt: Coroutine[Any, Any, Any]) -> Any:
    """Return what *attempt* gives, or the error of ours that it ends with."""
    try:
        return await attempt
    except MusterError as error:
        return error


def bans_somebody(change: Change) -> bool:
    return bool(change.bans)


def lets_somebody_in(change: Change) -> bool:
    return bool(change.entrants)


class Races(ABC):
    """Subclass it with a fixture `world`."""

    @pytest.fixture
    @abstractmethod
    def world(self) -> Any: ...

    @pytest.fixture
    async def instances(self, world: World) -> tuple[Instance, Instance]:
        one, other = world.instance(), world.instance()
        await one.keys.start()
        await other.keys.start()
        return one, other

    async def test_who_is_banned_while_coming_in_for_the_first_time_does_not_come_in(
        self, world: World, instances: tuple[Instance, Instance]
    ) -> None:
        doors, operators = instances[0].handlers.doors, instances[1].handlers.operators

        with held(world, lets_somebody_in) as (reached, go):
            async with asyncio.TaskGroup() as group:
                coming = group.create_task(outcome(doors.sign_in("steam", {"ticket": "7656"}, origin=Origin())))
                await reached.wait()
                assert await operators.ban_identity("steam", "7656", **BAN) is None
                go.set()

        assert isinstance(coming.result(), Banned)
        assert await world.accounts.find_owner("steam", "7656") is None

    async def test_who_comes_in_while_being_banned_is_banned_with_the_account(
        self, world: World, instances: tuple[Instance, Instance]
    ) -> None:
        doors, operators = instances[0].handlers.doors, instances[1].handlers.operators

        with held(world, bans_somebody) as (reached, go):
            async with asyncio.TaskGroup() as group:
                banning = group.create_task(operators.ban_identity("steam", "7656", **BAN))
                await reached.wait()
                signed_in = await doors.sign_in("steam", {"ticket": "7656"}, origin=Origin())
                go.set()

        banned = banning.result()
        assert banned is not None
        assert banned.user_id == signed_in.tokens.user_id
        with pytest.raises(Banned):
            await instances[0].players.refresh(signed_in.tokens.refresh_token)

    async def test_who_is_banned_while_being_linked_is_not_linked(
        self, world: World, instances: tuple[Instance, Instance]
    ) -> None:
        doors, operators = instances[0].handlers.doors, instances[1].handlers.operators
        guest = await instances[0].players.sign_in_guest(None, None)

        with held(world, lets_somebody_in) as (reached, go):
            async with asyncio.TaskGroup() as group:
                holder = holder_of(guest.tokens.access_token)
                linking = group.create_task(outcome(doors.link(holder, "steam", {"ticket": "7656"})))
                await reached.wait()
                await operators.ban_identity("steam", "7656", **BAN)
                go.set()

        assert isinstance(linking.result(), Banned)
        assert await world.accounts.find_owner("steam", "7656") is None

    async def test_who_comes_back_as_the_grace_ends_keeps_the_session(
        self, world: World, instances: tuple[Instance, Instance]
    ) -> None:
        (one, other), sessions_of = instances, world.accounts.sessions_of
        guest = await one.players.sign_in_guest(None, None)
        due_s = await one.handlers.accounts.leave(holder_of(guest.tokens.access_token))
        world.clock.advance(due_s - int(world.clock.epoch_s()) - 1)
        await one.keys.reload()
        await other.keys.reload()

        with (
            held(world, lambda change: change.opened is not None) as (reached, go),
            pytest.MonkeyPatch.context() as patch,
        ):
            async with asyncio.TaskGroup() as group:
                signing_in = one.players.sign_in_guest(guest.tokens.user_id, guest.guest_secret)
                coming = group.create_task(signing_in)
                await reached.wait()
                world.clock.advance(2)

                async def once_it_is_stored(user_id: UserId) -> Any:
                    go.set()
                    await coming
                    return await sessions_of(user_id)

                patch.setattr(world.accounts, "sessions_of", once_it_is_stored)
                await other.handlers.accounts.finish_deletions()

        back = coming.result()
        assert (await one.players.refresh(back.tokens.refresh_token)).user_id == guest.tokens.user_id

    async def test_a_session_that_stays_is_not_lost_by_a_refresh_at_the_same_moment(
        self, world: World, instances: tuple[Instance, Instance]
    ) -> None:
        one, other = instances
        guest = await one.players.sign_in_guest(None, None)
        holder, advance = holder_of(guest.tokens.access_token), world.accounts.advance

        async def after_the_secret(session: Session, *, expected_hash: str) -> None:
            patch.undo()
            await other.handlers.accounts.change_guest_secret(holder)
            await advance(session, expected_hash=expected_hash)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(world.accounts, "advance", after_the_secret)
            refreshed = await one.players.refresh(guest.tokens.refresh_token)

        assert (await other.players.refresh(refreshed.refresh_token)).user_id == guest.tokens.user_id

    async def test_many_changes_of_one_account_at_once_all_come_through(
        self, world: World, instances: tuple[Instance, Instance]
    ) -> None:
        guest = await instances[0].players.sign_in_guest(None, None)
        holder = holder_of(guest.tokens.access_token)

        await together(
            [instances[number % 2].handlers.accounts.rename(holder, f"name {number}") for number in range(12)]
        )

        user = await world.accounts.find_user(UserId(guest.tokens.user_id))
        assert user is not None
        assert user.version == 1 + 12

    async def test_a_ban_that_is_over_keeps_nobody_out(
        self, world: World, instances: tuple[Instance, Instance]
    ) -> None:
        now_s, one = int(world.clock.epoch_s()), instances[0].handlers
        await one.operators.ban_identity("steam", "7656", reason="rude", until_s=now_s + 60, operator="tool")
        with pytest.raises(Banned):
            await one.doors.sign_in("steam", {"ticket": "7656"}, origin=Origin())

        world.clock.advance(60)

        assert (await one.doors.sign_in("steam", {"ticket": "7656"}, origin=Origin())).is_new

    async def test_a_hundred_parallel_first_sign_ins_with_one_steam_id_make_one_account(
        self, world: World, instances: tuple[Instance, Instance]
    ) -> None:
        signing_in = [
            instances[number % 2].handlers.doors.sign_in("steam", {"ticket": "7656"}, origin=Origin())
            for number in range(MANY)
        ]

        signed_in = await together(signing_in)

        (user_id,) = {each.tokens.user_id for each in signed_in}
        assert await world.accounts.find_owner("steam", "7656") == user_id
        assert [each.is_new for each in signed_in].count(True) == 1
        sessions = await world.accounts.sessions_of(UserId(user_id))
        assert len(sessions) == MANY
        refreshed = await instances[0].players.refresh(signed_in[-1].tokens.refresh_token)
        assert (refreshed.user_id, refreshed.scope) == (user_id, "authenticated")

    async def test_a_hundred_parallel_refreshes_of_one_token_make_one_family_head(
        self, world: World, instances: tuple[Instance, Instance]
    ) -> None:
        guest = await instances[0].players.sign_in_guest(None, None)

        pairs = await together(
            [instances[number % 2].players.refresh(guest.tokens.refresh_token) for number in range(MANY)]
        )

        assert len({pair.refresh_token for pair in pairs}) == 1
        (session,) = await world.accounts.sessions_of(guest.tokens.user_id)
        stored = await world.accounts.find_session(session.session_id)
        assert stored is not None
        assert (stored.generation, stored.revoked_at_s) == (2, None)

    async def test_of_two_users_who_link_one_identity_one_wins_and_one_meets_the_conflict(
        self, world: World, instances: tuple[Instance, Instance]
    ) -> None:
        guests = [await each.players.sign_in_guest(None, None) for each in instances]

        outcomes = await together(
            [
                each.handlers.doors.link(holder_of(guest.tokens.access_token), "steam", {"ticket": "7656"})
                for each, guest in zip(instances, guests, strict=True)
            ]
        )

        (offer,) = [each for each in outcomes if isinstance(each, Offer)]
        (winner,) = [each for each in outcomes if not isinstance(each, Offer)]
        assert await world.accounts.find_owner("steam", "7656") == winner.user_id == offer.owner.user_id
        assert {winner.user_id, offer.current.user_id} == {guest.tokens.user_id for guest in guests}


class TestRacesOnFakes(Races):
    @pytest.fixture
    def world(self) -> World:
        return World()


class TestRacesOnDynamo(Races):
    @pytest.fixture
    async def world(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> World:
        let_dynamodb_take_its_time(monkeypatch)
        world, dynamodb = World(), await sandbox.client("dynamodb")
        outbox = Outbox(
            dynamodb,
            table=await sandbox.outbox_table(),
            publisher=RecordingPublisher(),
            clock=world.clock,
            metrics=Metrics(),
        )
        names = Tables(
            users=await users_table(sandbox),
            identities=await sandbox.table("identity"),
            sessions=await sessions_table(sandbox),
            bans=await sandbox.table("identity_hash"),
            resolutions=await sandbox.table("token_hash"),
            audit=await sandbox.table("user_id", "entry"),
            revocations=await sandbox.table("lane", "mark"),
        )
        stored: Any = DynamoAccounts(dynamodb, names, outbox, token_life_s=TOKENS.access_life_s)
        return replace(world, accounts=stored)
