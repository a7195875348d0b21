import pytest
from players_fakes import ARN, matchmaker_data

from muster_players.arena.fixture import fixture_of, result_of, scores_of, seat_for
from muster_players.arena.game import kick_off
from muster_players.arena.pitch import LEFT, RIGHT, Goal


def test_two_teams_play_against_each_other_under_their_names() -> None:
    fixture = fixture_of(ARN, matchmaker_data({"lions": ("ann",), "bears": ("ben", "bob")}))

    assert "match-1" == fixture.match_id
    assert ("lions", "bears") == fixture.sides
    assert {"ann": LEFT, "ben": RIGHT, "bob": RIGHT} == fixture.expected


def test_one_team_is_split_into_two_sides() -> None:
    fixture = fixture_of(ARN, matchmaker_data({"players": ("ann", "ben", "eve")}))

    assert {"ann": LEFT, "ben": RIGHT, "eve": LEFT} == fixture.expected


@pytest.mark.parametrize("data", ["", "null", "[]", "{}", '{"matchId": 1, "teams": [3]}', "{" * 10])
def test_data_that_is_no_matchmakers_expects_nobody(data: str) -> None:
    fixture = fixture_of(ARN, data)

    assert "session-1" == fixture.match_id
    assert {} == fixture.expected


def test_people_get_the_forwards_of_their_own_side_first() -> None:
    fixture = fixture_of(ARN, matchmaker_data({"lions": ("ann", "abe"), "bears": ("ben",)}))

    assert 4 == seat_for(fixture, {}, "ann")
    assert 3 == seat_for(fixture, {"ann": 4}, "abe")
    assert 9 == seat_for(fixture, {"ann": 4}, "ben")


def test_a_player_who_comes_back_gets_the_same_footballer() -> None:
    fixture = fixture_of(ARN, "")

    assert 3 == seat_for(fixture, {"ann": 3, "ben": 9}, "ann")


def test_an_unexpected_player_helps_the_smaller_side() -> None:
    fixture = fixture_of(ARN, matchmaker_data({"lions": ("ann",), "bears": ()}))

    assert 9 == seat_for(fixture, {"ann": 4}, "guest")


def test_the_eleventh_player_gets_nothing() -> None:
    assert seat_for(fixture_of(ARN, ""), {f"p{index}": index for index in range(10)}, "late") is None


def test_the_result_names_winners_and_scorers() -> None:
    fixture = fixture_of(ARN, matchmaker_data({"lions": ("ann",), "bears": ("ben",)}))
    game = kick_off(1).__class__(
        seed=1,
        tick=60,
        ball=kick_off(1).ball,
        footballers=kick_off(1).footballers,
        goals=(Goal(10, LEFT, 4), Goal(20, LEFT, 3), Goal(30, RIGHT, None)),
    )

    ann, ben = result_of(fixture, game, {"ann": 4, "ben": 9})

    assert {"lions": 2, "bears": 1} == scores_of(fixture, game)
    assert ("ann", "lions", 1, True) == (ann.player_id, ann.side, ann.goals, ann.won)
    assert ("ben", "bears", 0, False) == (ben.player_id, ben.side, ben.goals, ben.won)


def test_nobody_wins_a_draw() -> None:
    fixture = fixture_of(ARN, matchmaker_data({"lions": ("ann",), "bears": ("ben",)}))

    assert not any(line.won for line in result_of(fixture, kick_off(1), {"ann": 4, "ben": 9}))


def test_the_seed_of_a_match_never_changes() -> None:
    one, again = fixture_of(ARN, matchmaker_data({"a": ("x",)})), fixture_of(ARN, matchmaker_data({"b": ("y",)}))

    assert one.seed == again.seed
    assert one.seed != fixture_of(ARN, matchmaker_data({"a": ("x",)}, match_id="match-2")).seed
