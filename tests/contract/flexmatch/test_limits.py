"""Hostile and absurd input: refused or read at once, with the element named, and never a tick that hangs.

What is counted is calls, the same on every machine; `benchmarks/flexmatch.py` takes the time of the same input.
"""

import json
import sys
from collections.abc import Callable
from types import FrameType

import pytest
from flexmatch_fuzz import run
from flexmatch_hostile import BASE, READ, REFUSED, near, steps

from muster_flexmatch import Matchmaker, Player, RuleSetInvalid, Ticket, parse_rule_set

MOST_CALLS = 500_000
"""Calls of functions, Python's own among them, in the parsing of one text; some 60 ms where this was chosen."""
MOST_TICK_CALLS = 2_000_000


def calls_of(work: Callable[[], object]) -> int:
    """Return how many calls of functions *work* causes."""
    count = 0

    def note(_frame: FrameType, event: str, _detail: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def judged(body: str) -> tuple[int, tuple[str, ...]]:
    """Parse *body*; return how many calls that took, and what was wrong."""
    found: tuple[str, ...] = ()

    def parse() -> None:
        nonlocal found
        try:
            parse_rule_set(body)
        except RuleSetInvalid as error:
            found = error.problems

    return calls_of(parse), found


@pytest.mark.parametrize("kind", READ)
def test_what_is_long_but_right_is_read_at_once(kind: str) -> None:
    calls, found = judged(READ[kind])

    assert found == ()
    assert calls < MOST_CALLS


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_malformed_is_refused_at_once_and_the_element_is_named(kind: str) -> None:
    body, element = REFUSED[kind]

    calls, found = judged(body)

    assert any(problem.startswith(f"{element}:") for problem in found), found[:3]
    assert calls < MOST_CALLS


def test_fifty_kinds_of_malformed_rule_sets_are_tried() -> None:
    assert len(REFUSED) >= 50


def test_a_tick_under_hundreds_of_expansions_ends() -> None:
    rules = parse_rule_set(
        json.dumps(
            BASE
            | {
                "rules": [near(number) for number in range(50)],
                "expansions": [
                    {"target": f"rules[{','.join(f'R{n}' for n in range(50))}].maxDistance", "steps": steps(500)}
                ],
            }
        )
    )
    matchmaker = Matchmaker(rules)
    for number in range(300):
        matchmaker.add(Ticket(f"t{number}", (Player(f"p{number}", {"skill": number * 37.0}),), float(number)))

    assert calls_of(lambda: matchmaker.tick(400.0, 1)) < MOST_TICK_CALLS


def test_damaged_rule_sets_are_read_or_refused_and_matched_without_a_crash() -> None:
    tally = run(400, seed=3)

    assert tally.refused > 100
    assert tally.accepted > 50
