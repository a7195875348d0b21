"""Who plays, and when: read from a population file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from muster_flexmatch.reader import Reader
from muster_flexmatch.simulate.draw import Distribution, DistributionInvalid, Numbers, distribution, numbers

MAX_PLAYERS: Final = 2_000_000
"""A slip of the keyboard should not fill the memory."""


class PopulationInvalid(ValueError):
    """A population file cannot be used.

    Attributes:
        problems: everything that is wrong, one sentence each, beginning with the element.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Build the error."""
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Region:
    """Where players live.

    Attributes:
        share: how many of them, beside the other regions.
        latencies: milliseconds to each game server location.
    """

    share: float
    latencies: Mapping[str, Numbers]


@dataclass(frozen=True, slots=True)
class Returns:
    """Players who queue again after a match.

    Attributes:
        share: of the tickets, 0 to 1.
        after: seconds from the match to the next ticket.
    """

    share: float
    after: Numbers


@dataclass(frozen=True, slots=True)
class Population:
    """Who plays, and when.

    Attributes:
        name: for reports.
        seconds: how long people arrive.
        players: how many arrive, without those who return.
        shape: points of seconds and relative rate, straight lines between.
        steady: evenly spaced, and not at random.
        parties: share of tickets by party size.
        party_spread: how far the numbers of a party lie apart: 0 not at all, 1 like strangers'.
        attributes: by name.
        regions: by name; none for players without latencies.
        patience: seconds after which people give up; None for those who never do.
        request_timeout_s: seconds after which FlexMatch gives up.
        returns: who queues again; None for nobody.
    """

    name: str
    seconds: float
    players: int
    shape: tuple[tuple[float, float], ...] = ()
    steady: bool = False
    parties: Mapping[int, float] = field(default_factory=lambda: {1: 1.0})
    party_spread: float = 0.5
    attributes: Mapping[str, Distribution] = field(default_factory=dict)
    regions: Mapping[str, Region] = field(default_factory=dict)
    patience: Numbers | None = None
    request_timeout_s: float = 600.0
    returns: Returns | None = None


def population_of(document: Mapping[str, object]) -> Population:
    """Read a population.

    Raises:
        PopulationInvalid: something is wrong; `problems` has all of it.
    """
    problems: list[str] = []
    unknown: list[str] = []
    reader = Reader("", document, problems, unknown)
    seconds = reader.number("seconds") or 3_600.0
    players, shape, steady = _arrivals(reader.object("arrivals"), seconds)
    made = Population(
        name=reader.text("name") or "population",
        seconds=seconds,
        players=players,
        shape=shape,
        steady=steady,
        parties=_parties(reader),
        party_spread=_share(reader, "party_spread", 0.5),
        attributes=_attributes(reader),
        regions=_regions(reader),
        patience=_numbers(reader, "patience"),
        request_timeout_s=reader.number("request_timeout_s") or 600.0,
        returns=_returns(reader),
    )
    reader.close()
    problems += [each.replace("is not known and was ignored", "is not known") for each in unknown]
    if problems:
        raise PopulationInvalid(tuple(problems))
    return made


def _arrivals(reader: Reader, seconds: float) -> tuple[int, tuple[tuple[float, float], ...], bool]:
    players, rate = reader.number("players"), reader.number("per_minute")
    total = players if players is not None else (rate or 0.0) * seconds / 60
    if not 1 <= total <= MAX_PLAYERS:
        reader.problem("players", f"must be 1 to {MAX_PLAYERS:,}; give players, or per_minute")
        total = 1
    process = reader.choice("process", ("random", "steady"), default="random")
    points = reader.raw("shape")
    shape: list[tuple[float, float]] = []
    for each in points if isinstance(points, list) else []:
        match each:
            case [int() | float() as at, int() | float() as level] if at >= 0 and level >= 0:
                shape.append((float(at), float(level)))
            case _:
                reader.problem("shape", f"must be a list of [seconds, rate], got {each!r}")
    if shape and (sorted(shape) != shape or sum(level for _, level in shape) <= 0):
        reader.problem("shape", "times must rise, and some rate must be above 0")
        shape = []
    reader.close()
    return round(total), tuple(shape), process == "steady"


def _parties(reader: Reader) -> dict[int, float]:
    found: dict[int, float] = {}
    for name, weight in _members(reader, "parties"):
        if not name.isdecimal() or not 1 <= int(name) <= 10 or not isinstance(weight, int | float) or weight < 0:
            reader.problem(f"parties[{name}]", "must be a size of 1 to 10 with a weight of 0 or more")
        else:
            found[int(name)] = float(weight)
    if found and sum(found.values()) <= 0:
        reader.problem("parties", "some weight must be above 0")
    return found or {1: 1.0}


def _members(reader: Reader, key: str) -> list[tuple[str, object]]:
    value = reader.raw(key)
    if value is None:
        return []
    if not isinstance(value, Mapping):
        reader.problem(key, "must be an object")
        return []
    return [(str(name), each) for name, each in value.items()]


def _share(reader: Reader, key: str, default: float) -> float:
    value = reader.number(key)
    if value is not None and value > 1:
        reader.problem(key, f"must be 0 to 1, got {value:g}")
    return default if value is None else value


def _attributes(reader: Reader) -> dict[str, Distribution]:
    found: dict[str, Distribution] = {}
    for name, value in _members(reader, "attributes"):
        try:
            found[name] = distribution(value)
        except DistributionInvalid as error:
            reader.problem(f"attributes[{name}]", str(error))
    return found


def _regions(reader: Reader) -> dict[str, Region]:
    found = {name: _region(reader, name, value) for name, value in _members(reader, "regions")}
    return {name: each for name, each in found.items() if each is not None}


def _numbers(reader: Reader, key: str) -> Numbers | None:
    value = reader.raw(key)
    if value is None:
        return None
    try:
        return numbers(value)
    except DistributionInvalid as error:
        reader.problem(key, str(error))
        return None


def _region(reader: Reader, name: str, value: object) -> Region | None:
    if not isinstance(value, Mapping) or not isinstance(value.get("latencies"), Mapping):
        reader.problem(f"regions[{name}]", "must be an object with latencies")
        return None
    share = value.get("share", 1)
    if not isinstance(share, int | float) or share < 0:
        reader.problem(f"regions[{name}].share", f"must be a number of 0 or more, got {share!r}")
        return None
    latencies: dict[str, Numbers] = {}
    for place, given in value["latencies"].items():
        spread = {"normal": given, "min": 1} if isinstance(given, list) else given
        try:
            latencies[str(place)] = numbers(spread)
        except DistributionInvalid as error:
            reader.problem(f"regions[{name}].latencies[{place}]", str(error))
    return Region(float(share), latencies)


def _returns(reader: Reader) -> Returns | None:
    if not reader.has("returns"):
        return None
    inner = reader.object("returns")
    after = _numbers(inner, "after")
    share = _share(inner, "share", 1.0)
    if after is None:
        inner.problem("after", "is missing: seconds from a match to the next ticket")
    inner.close()
    return Returns(share, after) if after is not None else None
