import asyncio
import math
from decimal import Decimal, Inexact, Rounded
from itertools import repeat
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from muster_runtime.dynamo import (
    CONFLICT_ATTEMPTS,
    ConditionFailed,
    Page,
    Table,
    TransactionCancelled,
    delete_all,
    dump,
    load,
    transact,
)
from muster_runtime.errors import Busy, Unavailable
from muster_runtime.testing import Faulty
from muster_runtime.testing.faults import (
    Fault,
    cancel,
    conflict,
    outage,
    refuse,
    throttle,
    timeout_after_commit,
    unprocessed,
    unreachable,
)


class Canned:
    """A client that answers every call with the same, and keeps the requests."""

    def __init__(self, answer: dict[str, Any] | None = None) -> None:
        self.answer = answer or {}
        self.requests: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        async def call(**request: Any) -> dict[str, Any]:
            self.requests.append(request)
            return self.answer

        return call


def table(operation: str, *faults: Fault | None, answer: dict[str, Any] | None = None) -> tuple[Table, Canned]:
    canned = Canned(answer)
    return Table(Faulty(canned, {operation: faults}), "tickets"), canned


# Whole numbers above 2 ** 53 come back as the integer that their shortest spelling names.
finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-(2.0**53), max_value=2.0**53).filter(
    lambda each: each == 0 or abs(each) > 1e-100
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**37), 10**37)
    | finite
    | st.text()
    | st.binary()
    | st.sets(st.text(), min_size=1)
    | st.sets(st.integers(-(10**9), 10**9), min_size=1)
)
rows = st.dictionaries(
    st.text(min_size=1),
    st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
    ),
    max_size=5,
)


@given(rows)
def test_every_row_comes_back_equal(row: dict[str, Any]) -> None:
    assert row == load(dump(row))


@given(st.dictionaries(st.text(), st.text() | st.integers(1 - 10**38, 10**38 - 1) | st.booleans()))
def test_texts_and_whole_numbers_are_written_and_read_as_boto3_does(row: dict[str, Any]) -> None:
    written = {name: TypeSerializer().serialize(value) for name, value in row.items()}

    assert written == dump(row)
    read = load(written)
    assert {name: TypeDeserializer().deserialize(value) for name, value in written.items()} == read
    assert [type(value) for value in row.values()] == [type(value) for value in read.values()]


@pytest.mark.parametrize("value", [10**38 + 1, -(10**38) - 1])
def test_a_whole_number_of_too_many_digits_is_refused(value: int) -> None:
    with pytest.raises((Inexact, Rounded)):
        dump({"v": value})


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_a_float_comes_back_to_the_last_bit(value: float) -> None:
    if value == 0 or abs(value) > 1e-100:
        assert math.isclose(value, load(dump({"v": value}))["v"], rel_tol=0, abs_tol=0)


def test_a_whole_float_comes_back_as_an_integer() -> None:
    (value,) = load(dump({"v": 2.0})).values()

    assert 2 == value
    assert isinstance(value, int)


def test_a_decimal_keeps_all_its_digits_on_the_way_out() -> None:
    assert {"v": {"N": "0.12345678901234567890123456789012345678"}} == dump(
        {"v": Decimal("0.12345678901234567890123456789012345678")}
    )


@pytest.mark.parametrize("value", [set(), frozenset(), float("nan"), float("inf"), object()])
def test_what_dynamodb_has_no_type_for_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        dump({"v": value})


@pytest.mark.parametrize(
    ("fault", "family"),
    [
        (throttle(), Busy),
        (refuse("ProvisionedThroughputExceededException"), Busy),
        (outage(), Unavailable),
        (refuse("InternalServerError", status=500), Unavailable),
        (refuse("Whatever", status=502), Unavailable),
        (unreachable(), Unavailable),
        (timeout_after_commit(), Unavailable),
    ],
)
@pytest.mark.parametrize("operation", ["get_item", "put_item", "update_item", "delete_item", "query", "scan"])
async def test_throttling_is_busy_and_an_outage_unavailable(
    operation: str, fault: Fault, family: type[Exception]
) -> None:
    tickets, _ = table(operation, fault)
    calls: dict[str, Any] = {
        "get_item": lambda: tickets.get({"id": "1"}),
        "put_item": lambda: tickets.put({"id": "1"}),
        "update_item": lambda: tickets.update({"id": "1"}, update="SET a = :a", values={":a": 1}),
        "delete_item": lambda: tickets.delete({"id": "1"}),
        "query": lambda: tickets.query(key_condition="id = :id", values={":id": "1"}),
        "scan": tickets.scan,
    }

    with pytest.raises(family):
        await calls[operation]()


async def test_a_call_that_never_ends_is_unavailable_at_its_deadline() -> None:
    class Hanging:
        async def get_item(self, **_: Any) -> dict[str, Any]:
            await asyncio.Event().wait()
            return {}

    with pytest.raises(Unavailable):
        await Table(Hanging(), "tickets", timeout_s=0.01).get({"id": "1"})


async def test_a_bug_in_an_expression_is_not_taken_for_an_outage() -> None:
    tickets, _ = table("put_item", refuse("ValidationException"))

    with pytest.raises(ClientError):
        await tickets.put({"id": "1"})


async def test_a_failed_condition_carries_the_row_that_stands_there() -> None:
    standing = {"id": "1", "version": 3}
    tickets, canned = table("put_item", refuse("ConditionalCheckFailedException", Item=dump(standing)))

    with pytest.raises(ConditionFailed) as caught:
        await tickets.put({"id": "1"}, condition="attribute_not_exists(id)")

    assert standing == caught.value.item
    assert [] == canned.requests


async def test_a_failed_condition_without_a_row_carries_none() -> None:
    tickets, _ = table("delete_item", refuse("ConditionalCheckFailedException"))

    with pytest.raises(ConditionFailed) as caught:
        await tickets.delete({"id": "1"}, condition="attribute_exists(id)")

    assert caught.value.item is None


async def test_every_condition_asks_for_the_row_that_stands_in_its_way() -> None:
    tickets, canned = table("put_item")

    await tickets.put({"id": "1"}, condition="#v = :v", names={"#v": "version"}, values={":v": 1})

    assert [
        {
            "TableName": "tickets",
            "Item": {"id": {"S": "1"}},
            "ConditionExpression": "#v = :v",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            "ExpressionAttributeNames": {"#v": "version"},
            "ExpressionAttributeValues": {":v": {"N": "1"}},
        }
    ] == canned.requests


async def test_a_conflict_with_a_transaction_is_tried_again() -> None:
    tickets, canned = table("put_item", conflict(), conflict(), None)

    await tickets.put({"id": "1"})

    assert 1 == len(canned.requests)


@pytest.fixture
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    # The pauses between tries are tested by themselves; here they would only cost seconds.
    for module in ("batches", "conflicts"):
        monkeypatch.setattr(f"muster_runtime.dynamo.{module}.full_jitter", lambda *_, **__: 0.0)


@pytest.mark.usefixtures("_no_pauses")
async def test_endless_conflicts_end_as_busy() -> None:
    faulty = Faulty(Canned(), {"put_item": repeat(conflict())})

    with pytest.raises(Busy):
        await Table(faulty, "tickets").put({"id": "1"})

    assert CONFLICT_ATTEMPTS == len(faulty.calls)


async def test_a_page_names_the_key_to_go_on_from() -> None:
    answer = {"Items": [dump({"id": "1"})], "LastEvaluatedKey": dump({"id": "1"})}
    tickets, canned = table("query", answer=answer)

    page = await tickets.query(
        key_condition="id = :id",
        values={":id": "1"},
        index="open",
        limit=5,
        forward=False,
        start={"id": "0"},
        filter="a = :a",
    )

    assert Page(({"id": "1"},), {"id": "1"}) == page
    assert [
        {
            "TableName": "tickets",
            "KeyConditionExpression": "id = :id",
            "ExpressionAttributeValues": {":id": {"S": "1"}},
            "IndexName": "open",
            "Limit": 5,
            "ScanIndexForward": False,
            "ExclusiveStartKey": {"id": {"S": "0"}},
            "FilterExpression": "a = :a",
            "ConsistentRead": False,
        }
    ] == canned.requests


async def test_the_last_page_names_no_key() -> None:
    tickets, _ = table("scan", answer={"Items": []})

    assert Page((), None) == await tickets.scan()


async def test_a_transaction_cancelled_by_a_condition_tells_which() -> None:
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": dump({"id": "2"})}]
    faulty = Faulty(
        Canned(), {"transact_write_items": [refuse("TransactionCanceledException", CancellationReasons=reasons)]}
    )

    with pytest.raises(TransactionCancelled) as caught:
        await transact(faulty, [{}, {}])

    assert ("None", "ConditionalCheckFailed") == caught.value.reasons
    assert (None, {"id": "2"}) == caught.value.items


async def test_a_transaction_that_only_conflicted_is_tried_again_with_its_token() -> None:
    canned = Canned()
    faulty = Faulty(canned, {"transact_write_items": [cancel("TransactionConflict", "None"), None]})

    await transact(faulty, [{}, {}], token="t")

    assert [{"TransactItems": [{}, {}], "ClientRequestToken": "t"}] == canned.requests


async def test_a_condition_counts_more_than_a_conflict_beside_it() -> None:
    faulty = Faulty(Canned(), {"transact_write_items": [cancel("TransactionConflict", "ConditionalCheckFailed")]})

    with pytest.raises(TransactionCancelled):
        await transact(faulty, [{}, {}])


@pytest.mark.usefixtures("_no_pauses")
async def test_a_transaction_that_always_conflicts_ends_as_busy() -> None:
    faulty = Faulty(Canned(), {"transact_write_items": repeat(cancel("TransactionConflict"))})

    with pytest.raises(Busy):
        await transact(faulty, [{}])


@pytest.mark.parametrize("reason", ["ThrottlingError", "ProvisionedThroughputExceeded"])
async def test_a_throttled_transaction_is_busy(reason: str) -> None:
    faulty = Faulty(Canned(), {"transact_write_items": [cancel("None", reason)]})

    with pytest.raises(Busy):
        await transact(faulty, [{}, {}])


def test_operations_of_a_transaction_name_their_table() -> None:
    tickets = Table(Canned(), "tickets")

    ops = [
        tickets.put_op({"id": "1"}, condition="attribute_not_exists(id)"),
        tickets.update_op({"id": "1"}, update="SET a = :a", values={":a": 1}),
        tickets.delete_op({"id": "1"}),
        tickets.check_op({"id": "1"}, condition="attribute_exists(id)"),
    ]

    assert [{"Put"}, {"Update"}, {"Delete"}, {"ConditionCheck"}] == [set(op) for op in ops]
    assert {"tickets"} == {parts["TableName"] for op in ops for parts in op.values()}
    assert "ALL_OLD" == ops[0]["Put"]["ReturnValuesOnConditionCheckFailure"]


@pytest.mark.usefixtures("_no_pauses")
async def test_a_batch_that_is_never_finished_ends_as_busy() -> None:
    faulty = Faulty(Canned(), {"batch_write_item": repeat(unprocessed(0))})

    with pytest.raises(Busy):
        await delete_all(faulty, "outbox", [{"id": "1"}])
