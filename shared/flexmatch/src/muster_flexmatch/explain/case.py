"""What an explanation is about, and how its parts come together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from muster_flexmatch.evaluate import Judge
from muster_flexmatch.explain import words
from muster_flexmatch.explain.answer import Cause, Change, Explanation, Pairs, Partial, Status
from muster_flexmatch.rules import RuleSet
from muster_flexmatch.values import Ticket


@dataclass(frozen=True, slots=True)
class Case:
    """What an explanation is about."""

    rules: RuleSet
    judge: Judge
    ticket: Ticket
    age_s: float
    now_s: float

    def answer(  # noqa: PLR0913 - the parts of an explanation
        self,
        status: Status,
        cause: Cause | None,
        *,
        pairs: Pairs,
        together: Sequence[Cause] = (),
        alternatives: Sequence[Cause] = (),
        partial: Partial | None = None,
        change: Change | None = None,
        partners: Sequence[str] = (),
    ) -> Explanation:
        """Return the explanation with its summary."""
        made = Explanation(
            self.ticket.ticket_id,
            status,
            self.age_s,
            cause,
            tuple(together),
            tuple(alternatives),
            partial,
            pairs,
            change,
            tuple(partners),
            "",
        )
        return replace(made, summary=words.summary(made))
