import pytest

from muster_players.arena import frames
from muster_players.arena.fixture import fixture_of
from muster_players.arena.game import Game, kick_off, step
from muster_players.arena.house import house_intents
from muster_players.bot import Kit, answer, kit_in

LEFT_FORWARD = Kit(footballer=4, length_m=28.0, width_m=16.0, goal_m=5.0, sides=("red", "blue"))
RIGHT_FORWARD = Kit(footballer=9, length_m=28.0, width_m=16.0, goal_m=5.0, sides=("red", "blue"))


def a_state(ball: tuple[float, float], me: int, at: tuple[float, float]) -> dict[str, object]:
    footballers = [[0.0, 8.0] for _ in range(10)]
    footballers[me] = list(at)
    footballers[5] = [28.0, 8.0]
    return {"type": "state", "ball": list(ball), "footballers": footballers}


def test_it_runs_at_the_ball() -> None:
    told = answer(LEFT_FORWARD, a_state((14.0, 8.0), 4, (10.0, 8.0)))

    assert {"type": "input", "run": [1.0, 0.0], "kick": None} == told


@pytest.mark.parametrize(("kit", "towards"), [(LEFT_FORWARD, 1), (RIGHT_FORWARD, -1)])
def test_it_shoots_at_the_right_goal(kit: Kit, towards: int) -> None:
    at = (20.0, 8.0) if towards == 1 else (8.0, 8.0)

    told = answer(kit, a_state(at, kit.footballer, at))

    assert told["kick"] is not None
    assert told["kick"][0] * towards > 0.8


def test_far_from_goal_it_dribbles() -> None:
    told = answer(LEFT_FORWARD, a_state((5.0, 8.0), 4, (5.0, 8.0)))

    assert told["kick"] is None
    assert told["run"][0] > 0.8


def test_the_kit_is_what_the_arena_says() -> None:
    frame = frames.welcome(fixture_of("arn", ""), footballer=9, lasts_s=3)

    assert RIGHT_FORWARD == kit_in(frame)
    assert 1 == kit_in(frame).side


@pytest.mark.parametrize("frame", [{}, {"type": "welcome", "footballer": None}, {"type": "welcome", "footballer": 1}])
def test_a_welcome_of_another_shape_is_refused(frame: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a welcome"):
        kit_in(frame)


@pytest.mark.parametrize("frame", [{}, {"ball": [1], "footballers": []}, {"ball": None, "footballers": [[0, 0]] * 10}])
def test_a_state_of_another_shape_is_refused(frame: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a state"):
        answer(LEFT_FORWARD, frame)


def test_a_side_led_by_bots_scores_against_the_house() -> None:
    def play(seed: int) -> Game:
        game = kick_off(seed)
        for _ in range(1200):
            seen = frames.state(game, left_s=1.0, seated=(4,))
            wish = frames.intent_in(answer(LEFT_FORWARD, seen))
            game = step(game, {**house_intents(game, seated=(4,)), 4: wish})
        return game

    assert any(play(seed).goals_of(4) for seed in range(4))
