"""What the FlexMatch benchmark runs: ordinary rule sets, and the pools of tickets that wait under them."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from muster_flexmatch import Player, Ticket

REGIONS = ("us-east-1", "eu-west-1", "ap-northeast-1", "sa-east-1")
SKILLS = "players.attributes[skill]"
ALL_SKILLS = f"flatten(teams[*].{SKILLS})"
MODES = ("capture", "deathmatch", "payload")
MAPS = ("harbour", "desert", "castle", "station")
ROLES = ("tank", "healer", "damage")

Make = Callable[[random.Random, int, float], Ticket]
"""Builds the ticket of a number that starts at a time in seconds."""


@dataclass(frozen=True)
class Scenario:
    """A rule set and who waits.

    Attributes:
        name: as the table shows it.
        rules: the rule set's body.
        ticket: builds one ticket.
        pools: how many tickets wait.
        seats: players of a full match.
    """

    name: str
    rules: str
    ticket: Make
    pools: tuple[int, ...] = (10_000,)
    seats: int = 10


def rule_set(teams: Mapping[str, tuple[int, ...]], *rules: Mapping[str, Any], **more: Any) -> str:  # noqa: ANN401 - JSON
    """Return the body of a rule set; teams are (minimum, maximum) or (minimum, maximum, quantity)."""
    keys = ("minPlayers", "maxPlayers", "quantity")
    attributes = [
        {"name": "skill", "type": "number", "default": 1500},
        {"name": "mode", "type": "string", "default": "capture"},
        {"name": "role", "type": "string", "default": "damage"},
        {"name": "roles", "type": "string_list", "default": ["damage"]},
        {"name": "maps", "type": "string_list", "default": ["harbour"]},
        {"name": "leads", "type": "number", "default": 0},
        {"name": "wishes", "type": "string_number_map", "default": {"harbour": 1}},
    ]
    return json.dumps(
        {
            "name": "benchmark",
            "ruleLanguageVersion": "1.0",
            "playerAttributes": attributes,
            "teams": [{"name": name, **dict(zip(keys, sizes, strict=False))} for name, sizes in teams.items()],
            "rules": list(rules),
            **more,
        }
    )


def distance(name: str, measured: str, reference: str | float, limit: float) -> dict[str, Any]:
    """Return a distance rule."""
    return {
        "name": name,
        "type": "distance",
        "measurements": [measured],
        "referenceValue": reference,
        "maxDistance": limit,
    }


def band(limit: float) -> dict[str, Any]:
    """Return a rule that all skills lie within a band."""
    return {"name": "Band", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": limit}


def fair(limit: float) -> dict[str, Any]:
    """Return a rule that every team's mean skill is near the match's."""
    return distance("Fair", f"avg(teams[*].{SKILLS})", f"avg({ALL_SKILLS})", limit)


def latency(limit: int) -> dict[str, Any]:
    """Return a rule that everyone shares a region that is fast enough."""
    return {"name": "Fast", "type": "latency", "maxLatency": limit}


def comparison(name: str, measured: str, operation: str, reference: str | float | None = None) -> dict[str, Any]:
    """Return a comparison rule."""
    rule = {"name": name, "type": "comparison", "measurements": [measured], "operation": operation}
    return rule if reference is None else rule | {"referenceValue": reference}


def collection(name: str, measured: str, operation: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a collection rule."""
    return {"name": name, "type": "collection", "measurements": [measured], "operation": operation, **more}


def expansion(target: str, *steps: tuple[float, float]) -> dict[str, Any]:
    """Return an expansion; steps are (seconds, value)."""
    return {"target": target, "steps": [{"waitTimeSeconds": wait, "value": value} for wait, value in steps]}


def player(rng: random.Random, name: str, good: str, **attributes: Any) -> Player:  # noqa: ANN401 - attributes
    """Return a player who is fast, at most 115 ms, in one region."""
    latencies = {each: rng.randint(20, 115) if each == good else rng.randint(150, 300) for each in REGIONS}
    return Player(name, {"skill": rng.gauss(1500, 300), **attributes}, latencies)


def friends(rng: random.Random, number: int, count: int, **shared: Any) -> list[Player]:  # noqa: ANN401 - attributes
    """Return the members of a party: one region, and skills that are near each other."""
    good, skill = rng.choice(REGIONS), rng.gauss(1500, 300)
    return [player(rng, f"p{number}-{place}", good, skill=rng.gauss(skill, 30), **shared) for place in range(count)]


def solo(rng: random.Random, number: int, at_s: float) -> Ticket:
    """Return one player with a skill and a region."""
    return Ticket(f"t{number}", (player(rng, f"p{number}", rng.choice(REGIONS)),), at_s)


def rich(rng: random.Random, number: int, at_s: float) -> Ticket:
    """Return one player with something for every rule."""
    maps = tuple(rng.sample(MAPS, 3))
    found = player(
        rng,
        f"p{number}",
        rng.choice(REGIONS),
        mode=rng.choice(MODES),
        role=rng.choice(ROLES),
        roles=(rng.choice(ROLES),),
        maps=maps,
        leads=float(rng.random() < 0.2),
        wishes={each: float(rng.randint(1, 9)) for each in maps},
    )
    return Ticket(f"t{number}", (found,), at_s)


def trio(rng: random.Random, number: int, at_s: float) -> Ticket:
    """Return a party of one to three, each with another role; half of all tickets are solo."""
    count = rng.choice((1, 1, 1, 2, 2, 3))
    roles = rng.sample(ROLES, count)
    members = friends(rng, number, count)
    dressed = [
        replace(each, attributes={**each.attributes, "role": role}) for each, role in zip(members, roles, strict=True)
    ]
    return Ticket(f"t{number}", tuple(dressed), at_s)


def squad(rng: random.Random, number: int, at_s: float) -> Ticket:
    """Return a party of one to five with a mode and maps in common; four of nine tickets are solo."""
    count = rng.choice((1, 1, 1, 1, 2, 2, 3, 4, 5))
    shared = {"mode": rng.choice(MODES), "maps": tuple(rng.sample(MAPS, 3))}
    return Ticket(f"t{number}", tuple(friends(rng, number, count, **shared)), at_s)


FIVES = {"red": (5, 5), "blue": (5, 5)}
MAIN = rule_set(FIVES, band(200), fair(50), latency(120))
STEADY_BANDS = ((0.0, 100.0), (5.0, 200.0), (10.0, 2_000.0))
"""From which age on, in seconds, skills may lie how far apart."""
STEADY = rule_set(
    FIVES,
    band(STEADY_BANDS[0][1]),
    fair(50),
    latency(120),
    expansions=[
        expansion("rules[Band].maxDistance", *STEADY_BANDS[1:]),
        expansion("rules[Fair].maxDistance", (10, 500)),
    ],
    algorithm={"expansionAgeSelection": "oldest"},
)
SCENARIOS = (
    Scenario("5v5, skill band, regions", MAIN, solo, (1_000, 10_000, 50_000)),
    Scenario(
        "1v1, skill gap at most 100",
        rule_set({"red": (1, 1), "blue": (1, 1)}, fair(50), latency(120)),
        solo,
        (1_000, 10_000, 50_000),
        2,
    ),
    Scenario(
        "3v3v3, parties of 1 to 3, roles differ in a team",
        rule_set(
            {"red": (3, 3), "blue": (3, 3), "green": (3, 3)},
            band(400),
            *(
                comparison(f"Roles{team}", f"teams[{team}].players.attributes[role]", "!=")
                for team in ("red", "blue", "green")
            ),
            latency(120),
        ),
        trio,
        (1_000, 10_000),
        9,
    ),
    Scenario(
        "5v5, parties of 1 to 5, mode, maps, even teams, expansions",
        rule_set(
            FIVES,
            comparison("Mode", "flatten(teams[*].players.attributes[mode])", "="),
            comparison("Even", "count(teams[red].players)", "=", "count(teams[blue].players)"),
            collection("Maps", "flatten(teams[*].players.attributes[maps])", "intersection", minCount=1),
            band(200),
            fair(60),
            latency(120),
            expansions=[
                expansion("rules[Band].maxDistance", (20, 400)),
                expansion("rules[Fair].maxDistance", (20, 120)),
            ],
        ),
        squad,
        (1_000, 10_000),
    ),
    Scenario(
        "royale, 100 players",
        rule_set(
            {"all": (60, 100)},
            latency(120),
            band(1_000),
            algorithm={"strategy": "balanced", "balancedAttribute": "skill"},
        ),
        solo,
        (1_000, 10_000),
        100,
    ),
    Scenario(
        "example 1: even teams of 4 to 8",
        rule_set(
            {"cowboys": (4, 8), "aliens": (4, 8)},
            distance("FairTeamSkill", f"avg(teams[*].{SKILLS})", f"avg({ALL_SKILLS})", 10),
            comparison("EqualTeamSizes", "count(teams[cowboys].players)", "=", "count(teams[aliens].players)"),
            expansions=[expansion("rules[FairTeamSkill].maxDistance", (5, 50), (15, 100))],
        ),
        rich,
        seats=16,
    ),
    Scenario(
        "example 2: one monster against five hunters",
        rule_set(
            {"monster": (1, 1), "hunters": (3, 5)},
            comparison("WantsToLead", "teams[monster].players.attributes[leads]", "=", 1),
            comparison("Follows", "teams[hunters].players.attributes[leads]", "=", 0),
            distance("MonsterSkill", f"avg(teams[monster].{SKILLS})", f"avg(teams[hunters].{SKILLS})", 100),
            expansions=[expansion("teams[hunters].minPlayers", (30, 2))],
        ),
        rich,
        seats=6,
    ),
    Scenario(
        "example 3: few medics, fair teams, fast regions",
        rule_set(
            FIVES,
            distance("FairTeamSkill", f"avg(teams[*].{SKILLS})", f"avg({ALL_SKILLS})", 50),
            collection(
                "Medics", "flatten(teams[*].players.attributes[roles])", "contains", referenceValue="healer", maxCount=3
            ),
            latency(60),
            expansions=[expansion("rules[Fast].maxLatency", (10, 120))],
        ),
        rich,
    ),
    Scenario(
        "example 4: explicit sorting",
        rule_set(
            FIVES,
            {"name": "Near", "type": "distanceSort", "sortAttribute": "skill", "sortDirection": "ascending"},
            {
                "name": "Map",
                "type": "absoluteSort",
                "sortAttribute": "wishes",
                "sortDirection": "descending",
                "mapKey": "maxValue",
            },
            fair(100),
        ),
        rich,
    ),
    Scenario(
        "example 5: a map that everyone wants",
        rule_set(FIVES, collection("Maps", "flatten(teams[*].players.attributes[maps])", "intersection", minCount=1)),
        rich,
    ),
    Scenario(
        "example 6: one mode for everyone",
        rule_set(FIVES, comparison("Mode", "flatten(teams[*].players.attributes[mode])", "=")),
        rich,
    ),
    Scenario(
        "example 7: a large free-for-all of 175 to 200",
        rule_set(
            {"marauders": (175, 200)},
            latency(150),
            algorithm={"strategy": "balanced", "balancedAttribute": "skill", "batchingPreference": "fastestRegion"},
            expansions=[
                expansion("rules[Fast].maxLatency", (10, 200)),
                expansion("teams[marauders].minPlayers", (20, 150), (30, 100)),
            ],
        ),
        rich,
        seats=200,
    ),
    Scenario(
        "example 8: ten teams of 12 to 15 and one of 5, balanced",
        rule_set(
            {"hunters": (12, 15, 10), "monsters": (5, 5)},
            latency(120),
            algorithm={"strategy": "balanced", "balancedAttribute": "skill"},
        ),
        rich,
        seats=155,
    ),
    Scenario(
        "example 9: large, one mode, near in skill",
        rule_set(
            {"red": (20, 30), "blue": (20, 30)},
            {"name": "Mode", "type": "batchDistance", "batchAttribute": "mode"},
            {"name": "Skill", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 500},
            algorithm={"strategy": "balanced", "balancedAttribute": "skill"},
        ),
        rich,
        seats=60,
    ),
    Scenario(
        "example 10: alternatives in a compound rule",
        rule_set(
            {"red": (2, 4), "blue": (2, 4)},
            comparison("SameMode", "flatten(teams[*].players.attributes[mode])", "="),
            distance("NearSkill", ALL_SKILLS, f"avg({ALL_SKILLS})", 80),
            {"name": "Either", "type": "compound", "statement": "or(SameMode, NearSkill)"},
        ),
        rich,
        seats=8,
    ),
)
