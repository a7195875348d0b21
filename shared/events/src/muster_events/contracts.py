"""Every contract between services as a JSON Schema: one for each version of an event, one for each kind of notice."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from muster_events.envelope import EventData, envelope_of
from muster_events.gamelift import (
    MATCHMAKING,
    MATCHMAKING_TYPES,
    PLACEMENT,
    PLACEMENT_TYPES,
    SOURCE,
    MatchmakingNotice,
    PlacementNotice,
)
from muster_events.registry import EVENTS, OWNERS

Schema = Mapping[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
SHAPES: Final = ("typical", "minimal", "odd")
"""The golden examples that every contract has: as usual, with required fields only, and strange but legal."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One versioned contract.

    Attributes:
        type: event type, or `gamelift.matchmaking` and `gamelift.placement` for notices.
        version: integer, rises with every breaking change.
        producer: the one service that publishes it; `gamelift` for notices.
        owner: who approves a change.
        summary: one sentence.
        kinds: the `detail.type` values of a notice; empty for an event.
        schema: what a document must be like.
    """

    type: str
    version: int
    producer: str
    owner: str
    summary: str
    kinds: tuple[str, ...]
    schema: Schema

    @property
    def name(self) -> str:
        """Type and version, such as `ticket.matched/1`."""
        return f"{self.type}/{self.version}"

    @property
    def schema_path(self) -> str:
        """Where the schema is kept, relative to the folder of schemas."""
        return f"{self.type}/v{self.version}.schema.json"

    @property
    def example_paths(self) -> tuple[str, ...]:
        """Where the golden examples are kept, relative to the folder of schemas."""
        stems = tuple(f"{kind}." for kind in self.kinds) or ("",)
        return tuple(f"{self.type}/v{self.version}.examples/{stem}{shape}.json" for stem in stems for shape in SHAPES)


def event_contract(data_class: type[EventData], owner: str) -> Contract:
    """Return the contract of an event class; *owner* approves its changes."""
    schema = _tidy(envelope_of(data_class).model_json_schema(mode="validation"))
    constants = {"type": data_class.TYPE, "version": data_class.VERSION, "source": data_class.PRODUCER}
    for field, value in constants.items():
        schema["properties"][field] = {"const": value}
    summary = _summary(data_class)
    return Contract(
        type=data_class.TYPE,
        version=data_class.VERSION,
        producer=data_class.PRODUCER,
        owner=owner,
        summary=summary,
        kinds=(),
        schema=_head(data_class.TYPE, data_class.VERSION, data_class.__name__, summary) | schema,
    )


def notice_contract(
    model: type[MatchmakingNotice | PlacementNotice], *, kind: str, detail_type: str, kinds: tuple[str, ...]
) -> Contract:
    """Return the contract of a notice model, version 1: AWS does not number its notices.

    Args:
        model: the envelope with its detail.
        kind: the name we give it, such as `gamelift.matchmaking`.
        detail_type: the `detail-type` by which it is recognised.
        kinds: the `detail.type` values that AWS documents.
    """
    schema = _tidy(model.model_json_schema(mode="validation", by_alias=True))
    schema["properties"] |= {"source": {"const": SOURCE}, "detail-type": {"const": detail_type}}
    schema["required"] = sorted({*schema["required"], "source", "detail-type"})
    summary = _summary(model)
    return Contract(
        type=kind,
        version=1,
        producer="gamelift",
        owner="@muster/gamelift",
        summary=summary,
        kinds=kinds,
        schema=_head(kind, 1, model.__name__, summary) | schema,
    )


def all_contracts() -> tuple[Contract, ...]:
    """Return every contract, events first, in the order of the registry."""
    events = tuple(event_contract(each, OWNERS[each.TYPE]) for each in EVENTS)
    return (
        *events,
        notice_contract(
            MatchmakingNotice, kind="gamelift.matchmaking", detail_type=MATCHMAKING, kinds=MATCHMAKING_TYPES
        ),
        notice_contract(PlacementNotice, kind="gamelift.placement", detail_type=PLACEMENT, kinds=PLACEMENT_TYPES),
    )


def _head(kind: str, version: int, title: str, summary: str) -> dict[str, Any]:
    return {
        "$schema": DIALECT,
        "$id": f"urn:muster:{kind}:{version}",
        "title": title,
        "description": summary,
    }


def _summary(model: type[BaseModel]) -> str:
    """Return the first paragraph of the class's docstring on one line."""
    text = inspect.getdoc(model) or ""
    return " ".join(text.partition("\n\n")[0].split())


def _tidy(schema: dict[str, Any]) -> dict[str, Any]:
    """Drop what the models say only to Python.

    Titles repeat field names. `additionalProperties: false` is a promise of the producer's code, not of the
    contract: consumers must let unknown fields pass, so that a version can grow.
    """
    tidied = _tidy_object(schema)
    tidied.pop("title", None)
    tidied.pop("description", None)
    return tidied


def _tidy_object(schema: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "title" or (key == "additionalProperties" and value is False):
            continue
        if key in {"properties", "$defs"}:
            kept[key] = {name: _tidy_object(each) for name, each in sorted(value.items())}
        elif key == "required":
            kept[key] = sorted(value)
        elif key == "description":
            kept[key] = " ".join(value.partition("\n\n")[0].split())
        elif key in {"items", "additionalProperties"} and isinstance(value, dict):
            kept[key] = _tidy_object(value)
        elif key in {"anyOf", "oneOf", "allOf", "prefixItems"}:
            kept[key] = [_tidy_object(each) for each in value]
        else:
            kept[key] = value
    return kept
