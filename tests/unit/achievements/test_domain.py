from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster_achievements.domain import (
    MOST_UNLOCKS,
    AchievementId,
    Definition,
    Record,
    Stat,
    UserId,
    check,
    count,
    report,
    standing,
    standings,
)
from muster_achievements.errors import DefinitionInvalid, ServerOnly

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ANN = UserId("ann")


def a_definition(name: str = "first_match", **changes: object) -> Definition:
    values = {"achievement_id": AchievementId(name), "title": "First match", "points": 5, "stat": Stat.MATCHES_PLAYED}
    return Definition(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "admin"},
        {"name": "definitions"},
        {"name": "has space"},
        {"name": "x" * 65},
        {"name": ""},
        {"title": "  "},
        {"target": 0},
        {"target": 1_000_000_001},
        {"points": -1},
    ],
)
def test_a_definition_outside_the_rules_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(DefinitionInvalid):
        check(a_definition(**changes))


def test_a_match_counts_and_unlocks_what_it_reaches() -> None:
    change = count(Record(ANN), {Stat.MATCHES_PLAYED: 1}, [a_definition(), a_definition("ten", target=10)], NOON)

    assert ["first_match"] == [unlock.achievement_id for unlock in change.unlocks]
    assert {"first_match": NOON} == change.record.unlocked


def test_what_one_match_cannot_unlock_at_once_the_next_ones_unlock() -> None:
    many = [a_definition(f"a{number}") for number in range(2 * MOST_UNLOCKS + 1)]
    record, unlocked = Record(ANN), []

    for _ in range(4):
        change = count(record, {Stat.MATCHES_PLAYED: 1}, many, NOON)
        record = change.record
        unlocked.append(len(change.unlocks))

    assert [MOST_UNLOCKS, MOST_UNLOCKS, 1, 0] == unlocked
    assert {each.achievement_id for each in many} == set(record.unlocked)


def test_an_earned_achievement_is_never_earned_again() -> None:
    first = count(Record(ANN), {Stat.MATCHES_PLAYED: 1}, [a_definition()], NOON).record
    again = count(first, {Stat.MATCHES_PLAYED: 1}, [a_definition()], NOON + timedelta(days=1))

    assert () == again.unlocks
    assert {"first_match": NOON} == again.record.unlocked


def test_a_younger_definition_counts_what_was_played_before_it() -> None:
    veteran = count(Record(ANN), {Stat.MATCHES_PLAYED: 10}, [], NOON).record

    change = count(veteran, {Stat.MATCHES_PLAYED: 1}, [a_definition("ten", target=10)], NOON)

    assert ["ten"] == [unlock.achievement_id for unlock in change.unlocks]


def test_clients_may_not_report_what_servers_count() -> None:
    with pytest.raises(ServerOnly):
        report(Record(ANN), a_definition(), 1, NOON)


def test_reported_progress_stops_at_the_target_and_unlocks_once() -> None:
    secrets = a_definition("secrets", stat=None, target=3)

    change = report(Record(ANN), secrets, 1_000_000_000, NOON)

    assert 3 == change.record.progress[AchievementId("secrets")]
    assert 1 == len(change.unlocks)
    assert () == report(change.record, secrets, 1, NOON).unlocks


def test_a_secret_shows_only_once_earned() -> None:
    secret = a_definition("hush", secret=True)
    earned = count(Record(ANN), {Stat.MATCHES_PLAYED: 1}, [secret], NOON).record

    assert () == standings([secret], Record(ANN))
    assert ["hush"] == [each.definition.achievement_id for each in standings([secret], earned)]


def test_an_earned_achievement_stays_complete_when_its_target_rises() -> None:
    earned = count(Record(ANN), {Stat.MATCHES_PLAYED: 1}, [a_definition()], NOON).record

    each = standing(replace(a_definition(), target=100), earned)

    assert (100, NOON) == (each.progress, each.unlocked_at)


@given(st.lists(st.integers(0, 5), max_size=20), st.integers(1, 30))
def test_a_goal_is_reached_exactly_when_the_sum_of_matches_reaches_it(goals: list[int], target: int) -> None:
    definition = a_definition("goals", stat=Stat.GOALS_SCORED, target=target)
    record, unlocks = Record(ANN), 0
    for scored in goals:
        change = count(record, {Stat.GOALS_SCORED: scored}, [definition], NOON)
        record, unlocks = change.record, unlocks + len(change.unlocks)

    assert (1 if sum(goals) >= target else 0) == unlocks
    assert len(goals) == record.version
    assert min(sum(goals), target) == standing(definition, record).progress
