from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from crashing import CrashPoint, at_every_point, until_crash
from listener_fakes import (
    ARN,
    MATCH,
    PLACEMENT,
    START,
    MemoryRecordStore,
    a_match,
    a_placement,
    a_session,
    an_ended_session,
    an_entry,
)

from muster_events.listener import PlacementEnded, SessionEnded, SessionPlaced
from muster_listener.domain import Match, Outcome, PlacementId, Record, Session, SessionArn, Stage
from muster_listener.errors import PlacementUnknown, RecordChanged, RecordContended, SessionUnknown
from muster_listener.handlers import ListenerHandlers, announcement
from muster_runtime.testing import FakeClock, RecordingPublisher


@dataclass
class World:
    """The listener on fakes."""

    publisher: RecordingPublisher = field(default_factory=RecordingPublisher)

    def __post_init__(self) -> None:
        self.store = MemoryRecordStore(FakeClock(START))
        self.handlers = self.working(CrashPoint(at=10**9))

    def working(self, crash: CrashPoint) -> ListenerHandlers:
        return ListenerHandlers(store=crash.on(self.store), publisher=crash.on(self.publisher))

    @property
    def told(self) -> list[str]:
        return [event.type for event in self.publisher.events]


@pytest.fixture
def world() -> World:
    return World()


async def test_a_fulfilled_placement_is_kept_and_told(world: World) -> None:
    await world.handlers.on_notice(an_entry(), [a_placement(), a_session()])

    assert await world.handlers.placement(PLACEMENT) == a_placement(sequence=1, is_told=True)
    assert await world.handlers.session(ARN) == a_session(sequence=1)
    assert world.told == ["session.placed"]
    assert list(world.store.entries) == ["notice-1"]


@pytest.mark.parametrize("outcome", [Outcome.CANCELLED, Outcome.TIMED_OUT, Outcome.FAILED])
async def test_a_placement_without_a_session_is_told_as_ended(world: World, outcome: Outcome) -> None:
    await world.handlers.on_notice(an_entry(), [a_placement(outcome)])

    (told,) = world.publisher.events
    assert told.data == PlacementEnded(
        placement_id=PLACEMENT, outcome=outcome.value, ended_at=START + timedelta(seconds=2)
    )


async def test_the_end_of_a_session_is_told_once_however_often_it_is_reported(world: World) -> None:
    await world.handlers.on_reports([a_session()])
    for _ in range(3):
        await world.handlers.on_reports([a_match(Stage.FINISHED), an_ended_session()])

    (told,) = world.publisher.events
    assert told.data == SessionEnded(game_session_arn=ARN, match_id=MATCH, ended_at=START + timedelta(seconds=60))


async def test_matches_are_kept_and_not_told(world: World) -> None:
    await world.handlers.on_reports([a_match()])

    assert await world.store.load(Match, MATCH) == a_match(sequence=1)
    assert world.told == []


async def test_another_writer_in_between_is_noticed_and_the_report_joined_on_top(world: World) -> None:
    real_save = world.store.save

    async def save_second(record: Record, *, expected: int) -> None:
        world.store.save = real_save  # type: ignore[method-assign]  # the next save goes through
        await world.handlers.on_reports([a_session(ended_at=START, cause="other")])
        raise RecordChanged

    world.store.save = save_second  # type: ignore[method-assign]  # a writer that is a little quicker
    await world.handlers.on_reports([Session(arn=ARN, player_ids=("eve",))])

    session = await world.handlers.session(ARN)
    assert session.ended_at == START
    assert session.player_ids == ("ann", "ben", "eve")


async def test_a_record_that_is_always_taken_makes_the_message_wait_its_turn(world: World) -> None:
    async def never(record: Record, *, expected: int) -> None:
        raise RecordChanged

    world.store.save = never  # type: ignore[method-assign]  # a writer that is always quicker

    with pytest.raises(RecordContended):
        await world.handlers.on_reports([a_session()])


@pytest.mark.parametrize(
    ("reports", "points"),
    [
        # log; load, save, publish, mark; load, save: two points each.
        ([a_placement(), a_session()], 14),
        ([a_placement(Outcome.TIMED_OUT)], 10),
        ([a_match(Stage.FINISHED), an_ended_session()], 14),
        ([a_match()], 6),
    ],
    ids=["fulfilled", "timed out", "finished", "match"],
)
async def test_a_crash_between_any_two_steps_loses_nothing_once_the_message_comes_again(
    reports: list[Record], points: int
) -> None:
    undisturbed = World()
    await undisturbed.handlers.on_notice(an_entry(), reports)

    async def attempt(crash: CrashPoint) -> None:
        world = World()
        with until_crash():
            await world.working(crash).on_notice(an_entry(), reports)
        await world.handlers.on_notice(an_entry(), reports)

        assert world.store.records == undisturbed.store.records
        assert world.store.entries == undisturbed.store.entries
        assert {event.id for event in world.publisher.events} == {event.id for event in undisturbed.publisher.events}

    assert await at_every_point(attempt) == points


def test_a_repeated_announcement_is_the_same_event_even_if_more_is_known_by_then() -> None:
    early = announcement(a_placement(player_ids=(), sequence=1))
    late = announcement(a_placement(sequence=4))

    assert early.id == late.id


def test_a_session_that_was_placed_tells_where() -> None:
    assert announcement(a_placement()).data == SessionPlaced(
        placement_id=PLACEMENT,
        game_session_arn=ARN,
        region="us-east-1",
        location="custom-laptop",
        player_ids=("ann", "ben"),
        placed_at=START + timedelta(seconds=2),
    )


def test_an_end_names_what_caused_it() -> None:
    told = announcement(an_ended_session())

    assert (told.subject, told.causes, told.source) == (ARN, ("event-finished",), "listener")


def test_a_session_that_is_still_played_has_nothing_to_tell() -> None:
    with pytest.raises(ValueError, match="still played"):
        announcement(a_session())


async def test_what_no_notice_spoke_of_is_unknown(world: World) -> None:
    with pytest.raises(SessionUnknown):
        await world.handlers.session(SessionArn("arn"))
    with pytest.raises(PlacementUnknown):
        await world.handlers.placement(PlacementId("p"))
