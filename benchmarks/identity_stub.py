"""A stub of DynamoDB for benchmarks: keeps what is put, by every text attribute, and checks nothing.

Both sides of a comparison talk to it, so what it costs is nobody's advantage; it runs in a process of its own.
"""

import asyncio
import json
from typing import Any

from aiohttp import web

Rows = dict[tuple[str, str, str], dict[str, Any]]


def keep(rows: Rows, table: str, row: dict[str, Any]) -> None:
    """Remember a row under each of its texts: the stub does not know which is the key."""
    for name, value in row.items():
        if "S" in value:
            rows[table, name, value["S"]] = row


def find(rows: Rows, table: str, key: dict[str, Any]) -> dict[str, Any] | None:
    """Return the row with *key*."""
    name, value = next(iter(key.items()))
    return rows.get((table, name, value["S"]))


def put(rows: Rows, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer PutItem."""
    keep(rows, asked["TableName"], asked["Item"])
    return {}


def get(rows: Rows, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer GetItem."""
    row = find(rows, asked["TableName"], asked["Key"])
    return {"Item": row} if row is not None else {}


def get_many(rows: Rows, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer BatchGetItem."""
    found = {
        table: [row for key in each["Keys"] if (row := find(rows, table, key)) is not None]
        for table, each in asked["RequestItems"].items()
    }
    return {"Responses": found, "UnprocessedKeys": {}}


def write_many(rows: Rows, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer BatchWriteItem; nothing is deleted."""
    for table, writes in asked["RequestItems"].items():
        for each in writes:
            if "PutRequest" in each:
                keep(rows, table, each["PutRequest"]["Item"])
    return {"UnprocessedItems": {}}


def transact(rows: Rows, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer TransactWriteItems; puts alone are applied."""
    for each in asked["TransactItems"]:
        if "Put" in each:
            put(rows, each["Put"])
    return {}


def nothing(_rows: Rows, _asked: dict[str, Any]) -> dict[str, Any]:
    """Answer a Query or Scan that finds no row."""
    return {"Items": [], "Count": 0}


def there(_rows: Rows, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer DescribeTable."""
    return {"Table": {"TableName": asked["TableName"], "TableStatus": "ACTIVE"}}


ANSWERS = {
    "BatchGetItem": get_many,
    "BatchWriteItem": write_many,
    "DescribeTable": there,
    "GetItem": get,
    "PutItem": put,
    "Query": nothing,
    "Scan": nothing,
    "TransactWriteItems": transact,
}
"""What DynamoDB would answer to a request that succeeds, by operation; to any other one an empty answer."""


async def stub() -> None:
    """Serve, and say where."""
    rows: Rows = {}

    async def handle(request: web.BaseRequest) -> web.Response:
        operation = request.headers["X-Amz-Target"].rpartition(".")[2]
        asked = json.loads(await request.read())
        told = ANSWERS[operation](rows, asked) if operation in ANSWERS else {}
        return web.Response(body=json.dumps(told).encode(), content_type="application/x-amz-json-1.0")

    server = await asyncio.get_running_loop().create_server(web.Server(handle), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(stub())
