"""Rule sets that differ in one point: what would be, were it otherwise."""

from dataclasses import replace
from typing import Any, Final

from muster_flexmatch import compound
from muster_flexmatch.rules import Compound, RuleSet

FIELDS: Final = {
    "maxDistance": "max_distance",
    "minDistance": "min_distance",
    "maxLatency": "max_latency",
    "maxCount": "max_count",
    "minCount": "min_count",
}


def dropped(rules: RuleSet, names: set[str]) -> RuleSet:
    """Return the rule set without some rules; what served only a compound rule among them goes with it."""
    gone = set(names)
    for rule in rules.rules:
        if isinstance(rule, Compound) and rule.name in names:
            gone |= set(compound.names(rule.statement))
    left = [rule for rule in rules.rules if rule.name not in names]
    gone -= {name for rule in left if isinstance(rule, Compound) for name in compound.names(rule.statement)}
    return replace(
        rules,
        rules=tuple(rule for rule in rules.rules if rule.name not in gone),
        expansions=tuple(
            each for each in rules.expansions if each.target != "rules" or not gone.intersection(each.names)
        ),
    )


def limited(rules: RuleSet, name: str, field: str, value: float) -> RuleSet:
    """Return the rule set with one limit of one rule set to *value* for every age."""
    change: dict[str, Any] = {field: int(value) if field in {"max_count", "min_count"} else value}
    return replace(
        rules,
        rules=tuple(replace(rule, **change) if rule.name == name else rule for rule in rules.rules),
        expansions=tuple(
            each for each in rules.expansions if each.target != "rules" or name not in each.names or each.field != field
        ),
    )
