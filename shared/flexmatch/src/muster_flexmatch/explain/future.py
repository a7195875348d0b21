"""What will change a ticket's wait: the same pool, later."""

from collections.abc import Sequence
from dataclasses import dataclass

from muster_flexmatch.explain.answer import Cause, Change
from muster_flexmatch.explain.case import Case
from muster_flexmatch.explain.pairing import Pairing
from muster_flexmatch.explain.search import BATCH, Around, Candidate
from muster_flexmatch.lint.expansions import first_value, target_of
from muster_flexmatch.rules import Expansion
from muster_flexmatch.seating import Entrant


@dataclass(frozen=True, slots=True)
class _Later:
    """A search at a later time."""

    at_s: float
    found: Candidate | None


def change(
    case: Case, mine: Entrant, others: Sequence[Entrant], cause: Cause, together: Sequence[Cause]
) -> Change | None:
    """Return the first expansion step that brings a match about with this pool.

    When none does, the next step of what stops the ticket; None when nothing of it expands any more.
    """
    near = list(others[: BATCH * 2])
    times = _times(case, mine, near)
    if not times:
        return None
    last = _at(case, mine, near, times[-1])
    if last.found is None:
        return _next_step(case, mine, cause, together)
    first = last
    low, high = 0, len(times) - 1
    while low < high:  # expansions loosen with time, so what is possible stays possible
        middle = (low + high) // 2
        look = _at(case, mine, near, times[middle])
        if look.found is not None:
            first, high = look, middle
        else:
            low = middle + 1
    return _described(case, first, cause)


def _times(case: Case, mine: Entrant, others: Sequence[Entrant]) -> list[float]:
    starts = {one.ticket.started_at_s for one in (mine, *others)}
    waits = {step.wait_s for each in case.rules.expansions for step in each.steps}
    return sorted({start + wait for start in starts for wait in waits if start + wait > case.now_s})


def _at(case: Case, mine: Entrant, others: Sequence[Entrant], at_s: float) -> _Later:
    pairing = Pairing(case.rules, case.judge, at_s)
    around = Around(case.rules, case.judge, mine, at_s)
    allowed = [one for one in others if mine.player_ids.isdisjoint(one.player_ids) and not pairing.broken(mine, one)]
    return _Later(at_s, around.run(allowed).found)


def _described(case: Case, later: _Later, cause: Cause) -> Change | None:
    assert later.found is not None
    starts = {one.ticket.ticket_id: one.ticket.started_at_s for one, _ in later.found.seats}
    newest = case.rules.algorithm.expansion_age == "newest"
    clock = (max if newest else min)(starts, key=lambda name: (starts[name], name))
    then = case.rules.reached(later.found.age_s)
    now = case.rules.reached(max(0.0, case.now_s - starts[clock]))
    moved = [
        (each, before, after)
        for each, before, after in zip(case.rules.expansions, now, then, strict=True)
        if after > before
    ]
    if not moved:
        return None
    names = cause.element
    each, before, after = next((found for found in moved if _touches(found[0], names)), moved[0])
    return Change(
        target_of(each),
        _value(case, each, before),
        _value(case, each, after),
        later.at_s - case.now_s,
        later.at_s,
        clock,
        enough=True,
    )


def _next_step(case: Case, mine: Entrant, cause: Cause, together: Sequence[Cause]) -> Change | None:
    start = mine.ticket.started_at_s
    waits: list[tuple[float, Expansion, int]] = []
    for each in case.rules.expansions:
        if any(_touches(each, one.element) for one in (cause, *together)):
            done = each.reached(case.age_s)
            if done < len(each.steps):
                waits.append((each.steps[done].wait_s, each, done))
    if not waits:
        return None
    wait_s, each, done = min(waits, key=lambda found: found[0])
    before, after = _value(case, each, done), _value(case, each, done + 1)
    at_s = start + wait_s
    return Change(target_of(each), before, after, at_s - case.now_s, at_s, mine.ticket.ticket_id, enough=False)


def _touches(expansion: Expansion, element: str) -> bool:
    if element == "teams":
        return expansion.target == "teams"
    owner = element.partition("[")[2].rpartition("]")[0]
    if expansion.target == "teams":
        return element.startswith("teams") and any(owner in {name, owner} for name in expansion.names)
    return element.startswith("rules") and owner in expansion.names


def _value(case: Case, expansion: Expansion, steps: int) -> float | str | None:
    value = first_value(case.rules, expansion) if steps == 0 else expansion.steps[steps - 1].value
    return value if isinstance(value, float | int | str) or value is None else str(value)
