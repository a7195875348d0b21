"""Expansions: steps that are never reached, that tighten, that change nothing, that start again."""

from collections.abc import Iterator
from typing import Final

from muster_flexmatch.lint.finding import Context, Finding, advice, warning
from muster_flexmatch.rules import Expansion, RuleSet

CODES: Final = (
    "newest-restarts-minimum",
    "newest-restarts-expansions",
    "backfill-waits-for-minimum",
    "expansion-beyond-timeout",
    "expansion-tightens",
    "expansion-changes-nothing",
    "expansion-at-once",
    "expansion-overrides",
)
_SPELLED: Final = {
    "min_players": "minPlayers",
    "max_players": "maxPlayers",
    "min_distance": "minDistance",
    "max_distance": "maxDistance",
    "max_latency": "maxLatency",
    "min_count": "minCount",
    "max_count": "maxCount",
    "reference": "referenceValue",
    "backfill_priority": "backfillPriority",
    "batching": "batchingPreference",
}
_LOOSER_DOWN: Final = {"min_players", "min_distance", "min_count"}
_LOOSER_UP: Final = {"max_players", "max_distance", "max_latency", "max_count"}


def spelled(field: str) -> str:
    """Return a field of a rule or team as rule sets spell it."""
    return _SPELLED.get(field, field)


def target_of(expansion: Expansion) -> str:
    """Return an expansion's target as rule sets write it."""
    names = ", ".join(expansion.names)
    return (
        f"{expansion.target}[{names}].{spelled(expansion.field)}" if names else f"algorithm.{spelled(expansion.field)}"
    )


def first_value(rules: RuleSet, expansion: Expansion) -> object:
    """Return what an expansion's property is before its first step; None when it is absent."""
    if expansion.target == "algorithm":
        return getattr(rules.algorithm, expansion.field, None)
    owners = rules.teams if expansion.target == "teams" else rules.rules
    for owner in owners:
        if owner.name in expansion.names or getattr(owner, "base", None) in expansion.names:
            return getattr(owner, expansion.field, None)
    return None


def _newest(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    if rules.algorithm.expansion_age != "newest" or not rules.expansions:
        return
    where = "algorithm.expansionAgeSelection"
    minimum = [each for each in rules.expansions if each.field == "min_players"]
    if minimum:
        wait = minimum[-1].steps[-1].wait_s if minimum[-1].steps else 0
        yield warning(
            "newest-restarts-minimum",
            where,
            f"the newest ticket's age counts, so two players who arrive 10 s apart can each reach the last step "
            f"({wait:g} s) alone and be matched separately",
            'set expansionAgeSelection to "oldest"',
        )
        yield advice(
            "backfill-waits-for-minimum",
            target_of(minimum[0]),
            "minimums apply to running sessions too, at the newcomer's age: one who could fill a free seat waits for "
            "the step first",
            'set expansionAgeSelection to "oldest", or begin with a minPlayers that a running session still has',
        )
    else:
        yield advice(
            "newest-restarts-expansions",
            where,
            "the newest ticket's age counts: each newcomer brings a candidate back to the strictest step",
            'set expansionAgeSelection to "oldest" if waiting players should profit from their own wait',
        )


def _steps(rules: RuleSet, context: Context) -> Iterator[Finding]:
    for each in rules.expansions:
        before, where = first_value(rules, each), target_of(each)
        for step in each.steps:
            at = f"the step at {step.wait_s:g} s"
            if step.wait_s >= context.request_timeout_s:
                yield warning(
                    "expansion-beyond-timeout",
                    where,
                    f"{at} is never reached: requests time out after {context.request_timeout_s:g} s",
                    "bring the step forward, or raise RequestTimeoutSeconds",
                )
            if step.wait_s == 0:
                yield advice(
                    "expansion-at-once", where, f"{at} replaces the first value {before} before it is used", "drop it"
                )
            if before == step.value:
                yield warning("expansion-changes-nothing", where, f"{at} repeats the value {before}", "drop it")
            elif _tightens(each.field, before, step.value):
                yield warning(
                    "expansion-tightens",
                    where,
                    f"{at} goes from {before} to {step.value}: matching gets harder with waiting",
                    "let the values loosen from step to step",
                )
            before = step.value


def _tightens(field: str, before: object, after: object) -> bool:
    if not isinstance(before, int | float) or not isinstance(after, int | float):
        return False
    return (field in _LOOSER_UP and after < before) or (field in _LOOSER_DOWN and after > before)


def _overrides(rules: RuleSet, _context: Context) -> Iterator[Finding]:
    seen: set[tuple[str, str, str]] = set()
    for each in rules.expansions:
        for name in each.names:
            key = (each.target, name, each.field)
            if key in seen:
                yield warning(
                    "expansion-overrides",
                    target_of(each),
                    "is expanded twice; the later entry wins once it has reached a step, whatever the earlier says",
                    "join the steps into one expansion",
                )
            seen.add(key)


CHECKS: Final = (_newest, _steps, _overrides)
