"""How the house leads the footballers that nobody has a seat for: pure, a function of the state."""

from collections.abc import Collection

from muster_players.arena.game import REACH_M, Game
from muster_players.arena.pitch import (
    GOAL_M,
    KEEPER,
    LEFT,
    LENGTH_M,
    SIDE_SIZE,
    STILL,
    WIDTH_M,
    Footballer,
    Intent,
    Vec,
    clamp,
    distance,
    home_of,
    mouth_of,
    noise,
    towards,
)

SHOOTING_M = 13.5
"""From here on the house shoots instead of dribbling on."""
PRESSED_M = 2.0
"""An opponent this near makes the house pass, when it can."""
KEEPER_LEAVES_M = 3.5
"""How near the ball must be before the keeper runs at it."""


def house_intents(game: Game, *, seated: Collection[int]) -> dict[int, Intent]:
    """Return what the house wants for every footballer whose index is not *seated*."""
    return {
        index: house_intent(game, index)
        for side in (0, 1)
        for index in range(side * SIDE_SIZE, (side + 1) * SIDE_SIZE)
        if index not in seated
    }


def house_intent(game: Game, index: int) -> Intent:
    """Return what a steady, somewhat inaccurate footballer would try next."""
    me = game.footballers[index]
    ball = game.ball.position
    if distance(me.position, ball) <= REACH_M:
        return _with_ball(game, index)
    if me.number == KEEPER:
        return _keep(me, ball)
    if index == _chaser(game, me.side):
        # Run to where the ball will be in a fifth of a second, not to where it was.
        ahead = (ball[0] + game.ball.velocity[0] * 0.2, ball[1] + game.ball.velocity[1] * 0.2)
        return Intent(run=towards(me.position, ahead))
    return _hold(me, ball)


def _with_ball(game: Game, index: int) -> Intent:
    me = game.footballers[index]
    mouth = mouth_of(me.side)
    error = noise(game.seed, game.tick, index + 100)
    if distance(me.position, mouth) < SHOOTING_M:
        # Aim between the keeper and the far post.
        keeper = game.footballers[(1 - me.side) * SIDE_SIZE + KEEPER].position
        post = GOAL_M * 0.38 * (1 if keeper[1] < WIDTH_M / 2 else -1)
        aim = (mouth[0], mouth[1] + post + error * 0.9)
        return Intent(run=towards(me.position, aim), kick=towards(me.position, aim))
    if me.number == KEEPER or _is_pressed(game, me):
        mate = _mate_ahead(game, index)
        aim = (mate[0], mate[1] + error * 1.5)
        return Intent(run=towards(me.position, aim), kick=towards(me.position, aim))
    return Intent(run=towards(me.position, (mouth[0], mouth[1] + error * 4)))


def _keep(me: Footballer, ball: Vec) -> Intent:
    if distance(me.position, ball) < KEEPER_LEAVES_M:
        return Intent(run=towards(me.position, ball))
    reach = GOAL_M / 2
    spot = (home_of(me.side, KEEPER)[0], clamp(ball[1], WIDTH_M / 2 - reach, WIDTH_M / 2 + reach))
    return Intent(run=_settle(me.position, spot))


def _hold(me: Footballer, ball: Vec) -> Intent:
    """Keep the formation, moved with the ball."""
    home = home_of(me.side, me.number)
    shift = (ball[0] - LENGTH_M / 2) * 0.55
    spot = (clamp(home[0] + shift, 1.0, LENGTH_M - 1.0), home[1] + (ball[1] - home[1]) * 0.3)
    return Intent(run=_settle(me.position, spot))


def _settle(position: Vec, spot: Vec) -> Vec:
    return STILL if distance(position, spot) < 0.3 else towards(position, spot)


def _chaser(game: Game, side: int) -> int:
    outfield = range(side * SIDE_SIZE + 1, (side + 1) * SIDE_SIZE)
    return min(outfield, key=lambda index: distance(game.footballers[index].position, game.ball.position))


def _is_pressed(game: Game, me: Footballer) -> bool:
    return any(
        other.side != me.side and distance(other.position, me.position) < PRESSED_M for other in game.footballers
    )


def _mate_ahead(game: Game, index: int) -> Vec:
    """Return where the team mate nearest to the opponents' goal stands."""
    me = game.footballers[index]
    ahead = 1.0 if me.side == LEFT else -1.0
    mates = [
        other.position
        for number, other in enumerate(game.footballers)
        if other.side == me.side and number != index and other.number != KEEPER
    ]
    return max(mates, key=lambda position: position[0] * ahead)
