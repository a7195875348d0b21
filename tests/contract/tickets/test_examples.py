"""Every golden example of every message that tickets listens to, fed to its own reactions."""

import json
from pathlib import Path
from typing import Any

import pytest
from tickets_fakes import START, FakeBell, MemoryTicketStore, ScriptedMatchmaker

from muster_events import routing
from muster_events.registry import parse
from muster_runtime.messaging.reactions import reaction_to
from muster_runtime.testing import FakeClock, RecordingPublisher
from muster_tickets.consumer import event_reactions, notice_reactions
from muster_tickets.handlers import TicketHandlers

SCHEMAS = Path(__file__).parents[3] / "shared" / "events" / "schemas"
NOTICES = sorted(SCHEMAS.glob("gamelift.matchmaking/v*.examples/*.json"))
EVENTS = sorted(
    path for event_type in routing.heard_by("tickets") for path in SCHEMAS.glob(f"{event_type}/v*.examples/*.json")
)


def name_of(path: Path) -> str:
    return f"{path.parent.parent.name}-{path.stem}"


async def fed(path: Path) -> tuple[dict[str, Any], MemoryTicketStore]:
    clock = FakeClock(START)
    store = MemoryTicketStore(clock)
    handlers = TicketHandlers(
        store=store,
        publisher=RecordingPublisher(),
        matchmaker=ScriptedMatchmaker(),
        bell=FakeBell(clock),
        clock=clock,
        recheck_after_s=10.0,
        lost_after_s=120.0,
    )
    document = json.loads(path.read_text())
    message = parse(document)
    reaction = reaction_to(message, {**notice_reactions(handlers), **event_reactions(handlers)})
    assert reaction is not None, f"nobody reacts to {path.name}"
    await reaction(message)
    return document, store


def test_there_are_examples_of_all_that_is_listened_to() -> None:
    assert {"ticket.requested", "ticket.refused"} == {path.parent.parent.name for path in EVENTS}
    assert len(NOTICES) >= 8


@pytest.mark.parametrize("path", NOTICES, ids=name_of)
async def test_every_example_of_a_notice_reaches_every_ticket_in_it(path: Path) -> None:
    document, store = await fed(path)

    named = {ticket["ticketId"] for ticket in document["detail"]["tickets"]}
    assert set(store.tickets) == (set() if document["detail"]["type"] == "AcceptMatch" else named)
    assert not any(ticket.is_untold for ticket in store.tickets.values())


@pytest.mark.parametrize("path", EVENTS, ids=name_of)
async def test_every_example_of_an_event_reaches_its_ticket(path: Path) -> None:
    document, store = await fed(path)

    assert set(store.tickets) == {document["data"]["ticket_id"]}
