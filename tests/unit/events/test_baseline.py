"""What was released, and the judgement of models against it."""

from typing import Any

import pytest

from muster_events import baseline
from muster_events.baseline import Baseline
from muster_events.contracts import Contract, event_contract
from muster_events.envelope import EventData


class TicketEnded(EventData):
    """A ticket is over."""

    TYPE = "ticket.ended"
    PRODUCER = "tickets"

    ticket_id: str


class TicketEndedWithReason(EventData):
    """A ticket is over, with an optional field more."""

    TYPE = "ticket.ended"
    PRODUCER = "tickets"

    ticket_id: str
    reason: str = ""


class TicketEndedRenamed(EventData):
    """A ticket is over, with a field of another name."""

    TYPE = "ticket.ended"
    PRODUCER = "tickets"

    ticket: str


class TicketEndedNext(EventData):
    """The next version."""

    TYPE = "ticket.ended"
    VERSION = 2
    PRODUCER = "tickets"

    ticket: str


def a_contract(model: type[EventData]) -> Contract:
    return event_contract(model, "@muster/tickets")


def released(*models: type[EventData], **more: Any) -> Baseline:
    return Baseline(released={a_contract(each).name: a_contract(each).schema for each in models}, **more)


def test_an_unchanged_model_keeps_what_was_released() -> None:
    assert baseline.breaches(released(TicketEnded), [a_contract(TicketEnded)]) == []


def test_a_new_optional_field_is_no_breach_but_has_to_be_released() -> None:
    grown = [a_contract(TicketEndedWithReason)]

    assert baseline.breaches(released(TicketEnded), grown) == []
    assert baseline.unreleased(released(TicketEnded), grown) == ["ticket.ended/1"]
    assert baseline.unreleased(baseline.release(released(TicketEnded), grown), grown) == []


def test_a_breach_names_the_field_and_who_listens() -> None:
    found = baseline.breaches(released(TicketEnded), [a_contract(TicketEndedRenamed)])

    assert found == [
        "ticket.ended/1: data.ticket_id: field removed (heard by matchmaking)",
        "ticket.ended/1: data.ticket: new field is required (heard by matchmaking)",
    ]


def test_a_breaking_change_cannot_be_released() -> None:
    with pytest.raises(ValueError, match=r"data\.ticket_id: field removed"):
        baseline.release(released(TicketEnded), [a_contract(TicketEndedRenamed)])


def test_the_next_version_stands_beside_the_first() -> None:
    both = [a_contract(TicketEnded), a_contract(TicketEndedNext)]
    after = baseline.release(released(TicketEnded), both)

    assert set(after.released) == {"ticket.ended/1", "ticket.ended/2"}
    assert after.withdrawn == ()


def test_a_version_cannot_vanish_unless_it_is_withdrawn() -> None:
    only_next = [a_contract(TicketEndedNext)]

    with pytest.raises(ValueError, match="gone from the registry"):
        baseline.release(released(TicketEnded), only_next)

    after = baseline.release(released(TicketEnded), only_next, withdraw=["ticket.ended/1"])
    assert set(after.released) == {"ticket.ended/2"}
    assert after.withdrawn == ("ticket.ended/1",)


def test_a_withdrawn_version_does_not_breach_an_older_baseline() -> None:
    found = baseline.breaches(released(TicketEnded), [], withdrawn=["ticket.ended/1"])

    assert found == []


def test_a_baseline_reads_back_as_it_was_written() -> None:
    before = released(TicketEnded, TicketEndedNext, withdrawn=("ticket.lost/1",))

    assert before == baseline.read(baseline.write(before))


@pytest.mark.parametrize("text", ["[]", "{}", '{"released": []}', "not json"])
def test_a_broken_baseline_is_an_error_and_not_an_empty_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"released schemas|Expecting value"):
        baseline.read(text)
