"""Distributions: how a population file says what values players have."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from muster_flexmatch.values import Attribute

SHAPES: Final = ("normal", "lognormal", "uniform", "exponential", "constant", "choice", "pick", "map")


class DistributionInvalid(ValueError):
    """A distribution does not say what it must; the message says why, without saying where."""


class Distribution(Protocol):
    """Draws the values of players."""

    def draw(self, rng: random.Random) -> Attribute:
        """Return one value."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers of one shape.

    Attributes:
        shape: `normal` (mean, deviation), `lognormal` (median, sigma), `uniform` (low, high), `exponential` (mean)
            or `constant` (value).
        of: its parameters.
        low: no value is below.
        high: no value is above.
        step: values are multiples of it; 0 for any.
    """

    shape: str
    of: tuple[float, ...]
    low: float = -math.inf
    high: float = math.inf
    step: float = 0.0

    def draw(self, rng: random.Random) -> float:
        """Return one number."""
        match self.shape:
            case "normal":
                value = rng.gauss(*self.of)
            case "lognormal":
                value = rng.lognormvariate(math.log(self.of[0]), self.of[1])
            case "uniform":
                value = rng.uniform(*self.of)
            case "exponential":
                value = rng.expovariate(1.0 / self.of[0])
            case _:
                value = self.of[0]
        value = min(self.high, max(self.low, value))
        return round(value / self.step) * self.step if self.step else value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several strings or numbers, by weight."""

    values: tuple[float | str, ...]
    weights: tuple[float, ...]

    def draw(self, rng: random.Random) -> float | str:
        """Return one of them."""
        return rng.choices(self.values, self.weights)[0]


@dataclass(frozen=True, slots=True)
class Pick:
    """Several of several strings, each at most once."""

    values: tuple[str, ...]
    low: int
    high: int

    def draw(self, rng: random.Random) -> tuple[str, ...]:
        """Return them in the order of the file."""
        chosen = set(rng.sample(self.values, rng.randint(self.low, self.high)))
        return tuple(value for value in self.values if value in chosen)


@dataclass(frozen=True, slots=True)
class Table:
    """A map from strings to numbers."""

    of: Mapping[str, "Distribution"]

    def draw(self, rng: random.Random) -> dict[str, float]:
        """Return one map."""
        drawn = {name: each.draw(rng) for name, each in self.of.items()}
        return {name: value for name, value in drawn.items() if isinstance(value, float | int)}


@dataclass(frozen=True, slots=True)
class Constant:
    """Always the same."""

    value: Attribute

    def draw(self, _rng: random.Random) -> Attribute:
        """Return it."""
        return self.value


def distribution(value: object) -> Distribution:
    """Read a distribution: `{"normal": [1500, 300], "min": 0}`, or a plain value that is always the same.

    Raises:
        DistributionInvalid: it is none.
    """
    match value:
        case bool() | None:
            pass
        case int() | float():
            return Numbers("constant", (float(value),))
        case str():
            return Constant(value)
        case list():
            return Constant(tuple(str(each) for each in value))
        case Mapping():
            return _shaped(value)
    raise DistributionInvalid(f"must be a value or one of {', '.join(SHAPES)}; got {value!r}")


def numbers(value: object) -> Numbers:
    """Read a distribution of numbers.

    Raises:
        DistributionInvalid: it is none.
    """
    found = distribution(value)
    if not isinstance(found, Numbers):
        raise DistributionInvalid(f"must be a distribution of numbers, got {value!r}")
    return found


def _shaped(fields: Mapping[str, object]) -> Distribution:
    named = [name for name in SHAPES if name in fields]
    if len(named) != 1:
        raise DistributionInvalid(f"must have exactly one of {', '.join(SHAPES)}")
    shape, given = named[0], fields[named[0]]
    match shape:
        case "choice":
            return _choice(given)
        case "pick":
            return _pick(given, fields.get("count", 1))
        case "map":
            if not isinstance(given, Mapping):
                raise DistributionInvalid("map must be an object of distributions")
            return Table({str(name): numbers(each) for name, each in given.items()})
    wanted = 1 if shape in {"exponential", "constant"} else 2
    parameters = given if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    plain = tuple(float(each) for each in parameters if isinstance(each, int | float))
    if len(plain) != wanted or len(parameters) != wanted:
        raise DistributionInvalid(f"{shape} takes {wanted} number{'s' if wanted > 1 else ''}, got {given!r}")
    if shape in {"exponential", "lognormal"} and plain[0] <= 0:
        raise DistributionInvalid(f"{shape} needs a number above 0")
    return Numbers(
        shape, plain, _bound(fields, "min", -math.inf), _bound(fields, "max", math.inf), _bound(fields, "step", 0.0)
    )


def _bound(fields: Mapping[str, object], name: str, default: float) -> float:
    value = fields.get(name, default)
    if not isinstance(value, int | float):
        raise DistributionInvalid(f"{name} must be a number, got {value!r}")
    return float(value)


def _choice(given: object) -> Choice:
    if isinstance(given, Mapping) and given:
        weights = tuple(each for each in given.values() if isinstance(each, int | float) and each >= 0)
        if len(weights) == len(given) and sum(weights) > 0:
            values = tuple(key if isinstance(key, int | float) else str(key) for key in given)
            return Choice(tuple(float(v) if isinstance(v, int) else v for v in values), weights)
    if isinstance(given, list) and given:
        return Choice(tuple(float(v) if isinstance(v, int | float) else str(v) for v in given), (1.0,) * len(given))
    raise DistributionInvalid("choice must be a list, or an object of weights that are not all 0")


def _pick(given: object, count: object) -> Pick:
    values = tuple(str(each) for each in given) if isinstance(given, list) else ()
    bounds = count if isinstance(count, list) else [count, count]
    plain = [int(each) for each in bounds if isinstance(each, int | float)]
    if not values or len(plain) != 2 or not 0 <= plain[0] <= plain[1] <= len(values):
        raise DistributionInvalid("pick must be a list, with a count of at most as many")
    return Pick(values, plain[0], plain[1])
