"""Thousands of made-up requests against the local GameLift: only answers of the service model may come back.

    python tests/support/gamelift_generated.py [requests of each family] [seed]

Every request goes through one of the two protocols as bytes, so does its answer, and botocore's own parser reads it.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import cbor2
from botocore import parsers
from gamelift_bench import REGION, Bench
from gamelift_inputs import Inputs
from gamelift_rows_shapes import breaches, model

from muster_gamelift.errors import Fault
from muster_gamelift.operations.table import OFFERED
from muster_gamelift.operations.unoffered import EMPTY, UNOFFERED
from muster_gamelift.validation import gamelift_model
from muster_gamelift.wire import Cbor, Json

FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "matchmaking": (
        *("AcceptMatch", "CreateMatchmakingConfiguration", "CreateMatchmakingRuleSet"),
        *("DeleteMatchmakingConfiguration", "DeleteMatchmakingRuleSet", "DescribeMatchmaking"),
        *("DescribeMatchmakingConfigurations", "DescribeMatchmakingRuleSets", "StartMatchBackfill", "StartMatchmaking"),
        *("StopMatchmaking", "UpdateMatchmakingConfiguration", "ValidateMatchmakingRuleSet"),
    ),
    "queues and placements": (
        *("CreateGameSessionQueue", "DeleteGameSessionQueue", "DescribeGameSessionPlacement"),
        *("DescribeGameSessionQueues", "StartGameSessionPlacement", "StopGameSessionPlacement"),
        "UpdateGameSessionQueue",
    ),
    "sessions": (
        *("CreateGameSession", "CreatePlayerSession", "CreatePlayerSessions", "DescribeGameSessionDetails"),
        *("DescribeGameSessions", "DescribePlayerSessions", "SearchGameSessions", "TerminateGameSession"),
        "UpdateGameSession",
    ),
    "fleets, locations and computes": (
        *("CreateFleet", "CreateFleetLocations", "CreateLocation", "DeleteFleet", "DeleteFleetLocations"),
        *("DeleteLocation", "DeregisterCompute", "DescribeCompute", "DescribeFleetAttributes"),
        *("DescribeFleetLocationAttributes", "DescribeFleetLocationUtilization", "DescribeFleetUtilization"),
        *("GetComputeAuthToken", "ListCompute", "ListFleets", "ListLocations", "RegisterCompute"),
        "UpdateFleetAttributes",
    ),
    "aliases and tags": (
        *("CreateAlias", "DeleteAlias", "DescribeAlias", "ListAliases", "ListTagsForResource", "ResolveAlias"),
        *("TagResource", "UntagResource", "UpdateAlias"),
    ),
    "not offered": tuple(sorted(UNOFFERED)),
}
OTHERS: Final = (
    "CreateFleet",
    "CreateLocation",
    "CreateGameSessionQueue",
    "CreateMatchmakingRuleSet",
    "RegisterCompute",
)
"""Now and then one of these comes between, so that there is always something to hit."""
RECENT: Final = 20
"""So many of the latest things of a kind are asked for."""
COMMON: Final = frozenset({"InvalidRequestException", "SerializationException", "ThrottlingException"})
"""Errors that any operation may answer. InvalidRequestException is in nearly every list of the model as well."""


@dataclass(slots=True)
class Outcome:
    """What came of the requests of one family."""

    answers: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    done: set[str] = field(default_factory=set)


class Run:
    """One family's requests, one after the other, against one local GameLift."""

    def __init__(self, family: str, seed: int) -> None:
        self._random = Random(f"{family} {seed}")  # noqa: S311 - to be repeated, not to be secret
        self._operations = FAMILIES[family]
        self._weights = [0.2 if name.startswith("Delete") else 1.0 for name in self._operations]
        self._bench = Bench()
        self._inputs = Inputs(self._random, model(), self._existing)
        self._wires = (("json", Json()), ("smithy-rpc-v2-cbor", Cbor(gamelift_model())))
        self._processes = 0
        self.outcome = Outcome()
        self._live()

    def make(self, requests: int) -> Outcome:
        """Make so many requests; time passes, and game servers do their part, between them."""
        for number in range(requests):
            stray = self._random.random() < 0.03
            (operation,) = self._random.choices(OTHERS if stray else self._operations, None if stray else self._weights)
            self._request(operation, self._inputs.of(operation))
            if number % 8 == 0:
                self._live()
        return self.outcome

    def _existing(self, kind: str) -> Sequence[str]:
        """Return names and ARNs of what there is of a kind."""
        world = self._bench.world
        arns = world.arns
        named: Mapping[str, Iterable[tuple[str, ...]]] = {
            "alias": ((row.alias_id, arns.alias(row.alias_id)) for row in world.aliases),
            "compute": ((row.name,) for row in world.computes),
            "configuration": ((row.name, arns.configuration(row.name)) for row in world.configurations),
            "fleet": ((row.fleet_id, arns.fleet(row.fleet_id)) for row in world.fleets),
            "location": ((row.name,) for row in world.locations),
            "placement": ((row.placement_id,) for row in world.placements),
            "queue": ((row.name, arns.queue(row.name)) for row in world.queues),
            "rule set": ((row.name, arns.rule_set(row.name)) for row in world.rule_sets),
            "seat": ((row.seat_id,) for row in world.seats),
            "session": ((row.arn,) for row in world.sessions.find("open", at=True)),
            "ticket": ((row.ticket_id,) for row in (*world.tickets, *world.tickets.find("open", at=True))),
        }
        if kind == "arn":
            return [text for one in named for text in self._existing(one) if text.startswith("arn:")]
        return [text for texts in named.get(kind, ()) for text in texts][-RECENT:]

    def _live(self) -> None:
        """Put back what is needed, let time pass, start game servers, and let them open what they were given."""
        bench, random = self._bench, self._random
        world = bench.world
        fleet = world.fleets.get(bench.fleet_id)
        if fleet is None or f"{bench.fleet_id}/laptop" not in world.computes:
            world.forget()
            bench.hosted()
        if "duel" not in world.configurations:
            bench.configure(AcceptanceRequired=random.random() < 0.5, AcceptanceTimeoutSeconds=40)
        if sum(process.is_free for process in world.processes) < 3:
            self._processes += 1
            bench.ready(f"p-{self._processes}")
        for process in world.processes.find("open", at=True):
            bench.act("HeartbeatServerProcess", process.process_id, HealthStatus=True)
            session = world.sessions.get(process.session_arn or "")
            if session and session.status == "ACTIVATING" and random.random() < 0.8:
                bench.activate(process.process_id)
        if not any(session.status == "ACTIVE" for session in world.sessions.find("open", at=True)):
            place = {"FleetId": bench.fleet_id, "Location": "custom-laptop"}
            with suppress(Fault):
                bench.call("CreateGameSession", **place, MaximumPlayerSessionCount=20)
        bench.advance(random.choice((0.0, 0.5, 2.0, 30.0)))
        if "AcceptMatch" in self._operations:
            self._seek(f"live-{bench.engine.changes}")

    def _seek(self, name: str) -> None:
        """Let two players ask for a match; they may have to accept it."""
        for number, player in enumerate(("ann", "bob")):
            with suppress(Fault):
                self._bench.start(f"{name}-{number}", player)
        self._bench.advance(0)

    def _request(self, operation: str, given: Any) -> None:
        protocol, wire = self._random.choice(self._wires)
        body = json.dumps(given).encode() if protocol == "json" else cbor2.dumps(given)
        try:
            answer = self._bench.engine.call(REGION, operation, wire.decode(body), servers_url="ws://127.0.0.1:9080")
            told, status = wire.encode(operation, answer), 200
        except Fault as fault:
            told, status = wire.encode_fault(fault.aws_name, fault.detail), fault.status
            answer = {}
            problems = self._unmodelled(operation, fault)
            name = fault.aws_name
        except Exception as error:  # noqa: BLE001 - whatever comes here would be a 500
            self._note(operation, given, [f"{type(error).__name__}: {error}"])
            return
        else:
            problems, name = breaches(operation, answer), "done"
            self.outcome.done.add(operation)
        self.outcome.answers[name] += 1
        self._note(operation, given, [*problems, *_misread(protocol, operation, told, status, name)])
        self._inputs.learn(_names(answer), operation)

    def _unmodelled(self, operation: str, fault: Fault) -> list[str]:
        modelled = {*gamelift_model().errors_of(operation)} | COMMON
        if fault.status != 400 or fault.aws_name not in modelled or not fault.detail:
            return [f"{fault.status} {fault.aws_name}: {fault.detail[:200]}"]
        return []

    def _note(self, operation: str, given: Any, problems: list[str]) -> None:
        self.outcome.problems += [f"{operation} {json.dumps(given)[:600]} -> {problem}" for problem in problems]


def _misread(protocol: str, operation: str, body: bytes, status: int, name: str) -> list[str]:
    """Return how botocore's reading of an answer differs from what was meant."""
    shape = model().operation_model(operation).output_shape
    answer = {"body": body, "headers": {}, "status_code": status}
    read = parsers.create_parser(protocol).parse(answer, shape)
    code = read.get("Error", {}).get("Code", "done")
    return [] if code == name else [f"{name} is read as {code}"]


def _names(answer: Any) -> Any:
    """Return *answer* as clients see it: without what is absent."""
    match answer:
        case dict():
            return {name: _names(value) for name, value in answer.items() if value is not None}
        case list():
            return [_names(value) for value in answer]
        case _:
            return answer


def main(requests: int, seed: int) -> int:
    """Run all families and print what came of them; return how many problems there were."""
    found = 0
    for family, operations in FAMILIES.items():
        outcome = Run(family, seed).make(requests)
        found += len(outcome.problems)
        answers = ", ".join(f"{name} {count}" for name, count in outcome.answers.most_common())
        never = sorted({*operations} & {*OFFERED, *EMPTY} - outcome.done)
        lines = [
            f"{family}: {requests} requests, {len(outcome.problems)} problems; {answers}",
            f"  never done: {', '.join(never) or '-'}",
            *(f"  {problem}" for problem in outcome.problems[:20]),
        ]
        sys.stdout.write("\n".join(lines) + "\n")
    return found


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:3]]
    sys.exit(1 if main(*(numbers + [300, 1][len(numbers) :])) else 0)
