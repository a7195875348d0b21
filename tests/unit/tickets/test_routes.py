import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from tickets_fakes import (
    ANN,
    BEN,
    EVE,
    START,
    TICKET,
    FakeBell,
    MemoryTicketStore,
    ScriptedMatchmaker,
    a_ticket,
)

from muster_runtime.auth.principal import Principal
from muster_runtime.http.problems import status_of
from muster_runtime.http.routes import Answer, Call
from muster_runtime.testing import FakeClock, RecordingPublisher
from muster_tickets.api import ShowMatchStatus, ShowTicket
from muster_tickets.domain import PlayerId, Status
from muster_tickets.errors import TicketUnknown
from muster_tickets.handlers import TicketHandlers
from muster_tickets.routes import routes


@dataclass
class Edge:
    clock: FakeClock = field(default_factory=lambda: FakeClock(START))

    def __post_init__(self) -> None:
        self.store = MemoryTicketStore(self.clock)
        self.bell = FakeBell(self.clock, store=self.store)
        handlers = TicketHandlers(
            store=self.store,
            publisher=RecordingPublisher(),
            matchmaker=ScriptedMatchmaker(),
            bell=self.bell,
            clock=self.clock,
            recheck_after_s=10.0,
            lost_after_s=120.0,
        )
        self.show_route, self.legacy_route = routes(handlers, poll_after_s=1)

    async def show(self, player_id: PlayerId = ANN, *, if_none_match: str | None = None, wait_s: float = 0.0) -> Answer:
        return await self.show_route.handler(
            Call(
                path={"ticket_id": TICKET},
                query=ShowTicket(wait_s=wait_s),
                headers={} if if_none_match is None else {"if-none-match": if_none_match},
                principal=Principal(subject=player_id, scope="guest"),
            )
        )

    async def match_status(self, ticket_id: str = TICKET, player_id: PlayerId = ANN) -> Answer:
        return await self.legacy_route.handler(
            Call(
                path={},
                query=ShowMatchStatus(ticketId=ticket_id),
                principal=Principal(subject=player_id, scope="guest"),
            )
        )


@pytest.fixture
def edge() -> Edge:
    return Edge()


def body_of(answer: Answer) -> Any:
    assert answer.body is not None
    return json.loads(answer.body.model_dump_json() if isinstance(answer.body, BaseModel) else answer.body)


async def test_an_open_ticket_is_shown_without_a_connection_and_with_advice_when_to_ask_again(edge: Edge) -> None:
    await edge.store.save(a_ticket(sequence=3), expected=0)

    answer = await edge.show()

    assert answer.status == 200
    assert answer.headers == {"ETag": '"3"', "Cache-Control": "private, no-cache", "Retry-After": "1"}
    assert body_of(answer) == {
        "ticket_id": TICKET,
        "status": "SEARCHING",
        "outcome": None,
        "reason": "",
        "player_ids": ["ann", "ben"],
        "configuration": "muster-arena",
        "requested_at": "2026-11-20T12:00:00Z",
        "status_since": "2026-11-20T12:00:00Z",
        "match_id": None,
        "connection": None,
        "sequence": 3,
    }


async def test_a_completed_ticket_shows_each_player_their_own_seat(edge: Edge) -> None:
    await edge.store.save(a_ticket(Status.COMPLETED), expected=0)

    answers = [body_of(await edge.show(player_id)) for player_id in (ANN, BEN)]

    assert [answer["connection"]["player_session_id"] for answer in answers] == ["psess-ann", "psess-ben"]
    assert [answer["outcome"] for answer in answers] == ["matched", "matched"]
    assert answers[0]["connection"]["port"] == 7777


async def test_a_completed_ticket_gives_no_advice_to_ask_again(edge: Edge) -> None:
    await edge.store.save(a_ticket(Status.COMPLETED), expected=0)

    assert "Retry-After" not in (await edge.show()).headers


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.COMPLETED])
async def test_a_connection_shows_on_a_completed_ticket_alone(edge: Edge, status: Status) -> None:
    await edge.store.save(a_ticket(status), expected=0)

    assert body_of(await edge.show())["connection"] is None


async def test_a_match_without_a_queue_is_completed_without_a_connection(edge: Edge) -> None:
    ticket = a_ticket(Status.COMPLETED)
    await edge.store.save(replace(ticket, standing=replace(ticket.standing, session=None, seats=())), expected=0)

    body = body_of(await edge.show())

    assert (body["status"], body["connection"]) == ("COMPLETED", None)


async def test_a_refused_ticket_has_failed_and_says_that_it_was_refused(edge: Edge) -> None:
    await edge.store.save(a_ticket(Status.REFUSED), expected=0)

    body = body_of(await edge.show())

    assert (body["status"], body["outcome"]) == ("FAILED", "refused")


async def test_a_stranger_gets_404(edge: Edge) -> None:
    await edge.store.save(a_ticket(), expected=0)

    with pytest.raises(TicketUnknown) as refused:
        await edge.show(EVE)

    assert status_of(refused.value) == 404


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', ' "1" '])
async def test_a_client_that_has_the_present_state_gets_304_without_a_body(edge: Edge, tag: str) -> None:
    await edge.store.save(a_ticket(), expected=0)

    answer = await edge.show(if_none_match=tag)

    assert (answer.status, answer.body) == (304, None)
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("tag", ['"0"', '"2"', "*", "", '"1", "2"', '"①"', '"' + "9" * 400 + '"'])
async def test_a_client_with_any_other_tag_gets_the_ticket(edge: Edge, tag: str) -> None:
    await edge.store.save(a_ticket(), expected=0)

    assert (await edge.show(if_none_match=tag)).status == 200


async def test_a_waiting_client_gets_the_change(edge: Edge) -> None:
    await edge.store.save(a_ticket(), expected=0)
    edge.bell.meanwhile = [a_ticket(Status.PLACING, sequence=2)]

    answer = await edge.show(if_none_match='"1"', wait_s=20)

    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')


async def test_a_waiting_client_gets_304_when_nothing_changed(edge: Edge) -> None:
    await edge.store.save(a_ticket(), expected=0)

    answer = await edge.show(if_none_match='"1"', wait_s=20)

    assert answer.status == 304
    assert sum(edge.bell.waits_s) == 20


@pytest.mark.parametrize("wait_s", ["-1", "20.5", "nan", "inf", "soon"])
def test_a_wait_outside_its_range_is_refused(wait_s: str) -> None:
    with pytest.raises(ValidationError):
        ShowTicket.model_validate({"wait_s": wait_s})


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (Status.REQUESTED, "MatchmakingQueued"),
        (Status.QUEUED, "MatchmakingQueued"),
        (Status.SEARCHING, "MatchmakingSearching"),
        (Status.REQUIRES_ACCEPTANCE, "PotentialMatchCreated"),
        (Status.PLACING, "PotentialMatchCreated"),
        (Status.CANCELLED, "MatchmakingCancelled"),
        (Status.FAILED, "MatchmakingFailed"),
        (Status.REFUSED, "MatchmakingFailed"),
        (Status.TIMED_OUT, "MatchmakingTimedOut"),
    ],
)
async def test_the_guidances_clients_read_each_status_in_their_own_words(edge: Edge, status: Status, word: str) -> None:
    await edge.store.save(a_ticket(status), expected=0)

    answer = await edge.match_status()

    assert (answer.status, answer.content_type) == (200, "application/json")
    assert body_of(answer) == {"MatchmakingStatus": word}


async def test_the_guidances_clients_read_where_to_play_with_the_port_as_a_string(edge: Edge) -> None:
    await edge.store.save(a_ticket(Status.COMPLETED), expected=0)

    assert body_of(await edge.match_status(player_id=BEN)) == {
        "MatchmakingStatus": "MatchmakingSucceeded",
        "IpAddress": "127.0.0.1",
        "DnsName": "",
        "Port": "7777",
        "PlayerSessionId": "psess-ben",
    }


@pytest.mark.parametrize(("ticket_id", "player_id"), [("ticket-2", ANN), (TICKET, EVE)])
async def test_a_ticket_unknown_to_the_guidances_client_is_no_end_but_a_400_with_a_json_string(
    edge: Edge, ticket_id: str, player_id: PlayerId
) -> None:
    await edge.store.save(a_ticket(), expected=0)

    answer = await edge.match_status(ticket_id, player_id)

    assert (answer.status, answer.content_type) == (400, "application/json")
    assert answer.body == '"TicketId not found in DynamoDB table"'


async def test_a_request_of_the_guidance_without_a_ticket_id_is_a_400_with_a_json_string(edge: Edge) -> None:
    answer = await edge.match_status("")

    assert (answer.status, answer.body) == (400, '"ticketId not available in querystrings"')


def test_both_routes_are_for_players_and_the_legacy_one_answers_errors_as_text(edge: Edge) -> None:
    assert edge.show_route.scopes == edge.legacy_route.scopes == {"guest", "authenticated"}
    assert (edge.show_route.plain_errors, edge.legacy_route.plain_errors) == (False, True)
