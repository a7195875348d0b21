"""Rows of flexmatch's docs/rows.md about request rates, when they are switched on."""

from collections.abc import Iterable, Mapping

import pytest
from gamelift_rows_texts import OPERATIONS

from muster_gamelift.errors import Throttled
from muster_gamelift.ports import AdmitsAll
from muster_gamelift.rates import Rates

row = pytest.mark.row
REGION = "us-east-1"
OWN: Mapping[str, tuple[tuple[str, ...], int]] = {
    "2.6.rates.StartMatchmaking": (("StartMatchmaking", "StopMatchmaking", "AcceptMatch"), 100),
    "2.6.rates.DescribeMatchmaking": (("DescribeMatchmaking",), 200),
    "2.6.rates.StartMatchBackfill": (("StartMatchBackfill",), 70),
    "2.6.rates.placement": (("StartGameSessionPlacement", "DescribeGameSessionPlacement"), 75),
    "2.6.rates.CreateGameSession": (("CreateGameSession",), 50),
    "2.6.rates.player.sessions": (("CreatePlayerSession", "CreatePlayerSessions", "DescribePlayerSessions"), 200),
    "2.6.rates.DescribeGameSessions": (("DescribeGameSessions",), 20),
    "2.6.rates.SearchGameSessions": (("SearchGameSessions",), 30),
    "2.6.rates.GetComputeAuthToken": (("GetComputeAuthToken",), 5),
}
NAMED = {operation for operations, _ in OWN.values() for operation in operations}


def admitted(rates: Rates, operations: Iterable[str], now_s: float) -> int:
    """Return how many calls in a row pass at one instant."""
    count = 0
    for operation in operations:
        try:
            rates.admit(REGION, operation, now_s)
        except Throttled:
            return count
        count += 1
    return count


def others(*verbs: str) -> list[str]:
    """Return the operations that have no rate of their own and begin with one of the verbs."""
    return [operation for operation in OPERATIONS.split() if operation.startswith(verbs) and operation not in NAMED]


@pytest.mark.parametrize("name", [pytest.param(name, marks=row(name), id=name) for name in OWN])
def test_an_operation_is_taken_so_often_a_second_and_no_more(name: str) -> None:
    operations, rate = OWN[name]
    for operation in operations:
        rates = Rates(AdmitsAll())

        passed = [admitted(rates, [operation] * 1000, now_s) for now_s in (10.0, 10.0, 10.5, 11.0, 20.0)]

        # A second's worth at once, then what each passing moment brings, never more than a second's worth.
        assert passed == [rate, 0, rate // 2, rate - rate // 2, rate]


@row("2.6.rates.changes")
def test_creating_updating_and_deleting_are_taken_twenty_times_a_second_each() -> None:
    changing = others("Create", "Update", "Delete")

    assert {admitted(Rates(AdmitsAll()), [operation] * 1000, 1.0) for operation in changing} == {20}
    assert len(changing) > 15


@row("2.6.rates.reads")
def test_describing_and_listing_are_taken_thirty_times_a_second_each() -> None:
    reading = others("Describe", "List")

    assert {admitted(Rates(AdmitsAll()), [operation] * 1000, 1.0) for operation in reading} == {30}
    assert len(reading) > 10


@row("2.6.rates.account")
def test_an_account_is_taken_five_hundred_times_a_second_in_all() -> None:
    rates = Rates(AdmitsAll())
    mixed = ["StartMatchmaking", "StopMatchmaking", "AcceptMatch", "DescribeMatchmaking"] * 100
    more = ["CreatePlayerSession"] * 200

    assert admitted(rates, [*mixed, *more], 1.0) == 500
    rates.admit("eu-west-1", "CreatePlayerSession", 1.0)
