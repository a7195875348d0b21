from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from crashing import CrashPoint, at_every_point, until_crash
from tickets_fakes import (
    ADDRESS,
    ANN,
    BEN,
    EVE,
    MATCH,
    START,
    TICKET,
    FakeBell,
    MemoryTicketStore,
    ScriptedMatchmaker,
    a_notice,
    a_request,
    a_ticket,
)

from muster_events.envelope import Event
from muster_events.tickets import TicketEnded, TicketMatched, TicketPlacing, TicketSearching
from muster_runtime.errors import Invalid, MusterError, Unavailable
from muster_runtime.testing import FakeClock, RecordingPublisher
from muster_tickets.domain import LOST, Notice, Status, TicketId
from muster_tickets.errors import TicketChanged, TicketContended, TicketUnknown
from muster_tickets.handlers import TicketHandlers, announcement


@dataclass
class World:
    """Tickets on fakes."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(START))
    publisher: RecordingPublisher = field(default_factory=RecordingPublisher)
    matchmaker: ScriptedMatchmaker = field(default_factory=ScriptedMatchmaker)

    def __post_init__(self) -> None:
        self.store = MemoryTicketStore(self.clock)
        self.bell = FakeBell(self.clock, store=self.store)
        self.handlers = self.working(CrashPoint(at=10**9))

    def working(self, crash: CrashPoint) -> TicketHandlers:
        return TicketHandlers(
            store=crash.on(self.store),
            publisher=crash.on(self.publisher),
            matchmaker=crash.on(self.matchmaker),
            bell=self.bell,
            clock=self.clock,
            recheck_after_s=10.0,
            lost_after_s=120.0,
        )

    @property
    def told(self) -> list[tuple[str, int]]:
        return [(event.type, event.sequence) for event in self.publisher.events]


@pytest.fixture
def world() -> World:
    return World()


async def test_a_notice_is_saved_announced_and_marked(world: World) -> None:
    await world.handlers.on_notice(a_notice(Status.SEARCHING, 1))

    stored = world.store.tickets[TICKET]
    assert (stored.status, stored.sequence, stored.announced) == (Status.SEARCHING, 1, 1)
    assert world.told == [("ticket.searching", 1)]
    assert world.bell.rung == [TICKET]


async def test_a_request_is_saved_and_not_announced(world: World) -> None:
    await world.handlers.on_notice(a_request())

    assert world.store.tickets[TICKET].status is Status.REQUESTED
    assert world.told == []


async def test_a_repeated_notice_is_not_announced_again(world: World) -> None:
    for _ in range(3):
        await world.handlers.on_notice(a_notice(Status.SEARCHING, 1))

    assert world.told == [("ticket.searching", 1)]


async def test_a_whole_life_is_announced_step_by_step(world: World) -> None:
    for notice in (
        a_request(),
        a_notice(Status.SEARCHING, 1),
        a_notice(Status.REQUIRES_ACCEPTANCE, 2),
        a_notice(Status.PLACING, 3),
        a_notice(Status.COMPLETED, 4),
    ):
        await world.handlers.on_notice(notice)

    assert world.told == [("ticket.searching", 2), ("ticket.placing", 3), ("ticket.placing", 4), ("ticket.matched", 5)]


async def test_another_writer_in_between_is_noticed_and_the_notice_applied_on_top(world: World) -> None:
    await world.handlers.on_notice(a_notice(Status.SEARCHING, 1))
    real_save, other = world.store.save, a_notice(Status.REQUIRES_ACCEPTANCE, 2)

    async def save_second(ticket: object, *, expected: int) -> None:
        world.store.save = real_save  # type: ignore[method-assign]  # the next save goes through
        await world.handlers.on_notice(other)
        raise TicketChanged

    world.store.save = save_second  # type: ignore[method-assign]  # a writer that is always a little quicker
    await world.handlers.on_notice(a_notice(Status.PLACING, 3))

    assert (world.store.tickets[TICKET].status, world.store.tickets[TICKET].sequence) == (Status.PLACING, 3)


async def test_a_ticket_that_is_always_taken_makes_the_message_wait_its_turn(world: World) -> None:
    async def never(ticket: object, *, expected: int) -> None:
        raise TicketChanged

    world.store.save = never  # type: ignore[method-assign]  # a writer that is always quicker

    with pytest.raises(TicketContended):
        await world.handlers.on_notice(a_notice(Status.SEARCHING, 1))


async def test_one_tickets_trouble_does_not_hold_up_the_others_of_a_match(world: World) -> None:
    real_load = world.store.load

    async def load(ticket_id: TicketId) -> object:
        if ticket_id == "t-2":
            raise Unavailable
        return await real_load(ticket_id)

    world.store.load = load  # type: ignore[assignment]  # one row does not answer
    notices = [a_notice(Status.PLACING, 1, ticket_id=ticket_id) for ticket_id in ("t-1", "t-2", "t-3")]

    with pytest.raises(Unavailable):
        await world.handlers.on_notices(notices)

    assert sorted(world.store.tickets) == ["t-1", "t-3"]


@pytest.mark.parametrize(
    "notice",
    [a_request(), *(a_notice(status, 1) for status in Status if status is not Status.REQUESTED)],
    ids=lambda notice: notice.standing.status.value,
)
async def test_a_crash_between_any_two_steps_loses_nothing_once_the_message_comes_again(notice: Notice) -> None:
    undisturbed = World()
    await undisturbed.handlers.on_notice(notice)

    async def attempt(crash: CrashPoint) -> None:
        world = World()
        with until_crash():
            await world.working(crash).on_notice(notice)
        await world.handlers.on_notice(notice)

        assert world.store.tickets == undisturbed.store.tickets
        assert {event.id for event in world.publisher.events} == {event.id for event in undisturbed.publisher.events}
        assert not world.store.tickets[TICKET].is_untold

    points = await at_every_point(attempt)

    # load and save, and for what is announced publish and mark: two points each.
    assert points == (4 if notice.standing.status in {Status.REQUESTED, Status.QUEUED} else 8)


async def test_a_crash_with_a_message_that_never_comes_again_is_made_up_for_by_the_reconciler() -> None:
    won = a_notice(Status.COMPLETED, 1)

    async def attempt(crash: CrashPoint) -> None:
        world = World()
        await world.handlers.on_notice(a_notice(Status.SEARCHING, 0.5))
        world.matchmaker.says[TICKET] = replace(won, is_answer=True)
        with until_crash():
            await world.working(crash).on_notice(won)

        world.clock.advance(30)
        await world.handlers.reconcile()

        assert world.store.tickets[TICKET].status is Status.COMPLETED
        assert world.told[-1] == ("ticket.matched", 2)
        assert world.store.due_at_s == {}

    assert await at_every_point(attempt) == 8


async def test_a_crash_of_the_reconciler_loses_nothing() -> None:
    async def attempt(crash: CrashPoint) -> None:
        world = World()
        await world.handlers.on_notice(a_notice(Status.PLACING, 1))
        world.matchmaker.says[TICKET] = a_notice(Status.TIMED_OUT, 20, is_answer=True)
        world.clock.advance(30)
        with until_crash():
            await world.working(crash).reconcile()

        world.clock.advance(30)
        await world.handlers.reconcile()

        assert world.store.tickets[TICKET].status is Status.TIMED_OUT
        assert world.told[-1] == ("ticket.ended", 2)

    # due, take, describe, load, save, publish, mark: two points each.
    assert await at_every_point(attempt) == 14


async def test_a_repeated_announcement_is_the_same_event(world: World) -> None:
    ticket = a_ticket(Status.COMPLETED, sequence=4, announced=3)

    assert announcement(ticket) == announcement(replace(ticket, announced=0))


@pytest.mark.parametrize(
    ("status", "data"),
    [
        (Status.SEARCHING, TicketSearching(ticket_id=TICKET, player_ids=(ANN, BEN))),
        (
            Status.REQUIRES_ACCEPTANCE,
            TicketPlacing(ticket_id=TICKET, player_ids=(ANN, BEN), match_id=MATCH, acceptance_required=True),
        ),
        (Status.PLACING, TicketPlacing(ticket_id=TICKET, player_ids=(ANN, BEN), match_id=MATCH)),
        (
            Status.COMPLETED,
            TicketMatched(
                ticket_id=TICKET, player_ids=(ANN, BEN), match_id=MATCH, game_session_arn=ADDRESS.game_session_arn
            ),
        ),
        (Status.CANCELLED, TicketEnded(ticket_id=TICKET, player_ids=(ANN, BEN), outcome="cancelled")),
        (Status.FAILED, TicketEnded(ticket_id=TICKET, player_ids=(ANN, BEN), outcome="failed")),
        (Status.TIMED_OUT, TicketEnded(ticket_id=TICKET, player_ids=(ANN, BEN), outcome="timed_out")),
        (Status.REFUSED, TicketEnded(ticket_id=TICKET, player_ids=(ANN, BEN), outcome="refused")),
    ],
)
def test_each_status_has_its_announcement(status: Status, data: object) -> None:
    told = announcement(a_ticket(status, sequence=7))

    assert told.data == data
    assert (told.subject, told.sequence, told.source) == (TICKET, 7, "tickets")


def test_an_announcement_holds_no_player_session() -> None:
    assert "psess" not in announcement(a_ticket(Status.COMPLETED)).model_dump_json()


@pytest.mark.parametrize("status", [Status.REQUESTED, Status.QUEUED])
def test_nobody_is_told_of_a_mere_request(status: Status) -> None:
    with pytest.raises(ValueError, match="nobody is told"):
        announcement(a_ticket(status))


def test_an_endless_reason_is_cut_to_what_the_event_holds() -> None:
    ticket = a_ticket(Status.FAILED)
    ticket = replace(ticket, standing=replace(ticket.standing, reason="x" * 5000))

    data = announcement(ticket).data

    assert isinstance(data, TicketEnded)
    assert data.reason == "x" * 1024


async def test_a_player_sees_their_own_ticket(world: World) -> None:
    await world.store.save(a_ticket(), expected=0)

    assert (await world.handlers.show(TICKET, ANN)).ticket_id == TICKET


async def test_a_stranger_and_a_ticket_that_does_not_exist_look_the_same(world: World) -> None:
    await world.store.save(a_ticket(), expected=0)

    with pytest.raises(TicketUnknown) as stranger:
        await world.handlers.show(TICKET, EVE)
    with pytest.raises(TicketUnknown) as nothing:
        await world.handlers.show(TicketId("ticket-2"), EVE)

    assert stranger.value.detail == nothing.value.detail


async def test_a_poll_that_does_not_wait_answers_at_once(world: World) -> None:
    await world.store.save(a_ticket(), expected=0)

    await world.handlers.watch(TICKET, ANN, seen=1, wait_s=0)

    assert world.bell.waits_s == []


async def test_a_waiting_poll_returns_as_soon_as_the_ticket_changes(world: World) -> None:
    await world.store.save(a_ticket(), expected=0)
    world.bell.meanwhile = [a_ticket(Status.PLACING, sequence=2)]

    ticket = await world.handlers.watch(TICKET, ANN, seen=None, wait_s=20)

    assert ticket.sequence == 2
    assert world.bell.waits_s == [0.5]


async def test_a_waiting_poll_gives_up_after_its_time(world: World) -> None:
    await world.store.save(a_ticket(), expected=0)

    ticket = await world.handlers.watch(TICKET, ANN, seen=1, wait_s=1.25)

    assert ticket.sequence == 1
    assert world.bell.waits_s == [0.5, 0.5, 0.25]


async def test_a_poll_that_has_seen_less_does_not_wait(world: World) -> None:
    await world.store.save(a_ticket(), expected=0)

    await world.handlers.watch(TICKET, ANN, seen=0, wait_s=20)

    assert world.bell.waits_s == []


async def test_nobody_waits_for_an_ended_ticket(world: World) -> None:
    await world.store.save(a_ticket(Status.COMPLETED), expected=0)

    await world.handlers.watch(TICKET, ANN, seen=1, wait_s=20)

    assert world.bell.waits_s == []


async def test_a_waiting_poll_sees_a_ticket_that_appears_meanwhile(world: World) -> None:
    world.bell.meanwhile = [a_ticket()]

    ticket = await world.handlers.watch(TICKET, ANN, seen=None, wait_s=20)

    assert ticket.sequence == 1


async def test_a_stranger_waits_as_long_as_for_a_ticket_that_does_not_exist(world: World) -> None:
    await world.store.save(a_ticket(), expected=0)

    for ticket_id in (TICKET, TicketId("ticket-2")):
        world.bell.waits_s.clear()
        with pytest.raises(TicketUnknown):
            await world.handlers.watch(ticket_id, EVE, seen=None, wait_s=1)
        assert world.bell.waits_s == [0.5, 0.5]


async def test_a_waiting_poll_is_answered_when_the_service_stops(world: World) -> None:
    await world.store.save(a_ticket(), expected=0)
    world.bell.stopping = True

    ticket = await world.handlers.watch(TICKET, ANN, seen=1, wait_s=20)

    assert ticket.sequence == 1


async def test_a_ticket_with_recent_news_is_not_asked_about(world: World) -> None:
    await world.handlers.on_notice(a_notice(Status.SEARCHING, 0))
    world.clock.advance(29)

    assert await world.handlers.reconcile() == 0
    assert world.matchmaker.asked == []


async def test_a_quiet_ticket_is_asked_about_after_30_seconds_and_then_every_10(world: World) -> None:
    await world.handlers.on_notice(a_notice(Status.SEARCHING, 0))
    world.matchmaker.says[TICKET] = a_notice(Status.SEARCHING, 0, is_answer=True)

    looked_after = []
    for _ in range(50):
        world.clock.advance(1)
        looked_after.append(await world.handlers.reconcile())

    assert [second for second, count in enumerate(looked_after, start=1) if count] == [30, 40, 50]
    assert world.told == [("ticket.searching", 1)]


async def test_tickets_are_asked_about_in_batches_of_ten(world: World) -> None:
    for number in range(25):
        await world.handlers.on_notice(a_notice(Status.SEARCHING, 0, ticket_id=f"t-{number}"))
    world.clock.advance(30)

    assert await world.handlers.reconcile() == 25
    assert [len(asked) for asked in world.matchmaker.asked] == [10, 10, 5]


@pytest.mark.parametrize("trouble", [Invalid("too large"), Unavailable(), OverflowError("year 0")])
async def test_a_ticket_that_cannot_be_told_of_holds_up_no_other(world: World, trouble: Exception) -> None:
    bad = TicketId("t-0")
    for number in range(25):
        await world.handlers.on_notice(a_request(ticket_id=f"t-{number}"))
    world.clock.advance(120)
    publish = world.publisher.publish

    async def publish_all_but_one(*events: Event[Any]) -> None:
        if any(event.subject == bad for event in events):
            raise trouble
        await publish(*events)

    world.publisher.publish = publish_all_but_one  # type: ignore[method-assign]
    with suppress(MusterError):
        await world.handlers.reconcile()

    assert {event.subject for event in world.publisher.events} == {f"t-{number}" for number in range(1, 25)}
    world.publisher.publish = publish  # type: ignore[method-assign]
    world.clock.advance(30)
    await world.handlers.reconcile()
    assert world.publisher.events[-1].subject == bad


async def test_what_went_wrong_with_a_ticket_is_told_after_all_had_their_turn(world: World) -> None:
    await world.handlers.on_notice(a_request())
    world.clock.advance(120)

    async def publish(*events: Event[Any]) -> None:
        raise Unavailable("no bus")

    world.publisher.publish = publish  # type: ignore[method-assign]

    with pytest.raises(Unavailable, match="no bus"):
        await world.handlers.reconcile()


async def test_an_end_that_nobody_told_of_is_learned_by_asking(world: World) -> None:
    await world.handlers.on_notice(a_notice(Status.PLACING, 0))
    world.matchmaker.says[TICKET] = a_notice(Status.CANCELLED, 5, reason="duplicate player", is_answer=True)
    world.clock.advance(30)

    await world.handlers.reconcile()

    assert world.store.tickets[TICKET].status is Status.CANCELLED
    assert world.told[-1] == ("ticket.ended", 2)


async def test_a_ticket_that_gamelift_never_heard_of_fails_after_two_minutes(world: World) -> None:
    await world.handlers.on_notice(a_request())

    statuses = []
    for _ in range(13):
        world.clock.advance(10)
        await world.handlers.reconcile()
        statuses.append(world.store.tickets[TICKET].status)

    assert statuses == [Status.REQUESTED] * 11 + [Status.FAILED] * 2
    assert world.store.tickets[TICKET].standing.reason == LOST
    assert world.told == [("ticket.ended", 2)]


async def test_an_ended_ticket_is_never_asked_about_again(world: World) -> None:
    await world.handlers.on_notice(a_notice(Status.COMPLETED, 0))
    world.clock.advance(3600)

    assert await world.handlers.reconcile() == 0


async def test_two_reconcilers_do_not_ask_about_the_same_ticket_twice(world: World) -> None:
    await world.handlers.on_notice(a_notice(Status.SEARCHING, 0))
    world.clock.advance(30)
    seen_by_both = await world.store.due(limit=10)
    await world.handlers.reconcile()

    async def due(*, limit: int) -> object:
        return seen_by_both

    world.store.due = due  # type: ignore[assignment]  # the index lags behind

    assert await world.handlers.reconcile() == 0
    assert world.matchmaker.asked == [(TICKET,)]
