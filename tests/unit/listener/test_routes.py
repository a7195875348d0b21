import base64
import json
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from listener_fakes import ARN, PLACEMENT, START, MemoryRecordStore, a_placement, a_session, an_ended_session
from pydantic import BaseModel, ValidationError

from muster_listener.api import ListSessions, PageToken
from muster_listener.domain import SessionArn, SessionStatus
from muster_listener.errors import PageUnknown, PlacementUnknown, SessionUnknown
from muster_listener.handlers import ListenerHandlers
from muster_listener.ports import Cursor
from muster_listener.routes import routes
from muster_runtime.http.problems import status_of
from muster_runtime.http.routes import Call
from muster_runtime.testing import FakeClock, RecordingPublisher


@dataclass
class Edge:
    def __post_init__(self) -> None:
        self.clock = FakeClock(START)
        self.store = MemoryRecordStore(self.clock)
        self.routes = routes(ListenerHandlers(store=self.store, publisher=RecordingPublisher()))

    async def list(self, **query: object) -> dict[str, object]:
        return self._body(await self.routes[0].handler(Call(path={}, query=ListSessions.model_validate(query))))

    async def session(self, arn: str) -> dict[str, object]:
        return self._body(await self.routes[1].handler(Call(path={"game_session_arn": arn})))

    async def placement(self, placement_id: str) -> dict[str, object]:
        return self._body(await self.routes[2].handler(Call(path={"placement_id": placement_id})))

    @staticmethod
    def _body(answer: object) -> dict[str, object]:
        body = answer.body  # type: ignore[attr-defined]  # an Answer
        assert isinstance(body, BaseModel)
        shown: dict[str, object] = json.loads(body.model_dump_json())
        return shown


@pytest.fixture
def edge() -> Edge:
    return Edge()


def arns_of(shown: dict[str, object]) -> list[str]:
    sessions = shown["game_sessions"]
    assert isinstance(sessions, list)
    return [session["game_session_arn"] for session in sessions]


async def test_a_session_is_shown_with_all_that_is_known(edge: Edge) -> None:
    await edge.store.save(an_ended_session(sequence=1), expected=0)

    assert await edge.session(ARN) == {
        "game_session_arn": ARN,
        "status": "ended",
        "placement_id": PLACEMENT,
        "match_id": "match-1",
        "address": {
            "region": "us-east-1",
            "location": "custom-laptop",
            "ip_address": "127.0.0.1",
            "dns_name": None,
            "port": 7777,
        },
        "player_ids": ["ann", "ben"],
        "placed_at": "2026-11-20T12:00:02Z",
        "ended_at": "2026-11-20T12:01:00Z",
    }


async def test_a_placement_is_shown_with_its_outcome(edge: Edge) -> None:
    await edge.store.save(a_placement(sequence=1), expected=0)

    shown = await edge.placement(PLACEMENT)

    assert (shown["outcome"], shown["game_session_arn"]) == ("fulfilled", ARN)


async def test_what_is_not_known_is_a_404(edge: Edge) -> None:
    with pytest.raises(SessionUnknown) as session:
        await edge.session("arn")
    with pytest.raises(PlacementUnknown) as placement:
        await edge.placement("p")

    assert (status_of(session.value), status_of(placement.value)) == (404, 404)


async def test_pages_follow_each_other_from_the_latest_change_to_the_earliest(edge: Edge) -> None:
    for number in range(5):
        await edge.store.save(replace(a_session(sequence=1), arn=SessionArn(f"arn-{number}")), expected=0)
        edge.clock.advance(1)

    first = await edge.list(limit=2)
    second = await edge.list(limit=2, next=first["next"])
    third = await edge.list(limit=2, next=second["next"])

    assert [arns_of(page) for page in (first, second, third)] == [["arn-4", "arn-3"], ["arn-2", "arn-1"], ["arn-0"]]
    assert third["next"] is None


async def test_a_list_shows_sessions_of_the_asked_status_alone(edge: Edge) -> None:
    await edge.store.save(a_session(sequence=1), expected=0)
    await edge.store.save(replace(an_ended_session(sequence=1), arn=SessionArn("arn-ended")), expected=0)

    assert arns_of(await edge.list()) == [ARN]
    assert arns_of(await edge.list(status="ended")) == ["arn-ended"]


def sealed(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


FINE = {"status": "placed", "arn": "arn-1", "updated_at": "2026-11-20T12:00:00Z"}


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "not base64!",
        "ключ",
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        sealed([]),
        sealed("text"),
        sealed({}),
        sealed({**FINE, "status": "ended"}),
        sealed({**FINE, "status": "other"}),
        sealed({**FINE, "arn": ""}),
        sealed({**FINE, "arn": "a b"}),
        sealed({**FINE, "arn": "a" * 513}),
        sealed({**FINE, "arn": 1}),
        sealed({**FINE, "updated_at": "yesterday"}),
        sealed({**FINE, "updated_at": "2026-11-20T12:00:00"}),
        sealed({**FINE, "updated_at": "0001-01-01T00:00:00+14:00"}),
        sealed({**FINE, "updated_at": "9999-12-31T23:59:59-14:00"}),
        sealed({**FINE, "more": True}),
    ],
)
async def test_a_token_that_is_not_ours_is_refused(edge: Edge, token: str) -> None:
    with pytest.raises(PageUnknown) as refused:
        await edge.list(next=token)

    assert status_of(refused.value) == 422


@given(st.text(max_size=200))
def test_no_text_whatever_breaks_the_reading_of_a_token(text: str) -> None:
    try:
        PageToken.opened(text, status=SessionStatus.PLACED)
    except PageUnknown:
        return


@given(st.datetimes(timezones=st.just(START.tzinfo)), st.from_regex(r"[\x21-\x7e]{1,512}", fullmatch=True))
def test_a_token_comes_back_as_it_went_out(updated_at: object, arn: str) -> None:
    cursor = Cursor(arn=SessionArn(arn), updated_at=updated_at)  # type: ignore[arg-type]  # a datetime

    token = PageToken.of(cursor, SessionStatus.ENDED).sealed()

    assert PageToken.opened(token, status=SessionStatus.ENDED) == cursor


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"status": "lost"}, {"next": "x" * 2049}])
def test_a_query_outside_its_range_is_refused(query: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ListSessions.model_validate(query)


def test_every_route_is_for_operators(edge: Edge) -> None:
    assert {route.scopes for route in edge.routes} == {frozenset({"operator"})}
