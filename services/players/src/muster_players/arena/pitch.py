"""The pitch and what moves on it: plain values, metres and seconds."""

from dataclasses import dataclass
from math import hypot

TICK_HZ = 20
"""Steps of the simulation in one second of play."""
LENGTH_M = 28.0
WIDTH_M = 16.0
GOAL_M = 5.0
"""Height of the goal mouth, centred on each short wall."""
SIDE_SIZE = 5
LEFT, RIGHT = 0, 1
"""The two sides. LEFT defends x = 0 and shoots at x = LENGTH_M."""

Vec = tuple[float, float]
STILL: Vec = (0.0, 0.0)

# Keeper first, then two defenders, then two forwards; seen from LEFT, as shares of length and width.
FORMATION: tuple[Vec, ...] = ((0.03, 0.5), (0.2, 0.28), (0.2, 0.72), (0.4, 0.4), (0.42, 0.62))
KEEPER = 0
SEAT_ORDER = (4, 3, 2, 1, 0)
"""People get the forwards first, so that they see the ball; the keeper's gloves go last."""


@dataclass(frozen=True, slots=True)
class Ball:
    """The ball.

    Attributes:
        position: metres from the lower left corner.
        velocity: metres a second.
    """

    position: Vec
    velocity: Vec = STILL


@dataclass(frozen=True, slots=True)
class Footballer:
    """One of the ten, led by a person or by the house.

    Attributes:
        side: LEFT or RIGHT.
        number: place in the formation, 0 (keeper) to 4.
        position: metres from the lower left corner.
        velocity: metres a second.
        resting: ticks until the next kick is possible.
    """

    side: int
    number: int
    position: Vec
    velocity: Vec = STILL
    resting: int = 0


@dataclass(frozen=True, slots=True)
class Intent:
    """What a footballer tries to do in the next tick.

    Attributes:
        run: direction to run in, length 0 (stand) to 1 (full speed); longer is cut to 1.
        kick: direction and strength of a kick if the ball is in reach, length 0 to 1; None dribbles.
    """

    run: Vec = STILL
    kick: Vec | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal.

    Attributes:
        tick: when.
        side: who it counts for.
        scorer: index of the footballer of that side who touched the ball last; None for an own goal.
    """

    tick: int
    side: int
    scorer: int | None


def clamp(value: float, low: float, high: float) -> float:
    """Return *value*, or the bound that it passed."""
    return low if value < low else min(value, high)


def unit(vector: Vec, *, at_most: float = 1.0) -> Vec:
    """Return *vector*, shortened to length *at_most* when it is longer."""
    length = hypot(*vector)
    if length <= at_most:
        return vector
    return (vector[0] / length * at_most, vector[1] / length * at_most)


def towards(start: Vec, end: Vec) -> Vec:
    """Return the direction from *start* to *end*, length 1; STILL when they are the same point."""
    x, y = end[0] - start[0], end[1] - start[1]
    length = hypot(x, y)
    return STILL if length < 1e-9 else (x / length, y / length)


def distance(one: Vec, other: Vec) -> float:
    """Return how far apart two points are, in metres."""
    return hypot(one[0] - other[0], one[1] - other[1])


def home_of(side: int, number: int) -> Vec:
    """Return where a footballer stands at kick-off; RIGHT is LEFT turned by half a circle."""
    x, y = FORMATION[number]
    if side == RIGHT:
        x, y = 1.0 - x, 1.0 - y
    return (x * LENGTH_M, y * WIDTH_M)


def mouth_of(side: int) -> Vec:
    """Return the middle of the goal that *side* shoots at."""
    return (LENGTH_M if side == LEFT else 0.0, WIDTH_M / 2)


def noise(seed: int, tick: int, index: int) -> float:
    """Return a number in [-1, 1) that looks random and depends on nothing but the arguments.

    It keeps the simulation a function: the same seed and the same intents give the same match on every machine.

    Source: the finaliser of splitmix64, public domain (Vigna).
    """
    mixed = (seed * 0x9E3779B97F4A7C15 + tick * 0xBF58476D1CE4E5B9 + index * 0x94D049BB133111EB) & (2**64 - 1)
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
    return (mixed ^ (mixed >> 31)) / 2**63 - 1.0
