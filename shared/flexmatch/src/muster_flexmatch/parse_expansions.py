"""From the expansions of a document to expansions as values."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from muster_flexmatch.parse_rules import Names, kind_of, reference_of
from muster_flexmatch.reader import Reader, WrongValue, as_choice, as_integer, as_number, shown
from muster_flexmatch.rules import (
    BatchDistance,
    Collection,
    Comparison,
    Compound,
    Distance,
    Expansion,
    Latency,
    Reference,
    Rule,
    Step,
    Team,
)

_TARGET = re.compile(r"\s*(rules|teams)\s*\[([^\[\]]*)\]\s*\.\s*(\w+)\s*")
_ALGORITHM = re.compile(r"\s*algorithm\s*\.\s*(\w+)\s*")

_Read = Callable[[object, Rule, Names], object]


def _a_number(value: object, _rule: Rule, _names: Names) -> float:
    return as_number(value)


def _a_count(value: object, _rule: Rule, _names: Names) -> int:
    return as_integer(value)


def _a_reference(value: object, rule: Rule, names: Names) -> Reference:
    reference = reference_of(value, kind_of(rule), names)
    if isinstance(rule, Collection) and rule.operation == "contains" and not isinstance(reference, str):
        raise WrongValue("must be a literal string for contains")
    return reference


_MIN_DISTANCE: Final = ("min_distance", _a_number)
_MAX_DISTANCE: Final = ("max_distance", _a_number)
_REFERENCE: Final = ("reference", _a_reference)
_PROPERTIES: Final[Mapping[type, Mapping[str, tuple[str, _Read]]]] = {
    Comparison: {"referenceValue": _REFERENCE},
    Distance: {"minDistance": _MIN_DISTANCE, "maxDistance": _MAX_DISTANCE, "referenceValue": _REFERENCE},
    BatchDistance: {"maxDistance": _MAX_DISTANCE},
    Collection: {
        "minCount": ("min_count", _a_count),
        "maxCount": ("max_count", _a_count),
        "referenceValue": _REFERENCE,
    },
    Latency: {"maxLatency": ("max_latency", _a_number), "maxDistance": _MAX_DISTANCE},
}
_ALGORITHM_PROPERTIES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "backfillPriority": ("backfill_priority", ("normal", "high", "low")),
    "batchingPreference": ("batching", ("random", "sorted", "largestPopulation", "fastestRegion")),
}
_TEAM_PROPERTIES: Final = {"minPlayers": ("min_players", 0), "maxPlayers": ("max_players", 1)}


@dataclass(frozen=True, slots=True)
class _Found:
    """One step as it stands in the document: its reader, its time in seconds, its value."""

    reader: Reader
    wait_s: float
    value: object


def parse_expansions(
    document: Reader, names: Names, teams: Sequence[Team], rules: Sequence[Rule], *, algorithm: bool
) -> tuple[Expansion, ...]:
    """Return the expansions of a document, one for each rule or team that a target names.

    Args:
        document: the whole document.
        names: what rules may refer to.
        teams: all instances.
        rules: those that could be read.
        algorithm: whether properties of the algorithm may be expanded.
    """
    found: list[Expansion] = []
    entries = document.raw("rules")
    written = frozenset(
        str(each.get("name")) for each in (entries if isinstance(entries, list) else ()) if isinstance(each, dict)
    )
    for reader in document.objects("expansions"):
        target = reader.text("target", "required")
        steps = tuple(_steps(reader))
        if target is not None:
            found += _Parser(reader, steps, names, teams, rules, written, algorithm).parse(target)
            reader.close()
    return tuple(found)


def _steps(reader: Reader) -> Iterator[_Found]:
    """Yield each step; note when times do not rise."""
    last = -1.0
    if not reader.has("steps") or reader.raw("steps") == []:
        reader.problem("steps", "is missing; there must be at least one")
        return
    for step in reader.objects("steps"):
        step.where = f"{reader.where}.{step.where}"
        wait_s = step.number("waitTimeSeconds", "required")
        if not step.has("value"):
            step.problem("value", "is missing")
        if wait_s is None or not step.has("value"):
            continue
        if wait_s <= last:
            step.problem("waitTimeSeconds", f"must rise from step to step, got {wait_s:g} after {last:g}")
        last = wait_s
        yield _Found(step, wait_s, step.raw("value"))
        step.close()


@dataclass(frozen=True, slots=True)
class _Parser:
    """One expansion, with everything that its target may name."""

    reader: Reader
    steps: Sequence[_Found]
    names: Names
    teams: Sequence[Team]
    rules: Sequence[Rule]
    written: frozenset[str]
    algorithm: bool

    def parse(self, target: str) -> Iterator[Expansion]:
        """Yield an expansion for each name in the target."""
        algorithm = _ALGORITHM.fullmatch(target)
        if algorithm is not None:
            yield from self._algorithm(algorithm[1])
            return
        parts = _TARGET.fullmatch(target)
        if parts is None:
            self.reader.problem("target", f"must be rules[NAME].PROPERTY or teams[NAME].PROPERTY, got {shown(target)}")
            return
        # A name that is written twice changes nothing the second time.
        for name in dict.fromkeys(each.strip() for each in parts[2].split(",")):
            yield from self._team(name, parts[3]) if parts[1] == "teams" else self._rule(name, parts[3])

    def _algorithm(self, element: str) -> Iterator[Expansion]:
        known = _ALGORITHM_PROPERTIES.get(element)
        if not self.algorithm:
            self.reader.problem("target", "expansions of the algorithm are switched off; AWS documents none")
        elif known is None:
            allowed = " and ".join(_ALGORITHM_PROPERTIES)
            self.reader.problem("target", f"{element} of the algorithm cannot be expanded; {allowed} can")
        else:
            field, choices = known
            self.reader.warn("target", "AWS documents no expansion of the algorithm; it may refuse this one")
            yield Expansion("algorithm", (), field, self._read(lambda value: as_choice(value, choices)))

    def _team(self, name: str, element: str) -> Iterator[Expansion]:
        known = _TEAM_PROPERTIES.get(element)
        if not any(team.answers_to(name) for team in self.teams):
            self.reader.problem("target", f"there is no team {name!r}")
        elif known is None:
            self.reader.problem("target", f"{element} of a team cannot be expanded; minPlayers and maxPlayers can")
        else:
            field, low = known
            yield Expansion("teams", (name,), field, self._read(lambda value: as_integer(value, low)))

    def _rule(self, name: str, element: str) -> Iterator[Expansion]:
        rule = next((each for each in self.rules if each.name == name), None)
        if rule is None:
            if name not in self.written:  # else its own problems are told already
                self.reader.problem("target", f"there is no rule {name!r}")
            return
        if isinstance(rule, Compound):
            self.reader.problem("target", f"{name!r} is a compound rule; expand the rules that it combines")
            return
        properties = _PROPERTIES.get(type(rule), {})
        known = properties.get(element)
        if known is None:
            allowed = " and ".join(properties) or "nothing"
            self.reader.problem("target", f"{element} of rule {name!r} cannot be expanded; {allowed} can")
            return
        field, read = known
        yield Expansion("rules", (name,), field, self._read(lambda value: read(value, rule, self.names)))

    def _read(self, read: Callable[[object], object]) -> tuple[Step, ...]:
        found: list[Step] = []
        for step in self.steps:
            try:
                found.append(Step(step.wait_s, read(step.value)))
            except WrongValue as error:
                step.reader.problem("value", str(error))
        return tuple(found)
