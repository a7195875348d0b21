"""One thing that a rule set's author would want to know before players do."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["warning", "advice"]


@dataclass(frozen=True, slots=True)
class Context:
    """What the rule set itself does not say.

    Attributes:
        request_timeout_s: `RequestTimeoutSeconds` of the matchmaking configuration.
        largest_party: the most players that one ticket will have.
    """

    request_timeout_s: float = 43_200.0  # the most that a configuration allows
    largest_party: int = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """A legal rule set will disappoint here.

    Attributes:
        code: names the kind of finding; stable.
        severity: a warning for what hardly anyone wants, advice for what some want.
        element: where in the rule set, as in `rules[FairTeams].maxDistance`.
        problem: what will happen, with numbers where there are some.
        mend: what to write instead.
    """

    code: str
    severity: Severity
    element: str
    problem: str
    mend: str


def warning(code: str, element: str, problem: str, mend: str) -> Finding:
    """Return a finding that hardly anyone wants."""
    return Finding(code, "warning", element, problem, mend)


def advice(code: str, element: str, problem: str, mend: str) -> Finding:
    """Return a finding that some want."""
    return Finding(code, "advice", element, problem, mend)
