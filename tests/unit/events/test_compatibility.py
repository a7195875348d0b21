"""What a version may not change, each kind planted in a schema."""

import copy
from typing import Any

import pytest

from muster_events.compatibility import compare

RELEASED: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "type": {"const": "ticket.ended"},
        "version": {"const": 1},
        "data": {"$ref": "#/$defs/Data"},
        "sequence": {"type": "integer", "minimum": 0, "maximum": 100, "default": 0},
    },
    "required": ["data", "type", "version"],
    "$defs": {
        "Data": {
            "type": "object",
            "description": "What happened.",
            "properties": {
                "ticket_id": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^t-"},
                "outcome": {"type": "string", "enum": ["failed", "cancelled"]},
                "ended_at": {"type": "string", "format": "date-time"},
                "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
                "scores": {"type": "object", "additionalProperties": {"type": "integer"}},
                "players": {"type": "array", "items": {"$ref": "#/$defs/Player"}, "minItems": 0, "maxItems": 10},
            },
            "required": ["ticket_id", "outcome"],
        },
        "Player": {"type": "object", "properties": {"team": {"type": "string"}}, "required": ["team"]},
    },
}
DATA = ("$defs", "Data", "properties")


def changed(path: tuple[str, ...], **values: Any) -> dict[str, Any]:
    """Return the released schema with keywords set at *path*; None takes the keyword away."""
    schema = copy.deepcopy(RELEASED)
    place = schema
    for step in path:
        place = place.setdefault(step, {})
    for key, value in values.items():
        if value is None:
            del place[key]
        else:
            place[key] = value
    return schema


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        (changed(DATA, note=None), "data.note: field removed"),
        (changed(("$defs", "Data"), required=["outcome", "scores", "ticket_id"]), "data.scores: field newly required"),
        (changed(("$defs", "Data"), required=["outcome"]), "data.ticket_id: field no longer required"),
        (changed((*DATA, "outcome"), type="integer"), "data.outcome: type changed from string to integer"),
        (
            changed((*DATA, "scores", "additionalProperties"), type="number"),
            "data.scores{}: type changed from integer to number",
        ),
        (
            changed((*DATA, "players", "items"), **{"$ref": None, "type": "string"}),
            "data.players[]: type changed from object to string",
        ),
        (changed((*DATA, "note"), anyOf=[{"type": "string"}]), "data.note: type changed: 2 alternatives became 1"),
        (
            changed((*DATA, "note"), anyOf=[{"type": "integer"}, {"type": "null"}]),
            "data.note: type changed from null to integer",
        ),
        (changed(("properties", "sequence"), minimum=1), "sequence: minimum narrowed from 0 to 1"),
        (changed(("properties", "sequence"), maximum=99), "sequence: maximum narrowed from 100 to 99"),
        (changed(("properties", "sequence"), maximum=101), "sequence: maximum widened from 100 to 101"),
        (changed(("properties", "sequence"), minimum=None), "sequence: minimum widened from 0 to None"),
        (changed(("properties", "sequence"), exclusiveMaximum=9), "sequence: exclusiveMaximum narrowed from None to 9"),
        (changed((*DATA, "ticket_id"), minLength=2), "data.ticket_id: minLength narrowed from 1 to 2"),
        (changed((*DATA, "ticket_id"), maxLength=32), "data.ticket_id: maxLength narrowed from 64 to 32"),
        (changed((*DATA, "players"), maxItems=9), "data.players: maxItems narrowed from 10 to 9"),
        (changed((*DATA, "ticket_id"), pattern="^t-[a-z]"), "data.ticket_id: pattern changed from '^t-' to '^t-[a-z]'"),
        (changed((*DATA, "ended_at"), format="date"), "data.ended_at: format changed from 'date-time' to 'date'"),
        (changed((*DATA, "outcome"), enum=["failed", "cancelled", "lost"]), "data.outcome: closed enum grew by 'lost'"),
        (changed((*DATA, "outcome"), enum=["failed"]), "data.outcome: closed enum lost 'cancelled'"),
        (changed((*DATA, "outcome"), enum=None), "data.outcome: closed enum opened"),
        (changed((*DATA, "ended_at"), enum=["now"]), "data.ended_at: values closed to an enum"),
        (changed(("properties", "version"), const=2), "version: constant changed from 1 to 2"),
        (
            changed(("properties", "type"), const="ticket.over"),
            "type: constant changed from 'ticket.ended' to 'ticket.over'",
        ),
        (changed(("properties", "sequence"), default=1), "sequence: default changed from 0 to 1"),
        (changed((*DATA, "scores"), additionalProperties=None), "data.scores{}: type changed"),
        (changed((*DATA, "players"), items=None), "data.players[]: type of the entries changed"),
        (
            changed(("$defs", "Player"), required=["team"], properties={"team": {"type": "boolean"}}),
            "data.players[].team: type changed from string to boolean",
        ),
    ],
)
def test_a_breaking_change_is_found_and_named(current: dict[str, Any], expected: str) -> None:
    assert expected in [each.sentence for each in compare(RELEASED, current)]


def test_a_new_field_that_is_required_is_breaking() -> None:
    current = changed(DATA, region={"type": "string"})
    current["$defs"]["Data"]["required"].append("region")

    assert ["data.region: new field is required"] == [each.sentence for each in compare(RELEASED, current)]


def test_a_literal_of_one_that_gets_a_second_member_has_grown() -> None:
    before = {"type": "string", "const": "guest"}
    after = {"type": "string", "enum": ["guest", "apple"]}

    assert ["document: closed enum grew by 'apple'"] == [each.sentence for each in compare(before, after)]


@pytest.mark.parametrize(
    "current",
    [
        RELEASED,
        changed(DATA, region={"type": "string", "default": ""}),
        changed(("$defs", "Data"), description="Other words."),
        changed((), title="A title"),
        changed((*DATA, "outcome"), enum=["cancelled", "failed"]),
        changed((*DATA, "note"), anyOf=[{"type": "null"}, {"type": "string"}]),
        changed(("properties", "sequence"), examples=[4]),
    ],
)
def test_a_new_optional_field_other_words_or_another_order_break_nothing(current: dict[str, Any]) -> None:
    assert compare(RELEASED, current) == ()


def test_renaming_a_definition_breaks_nothing() -> None:
    current = copy.deepcopy(RELEASED)
    current["$defs"]["Person"] = current["$defs"].pop("Player")
    current["$defs"]["Data"]["properties"]["players"]["items"] = {"$ref": "#/$defs/Person"}

    assert compare(RELEASED, current) == ()


def test_a_model_that_contains_itself_is_compared_to_its_end() -> None:
    tree = {
        "$ref": "#/$defs/Node",
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {
                    "label": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
                },
            }
        },
    }
    other = copy.deepcopy(tree)
    other["$defs"]["Node"]["properties"]["label"] = {"type": "integer"}  # type: ignore[index]  # it is a dict

    assert compare(tree, tree) == ()
    assert ["label: type changed from string to integer"] == [each.sentence for each in compare(tree, other)]
