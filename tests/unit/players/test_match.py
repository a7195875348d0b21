import asyncio
from collections.abc import Awaitable, Callable

from players_fakes import ARN, FakeGuest, matchmaker_data, passes

from muster_players.arena.fixture import fixture_of
from muster_players.arena.match import Match, MatchTimes, Outcome
from muster_players.arena.pitch import TICK_HZ, Intent
from muster_runtime.testing import FakeClock

TEAMS = {"lions": ("ann",), "bears": ("ben",)}


def a_match(clock: FakeClock, *, data: str | None = None, **times: float) -> Match:
    async def pause(seconds: float) -> None:
        await passes(clock, seconds)

    fixture = fixture_of(ARN, matchmaker_data(TEAMS) if data is None else data)
    return Match(fixture, times=MatchTimes(**times), clock=clock, pause=pause)


def at_once(match: Match, *names: str) -> list[FakeGuest]:
    guests = [FakeGuest() for _ in names]
    for name, guest in zip(names, guests, strict=True):
        assert match.join(name, guest)
    return guests


async def played(match: Match, ending: asyncio.Event | None = None) -> Outcome:
    return await match.play(ending or asyncio.Event())


async def when(match: Match, tick: int, act: Callable[[], object]) -> None:
    """Act as soon as the match has come to *tick*."""
    while match.game.tick < tick:  # noqa: ASYNC110 - the match has no event for a tick
        await asyncio.sleep(0)
    act()


async def both(match: Match, other: Awaitable[None], ending: asyncio.Event | None = None) -> Outcome:
    async def helper() -> None:
        await other

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(helper())
        return await played(match, ending)


async def test_a_match_starts_when_everybody_is_there_and_lasts_its_time(clock: FakeClock) -> None:
    match = a_match(clock, lasts_s=3.0)
    at_once(match, "ann", "ben")
    began = clock.monotonic_s()

    outcome = await played(match)

    assert "full_time" == outcome.reason
    assert 3 * TICK_HZ == match.game.tick
    assert abs(clock.monotonic_s() - began - 3.0) < 0.1
    assert ["ann", "ben"] == [line.player_id for line in outcome.players]
    assert {"lions", "bears"} == set(outcome.scores)


async def test_everybody_sees_every_tick_and_the_end(clock: FakeClock) -> None:
    match = a_match(clock, lasts_s=1.0)
    ann, ben = at_once(match, "ann", "ben")
    watcher = FakeGuest()
    match.watch(watcher)

    await played(match)

    for guest in (ann, ben, watcher):
        assert TICK_HZ == len(guest.of("state"))
        assert "end" == guest.frames[-1]["type"]
        assert guest.dismissed
    assert watcher.of("welcome")[0]["footballer"] is None
    assert 4 == ann.of("welcome")[0]["footballer"]


async def test_it_waits_for_the_missing_and_then_starts_with_whoever_is_there(clock: FakeClock) -> None:
    match = a_match(clock, lasts_s=1.0, gather_s=10.0)
    (ann,) = at_once(match, "ann")
    began = clock.now()

    outcome = await played(match)

    assert outcome.started_at is not None
    assert 10 <= (outcome.started_at - began).total_seconds() < 10.2
    assert {"type": "waiting", "present": 1, "expected": 2} in ann.frames


async def test_a_session_that_nobody_comes_to_is_given_up(clock: FakeClock) -> None:
    match = a_match(clock, empty_s=60.0)

    outcome = await played(match)

    assert ("nobody_came", None, ()) == (outcome.reason, outcome.started_at, outcome.players)


async def test_it_ends_when_everybody_left_and_still_has_a_result(clock: FakeClock) -> None:
    match = a_match(clock, lasts_s=60.0)
    at_once(match, "ann", "ben")

    def leave() -> None:
        match.release("ann")
        match.release("ben")

    outcome = await both(match, when(match, 5, leave))

    assert "abandoned" == outcome.reason
    assert match.game.tick < 10
    assert 2 == len(outcome.players)


async def test_one_who_leaves_early_does_not_end_it_for_those_on_the_way(clock: FakeClock) -> None:
    match = a_match(clock, lasts_s=1.0, gather_s=10.0)
    (ann,) = at_once(match, "ann")
    match.drop("ann", ann)
    match.release("ann")

    async def come() -> None:
        await asyncio.sleep(0)
        at_once(match, "ben")

    outcome = await both(match, come())

    assert "full_time" == outcome.reason


async def test_a_match_that_is_nearly_over_is_finished_when_the_process_must_stop(clock: FakeClock) -> None:
    match = a_match(clock, lasts_s=3.0, finish_s=4.0)
    at_once(match, "ann", "ben")
    ending = asyncio.Event()

    outcome = await both(match, when(match, 5, ending.set), ending)

    assert "full_time" == outcome.reason


async def test_a_long_match_is_ended_at_once_when_the_process_must_stop(clock: FakeClock) -> None:
    match = a_match(clock, lasts_s=600.0, finish_s=4.0)
    at_once(match, "ann", "ben")
    ending = asyncio.Event()

    outcome = await both(match, when(match, 5, ending.set), ending)

    assert "stopped" == outcome.reason
    assert outcome.started_at is not None


async def test_what_a_player_wants_moves_their_footballer(clock: FakeClock) -> None:
    match = a_match(clock, lasts_s=0.5)
    at_once(match, "ann", "ben")
    start = match.game.footballers[4].position
    match.want("ann", Intent(run=(0.0, 1.0)))

    await played(match)

    assert match.game.footballers[4].position[1] > start[1] + 1
    assert start[0] == match.game.footballers[4].position[0]


async def test_a_player_who_comes_back_keeps_footballer_and_place(clock: FakeClock) -> None:
    match = a_match(clock, lasts_s=1.0)
    ann, _ = at_once(match, "ann", "ben")
    match.drop("ann", ann)
    again = FakeGuest()

    assert match.join("ann", again)
    match.drop("ann", ann)  # the late end of the old connection

    assert 2 == match.present
    assert 4 == again.of("welcome")[0]["footballer"]


async def test_nobody_joins_after_the_end(clock: FakeClock) -> None:
    match = a_match(clock, lasts_s=0.5)
    at_once(match, "ann", "ben")
    await played(match)

    assert not match.join("eve", FakeGuest())


async def test_the_same_match_with_the_same_wishes_ends_the_same(clock: FakeClock) -> None:
    scores = []
    for _ in range(2):
        match = a_match(clock, lasts_s=30.0)
        at_once(match, "ann", "ben")
        match.want("ann", Intent(run=(1.0, 0.0), kick=(1.0, 0.0)))
        await played(match)
        scores.append(match.game)

    assert scores[0] == scores[1]
