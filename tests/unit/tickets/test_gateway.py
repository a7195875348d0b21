import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tickets_fakes import START

from muster_runtime.testing import FakeClock
from muster_tickets.domain import Status, TicketId
from muster_tickets.errors import MatchmakerBusy, MatchmakerUnavailable
from muster_tickets.gateway import GameLift, notice_from

ASKED = START + timedelta(seconds=60)


def described(status: str, **more: Any) -> dict[str, Any]:
    return {
        "TicketId": "t-1",
        "ConfigurationName": "muster-arena",
        "Status": status,
        "StartTime": START,
        "Players": [{"PlayerId": "ben"}, {"PlayerId": "ann"}],
        **more,
    }


@pytest.mark.parametrize("status", ["SEARCHING", "REQUIRES_ACCEPTANCE", "PLACING"])
def test_an_open_ticket_stands_so_since_it_was_asked_about(status: str) -> None:
    notice = notice_from(described(status), ASKED)

    assert notice is not None
    assert (notice.standing.status, notice.standing.at) == (Status(status), ASKED)
    assert notice.is_answer


def test_a_queued_ticket_stands_so_since_it_began() -> None:
    notice = notice_from(described("QUEUED"), ASKED)

    assert notice is not None
    assert notice.standing.at == START


@pytest.mark.parametrize("status", ["CANCELLED", "FAILED", "TIMED_OUT"])
def test_an_end_carries_its_own_time_and_reason(status: str) -> None:
    ended_at = START + timedelta(seconds=5)

    notice = notice_from(described(status, EndTime=ended_at, StatusReason="TimedOut"), ASKED)

    assert notice is not None
    assert (notice.standing.at, notice.standing.reason) == (ended_at, "TimedOut")


def test_a_completed_ticket_says_where_its_own_players_play() -> None:
    info = {
        "GameSessionArn": "arn:session",
        "IpAddress": "127.0.0.1",
        "Port": 7777,
        "MatchedPlayerSessions": [
            {"PlayerId": player_id, "PlayerSessionId": f"psess-{player_id}"} for player_id in ("ben", "eve", "ann")
        ],
    }

    notice = notice_from(described("COMPLETED", GameSessionConnectionInfo=info), ASKED)

    assert notice is not None
    assert notice.standing.session is not None
    assert notice.standing.session.port == 7777
    assert [(seat.player_id, seat.player_session_id) for seat in notice.standing.seats] == [
        ("ann", "psess-ann"),
        ("ben", "psess-ben"),
    ]


def test_a_status_of_a_later_gamelift_is_passed_over() -> None:
    assert notice_from(described("PONDERING"), ASKED) is None


@pytest.mark.parametrize("status", ["REQUESTED", "REFUSED"])
def test_our_own_statuses_are_not_taken_from_gamelift(status: str) -> None:
    assert notice_from(described(status), ASKED) is None


@dataclass
class GameLiftClient:
    answer: dict[str, Any] = field(default_factory=dict)
    error: Exception | None = None
    is_silent: bool = False
    clock: FakeClock | None = None
    asked: list[list[str]] = field(default_factory=list)

    async def describe_matchmaking(self, *, TicketIds: list[str]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        self.asked.append(TicketIds)
        if self.is_silent:
            await asyncio.Event().wait()
        if self.clock is not None:
            self.clock.advance(7)
        if self.error is not None:
            raise self.error
        return self.answer


def a_gateway(client: GameLiftClient) -> GameLift:
    return GameLift(client, clock=FakeClock(), timeout_s=5)


async def test_gamelift_is_asked_about_the_tickets() -> None:
    client = GameLiftClient(answer={"TicketList": [described("SEARCHING")]})

    notices = await a_gateway(client).describe([TicketId("t-1"), TicketId("t-2")])

    assert client.asked == [["t-1", "t-2"]]
    assert [notice.ticket_id for notice in notices] == ["t-1"]


def refusal(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "DescribeMatchmaking")


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (refusal("ThrottlingException"), MatchmakerBusy),
        (refusal("InternalServiceException", 500), MatchmakerUnavailable),
        (refusal("InvalidRequestException"), MatchmakerUnavailable),
        (ConnectionRefusedError(), MatchmakerUnavailable),
        (TimeoutError(), MatchmakerUnavailable),
    ],
)
async def test_what_goes_wrong_with_gamelift_is_named_in_our_words(error: Exception, ours: type[Exception]) -> None:
    with pytest.raises(ours):
        await a_gateway(GameLiftClient(error=error)).describe([TicketId("t-1")])


@pytest.mark.parametrize("odd", ["t 1", "t#1", "t" * 129, "é", ""])
async def test_an_id_that_gamelift_cannot_have_does_not_spoil_the_question(odd: str) -> None:
    client = GameLiftClient(answer={"TicketList": [described("SEARCHING")]})

    notices = await a_gateway(client).describe([TicketId(odd), TicketId("t-1")])

    assert client.asked == [["t-1"]]
    assert [notice.ticket_id for notice in notices] == ["t-1"]
    assert await a_gateway(client).describe([TicketId(odd)]) == ()
    assert client.asked == [["t-1"]]


async def test_what_is_described_stands_so_since_the_question_and_not_since_the_answer() -> None:
    clock = FakeClock(START)
    client = GameLiftClient(answer={"TicketList": [described("SEARCHING")]}, clock=clock)

    (notice,) = await GameLift(client, clock=clock, timeout_s=5).describe([TicketId("t-1")])

    assert notice.standing.at == START


async def test_a_question_without_an_answer_ends_in_time() -> None:
    gateway = GameLift(GameLiftClient(is_silent=True), clock=FakeClock(), timeout_s=0.01)

    async with asyncio.timeout(30):
        with pytest.raises(MatchmakerUnavailable):
            await gateway.describe([TicketId("t-1")])
