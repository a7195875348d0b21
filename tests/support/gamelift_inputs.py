"""Inputs for operations of GameLift, made up from the service model: in order, nearly so, and not at all.

The same seed makes the same inputs, as long as the same answers come back.
"""

import json
import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, Final

from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from gamelift_bench import DUEL

from muster_gamelift.validation import pythonic

KEPT: Final = 24
"""So many of the latest names of each kind are used again."""
KINDS: Final[Mapping[str, str]] = {
    "AliasId": "alias",
    "AliasArn": "alias",
    "ComputeName": "compute",
    "ConfigurationName": "configuration",
    "ConfigurationArn": "configuration",
    "DestinationArn": "fleet",
    "FleetArn": "fleet",
    "FleetId": "fleet",
    "FleetIds": "fleet",
    "GameSessionArn": "session",
    "GameSessionId": "session",
    "GameSessionQueueArn": "queue",
    "GameSessionQueueArns": "queue",
    "GameSessionQueueName": "queue",
    "IdempotencyToken": "token",
    "Location": "location",
    "LocationName": "location",
    "LocationOrder": "location",
    "Locations": "location",
    "NextToken": "page",
    "PlacementId": "placement",
    "PlayerId": "player",
    "PlayerIds": "player",
    "PlayerSessionId": "seat",
    "RegionIdentifier": "location",
    "ResourceARN": "arn",
    "RuleSetArn": "rule set",
    "RuleSetName": "rule set",
    "Tags": "tag",
    "Team": "team",
    "TicketId": "ticket",
    "TicketIds": "ticket",
}
"""Member -> what it names. `Name` and `Names` depend on the operation."""
FIRST: Final[Mapping[str, tuple[str, ...]]] = {
    "alias": ("alias-1",),
    "compute": ("laptop", "rack", "tower"),
    "configuration": ("duel", "ranked", "casual"),
    "fleet": ("fleet-1",),
    "location": (
        "custom-laptop",
        "custom-rack",
        "custom-moon",
        *(f"custom-{number}" for number in range(9)),
        "us-east-1",
    ),
    "placement": tuple(f"placement-{number}" for number in range(40)),
    "player": ("ann", "bob", "cat", "dan", "eve"),
    "queue": ("main", "spare"),
    "rule set": ("duel-rules", "ranked-rules", "other-rules"),
    "session": ("arn:aws:gamelift:us-east-1::gamesession/fleet-1/gone",),
    "team": ("red", "blue"),
    "ticket": tuple(f"ticket-{number}" for number in range(60)),
    "token": ("token-1", "token-2"),
}
NEW: Final = frozenset({"ComputeName", "LocationName", "Name", "PlacementId", "TicketId"})
"""Members that give the name of what is to be made."""
BODIES: Final = (
    json.dumps(DUEL),
    json.dumps({**DUEL, "teams": [{"name": "red", "minPlayers": 1, "maxPlayers": 1}], "rules": []}),
    json.dumps({"ruleLanguageVersion": "1.0", "teams": [{"name": "red", "minPlayers": 2, "maxPlayers": 1}]}),
    "{}",
    "[" * 2000,
    "not JSON",
)
TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Cost": ("1", "0.5", "12345.12345"),
    "FilterExpression": ("hasAvailablePlayerSessions=true", "playerSessionCount>=0 AND maximumSessions<=9", "x"),
    "IpAddress": ("127.0.0.1", "::1", "1.2.3"),
    "NotificationTarget": ("", "arn:aws:sns:us-east-1:000000000000:notices", "queue"),
    "PlayerSessionStatusFilter": ("RESERVED", "ACTIVE", "GONE"),
    "RuleSetBody": BODIES,
    "SortExpression": ("creationTimeMillis ASC", "gameSessionProperties.map DESC", "gameSessionId"),
    "StatusFilter": ("ACTIVE", "TERMINATED", "GONE"),
}
"""What members with a language of their own may say."""
ODD: Final = (
    None,
    "",
    "x" * 70_000,
    0,
    -1,
    1.5,
    10**30,
    True,
    [],
    {},
    [[]],
    {"S": {}},
    "\U0001f3ae",
    "\x00",
    " ",
    "a\nb",
)
"""Values that rarely fit where they are put."""


class Inputs:
    """Makes inputs, and remembers names from answers so that later inputs hit what exists."""

    def __init__(self, random: Random, model: ServiceModel, existing: Callable[[str], Sequence[str]]) -> None:
        """Begin without answers.

        Args:
            random: makes every choice.
            model: says what fits.
            existing: the names of what there is of a kind.
        """
        self._random = random
        self._model = model
        self._existing = existing
        self._known: dict[str, list[str]] = {kind: [*names] for kind, names in FIRST.items()}
        self._fitting: dict[str, list[str]] = {}

    def of(self, operation: str) -> Any:
        """Return an input of *operation*; most are in order."""
        shape = self._model.operation_model(operation).input_shape
        given = {} if shape is None else self._structure(shape, operation)
        for _ in range(self._random.choices((0, 1, 2, 5), (64, 28, 6, 2))[0]):
            given = self._spoiled(given)
        return given

    def learn(self, answer: Any, operation: str = "", member: str = "") -> None:
        """Remember the names in *answer*."""
        match answer:
            case dict():
                for name, value in answer.items():
                    self.learn(value, operation, name)
            case list():
                for value in answer:
                    self.learn(value, operation, member)
            case str():
                for kind in {_kind(operation, member), "arn" if answer.startswith("arn:") else ""} - {""}:
                    names = self._known.setdefault(kind, [])
                    if answer not in names:
                        names.append(answer)
                        del names[:-KEPT]

    # What fits --------------------------------------------------------------------------------------------------------

    def _value(self, shape: Shape, operation: str, member: str) -> Any:
        match shape:
            case StructureShape():
                return self._structure(shape, operation)
            case ListShape():
                return [self._value(shape.member, operation, member) for _ in range(self._length(shape))]
            case MapShape():
                keys = [self._value(shape.key, operation, "Location") for _ in range(self._length(shape))]
                return {key: self._value(shape.value, operation, member) for key in keys}
            case StringShape():
                return self._text(shape, operation, member)
            case _:
                return self._scalar(shape)

    def _structure(self, shape: StructureShape, operation: str) -> dict[str, Any]:
        wanted = self._random.choice((0.15, 0.5, 0.9))
        if shape.name == "AttributeValue":
            names = [self._random.choice(tuple(shape.members))]
        else:
            names = [name for name in shape.members if name in shape.required_members or self._random.random() < wanted]
        if shape.name == "RoutingStrategy" and self._chance(0.8):
            kind, detail = self._random.choice((("SIMPLE", "FleetId"), ("TERMINAL", "Message")))
            return {"Type": kind, detail: self._value(shape.members[detail], operation, detail)}
        if shape.name == "Player" and self._chance(0.95):
            seated = {"Team"} if operation == "StartMatchBackfill" else set()
            names = [*({*names, "PlayerId"} - {"Team"} | seated)]
            names.sort()
        if operation == "CreateFleet" and "ComputeType" in shape.members:
            usual = {"Name", "ComputeType", "Locations", "AnywhereConfiguration", "Tags", "MetricGroups", "Description"}
            names = [name for name in shape.members if name in usual or (name in names and self._chance(0.02))]
        for either in (("FleetId", "AliasId"), ("IpAddress", "DnsName"), ("GameSessionId", "IdempotencyToken")):
            if {*either} <= {*shape.members} and self._chance(0.8):
                kept = self._random.choice(either)
                names = [*(name for name in names if name not in either), kept]
        return {name: self._value(shape.members[name], operation, name) for name in names}

    def _length(self, shape: ListShape | MapShape) -> int:
        least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 6)
        return self._random.randint(least, max(least, min(most, self._random.choice((1, 2, 6)))))

    def _scalar(self, shape: Shape) -> Any:
        if shape.type_name == "boolean":
            return self._chance(0.5)
        low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 250)
        if shape.type_name in {"double", "float"}:
            return self._random.choice((low, min(high, 250.5), low + self._random.random()))
        return self._random.choice((low, high, self._random.randint(low, min(high, low + 20))))

    def _text(self, shape: StringShape, operation: str, member: str) -> str:
        if shape.enum:
            wanted = ["ANYWHERE"] if (operation, member) == ("CreateFleet", "ComputeType") else shape.enum
            return str(self._random.choice(wanted))
        if member in TEXTS:
            return self._random.choice(TEXTS[member])
        kind = _kind(operation, member)
        creates = operation.startswith(("Create", "Start", "Register")) and member in NEW
        there = () if creates and self._chance(0.9) else self._existing(kind)
        if there and self._chance(0.8):
            return self._random.choice(there)
        known = self._known.get(kind, [])
        return self._random.choice(known) if known and self._chance(0.85) else self._fit(shape)

    def _fit(self, shape: StringShape) -> str:
        """Return a text that the shape allows."""
        least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 40)
        pattern = pythonic(shape.metadata.get("pattern", ""))
        length = self._random.choice((least, min(most, least + 7), min(most, 1500)))
        letters = "".join(self._random.choices(string.ascii_lowercase + string.digits, k=length))
        if not pattern or re.fullmatch(pattern, letters):
            return letters
        if pattern not in self._fitting:
            self._fitting[pattern] = [text for text in _examples() if re.fullmatch(pattern, text)]
        return self._random.choice(self._fitting[pattern] or ["?"])

    # What does not ----------------------------------------------------------------------------------------------------

    def _spoiled(self, given: Any) -> Any:
        """Return *given* with one place changed for the worse."""
        if not isinstance(given, dict | list) or not given or self._chance(0.15):
            if isinstance(given, dict) and self._chance(0.5):
                return {**given, "Unknown": self._random.choice(ODD)}
            return self._random.choice(ODD)
        if isinstance(given, list):
            place = self._random.randrange(len(given))
            return [*given[:place], self._spoiled(given[place]), *given[place + 1 :]]
        name = self._random.choice(tuple(given))
        if self._chance(0.3):
            return {key: value for key, value in given.items() if key != name}
        return {**given, name: self._spoiled(given[name])}

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability


def _kind(operation: str, member: str) -> str:
    if member in {"Name", "Names"}:
        for part, kind in (("Configuration", "configuration"), ("RuleSet", "rule set"), ("Queue", "queue")):
            if part in operation:
                return kind
    return KINDS.get(member, "")


def _examples() -> Iterator[str]:
    arn = "arn:aws:gamelift:us-east-1:000000000000"
    yield from (
        "fleet-gone",
        "alias-gone",
        "build-1",
        "script-1",
        "custom-gone",
        "psess-gone",
        "127.0.0.1",
        "game.example",
    )
    yield from (f"{arn}:fleet/fleet-gone", f"{arn}/alias/alias-gone", f"{arn}:alias/alias-gone", f"{arn}:queue/gone")
    yield from ("arn:aws:iam::000000000000:role/some-role", "i-0123456789abcdef0", "1.0.0", "10.0.0.1/8", "/local/game")
    yield from (
        f"{arn}:gameservergroup/some",
        f"{arn}:containergroupdefinition/some",
        "/game",
        "1",
        "sha256:" + "a" * 64,
    )
    yield from ("containerfleet-1", "x" * 3, "some text", "a_b", "5", "subnet-1", "1.x")
