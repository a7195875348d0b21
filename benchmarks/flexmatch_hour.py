"""An hour with 10,000 players, simulated as `flexmatch simulate` does it, in CPU-seconds.

The examples of the library and every rule set of the benchmark, each with players who give up after four minutes on
average, and with players who stay until the request times out after five.
"""

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flexmatch_scenarios import SCENARIOS, Scenario

from muster_flexmatch import RuleSet, parse_rule_set
from muster_flexmatch.simulate import Arrival, Options, arrivals, complete, population_of, simulate

EXAMPLES = Path(__file__).parents[1] / "shared" / "flexmatch" / "examples"
SEED = 1
SECONDS = 3_600.0
PLAYERS = 10_000
TIMEOUT_S = 300.0
PATIENCE_S = 240.0
HOUR_HEADER = ("an hour with 10,000 players", "CPU-s", "matched", "wait p50, s", "wait p99, s", "mostly waiting")
EVENING: dict[str, Any] = {
    "seconds": SECONDS,
    "arrivals": {"players": PLAYERS, "shape": [[0, 1], [1800, 3], [3600, 1]]},
    "party_spread": 0.5,
    "attributes": {"skill": {"normal": [1500, 300], "min": 0, "max": 3000}},
    "regions": {
        "europe": {"share": 5, "latencies": {"eu-west-1": [35, 12], "us-east-1": [110, 15]}},
        "america": {"share": 4, "latencies": {"us-east-1": [40, 15], "eu-west-1": [115, 15]}},
        "asia": {"share": 1, "latencies": {"ap-northeast-1": [40, 12], "us-east-1": [190, 20]}},
    },
    "request_timeout_s": TIMEOUT_S,
}
"""As in examples/populations/evening.yaml."""


@dataclass(frozen=True)
class Hour:
    """One configuration.

    Attributes:
        name: as the table shows it.
        rules: the rule set.
        coming: who comes.
    """

    name: str
    rules: RuleSet
    coming: list[Arrival]


def hours() -> Iterator[Hour]:
    """Yield the configurations."""
    for name in ("arena-5v5", "arena-5v5-strict"):
        document = json.loads((EXAMPLES / f"{name}.json").read_text())
        for parties in ({1: 1}, {1: 60, 2: 25, 3: 10, 5: 5}):
            for age in ("newest", "oldest"):
                for patience in (True, False):
                    said = f"{name}, {age}, {'solo' if len(parties) == 1 else 'parties'}"
                    rules = parse_rule_set(json.dumps(document | {"algorithm": {"expansionAgeSelection": age}}))
                    who: dict[str, Any] = EVENING | {"parties": parties}
                    if patience:
                        who |= {"patience": {"exponential": PATIENCE_S}}
                    yield Hour(named(said, patience=patience), rules, arrivals(population_of(who), SEED))
    for scenario in SCENARIOS:
        rules = parse_rule_set(scenario.rules)
        for patience in (True, False):
            yield Hour(named(scenario.name, patience=patience), rules, made(scenario, patience=patience))


def named(name: str, *, patience: bool) -> str:
    """Return the name of a configuration."""
    return name if patience else f"{name}; nobody gives up"


def made(scenario: Scenario, *, patience: bool) -> list[Arrival]:
    """Return the tickets of a scenario as they come in an hour."""
    rng = random.Random(SEED)  # noqa: S311 - a made-up population
    found: list[Arrival] = []
    players = number = 0
    while players < PLAYERS:
        ticket = scenario.ticket(rng, number, SECONDS * players / PLAYERS)
        leaves = min(TIMEOUT_S, rng.expovariate(1 / PATIENCE_S)) if patience else TIMEOUT_S
        found.append(Arrival(ticket, leaves))
        players += len(ticket.players)
        number += 1
    return found


def simulated(hour: Hour) -> tuple[str, ...]:
    """Simulate an hour and return what the table shows of it."""
    coming = complete(hour.rules, hour.coming)
    waiting: list[int] = []
    begun = time.process_time()
    result = simulate(
        hour.rules,
        coming,
        Options(seed=SEED, seconds=SECONDS, timeout_s=TIMEOUT_S),
        progress=lambda _done, _all, count: waiting.append(count),
    )
    took = time.process_time() - begun
    return (
        hour.name,
        f"{took:.1f}",
        f"{100 * result.matched_share:.1f} %",
        f"{result.wait.p50:.1f}",
        f"{result.wait.p99:.1f}",
        f"{sorted(waiting)[len(waiting) // 2]:,}",
    )
