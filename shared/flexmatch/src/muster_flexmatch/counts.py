"""How often rules passed and failed while a pool was looked at."""

from collections.abc import Mapping

from muster_flexmatch.rules import RuleSet, Sort
from muster_flexmatch.values import Evaluation


class Counts:
    """How often each rule passed and failed."""

    def __init__(self, rules: RuleSet) -> None:
        """Start at nothing for every rule that can hold or fail."""
        self.passed = {rule.name: 0 for rule in rules.rules if not isinstance(rule, Sort)}
        self.failed = dict(self.passed)

    def add(self, other: "Counts") -> None:
        """Add what another search counted."""
        for name in self.passed:
            self.passed[name] += other.passed[name]
            self.failed[name] += other.failed[name]

    def take(self, verdicts: Mapping[str, bool]) -> None:
        """Count the verdicts on one candidate."""
        for name, held in verdicts.items():
            if held:
                self.passed[name] += 1
            else:
                self.failed[name] += 1

    def evaluations(self) -> tuple[Evaluation, ...]:
        """Return the counts, in the order of the rules."""
        return tuple(Evaluation(name, passed, self.failed[name]) for name, passed in self.passed.items())
