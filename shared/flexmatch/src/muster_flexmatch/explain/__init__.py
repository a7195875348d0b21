"""Why does this ticket wait? `explain(rules, tickets, ticket_id, now_s, seed)`.

The answer is counterfactual: the blocking cause is what, taken away, lets the same search form a match with the same
pool. Its numbers come from the candidate that comes about then, narrowed until nothing nearer is found.
"""

from muster_flexmatch.explain.answer import Cause, Change, Check, Explanation, Kind, Pairs, Partial, Seats, Status
from muster_flexmatch.explain.reason import explain

__all__ = [
    "Cause",
    "Change",
    "Check",
    "Explanation",
    "Kind",
    "Pairs",
    "Partial",
    "Seats",
    "Status",
    "explain",
]
