"""The simulation: one pure function from a state and everybody's intents to the next state."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from muster_players.arena.pitch import (
    GOAL_M,
    LEFT,
    LENGTH_M,
    RIGHT,
    SIDE_SIZE,
    STILL,
    TICK_HZ,
    WIDTH_M,
    Ball,
    Footballer,
    Goal,
    Intent,
    Vec,
    clamp,
    distance,
    home_of,
    noise,
    unit,
)

RUN_SPEED = 6.5
"""Metres a second at full tilt."""
GRIP = 0.35
"""Share of the way from the present to the wanted velocity that one tick covers."""
REACH_M = 0.9
"""How near the ball must be to be touched."""
KICK_SPEED = 24.0
DRIBBLE_SPEED = 7.2
KICK_REST = 8
"""Ticks between two kicks of one footballer."""
ROLL = 0.975
"""Share of its speed that the ball keeps in one tick."""
BOUNCE = 0.75
"""Share of its speed that the ball keeps when it hits a wall."""
KICK_OFF_PAUSE = 10
"""Ticks of standing still after a goal, so that a watcher sees it."""


@dataclass(frozen=True, slots=True)
class Game:
    """A match at one instant.

    Attributes:
        seed: any integer; makes two matches differ.
        tick: steps since the first kick-off.
        ball: the ball.
        footballers: ten, LEFT's five first, in the order of their numbers.
        goals: all goals so far, in order.
        last_touch: index of the footballer who touched the ball last since kick-off; None when nobody did.
        paused: ticks left of the pause after a goal.
    """

    seed: int
    tick: int
    ball: Ball
    footballers: tuple[Footballer, ...]
    goals: tuple[Goal, ...] = ()
    last_touch: int | None = None
    paused: int = 0

    @property
    def score(self) -> tuple[int, int]:
        """Goals of LEFT and of RIGHT."""
        left = sum(1 for goal in self.goals if goal.side == LEFT)
        return (left, len(self.goals) - left)

    @property
    def seconds(self) -> float:
        """Time played, in seconds."""
        return self.tick / TICK_HZ

    def goals_of(self, index: int) -> int:
        """Return how many goals the footballer with this index scored; own goals count for nobody."""
        return sum(1 for goal in self.goals if goal.scorer == index)


def kick_off(seed: int) -> Game:
    """Return the state in which a match begins."""
    return Game(seed=seed, tick=0, ball=_centre(), footballers=_line_up())


def step(game: Game, intents: Mapping[int, Intent]) -> Game:
    """Return the state one tick later.

    Args:
        game: the present state.
        intents: by index of the footballer, 0 to 9; those left out stand still.
    """
    if game.paused:
        return replace(game, tick=game.tick + 1, paused=game.paused - 1)
    footballers = tuple(
        _run(footballer, intents.get(index, Intent())) for index, footballer in enumerate(game.footballers)
    )
    moved = replace(game, tick=game.tick + 1, footballers=footballers)
    return _roll(_touch(moved, intents))


def _centre() -> Ball:
    return Ball(position=(LENGTH_M / 2, WIDTH_M / 2))


def _line_up() -> tuple[Footballer, ...]:
    return tuple(
        Footballer(side=side, number=number, position=home_of(side, number))
        for side in (LEFT, RIGHT)
        for number in range(SIDE_SIZE)
    )


def _run(footballer: Footballer, intent: Intent) -> Footballer:
    wanted = unit(intent.run)
    vx, vy = footballer.velocity
    vx += (wanted[0] * RUN_SPEED - vx) * GRIP
    vy += (wanted[1] * RUN_SPEED - vy) * GRIP
    x, y = footballer.position
    return Footballer(
        side=footballer.side,
        number=footballer.number,
        position=(clamp(x + vx / TICK_HZ, 0.0, LENGTH_M), clamp(y + vy / TICK_HZ, 0.0, WIDTH_M)),
        velocity=(vx, vy),
        resting=max(0, footballer.resting - 1),
    )


def _touch(game: Game, intents: Mapping[int, Intent]) -> Game:
    """Let the nearest footballer in reach kick or carry the ball."""
    ball = game.ball.position
    near = [
        # Equal distances are settled by noise, so that neither side is favoured.
        (distance(footballer.position, ball), noise(game.seed, game.tick, index), index)
        for index, footballer in enumerate(game.footballers)
        if not footballer.resting
    ]
    if not near or min(near)[0] > REACH_M:
        return game
    index = min(near)[2]
    footballer = game.footballers[index]
    intent = intents.get(index, Intent())
    if intent.kick is None or intent.kick == STILL:
        direction = unit(intent.run)
        carried = Ball(position=ball, velocity=(direction[0] * DRIBBLE_SPEED, direction[1] * DRIBBLE_SPEED))
        return replace(game, ball=carried, last_touch=index)
    direction = unit(intent.kick)
    kicked = Ball(position=ball, velocity=(direction[0] * KICK_SPEED, direction[1] * KICK_SPEED))
    tired = (*game.footballers[:index], replace(footballer, resting=KICK_REST), *game.footballers[index + 1 :])
    return replace(game, ball=kicked, footballers=tired, last_touch=index)


def _roll(game: Game) -> Game:
    """Move the ball by one tick: into a goal, or off a wall."""
    before = game.ball.position
    vx, vy = game.ball.velocity
    x, y = before[0] + vx / TICK_HZ, before[1] + vy / TICK_HZ
    if not 0.0 <= x <= LENGTH_M and _in_mouth(before, (x, y)):
        return _score(game, LEFT if x > LENGTH_M else RIGHT)
    if not 0.0 <= x <= LENGTH_M:
        x, vx = clamp(x, 0.0, LENGTH_M), -vx * BOUNCE
    if not 0.0 <= y <= WIDTH_M:
        y, vy = clamp(y, 0.0, WIDTH_M), -vy * BOUNCE
    return replace(game, ball=Ball(position=(x, y), velocity=(vx * ROLL, vy * ROLL)))


def _in_mouth(before: Vec, after: Vec) -> bool:
    """Return whether the way from *before* to *after* crosses its goal line between the posts."""
    line = LENGTH_M if after[0] > LENGTH_M else 0.0
    share = (line - before[0]) / (after[0] - before[0])
    crossing = before[1] + (after[1] - before[1]) * share
    return abs(crossing - WIDTH_M / 2) < GOAL_M / 2


def _score(game: Game, side: int) -> Game:
    last = game.last_touch
    scorer = last if last is not None and game.footballers[last].side == side else None
    return replace(
        game,
        ball=_centre(),
        footballers=_line_up(),
        goals=(*game.goals, Goal(tick=game.tick, side=side, scorer=scorer)),
        last_touch=None,
        paused=KICK_OFF_PAUSE,
    )
