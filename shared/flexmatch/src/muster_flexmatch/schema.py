"""The JSON Schema of rule sets, for editors: completion, types, and what each element means.

A schema cannot know everything: names that must exist, expressions that must parse, limits between steps. `validate`
does. Whatever `validate` accepts, the schema accepts.
"""

from typing import Any, Final

from muster_flexmatch.attributes import TYPES
from muster_flexmatch.parse_rules import (
    COLLECTION_OPERATIONS,
    COLLECTION_PARTIES,
    DISTANCE_REFERENCES,
    MAP_KEYS,
    NUMBER_PARTIES,
    OPERATIONS,
)

_Schema = dict[str, Any]
_NUMERAL: Final = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"


def _number(description: str, *, whole: bool = False, low: int | None = 0) -> _Schema:
    plain: _Schema = {"type": "integer" if whole else "number"}
    if low is not None:
        plain["minimum"] = low
    quoted = {"type": "string", "pattern": _NUMERAL}
    return {"description": description, "anyOf": [plain, quoted]}


def _text(description: str) -> _Schema:
    return {"description": description, "type": "string", "pattern": r"\S"}


def _choice(description: str, choices: tuple[str, ...]) -> _Schema:
    return {"description": description, "enum": list(choices)}


_MEASUREMENTS: Final[_Schema] = {
    "description": "Property expressions, such as avg(teams[red].players.attributes[skill]).",
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
}
_REFERENCE: Final[_Schema] = {
    "description": "What measured values are compared with: a literal, or a property expression.",
    "type": ["number", "string", "array"],
}
_PARTY: Final = _choice("How the numbers of a ticket's players become one; avg by default.", NUMBER_PARTIES)
_RULES: Final[dict[str, tuple[str, tuple[str, ...], _Schema]]] = {
    "comparison": (
        "Measured values compare with a reference, or with each other.",
        ("measurements", "operation"),
        {
            "measurements": _MEASUREMENTS,
            "operation": _choice("Without referenceValue only = and !=.", OPERATIONS),
            "referenceValue": _REFERENCE,
            "partyAggregation": _PARTY,
        },
    ),
    "distance": (
        "Measured numbers are near a reference, or far from it.",
        ("measurements", "referenceValue"),
        {
            "measurements": _MEASUREMENTS,
            "referenceValue": _REFERENCE,
            "minDistance": _number("Least distance."),
            "maxDistance": _number("Greatest distance."),
            "partyAggregation": _PARTY,
        },
    ),
    "batchDistance": (
        "An attribute's values are near each other over the whole match; strings are equal.",
        ("batchAttribute",),
        {
            "batchAttribute": _text("A declared number or string attribute."),
            "maxDistance": _number("Greatest difference over the match; for numbers."),
            "partyAggregation": _PARTY,
        },
    ),
    "collection": (
        "String lists share members, contain a string, or meet another list, so many times.",
        ("measurements", "operation"),
        {
            "measurements": _MEASUREMENTS,
            "operation": _choice("What is counted.", COLLECTION_OPERATIONS),
            "referenceValue": _REFERENCE,
            "minCount": _number("Least count.", whole=True),
            "maxCount": _number("Greatest count.", whole=True),
            "partyAggregation": _choice("How the lists of a ticket's players become one.", COLLECTION_PARTIES),
        },
    ),
    "latency": (
        "Everyone has a region in common that is fast enough.",
        (),
        {
            "maxLatency": _number("Milliseconds."),
            "maxDistance": _number("Milliseconds from the reference, in the common region."),
            "distanceReference": _choice("What maxDistance is measured from.", DISTANCE_REFERENCES),
            "partyAggregation": _PARTY,
        },
    ),
    "absoluteSort": ("Orders other tickets by an attribute's value.", ("sortDirection", "sortAttribute"), {}),
    "distanceSort": ("Orders other tickets by how near they are.", ("sortDirection", "sortAttribute"), {}),
    "compound": (
        "Combines earlier rules with and, or, not, xor; they then count only through it.",
        ("statement",),
        {"statement": _text("Such as or(Fast, and(Even, not(Blocked))).")},
    ),
}
_SORT: Final[_Schema] = {
    "sortDirection": _choice("Which come first.", ("ascending", "descending")),
    "sortAttribute": _text("A declared attribute."),
    "mapKey": _choice("For maps: the key at which the oldest ticket's map is lowest or highest.", MAP_KEYS),
    "partyAggregation": _PARTY,
}


def rule_set_schema() -> _Schema:
    """Return the schema, of JSON Schema draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "FlexMatch rule set",
        "type": "object",
        "required": ["ruleLanguageVersion", "teams"],
        "properties": {
            "name": {"description": "Free label.", "type": ["string", "null"]},
            "ruleLanguageVersion": {"const": "1.0"},
            "playerAttributes": _list("Attributes that players come with.", _attribute()),
            "algorithm": _algorithm(),
            "teams": {**_list("Teams of a match; 200 seats at most.", _team()), "minItems": 1, "type": "array"},
            "rules": _list("Conditions and orders; all conditions must hold.", _rule()),
            "expansions": _list("What changes as tickets wait.", _expansion()),
        },
    }


def _list(description: str, items: _Schema) -> _Schema:
    return {"description": description, "type": ["array", "null"], "items": items}


def _attribute() -> _Schema:
    defaults: dict[str, _Schema] = {
        "string": {"type": "string"},
        "number": {"type": "number"},
        "string_list": {"type": "array", "items": {"type": "string"}},
        "string_number_map": {"type": "object", "additionalProperties": {"type": "number"}},
    }
    return {
        "type": "object",
        "required": ["name", "type"],
        "properties": {
            "name": _text("Unique in the rule set."),
            "type": _choice("What values it has.", TYPES),
            "default": {"description": "For players who come without it."},
        },
        "allOf": [
            {
                "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
                "then": {"properties": {"default": {"anyOf": [allowed, {"type": "null"}]}}},
            }
            for kind, allowed in defaults.items()
        ],
    }


def _algorithm() -> _Schema:
    return {
        "description": "How the pool is searched.",
        "type": ["object", "null"],
        "properties": {
            "strategy": _choice("balanced for more than 40 players.", ("exhaustiveSearch", "balanced")),
            "batchingPreference": _choice(
                "How tickets are brought together.", ("random", "sorted", "largestPopulation", "fastestRegion")
            ),
            "sortByAttributes": {
                "description": "Declared attributes, the most important first; for sorted.",
                "type": ["array", "string"],
                "items": {"type": "string"},
            },
            "balancedAttribute": _text("A declared number attribute that teams are evened on."),
            "expansionAgeSelection": _choice("Whose age drives expansions; newest by default.", ("newest", "oldest")),
            "backfillPriority": _choice("When running sessions are looked at.", ("normal", "high", "low")),
        },
    }


def _team() -> _Schema:
    return {
        "type": "object",
        "required": ["name", "minPlayers", "maxPlayers"],
        "properties": {
            "name": _text("Unique; without [ ] , *.") | {"not": {"pattern": r"[\[\],*]"}},
            "minPlayers": _number("Fewer, and there is no match.", whole=True),
            "maxPlayers": _number("Seats.", whole=True, low=1),
            "quantity": _number("How many such teams; named NAME_1, NAME_2, …", whole=True, low=1),
        },
    }


def _rule() -> _Schema:
    branches = []
    for kind, (description, required, properties) in _RULES.items():
        own = _SORT if kind.endswith("Sort") else properties
        branches.append(
            {
                "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
                "then": {"description": description, "required": list(required), "properties": own},
            }
        )
    return {
        "type": "object",
        "required": ["name", "type"],
        "properties": {
            "name": _text("Unique; named in metrics and expansions."),
            "description": {"type": ["string", "null"]},
            "type": _choice("What the rule does.", tuple(_RULES)),
        },
        "allOf": branches,
    }


def _expansion() -> _Schema:
    step = {
        "type": "object",
        "required": ["waitTimeSeconds", "value"],
        "properties": {
            "waitTimeSeconds": _number("Seconds since the ticket's start; rising from step to step."),
            "value": {"description": "Of the property's type."},
        },
    }
    return {
        "type": "object",
        "required": ["target", "steps"],
        "properties": {
            "target": _text("rules[NAME].maxDistance, teams[NAME].minPlayers and the like.")
            | {"pattern": r"^\s*((rules|teams)\s*\[[^\[\]]*\]|algorithm)\s*\.\s*\w+\s*$"},
            "steps": {"type": "array", "minItems": 1, "items": step},
        },
    }
