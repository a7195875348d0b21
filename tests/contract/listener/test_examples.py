"""Every golden example of every message that the listener listens to, fed to its own reactions."""

import json
from pathlib import Path
from typing import Any

import pytest
from listener_fakes import START, MemoryRecordStore

from muster_events import routing
from muster_events.registry import parse
from muster_listener.consumer import event_reactions, notice_reactions
from muster_listener.domain import Match, Placement, Session
from muster_listener.handlers import ListenerHandlers
from muster_runtime.messaging.reactions import reaction_to
from muster_runtime.testing import FakeClock, RecordingPublisher

SCHEMAS = Path(__file__).parents[3] / "shared" / "events" / "schemas"
NOTICES = sorted(SCHEMAS.glob("gamelift.*/v*.examples/*.json"))
EVENTS = sorted(
    path for event_type in routing.heard_by("listener") for path in SCHEMAS.glob(f"{event_type}/v*.examples/*.json")
)


def name_of(path: Path) -> str:
    return f"{path.parent.parent.name}-{path.stem}"


async def fed(path: Path) -> tuple[dict[str, Any], MemoryRecordStore, RecordingPublisher]:
    store, publisher = MemoryRecordStore(FakeClock(START)), RecordingPublisher()
    handlers = ListenerHandlers(store=store, publisher=publisher)
    document = json.loads(path.read_text())
    message = parse(document)
    reaction = reaction_to(message, {**notice_reactions(handlers), **event_reactions(handlers)})
    assert reaction is not None, f"nobody reacts to {path.name}"
    await reaction(message)
    return document, store, publisher


def test_there_are_examples_of_all_that_is_listened_to() -> None:
    assert {path.parent.parent.name for path in EVENTS} == {"match.finished"}
    assert {path.parent.parent.name for path in NOTICES} == {"gamelift.matchmaking", "gamelift.placement"}


@pytest.mark.parametrize("path", NOTICES, ids=name_of)
async def test_every_example_of_a_notice_is_logged_and_kept(path: Path) -> None:
    document, store, publisher = await fed(path)

    assert list(store.entries) == [document["id"]]
    assert "playerSessionId" not in store.entries[document["id"]].body
    if document["detail-type"] == "GameLift Queue Placement Event":
        named = document["detail"]["placementId"]
        assert [record_id for kind, record_id in store.records if kind is Placement] == ([named] if named else [])
        assert len(publisher.events) == (1 if named else 0)


@pytest.mark.parametrize("path", EVENTS, ids=name_of)
async def test_every_example_of_an_event_ends_its_match_and_the_session_if_it_names_one(path: Path) -> None:
    document, store, publisher = await fed(path)

    match_id, arn = document["data"]["match_id"], document["data"]["game_session_arn"]
    assert set(store.records) == {(Match, match_id), *([(Session, arn)] if arn else [])}
    assert [event.type for event in publisher.events] == (["session.ended"] if arn else [])
