"""From the text of a rule set to a rule set that can be used, or to everything that is wrong with it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from muster_flexmatch import attributes, jsontext
from muster_flexmatch.attributes import AttributeDeclaration
from muster_flexmatch.choices import DEFAULT, Choices
from muster_flexmatch.errors import RuleSetInvalid
from muster_flexmatch.parse_expansions import parse_expansions
from muster_flexmatch.parse_rules import Names, parse_rules
from muster_flexmatch.reader import Reader, shown
from muster_flexmatch.rules import (
    LARGE_MATCH,
    SMALL_MATCH,
    Algorithm,
    BackfillPriority,
    BatchDistance,
    Batching,
    Collection,
    Comparison,
    Distance,
    Expansion,
    ExpansionAge,
    Latency,
    Rule,
    RuleSet,
    Strategy,
    Team,
)

VERSION: Final = "1.0"
STRATEGIES: Final[tuple[Strategy, ...]] = ("exhaustiveSearch", "balanced")
EXHAUSTIVE_BATCHING: Final[tuple[Batching, ...]] = ("random", "sorted")
BALANCED_BATCHING: Final[tuple[Batching, ...]] = ("largestPopulation", "fastestRegion", "random", "sorted")
EXPANSION_AGES: Final[tuple[ExpansionAge, ...]] = ("newest", "oldest")
BACKFILL_PRIORITIES: Final[tuple[BackfillPriority, ...]] = ("normal", "high", "low")


def parse_rule_set(body: str, *, choices: Choices = DEFAULT) -> RuleSet:
    """Parse and check a rule set.

    Args:
        body: JSON text of 1 to 65,535 characters; `//` and `/* */` comments are allowed unless *choices* forbid them.
        choices: how to read what AWS leaves open.

    Returns:
        The rule set; `warnings` names what was ignored.

    Raises:
        RuleSetInvalid: something is wrong; `problems` has all of it.

    Source: FlexMatch guide, rule set schema and properties.
    """
    problems: list[str] = []
    warnings: list[str] = []
    document = Reader("", jsontext.load(body, comments=choices.comments), problems, warnings)
    version = document.raw("ruleLanguageVersion")
    if version != VERSION:
        said = "is missing" if version is None else f"must be {VERSION!r}, got {shown(version)}"
        document.problem("ruleLanguageVersion", said)
    name = document.raw("name")
    if name is not None and not isinstance(name, str):
        document.problem("name", f"must be a text, got {shown(name)}")
    declared = _attributes(document)
    teams = _teams(document)
    quantities = {team.name: 1 for team in teams}
    for team in teams:
        quantities[team.base] = sum(each.base == team.base for each in teams)
    names = Names(quantities, {each.name: each.type for each in declared}, samples=choices.deviation == "sample")
    algorithm = _algorithm(document, names, sum(team.max_players for team in teams))
    rules = parse_rules(document, names, pairs_only=choices.pairs_only)
    expansions = parse_expansions(document, names, teams, rules, algorithm=choices.algorithm_expansions)
    document.close()
    rule_set = RuleSet(
        name=name if isinstance(name, str) else "",
        teams=teams,
        attributes=declared,
        algorithm=algorithm,
        rules=tuple(rules),
        expansions=expansions,
        warnings=tuple(warnings),
        choices=choices,
    )
    problems = [*problems, *_inconsistencies(rule_set)]
    if problems:
        raise RuleSetInvalid(tuple(dict.fromkeys(problems)))
    return rule_set


def _attributes(document: Reader) -> tuple[AttributeDeclaration, ...]:
    found: dict[str, AttributeDeclaration] = {}
    for reader in document.objects("playerAttributes"):
        name = reader.text("name", "required")
        kind = reader.choice("type", attributes.TYPES)
        default = reader.raw("default")
        reader.close()
        if name in found:
            reader.problem("name", "is declared twice")
        if name is None or kind is None:
            continue
        if default is None:
            found[name] = AttributeDeclaration(name, kind)
        elif attributes.type_of(default) == kind:
            found[name] = AttributeDeclaration(name, kind, attributes.as_attribute(default))
        else:
            reader.problem("default", f"must be a {kind}, got {shown(default)}")
            found[name] = AttributeDeclaration(name, kind)
    return tuple(found.values())


def _teams(document: Reader) -> tuple[Team, ...]:
    found: list[Team] = []
    if not document.raw("teams"):
        document.problem("teams", "is missing; there must be at least one team")
    bases: set[str] = set()
    bases_stripped: set[str] = set()
    taken: set[str] = set()
    for reader in document.objects("teams"):
        name = reader.text("name", "required")
        low = reader.integer("minPlayers", "required")
        high = reader.integer("maxPlayers", "required", low=1)
        quantity = reader.integer("quantity", low=1) or 1
        reader.close()
        if name is None or low is None or high is None:
            continue
        if quantity > LARGE_MATCH:
            reader.problem("quantity", f"must be at most {LARGE_MATCH}, got {quantity}")
            continue
        if name in bases or any(character in name for character in "[],*"):
            reader.problem("name", "is used by an earlier team" if name in bases else "must be without [ ] , *")
        bases.add(name)
        plain = name.strip()
        instances = [plain] if quantity == 1 else [f"{plain}_{number}" for number in range(1, quantity + 1)]
        clash = next((each for each in instances if each in taken and plain not in bases_stripped), None)
        if clash is not None:
            reader.problem("name", f"clashes with an earlier team: both give {clash!r}")
        bases_stripped.add(plain)
        taken.update(instances)
        if len(taken) > LARGE_MATCH:
            document.problem("teams", f"there are more than {LARGE_MATCH}, and a match has no more players than that")
            break
        found += [Team(instance, low, high, plain) for instance in instances]
    return tuple(found)


def _algorithm(document: Reader, names: Names, size: int) -> Algorithm:
    reader = document.object("algorithm")
    strategy = reader.choice("strategy", STRATEGIES, default="exhaustiveSearch")
    balanced = strategy == "balanced"
    choices = BALANCED_BATCHING if balanced else EXHAUSTIVE_BATCHING
    batching = reader.choice("batchingPreference", choices, default=choices[0])
    if balanced and size <= SMALL_MATCH and reader.has("batchingPreference") and batching not in EXHAUSTIVE_BATCHING:
        reader.warn("batchingPreference", f"{batching} is for large matches and changes nothing here")
    sort_by = reader.texts("sortByAttributes")
    attribute = reader.text("balancedAttribute")
    age = reader.choice("expansionAgeSelection", EXPANSION_AGES, default="newest")
    priority = reader.choice("backfillPriority", BACKFILL_PRIORITIES, default="normal")
    for each in sort_by:
        if each not in names.declared:
            reader.problem("sortByAttributes", f"attribute {each!r} is not declared in playerAttributes")
    if batching == "sorted" and not sort_by:
        reader.problem("sortByAttributes", "is missing; batchingPreference sorted needs it")
    if (balanced or attribute is not None) and names.declared.get(attribute or "") != "number":
        said = "is missing; strategy balanced needs it" if attribute is None else "must be a declared number"
        reader.problem("balancedAttribute", said)
    if size > SMALL_MATCH and not balanced:
        reader.problem("strategy", f"must be balanced for more than {SMALL_MATCH} players")
    reader.close()
    return Algorithm(
        strategy=strategy or "exhaustiveSearch",
        batching=batching or "random",
        sort_by=sort_by,
        balanced_attribute=attribute,
        expansion_age=age or "newest",
        backfill_priority=priority or "normal",
    )


def _inconsistencies(rules: RuleSet) -> Iterator[str]:
    """Yield what does not fit together, at first and after every step of the expansions."""
    at_first = tuple(_at_one_age(rules, rules.rules, ""))
    yield from at_first
    told = set(at_first)
    # A step whose value is wrong was reported and left out; the others can still be judged.
    usable: tuple[Expansion, ...] = tuple(each for each in rules.expansions if each.steps)
    growing = replace(rules, expansions=usable)
    changing = frozenset(name for each in usable if each.target == "rules" for name in each.names)
    for age_s in growing.thresholds:
        when = f" (from {age_s:g} s on)"
        grown = growing.at_age(age_s)
        for problem in _at_one_age(grown, [each for each in grown.rules if each.name in changing], when):
            if (plain := problem.replace(when, "")) not in told:
                told.add(plain)
                yield problem


def _at_one_age(rules: RuleSet, changed: Iterable[Rule], when: str) -> Iterator[str]:
    """Yield what does not fit together; of single rules, only those in *changed* are looked at."""
    for team in rules.teams:
        if team.min_players > team.max_players:
            yield (f"teams[{team.base}].minPlayers: {team.min_players} is above maxPlayers {team.max_players}{when}")
    size = rules.max_players
    if size > LARGE_MATCH:
        yield f"teams: a match has at most {LARGE_MATCH} players, these teams take {size}{when}"
    for rule in changed:
        yield from _rule_at_one_age(rule, when)
    if SMALL_MATCH < size <= LARGE_MATCH:
        for rule in rules.rules:
            yield from _rule_in_large_match(rule, size)
    if size > SMALL_MATCH and when and rules.algorithm.strategy != "balanced":
        yield f"algorithm.strategy: must be balanced for more than {SMALL_MATCH} players, these teams take {size}{when}"


def _rule_in_large_match(rule: Rule, size: int) -> Iterator[str]:
    """Yield what a rule may not be or have in matches of more than 40 players."""
    if not isinstance(rule, BatchDistance | Latency):
        yield (
            f"rules[{rule.name}].type: matches of more than {SMALL_MATCH} players, as these teams take {size}, know "
            f"only latency and batchDistance rules"
        )
    elif isinstance(rule, Latency) and rule.max_distance is not None:
        yield f"rules[{rule.name}].maxDistance: is for at most {SMALL_MATCH} players, these teams take {size}"


def _rule_at_one_age(rule: Rule, when: str) -> Iterator[str]:
    match rule:
        case Distance(min_distance=float(low), max_distance=float(high)) if low > high:
            yield f"rules[{rule.name}].minDistance: {low:g} is above maxDistance {high:g}{when}"
        case Collection(min_count=int(low), max_count=int(high)) if low > high:
            yield f"rules[{rule.name}].minCount: {low} is above maxCount {high}{when}"
        case Comparison(operation=operation, reference=None) if operation not in {"=", "!="} and when:
            yield f"rules[{rule.name}].referenceValue: is missing{when}"
