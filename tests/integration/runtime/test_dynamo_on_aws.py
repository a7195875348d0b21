import asyncio

import pytest

from muster_runtime.dynamo import ConditionFailed, Table, TransactionCancelled, delete_all, transact
from muster_runtime.testing import Sandbox
from muster_runtime.testing.local_aws import ANSWER_S


@pytest.fixture
async def table(sandbox: Sandbox) -> Table:
    name = await sandbox.table("pk", "sk", indexes={"by_status": ("status", "updated_at")})
    return Table(await sandbox.client("dynamodb"), name, timeout_s=ANSWER_S)


async def test_a_row_with_every_kind_of_value_comes_back_equal(table: Table) -> None:
    row = {
        "pk": "a",
        "sk": "1",
        "whole": 7,
        "real": 0.1,
        "flag": True,
        "none": None,
        "bytes": b"\x00\xff",
        "list": [1, "two", [3.5]],
        "map": {"deep": {"er": "x"}},
        "set": {"p", "q"},
        "numbers": {1, 2},
    }

    await table.put(row)

    assert row == await table.get({"pk": "a", "sk": "1"})


async def test_a_row_that_is_not_there_is_none(table: Table) -> None:
    assert await table.get({"pk": "a", "sk": "nowhere"}) is None


async def test_a_failed_condition_brings_the_row_that_stands_there(table: Table) -> None:
    await table.put({"pk": "a", "sk": "1", "version": 1})

    with pytest.raises(ConditionFailed) as caught:
        await table.put({"pk": "a", "sk": "1", "version": 2}, condition="attribute_not_exists(pk)")

    assert {"pk": "a", "sk": "1", "version": 1} == caught.value.item


async def test_a_failed_condition_on_no_row_brings_none(table: Table) -> None:
    with pytest.raises(ConditionFailed) as caught:
        await table.delete({"pk": "a", "sk": "1"}, condition="attribute_exists(pk)")

    assert caught.value.item is None


async def test_an_update_returns_the_row_as_it_is_then(table: Table) -> None:
    await table.put({"pk": "a", "sk": "1", "count": 1})

    after = await table.update(
        {"pk": "a", "sk": "1"},
        update="ADD #c :one",
        condition="#c = :one",
        names={"#c": "count"},
        values={":one": 1},
    )

    assert {"pk": "a", "sk": "1", "count": 2} == after


async def test_deleting_what_is_not_there_is_no_error(table: Table) -> None:
    await table.delete({"pk": "a", "sk": "nowhere"})


async def test_pages_follow_each_other_in_the_order_of_the_sort_key(table: Table) -> None:
    for number in range(7):
        await table.put({"pk": "a", "sk": f"{number}"})

    first = await table.query(key_condition="pk = :pk", values={":pk": "a"}, limit=4, forward=False)
    second = await table.query(
        key_condition="pk = :pk", values={":pk": "a"}, limit=4, forward=False, start=first.next_key
    )

    assert ["6", "5", "4", "3"] == [row["sk"] for row in first.items]
    assert ["2", "1", "0"] == [row["sk"] for row in second.items]
    assert second.next_key is None


async def test_an_index_and_a_filter_choose_rows(table: Table) -> None:
    for number in range(4):
        await table.put({"pk": "a", "sk": f"{number}", "status": "open", "updated_at": f"{number}", "odd": number % 2})
    await table.put({"pk": "a", "sk": "9", "status": "closed", "updated_at": "9", "odd": 1})

    page = await table.query(
        index="by_status",
        key_condition="#s = :s",
        names={"#s": "status"},
        values={":s": "open", ":odd": 1},
        filter="odd = :odd",
    )

    assert ["1", "3"] == [row["sk"] for row in page.items]


async def test_a_scan_sees_every_row(table: Table) -> None:
    for number in range(3):
        await table.put({"pk": f"{number}", "sk": "1"})

    assert {"0", "1", "2"} == {row["pk"] for row in (await table.scan(consistent=True)).items}


async def test_a_transaction_happens_as_a_whole_or_not_at_all(sandbox: Sandbox, table: Table) -> None:
    dynamodb = await sandbox.client("dynamodb")
    await table.put({"pk": "taken", "sk": "1", "by": "other"})

    with pytest.raises(TransactionCancelled) as caught:
        await transact(
            dynamodb,
            [
                table.put_op({"pk": "new", "sk": "1"}),
                table.put_op({"pk": "taken", "sk": "1"}, condition="attribute_not_exists(pk)"),
            ],
            timeout_s=ANSWER_S,
        )

    assert ("None", "ConditionalCheckFailed") == caught.value.reasons
    assert {"pk": "taken", "sk": "1", "by": "other"} == caught.value.items[1]
    assert await table.get({"pk": "new", "sk": "1"}) is None


async def test_all_kinds_of_operations_work_in_one_transaction(sandbox: Sandbox, table: Table) -> None:
    for name in ("update", "delete", "check"):
        await table.put({"pk": name, "sk": "1", "count": 1})

    await transact(
        await sandbox.client("dynamodb"),
        [
            table.put_op({"pk": "put", "sk": "1"}),
            table.update_op({"pk": "update", "sk": "1"}, update="SET #c = :c", names={"#c": "count"}, values={":c": 5}),
            table.delete_op({"pk": "delete", "sk": "1"}),
            table.check_op({"pk": "check", "sk": "1"}, condition="attribute_exists(pk)"),
        ],
        timeout_s=ANSWER_S,
    )

    left = {row["pk"]: row.get("count") for row in (await table.scan(consistent=True)).items}
    assert {"put": None, "update": 5, "check": 1} == left


async def test_a_transaction_repeated_with_its_token_is_applied_once(sandbox: Sandbox, table: Table) -> None:
    dynamodb = await sandbox.client("dynamodb")
    add = table.update_op({"pk": "a", "sk": "1"}, update="ADD #c :one", names={"#c": "count"}, values={":one": 1})

    for _ in range(3):
        await transact(dynamodb, [add], token="once", timeout_s=ANSWER_S)

    row = await table.get({"pk": "a", "sk": "1"})
    assert row is not None
    assert 1 == row["count"]


async def test_of_many_writers_with_one_version_one_wins(table: Table) -> None:
    outcomes: list[bool] = []

    async def claim(name: str) -> None:
        try:
            await table.put({"pk": "a", "sk": "1", "by": name}, condition="attribute_not_exists(pk)")
        except ConditionFailed:
            outcomes.append(False)
        else:
            outcomes.append(True)

    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(claim(f"{number}"))

    assert [True] == [outcome for outcome in outcomes if outcome]


async def test_many_rows_are_deleted_and_others_stay(sandbox: Sandbox, table: Table) -> None:
    for number in range(60):
        await table.put({"pk": "a", "sk": f"{number:02}"})

    dynamodb = await sandbox.client("dynamodb")
    deleted = [{"pk": "a", "sk": f"{number:02}"} for number in range(58)]
    await delete_all(dynamodb, table.name, deleted, timeout_s=ANSWER_S)

    assert ["58", "59"] == [row["sk"] for row in (await table.scan(consistent=True)).items]


async def test_a_probe_tells_a_table_that_is_there_from_one_that_is_not(sandbox: Sandbox, table: Table) -> None:
    await table.ping()

    with pytest.raises(Exception, match="ResourceNotFound"):
        await Table(await sandbox.client("dynamodb"), "nowhere").ping()
