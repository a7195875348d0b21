"""Rates that AWS allows, exactly, on a clock that only the test moves."""

from typing import Any

import pytest
from gamelift_bench import REGION, Bench, Recorder

from muster_gamelift.engine import Engine
from muster_gamelift.errors import Fault, InvalidRequest, Throttled
from muster_gamelift.ports import AdmitsAll
from muster_gamelift.rates import ACCOUNT_RATE, MOST_BUCKETS, Rates, rate_of
from muster_gamelift.state.world import Limits
from muster_gamelift.validation import gamelift_model
from muster_runtime.testing.clock import FakeClock
from muster_runtime.testing.ids import SequentialIds

STARTED_S = 1_700_000_000.0


@pytest.fixture
def rates() -> Rates:
    return Rates(AdmitsAll())


def passed(rates: Rates, operation: str, times: int, *, at_s: float = STARTED_S, region: str = REGION) -> int:
    """Return how many of so many requests at one instant are let through."""
    count = 0
    for _ in range(times):
        try:
            rates.admit(region, operation, at_s)
        except Throttled:
            continue
        count += 1
    return count


def allowed(operation: str, rate: int, row: str) -> Any:
    return pytest.param(operation, rate, marks=pytest.mark.row(row), id=operation)


@pytest.mark.parametrize(
    ("operation", "rate"),
    [
        allowed("StartMatchmaking", 100, "2.6.rates.StartMatchmaking"),
        allowed("StopMatchmaking", 100, "2.6.rates.StartMatchmaking"),
        allowed("AcceptMatch", 100, "2.6.rates.StartMatchmaking"),
        allowed("DescribeMatchmaking", 200, "2.6.rates.DescribeMatchmaking"),
        allowed("StartMatchBackfill", 70, "2.6.rates.StartMatchBackfill"),
        allowed("StartGameSessionPlacement", 75, "2.6.rates.placement"),
        allowed("DescribeGameSessionPlacement", 75, "2.6.rates.placement"),
        allowed("CreateGameSession", 50, "2.6.rates.CreateGameSession"),
        allowed("CreatePlayerSession", 200, "2.6.rates.player.sessions"),
        allowed("CreatePlayerSessions", 200, "2.6.rates.player.sessions"),
        allowed("DescribePlayerSessions", 200, "2.6.rates.player.sessions"),
        allowed("DescribeGameSessions", 20, "2.6.rates.DescribeGameSessions"),
        allowed("SearchGameSessions", 30, "2.6.rates.SearchGameSessions"),
        allowed("GetComputeAuthToken", 5, "2.6.rates.GetComputeAuthToken"),
        allowed("CreateAlias", 20, "2.6.rates.changes"),
        allowed("UpdateGameSession", 20, "2.6.rates.changes"),
        allowed("DeleteFleet", 20, "2.6.rates.changes"),
        ("RegisterCompute", 20),
        allowed("DescribeFleetAttributes", 30, "2.6.rates.reads"),
        allowed("ListCompute", 30, "2.6.rates.reads"),
        ("ResolveAlias", 30),
    ],
)
def test_a_second_brings_exactly_the_requests_that_aws_allows(rates: Rates, operation: str, rate: int) -> None:
    assert passed(rates, operation, rate + 50) == rate
    assert passed(rates, operation, rate + 50, at_s=STARTED_S + 1) == rate


def test_a_refusal_has_the_words_of_aws(rates: Rates) -> None:
    assert passed(rates, "GetComputeAuthToken", 5) == 5

    with pytest.raises(Throttled) as refused:
        rates.admit(REGION, "GetComputeAuthToken", STARTED_S)

    words = (refused.value.aws_name, refused.value.detail, refused.value.status)
    assert words == ("ThrottlingException", "Rate exceeded", 400)


def test_every_operation_of_the_api_has_a_rate_below_the_account_s() -> None:
    assert {rate_of(operation) <= ACCOUNT_RATE // 2 for operation in gamelift_model().operations} == {True}


def test_a_bucket_fills_evenly_and_no_further_than_full(rates: Rates) -> None:
    assert passed(rates, "StartMatchmaking", 200) == 100
    assert passed(rates, "StartMatchmaking", 200, at_s=STARTED_S + 0.009) == 0
    assert passed(rates, "StartMatchmaking", 200, at_s=STARTED_S + 0.010) == 1
    assert passed(rates, "StartMatchmaking", 200, at_s=STARTED_S + 0.260) == 25
    assert passed(rates, "StartMatchmaking", 200, at_s=STARTED_S + 3600) == 100


def test_a_steady_stream_at_the_rate_is_never_refused(rates: Rates) -> None:
    assert [passed(rates, "GetComputeAuthToken", 1, at_s=STARTED_S + 0.2 * number) for number in range(50)] == [1] * 50
    assert passed(rates, "GetComputeAuthToken", 9, at_s=STARTED_S + 0.2 * 49) == 4


def test_operations_and_regions_have_rates_of_their_own(rates: Rates) -> None:
    assert passed(rates, "StartMatchmaking", 200) == 100
    assert passed(rates, "StopMatchmaking", 200) == 100
    assert passed(rates, "StartMatchmaking", 200, region="eu-west-1") == 100


@pytest.mark.row("2.6.rates.account")
def test_all_operations_of_a_region_together_have_the_rate_of_the_account(rates: Rates) -> None:
    names = ("DescribeMatchmaking", "CreatePlayerSession", "StartMatchmaking", "StopMatchmaking")

    assert [passed(rates, name, 300) for name in names] == [200, 200, 100, 0]
    assert passed(rates, "StopMatchmaking", 300, at_s=STARTED_S + 1) == 100


def test_a_refused_request_takes_no_token(rates: Rates) -> None:
    assert passed(rates, "GetComputeAuthToken", 1000) == 5

    assert passed(rates, "DescribeMatchmaking", 300) == 200


def test_time_that_goes_back_brings_nothing_and_stops_nothing(rates: Rates) -> None:
    assert passed(rates, "StartMatchmaking", 200) == 100
    assert passed(rates, "StartMatchmaking", 200, at_s=STARTED_S - 500) == 0
    assert passed(rates, "StartMatchmaking", 200, at_s=STARTED_S - 499) == 100


def test_made_up_regions_do_not_fill_the_memory(rates: Rates) -> None:
    for number in range(MOST_BUCKETS):
        rates.admit(f"xx-made-{number}", "ListFleets", STARTED_S)

    assert rates.buckets <= MOST_BUCKETS + 2


def test_what_is_forgotten_first_is_what_is_full_again(rates: Rates) -> None:
    for number in range(MOST_BUCKETS // 2):
        rates.admit(f"xx-made-{number}", "ListFleets", STARTED_S)

    assert passed(rates, "GetComputeAuthToken", 9, at_s=STARTED_S + 1) == 5
    assert rates.buckets == 2


def engine(rates: Rates, clock: FakeClock) -> Engine:
    recorder = Recorder()
    return Engine(
        account="000000000000",
        limits=Limits(),
        model=gamelift_model(),
        clock=clock,
        ids=SequentialIds(),
        sink=recorder,
        links=recorder,
        gate=rates,
    )


def asked(made: Engine, operation: str, times: int, **given: Any) -> dict[str, int]:
    """Return how often each answer came."""
    answers: dict[str, int] = {}
    for _ in range(times):
        try:
            made.call(REGION, operation, given, servers_url="")
            name = "done"
        except Fault as fault:
            name = fault.aws_name
        answers[name] = answers.get(name, 0) + 1
    return answers


def test_requests_are_counted_by_the_engine_s_clock_whether_or_not_they_are_in_order(rates: Rates) -> None:
    clock = FakeClock()
    made = engine(rates, clock)

    assert asked(made, "ListLocations", 40) == {"done": 30, "ThrottlingException": 10}
    assert asked(made, "ListLocations", 40, Limit=0) == {"ThrottlingException": 40}
    clock.advance(0.5)
    assert asked(made, "ListLocations", 40, Limit=0) == {"InvalidRequestException": 15, "ThrottlingException": 25}
    made.forget()
    assert asked(made, "ListLocations", 40) == {"done": 30, "ThrottlingException": 10}


def test_without_the_switch_nothing_is_counted(bench: Bench) -> None:
    assert asked(bench.engine, "ListLocations", 1000) == {"done": 1000}


class Refuses(AdmitsAll):
    def admit(self, _region: str, _operation: str, _now_s: float) -> None:
        raise InvalidRequest("This was ordered.")


def test_what_the_gate_behind_refuses_takes_no_token() -> None:
    rates = Rates(Refuses())

    with pytest.raises(InvalidRequest):
        rates.admit(REGION, "StartMatchmaking", STARTED_S)

    assert rates.buckets == 0
