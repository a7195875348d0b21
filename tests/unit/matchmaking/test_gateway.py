"""What GameLift's answers, and the lack of them, mean to matchmaking."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from muster_matchmaking.domain import Claim, ClaimState, PlayerId, TicketId
from muster_matchmaking.errors import GameLiftDown, GameLiftThrottled, RefusedByGameLift, TooLateToCancel
from muster_matchmaking.gateway import GameLiftFlexMatch
from muster_runtime.testing.faults import client_error

CLAIM = Claim(
    ticket_id=TicketId("t1"),
    player_id=PlayerId("ann"),
    latencies_ms={"us-east-1": 40},
    configuration="arena",
    skill=12.5,
    state=ClaimState.ACCEPTED,
    requested_at=datetime(2026, 1, 1, tzinfo=UTC),
)


class Client:
    """A GameLift client that answers as scripted, the same each time."""

    def __init__(self, **answers: dict[str, Any] | Exception) -> None:
        self._answers = answers

    def __getattr__(self, name: str) -> Callable[..., Awaitable[dict[str, Any]]]:
        async def call(**_request: Any) -> dict[str, Any]:
            answer = self._answers[name]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def flexmatch(**answers: dict[str, Any] | Exception) -> GameLiftFlexMatch:
    return GameLiftFlexMatch(Client(**answers), timeout_s=1)


BROKEN_OFF = aiohttp.ClientPayloadError("the answer ended early")


@pytest.mark.parametrize(
    ("failure", "meaning"),
    [
        (BROKEN_OFF, GameLiftDown),
        (ConnectionResetError(), GameLiftDown),
        (TimeoutError(), GameLiftDown),
        (client_error("InternalServiceException", status=500), GameLiftDown),
        (client_error("UnauthorizedException"), GameLiftDown),
        (client_error("ThrottlingException"), GameLiftThrottled),
        (client_error("TooManyRequestsException"), GameLiftThrottled),
        (client_error("LimitExceededException"), GameLiftThrottled),
        (client_error("NotFoundException"), RefusedByGameLift),
    ],
)
async def test_a_failed_submission_says_whether_a_repeat_makes_sense(
    failure: Exception, meaning: type[Exception]
) -> None:
    with pytest.raises(meaning):
        await flexmatch(start_matchmaking=failure).submit(CLAIM)


async def test_a_ticket_that_gamelift_has_already_counts_as_submitted() -> None:
    reused = client_error("InvalidRequestException")
    known = {"TicketList": [{"TicketId": "t1", "ConfigurationArn": "arn:arena"}]}

    assert "arn:arena" == await flexmatch(start_matchmaking=reused, describe_matchmaking=known).submit(CLAIM)


async def test_a_request_that_gamelift_does_not_take_is_refused() -> None:
    with pytest.raises(RefusedByGameLift):
        await flexmatch(
            start_matchmaking=client_error("InvalidRequestException"), describe_matchmaking={"TicketList": []}
        ).submit(CLAIM)


async def test_while_gamelift_cannot_say_whether_it_has_a_ticket_nothing_is_refused() -> None:
    with pytest.raises(GameLiftDown):
        await flexmatch(
            start_matchmaking=client_error("InvalidRequestException"), describe_matchmaking=BROKEN_OFF
        ).submit(CLAIM)


@pytest.mark.parametrize(
    ("failure", "meaning"),
    [
        (BROKEN_OFF, GameLiftDown),
        (TimeoutError(), GameLiftDown),
        (client_error("UnauthorizedException"), GameLiftDown),
        (client_error("ThrottlingException"), GameLiftThrottled),
        (client_error("InvalidRequestException"), TooLateToCancel),
    ],
)
async def test_a_failed_stop_says_why(failure: Exception, meaning: type[Exception]) -> None:
    with pytest.raises(meaning):
        await flexmatch(stop_matchmaking=failure).stop(CLAIM.ticket_id)


async def test_stopping_tells_whether_gamelift_knows_the_ticket() -> None:
    assert await flexmatch(stop_matchmaking={}).stop(CLAIM.ticket_id)
    assert not await flexmatch(stop_matchmaking=client_error("NotFoundException")).stop(CLAIM.ticket_id)


async def test_a_call_without_an_answer_ends_in_time() -> None:
    class Silent:
        async def start_matchmaking(self, **_request: Any) -> None:
            await asyncio.Event().wait()

        stop_matchmaking = start_matchmaking

    silent = GameLiftFlexMatch(Silent(), timeout_s=0.01)

    async with asyncio.timeout(30):
        with pytest.raises(GameLiftDown):
            await silent.submit(CLAIM)
        with pytest.raises(GameLiftDown):
            await silent.stop(CLAIM.ticket_id)
