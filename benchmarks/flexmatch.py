"""Matches per CPU-second of `muster_flexmatch`, one core, pure functions: every scenario in the same columns.

A pass is one `tick` over a pool in which everyone waits; matched is the share of tickets that it matched; spread is
the mean distance between the highest and the lowest skill of a match. Tickets of a pool came during the last second.
Further parts: steady arrival, memory, simulated hours, and how long hostile texts take to parse.
"""

import argparse
import gc
import json
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flexmatch_hour import HOUR_HEADER, hours, simulated
from flexmatch_scenarios import SCENARIOS, Scenario, solo
from flexmatch_steady import steady

from muster_flexmatch import Match, Matchmaker, Player, RuleSetInvalid, Ticket, parse_rule_set

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))

from flexmatch_hostile import READ, REFUSED

SEED = 7
SLOWEST_SHOWN = 5
LIMITS_HEADER = ("slowest hostile texts", "characters", "answer", "CPU-ms")
UNMATCHABLE = Ticket("oldest", (Player("oldest", {"skill": 9_000.0}, {"us-east-1": 20}),), -60.0)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    pool: int
    per_cpu_s: float
    pass_s: float
    matched: float
    spread: float
    intake: float

    def cells(self) -> tuple[str, ...]:
        """Return the line as the table shows it."""
        return (
            self.name,
            f"{self.pool:,}",
            f"{self.per_cpu_s:,.0f}",
            f"{self.pass_s:.3f}",
            f"{100 * self.matched:.1f} %",
            f"{self.spread:,.1f}",
            f"{self.intake:,.0f}",
        )


HEADER = ("scenario", "waiting", "matches per CPU-s", "one pass, s", "matched", "spread", "intake per CPU-s")


def population(scenario: Scenario, count: int) -> list[Ticket]:
    """Return a pool; the same for the same count."""
    rng = random.Random(SEED)  # noqa: S311 - a made-up population
    return [scenario.ticket(rng, number, number / count) for number in range(count)]


def spread_of(match: Match, skills: dict[str, list[float]]) -> float:
    """Return the distance between the highest and the lowest skill."""
    found = [skill for ticket_id in match.ticket_ids for skill in skills[ticket_id]]
    return max(found) - min(found)


def measured(scenario: Scenario, tickets: Sequence[Ticket], name: str | None = None) -> Row:
    """Let tickets wait, look at them once, and return what that took: the best of three."""
    rules = parse_rule_set(scenario.rules)
    intakes, passes = [], []
    for _ in range(3):  # a new pool each time: one that lives on remembers what it searched in vain
        gc.collect()
        begun = time.process_time()
        matchmaker = Matchmaker(rules)
        for ticket in tickets:
            matchmaker.add(ticket)
        between = time.process_time()
        outcome = matchmaker.tick(1.0, SEED)
        passes.append(time.process_time() - between)
        intakes.append(between - begun)
    skills = {each.ticket_id: [float(p.attributes["skill"]) for p in each.players] for each in tickets}  # type: ignore[arg-type]
    matched = sum(len(match.ticket_ids) for match in outcome.matches)
    spreads = [spread_of(match, skills) for match in outcome.matches]
    return Row(
        name=name or scenario.name,
        pool=len(tickets),
        per_cpu_s=len(outcome.matches) / min(passes),
        pass_s=min(passes),
        matched=matched / len(tickets),
        spread=statistics.fmean(spreads) if spreads else 0.0,
        intake=len(tickets) / min(intakes),
    )


def rows(wanted: str) -> Iterator[Row]:
    """Measure every scenario whose name contains a text."""
    for scenario in SCENARIOS:
        if wanted in scenario.name:
            for count in scenario.pools:
                yield measured(scenario, population(scenario, count))
    main = SCENARIOS[0]
    if wanted in main.name:
        tickets = [UNMATCHABLE, *population(main, 10_000)]
        yield measured(main, tickets, f"{main.name}; the oldest is unmatchable")


def table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    rule = ("---", *("---:" for _ in header[1:]))
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rule, *lines))


def limits() -> list[tuple[str, ...]]:
    """Parse every hostile text of the tests and return the slowest of them; the best of three times each."""
    texts = {**{name: (body, "read") for name, body in READ.items()}, **refused()}
    found = []
    for name, (body, expected) in texts.items():
        took, answer = min(parsed(body) for _ in range(3))
        if answer != expected:
            raise AssertionError(f"{name}: {answer}")
        found.append((took, name, f"{len(body):,}", answer))
    found.sort(reverse=True)
    slowest = [(name, size, answer, f"{1000 * took:.1f}") for took, name, size, answer in found[:SLOWEST_SHOWN]]
    return [*slowest, (f"all {len(found)} texts, the slowest", "", "", f"{1000 * found[0][0]:.1f}")]


def refused() -> dict[str, tuple[str, str]]:
    """Return the malformed texts."""
    return {name: (body, "refused") for name, (body, _) in REFUSED.items()}


def parsed(body: str) -> tuple[float, str]:
    """Return how long it takes to read or refuse a text, in CPU-seconds, and which it was."""
    answer = "read"
    gc.collect()
    begun = time.process_time()
    try:
        parse_rule_set(body)
    except RuleSetInvalid:
        answer = "refused"
    return time.process_time() - begun, answer


def memory() -> str:
    """Return what one waiting ticket takes: the ticket itself, and what the matchmaker keeps of it."""
    rules = parse_rule_set(SCENARIOS[0].rules)
    count = 10_000
    rng = random.Random(SEED)  # noqa: S311 - a made-up population
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    tickets = [solo(rng, number, number / count) for number in range(count)]
    between = tracemalloc.get_traced_memory()[0]
    matchmaker = Matchmaker(rules)
    for ticket in tickets:
        matchmaker.add(ticket)
    matchmaker.tick(1.0, SEED)
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (
        f"memory per waiting ticket: {(between - before) / count / 1024:.2f} KiB for the ticket, "
        f"{(after - between) / count / 1024:.2f} KiB for the matchmaker"
    )


def shown(lines: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return lines, each printed as soon as it is measured."""
    found = []
    for cells in lines:
        found.append(cells)
        print("  " + " | ".join(cells), flush=True)
    return found


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--section", choices=("pools", "steady", "memory", "hours", "limits"), help="only this part")
    parser.add_argument("--only", default="", help="scenarios whose name contains this text")
    parser.add_argument("--json", action="store_true", help="print the rows of pools as JSON instead")
    arguments = parser.parse_args()
    if arguments.json:
        for row in rows(arguments.only):
            print(json.dumps(vars(row)), flush=True)
        return
    wanted = {arguments.section} if arguments.section else {"pools", "steady", "memory", "hours", "limits"}
    if "pools" in wanted:
        print(table(HEADER, shown(row.cells() for row in rows(arguments.only))) + "\n")
    if "steady" in wanted and not arguments.only:
        print(steady() + "\n")
    if "memory" in wanted and not arguments.only:
        print(memory() + "\n")
    if "hours" in wanted:
        print(table(HOUR_HEADER, shown(simulated(hour) for hour in hours() if arguments.only in hour.name)) + "\n")
    if "limits" in wanted and not arguments.only:
        print(table(LIMITS_HEADER, limits()))


if __name__ == "__main__":
    main()
