import asyncio
from datetime import UTC, datetime, timedelta

from players_fakes import ARN, matchmaker_data

from muster_players.arena.fixture import PlayerLine, fixture_of
from muster_players.arena.match import Outcome
from muster_players.arena.results import Results, finished
from muster_runtime.errors import Busy, Invalid, Unavailable
from muster_runtime.testing import RecordingPublisher

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def an_outcome(match_id: str = "match-1", *, started: bool = True, players: int = 2) -> Outcome:
    fixture = fixture_of(ARN, matchmaker_data({"lions": ("ann",), "bears": ("ben",)}, match_id=match_id))
    lines = (PlayerLine("ann", "lions", 2, won=True), PlayerLine("ben", "bears", 0, won=False))
    return Outcome(
        fixture=fixture,
        reason="full_time",
        started_at=START if started else None,
        ended_at=START + timedelta(seconds=3),
        scores={"lions": 2, "bears": 0},
        players=lines[:players],
    )


async def published(results: Results) -> None:
    results.close()
    await results.run()


async def no_pause(_: float) -> None:
    await asyncio.sleep(0)


async def test_a_result_is_published_as_match_finished() -> None:
    publisher = RecordingPublisher()
    results = Results(publisher, pause=no_pause)

    results.report(an_outcome())
    await published(results)

    (event,) = publisher.of("match.finished")
    assert ("players", "match-1") == (event.source, event.subject)
    assert {"lions": 2, "bears": 0} == event.data.scores
    assert [("ann", "lions", 2, True), ("ben", "bears", 0, False)] == [
        (each.player_id, each.team, each.goals, each.won) for each in event.data.players
    ]
    assert ARN == event.data.game_session_arn


async def test_a_result_is_tried_until_it_is_published() -> None:
    publisher = RecordingPublisher()
    publisher.fail_next(Unavailable(), Busy(), Unavailable())
    results = Results(publisher, pause=no_pause)

    results.report(an_outcome("match-1"))
    results.report(an_outcome("match-2"))
    await published(results)

    assert ["match-1", "match-2"] == [event.subject for event in publisher.events]


async def test_a_result_that_can_never_be_published_does_not_block_the_next() -> None:
    publisher = RecordingPublisher()
    publisher.fail_next(Invalid())
    results = Results(publisher, pause=no_pause)

    results.report(an_outcome("match-1"))
    results.report(an_outcome("match-2"))
    await published(results)

    assert ["match-2"] == [event.subject for event in publisher.events]


def test_a_repeat_is_recognisably_the_same_fact() -> None:
    one, again = finished(an_outcome()), finished(an_outcome())

    assert one is not None
    assert again is not None
    assert one.id == again.id


def test_a_match_that_nobody_played_is_no_fact() -> None:
    assert finished(an_outcome(started=False)) is None
    assert finished(an_outcome(players=0)) is None
