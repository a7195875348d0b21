"""Simulations in virtual time: who arrives, who is matched, who leaves, and what is said of it."""

import functools
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from muster_flexmatch import Player, Ticket, parse_rule_set
from muster_flexmatch.report import report
from muster_flexmatch.report.scale import seconds, shown, ticks
from muster_flexmatch.simulate import (
    Arrival,
    Options,
    PopulationInvalid,
    Result,
    arrivals,
    complete,
    population_of,
    recorded,
    rows,
    simulate,
)
from muster_flexmatch.simulate.draw import distribution
from muster_flexmatch.simulate.result import spread

DUEL = {
    "name": "duel",
    "ruleLanguageVersion": "1.0",
    "playerAttributes": [{"name": "skill", "type": "number", "default": 1000}],
    "teams": [{"name": "red", "minPlayers": 1, "maxPlayers": 1}, {"name": "blue", "minPlayers": 1, "maxPlayers": 1}],
    "rules": [{"name": "Spread", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 100}],
    "expansions": [{"target": "rules[Spread].maxDistance", "steps": [{"waitTimeSeconds": 20, "value": 500}]}],
}
POPULATION: dict[str, Any] = {
    "name": "some",
    "seconds": 300,
    "arrivals": {"players": 200, "shape": [[0, 1], [150, 3], [300, 1]]},
    "parties": {"1": 1},
    "attributes": {"skill": {"normal": [1000, 300], "min": 0}},
    "regions": {"here": {"share": 2, "latencies": {"a": [30, 5]}}, "there": {"latencies": {"b": [30, 5]}}},
    "patience": {"exponential": 60},
    "request_timeout_s": 90,
}


def run(population: Mapping[str, Any] = POPULATION, *, seed: int = 3, **options: Any) -> Result:
    rules = parse_rule_set(json.dumps(DUEL))
    found = population_of(population)
    how = Options(seed, explained=1, population="some", seconds=found.seconds, timeout_s=found.request_timeout_s)
    return simulate(rules, complete(rules, arrivals(found, seed)), replace(how, **options))


@functools.cache
def usual(seed: int = 3) -> Result:
    """Return the run that several tests look at."""
    return run(seed=seed)


def pair(second_at: float, skill: float = 1000.0, leaves_after_s: float = 60.0) -> list[Arrival]:
    return [
        Arrival(Ticket(f"t{place}", (Player(f"p{place}", {"skill": value}),), at), leaves_after_s)
        for place, (at, value) in enumerate([(0.0, 1000.0), (second_at, skill)])
    ]


def duel(found: list[Arrival], **options: Any) -> Result:
    return simulate(parse_rule_set(json.dumps(DUEL)), found, replace(Options(seconds=100.0), **options))


def test_every_ticket_is_matched_or_leaves() -> None:
    result = usual()

    assert 200 == result.players == result.tickets
    assert result.tickets == result.matched_tickets + result.abandoned + result.timed_out
    assert result.matched_tickets == sum(each.matched for each in result.moments) == 2 * result.matches
    assert result.tickets == sum(each.arrived for each in result.moments)
    assert 0 == result.moments[-1].waiting
    assert {"party size", "region", "skill"} == set(result.groups)
    assert result.tickets == sum(group.tickets for group in result.groups["skill"])


def test_the_same_seed_gives_the_same_result_and_another_seed_another() -> None:
    assert usual().to_json() == run().to_json()
    assert usual().to_json() != usual(4).to_json()


def test_a_match_is_made_at_the_first_look_after_both_are_there() -> None:
    result = duel(pair(4.5))

    assert (1, 5.0, 0.5) == (result.matches, result.wait.most, result.wait.p50)


def test_an_expansion_is_reached_to_the_second_without_looking_at_an_unchanged_pool() -> None:
    result = duel(pair(4.5, skill=1400.0))

    assert (25.0, 20.5) == (result.wait.most, result.wait.p50)
    assert 6 >= result.looks


def test_who_leaves_early_gave_up_and_who_stays_to_the_end_timed_out() -> None:
    early, late = duel(pair(0, 5000)), duel(pair(0, 5000, leaves_after_s=600))

    assert (2, 0) == (early.abandoned, early.timed_out)
    assert (0, 2) == (late.abandoned, late.timed_out)


def test_those_who_left_are_explained() -> None:
    result = duel(pair(0, 5000))

    assert "rules[Spread].maxDistance" == result.why[0].element
    assert "4,000" in result.why[0].example
    assert () == duel(pair(0, 5000), explained=0).why


def test_the_quality_of_matches_is_measured() -> None:
    result = duel(pair(0, 1080))

    assert (80.0, 80.0) == (result.quality["skill"].within.most, result.quality["skill"].between.most)
    assert {2: 1} == dict(result.sizes)


def test_players_who_return_queue_again_with_a_new_ticket() -> None:
    population = population_of({**POPULATION, "returns": {"share": 1, "after": 30}})
    again = run({**POPULATION, "returns": {"share": 1, "after": 30}}, returns=population.returns)

    assert again.tickets > usual().tickets


def test_recorded_tickets_keep_their_distances_in_time() -> None:
    found = recorded([Ticket("b", (Player("b"),), 1_000_012.5), Ticket("a", (Player("a"),), 1_000_000.0)], 60)

    assert [("a", 0.0), ("b", 12.5)] == [(each.ticket.ticket_id, each.ticket.started_at_s) for each in found]


def test_arrivals_follow_the_shape_and_parties_their_shares() -> None:
    found = arrivals(population_of({**POPULATION, "arrivals": {"players": 3000, "shape": [[0, 0], [300, 1]]}}), 1)
    friends = arrivals(population_of({**POPULATION, "parties": {"3": 1}, "party_spread": 0}), 1)

    early = sum(each.ticket.started_at_s < 150 for each in found)
    assert 650 < early < 850  # a quarter of a triangle lies in its first half
    assert {3, 2} == {len(each.ticket.players) for each in friends}  # 200 is no multiple of 3
    assert all(len({player.attributes["skill"] for player in each.ticket.players}) == 1 for each in friends)


def test_steady_arrivals_are_evenly_spaced() -> None:
    found = arrivals(population_of({"seconds": 60, "arrivals": {"per_minute": 6, "process": "steady"}}), 1)

    assert [5.0, 15.0, 25.0, 35.0, 45.0, 55.0] == [round(each.ticket.started_at_s, 6) for each in found]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"arrivals": {}}, "arrivals.players: must be 1 to 2,000,000"),
        ({"arrivals": {"players": 5, "shape": [[5, 1], [0, 1]]}}, "arrivals.shape: times must rise"),
        ({"parties": {"11": 1}}, "parties[11]: must be a size of 1 to 10"),
        ({"attributes": {"skill": {"normal": [1]}}}, "attributes[skill]: normal takes 2 numbers"),
        ({"attributes": {"skill": {"choice": {}}}}, "attributes[skill]: choice must be a list"),
        ({"attributes": {"skill": {"mean": 1}}}, "attributes[skill]: must have exactly one of"),
        ({"regions": {"here": {}}}, "regions[here]: must be an object with latencies"),
        ({"patience": "long"}, "patience: must be a distribution of numbers"),
        ({"returns": {"share": 2}}, "returns.share: must be 0 to 1"),
        ({"colour": 1}, "colour: is not known"),
    ],
)
def test_a_population_that_cannot_be_used_is_refused_by_element(change: Mapping[str, Any], problem: str) -> None:
    with pytest.raises(PopulationInvalid) as caught:
        population_of({**POPULATION, **change})

    assert [each for each in caught.value.problems if each.startswith(problem)]


@pytest.mark.parametrize(
    ("given", "low", "high"),
    [
        (5, 5, 5), ({"uniform": [1, 2]}, 1, 2), ({"normal": [0, 9], "min": -1, "max": 1}, -1, 1),
        ({"lognormal": [10, 0.1]}, 4, 20), ({"exponential": 3, "max": 9}, 0, 9), ({"choice": [1, 2]}, 1, 2),
    ],
)  # fmt: skip
def test_numbers_are_drawn_within_their_bounds(given: object, low: float, high: float) -> None:
    import random  # noqa: PLC0415 - the seed is the point

    rng = random.Random(1)  # noqa: S311 - a test
    drawn = [distribution(given).draw(rng) for _ in range(50)]

    assert all(isinstance(value, float) and low <= value <= high for value in drawn)


def test_lists_and_maps_are_drawn_too() -> None:
    import random  # noqa: PLC0415 - the seed is the point

    rng = random.Random(1)  # noqa: S311 - a test

    assert {1, 2} == {len(distribution({"pick": ["a", "b"], "count": [1, 2]}).draw(rng)) for _ in range(20)}  # type: ignore[arg-type]
    assert {"a": 4.0} == distribution({"map": {"a": 4}}).draw(rng)
    assert ("a", "b") == distribution(["a", "b"]).draw(rng)


def test_percentiles_are_values_that_occurred() -> None:
    found = spread(list(range(1, 101)))

    assert (100, 50.5, 50, 75, 90, 99, 100) == (
        found.count, found.mean, found.p50, found.p75, found.p90, found.p99, found.most,
    )  # fmt: skip
    assert 51 == len(found.curve)
    assert 0 == spread([]).most


def test_the_long_table_has_every_number_of_each_rule_set() -> None:
    found = rows([duel(pair(0))])

    assert ("duel", "matches", "", 1.0) in found
    assert ("duel", "wait_s", "p50", 1.0) in found
    assert ("duel", "rule_pass_share", "Spread", 1.0) in found


def test_the_report_is_one_page_that_needs_nothing_else() -> None:
    page = report([usual(), replace(usual(4), rule_set="<other>")], command="flexmatch compare")

    assert page.startswith("<!doctype html>")
    assert "&lt;other&gt;" in page
    assert page.count("<svg") >= 8
    assert not [each for each in ("http://", "https://", "<script", "src=", "@import", "url(") if each in page]


def test_a_report_of_nothing_but_waiting_can_be_made() -> None:
    assert "0 %" in report([duel(pair(0, 5000))])


def test_axes_have_round_values_and_people_read_durations() -> None:
    assert [0, 20, 40, 60, 80, 100] == ticks(97, "number")
    assert [0, 30, 60, 90, 120] == ticks(110, "seconds")
    assert ["8.4 s", "2.5 min", "1 h 30 min", "2 h"] == [seconds(value) for value in (8.4, 150, 5400, 7200)]
    assert ["12.5 %", "1,234", "35 ms"] == [shown(0.125, "share"), shown(1234, "number"), shown(35, "ms")]
