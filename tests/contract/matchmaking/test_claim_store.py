"""What `ClaimStore` promises, on the fake and on DynamoDB alike."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from matchmaking_fakes import MemoryClaimStore

from muster_matchmaking.domain import Claim, ClaimState, PlayerId, TicketId, ended, submitted
from muster_matchmaking.errors import ClaimMoved
from muster_matchmaking.ports import ClaimStore
from muster_matchmaking.store import DynamoClaimStore, DynamoSkillStore
from muster_runtime.dynamo import Table
from muster_runtime.messaging.outbox import Outbox
from muster_runtime.metrics import Metrics
from muster_runtime.testing import FakeClock, RecordingPublisher, Sandbox

ANN, BOB = PlayerId("ann"), PlayerId("bob")


@dataclass
class World:
    store: ClaimStore
    clock: FakeClock

    async def told(self) -> list[tuple[str, str]]:
        raise NotImplementedError

    def claim(self, ticket: str = "t1", player: PlayerId = ANN) -> Claim:
        return Claim(
            ticket_id=TicketId(ticket),
            player_id=player,
            latencies_ms={"us-east-1": 40, "eu-west-1": 95},
            configuration="arena",
            skill=12.5,
            state=ClaimState.ACCEPTED,
            requested_at=self.clock.now(),
        )


class ClaimStoreContract(ABC):
    """Subclass it with a fixture `world`."""

    @pytest.fixture
    @abstractmethod
    def world(self) -> Any: ...

    async def test_an_opened_claim_is_loaded_as_it_was(self, world: World) -> None:
        claim = world.claim()

        await world.store.open(claim)

        assert claim == await world.store.load(claim.ticket_id)
        assert claim.ticket_id == await world.store.holder(ANN)

    async def test_what_was_never_stored_is_unknown(self, world: World) -> None:
        assert await world.store.load(TicketId("nope")) is None
        assert await world.store.holder(PlayerId("nobody")) is None

    async def test_opening_tells_of_the_request(self, world: World) -> None:
        await world.store.open(world.claim())

        assert [("ticket.requested", "t1")] == await world.told()

    async def test_a_ticket_id_is_used_once(self, world: World) -> None:
        await world.store.open(world.claim())

        with pytest.raises(ClaimMoved):
            await world.store.open(world.claim(player=BOB))

        assert await world.store.holder(BOB) is None

    async def test_a_held_player_opens_no_second_claim_and_nothing_is_told_of_it(self, world: World) -> None:
        await world.store.open(world.claim())

        with pytest.raises(ClaimMoved):
            await world.store.open(world.claim("t2"))

        assert await world.store.load(TicketId("t2")) is None
        assert [("ticket.requested", "t1")] == await world.told()

    async def test_an_expired_claim_lets_go_of_its_player(self, world: World) -> None:
        await world.store.open(world.claim())
        world.clock.advance(timedelta(hours=1, seconds=2).total_seconds())

        await world.store.open(world.claim("t2"))

        assert "t2" == await world.store.holder(ANN)

    async def test_submission_is_marked_once_and_only_while_accepted(self, world: World) -> None:
        claim = world.claim()
        await world.store.open(claim)

        assert await world.store.mark_submitted(submitted(claim, "arn:1"))
        assert not await world.store.mark_submitted(submitted(claim, "arn:2"))

        assert submitted(claim, "arn:1") == await world.store.load(claim.ticket_id)

    async def test_an_ended_claim_frees_its_player_and_stays_ended(self, world: World) -> None:
        claim = world.claim()
        await world.store.open(claim)

        assert await world.store.end(ended(claim, ClaimState.CLOSED))
        assert not await world.store.end(ended(claim, ClaimState.REFUSED), reason="late")

        assert ended(claim, ClaimState.CLOSED) == await world.store.load(claim.ticket_id)
        assert await world.store.holder(ANN) is None
        assert [("ticket.requested", "t1")] == await world.told()

    @pytest.mark.parametrize("state", [ClaimState.WITHDRAWN, ClaimState.REFUSED])
    async def test_what_gamelift_has_taken_is_neither_withdrawn_nor_refused(
        self, world: World, state: ClaimState
    ) -> None:
        claim = world.claim()
        await world.store.open(claim)
        await world.store.mark_submitted(submitted(claim, "arn:1"))

        assert not await world.store.end(ended(claim, state), reason="late")

        assert submitted(claim, "arn:1") == await world.store.load(claim.ticket_id)
        assert claim.ticket_id == await world.store.holder(ANN)
        assert [("ticket.requested", "t1")] == await world.told()

    async def test_what_gamelift_has_taken_is_closed(self, world: World) -> None:
        claim = world.claim()
        await world.store.open(claim)
        await world.store.mark_submitted(submitted(claim, "arn:1"))

        assert await world.store.end(ended(claim, ClaimState.CLOSED))

        assert await world.store.holder(ANN) is None

    async def test_a_refused_claim_is_told_of(self, world: World) -> None:
        claim = world.claim()
        await world.store.open(claim)

        await world.store.end(ended(claim, ClaimState.REFUSED), reason="no such configuration")

        assert [("ticket.requested", "t1"), ("ticket.refused", "t1")] == await world.told()

    async def test_ending_an_expired_claim_leaves_its_player_with_the_next_one(self, world: World) -> None:
        old = world.claim()
        await world.store.open(old)
        world.clock.advance(timedelta(hours=1, seconds=2).total_seconds())
        await world.store.open(world.claim("t2"))

        assert await world.store.end(ended(old, ClaimState.REFUSED), reason="late")

        assert "t2" == await world.store.holder(ANN)
        stored = await world.store.load(old.ticket_id)
        assert stored is not None
        assert stored.state is ClaimState.REFUSED
        assert ("ticket.refused", "t1") in await world.told()


class TestMemoryClaimStore(ClaimStoreContract):
    @pytest.fixture
    def world(self, clock: FakeClock) -> World:
        store = MemoryClaimStore(clock)

        class MemoryWorld(World):
            async def told(self) -> list[tuple[str, str]]:
                return store.told

        return MemoryWorld(store, clock)


class TestDynamoClaimStore(ClaimStoreContract):
    @pytest.fixture
    async def world(self, clock: FakeClock, sandbox: Sandbox) -> World:
        dynamodb = await sandbox.client("dynamodb")
        outbox_table = await sandbox.outbox_table()
        outbox = Outbox(dynamodb, table=outbox_table, publisher=RecordingPublisher(), clock=clock, metrics=Metrics())

        class DynamoWorld(World):
            async def told(self) -> list[tuple[str, str]]:
                rows = (await Table(dynamodb, outbox_table).scan()).items
                return [(row["type"], row["subject"]) for row in sorted(rows, key=lambda row: row["sequence"])]

        return DynamoWorld(DynamoClaimStore(dynamodb, await sandbox.table("pk"), outbox=outbox, clock=clock), clock)


async def test_skill_is_read_and_unknown_players_have_none(sandbox: Sandbox) -> None:
    dynamodb, table = await sandbox.client("dynamodb"), await sandbox.table("player_id")
    await Table(dynamodb, table).put({"player_id": "ann", "skill": 31.5})
    store = DynamoSkillStore(dynamodb, table)

    assert 31.5 == await store.skill(ANN)
    assert await store.skill(BOB) is None
