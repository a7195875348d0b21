from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from listener_fakes import (
    ANN,
    BEN,
    START,
    a_match,
    a_placement,
    a_session,
    an_ended_session,
)

from muster_listener.domain import (
    Address,
    Match,
    Outcome,
    PlayerId,
    Record,
    Session,
    SessionStatus,
    Stage,
    advance,
)


def after(*reports: Record) -> Record:
    record: Record | None = None
    for report in reports:
        record = advance(record, report)  # type: ignore[type-var]  # all of one kind
    assert record is not None
    return record


@pytest.mark.parametrize("report", [a_placement(), a_session(), a_match()], ids=lambda report: type(report).__name__)
def test_a_first_report_is_the_record(report: Record) -> None:
    assert after(report) == replace(report, sequence=1)


@pytest.mark.parametrize("report", [a_placement(), a_session(), a_match()], ids=lambda report: type(report).__name__)
def test_a_repeated_report_is_no_news(report: Record) -> None:
    assert after(report, report, report) == replace(report, sequence=1)


def test_the_first_outcome_of_a_placement_stays() -> None:
    assert after(a_placement(), a_placement(Outcome.FAILED)) == replace(a_placement(), sequence=1)


def test_a_session_that_ended_stays_so_when_the_news_of_its_beginning_comes_late() -> None:
    record = after(Session(arn=a_session().arn, ended_at=START), a_session())

    assert isinstance(record, Session)
    assert record.status is SessionStatus.ENDED
    assert record.address == a_session().address


def test_a_match_only_ever_comes_further() -> None:
    record = after(a_match(Stage.FINISHED), a_match(Stage.FORMED))

    assert isinstance(record, Match)
    assert record.stage is Stage.FINISHED
    assert record.scores == {"red": 3, "blue": 1}


def test_a_session_has_news_once_it_ended_and_until_that_was_told() -> None:
    assert [session.has_news for session in (a_session(), an_ended_session(), an_ended_session(is_told=True))] == [
        False,
        True,
        False,
    ]


def test_a_placement_has_news_until_it_was_told() -> None:
    assert [placement.has_news for placement in (a_placement(), a_placement(is_told=True))] == [True, False]


def test_news_told_once_is_not_told_again_when_later_reports_fill_in_the_record() -> None:
    record = advance(Session(arn=a_session().arn, ended_at=START, sequence=1, is_told=True), a_session())

    assert record.sequence == 2
    assert not record.has_news


# What is true of one session. Each report knows some part of it, and may repeat.
WHOLE = an_ended_session()
NOTHING = Session(arn=WHOLE.arn)


@st.composite
def reports(draw: st.DrawFn) -> list[Session]:
    def report() -> Session:
        knows = draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "placement_id": st.just(WHOLE.placement_id),
                    "match_id": st.just(WHOLE.match_id),
                    "address": st.sampled_from(
                        [WHOLE.address, Address(ip_address="127.0.0.1", port=7777), Address(region="us-east-1")]
                    ),
                    "player_ids": st.sampled_from([(ANN,), (BEN,), (ANN, BEN)]),
                    "placed_at": st.sampled_from([START + timedelta(seconds=2), START + timedelta(seconds=3)]),
                    "ended_at": st.just(WHOLE.ended_at),
                },
            )
        )
        return replace(NOTHING, **knows)

    return [report() for _ in range(draw(st.integers(1, 6)))]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Session], list[Session]]:
    told = draw(reports())
    repeats = draw(st.lists(st.sampled_from(told), max_size=4))
    return told, draw(st.permutations([*told, *repeats]))


@given(deliveries())
def test_any_order_and_repetition_of_reports_ends_in_the_same_record(
    delivery: tuple[list[Session], list[Session]],
) -> None:
    told, delivered = delivery

    assert replace(after(*delivered), sequence=0) == replace(after(*told), sequence=0)


@given(deliveries())
def test_a_reader_never_sees_a_session_come_back_to_life(delivery: tuple[list[Session], list[Session]]) -> None:
    states = [after(*delivery[1][:count]) for count in range(1, len(delivery[1]) + 1)]

    for earlier, later in pairwise(states):
        assert isinstance(earlier, Session)
        assert isinstance(later, Session)
        assert earlier.status is SessionStatus.PLACED or later.status is SessionStatus.ENDED
        assert set(earlier.player_ids) <= set(later.player_ids)
        assert later.sequence - earlier.sequence in {0, 1}


@given(st.permutations([a_match(stage) for stage in Stage]))
def test_any_order_of_the_reports_of_a_match_ends_in_the_same_match(told: list[Match]) -> None:
    record = after(*told)

    assert replace(record, sequence=0) == a_match(Stage.FINISHED)


@given(st.lists(st.sampled_from(["c", "a", "b"]), min_size=1))
def test_the_players_of_a_placement_are_everyone_who_was_named(names: list[str]) -> None:
    record = after(*(a_placement(player_ids=(PlayerId(name),)) for name in names))

    assert list(record.player_ids) == sorted(set(names))  # type: ignore[union-attr]  # a placement
