"""What saves searches: who cannot be in any match is not searched for, and nothing is searched in vain twice."""

import json
from typing import Any

import pytest

from muster_flexmatch import Matchmaker, Player, Ticket, parse_rule_set
from muster_flexmatch.look import Limits
from muster_flexmatch.search import Search

FAIR = {
    "name": "Fair",
    "type": "distance",
    "measurements": ["avg(teams[*].players.attributes[skill])"],
    "referenceValue": "avg(flatten(teams[*].players.attributes[skill]))",
    "maxDistance": 1,
}
BAND = {"name": "Band", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 100}


def pool(*rules: dict[str, Any], whole: int = 100, **more: Any) -> Matchmaker:
    text = json.dumps(
        {
            "ruleLanguageVersion": "1.0",
            "playerAttributes": [{"name": "skill", "type": "number"}],
            "teams": [{"name": name, "minPlayers": 2, "maxPlayers": 2} for name in ("red", "blue")],
            "rules": rules,
            **more,
        }
    )
    return Matchmaker(parse_rule_set(text), limits=Limits(whole=whole))


def ticket(number: int, skill: float, at_s: float = 0.0) -> Ticket:
    return Ticket(f"t{number}", (Player(f"p{number}", {"skill": skill}),), at_s)


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the anchors of all searches that are made."""
    found: list[str] = []
    run = Search.run

    def noted(self: Search, anchor: Any, others: Any) -> Any:
        found.append(anchor.ticket_id)
        return run(self, anchor, others)

    monkeypatch.setattr(Search, "run", noted)
    return found


@pytest.mark.parametrize("whole", [0, 100])
def test_nobody_is_searched_for_where_a_band_leaves_too_few_players(searches: list[str], whole: int) -> None:
    matchmaker = pool(BAND, whole=whole)
    for number, skill in enumerate((0, 50, 90, 200, 250, 290, 1_000)):
        matchmaker.add(ticket(number, skill))

    outcome = matchmaker.tick(1.0, 0)

    assert outcome.matches == ()
    assert searches == []
    assert outcome.evaluations[0].failed == 7


@pytest.mark.parametrize("whole", [0, 100])
def test_a_search_in_vain_is_not_made_again_while_nothing_changes(searches: list[str], whole: int) -> None:
    matchmaker = pool(BAND, FAIR, whole=whole)
    for number, skill in enumerate((0, 10, 40, 90)):
        matchmaker.add(ticket(number, skill))

    first = matchmaker.tick(1.0, 0)
    made = len(searches)
    second = matchmaker.tick(2.0, 0)

    assert first.matches == ()
    assert made >= 1
    assert len(searches) == made
    assert second == first


@pytest.mark.parametrize("whole", [0, 100])
def test_a_newcomer_who_completes_a_match_is_found_at_once(whole: int) -> None:
    matchmaker = pool(BAND, FAIR, whole=whole)
    for number, skill in enumerate((0, 10, 40, 90)):
        matchmaker.add(ticket(number, skill))
    matchmaker.tick(1.0, 0)

    matchmaker.add(ticket(4, 50, 1.5))

    assert [match.ticket_ids for match in matchmaker.tick(2.0, 0).matches] == [("t0", "t1", "t2", "t4")]


@pytest.mark.parametrize("age", ["newest", "oldest"])
@pytest.mark.parametrize("whole", [0, 100])
def test_an_expansion_that_comes_to_apply_is_seen_at_once(age: str, whole: int) -> None:
    relaxed = {"target": "rules[Fair].maxDistance", "steps": [{"waitTimeSeconds": 10, "value": 30}]}
    matchmaker = pool(BAND, FAIR, whole=whole, expansions=[relaxed], algorithm={"expansionAgeSelection": age})
    for number, skill in enumerate((0, 10, 40, 90)):
        matchmaker.add(ticket(number, skill, number))

    formed = [len(matchmaker.tick(float(at_s), 0).matches) for at_s in range(4, 16)]

    due = 13 if age == "newest" else 10
    assert formed == [int(at_s >= due) for at_s in range(4, 16)]


def test_a_ticket_that_comes_back_with_other_values_is_searched_for_anew() -> None:
    matchmaker = pool(BAND, FAIR)
    for number, skill in enumerate((0, 10, 40, 90)):
        matchmaker.add(ticket(number, skill))
    matchmaker.tick(1.0, 0)

    matchmaker.remove("t3")
    matchmaker.add(ticket(3, 50))

    assert len(matchmaker.tick(2.0, 0).matches) == 1


ROLES = [
    {
        "name": f"Roles{team}",
        "type": "comparison",
        "measurements": [f"teams[{team}].players.attributes[role]"],
        "operation": "!=",
    }
    for team in ("red", "blue")
]
LEADER = {
    "name": "Leader",
    "type": "comparison",
    "measurements": ["teams[red].players.attributes[role]"],
    "operation": "=",
    "referenceValue": "lead",
}
MEDICS = {
    "name": "Medics",
    "type": "collection",
    "measurements": ["flatten(teams[*].players.attributes[kit])"],
    "operation": "contains",
    "referenceValue": "medic",
    "maxCount": 2,
}


@pytest.mark.parametrize(
    ("rules", "roles", "kits"),
    [
        (ROLES, "aaab", "----"),
        ([LEADER], ["lead", "a", "a", "a"], "----"),
        ([MEDICS], "abcd", ["medic", "medic", "medic", "-"]),
    ],
    ids=["roles that differ", "too few who lead", "too many medics"],
)
def test_nobody_is_searched_for_where_teams_cannot_be_filled(
    searches: list[str], rules: list[dict[str, Any]], roles: list[str], kits: list[str]
) -> None:
    attributes = [{"name": "skill", "type": "number"}, {"name": "role", "type": "string"}]
    matchmaker = pool(*rules, playerAttributes=[*attributes, {"name": "kit", "type": "string_list"}])
    for number, (role, kit) in enumerate(zip(roles, kits, strict=True)):
        player = Player(f"p{number}", {"skill": 1.0, "role": role, "kit": (kit,)})
        matchmaker.add(Ticket(f"t{number}", (player,), 0.0))

    assert matchmaker.tick(1.0, 0).matches == ()
    assert searches == []


def scarce() -> Matchmaker:
    """Return a pool of 16 that needs long searches, has 400 steps at first, and regains 100 a second."""
    other = FAIR | {"name": "Sum", "measurements": ["sum(flatten(teams[*].players.attributes[skill]))"]}
    text = json.dumps(
        {
            "ruleLanguageVersion": "1.0",
            "playerAttributes": [{"name": "skill", "type": "number"}],
            "teams": [{"name": name, "minPlayers": 4, "maxPlayers": 4} for name in ("red", "blue")],
            "rules": [other | {"referenceValue": 1e6}],
        }
    )
    matchmaker = Matchmaker(parse_rule_set(text), limits=Limits(total=400, near=50, per_second=100))
    for number in range(16):
        matchmaker.add(ticket(number, number, number / 100))
    return matchmaker


def test_where_steps_are_scarce_each_look_has_what_came_back(searches: list[str]) -> None:
    matchmaker = scarce()

    counts = []
    for at_s in (1.0, 2.0, 3.0, 30.0):
        before = len(searches)
        matchmaker.tick(at_s, 0)
        counts.append(len(searches) - before)

    assert max(counts[1:3]) < min(counts[0], counts[3])


def test_where_steps_are_scarce_those_are_searched_for_who_were_not_before(searches: list[str]) -> None:
    matchmaker = scarce()

    for at_s in range(1, 12):
        matchmaker.tick(float(at_s), 0)

    assert len({*searches}) >= 8


def test_where_steps_are_scarce_a_second_look_at_the_same_time_has_as_many() -> None:
    matchmaker = scarce()
    matchmaker.tick(1.0, 0)

    assert matchmaker.tick(2.0, 0).matches == matchmaker.tick(2.0, 0).matches


def test_only_so_many_searches_are_remembered(monkeypatch: pytest.MonkeyPatch, searches: list[str]) -> None:
    monkeypatch.setattr("muster_flexmatch.memory.MOST", 1)
    matchmaker = pool(BAND, FAIR, whole=0)
    for number, skill in enumerate((0, 10, 40, 90)):
        matchmaker.add(ticket(number, skill))

    first = matchmaker.tick(1.0, 0)
    searches.clear()
    second = matchmaker.tick(2.0, 0)

    assert searches
    assert second == first
