"""Races for one account or one identity, at two instances, on the fakes and on DynamoDB alike."""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any

import pytest
from identity_fakes import TOKENS, Instance, World, holder_of
from identity_world import sessions_table, users_table
from patience import let_dynamodb_take_its_time

from muster_identity.domain.changes import Offer
from muster_identity.domain.sessions import Origin
from muster_identity.domain.users import UserId
from muster_identity.store import DynamoAccounts, Tables
from muster_runtime.messaging.outbox import Outbox
from muster_runtime.metrics import Metrics
from muster_runtime.testing import RecordingPublisher, Sandbox

MANY = 100


async def together(attempts: list[Any]) -> list[Any]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(attempt) for attempt in attempts]
    return [task.result() for task in tasks]


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
