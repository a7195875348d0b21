"""However virtual time is cut into advances, the same things happen at the same instants."""

import random
from itertools import pairwise
from typing import Any

import pytest
from gamelift_control import ControlledBench

RULES = {
    "name": "",
    "ruleLanguageVersion": "1.0",
    "playerAttributes": [{"name": "skill", "type": "number"}],
    "teams": [
        {"name": "red", "minPlayers": 1, "maxPlayers": 2},
        {"name": "blue", "minPlayers": 1, "maxPlayers": 2},
    ],
    "rules": [
        {
            "name": "Close",
            "type": "distance",
            "measurements": ["max(flatten(teams[*].players.attributes[skill]))"],
            "referenceValue": "min(flatten(teams[*].players.attributes[skill]))",
            "maxDistance": 2,
        }
    ],
    "expansions": [
        {
            "target": "rules[Close].maxDistance",
            "steps": [{"waitTimeSeconds": 3, "value": 10}, {"waitTimeSeconds": 8, "value": 40}],
        }
    ],
}


async def play(seed: int, *, cuts: int) -> list[tuple[str, str, tuple[str, ...]]]:
    """Play one random evening; return instant, type and tickets of each notice.

    Args:
        seed: of what players do and when.
        cuts: into so many advances the time between two requests is cut, at random milliseconds.
    """
    acts = random.Random(seed)  # noqa: S311 - repeatable on purpose
    knife = random.Random(1000 * cuts + seed)  # noqa: S311 - the same
    bench = ControlledBench()
    await bench.freeze()
    bench.configure_with_queue(
        rules=RULES, AcceptanceRequired=seed % 2 == 0, AcceptanceTimeoutSeconds=4, RequestTimeoutSeconds=15
    )
    await bench.processes(1)
    for number in range(14):
        bench.start(f"t-{number}", PlayerAttributes={"skill": {"N": acts.randrange(60)}})
        await cut(bench, knife, acts.randrange(1, 3000), cuts)
        asked = [one for one in range(number) if bench.status(f"t-{one}") == "REQUIRES_ACCEPTANCE"]
        for one in asked:
            if acts.random() < 0.6 and bench.status(f"t-{one}") == "REQUIRES_ACCEPTANCE":
                bench.accept(f"t-{one}", answer=acts.choice(["ACCEPT", "ACCEPT", "REJECT"]))
        if acts.random() < 0.1 and bench.status(f"t-{number}") == "SEARCHING":
            bench.call("StopMatchmaking", TicketId=f"t-{number}")
    await cut(bench, knife, 40_000, cuts)
    return [_told(envelope) for envelope in await bench.recorded()]


async def cut(bench: ControlledBench, knife: random.Random, span_ms: int, cuts: int) -> None:
    """Let so many milliseconds pass, in several advances."""
    places = sorted({0, span_ms, *(knife.randrange(span_ms) for _ in range(cuts - 1))})
    for start, end in pairwise(places):
        await bench.pass_time((end - start) / 1000)


def _told(envelope: dict[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    detail = envelope["detail"]
    return envelope["time"], detail["type"], tuple(sorted(one["ticketId"] for one in detail.get("tickets", ())))


@pytest.mark.parametrize("seed", range(6))
async def test_an_evening_is_the_same_however_it_is_cut(seed: int) -> None:
    whole, cut_up = await play(seed, cuts=1), await play(seed, cuts=5)

    assert whole == cut_up
    assert len(whole) > 20
