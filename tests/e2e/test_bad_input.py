"""Twenty kinds of bad input to every HTTP route: 4xx with a stable code, never 5xx, never a traceback."""

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp
import pytest
from muster_system import SERVICES, System

JSON = {"Content-Type": "application/json"}
CODE = re.compile(r"^[a-z][a-z0-9_]*$")

BODIES: dict[str, tuple[bytes, dict[str, str]]] = {
    "empty": (b"", JSON),
    "not-json": (b"{", JSON),
    "null": (b"null", JSON),
    "a-list": (b"[]", JSON),
    "a-number": (b"7", JSON),
    "a-string": (b'"x"', JSON),
    "nan": (b'{"x": NaN}', JSON),
    "infinity": (b'{"x": -Infinity}', JSON),
    "duplicate-keys": (b'{"x": 1, "x": 2}', JSON),
    "too-deep": (b'{"x": ' * 60 + b"1" + b"}" * 60, JSON),
    "very-deep": (b"[" * 30_000, JSON),
    "too-large": (b'{"x": "' + b"a" * 1_100_000 + b'"}', JSON),
    "endless-integer": (b'{"x": ' + b"9" * 5_000 + b"}", JSON),
    "bad-utf-8": (b'{"x": "\xff\xfe"}', JSON),
    "a-byte-order-mark": (b"\xef\xbb\xbf{}", JSON),
    "utf-16": ('{"x": 1}'.encode("utf-16"), {"Content-Type": "application/json; charset=utf-16"}),
    "unknown-charset": (b"{}", {"Content-Type": "application/json; charset=klingon"}),
    "lone-surrogate": (rb'{"x": "\ud800"}', JSON),
    "wrong-types": (
        json.dumps(
            {key: [[]] for key in ("latencies_ms", "latencyInMs", "refresh_token", "title", "increment", "players")}
        ).encode(),
        JSON,
    ),
    "unknown-fields": (b'{"no_such_field_here": 1}', JSON),
    "wrong-content-type": (b"<x/>", {"Content-Type": "application/xml"}),
    "no-content-type": (b"{}", {"Content-Type": ""}),
    "truncated": (b'{"x": "abc', JSON),
}


@pytest.fixture
async def tokens(system: System, http: aiohttp.ClientSession) -> dict[str, str]:
    """One valid token a kind of caller, so that bad input is judged behind the door as well as at it."""
    async with http.post(f"{system.base_url}/v1/guests") as answer:
        assert answer.ok, await answer.text()
        player = (await answer.json())["access_token"]
    known = system.environment
    form = {
        "grant_type": "client_credentials",
        "client_id": known["MUSTER_OPERATOR_CLIENT_ID"],
        "client_secret": known["MUSTER_OPERATOR_CLIENT_SECRET"],
    }
    async with http.post(f"{system.base_url}/v1/oauth/token", data=form) as answer:
        assert answer.ok, await answer.text()
        operator = (await answer.json())["access_token"]
    return {"player": player, "operator": operator}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=100)) as session:
        yield session


async def _routes(system: System, service: str, http: aiohttp.ClientSession) -> list[tuple[str, str]]:
    async with http.get(f"{system.url(service)}/openapi.json") as answer:
        document = await answer.json()
    return [
        (method.upper(), re.sub(r"\{[^}]+\}", "x", path)) for path, item in document["paths"].items() for method in item
    ]


async def _judge(answer: aiohttp.ClientResponse, what: str, *, may_succeed: bool) -> list[str]:
    """Return what is wrong with an answer to bad input."""
    text = await answer.text()
    problems = []
    if "Traceback" in text or 'File "' in text:
        problems.append(f"{what}: shows a traceback")
    if answer.status < 400 and may_succeed:
        return problems
    if not 400 <= answer.status < 500:
        problems.append(f"{what}: {answer.status} {text[:200]}")
    elif answer.content_type == "application/problem+json":
        problem = json.loads(text)
        if not CODE.match(problem.get("code", "")) or problem.get("status") != answer.status:
            problems.append(f"{what}: no stable code in {text[:200]}")
    elif not answer.headers.get("X-Error-Code") and "error" not in text:
        problems.append(f"{what}: {answer.status} without a code: {answer.content_type} {text[:200]}")
    return problems


@pytest.mark.parametrize("service", [*SERVICES, "players"])
async def test_bad_bodies_are_refused_with_a_stable_code(
    system: System, service: str, http: aiohttp.ClientSession, tokens: dict[str, str]
) -> None:
    problems: list[str] = []
    for method, path in await _routes(system, service, http):
        for kind, (body, headers) in BODIES.items():
            for caller, token in tokens.items():
                what = f"{method} {path} {kind} as {caller}"
                request = http.request(
                    method,
                    f"{system.url(service)}{path}",
                    data=io.BytesIO(body),
                    headers={**headers, "Authorization": f"Bearer {token}"},
                    skip_auto_headers=["Content-Type"],
                )
                try:
                    async with request as answer:
                        problems += await _judge(
                            answer, what, may_succeed=method in {"GET", "DELETE"} or kind == "empty"
                        )
                except aiohttp.ClientConnectionError as error:
                    # A server may close on a body it does not want to read; only for bodies past the limit.
                    if kind != "too-large":
                        problems.append(f"{what}: {error!r}")

    assert [] == problems


@pytest.mark.parametrize("service", [*SERVICES, "players"])
async def test_bad_tokens_and_queries_are_refused_with_a_stable_code(
    system: System, service: str, http: aiohttp.ClientSession
) -> None:
    problems: list[str] = []
    bad = ["", "x", "Bearer", "Bearer x.y.z", "Basic dXNlcjpwYXNz", "Bearer " + "a" * 9_000, "Bearer e30.e30.e30"]
    for method, path in await _routes(system, service, http):
        for token in bad:
            async with http.request(method, f"{system.url(service)}{path}", headers={"Authorization": token}) as answer:
                problems += await _judge(answer, f"{method} {path} token {token[:20]!r}", may_succeed=True)
        for query in (
            "?" + "a" * 20_000,
            "?limit=x&next=%00",
            "?limit=-1",
            "?wait_s=nan",
            "?%ff=%ff",
            "?a=1&a=2",
            "?&&&",
        ):
            async with http.request(method, f"{system.url(service)}{path}{query}") as answer:
                problems += await _judge(answer, f"{method} {path}{query[:20]}", may_succeed=True)

    assert [] == problems


@pytest.mark.parametrize("service", SERVICES)
async def test_unknown_paths_and_methods_are_problems_too(
    system: System, service: str, http: aiohttp.ClientSession
) -> None:
    problems: list[str] = []
    for method, path in [("GET", "/no/such/thing"), ("PATCH", "/livez"), ("BREW", "/"), ("GET", "/%2e%2e/etc/passwd")]:
        async with http.request(method, f"{system.url(service)}{path}") as answer:
            problems += await _judge(answer, f"{method} {path}", may_succeed=False)

    assert [] == problems


@pytest.mark.parametrize("service", ["identity", "matchmaking", "achievements"])
async def test_a_body_that_stalls_is_given_up(system: System, service: str, tokens: dict[str, str]) -> None:
    path = {
        "identity": "/v1/tokens/refresh",
        "matchmaking": "/v1/matchmaking/tickets",
        "achievements": "/v1/achievements/x/progress",
    }[service]
    address = urlsplit(system.url(service))
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {tokens['player']}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{".encode()
    )

    async with asyncio.timeout(100):
        answer = await reader.read(65_536)
    writer.close()

    assert answer.startswith(b"HTTP/1.1 408 "), answer
    assert b'"code":"body_timeout"' in answer.replace(b'": "', b'":"'), answer
