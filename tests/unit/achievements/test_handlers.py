from dataclasses import dataclass, field

import pytest
from achievements_fakes import MemoryDefinitionStore, MemoryRecordStore

from muster_achievements.domain import AchievementId, Change, Definition, Record, Stat, UserId
from muster_achievements.errors import AchievementUnknown, KeyReused, RecordMoved, ServerOnly
from muster_achievements.handlers import TRIES, AchievementHandlers
from muster_runtime.testing import FakeClock

ANN, BOB = UserId("ann"), UserId("bob")
FIRST = Definition(AchievementId("first_match"), "First match", stat=Stat.MATCHES_PLAYED)
SECRETS = Definition(AchievementId("secrets"), "Find all secrets", target=3)
PLAYED = {Stat.MATCHES_PLAYED: 1}


@dataclass
class World:
    """Achievements on fakes, with two definitions."""

    definitions: MemoryDefinitionStore = field(default_factory=MemoryDefinitionStore)
    records: MemoryRecordStore = field(default_factory=MemoryRecordStore)

    def __post_init__(self) -> None:
        self.definitions.definitions = {each.achievement_id: each for each in (FIRST, SECRETS)}
        self.handlers = AchievementHandlers(self.definitions, self.records, FakeClock())


@pytest.fixture
def world() -> World:
    return World()


async def test_a_match_unlocks_for_each_of_its_players(world: World) -> None:
    await world.handlers.on_match_finished("e1", {ANN: PLAYED, BOB: PLAYED})

    assert [(ANN, "first_match"), (BOB, "first_match")] == [
        (user, one.achievement_id) for user, one in world.records.told
    ]


async def test_a_repeated_match_counts_nobody_twice(world: World) -> None:
    for _ in range(3):
        await world.handlers.on_match_finished("e1", {ANN: PLAYED})

    assert 1 == (await world.records.load(ANN)).stats[Stat.MATCHES_PLAYED]
    assert 1 == len(world.records.told)


async def test_a_crash_between_two_players_leaves_only_the_second_to_do(world: World) -> None:
    save = world.records.save
    saved = []

    async def save_once(change: Change, *, cause: str, digest: str = "") -> None:
        if saved:
            raise ConnectionError
        saved.append(change)
        await save(change, cause=cause, digest=digest)

    world.records.save = save_once  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        await world.handlers.on_match_finished("e1", {ANN: PLAYED, BOB: PLAYED})
    world.records.save = save  # type: ignore[method-assign]

    await world.handlers.on_match_finished("e1", {ANN: PLAYED, BOB: PLAYED})

    assert [1, 1] == [(await world.records.load(user)).stats[Stat.MATCHES_PLAYED] for user in (ANN, BOB)]
    assert 2 == len(world.records.told)


async def test_a_rival_writer_is_outlasted(world: World) -> None:
    save, rivals = world.records.save, [1, 1]

    async def save_after_rivals(change: Change, *, cause: str, digest: str = "") -> None:
        if rivals:
            rivals.pop()
            raise RecordMoved
        await save(change, cause=cause, digest=digest)

    world.records.save = save_after_rivals  # type: ignore[method-assign]

    await world.handlers.on_match_finished("e1", {ANN: PLAYED})

    assert 1 == (await world.records.load(ANN)).stats[Stat.MATCHES_PLAYED]


async def test_endless_rivals_give_the_message_back(world: World) -> None:
    tries = []

    async def never(change: Change, *, cause: str, digest: str = "") -> None:
        tries.append(change)
        raise RecordMoved

    world.records.save = never  # type: ignore[method-assign]

    with pytest.raises(RecordMoved):
        await world.handlers.on_match_finished("e1", {ANN: PLAYED})

    assert TRIES == len(tries)


async def test_a_client_reports_progress_once_a_key(world: World) -> None:
    for _ in range(2):
        each = await world.handlers.report(ANN, SECRETS.achievement_id, 2, key="k")

    assert 2 == each.progress


async def test_a_repeat_that_crosses_the_first_report_answers_what_is_stored(world: World) -> None:
    load, loads = world.records.load, [1]

    async def load_just_before_the_first_report_is_saved(user_id: UserId) -> Record:
        record = await load(user_id)
        if loads:
            loads.pop()
            await world.handlers.report(ANN, SECRETS.achievement_id, 3, key="k")
        return record

    world.records.load = load_just_before_the_first_report_is_saved  # type: ignore[method-assign]

    each = await world.handlers.report(ANN, SECRETS.achievement_id, 3, key="k")

    assert 3 == each.progress
    assert each.unlocked_at is not None


async def test_a_key_with_another_report_is_refused(world: World) -> None:
    await world.handlers.report(ANN, SECRETS.achievement_id, 2, key="k")

    with pytest.raises(KeyReused):
        await world.handlers.report(ANN, SECRETS.achievement_id, 1, key="k")


async def test_the_same_key_of_another_player_is_their_own(world: World) -> None:
    await world.handlers.report(ANN, SECRETS.achievement_id, 2, key="k")

    assert 1 == (await world.handlers.report(BOB, SECRETS.achievement_id, 1, key="k")).progress


async def test_a_client_cannot_unlock_what_servers_count(world: World) -> None:
    with pytest.raises(ServerOnly):
        await world.handlers.report(ANN, FIRST.achievement_id, 1, key="k")

    assert [] == world.records.told


async def test_unknown_achievements_are_unknown(world: World) -> None:
    with pytest.raises(AchievementUnknown):
        await world.handlers.standing(ANN, AchievementId("nope"))
    with pytest.raises(AchievementUnknown):
        await world.handlers.report(ANN, AchievementId("nope"), 1, key="k")


async def test_an_unearned_secret_is_unknown_to_its_player(world: World) -> None:
    await world.handlers.define(Definition(AchievementId("hush"), "Hush", stat=Stat.GOALS_SCORED, secret=True))

    with pytest.raises(AchievementUnknown):
        await world.handlers.standing(ANN, AchievementId("hush"))


async def test_players_keep_what_they_earned_when_a_definition_goes_and_comes_back(world: World) -> None:
    await world.handlers.on_match_finished("e1", {ANN: PLAYED})
    await world.handlers.undefine(FIRST.achievement_id)
    assert ["secrets"] == [each.definition.achievement_id for each in await world.handlers.standings(ANN)]

    assert await world.handlers.define(FIRST)

    assert (await world.handlers.standing(ANN, FIRST.achievement_id)).unlocked_at is not None
