from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster_matchmaking.domain import (
    ClaimState,
    PlayerId,
    Request,
    clean_latencies,
    ended,
    open_claim,
    settle_repeat,
    submitted,
    ticket_id_for,
)
from muster_matchmaking.errors import KeyReused, LatencyUnusable

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def a_request(**changes: object) -> Request:
    values = {"player_id": PlayerId("ann"), "latencies_ms": {"us-east-1": 40}, "configuration": "arena", "key": ""}
    return Request(**{**values, **changes})  # type: ignore[arg-type]


def test_the_same_key_always_names_the_same_ticket() -> None:
    first = ticket_id_for(a_request(key="k"), "fresh-1")
    again = ticket_id_for(a_request(key="k"), "fresh-2")

    assert first == again


def test_a_key_belongs_to_one_player() -> None:
    assert ticket_id_for(a_request(key="k"), "x") != ticket_id_for(a_request(key="k", player_id=PlayerId("bob")), "x")


def test_without_a_key_every_request_is_a_new_ticket() -> None:
    assert ticket_id_for(a_request(), "fresh") == "fresh"


def test_unmeasured_regions_are_left_out_and_zero_becomes_one() -> None:
    assert clean_latencies({"a": None, "b": 0, "c": 12.6, "d": 5000, "e": -1}) == {"b": 1, "c": 13, "d": 1000}


@pytest.mark.parametrize("measured", [{}, {"a": None}, {"": 5}, {f"r{n}": 5 for n in range(51)}])
def test_latencies_that_say_nothing_are_refused(measured: dict[str, float | None]) -> None:
    with pytest.raises(LatencyUnusable):
        clean_latencies(measured)


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5), st.none() | st.floats(allow_nan=False, allow_infinity=False), max_size=50
    )
)
def test_whatever_is_measured_gamelift_gets_one_to_a_thousand(measured: dict[str, float | None]) -> None:
    try:
        usable = clean_latencies(measured)
    except LatencyUnusable:
        return

    assert usable
    assert all(1 <= latency <= 1000 for latency in usable.values())


def test_only_accepted_and_submitted_claims_hold_their_player() -> None:
    claim = open_claim(a_request(), ticket_id_for(a_request(), "t"), skill=10, now=NOON)

    assert [True, True, False, False, False] == [
        claim.state.is_open,
        submitted(claim, "arn").state.is_open,
        *(ended(claim, state).state.is_open for state in (ClaimState.WITHDRAWN, ClaimState.REFUSED, ClaimState.CLOSED)),
    ]


def test_a_key_with_another_request_is_refused() -> None:
    claim = open_claim(a_request(key="k"), ticket_id_for(a_request(key="k"), "t"), skill=10, now=NOON)

    with pytest.raises(KeyReused):
        settle_repeat(a_request(key="k", latencies_ms={"eu-west-1": 9}), claim)
