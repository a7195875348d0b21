"""A rule set as a value: teams, attributes, rules and what happens to them as tickets wait."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from muster_flexmatch.attributes import AttributeDeclaration, checked_player
from muster_flexmatch.choices import DEFAULT, Choices
from muster_flexmatch.compound import Statement
from muster_flexmatch.expressions import Expression
from muster_flexmatch.values import Attribute

SMALL_MATCH: Final = 40
LARGE_MATCH: Final = 200
"""Players. Source: FlexMatch guide, small and large matches."""

Reference = float | str | tuple[str, ...] | Expression
"""What a measured value is compared with: a literal or an expression."""


@dataclass(frozen=True, slots=True)
class Team:
    """One team of a match.

    Attributes:
        name: as players see it; `red_1`, `red_2`, … where the rule set asks for several.
        min_players: 0 or more; below it there is no match.
        max_players: 1 or more; the matcher tries to reach it.
        base: the name in the rule set, which rules and expansions may use for all of its instances.
    """

    name: str
    min_players: int
    max_players: int
    base: str = ""

    def answers_to(self, name: str) -> bool:
        """Whether *name*, in a rule or expansion, means this team."""
        return name in {self.name, self.base}


Strategy = Literal["exhaustiveSearch", "balanced"]
Batching = Literal["random", "sorted", "largestPopulation", "fastestRegion"]
ExpansionAge = Literal["newest", "oldest"]
BackfillPriority = Literal["normal", "high", "low"]
Operation = Literal["<", "<=", "=", "!=", ">", ">="]
CollectionOperation = Literal["intersection", "contains", "reference_intersection_count"]
CollectionParty = Literal["union", "intersection"]
DistanceReference = Literal["min", "avg"]
MapKey = Literal["minValue", "maxValue"]
NumberParty = Literal["avg", "min", "max"]
"""How the numbers of a ticket's players become one."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """How the pool is searched.

    Attributes:
        strategy: `balanced` evens teams on `balanced_attribute` where it has a choice.
        batching: `sorted` brings tickets together that are close in `sort_by`.
        sort_by: declared attributes, the most important first.
        balanced_attribute: declared number attribute, or None.
        expansion_age: whose age counts for expansions: the newest or the oldest ticket of a candidate.
        backfill_priority: when tickets of running sessions are looked at.
    """

    strategy: Strategy = "exhaustiveSearch"
    batching: Batching = "random"
    sort_by: tuple[str, ...] = ()
    balanced_attribute: str | None = None
    expansion_age: ExpansionAge = "newest"
    backfill_priority: BackfillPriority = "normal"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Measured values compare with a reference, or with each other where there is none."""

    name: str
    measurements: tuple[Expression, ...]
    operation: Operation
    reference: Reference | None = None
    party: NumberParty = "avg"


@dataclass(frozen=True, slots=True)
class Distance:
    """Measured numbers are near a reference, or far from it."""

    name: str
    measurements: tuple[Expression, ...]
    reference: Reference
    min_distance: float | None = None
    max_distance: float | None = None
    party: NumberParty = "avg"


@dataclass(frozen=True, slots=True)
class BatchDistance:
    """An attribute's values are near each other over the whole match; strings are equal."""

    name: str
    attribute: str
    max_distance: float | None = None
    party: NumberParty = "avg"


@dataclass(frozen=True, slots=True)
class Collection:
    """String lists share members, contain a string, or meet another list, so many times."""

    name: str
    measurements: tuple[Expression, ...]
    operation: CollectionOperation
    reference: Reference | None = None
    min_count: int | None = None
    max_count: int | None = None
    party: CollectionParty = "union"


@dataclass(frozen=True, slots=True)
class Latency:
    """Everyone has a region in common that is fast enough, and as fast as for the others."""

    name: str
    max_latency: float | None = None
    max_distance: float | None = None
    distance_reference: DistanceReference = "min"
    party: NumberParty = "avg"


@dataclass(frozen=True, slots=True)
class Sort:
    """Not a condition: the order in which other tickets are tried with the oldest one.

    Attributes:
        distance: order by the distance from the oldest ticket's value and not by the value itself.
        map_key: which key of the oldest ticket's map is looked up; for maps only.
    """

    name: str
    attribute: str
    distance: bool
    descending: bool
    map_key: MapKey | None = None
    party: NumberParty = "avg"


@dataclass(frozen=True, slots=True)
class Compound:
    """A statement over rules that come before it; those then count only through it."""

    name: str
    statement: Statement


Rule = Comparison | Distance | BatchDistance | Collection | Latency | Sort | Compound


@dataclass(frozen=True, slots=True)
class Step:
    """From this age on, this value.

    Attributes:
        wait_s: seconds since the ticket started.
        value: of the property's own type.
    """

    wait_s: float
    value: Any


def _wait_of(step: Step) -> float:
    return step.wait_s


@dataclass(frozen=True, slots=True)
class Expansion:
    """A property that changes as tickets wait; the last step reached counts.

    Attributes:
        target: what is changed: a rule, a team or the algorithm.
        names: the rules or teams, by the names the rule set uses; empty for the algorithm.
        field: name of the attribute in the classes of this module.
        steps: rising in time.
    """

    target: Literal["rules", "teams", "algorithm"]
    names: tuple[str, ...]
    field: str
    steps: tuple[Step, ...]

    def reached(self, age_s: float) -> int:
        """Return how many steps a ticket of that age has reached."""
        return bisect_right(self.steps, age_s, key=_wait_of)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything a rule set says.

    Attributes:
        name: free label, may be empty.
        teams: instances, in the order of the document.
        attributes: what is declared of players.
        algorithm: how the pool is searched.
        rules: in the order of the document, which matters to sort and compound rules.
        expansions: in the order of the document.
        warnings: what was ignored or is doubtful, one sentence each.
        choices: how it was read where AWS is silent.
    """

    name: str
    teams: tuple[Team, ...]
    attributes: tuple[AttributeDeclaration, ...] = ()
    algorithm: Algorithm = field(default_factory=Algorithm)
    rules: tuple[Rule, ...] = ()
    expansions: tuple[Expansion, ...] = ()
    warnings: tuple[str, ...] = ()
    choices: Choices = DEFAULT

    @property
    def min_players(self) -> int:
        """The players that a match needs."""
        return sum(team.min_players for team in self.teams)

    @property
    def max_players(self) -> int:
        """Seats of a full match, before expansions."""
        return sum(team.max_players for team in self.teams)

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Ages in seconds, rising, at which an expansion reaches a step."""
        return tuple(sorted({step.wait_s for each in self.expansions for step in each.steps}))

    @property
    def is_large(self) -> bool:
        """Whether a match may have more than 40 players, at any age; such rule sets are matched in another way."""
        ages = (-1.0, *self.thresholds)
        return max(self.at_age(age).max_players for age in ages) > SMALL_MATCH

    def check_player(self, attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
        """Return a player's attributes with the declared defaults filled in; undeclared ones are kept.

        Raises:
            AttributeInvalid: a declared attribute is missing and has no default, has the wrong type, or any
                attribute breaks AWS's limits. Correct the request, or the rule set.
        """
        return checked_player(self.attributes, attributes)

    def reached(self, age_s: float) -> tuple[int, ...]:
        """Return, for each expansion, how many of its steps a candidate of that age has reached."""
        return tuple(expansion.reached(age_s) for expansion in self.expansions)

    def expanded(self, reached: tuple[int, ...]) -> "RuleSet":
        """Return the rule set as it is when so many steps of each expansion are reached."""
        teams, algorithm = list(self.teams), self.algorithm
        by_rule: dict[str, dict[str, Any]] = {}
        for expansion, steps in zip(self.expansions, reached, strict=True):
            if not steps:
                continue
            change: dict[str, Any] = {expansion.field: expansion.steps[steps - 1].value}
            if expansion.target == "algorithm":
                algorithm = replace(algorithm, **change)
            elif expansion.target == "teams":
                hit = expansion.names
                teams = [replace(team, **change) if any(map(team.answers_to, hit)) else team for team in teams]
            else:
                for name in expansion.names:
                    by_rule.setdefault(name, {}).update(change)
        rules = [replace(rule, **by_rule[rule.name]) if rule.name in by_rule else rule for rule in self.rules]
        return replace(self, teams=tuple(teams), rules=tuple(rules), algorithm=algorithm)

    def at_age(self, age_s: float) -> "RuleSet":
        """Return the rule set as it is for candidates of that age, in seconds."""
        return self.expanded(self.reached(age_s))
