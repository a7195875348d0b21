"""Parse what arrives, dump what leaves."""

import contextlib
import copy
import gc
import json
import weakref
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster_events import registry
from muster_events.achievements import AchievementUnlocked
from muster_events.envelope import Event, EventData, event, event_id
from muster_events.gamelift import MatchmakingNotice, PlacementNotice
from muster_events.matches import MatchFinished, PlayerResult
from muster_events.registry import NotAnEvent, Unrecognised
from muster_events.tickets import TicketEnded, TicketMatched

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def a_match(**changes: Any) -> Event[TicketMatched]:
    data = TicketMatched(ticket_id="t-1", player_ids=("u-1", "u-2"), match_id="m-1")
    return event(data, **{"subject": "t-1", "sequence": 4, "occurred_at": NOON, **changes})


def a_document(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(registry.dump(a_match()))
    return document | changes


def test_what_is_dumped_parses_to_the_same_event() -> None:
    announced = a_match(causes=("e-0",), trace={"traceparent": "00-a-b-01"})

    assert announced == registry.parse(json.loads(registry.dump(announced)))


def test_a_parsed_event_carries_its_own_payload_class() -> None:
    parsed = registry.parse(a_document())

    assert isinstance(parsed, Event)
    assert type(parsed.data) is TicketMatched


def test_the_class_of_an_event_outlives_the_event() -> None:
    class Rung(EventData):
        """A payload whose events nothing but this test has made."""

        TYPE = "bell.rung"
        PRODUCER = "tickets"

    def class_of_one() -> type:
        return type(event(Rung(), subject="b-1", occurred_at=NOON))

    # Pydantic holds it weakly, and building it again costs far more than the event.
    made = weakref.ref(class_of_one())
    gc.collect()

    assert made() is class_of_one()


def test_unknown_fields_are_ignored_at_every_level() -> None:
    finished = event(
        MatchFinished(
            match_id="m-1",
            game_session_arn="arn",
            started_at=NOON,
            ended_at=NOON,
            scores={"red": 1},
            players=(PlayerResult(player_id="u-1", team="red", goals=1, won=True),),
        ),
        subject="m-1",
        occurred_at=NOON,
    )
    document = json.loads(registry.dump(finished))
    document["later"] = 1
    document["data"]["later"] = {"deep": []}
    document["data"]["players"][0]["later"] = None

    assert finished == registry.parse(document)


def test_an_unknown_type_is_unrecognised_and_no_error() -> None:
    assert Unrecognised("ticket.sold", 1, "e-1") == registry.parse(
        a_document(type="ticket.sold", id="e-1", data=["anything"])
    )


def test_a_higher_version_is_unrecognised_whatever_it_holds() -> None:
    assert Unrecognised("ticket.matched", 2, "e-1") == registry.parse(
        a_document(version=2, id="e-1", data={"seats": 4})
    )


def test_an_unknown_notice_of_gamelift_is_unrecognised() -> None:
    notice = {"source": "aws.gamelift", "detail-type": "GameLift Fleet Event", "id": "n-1", "detail": {}}

    assert Unrecognised("GameLift Fleet Event", 0, "n-1") == registry.parse(notice)


@pytest.mark.parametrize(
    ("kind", "detail", "model"),
    [
        ("GameLift Matchmaking Event", {"type": "MatchmakingSearching"}, MatchmakingNotice),
        ("GameLift Queue Placement Event", {"type": "PlacementFailed", "placementId": "p"}, PlacementNotice),
    ],
)
def test_a_notice_is_recognised_by_its_detail_type(
    kind: str, detail: dict[str, Any], model: type[MatchmakingNotice | PlacementNotice]
) -> None:
    notice = {"source": "aws.gamelift", "detail-type": kind, "id": "n", "time": "2026-11-20T10:00:00Z"}

    assert isinstance(registry.parse(notice | {"detail": detail}), model)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"type": None}, "type: missing or not a string"),
        ({"type": ""}, "type: missing or not a string"),
        ({"version": "1"}, "version: missing or not a positive integer"),
        ({"version": True}, "version: missing or not a positive integer"),
        ({"version": 0}, "version: missing or not a positive integer"),
        ({"source": "listener"}, "source: ticket.matched is published by tickets only"),
        ({"subject": ""}, "subject: String should have at least 1 character"),
        ({"occurred_at": "2026-11-20T10:00:00"}, "occurred_at: Input should have timezone info"),
        ({"sequence": -1}, "sequence: Input should be greater than or equal to 0"),
        ({"data": {"ticket_id": "t-1", "match_id": "m-1"}}, "data.player_ids: Field required"),
        ({"data": None}, "data: Input should be a valid dictionary or instance of TicketMatched"),
    ],
)
def test_a_malformed_event_names_the_field_that_is_wrong(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(NotAnEvent) as caught:
        registry.parse(a_document(**changes))

    assert (problem,) == caught.value.problems


@pytest.mark.parametrize("nothing", [None, [], "text", 3])
def test_what_is_not_an_object_is_not_an_event(nothing: Any) -> None:
    with pytest.raises(NotAnEvent, match="not an object"):
        registry.parse(nothing)


def test_the_error_never_repeats_what_stood_in_the_field() -> None:
    notice = {
        "source": "aws.gamelift",
        "detail-type": "GameLift Matchmaking Event",
        "id": "n-1",
        "time": "2026-11-20T10:00:00Z",
        "detail": {
            "type": "MatchmakingSucceeded",
            "tickets": [{"ticketId": "t", "players": [{"playerId": 7, "playerSessionId": ["psess-secret"]}]}],
        },
    }

    with pytest.raises(NotAnEvent) as caught:
        registry.parse(notice)

    assert "playerSessionId" in str(caught.value)
    assert "psess-secret" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_dump_refuses_an_event_that_names_another_type() -> None:
    with pytest.raises(NotAnEvent, match="is not TicketMatched in the registry"):
        registry.dump(a_match().model_copy(update={"type": "ticket.ended"}))


def test_dump_refuses_an_event_of_another_source() -> None:
    with pytest.raises(NotAnEvent, match="published by tickets only"):
        registry.dump(a_match().model_copy(update={"source": "listener"}))


def test_dump_refuses_a_class_that_is_not_registered() -> None:
    class TicketSold(EventData):
        TYPE = "ticket.sold"
        PRODUCER = "tickets"

    with pytest.raises(NotAnEvent, match="is not TicketSold in the registry"):
        registry.dump(event(TicketSold(), subject="t-1", occurred_at=NOON))


def test_dump_refuses_fields_that_slipped_past_validation() -> None:
    fields: dict[str, Any] = {"user_id": "u-1", "achievement_id": "a-1", "points": "many", "unlocked_at": NOON}
    broken = AchievementUnlocked.model_construct(**fields)
    slipped = Event[AchievementUnlocked].model_construct(
        id="e-1",
        type="achievement.unlocked",
        version=1,
        source="achievements",
        subject="u-1",
        occurred_at=NOON,
        data=broken,
    )

    with pytest.raises(NotAnEvent, match=r"data\.points"):
        registry.dump(slipped)


def test_nothing_extra_can_be_published() -> None:
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        TicketMatched(ticket_id="t", player_ids=(), match_id="m", seats=4)  # type: ignore[call-arg]


def test_the_same_fact_always_has_the_same_id() -> None:
    assert a_match().id == a_match(occurred_at=NOON + timedelta(hours=1)).id
    assert a_match().id == event_id("ticket.matched", "t-1", 4)


def test_another_sequence_subject_type_or_key_is_another_fact() -> None:
    ended = TicketEnded(ticket_id="t-1", player_ids=(), outcome="failed")
    facts = [
        a_match(),
        a_match(sequence=5),
        a_match(subject="t-2"),
        a_match(key="first"),
        event(ended, subject="t-1", sequence=4, occurred_at=NOON),
    ]

    assert len(facts) == len({each.id for each in facts})


def test_times_are_announced_in_utc() -> None:
    tokyo = datetime(2026, 11, 20, 21, tzinfo=timezone(timedelta(hours=9)))

    assert '"occurred_at":"2026-11-20T12:00:00Z"' in registry.dump(a_match(occurred_at=tokyo))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    path=st.sampled_from([(key,) for key in a_document()] + [("data", key) for key in a_document()["data"]]),
    value=json_values,
)
def test_whatever_arrives_is_an_event_or_not_one_and_nothing_else_is_raised(path: tuple[str, ...], value: Any) -> None:
    document = copy.deepcopy(a_document())
    place = document if len(path) == 1 else document["data"]
    place[path[-1]] = value

    parsed: object = None
    with contextlib.suppress(NotAnEvent):
        parsed = registry.parse(document)

    assert isinstance(parsed, Event | Unrecognised | None)
