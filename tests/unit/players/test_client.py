import asyncio
from typing import Any, cast

import aiohttp
import pytest
from players_fakes import FakeAnswer, FakeHTTP

from muster_players.client import MusterClient
from muster_players.errors import AnswerRefused, AnswerUnusable, Unreachable

TOKENS = {"user_id": "ann", "access_token": "eyJ.secret", "refresh_token": "x"}


class Pauses:
    """A pause that keeps how long it should have been."""

    def __init__(self) -> None:
        self.all: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.all.append(seconds)
        await asyncio.sleep(0)


def a_client(*answers: FakeAnswer | Exception) -> tuple[MusterClient, FakeHTTP, Pauses]:
    """Return a client that gets *answers* one after the other, the last one for ever."""
    left = list(answers)

    def serve(method: str, path: str, parts: dict[str, Any]) -> FakeAnswer | Exception:
        return left.pop(0) if len(left) > 1 else left[0]

    http, pauses = FakeHTTP(serve), Pauses()
    client = MusterClient(cast("aiohttp.ClientSession", http), "http://muster.test/", pause=pauses)
    return client, http, pauses


async def test_signing_in_sends_no_body_and_no_token() -> None:
    client, http, _ = a_client(FakeAnswer(201, TOKENS))

    me = await client.sign_in()

    ((method, path, parts),) = http.requests
    assert ("POST", "/v1/guests", None) == (method, path, parts["json"])
    assert "Authorization" not in parts["headers"]
    assert ("ann", "eyJ.secret") == (me.user_id, me.access_token)


async def test_a_request_for_a_match_can_be_recognised_when_it_is_repeated() -> None:
    client, http, _ = a_client(FakeAnswer(503), FakeAnswer(202, {"ticket_id": "t-1"}))

    await client.request_match("token", latencies_ms={"custom-laptop": 20}, key="once")

    assert ["once", "once"] == [parts["headers"]["Idempotency-Key"] for _, _, parts in http.requests]
    assert {"latencies_ms": {"custom-laptop": 20}} == http.requests[0][2]["json"]
    assert "Bearer token" == http.requests[0][2]["headers"]["Authorization"]


async def test_retry_after_is_honoured() -> None:
    client, _, pauses = a_client(FakeAnswer(429, None, {"Retry-After": "7"}), FakeAnswer(201, TOKENS))

    await client.sign_in()

    assert [7.0] == pauses.all


@pytest.mark.parametrize("fault", [FakeAnswer(503), FakeAnswer(500), aiohttp.ClientError(), TimeoutError()])
async def test_what_may_pass_is_tried_again(fault: FakeAnswer | Exception) -> None:
    client, http, pauses = a_client(fault, fault, FakeAnswer(201, TOKENS))

    await client.sign_in()

    assert 3 == len(http.requests)
    assert [0.2, 0.4] == pauses.all


async def test_what_never_passes_is_given_up_after_a_while() -> None:
    client, _, pauses = a_client(ConnectionRefusedError())

    with pytest.raises(Unreachable):
        await client.sign_in()

    assert 10 < sum(pauses.all) < 60


async def test_a_refusal_is_not_repeated_and_tells_its_code() -> None:
    client, http, _ = a_client(FakeAnswer(409, {"code": "already_queued", "detail": "x"}))

    with pytest.raises(AnswerRefused) as refused:
        await client.request_match("token", latencies_ms={}, key="once")

    assert (409, "already_queued") == (refused.value.status, refused.value.code)
    assert 1 == len(http.requests)


async def test_an_answer_of_another_shape_is_told_without_its_content() -> None:
    client, _, _ = a_client(FakeAnswer(200, {"user_id": 3, "access_token": ["eyJ.secret"]}))

    with pytest.raises(AnswerUnusable) as unusable:
        await client.sign_in()

    assert "access_token" in str(unusable.value)
    assert "eyJ" not in str(unusable.value)


async def test_a_look_waits_at_the_service_and_names_what_was_seen() -> None:
    client, http, _ = a_client(FakeAnswer(304, None, {"ETag": '"3"', "Retry-After": "1"}))

    poll = await client.look("token", "t-1", tag='"3"', wait_s=10)

    parts = http.requests[0][2]
    assert {"wait_s": "10"} == parts["params"]
    assert '"3"' == parts["headers"]["If-None-Match"]
    assert parts["timeout"].total > 10
    assert (None, '"3"', 1.0) == (poll.ticket, poll.tag, poll.retry_after_s)


async def test_a_ticket_that_is_not_known_yet_is_no_failure() -> None:
    client, _, _ = a_client(FakeAnswer(404, {"code": "ticket_unknown"}))

    assert (await client.look("token", "t-1", tag="", wait_s=10)).ticket is None


@pytest.mark.parametrize(("text", "seconds"), [("5", 5.0), ("9999", 60.0), ("", None), ("soon", None), ("-1", None)])
async def test_only_a_usable_retry_after_counts(text: str, seconds: float | None) -> None:
    client, _, _ = a_client(FakeAnswer(304, None, {"Retry-After": text}))

    assert seconds == (await client.look("token", "t-1", tag="", wait_s=0)).retry_after_s
