"""Breaking changes planted in the models: each kind is found."""

from pathlib import Path
from typing import ClassVar, Literal

import pytest
from pydantic import AwareDatetime, Field

from muster_events import baseline as baselines
from muster_events import repository
from muster_events.contracts import all_contracts, event_contract
from muster_events.envelope import EventData

ROOT = next(folder for folder in Path(__file__).resolve().parents if (folder / repository.BASELINE).exists())
CONTRACTS = all_contracts()


class _Base(EventData):
    TYPE: ClassVar[str] = "ticket.ended"
    PRODUCER: ClassVar[str] = "tickets"


class FieldRemoved(_Base):
    ticket_id: str
    player_ids: tuple[str, ...]
    outcome: Literal["cancelled", "failed", "timed_out", "refused"]


class FieldNewlyRequired(_Base):
    ticket_id: str
    player_ids: tuple[str, ...]
    outcome: Literal["cancelled", "failed", "timed_out", "refused"]
    reason: str = Field(max_length=1024)


class RequiredFieldAdded(_Base):
    ticket_id: str
    player_ids: tuple[str, ...]
    outcome: Literal["cancelled", "failed", "timed_out", "refused"]
    reason: str = Field(default="", max_length=1024)
    ended_at: AwareDatetime


class TypeChanged(_Base):
    ticket_id: int
    player_ids: tuple[str, ...]
    outcome: Literal["cancelled", "failed", "timed_out", "refused"]
    reason: str = Field(default="", max_length=1024)


class LengthNarrowed(_Base):
    ticket_id: str
    player_ids: tuple[str, ...]
    outcome: Literal["cancelled", "failed", "timed_out", "refused"]
    reason: str = Field(default="", max_length=1000)


class PatternAdded(_Base):
    ticket_id: str = Field(pattern="^t-")
    player_ids: tuple[str, ...]
    outcome: Literal["cancelled", "failed", "timed_out", "refused"]
    reason: str = Field(default="", max_length=1024)


class ListBounded(_Base):
    ticket_id: str
    player_ids: tuple[str, ...] = Field(min_length=1)
    outcome: Literal["cancelled", "failed", "timed_out", "refused"]
    reason: str = Field(default="", max_length=1024)


class EnumGrown(_Base):
    ticket_id: str
    player_ids: tuple[str, ...]
    outcome: Literal["cancelled", "failed", "timed_out", "refused", "lost"]
    reason: str = Field(default="", max_length=1024)


class EnumShrunk(_Base):
    ticket_id: str
    player_ids: tuple[str, ...]
    outcome: Literal["cancelled", "failed", "timed_out"]
    reason: str = Field(default="", max_length=1024)


class ProducerChanged(_Base):
    PRODUCER: ClassVar[str] = "listener"

    ticket_id: str
    player_ids: tuple[str, ...]
    outcome: Literal["cancelled", "failed", "timed_out", "refused"]
    reason: str = Field(default="", max_length=1024)


class OptionalAdded(_Base):
    ticket_id: str
    player_ids: tuple[str, ...]
    outcome: Literal["cancelled", "failed", "timed_out", "refused"]
    reason: str = Field(default="", max_length=1024)
    ended_at: AwareDatetime | None = None


def planted(model: type[EventData]) -> list[str]:
    text = (ROOT / repository.BASELINE).read_text(encoding="utf-8")
    others = [each for each in CONTRACTS if each.type != model.TYPE]
    return baselines.breaches(baselines.read(text), [*others, event_contract(model, "@muster/tickets")])


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (FieldRemoved, "data.reason: field removed"),
        (FieldNewlyRequired, "data.reason: field newly required"),
        (RequiredFieldAdded, "data.ended_at: new field is required"),
        (TypeChanged, "data.ticket_id: type changed from string to integer"),
        (LengthNarrowed, "data.reason: maxLength narrowed from 1024 to 1000"),
        (PatternAdded, "data.ticket_id: pattern changed from None to '^t-'"),
        (ListBounded, "data.player_ids: minItems narrowed from None to 1"),
        (EnumGrown, "data.outcome: closed enum grew by 'lost'"),
        (EnumShrunk, "data.outcome: closed enum lost 'refused'"),
        (ProducerChanged, "source: constant changed from 'tickets' to 'listener'"),
    ],
)
def test_a_breaking_change_planted_in_a_model_is_found(model: type[EventData], expected: str) -> None:
    assert f"ticket.ended/1: {expected} (heard by matchmaking)" in planted(model)


def test_an_optional_field_planted_in_a_model_is_no_breach() -> None:
    assert planted(OptionalAdded) == []


def test_an_event_taken_out_of_the_registry_is_a_breach() -> None:
    text = (ROOT / repository.BASELINE).read_text(encoding="utf-8")
    others = [each for each in CONTRACTS if each.type != "ticket.ended"]

    assert baselines.breaches(baselines.read(text), others) == [
        "ticket.ended/1: released, and gone from the registry (heard by matchmaking)"
    ]
