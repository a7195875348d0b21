"""The store: what is told waits for the disk, and a restart finds everything as it was."""

import asyncio
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from typing_extensions import override

from muster_gamelift.engine import Engine
from muster_gamelift.servers import admission
from muster_gamelift.state.catalogue import Location
from muster_gamelift.state.processes import ServerProcess
from muster_gamelift.state.world import Change, Limits, Notice, Push, World
from muster_gamelift.storage.batch import Batch
from muster_gamelift.storage.database import LAYOUT, Database, Remembered, StoreRefused
from muster_gamelift.storage.rows import tables_of
from muster_gamelift.storage.store import Store, StoreFailed, opened
from muster_gamelift.validation import gamelift_model
from muster_runtime.testing.clock import FakeClock
from muster_runtime.testing.ids import SequentialIds
from muster_runtime.testing.waiting import eventually

ACCOUNT = "000000000000"
REGION = "us-east-1"


class Told:
    """Stands for everybody outside."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.pushes: list[Push] = []

    def hand_over(self, notice: Notice) -> None:
        self.notices.append(notice)

    def push(self, push: Push) -> None:
        self.pushes.append(push)


class Valve(Database):
    """A database whose writes wait while it is closed, or fail."""

    def __init__(self, path: Path, account: str) -> None:
        super().__init__(path, account)
        self.opened = threading.Event()
        self.opened.set()
        self.failure: Exception | None = None
        self.writes = 0

    @override
    def write(self, batch: Batch) -> None:
        self.opened.wait(60)
        self.writes += 1
        if self.failure:
            raise self.failure
        super().write(batch)


def a_notice(of: str) -> Notice:
    return Notice("arn:topic", {"id": f"of {of}", "detail": {"type": "MatchmakingSearching"}})


def engine_on(store: Store | None, told: Told, remembered: Remembered | None = None) -> Engine:
    return Engine(
        account=ACCOUNT,
        limits=Limits(),
        model=gamelift_model(),
        clock=FakeClock(),
        ids=SequentialIds(),
        sink=told,
        links=told,
        keeper=store,
        worlds=remembered.worlds if remembered else None,
    )


def located(name: str) -> Callable[[Change], None]:
    """Return a change that adds a location, tells a notice of it and sends a message."""

    def step(change: Change) -> None:
        change.world.locations.put(name, Location(name, change.now_s))
        change.notices.append(a_notice(name))
        change.pushes.append(Push("p-1", {"Action": name}))

    return step


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gamelift.sqlite"


@contextmanager
def valved(path: Path) -> Iterator[Valve]:
    database = Valve(path, ACCOUNT)
    try:
        yield database
    finally:
        database.opened.set()


async def test_nothing_is_told_before_the_change_is_on_the_disk(path: Path) -> None:
    with valved(path) as database:
        store, told = Store(database), Told()
        engine = engine_on(store, told)
        database.opened.clear()
        engine.apply(REGION, located("custom-a"))

        async with asyncio.TaskGroup() as group:
            answer = group.create_task(engine.settled())
            await asyncio.sleep(0)
            assert (answer.done(), told.notices, told.pushes) == (False, [], [])
            database.opened.set()

        assert len(told.notices) == len(told.pushes) == 1
        await store.close()


async def test_a_read_waits_for_the_changes_that_it_may_have_seen(path: Path) -> None:
    with valved(path) as database:
        store = Store(database)
        engine = engine_on(store, Told())
        database.opened.clear()
        engine.apply(REGION, located("custom-a"))
        seen = engine.apply(REGION, lambda change: len(change.world.locations))

        async with asyncio.TaskGroup() as group:
            answer = group.create_task(engine.settled())
            await asyncio.sleep(0)
            assert (seen, answer.done()) == (1, False)
            database.opened.set()

        await store.close()


async def test_changes_that_come_during_a_write_are_written_together_and_told_in_order(path: Path) -> None:
    with valved(path) as database:
        store, told = Store(database), Told()
        engine = engine_on(store, told)
        database.opened.clear()
        for number in range(50):
            engine.apply(REGION, located(f"custom-{number}"))
        database.opened.set()
        await engine.settled()

        assert database.writes == 2
        assert [f"of custom-{number}" for number in range(50)] == [one.envelope["id"] for one in told.notices]
        await store.close()


async def test_a_listener_that_fails_does_not_keep_the_others_from_hearing(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Deaf(Told):
        @override
        def hand_over(self, notice: Notice) -> None:
            if notice.envelope["id"] == "of custom-0":
                raise RuntimeError("not listening")
            super().hand_over(notice)

    async with opened(path, ACCOUNT) as (store, _):
        told = Deaf()
        engine = engine_on(store, told)
        for number in range(3):
            engine.apply(REGION, located(f"custom-{number}"))
        await engine.settled()

    assert ["of custom-1", "of custom-2"] == [notice.envelope["id"] for notice in told.notices]
    assert "effect_failed" in capsys.readouterr().out


async def test_a_disk_that_fails_ends_the_service_and_nothing_is_told(path: Path) -> None:
    with valved(path) as database:
        store, told = Store(database), Told()
        engine = engine_on(store, told)
        database.failure = sqlite3.OperationalError("disk is full")
        engine.apply(REGION, located("custom-a"))

        with pytest.raises(StoreFailed):
            await engine.settled()
        engine.apply(REGION, located("custom-b"))
        with pytest.raises(StoreFailed):
            await engine.settled()
        with pytest.raises(StoreFailed):
            await store.run(asyncio.Event())
        await store.close()

    assert (told.notices, told.pushes) == ([], [])


async def test_a_caller_that_gives_up_does_not_disturb_the_others(path: Path) -> None:
    with valved(path) as database:
        store, told = Store(database), Told()
        engine = engine_on(store, told)
        database.opened.clear()
        engine.apply(REGION, located("custom-a"))

        async with asyncio.TaskGroup() as group:
            impatient, patient = group.create_task(engine.settled()), group.create_task(engine.settled())
            await asyncio.sleep(0)
            impatient.cancel()
            await asyncio.sleep(0)
            database.opened.set()

        assert impatient.cancelled()
        assert patient.exception() is None
        await store.close()


async def test_notices_are_remembered_until_they_are_published(path: Path) -> None:
    async with opened(path, ACCOUNT) as (store, _):
        told = Told()
        engine = engine_on(store, told)
        for number in range(3):
            engine.apply(REGION, located(f"custom-{number}"))
        await engine.settled()
        store.published(told.notices[1])

    async with opened(path, ACCOUNT) as (store, remembered):
        assert ["of custom-0", "of custom-2"] == [notice.envelope["id"] for notice in remembered.notices]
        again = Told()
        engine_on(store, again, remembered).resume(admission.await_all, remembered.notices)
        assert remembered.notices == tuple(again.notices) == (told.notices[0], told.notices[2])
        for notice in remembered.notices:
            store.published(notice)

    async with opened(path, ACCOUNT) as (_, remembered):
        assert remembered.notices == ()


async def test_notices_that_lead_nowhere_are_not_remembered(path: Path) -> None:
    async with opened(path, ACCOUNT, lambda notice: notice.envelope["id"] == "of custom-1") as (store, _):
        told = Told()
        engine = engine_on(store, told)
        for number in range(3):
            engine.apply(REGION, located(f"custom-{number}"))
        await engine.settled()
        store.published(told.notices[0])

    async with opened(path, ACCOUNT) as (_, remembered):
        assert ["of custom-1"] == [notice.envelope["id"] for notice in remembered.notices]
    assert len(told.notices) == 3


async def test_published_notices_are_forgotten_although_nothing_else_happens(path: Path) -> None:
    with valved(path) as database:
        store, told = Store(database), Told()
        engine = engine_on(store, told)
        engine.apply(REGION, located("custom-a"))
        await engine.settled()
        store.published(told.notices[0])

        await eventually(lambda: database.writes == 2)
        await store.close()


def rows_of(world: World) -> dict[str, Any]:
    """Return everything that can be asked of the tables of *world*, orders included."""
    found: dict[str, Any] = {"passes": world.passes}
    for name, table in tables_of(world).items():
        found[name] = list(table._rows.items())
        found[f"{name} ended"] = list(table._found.get("ended", {}).get(True, ()))
        found[f"{name} found"] = {
            index: {at: set(keys) for at, keys in by.items()} for index, by in table._found.items()
        }
    return found


PROCESSES = [f"p-{number}" for number in range(5)]
STEPS = st.lists(
    st.lists(st.tuples(st.sampled_from(["put", "end", "remove"]), st.sampled_from(PROCESSES)), max_size=4), max_size=8
)


@example(changes=[[("put", "p-0"), ("put", "p-1"), ("end", "p-1"), ("end", "p-0")]])
@given(changes=STEPS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_restart_finds_rows_and_their_order_as_they_were(tmp_path: Path, changes: list[Any]) -> None:
    path = tmp_path / "orders.sqlite"
    path.unlink(missing_ok=True)

    def step(steps: list[tuple[str, str]], change: Change) -> None:
        processes = change.world.processes
        for what, key in steps:
            known = processes.get(key)
            if what == "remove":
                processes.remove(key)
            elif what == "end" and known and known.is_open:
                processes.put(key, known.ended())
            elif what == "put" and (known is None or known.is_open):
                processes.put(key, ServerProcess(key, "fleet-1", "laptop", "custom-a", "digest", change.now_s))
        change.world.passes += len(change.world.journal.entries)

    async with opened(path, ACCOUNT) as (store, _):
        engine = engine_on(store, Told())
        for number, steps in enumerate(changes):
            engine.apply(REGION, partial(step, steps))
            if number % 3 == 0:
                await engine.settled()
        before = rows_of(engine.world(REGION))

    async with opened(path, ACCOUNT) as (_, remembered):
        after = rows_of(remembered.worlds.get(REGION) or World(REGION, ACCOUNT))
    assert before == after


async def test_what_is_forgotten_on_purpose_stays_forgotten(path: Path) -> None:
    async with opened(path, ACCOUNT) as (store, _):
        engine = engine_on(store, Told())
        engine.apply(REGION, located("custom-a"))
        engine.forget()
        engine.apply("eu-west-1", located("custom-b"))

    async with opened(path, ACCOUNT) as (_, remembered):
        rows = [row.name for world in remembered.worlds.values() for row in world.locations]
    assert rows == ["custom-b"]


async def test_processes_have_their_whole_grace_after_a_restart(path: Path) -> None:
    process = ServerProcess("p-1", "fleet-1", "laptop", "custom-a", "digest", heard_at_s=1.0)
    async with opened(path, ACCOUNT) as (store, _):
        engine_on(store, Told()).apply(REGION, lambda change: change.world.processes.put("p-1", process))

    async with opened(path, ACCOUNT) as (store, remembered):
        engine = engine_on(store, Told(), remembered)
        engine.resume(admission.await_all, ())
        waiting = engine.world(REGION).processes["p-1"]

    assert (waiting.linked, waiting.unlinked_at_s, waiting.heard_at_s) == (False, engine.now_s, engine.now_s)
    assert not waiting.is_lost(engine.now_s + 59.0, grace_s=60.0)
    assert waiting.is_lost(engine.now_s + 60.0, grace_s=60.0)


def test_only_its_owner_can_read_the_file(path: Path) -> None:
    Database(path, ACCOUNT).close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def changed(path: Path, statement: str) -> Path:
    """Make a store and change it by hand."""
    Database(path, ACCOUNT).close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement)
    connection.close()
    return path


ROW = "INSERT INTO rows (region, kind, key, value, written) VALUES ('us-east-1', '{}', 'k', '{}', 1)"


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE meta SET value = value + 1 WHERE name = 'layout'", f"its layout is {LAYOUT + 1}"),
        ("DELETE FROM meta WHERE name = 'layout'", "its layout is unknown"),
        ("UPDATE meta SET value = '111111111111' WHERE name = 'account'", "it belongs to account 111111111111"),
        ("DROP TABLE meta", "it is no store"),
        (ROW.format("dragons", "{}"), "rows that are not known here: dragons"),
        (ROW.format("locations", "{}"), "a row of locations cannot be read"),
        ("INSERT INTO counters VALUES ('us-east-1', 'dragons', 1)", "a counter that is not known here: dragons"),
    ],
)
async def test_a_file_that_this_version_cannot_use_is_refused_and_left_alone(
    path: Path, statement: str, why: str
) -> None:
    changed(path, statement)
    before = path.read_bytes()

    with pytest.raises(StoreRefused, match=why):
        async with opened(path, ACCOUNT):
            pass

    assert before == path.read_bytes()


async def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_text("dear diary, today a dragon came to the village and everybody ran away")

    with pytest.raises(StoreRefused, match="it is no store"):
        async with opened(path, ACCOUNT):
            pass


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match="it cannot be opened"):
        async with opened(tmp_path / "nowhere" / "gamelift.sqlite", ACCOUNT):
            pass


async def test_two_services_cannot_use_one_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muster_gamelift.storage.database.BUSY_S", 0.0)
    async with opened(path, ACCOUNT):
        with pytest.raises(StoreRefused, match="another process uses it"):
            Database(path, ACCOUNT)
