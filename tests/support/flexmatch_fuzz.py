"""Rule sets that nobody wrote: valid ones, damaged at random, as text and as structure.

    python tests/support/flexmatch_fuzz.py 100000

Whatever comes in, the parser answers with a rule set or says what is wrong; what it accepts is matched with a small
pool. Nothing else may be raised, and nothing may take long.
"""

import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from muster_flexmatch import Matchmaker, Player, RuleSetInvalid, Ticket, parse_rule_set
from muster_flexmatch.look import Limits

LONGEST_PARSE_S = 0.1
LONGEST_TICK_S = 5.0
SKILLS = "flatten(teams[*].players.attributes[skill])"
MAPS = "flatten(teams[*].players.attributes[maps])"
SEED: dict[str, Any] = {
    "name": "fuzz",
    "ruleLanguageVersion": "1.0",
    "playerAttributes": [
        {"name": "skill", "type": "number", "default": 10},
        {"name": "mode", "type": "string", "default": "a"},
        {"name": "maps", "type": "string_list", "default": ["x", "y"]},
        {"name": "rank", "type": "string_number_map", "default": {"x": 1, "y": 2}},
    ],
    "algorithm": {
        "strategy": "exhaustiveSearch",
        "batchingPreference": "sorted",
        "sortByAttributes": ["skill"],
        "backfillPriority": "high",
        "expansionAgeSelection": "oldest",
    },
    "teams": [
        {"name": "red", "minPlayers": 1, "maxPlayers": 3},
        {"name": "duo", "minPlayers": 1, "maxPlayers": 2, "quantity": 2},
    ],
    "rules": [
        {
            "name": "Fair",
            "type": "distance",
            "measurements": ["avg(teams[*].players.attributes[skill])"],
            "referenceValue": f"avg({SKILLS})",
            "maxDistance": 10,
            "partyAggregation": "max",
        },
        {
            "name": "One",
            "type": "comparison",
            "measurements": ["flatten(teams[*].players.attributes[mode])"],
            "operation": "=",
        },
        {
            "name": "Size",
            "type": "comparison",
            "measurements": "count(teams[red].players)",
            "operation": ">=",
            "referenceValue": "count(teams[duo_1].players)",
        },
        {"name": "Near", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 50},
        {
            "name": "Maps",
            "type": "collection",
            "measurements": [f"set_intersection({MAPS})"],
            "operation": "contains",
            "referenceValue": "x",
            "minCount": 1,
        },
        {
            "name": "Blocks",
            "type": "collection",
            "measurements": [MAPS],
            "operation": "reference_intersection_count",
            "referenceValue": "flatten(teams[*].players[playerId])",
            "maxCount": 0,
        },
        {"name": "Fast", "type": "latency", "maxLatency": 100, "maxDistance": 60, "distanceReference": "avg"},
        {
            "name": "Order",
            "type": "absoluteSort",
            "sortDirection": "descending",
            "sortAttribute": "rank",
            "mapKey": "minValue",
        },
        {
            "name": "Spread",
            "type": "comparison",
            "measurements": [f"stddev({SKILLS})"],
            "operation": "<",
            "referenceValue": 40,
        },
        {"name": "Either", "type": "compound", "statement": "or(not(Spread), and(Fair, xor(One, Size)))"},
    ],
    "expansions": [
        {
            "target": "rules[Near, Fair].maxDistance",
            "steps": [{"waitTimeSeconds": 5, "value": 60}, {"waitTimeSeconds": 30, "value": 90}],
        },
        {"target": "teams[duo].minPlayers", "steps": [{"waitTimeSeconds": 9, "value": 0}]},
        {"target": "algorithm.backfillPriority", "steps": [{"waitTimeSeconds": 3, "value": "low"}]},
    ],
}
LARGE: dict[str, Any] = {
    "ruleLanguageVersion": "1.0",
    "playerAttributes": SEED["playerAttributes"],
    "algorithm": {"strategy": "balanced", "balancedAttribute": "skill", "batchingPreference": "fastestRegion"},
    "teams": [{"name": "all", "minPlayers": 3, "maxPlayers": 20, "quantity": 3}],
    "rules": [SEED["rules"][3], {"name": "Fast", "type": "latency", "maxLatency": 100}],
    "expansions": [{"target": "rules[Fast].maxLatency", "steps": [{"waitTimeSeconds": 5, "value": 160}]}],
}
SCRAPS = (
    "teams[*].players.attributes[skill]",
    "avg(",
    ")",
    "flatten(",
    "teams[red]",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    '"',
    "\\",
    "//",
    "/*",
    "*/",
    "and(",
    "not(",
    "rules[Near].",
    "null",
    "true",
    "1e999",
    "-1",
    "0",
    "NaN",
    " " * 40,
    "\u2028",
    "é",
    "\x00",
    "min(",
    "sum(count(",
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1,
    2,
    40,
    41,
    200,
    10**30,
    1.5,
    -0.0,
    1e300,
    "",
    " ",
    "skill",
    "red",
    "duo",
    "Near",
    [],
    {},
    [[]],
    ["skill"],
    {"x": 1},
    "avg(teams[red].players.attributes[skill])",
    "count(teams[*].players)",
    "set_intersection(teams[*].players.attributes[maps])",
    "or(Near, One)",
    "rules[Fast].maxLatency",
    "teams[red].maxPlayers",
    "balanced",
    "comparison",
    "distance",
    "latency",
    "collection",
    "batchDistance",
    "number",
    "string",
)


@dataclass
class Tally:
    """What came of the inputs."""

    refused: int = 0
    accepted: int = 0
    matches: int = 0
    longest_parse_s: float = 0.0
    longest_tick_s: float = 0.0


def damaged_text(rng: random.Random, text: str) -> str:
    """Return a text with a few places cut out, doubled, or overwritten with scraps."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text) + 1)
        to = min(len(text), at + rng.choice((0, 1, 1, 2, 5, 30)))
        text = text[:at] + rng.choice(("", text[at:to] * 2, rng.choice(SCRAPS))) + text[to:]
    return text or " "


def damaged_document(rng: random.Random, document: Any) -> Any:
    """Return a document with a few nodes dropped, doubled, exchanged or overwritten."""
    document = json.loads(json.dumps(document))
    for _ in range(rng.choice((0, 1, 1, 1, 2, 4))):
        node: Any = document
        path: list[tuple[Any, Any]] = []
        while isinstance(node, dict | list) and node and (not path or rng.random() < 0.8):
            key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
            path.append((node, key))
            node = node[key]
        if not path:
            continue
        parent, key = path[-1]
        match rng.choice((0, 1, 2, 3, 3, 4)):
            case 0:
                del parent[key]
            case 1 if isinstance(parent, list):
                parent.insert(key, json.loads(json.dumps(parent[key])))
            case 2 if isinstance(parent[key], str) and parent[key]:
                parent[key] = damaged_text(rng, parent[key])
            case 3 if isinstance(parent[key], int | float):
                parent[key] = rng.choice((parent[key] * 2, -parent[key], parent[key] + 1, 0))
            case _:
                parent[key] = json.loads(json.dumps(rng.choice(VALUES)))  # lists must not be shared
    return document


def pool(rng: random.Random) -> list[Ticket]:
    """Return a pool with everything that tickets may have or lack."""
    found = []
    for number in range(rng.randint(1, 14)):
        players = tuple(
            Player(
                f"p{number}-{place}",
                {"skill": float(rng.randint(0, 99)), "mode": rng.choice("ab"), "maps": tuple(rng.sample("xyz", 2))}
                if rng.random() < 0.9
                else {},
                {region: rng.randint(1, 200) for region in rng.sample(("east", "west"), rng.randint(0, 2))},
                "red" if number == 0 and rng.random() < 0.3 else None,
            )
            for place in range(rng.choice((1, 1, 1, 2, 3)))
        )
        found.append(Ticket(f"t{number}", players, float(rng.randint(0, 50))))
    return found


def one(rng: random.Random, tally: Tally, clock: Callable[[], float]) -> None:
    """Try one input.

    Raises:
        AssertionError: a match breaks what every match must keep.
    """
    seed = rng.choice((SEED, SEED, LARGE))
    document = seed if rng.random() < 0.15 else damaged_document(rng, seed)
    text = json.dumps(document)
    if document is seed or rng.random() < 0.05:
        text = damaged_text(rng, text)
    begun = clock()
    try:
        rules = parse_rule_set(text)
    except RuleSetInvalid:
        tally.refused += 1
        return
    finally:
        took = clock() - begun
        tally.longest_parse_s = max(tally.longest_parse_s, took)
    tally.accepted += 1
    tickets = {each.ticket_id: each for each in pool(rng)}
    matchmaker = Matchmaker(rules, limits=Limits(whole=rng.choice((0, 100)), anchor=200, near=60, total=600))
    for each in tickets.values():
        matchmaker.add(each)
    begun = clock()
    outcome = matchmaker.tick(60.0, rng.randrange(9))
    took = clock() - begun
    tally.longest_tick_s = max(tally.longest_tick_s, took)
    tally.matches += len(outcome.matches)
    seated = [player for match in outcome.matches for player in match.teams]
    assert len(seated) == len(set(seated)), text
    for match in outcome.matches:
        members = {player.player_id for name in match.ticket_ids for player in tickets[name].players}
        assert members == set(match.teams), text


def run(count: int, seed: int) -> Tally:
    """Try many inputs."""
    rng = random.Random(seed)  # noqa: S311 - made-up input
    tally = Tally()
    for _ in range(count):
        one(rng, tally, time.process_time)
    return tally


if __name__ == "__main__":
    found = run(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    sys.stdout.write(f"{found}\n")
    sys.exit(found.longest_parse_s > LONGEST_PARSE_S or found.longest_tick_s > LONGEST_TICK_S)
