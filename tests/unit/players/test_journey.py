import asyncio
from typing import Any, cast

import aiohttp
import pytest
from players_fakes import ARN, FakeAnswer, FakeHTTP, FakeWriter, a_stream, matchmaker_data, passes
from virtual_time import virtual_time

from muster_players.arena import frames
from muster_players.arena.fixture import fixture_of
from muster_players.arena.game import kick_off
from muster_players.client import MusterClient
from muster_players.domain import JourneyReport, MatchReport, StepName
from muster_players.journey import Journey
from muster_players.play import render
from muster_runtime.testing import FakeClock

SEAT = {"ip_address": "127.0.0.1", "dns_name": "localhost", "port": 7777, "player_session_id": "psess-secret"}
FIXTURE = fixture_of(ARN, matchmaker_data({"lions": ("ann",), "bears": ("ben",)}))
WELCOME = frames.welcome(FIXTURE, footballer=4, lasts_s=3)
STATE = frames.state(kick_off(1), left_s=1, seated=(4,))
END = frames.end(FIXTURE, kick_off(1), reason="full_time", goals=1)


def a_ticket(status: str, *, tag: str = "", retry_after: str = "", **facts: object) -> FakeAnswer:
    headers = {"ETag": tag} if tag else {}
    if retry_after:
        headers["Retry-After"] = retry_after
    return FakeAnswer(200, {"status": status, "match_id": None, "connection": None, **facts}, headers)


MATCHED = a_ticket("COMPLETED", tag='"9"', match_id="match-1", connection=SEAT)


class World:
    """Muster as one player meets it; every part can be made to misbehave."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.looks: list[FakeAnswer] = [a_ticket("SEARCHING", tag='"1"'), MATCHED]
        self.streams = [a_stream(frames.ACCEPTED, WELCOME, STATE, END)]
        self.written: list[FakeWriter] = []
        self.pauses: list[float] = []
        self.unlock_after = 1
        self.requested = FakeAnswer(202, {"ticket_id": "t-1"})
        self.http = FakeHTTP(self.serve)

    def serve(self, method: str, path: str, parts: dict[str, Any]) -> FakeAnswer | Exception:
        match (method, path):
            case ("POST", "/v1/guests"):
                self.clock.advance(0.5)
                return FakeAnswer(201, {"user_id": "ann", "access_token": "token"})
            case ("POST", "/v1/matchmaking/tickets"):
                return self.requested
            case ("GET", "/v1/tickets/t-1"):
                return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
            case ("GET", "/v1/achievements"):
                self.unlock_after -= 1
                listed = [
                    {"achievement_id": "first_match", "unlocked": self.unlock_after <= 0},
                    {"achievement_id": "ten_matches", "unlocked": False},
                ]
                return FakeAnswer(200, {"achievements": listed})
        raise AssertionError(path)

    async def connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        assert ("127.0.0.1", 7777) == (host, port)
        if not self.streams:
            raise ConnectionRefusedError
        reader, writer = self.streams.pop(0)
        self.written.append(writer)
        return reader, cast("asyncio.StreamWriter", writer)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await passes(self.clock, seconds)

    async def journey(self) -> JourneyReport:
        client = MusterClient(cast("aiohttp.ClientSession", self.http), "http://muster.test", pause=self.pause)
        journey = Journey(client, clock=self.clock, key="once", connect=self.connect, pause=self.pause)
        return await journey.run(timeout_s=30)


@pytest.fixture
def world(clock: FakeClock) -> World:
    return World(clock)


async def test_a_journey_goes_from_sign_in_to_the_unlock(world: World) -> None:
    report = await world.journey()

    assert report.failure is None
    assert list(StepName) == [step.name for step in report.steps]
    assert ("ann", "t-1", "match-1", "lions", 1) == (
        report.user_id,
        report.ticket_id,
        report.match_id,
        report.side,
        report.goals,
    )
    assert ("first_match",) == report.unlocked
    assert 0.5 == report.steps[0].seconds


async def test_the_player_session_id_is_the_first_line_and_then_inputs_follow(world: World) -> None:
    await world.journey()

    first, second, *_ = world.written[0].sent.split(b"\n")
    assert b"psess-secret" == first
    assert "input" == frames.decode(second)["type"]
    assert world.written[0].closed


async def test_a_report_holds_a_fingerprint_and_not_the_seat(world: World) -> None:
    report = await world.journey()

    assert 16 == len(report.seat)
    assert "psess-secret" not in repr(report)


async def test_news_of_a_ticket_leads_to_the_next_look_at_once(world: World) -> None:
    world.looks = [a_ticket("QUEUED", tag='"1"', retry_after="5"), a_ticket("SEARCHING", tag='"2"'), MATCHED]

    await world.journey()

    assert [] == world.pauses
    looks = [parts for _, path, parts in world.http.requests if path == "/v1/tickets/t-1"]
    assert ["", '"1"', '"2"'] == [look["headers"].get("If-None-Match", "") for look in looks]


async def test_a_service_that_does_not_wait_is_left_alone_as_long_as_it_asks(world: World) -> None:
    unchanged = FakeAnswer(304, None, {"ETag": '"1"', "Retry-After": "2"})
    world.looks = [a_ticket("SEARCHING", tag='"1"'), unchanged, unchanged, MATCHED]

    await world.journey()

    assert [2.0, 2.0] == world.pauses


async def test_a_service_without_tags_is_polled_with_pauses(world: World) -> None:
    world.looks = [a_ticket("SEARCHING"), a_ticket("SEARCHING"), MATCHED]

    await world.journey()

    assert [0.2, 0.2] == world.pauses


async def test_a_ticket_that_becomes_known_late_is_waited_for(world: World) -> None:
    world.looks = [FakeAnswer(404, {"code": "ticket_unknown"}), MATCHED]

    assert (await world.journey()).failure is None


@pytest.mark.parametrize("status", ["CANCELLED", "FAILED", "TIMED_OUT"])
async def test_a_ticket_that_ends_without_a_match_ends_the_journey(world: World, status: str) -> None:
    world.looks = [a_ticket(status, reason="no luck")]

    failure = (await world.journey()).failure

    assert failure is not None
    assert (StepName.MATCH, "ticket_ended", f"{status}: no luck") == (failure.step, failure.kind, failure.detail)


async def test_a_refused_request_names_its_step_and_code(world: World) -> None:
    world.requested = FakeAnswer(409, {"code": "already_queued"})

    failure = (await world.journey()).failure

    assert failure is not None
    assert (StepName.REQUEST, "answer_refused") == (failure.step, failure.kind)
    assert "already_queued" in failure.detail


async def test_a_refused_seat_ends_the_journey_after_a_few_tries(world: World) -> None:
    world.streams = [a_stream(frames.REFUSED) for _ in range(5)]

    failure = (await world.journey()).failure

    assert failure is not None
    assert (StepName.CONNECT, "seat_refused") == (failure.step, failure.kind)
    assert 3 == len(world.written)
    assert all(writer.closed for writer in world.written)


async def test_an_arena_that_is_not_there_is_told(world: World) -> None:
    world.streams = []

    failure = (await world.journey()).failure

    assert failure is not None
    assert (StepName.CONNECT, "game_broken") == (failure.step, failure.kind)


async def test_a_player_whose_connection_breaks_comes_back_to_the_seat(world: World) -> None:
    world.streams = [a_stream(frames.ACCEPTED, WELCOME, STATE), a_stream(frames.ACCEPTED, WELCOME, END)]

    report = await world.journey()

    assert report.failure is None
    assert 2 == len(world.written)


async def test_an_arena_that_dies_during_the_match_is_told_by_its_step(world: World) -> None:
    world.streams = [a_stream(frames.ACCEPTED, WELCOME, STATE)]

    failure = (await world.journey()).failure

    assert failure is not None
    assert (StepName.PLAY, "game_broken") == (failure.step, failure.kind)


@pytest.mark.parametrize("nonsense", ["hello", {"type": "state"}, {"type": "welcome", "match_id": "m"}])
async def test_an_arena_that_speaks_nonsense_is_told(world: World, nonsense: str | dict[str, object]) -> None:
    world.streams = [a_stream(frames.ACCEPTED, WELCOME, nonsense) for _ in range(5)]

    failure = (await world.journey()).failure

    assert failure is not None
    assert "game_broken" == failure.kind


async def test_a_seat_in_another_match_than_the_tickets_is_a_failure(world: World) -> None:
    world.looks = [a_ticket("COMPLETED", match_id="match-2", connection=SEAT)]

    failure = (await world.journey()).failure

    assert failure is not None
    assert "game_broken" == failure.kind


async def test_an_unlock_that_takes_a_while_is_waited_for(world: World) -> None:
    world.unlock_after = 20

    report = await world.journey()

    assert report.failure is None
    assert report.steps[-1].seconds > 4


async def test_an_unlock_that_never_comes_is_told(world: World) -> None:
    world.unlock_after = 10_000

    failure = (await world.journey()).failure

    assert failure is not None
    assert (StepName.ACHIEVE, "nothing_unlocked") == (failure.step, failure.kind)


async def test_a_journey_ends_in_time_whatever_happens(world: World) -> None:
    world.streams = [a_stream(frames.ACCEPTED, WELCOME, ends=False)]
    client = MusterClient(cast("aiohttp.ClientSession", world.http), "http://muster.test", pause=world.pause)
    journey = Journey(client, clock=world.clock, key="once", connect=world.connect, pause=world.pause)

    # Nothing but the match that never ends takes time: no step before it can use the limit up.
    with virtual_time():
        failure = (await journey.run(timeout_s=0.05)).failure

    assert failure is not None
    assert (StepName.PLAY, "took_too_long") == (failure.step, failure.kind)
    assert world.written[0].closed


def a_report(player: int, **facts: Any) -> JourneyReport:
    usual: dict[str, Any] = {"match_id": "match-1", "seat": f"seat-{player}", "unlocked": ("first_match",)}
    return JourneyReport(player=player, **(usual | facts))


def test_a_match_is_verified_when_both_played_it_on_their_own_seats_and_unlocked_something() -> None:
    assert MatchReport((a_report(1), a_report(2))).verified


@pytest.mark.parametrize("facts", [{"match_id": "match-2"}, {"seat": "seat-1"}, {"unlocked": ()}, {"match_id": ""}])
def test_anything_less_is_not_verified(facts: dict[str, Any]) -> None:
    assert not MatchReport((a_report(1), a_report(2, **facts))).verified


def test_one_player_alone_verifies_nothing() -> None:
    assert not MatchReport((a_report(1),)).verified


async def test_the_table_has_a_row_for_every_step_and_tells_the_verdict(world: World) -> None:
    report = await world.journey()

    table = render(MatchReport((report, report)))

    for name in StepName:
        assert name.value in table
    assert "score: lions 0, bears 0" in table
    assert table.endswith("NOT verified")


async def test_the_table_tells_what_failed(world: World) -> None:
    world.looks = [a_ticket("FAILED", reason="no luck")]

    table = render(MatchReport((await world.journey(),)))

    assert "ticket_ended at 'be matched': FAILED: no luck" in table
