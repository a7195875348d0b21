"""What `Accounts` and `Bell` promise, on the fakes and on DynamoDB alike."""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any

import pytest
from identity_fakes import TOKENS, MemoryAccounts
from identity_world import sessions_table, users_table

from muster_identity.domain import accounts as decisions
from muster_identity.domain import bans
from muster_identity.domain.changes import Change, Claim, IdentityBan, Resolution
from muster_identity.domain.doors import ProviderIdentity
from muster_identity.domain.keys import KeyId, KeyState, SigningKey
from muster_identity.domain.sessions import Session, SessionId
from muster_identity.domain.users import Ban, LinkedDoor, User, UserId
from muster_identity.errors import AccountChanged, SessionChanged
from muster_identity.ports import Accounts
from muster_identity.store import DynamoAccounts, OutboxBell, Tables
from muster_runtime.auth.revocations import mark_of
from muster_runtime.dynamo import Table
from muster_runtime.errors import Unavailable
from muster_runtime.messaging.outbox import Outbox
from muster_runtime.metrics import Metrics
from muster_runtime.testing import FakeClock, Faulty, RecordingPublisher, Sandbox
from muster_runtime.testing.faults import timeout_after_commit

START = 1_700_000_000


@dataclass
class World:
    store: Accounts

    async def told(self) -> list[tuple[str, str]]:
        raise NotImplementedError


def a_user(user_id: str = "ann", **changes: Any) -> User:
    return replace(User(UserId(user_id), START, "f" * 64), **changes)


def a_session(session_id: str = "s1", **changes: Any) -> Session:
    session = Session(
        session_id=SessionId(session_id),
        user_id=UserId("ann"),
        scope="guest",
        signed_in_at_s=START,
        expires_at_s=START + 518_400,
        issued_at_s=START,
        key_id="k1",
        current_hash="h1",
    )
    return replace(session, **changes)


STEAM = ProviderIdentity("steam", "7656", "Ann of Steam")


async def create(world: World, user: User | None = None, session: Session | None = None) -> User:
    """Store a user with a first session; return the user as stored."""
    user = user or a_user()
    await world.store.commit(decisions.created(user, session or a_session(user_id=user.user_id)))
    stored = await world.store.find_user(user.user_id)
    assert stored is not None
    return stored


async def create_with(world: World, identity: ProviderIdentity, user: User) -> User:
    """Store a user whom an identity opens; return the user as stored."""
    session = a_session(f"of {user.user_id}", user_id=user.user_id)
    await world.store.commit(decisions.created(user, session, identity=identity))
    stored = await world.store.find_user(user.user_id)
    assert stored is not None
    return stored


async def winners(tries: list[Any]) -> list[int]:
    """Run *tries* together; return the numbers of those that were not refused."""

    async def one(attempt: Any) -> bool:
        try:
            await attempt
        except (AccountChanged, SessionChanged):
            return False
        return True

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(attempt)) for attempt in tries]
    return [number for number, task in enumerate(tasks) if task.result()]


class AccountsContract(ABC):
    """Subclass it with a fixture `world`."""

    @pytest.fixture
    @abstractmethod
    def world(self) -> Any: ...

    async def test_a_created_user_and_session_are_found_as_they_were(self, world: World) -> None:
        assert await create(world) == a_user(version=1)

        assert await world.store.find_session(SessionId("s1")) == a_session()
        assert await world.store.find_session_and_user(SessionId("s1"), UserId("ann")) == (
            a_session(),
            a_user(version=1),
        )
        assert await world.told() == [("user.created", "ann")]
        assert [entry.action for entry in await world.store.history(UserId("ann"), most=None)] == ["created"]

    async def test_everything_that_a_user_and_a_session_can_say_is_kept(self, world: World) -> None:
        user = a_user(
            merged_guest_hashes=("a" * 64, "b" * 64),
            display_name="Änn",
            epoch=3,
            ban=Ban("aimbot", START, START + 9),
            delete_at_s=START + 5,
            doors=(LinkedDoor("oidc:guild", "x" * 200, START, "Ann"), LinkedDoor("steam", "7656", START)),
        )
        session = a_session(epoch=3, door="steam", device="phone", network="192.0.2.0/24", user_id=user.user_id)

        assert await create(world, user, session) == replace(user, version=1)
        assert await world.store.find_session(session.session_id) == session

    async def test_what_was_never_stored_is_unknown(self, world: World) -> None:
        assert await world.store.find_user(UserId("nobody")) is None
        assert await world.store.find_session(SessionId("none")) is None
        assert await world.store.find_session_and_user(SessionId("none"), UserId("nobody")) == (None, None)
        assert await world.store.find_owner("steam", "7656") is None
        assert await world.store.find_ban("0" * 64) is None
        assert await world.store.find_resolution("0" * 64) is None
        assert await world.store.sessions_of(UserId("nobody")) == ()
        assert await world.store.history(UserId("nobody"), most=None) == ()
        assert await world.store.due_deletions(START) == ()
        assert await world.store.revocations(START) == ()

    async def test_a_user_id_is_given_out_once_and_a_refusal_leaves_nothing_behind(self, world: World) -> None:
        await create(world)

        other = decisions.created(a_user(guest_secret_hash="e" * 64), a_session("s2"), identity=STEAM)
        with pytest.raises(AccountChanged):
            await world.store.commit(other)

        assert await world.store.find_user(UserId("ann")) == a_user(version=1)
        assert await world.store.find_session(SessionId("s2")) is None
        assert await world.store.find_owner("steam", "7656") is None
        assert await world.told() == [("user.created", "ann")]

    async def test_of_many_who_create_one_user_one_succeeds(self, world: World) -> None:
        users = [a_user(created_at_s=START + number) for number in range(20)]
        changes = [decisions.created(user, a_session(f"s{number}")) for number, user in enumerate(users)]

        (winner,) = await winners([world.store.commit(change) for change in changes])

        assert await world.store.find_user(UserId("ann")) == replace(users[winner], version=1)
        found = [await world.store.find_session(SessionId(f"s{number}")) for number in range(20)]
        assert [number for number, session in enumerate(found) if session is not None] == [winner]
        assert await world.told() == [("user.created", "ann")]

    async def test_of_many_first_sign_ins_of_one_identity_one_makes_the_account(self, world: World) -> None:
        users = [User(UserId(f"u{number}"), START) for number in range(20)]
        changes = [
            decisions.created(user, a_session(f"of {user.user_id}", user_id=user.user_id), identity=STEAM)
            for user in users
        ]

        (winner,) = await winners([world.store.commit(change) for change in changes])

        assert await world.store.find_owner("steam", "7656") == f"u{winner}"
        found = [await world.store.find_user(user.user_id) for user in users]
        assert [number for number, user in enumerate(found) if user is not None] == [winner]

    async def test_of_two_users_who_link_one_identity_one_gets_it(self, world: World) -> None:
        ann, bob = await create(world), await create(world, a_user("bob"), a_session("s2", user_id=UserId("bob")))
        changes = [decisions.linked(user, STEAM, START) for user in (ann, bob)]

        (winner,) = await winners([world.store.commit(change) for change in changes])

        owner = (ann, bob)[winner]
        assert await world.store.find_owner("steam", "7656") == owner.user_id
        doors = [await world.store.find_user(user.user_id) for user in (ann, bob)]
        assert [bool(user and user.doors) for user in doors] == [number == winner for number in range(2)]

    async def test_of_two_decisions_on_one_account_the_second_has_to_look_again(self, world: World) -> None:
        ann = await create(world)
        await world.store.commit(decisions.linked(ann, STEAM, START))

        with pytest.raises(AccountChanged):
            await world.store.commit(bans.banned(ann, Ban("aimbot", START), actor="operator:tool"))

        stored = await world.store.find_user(UserId("ann"))
        assert stored is not None
        assert (stored.version, stored.ban, [each.door for each in stored.doors]) == (2, None, ["steam"])

    async def test_an_identity_moves_from_the_owner_that_was_read(self, world: World) -> None:
        ann, bob = await create_with(world, STEAM, a_user()), await create(world, a_user("bob"), a_session("s2"))

        await world.store.commit(decisions.moved(bob, ann, STEAM, START))

        assert await world.store.find_owner("steam", "7656") == "bob"
        with pytest.raises(AccountChanged):
            await world.store.commit(Change(claims=(Claim("steam", "7656", UserId("ann"), None),)))

    async def test_a_freed_identity_is_nobodys(self, world: World) -> None:
        ann = await create_with(world, STEAM, a_user())

        await world.store.commit(decisions.unlinked(ann, "steam", START))

        assert await world.store.find_owner("steam", "7656") is None
        assert ("identity.unlinked", "ann") in await world.told()

    async def test_merging_takes_all_identities_along_at_once(self, world: World) -> None:
        ann = await create_with(world, STEAM, a_user())
        bob = await create_with(world, ProviderIdentity("epic", "e1"), a_user("bob", guest_secret_hash="d" * 64))

        await world.store.commit(decisions.merged(ann, bob, START))

        assert await world.store.find_owner("epic", "e1") == "ann"
        survivor, alias = await world.store.find_user(UserId("ann")), await world.store.find_user(UserId("bob"))
        assert survivor is not None
        assert survivor.merged_guest_hashes == ("d" * 64,)
        assert alias == User(UserId("bob"), START, epoch=1, merged_into="ann", version=2)

    async def test_bans_of_identities_are_kept_replaced_and_lifted(self, world: World) -> None:
        ban, longer = (
            IdentityBan("1" * 64, Ban("aimbot", START, START + 5)),
            IdentityBan("1" * 64, Ban("wallhack", START)),
        )

        await world.store.commit(Change(bans=(ban,)))
        assert await world.store.find_ban("1" * 64) == ban.ban
        await world.store.commit(Change(bans=(longer,)))
        assert await world.store.find_ban("1" * 64) == longer.ban
        await world.store.commit(Change(pardons=("1" * 64,)))
        assert await world.store.find_ban("1" * 64) is None

    async def test_an_offer_is_used_up_once(self, world: World) -> None:
        offer = Resolution("2" * 64, UserId("ann"), "s1", UserId("bob"), "steam", "7656", "Ann", START + 600)
        await world.store.keep_resolution(offer)
        assert await world.store.find_resolution("2" * 64) == offer

        assert len(await winners([world.store.commit(Change(spends="2" * 64)) for _ in range(5)])) == 1

        assert await world.store.find_resolution("2" * 64) is None

    async def test_accounts_are_due_for_deletion_when_their_grace_is_over(self, world: World) -> None:
        ann = await create(world)
        await world.store.commit(decisions.deletion_asked(ann, START, delete_at_s=START + 50, actor="player"))

        assert await world.store.due_deletions(START + 49) == ()
        assert await world.store.due_deletions(START + 50) == ("ann",)

        stored = await world.store.find_user(UserId("ann"))
        assert stored is not None
        await world.store.commit(decisions.deleted(stored, START + 50, {}))
        assert await world.store.due_deletions(START + 50) == ()
        assert await world.store.find_user(UserId("ann")) == User(
            UserId("ann"), START, epoch=2, deleted_at_s=START + 50, version=3
        )

    async def test_what_was_taken_back_is_listed_while_a_token_can_live(self, world: World) -> None:
        ann = await create(world)
        await world.store.commit(decisions.signed_out(ann, a_session(), START, actor="player"))
        await world.store.commit(bans.banned(ann, Ban("aimbot", START), actor="operator:tool"))

        listed = await world.store.revocations(START + TOKENS.access_life_s)

        assert {(each.kind, each.not_after_s, each.until_s) for each in listed} == {
            ("session", START + 960, START + 960),
            ("version", START + 960, START + 960),
            ("user", START - 1, START + 960),
        }
        assert mark_of("version", f"ann#{ann.epoch}") in {each.mark for each in listed}
        assert await world.store.revocations(START + 960) == ()

    async def test_history_is_read_newest_first(self, world: World) -> None:
        ann = await create(world)
        await world.store.commit(decisions.linked(ann, STEAM, START + 5))

        history = await world.store.history(UserId("ann"), most=None)

        assert [(entry.action, entry.at_s, entry.actor) for entry in history] == [
            ("linked", START + 5, "player"), ("created", START, "player"),
        ]  # fmt: skip
        assert "7656" not in str(history)

    async def test_history_has_as_many_lines_as_asked_for_in_the_order_in_which_they_happened(
        self, world: World
    ) -> None:
        ann = await create(world)
        for version in range(1, 13):
            user = replace(ann, version=version)
            await world.store.commit(decisions.signed_out_everywhere(user, START, actor="player", reason=str(version)))

        every, last = [await world.store.history(UserId("ann"), most=most) for most in (None, 3)]

        assert [each.detail for each in every] == [*[str(version) for version in range(12, 0, -1)], "guest"]
        assert last == every[:3]

    async def test_the_sessions_of_a_user_are_found_newest_first_and_forgotten(self, world: World) -> None:
        await create(world)
        await world.store.open_session(a_session("s2", signed_in_at_s=START + 9))
        await world.store.open_session(a_session("s3", user_id=UserId("bob")))

        assert [each.session_id for each in await world.store.sessions_of(UserId("ann"))] == ["s2", "s1"]

        await world.store.forget_sessions([SessionId("s1"), SessionId("s2"), SessionId("never")])
        assert await world.store.sessions_of(UserId("ann")) == ()
        assert await world.store.find_session(SessionId("s3")) is not None

    async def test_a_user_has_any_number_of_sessions(self, world: World) -> None:
        await create(world)

        await world.store.open_session(a_session("s2"))

        assert await world.store.find_session(SessionId("s2")) == a_session("s2")
        assert await world.store.find_session(SessionId("s1")) == a_session()

    async def test_a_session_advances_from_the_hash_that_was_read(self, world: World) -> None:
        await create(world)
        after = a_session(generation=2, current_hash="h2", previous_hash="h1", issued_at_s=START + 9, key_id="k2")

        await world.store.advance(after, expected_hash="h1")

        assert await world.store.find_session(SessionId("s1")) == after

    async def test_of_many_who_advance_a_session_one_succeeds(self, world: World) -> None:
        await create(world)

        async def one(number: int) -> bool:
            try:
                await world.store.advance(a_session(current_hash=f"from-{number}"), expected_hash="h1")
            except SessionChanged:
                return False
            return True

        async with asyncio.TaskGroup() as group:
            tries = [group.create_task(one(number)) for number in range(20)]

        (winner,) = [number for number, each in enumerate(tries) if each.result()]
        stored = await world.store.find_session(SessionId("s1"))
        assert stored is not None
        assert stored.current_hash == f"from-{winner}"

    async def test_a_session_that_is_gone_does_not_advance(self, world: World) -> None:
        with pytest.raises(SessionChanged):
            await world.store.advance(a_session(current_hash="h2"), expected_hash="h1")

        assert await world.store.find_session(SessionId("s1")) is None

    async def test_an_ended_session_stays_ended_for_its_first_reason(self, world: World) -> None:
        ann = await create(world)

        await world.store.commit(decisions.signed_out(ann, a_session(), START + 5, actor="system", reason="reuse"))
        with pytest.raises(AccountChanged):
            await world.store.commit(decisions.signed_out(ann, a_session(), START + 9, actor="player"))
        with pytest.raises(SessionChanged):
            await world.store.advance(a_session(current_hash="h2"), expected_hash="h1")

        ended = a_session(revoked_at_s=START + 5, revoked_reason="reuse")
        assert await world.store.find_session(SessionId("s1")) == ended

    async def test_ending_a_session_that_is_gone_does_not_bring_it_back(self, world: World) -> None:
        with pytest.raises(AccountChanged):
            await world.store.commit(decisions.signed_out(a_user(), a_session(), START, actor="player"))

        assert await world.store.find_session(SessionId("s1")) is None


class TestMemoryAccounts(AccountsContract):
    @pytest.fixture
    def world(self) -> World:
        store = MemoryAccounts()

        class MemoryWorld(World):
            async def told(self) -> list[tuple[str, str]]:
                return store.told

        return MemoryWorld(store)


@dataclass
class Stored:
    dynamodb: Any
    names: Tables
    outbox_table: str

    def outbox(self) -> Outbox:
        return Outbox(
            self.dynamodb,
            table=self.outbox_table,
            publisher=RecordingPublisher(),
            clock=FakeClock(),
            metrics=Metrics(),
        )

    def accounts(self, client: Any = None) -> DynamoAccounts:
        return DynamoAccounts(client or self.dynamodb, self.names, self.outbox(), token_life_s=TOKENS.access_life_s)

    async def told(self) -> list[tuple[str, str]]:
        rows = (await Table(self.dynamodb, self.outbox_table).scan()).items
        return [(row["type"], row["subject"]) for row in rows]


@pytest.fixture
async def tables(sandbox: Sandbox) -> Stored:
    return Stored(
        await sandbox.client("dynamodb"),
        Tables(
            users=await users_table(sandbox),
            identities=await sandbox.table("identity"),
            sessions=await sessions_table(sandbox),
            bans=await sandbox.table("identity_hash"),
            resolutions=await sandbox.table("token_hash"),
            audit=await sandbox.table("user_id", "entry"),
            revocations=await sandbox.table("lane", "mark"),
        ),
        await sandbox.outbox_table(),
    )


class TestDynamoAccounts(AccountsContract):
    @pytest.fixture
    def world(self, tables: Stored) -> World:
        class DynamoWorld(World):
            async def told(self) -> list[tuple[str, str]]:
                return await tables.told()

        return DynamoWorld(tables.accounts())


async def test_the_tables_answer_the_probe(tables: Stored) -> None:
    await tables.accounts().ping()


async def test_no_row_holds_anything_that_opens_a_door(tables: Stored) -> None:
    await tables.accounts().commit(decisions.created(a_user(), a_session()))

    (user,) = (await Table(tables.dynamodb, tables.names.users).scan()).items
    (session,) = (await Table(tables.dynamodb, tables.names.sessions).scan()).items
    assert user.keys() == {"user_id", "guest_secret_hash", "created_at", "version"}
    assert not {name for name in session if "token" in name or "secret" in name}
    assert session["expires_at"] == START + 518_400


async def test_a_row_from_before_versions_were_counted_is_changed_like_any_other(tables: Stored) -> None:
    old = {"user_id": "ann", "guest_secret_hash": "f" * 64, "created_at": START}
    await Table(tables.dynamodb, tables.names.users).put(old)
    store = tables.accounts()
    ann = await store.find_user(UserId("ann"))
    assert ann == a_user(version=1)

    await store.commit(decisions.linked(ann, STEAM, START))

    changed = await store.find_user(UserId("ann"))
    assert changed is not None
    assert changed.version == 2
    with pytest.raises(AccountChanged):
        await store.commit(decisions.unlinked(replace(changed, version=1), "steam", START))


async def test_no_row_of_history_revocations_or_events_names_a_person(tables: Stored) -> None:
    store = tables.accounts()
    await store.commit(decisions.created(a_user(), a_session(), identity=STEAM))
    ann = await store.find_user(UserId("ann"))
    assert ann is not None
    await store.commit(bans.banned(ann, Ban("aimbot", START), actor="operator:tool"))

    for name in (tables.names.audit, tables.names.revocations, tables.outbox_table):
        rows = (await Table(tables.dynamodb, name).scan()).items
        assert rows
        assert "7656" not in str(rows)


async def test_a_lost_answer_to_a_refresh_does_not_use_the_token_up_twice(tables: Stored) -> None:
    """The write happened and nobody heard of it: the next try must see that."""
    await tables.accounts().commit(decisions.created(a_user(), a_session()))
    after = a_session(generation=2, current_hash="h2", previous_hash="h1")
    faulty = tables.accounts(Faulty(tables.dynamodb, {"put_item": [timeout_after_commit()]}))

    with pytest.raises(Unavailable):
        await faulty.advance(after, expected_hash="h1")
    with pytest.raises(SessionChanged):
        await faulty.advance(after, expected_hash="h1")

    assert await tables.accounts().find_session(SessionId("s1")) == after


async def test_a_key_that_is_void_is_on_the_list_however_often_it_is_told(tables: Stored) -> None:
    bell = OutboxBell(tables.dynamodb, tables.outbox(), revocations=tables.names.revocations)

    await bell.void_key("k1", until_s=START + 60)
    await bell.void_key("k1", until_s=START + 60)

    (listed,) = await tables.accounts().revocations(START)
    assert (listed.mark, listed.not_after_s) == (mark_of("key", "k1"), START + 60)


async def test_a_rotation_told_twice_is_one_event(tables: Stored) -> None:
    key = SigningKey(KeyId("k1"), KeyState.ACTIVE, START, START + 60, "private")
    bell = OutboxBell(tables.dynamodb, tables.outbox(), revocations=tables.names.revocations)

    await bell.announce_rotation(key)
    await bell.announce_rotation(key)

    assert await tables.told() == [("keys.rotated", "k1")]
    (row,) = (await Table(tables.dynamodb, tables.outbox_table).scan()).items
    assert "private" not in str(row)
