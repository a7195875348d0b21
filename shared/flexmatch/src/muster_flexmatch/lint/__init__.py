"""Finds what is legal in a rule set and will disappoint all the same: `lint(rules)`.

The parser refuses what cannot work. The linter knows what users of FlexMatch complain about: waits that start again
because a newcomer joined, averages of empty teams, expansions after the time-out, references that are taken
literally. Each finding has a stable code, the element, what will happen, and how to mend it.
"""

from collections.abc import Callable, Iterator
from typing import Final

from muster_flexmatch.lint import expansions, measures, rules, teams, text
from muster_flexmatch.lint.finding import Context, Finding, Severity
from muster_flexmatch.rules import RuleSet

__all__ = ["CODES", "Context", "Finding", "Severity", "lint"]

_CHECKS: Final[tuple[Callable[[RuleSet, Context], Iterator[Finding]], ...]] = (
    *teams.CHECKS,
    *rules.CHECKS,
    *measures.CHECKS,
    *expansions.CHECKS,
)
CODES: Final = (*teams.CODES, *rules.CODES, *measures.CODES, *expansions.CODES, *text.CODES)
"""Every code there is, in the order of the documentation."""


def lint(rule_set: RuleSet, body: str = "", context: Context | None = None) -> tuple[Finding, ...]:
    """Return what will disappoint, the warnings first.

    Args:
        rule_set: the parsed rule set.
        body: its text, for what parsing forgets: duplicate keys, numbers in quotes, trailing commas.
        context: what the rule set does not say.
    """
    known = context or Context()
    found = [finding for check in _CHECKS for finding in check(rule_set, known)]
    found += text.findings(rule_set, body)
    return tuple(sorted(dict.fromkeys(found), key=lambda each: each.severity != "warning"))
