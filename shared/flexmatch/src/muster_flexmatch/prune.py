"""What can be said of a candidate before it is complete.

A rule is judged on complete candidates. But some rules, once broken, stay broken whoever joins, such as a limit on
the distance of skills over the whole match. For those a weaker rule is derived here that every part of a valid
candidate meets; a candidate under construction that breaks it is given up. Rules with lower bounds, counts or
averages have none: they may fail now and hold later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from muster_flexmatch import compound
from muster_flexmatch.evaluate import Judge
from muster_flexmatch.expressions import Call, Expression, Number, Players, attributes, depth, grows
from muster_flexmatch.rules import (
    BatchDistance,
    Collection,
    Comparison,
    Compound,
    Distance,
    Latency,
    Rule,
    RuleSet,
)
from muster_flexmatch.seating import Seating


def enforced(rules: RuleSet) -> frozenset[str]:
    """Return the names of the rules that a match must meet: all but those that only serve a compound rule."""
    if rules.choices.members_count_alone:
        return frozenset(rule.name for rule in rules.rules)
    used = {name for rule in rules.rules if isinstance(rule, Compound) for name in compound.names(rule.statement)}
    return frozenset(rule.name for rule in rules.rules) - used


def weakened(rule: Rule, lists: frozenset[str]) -> Rule | None:
    """Return the rule that every part of a candidate meets if the whole meets *rule*; None when there is none.

    Args:
        rule: the rule.
        lists: names of the attributes that are string lists; a ticket's list stays as it is, whoever joins.
    """
    match rule:
        case BatchDistance():
            return rule
        case Latency(max_latency=limit):
            return None if limit is None else replace(rule, max_distance=None)
        case Comparison(measurements=measured, reference=reference):
            lasting = all(map(grows, measured)) and not isinstance(reference, Players | Call)
            return rule if lasting else None
        case Distance(measurements=measured, reference=reference):
            lasting = all(map(grows, measured)) and isinstance(reference, float | Number)
            return rule if lasting else None
        case Collection(measurements=measured) if all(map(grows, measured)):
            return _weakened_collection(rule, fixed=all(of_tickets(each, lists) for each in measured))
        case _:
            return None


def _weakened_collection(rule: Collection, *, fixed: bool) -> Rule | None:
    """Weaken a rule over measurements that grow; *fixed* when each list in them stays as it is."""
    upper = replace(rule, min_count=None) if rule.max_count is not None else None
    match rule.operation:
        case "intersection":
            # What all have in common only becomes less; an upper limit may so be met in the end. A rule over named
            # teams sees no list at all before someone sits there, so it cannot be judged early.
            lasting = fixed and all(map(_over_everyone, rule.measurements))
            return replace(rule, max_count=None) if lasting and rule.min_count is not None else None
        case "contains":
            return upper
        case "reference_intersection_count" if isinstance(rule.reference, Players | Call):
            return upper if grows(rule.reference) else None
        case "reference_intersection_count":
            return rule if fixed else upper


def of_tickets(expression: Expression, lists: frozenset[str]) -> bool:
    """Whether the lists that a growing expression yields are those of single tickets, and not of whole teams."""
    return depth(expression) >= 2 and set(attributes(expression)) <= lists and any(attributes(expression))


def _over_everyone(expression: Expression) -> bool:
    match expression:
        case Players(teams=teams):
            return teams is None
        case Call(argument=argument):
            return _over_everyone(argument)
        case Number():
            return False


class Pruner:
    """Tells when a candidate under construction can no longer become a match."""

    def __init__(self, judge: Judge, variants: Sequence[RuleSet], *, only: tuple[type, ...] = (object,)) -> None:
        """Build a pruner.

        Args:
            judge: judges the weaker rules.
            variants: the rule set at every age that a candidate may come to have. Who joins changes the age and so
                the limits; a rule is broken for good only when it is broken in every variant.
            only: the classes of rules that are asked.
        """
        self._judge = judge
        needed = enforced(variants[0])
        lists = frozenset(each.name for each in variants[0].attributes if each.type == "string_list")
        by_name: dict[str, list[Rule | None]] = {}
        for variant in variants:
            for rule in variant.rules:
                if rule.name in needed and isinstance(rule, only):
                    by_name.setdefault(rule.name, []).append(weakened(rule, lists))
        self._rules: dict[str, tuple[Rule, ...]] = {}
        for name, rules in by_name.items():
            lasting = [each for each in rules if each is not None]
            if len(lasting) == len(rules):
                self._rules[name] = tuple(_distinct(lasting))

    def broken(self, seating: Seating) -> str | None:
        """Return the name of a rule that no completion of *seating* can meet; None when there is none."""
        for name, variants in self._rules.items():
            if not any(self._judge.holds(rule, seating) for rule in variants):
                return name
        return None


def _distinct(rules: Iterable[Rule]) -> list[Rule]:
    found: list[Rule] = []
    for rule in rules:
        if rule not in found:
            found.append(rule)
    return found
