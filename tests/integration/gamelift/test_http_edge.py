"""What may arrive at the API's address, and that every answer is one that AWS clients understand."""

import asyncio
import gzip
import io
import json
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

JSON = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "GameLift.ListFleets"}


async def post(
    http: aiohttp.ClientSession, gamelift: Any, body: bytes = b"{}", without: str = "", **headers: str
) -> tuple[int, dict[str, Any]]:
    sent = {**JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    sent.pop(without, None)
    skipped = {without} if without else set()
    async with http.post(gamelift.base_url, data=io.BytesIO(body), headers=sent, skip_auto_headers=skipped) as answer:
        assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
        assert answer.headers["x-amzn-RequestId"]
        return answer.status, dict(json.loads(await answer.read()))


async def test_requests_in_order_are_answered(gamelift: Any, http_client: aiohttp.ClientSession) -> None:
    empty = {"FleetIds": []}

    assert (200, empty) == await post(http_client, gamelift)
    assert (200, empty) == await post(http_client, gamelift, b"")
    assert (200, empty) == await post(http_client, gamelift, Content_Type="application/json; charset=utf-8")
    assert (200, empty) == await post(http_client, gamelift, without="Content-Type")
    assert (200, empty) == await post(http_client, gamelift, gzip.compress(b"{}"), Content_Encoding="gzip")


@pytest.mark.parametrize(
    ("body", "headers", "name"),
    [
        (b"{", {}, "SerializationException"),
        (b"[]", {}, "SerializationException"),
        (b"1" * 5000, {}, "SerializationException"),
        (b'{"Limit": 1' + b"0" * 400 + b"}", {}, "SerializationException"),
        (b'{"Limit": 3000000000}', {}, "SerializationException"),
        (b'{"Limit": 0}', {}, "InvalidRequestException"),
        (b"{}", {"Content-Type": "text/plain"}, "SerializationException"),
        (b"{}", {"Content-Type": "application/cbor"}, "SerializationException"),
        (b"{}", {"X-Amz-Target": "ListFleets"}, "UnknownOperationException"),
        (b"{}", {"X-Amz-Target": "GameLift.Nonsense"}, "UnknownOperationException"),
        (b"{}", {"X-Amz-Target": "DynamoDB_20120810.ListTables"}, "UnknownOperationException"),
        (b"{}", {"Content-Encoding": "br"}, "SerializationException"),
        (gzip.compress(b"{}")[:-9], {"Content-Encoding": "gzip"}, "SerializationException"),
        (b"not gzip", {"Content-Encoding": "gzip"}, "SerializationException"),
        (b'{"NextToken": "' + b"a" * 3_000_000 + b'"}', {}, "SerializationException"),
        (gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"}, "SerializationException"),
    ],
    ids=range(16),
)
async def test_requests_out_of_order_are_told_what_is_wrong_with_them(
    gamelift: Any, http_client: aiohttp.ClientSession, body: bytes, headers: dict[str, str], name: str
) -> None:
    status, answer = await post(http_client, gamelift, body, **{k.replace("-", "_"): v for k, v in headers.items()})

    assert (400, name) == (status, answer["__type"])
    assert sorted(answer) == ["Message", "__type"]


async def test_a_request_without_a_target_is_told_so(gamelift: Any, http_client: aiohttp.ClientSession) -> None:
    status, answer = await post(http_client, gamelift, without="X-Amz-Target")

    assert (400, "UnknownOperationException") == (status, answer["__type"])


async def test_one_connection_serves_many_requests_bad_ones_among_them(gamelift: Any) -> None:
    address = urlsplit(gamelift.base_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    statuses = []
    for body in (b"{}", b"{", b"{}"):
        head = f"POST / HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {len(body)}\r\n"
        fields = "".join(f"{name}: {value}\r\n" for name, value in JSON.items())
        writer.write(f"{head}{fields}\r\n".encode() + body)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
        statuses.append(int(answer.split()[1]))
        length = next(int(line[16:]) for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length: "))
        await asyncio.wait_for(reader.readexactly(length), 30)
    writer.close()
    await writer.wait_closed()

    assert [200, 400, 200] == statuses
