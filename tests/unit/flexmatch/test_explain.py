"""Why a ticket waits: twenty-odd pools in which the one true cause is known."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from muster_flexmatch import Player, Ticket, find_matches, parse_rule_set
from muster_flexmatch.explain import Explanation, explain

SKILL = "flatten(teams[*].players.attributes[skill])"
ROLES = "flatten(teams[*].players.attributes[role])"
AVERAGES = "avg(teams[*].players.attributes[skill])"
SPREAD = {"name": "Spread", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 100}
FAST = {"name": "Fast", "type": "latency", "maxLatency": 100}
FAIR = {"name": "Fair", "type": "distance", "measurements": [AVERAGES], "referenceValue": f"avg({SKILL})"}
NOW = 100.0


def document(*rules: Mapping[str, Any], teams: Sequence[tuple[str, int, int]] = (), **more: Any) -> dict[str, Any]:
    return {
        "ruleLanguageVersion": "1.0",
        "playerAttributes": [
            {"name": "skill", "type": "number", "default": 1000},
            {"name": "mode", "type": "string", "default": "duel"},
            {"name": "role", "type": "string", "default": "tank"},
            {"name": "maps", "type": "string_list", "default": ["a"]},
            {"name": "blocked", "type": "string_list", "default": []},
            {"name": "rank", "type": "number"},
        ],
        "teams": [{"name": n, "minPlayers": low, "maxPlayers": high} for n, low, high in teams or PAIRS],
        "rules": list(rules),
        **more,
    }


DUEL = (("red", 1, 1), ("blue", 1, 1))
PAIRS = (("red", 2, 2), ("blue", 2, 2))


def ticket(name: str, at_s: float = 0.0, *, size: int = 1, team: str | None = None, **attributes: Any) -> Ticket:
    latencies = attributes.pop("latencies", {"eu": 20})
    players = attributes.pop("players", [f"{name}-p{place}" for place in range(size)])
    return Ticket(name, tuple(Player(each, attributes, latencies, team) for each in players), at_s)


def expansion(target: str, *steps: tuple[float, object]) -> dict[str, Any]:
    return {"target": target, "steps": [{"waitTimeSeconds": at, "value": value} for at, value in steps]}


@dataclass(frozen=True)
class Wait:
    """A pool in which ticket t waits, and what must be said of it."""

    rules: Mapping[str, Any]
    pool: tuple[Ticket, ...]
    kind: str
    element: str
    value: object = None
    limit: object = None
    against: frozenset[str] = frozenset()
    needed: float | None = None
    status: str = "waiting"


WAITS = {
    "nobody else is there": Wait(
        document(teams=DUEL), (ticket("t"),), "team-size", "teams[blue].minPlayers", 1.0, 2.0, needed=1.0
    ),
    "one player is missing": Wait(
        document(), (ticket("t", size=2), ticket("a")), "team-size", "teams[blue].minPlayers", 3.0, 4.0, needed=3.0
    ),
    "parties do not fill the teams": Wait(
        document(teams=(("red", 4, 4), ("blue", 4, 4))),
        (ticket("t", size=3), ticket("a", size=3), ticket("b", size=3)),
        "seats", "teams[red].minPlayers", 6.0, 8.0,
    ),
    "the party is wider than every team": Wait(
        document(), (ticket("t", size=3), ticket("a"), ticket("b")), "party-size", "teams", 3.0, 2.0,
        needed=3.0, status="never",
    ),
    "an attribute is missing": Wait(
        document({"name": "Rank", "type": "batchDistance", "batchAttribute": "rank", "maxDistance": 1}, teams=DUEL),
        (ticket("t"), ticket("a", rank=1)), "attribute", "players[t-p0].attributes[rank]", status="never",
    ),
    "no latencies were sent": Wait(
        document(FAST, teams=DUEL), (ticket("t", latencies={}), ticket("a")), "region", "rules[Fast].maxLatency",
        status="never",
    ),
    "its own connection is too slow": Wait(
        document(FAST, teams=DUEL), (ticket("t", latencies={"eu": 140}), ticket("a")),
        "region", "rules[Fast].maxLatency", 140.0, 100.0, needed=140.0, status="never",
    ),
    "no region is shared": Wait(
        document(FAST, teams=DUEL),
        (ticket("t", latencies={"eu": 20, "us": 130}), ticket("a", latencies={"us": 20, "eu": 180})),
        "region", "rules[Fast].maxLatency", 130.0, 100.0, frozenset({"a"}), needed=130.0,
    ),
    "skill is too far from the only other": Wait(
        document(SPREAD, teams=DUEL), (ticket("t", skill=1000), ticket("a", skill=1160)),
        "rule", "rules[Spread].maxDistance", 160.0, 100.0, frozenset({"a"}), needed=160.0,
    ),
    "the nearest of many misses by little": Wait(
        document(SPREAD, teams=DUEL),
        (ticket("t", skill=1000), *(ticket(f"a{gap}", skill=1000 + gap) for gap in (900, 700, 130, 400))),
        "rule", "rules[Spread].maxDistance", 130.0, 100.0, frozenset({"a130"}), needed=130.0,
    ),
    "another game mode": Wait(
        document({"name": "Mode", "type": "batchDistance", "batchAttribute": "mode"}, teams=DUEL),
        (ticket("t", mode="duel"), ticket("a", mode="race"), ticket("b", mode="race")),
        "rule", "rules[Mode].batchAttribute", "duel", None, frozenset({"a"}),
    ),
    "no map in common": Wait(
        document({"name": "Map", "type": "collection", "measurements": ["flatten(teams[*].players.attributes[maps])"],
                  "operation": "intersection", "minCount": 1}, teams=DUEL),
        (ticket("t", maps=("a", "b")), ticket("a", maps=("c",))), "rule", "rules[Map].minCount", 0.0, 1.0,
        frozenset({"a"}), needed=0.0,
    ),
    "too many healers": Wait(
        document({"name": "Healers", "type": "collection", "measurements": [ROLES],
                  "operation": "contains", "referenceValue": "healer", "maxCount": 1}, teams=DUEL),
        (ticket("t", role="healer"), ticket("a", role="healer")), "rule", "rules[Healers].maxCount", 2.0, 1.0,
        frozenset({"a"}), needed=2.0,
    ),
    "a healer is missing": Wait(
        document({"name": "Healers", "type": "collection", "measurements": [ROLES],
                  "operation": "contains", "referenceValue": "healer", "minCount": 1}),
        tuple(ticket(name) for name in "tabcd"), "rule", "rules[Healers].minCount", 0.0, 1.0, needed=0.0,
    ),
    "the other one is blocked": Wait(
        document({"name": "Blocks", "type": "collection",
                  "measurements": ["flatten(teams[*].players.attributes[blocked])"],
                  "operation": "reference_intersection_count",
                  "referenceValue": "flatten(teams[*].players[playerId])", "maxCount": 0}, teams=DUEL),
        (ticket("t", blocked=("a-p0",)), ticket("a")), "rule", "rules[Blocks].maxCount", 1.0, 0.0, frozenset({"a"}),
        needed=1.0,
    ),
    "teams cannot be made even": Wait(
        document({**FAIR, "maxDistance": 10}),
        (ticket("t", skill=1600), *(ticket(name, skill=1000) for name in "abc")),
        "rule", "rules[Fair].maxDistance", 150.0, 10.0, needed=150.0,
    ),
    "an average of a team that stays empty": Wait(
        document({**FAIR, "maxDistance": 1000}, teams=(("red", 1, 1), ("blue", 0, 1))), (ticket("t"),),
        "rule", "rules[Fair].measurements",
    ),
    "a newcomer brings the strict limit back": Wait(
        document(SPREAD, teams=DUEL, expansions=[expansion("rules[Spread].maxDistance", (30, 500))]),
        (ticket("t", 0, skill=1000), ticket("a", 90, skill=1300)),
        "rule", "rules[Spread].maxDistance", 300.0, 100.0, frozenset({"a"}), needed=300.0,
    ),
    "the minimum relaxes later": Wait(
        document(teams=PAIRS, expansions=[expansion("teams[red,blue].minPlayers", (120, 1))]),
        (ticket("t", 0), ticket("a", 10)), "team-size", "teams[red].minPlayers", 2.0, 4.0, needed=2.0,
    ),
    "a statement fails": Wait(
        document(
            {"name": "Strong", "type": "comparison", "measurements": [SKILL], "operation": ">", "referenceValue": 1200},
            {"name": "Weak", "type": "comparison", "measurements": [SKILL], "operation": "<", "referenceValue": 800},
            {"name": "Either", "type": "compound", "statement": "xor(Strong, Weak)"}, teams=DUEL,
        ),
        (ticket("t", skill=1000), ticket("a", skill=1000)), "rule", "rules[Either].statement",
        "Strong fails, Weak fails", None, frozenset({"a"}),
    ),
    "its own value is not allowed": Wait(
        document({"name": "Floor", "type": "comparison", "measurements": [SKILL], "operation": ">=",
                  "referenceValue": 1200}, teams=DUEL),
        (ticket("t", skill=1000), ticket("a", skill=1300)), "rule", "rules[Floor].referenceValue", 1000.0, 1200.0,
        status="never",
    ),
    "the other ticket is the same person": Wait(
        document(teams=DUEL), (ticket("t", players=["ada"]), ticket("a", players=["ada"])),
        "duplicate-player", "players", None, None, frozenset({"a"}),
    ),
    "only running sessions wait": Wait(
        document(teams=DUEL), (ticket("t", team="red"), ticket("a", team="blue")), "running-session", "players",
    ),
    "a team of the running session does not exist": Wait(
        document(teams=DUEL), (ticket("t", team="green"), ticket("a")), "running-session", "players[t-p0].team",
        "green", status="never",
    ),
}  # fmt: skip


def why(wait: Wait, now_s: float = NOW) -> Explanation:
    return explain(parse_rule_set(json.dumps(wait.rules)), wait.pool, "t", now_s, 7)


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_the_cause_that_truly_blocks_is_named_with_its_numbers(wait: Wait) -> None:
    said = why(wait)

    assert said.cause is not None, said.summary
    assert (wait.kind, wait.element) == (said.cause.kind, said.cause.element), said.summary
    assert (wait.value, wait.limit) == (said.cause.value, said.cause.limit), said.summary
    assert wait.needed == said.cause.needed, said.summary
    assert wait.against == set(said.cause.against), said.summary
    assert wait.status == said.status, said.summary
    assert said.cause.element in said.summary
    json.dumps(said.to_json())


def test_two_rules_that_only_block_together_are_both_named() -> None:
    wait = Wait(document(SPREAD, FAST, teams=PAIRS), (
        ticket("t"), ticket("a"), ticket("b", skill=2000), ticket("c", latencies={"us": 20}),
    ), "", "")  # fmt: skip

    said = why(wait)

    assert said.cause is not None
    assert {"rules[Spread].maxDistance", "rules[Fast].maxLatency"} == {
        said.cause.element,
        *(each.element for each in said.together),
    }


def test_a_rule_that_shows_itself_only_when_another_is_away_is_named_too() -> None:
    fair = {**FAIR, "maxDistance": 5}
    far = ticket("far", skill=3000, latencies={"eu": 150})
    pool = (ticket("t"), ticket("near"), ticket("other"), far)

    said = explain(parse_rule_set(json.dumps(document(FAST, fair))), pool, "t", NOW)

    assert said.cause is not None
    assert {"rules[Fast].maxLatency", "rules[Fair].maxDistance"} == {
        each.element for each in (said.cause, *said.together)
    }


def test_other_changes_that_would_do_are_named_after_the_smallest() -> None:
    pool = (ticket("t"), ticket("a", skill=1110), ticket("b", latencies={"eu": 190}))

    said = why(Wait(document(SPREAD, FAST, teams=DUEL), pool, "", ""))

    assert said.cause is not None
    assert "rules[Spread].maxDistance" == said.cause.element
    assert ["rules[Fast].maxLatency"] == [each.element for each in said.alternatives]


def test_the_others_are_counted_pair_by_pair() -> None:
    pool = (ticket("t"), ticket("a"), ticket("b", skill=1500), ticket("c", skill=1500, latencies={"us": 1}))

    said = why(Wait(document(SPREAD, FAST), pool, "", ""))

    assert (3, 1) == (said.pairs.others, said.pairs.compatible)
    assert {"rules[Spread]": 2, "rules[Fast]": 1} == said.pairs.conflicts


def test_the_best_partial_match_tells_how_the_teams_stand() -> None:
    pool = (ticket("t", 1), ticket("a", 2), ticket("b", 3), ticket("c", 4, skill=3000))

    said = why(Wait(document(SPREAD), pool, "", ""))

    assert said.partial is not None
    assert ("t", "a", "b") == said.partial.ticket_ids
    assert [3, 4] == [sum(s.players for s in said.partial.seats), sum(s.min_players for s in said.partial.seats)]
    assert all(check.held for check in said.partial.checks)


@pytest.mark.parametrize(
    ("age", "in_s", "clock"), [("newest", 20.0, "a"), ("oldest", None, "")], ids=["newest", "oldest"]
)
def test_the_step_that_will_be_enough_is_named_with_its_time_and_ticket(
    age: str, in_s: float | None, clock: str
) -> None:
    rules = document(
        SPREAD,
        teams=DUEL,
        algorithm={"expansionAgeSelection": age},
        expansions=[expansion("rules[Spread].maxDistance", (10, 150), (30, 500), (60, 900))],
    )

    said = why(Wait(rules, (ticket("t", 0, skill=1000), ticket("a", 90, skill=1300)), "", ""))

    if in_s is None:
        assert "matchable" == said.status
        return
    assert said.change is not None
    assert (in_s, NOW + in_s, clock) == (said.change.in_s, said.change.at_s, said.change.ticket_id)
    assert ("rules[Spread].maxDistance", 150.0, 500.0) == (said.change.target, said.change.before, said.change.after)
    assert said.change.enough


def test_a_step_that_will_not_be_enough_says_so() -> None:
    rules = document(SPREAD, teams=DUEL, expansions=[expansion("rules[Spread].maxDistance", (120, 200))])

    said = why(Wait(rules, (ticket("t", 0), ticket("a", 0, skill=5000)), "", ""))

    assert said.change is not None
    assert (20.0, False) == (said.change.in_s, said.change.enough)


def test_without_a_step_left_nothing_will_change() -> None:
    rules = document(SPREAD, teams=DUEL, expansions=[expansion("rules[Spread].maxDistance", (20, 200))])

    said = why(Wait(rules, (ticket("t", 0), ticket("a", 0, skill=5000)), "", ""))

    assert said.change is None
    assert "No expansion will change that." in said.summary


def test_a_ticket_that_can_be_matched_is_told_with_whom() -> None:
    said = why(Wait(document(teams=DUEL), (ticket("t"), ticket("a")), "", ""))

    assert ("matchable", ("a",), None) == (said.status, said.partners, said.cause)


def test_a_ticket_whose_partners_go_to_older_ones_is_told_so() -> None:
    said = why(Wait(document(teams=DUEL), (ticket("t", 50), ticket("a", 1), ticket("b", 2)), "", ""))

    assert "outranked" == said.status


def test_a_ticket_that_is_not_there_cannot_be_explained() -> None:
    with pytest.raises(KeyError, match="t"):
        why(Wait(document(), (), "", ""))


@pytest.mark.parametrize("seed", range(12))
def test_explanations_agree_with_the_matcher(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a test
    rules = parse_rule_set(
        json.dumps(
            document(
                SPREAD,
                FAST,
                {**FAIR, "maxDistance": 30},
                teams=(("red", 1, 2), ("blue", 1, 2)),
                expansions=[expansion("rules[Spread].maxDistance", (30, 200))],
            )
        )
    )
    pool = [
        ticket(
            f"t{number}",
            rng.uniform(0, 60),
            size=rng.choice([1, 1, 2]),
            skill=float(rng.choice([900, 1000, 1040, 1150])),
            latencies={rng.choice(["eu", "us"]): rng.choice([20, 90, 140])},
        )
        for number in range(8)
    ]
    matched = {name for match in find_matches(rules, pool, now_s=70.0, seed=1).matches for name in match.ticket_ids}

    for each in pool:
        said = explain(rules, pool, each.ticket_id, 70.0, 1)
        assert (said.status == "matchable") is (each.ticket_id in matched)
        assert (said.cause is None) is (said.status in {"matchable", "outranked"})
        assert said.pairs.others == 7
