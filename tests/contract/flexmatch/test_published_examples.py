"""AWS's published example rule sets, written anew from what the documents say of them: they match as said there.

Source: FlexMatch guide, rule set examples.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from muster_flexmatch import Match, Player, Ticket, find_matches, parse_rule_set

FOLDER = Path(__file__).parents[3] / "shared/flexmatch/examples/published"
NEAR = {"eu": 20}


def look(example: str, tickets: Sequence[Ticket], now_s: float = 0.0) -> list[Match]:
    rules = parse_rule_set((FOLDER / f"{example}.json").read_text())
    pool = [
        Ticket(
            each.ticket_id,
            tuple(Player(p.player_id, rules.check_player(p.attributes), p.latencies, p.team) for p in each.players),
            each.started_at_s,
        )
        for each in tickets
    ]
    return list(find_matches(rules, pool, now_s=now_s, seed=1).matches)


def solo(number: int, latencies: dict[str, int] | None = None, **attributes: Any) -> Ticket:
    return Ticket(f"t{number}", (Player(f"p{number}", attributes, NEAR if latencies is None else latencies),), 0.0)


def sizes(match: Match) -> list[int]:
    teams = list(match.teams.values())
    return sorted(teams.count(team) for team in set(teams))


def test_there_are_ten() -> None:
    assert 10 == len(list(FOLDER.glob("*.json")))


def test_even_teams_are_equal_in_size_and_near_in_skill() -> None:
    pool = [solo(number, skill=skill) for number, skill in enumerate([10, 12, 14, 16, 18, 20, 22, 24, 26])]

    (match,) = look("01-even-teams", pool)

    assert [4, 4] == sizes(match)  # nine players: one waits, because sizes are equal


def test_even_teams_accept_a_wider_gap_after_five_seconds() -> None:
    strong = [Ticket("s", tuple(Player(f"s{n}", {"skill": 80}) for n in range(4)), 0.0)]
    weak = [Ticket("w", tuple(Player(f"w{n}", {"skill": 10}) for n in range(4)), 0.0)]

    assert [] == look("01-even-teams", strong + weak, now_s=4)
    assert [[4, 4]] == [sizes(match) for match in look("01-even-teams", strong + weak, now_s=5)]


def test_the_monster_is_one_who_wants_to_be_it() -> None:
    hunters = [solo(number, skill=30) for number in range(5)]

    assert [] == look("02-uneven-teams", [*hunters, solo(5)])
    (match,) = look("02-uneven-teams", [*hunters, solo(5, wantsToBeMonster=1)])
    assert "monster" == match.teams["p5"]


def test_a_monster_who_wants_better_hunters_takes_any_after_thirty_seconds() -> None:
    pool = [*(solo(number, skill=5) for number in range(5)), solo(5, wantsToBeMonster=1, desiredSkillOfMonster=20)]

    assert [] == look("02-uneven-teams", pool, now_s=29)
    assert [[1, 5]] == [sizes(match) for match in look("02-uneven-teams", pool, now_s=30)]


def test_three_teams_have_close_sizes_and_no_more_than_five_medics() -> None:
    fighters = [solo(number, character=("archer",)) for number in range(11)]
    medics = [solo(100 + number, character=("medic",)) for number in range(7)]

    (match,) = look("03-team-needs-and-latency", medics + fighters)

    assert 5 >= sum(player.startswith("p10") and len(player) == 4 for player in match.teams)
    assert {"trio_1", "trio_2", "trio_3"} == set(match.teams.values())
    assert max(sizes(match)) - min(sizes(match)) <= 1


def test_the_latency_limit_of_three_teams_relaxes() -> None:
    pool = [solo(number, {"eu": 90}) for number in range(9)]

    assert [] == look("03-team-needs-and-latency", pool, now_s=9)
    assert [[3, 3, 3]] == [sizes(match) for match in look("03-team-needs-and-latency", pool, now_s=10)]


def test_explicit_sorting_prefers_the_anchors_favourite_map_and_then_its_experience() -> None:
    anchor = Ticket("t0", (Player("p0", {"experience": 50, "maps": {"hill": 90.0, "lake": 10.0}}, NEAR),), -1.0)
    hill = [solo(n, experience=50 + n, maps={"hill": 80.0}) for n in (1, 2, 3, 9)]
    lake = [solo(n, experience=50, maps={"hill": 5.0}) for n in range(10, 14)]
    same = [solo(n, experience=50 + n, maps={"hill": 80.0}) for n in (4, 5, 6, 30)]

    (match, *_) = look("04-explicit-sorting", [anchor, *lake, *hill, *same])

    assert {"t0", "t1", "t2", "t3", "t4", "t5", "t6", "t9"} == set(match.ticket_ids)


def test_everyone_shares_a_mode_and_a_map() -> None:
    shared = [solo(1, gameMode=("a", "b"), gameMap=("x",)), solo(2, gameMode=("b",), gameMap=("x", "y"))]

    assert 1 == len(look("05-intersections", shared))
    assert [] == look("05-intersections", [shared[0], solo(3, gameMode=("c",), gameMap=("x",))])
    assert [] == look("05-intersections", [shared[0], solo(3, gameMode=("a",), gameMap=("y",))])


def test_all_play_one_mode_with_different_classes() -> None:
    knight, mage = solo(1, **{"class": "knight"}), solo(2, **{"class": "mage"})

    assert 1 == len(look("06-compare-all-players", [knight, mage]))
    assert [] == look("06-compare-all-players", [knight, solo(3, **{"class": "knight"})])
    assert [] == look("06-compare-all-players", [knight, solo(3, gameMode="live", **{"class": "mage"})])


def test_a_large_match_begins_with_175_players_and_later_with_fewer() -> None:
    pool = [solo(number, skill=number) for number in range(180)]

    assert [[180]] == [sizes(match) for match in look("07-large-match", pool)]
    assert [] == look("07-large-match", pool[:150], now_s=19)
    assert [[150]] == [sizes(match) for match in look("07-large-match", pool[:150], now_s=20)]


def test_players_of_a_large_match_share_a_fast_region() -> None:
    here, there = ([solo(100 * place + n, {region: 30}) for n in range(90)] for place, region in enumerate("ab"))

    assert [] == look("07-large-match", here + there)


def test_many_teams_fill_evenly() -> None:
    (match,) = look("08-large-multi-team", [solo(number, skill=number % 7) for number in range(135)])

    assert 135 == len(match.teams)
    assert 5 == list(match.teams.values()).count("Monsters")
    assert [5, *[13] * 10] == sizes(match)


def test_a_large_match_holds_one_league_and_close_levels() -> None:
    gold = [solo(number, league="gold", level=number % 6) for number in range(45)]
    silver = [solo(100 + number, league="silver", level=3) for number in range(30)]

    (match,) = look("09-large-similar-players", gold + silver)
    assert {f"t{number}" for number in range(45)} == set(match.ticket_ids)
    far = [solo(number, league="gold", level=15 * (number % 2)) for number in range(44)]
    assert [] == look("09-large-similar-players", far, now_s=9)
    assert 1 == len(look("09-large-similar-players", far, now_s=10))


@pytest.mark.parametrize(
    ("skills", "expected"),
    [
        ([10, 10, 12, 12], True),  # close: the rest is no matter
        ([10, 10, 90, 90], True),  # far, but the teams can be made fair
        ([10, 10, 10, 200], False),  # neither
    ],
)
def test_one_of_two_conditions_is_enough(skills: list[int], *, expected: bool) -> None:
    pool = [
        Ticket(f"t{number}", tuple(Player(f"p{number}-{n}", {"skill": skill}) for n in range(5)), 0.0)
        for number, skill in enumerate(skills)
    ]

    assert expected is bool(look("10-compound", pool))
