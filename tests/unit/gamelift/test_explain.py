import json
from typing import Any

import pytest

from muster_gamelift.errors import UnknownResource
from muster_gamelift.explain import explain_ticket, prepare

RANKED = {
    "name": "ranked",
    "ruleLanguageVersion": "1.0",
    "playerAttributes": [
        {"name": "skill", "type": "number", "default": 10},
        {"name": "modes", "type": "string_list", "default": ["duel"]},
    ],
    "teams": [
        {"name": "red", "minPlayers": 1, "maxPlayers": 1},
        {"name": "blue", "minPlayers": 1, "maxPlayers": 1},
    ],
    "rules": [
        {
            "name": "FairTeams",
            "description": "Both sides should have a chance",
            "type": "distance",
            "measurements": ["avg(teams[red].players.attributes[skill])"],
            "referenceValue": "avg(teams[blue].players.attributes[skill])",
            "maxDistance": 10,
        },
        {
            "name": "SameMode",
            "type": "collection",
            "operation": "intersection",
            "measurements": ["flatten(teams[*].players.attributes[modes])"],
            "minCount": 1,
        },
    ],
    "expansions": [
        {
            "target": "rules[FairTeams].maxDistance",
            "steps": [{"waitTimeSeconds": 30, "value": 20}, {"waitTimeSeconds": 50, "value": 90}],
        }
    ],
}


def explained(bench: Any, ticket_id: str) -> dict[str, Any]:
    return explain_ticket(bench.world, ticket_id, bench.now_s)


def stuck(bench: Any, **given: Any) -> dict[str, Any]:
    """Two players whom FairTeams keeps apart for 50 s; the answer for the older one after 8 s."""
    bench.configure("ranked", rules=RANKED, **given)
    bench.start("t-1", "ann", configuration="ranked", PlayerAttributes={"skill": {"N": 10}})
    bench.advance(3)
    bench.start("t-2", "bob", configuration="ranked", PlayerAttributes={"skill": {"N": 60}})
    bench.advance(5)
    return explained(bench, "t-1")


def test_a_ticket_that_nobody_started_is_not_explained(bench: Any) -> None:
    with pytest.raises(UnknownResource):
        explained(bench, "t-1")


def test_a_lone_ticket_waits_for_players(bench: Any) -> None:
    bench.configure()
    bench.start("t-1", "ann")
    bench.advance(2)

    answer = explained(bench, "t-1")

    assert answer["status"] == "SEARCHING"
    assert answer["verdict"] == "waiting"
    assert answer["headline"] == "Too few players wait"
    assert answer["waitedSeconds"] == 2
    assert answer["timesOutInSeconds"] == 58
    assert "No other ticket waits in this pool." in answer["sentences"]
    assert [team["minPlayers"] for team in answer["teams"]] == [1, 1]


def test_the_rule_that_stops_a_ticket_is_told_with_its_numbers(bench: Any) -> None:
    answer = stuck(bench)

    assert answer["headline"] == "Held back by the rule FairTeams"
    assert answer["sentences"][1] == (
        "The rule FairTeams (“Both sides should have a chance”) stops it. It wants: the average skill of red is at most"
        " 10 away from the average skill of blue. The nearest possible match: 50 away (10 from 60)."
        " It keeps apart from: t-2. With 50 instead of 10 there would be a match now."
    )
    assert answer["cause"]["element"] == "rules[FairTeams].maxDistance"
    assert answer["cause"]["needed"] == 50
    assert answer["others"] == {"count": 1, "compatible": 0, "keptApart": [{"by": "rules[FairTeams]", "count": 1}]}


def test_the_expansion_that_will_help_is_told_with_its_time(bench: Any) -> None:
    answer = stuck(bench)

    assert answer["sentences"][-1] == (
        "In 45 s the rule FairTeams allows a distance of 90 instead of 10"
        " (the clock is ticket t-2: the newest of a match counts)."
        " That is enough for a match with the tickets that wait now."
    )
    assert answer["change"]["inSeconds"] == 45
    assert answer["change"]["enough"] is True


def test_an_expansion_after_the_time_out_is_called_too_late(bench: Any) -> None:
    answer = stuck(bench, RequestTimeoutSeconds=40)

    assert answer["sentences"][-1].endswith("But its request times out in 32 s, before that.")


def test_every_rule_is_listed_with_what_it_wants_and_has(bench: Any) -> None:
    answer = stuck(bench)

    assert [(rule["name"], rule["wants"]) for rule in answer["rules"]] == [
        ("FairTeams", "the average skill of red is at most 10 away from the average skill of blue"),
        ("SameMode", "modes of all teams: at least 1 in common to all"),
    ]
    assert [rule["has"] for rule in answer["rules"]][1] == "1 in common"


def test_answers_are_json_without_infinities(bench: Any) -> None:
    unbounded = {**RANKED, "rules": [{**RANKED["rules"][1], "minCount": 0}], "expansions": []}  # type: ignore[dict-item]  # plain JSON
    bench.configure("open", rules=unbounded)
    bench.start("t-1", configuration="open")
    bench.advance()

    json.dumps(explained(bench, "t-1"), allow_nan=False)


def test_a_prepared_explanation_is_about_the_moment_it_was_prepared(bench: Any) -> None:
    before = stuck(bench)
    later = prepare(bench.world, "t-1", bench.now_s)

    bench.advance(46)

    assert before == later()
    assert explained(bench, "t-1")["headline"] == "Matched"


def test_a_match_that_waits_for_answers_names_who_has_not_answered(bench: Any) -> None:
    bench.configure(AcceptanceRequired=True, AcceptanceTimeoutSeconds=20)
    bench.start("t-1", "ann")
    bench.start("t-2", "bob")
    bench.advance()
    bench.accept("t-1", "ann")
    bench.clock.advance(5)

    answer = explained(bench, "t-1")

    assert answer["verdict"] == "accepting"
    assert answer["sentences"][1] == "It waits for bob, 15 s at most."
    assert answer["answers"] == {"ann": True, "bob": None}


def test_a_placement_without_processes_says_to_start_one(bench: Any) -> None:
    bench.configure_with_queue()
    bench.start("t-1", "ann")
    bench.start("t-2", "bob")
    bench.advance()

    answer = explained(bench, "t-1")

    assert answer["headline"] == "Waiting for a free server process"
    assert "No server process is connected: start one that calls ProcessReady." in answer["sentences"]
    assert [one["location"] for one in answer["places"]] == ["custom-laptop", "custom-rack"]


def test_a_placement_whose_process_dawdles_says_what_the_process_must_do(bench: Any) -> None:
    bench.configure_with_queue()
    bench.ready()
    bench.start("t-1", "ann")
    bench.start("t-2", "bob")
    bench.advance()

    answer = explained(bench, "t-1")

    assert answer["headline"] == "Waiting for the game server to activate its session"
    assert "ActivateGameSession, within 60 s" in answer["sentences"][1]


def test_a_matched_ticket_tells_where_its_players_go(bench: Any) -> None:
    bench.configure_with_queue()
    bench.ready()
    bench.start("t-1", "ann")
    bench.start("t-2", "bob")
    bench.advance()
    bench.activate()

    answer = explained(bench, "t-1")

    assert answer["verdict"] == "ended"
    assert "Its players go to 127.0.0.1 port 7777." in answer["sentences"]
    assert answer["timesOutInSeconds"] is None


def test_an_ended_ticket_tells_its_reason(bench: Any) -> None:
    bench.configure()
    bench.start("t-1", "ann")
    bench.advance()
    bench.call("StopMatchmaking", TicketId="t-1")

    assert explained(bench, "t-1")["headline"] == "Cancelled: Cancelled"


def test_a_ticket_that_can_never_be_matched_says_so(bench: Any) -> None:
    bench.configure()
    bench.start("t-1", "ann", "bob")
    bench.advance()

    answer = explained(bench, "t-1")

    assert answer["verdict"] == "never"
    assert answer["headline"] == "The party is too large for every team, and no time will change that"
