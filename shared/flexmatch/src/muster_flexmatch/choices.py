"""Where AWS is silent or contradicts itself: each reading is one switch or one constant, with its default here.

docs/fidelity.md of this library lists them beside what is faithful.
"""

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Choices:
    """The readings that can be switched; the defaults are what deployed samples and clients rely on.

    Attributes:
        comments: accept `//` and `/* */` in rule sets; AWS's text forbids them, its deployed samples have them.
        algorithm_expansions: accept expansions of `algorithm.backfillPriority` and `algorithm.batchingPreference`;
            AWS documents none, other tools know them. They follow the age of the pool's oldest ticket.
        members_count_alone: a rule named in a compound rule must hold on its own too. Off: it counts only through
            the compound rule; AWS's example of alternatives makes sense only so.
        pairs_only: `and`, `or` and `xor` take exactly two operands, as AWS's text says. Off: two or more.
        common_region: a latency rule wants one region that is fast enough for everybody. Off: everybody has some
            region that is.
        deviation: `stddev` of the population or of a sample.
    """

    comments: bool = True
    algorithm_expansions: bool = True
    members_count_alone: bool = False
    pairs_only: bool = False
    common_region: bool = True
    deviation: Literal["population", "sample"] = "population"


DEFAULT: Final = Choices()

BATCH: Final = 100
"""Tickets that one anchor is tried with. AWS does not tell its number."""

CADENCE_S: Final = 1.0
"""Seconds between two looks at a pool, for those who drive a matchmaker; users report matches 1 to 3 s after the last
ticket."""
