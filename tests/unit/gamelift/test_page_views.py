import json
from collections.abc import Callable
from typing import Any

import pytest

from muster_gamelift.page.chronicle import Chronicle
from muster_gamelift.page.question import ROWS, Question, read
from muster_gamelift.page.views.source import Source
from muster_gamelift.page.views.table import VIEWS, view

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(bench: Any) -> Ask:
    """Return what the page shows of the bench, as it comes out of JSON."""

    def asked(what: str, **question: Any) -> dict[str, Any]:
        told = Chronicle()
        for notice in bench.recorder.notices:
            told.hand_over(notice)
        source = Source(bench.world, told, Question(what, region=bench.world.region, **question), bench.now_s)
        shown: dict[str, Any] = json.loads(json.dumps(view(source), allow_nan=False))
        return shown

    return asked


def placed(bench: Any) -> None:
    """Two players matched, placed, and seated."""
    bench.configure_with_queue()
    bench.ready()
    bench.start("t-1", "ann")
    bench.advance(2)
    bench.start("t-2", "bob")
    bench.advance(1)
    bench.clock.advance(3)
    bench.activate()


@pytest.mark.parametrize("what", VIEWS)
def test_an_empty_region_has_every_view(ask: Ask, what: str) -> None:
    assert ask(what)


@pytest.mark.parametrize("what", ["tickets", "configurations", "rule-sets", "sessions"])
def test_what_does_not_exist_is_shown_as_nothing(ask: Ask, what: str) -> None:
    assert ask(what, name="nobody") == {"one": None}


def test_a_view_that_does_not_exist_is_none(bench: Any) -> None:
    assert view(Source(bench.world, Chronicle(), Question("secrets"), 0.0)) is None


def test_a_ticket_is_followed_from_search_to_session(bench: Any, ask: Ask) -> None:
    placed(bench)

    one = ask("tickets", name="t-1")["one"]

    began = one["startedAt"]
    assert [(round(step["at"] - began), step["status"], step["text"]) for step in one["history"]] == [
        (0, "QUEUED", "StartMatchmaking was called."),
        (2, "SEARCHING", "It waits in the pool."),
        (3, "PLACING", "A match of 2 tickets with 2 players was made."),
        (3, None, "The queue main looks for a server process."),
        (6, None, "A game session runs in custom-laptop."),
        (6, "COMPLETED", "The match has its game session."),
    ]
    assert one["match"]["teams"].keys() == {"ann", "bob"}
    assert one["match"]["tickets"] == ["t-1", "t-2"]
    assert one["placements"][0]["status"] == "FULFILLED"
    assert one["session"]["address"] == "127.0.0.1:7777"


def test_a_placement_that_times_out_in_silence_is_in_the_history(bench: Any, ask: Ask) -> None:
    bench.configure_with_queue()
    bench.start("t-1", "ann")
    bench.start("t-2", "bob")
    bench.advance()
    bench.clock.advance(21)
    bench.engine.run_pass()

    steps = ask("tickets", name="t-1")["one"]["history"]

    silent = next(step for step in steps if "in silence" in step["text"])
    assert (silent["status"], silent["n"]) == ("SEARCHING", None)


def test_a_silent_cancellation_is_in_the_history(bench: Any, ask: Ask) -> None:
    bench.configure()
    bench.start("t-1", "ann")
    bench.advance()
    bench.start("t-2", "ann")

    last = ask("tickets", name="t-1")["one"]["history"][-1]

    assert last["status"] == "CANCELLED"
    assert last["text"].startswith("Cancelled due to duplicate player.")
    assert last["n"] is None


def test_a_rejected_match_is_in_the_history(bench: Any, ask: Ask) -> None:
    bench.configure(AcceptanceRequired=True, AcceptanceTimeoutSeconds=20)
    bench.start("t-1", "ann")
    bench.start("t-2", "bob")
    bench.advance()
    bench.accept("t-1", "ann")
    bench.accept("t-2", "bob", answer="REJECT")

    texts = [step["text"] for step in ask("tickets", name="t-1")["one"]["history"]]

    assert texts[3:] == [
        "1 of 2 players have accepted.",
        "bob rejected the match.",
        "Somebody rejected it: the match was dropped.",
        "It waits in the pool.",
    ]


def test_a_state_that_no_notice_told_is_shown_without_a_time(bench: Any) -> None:
    bench.configure()
    bench.start("t-1", "ann")
    bench.advance()
    question = Question("tickets", name="t-1", region=bench.world.region)
    shown = view(Source(bench.world, Chronicle(), question, bench.now_s))

    assert shown is not None
    assert shown["one"]["history"][-1] == {
        "at": None,
        "status": "SEARCHING",
        "text": "When this began is not known any more.",
        "n": None,
    }


def test_player_session_ids_are_never_shown_whole(bench: Any, ask: Ask) -> None:
    placed(bench)
    secrets = [seat.seat_id for seat in bench.world.seats]
    arn = bench.session_arn()

    shown = [ask(what) for what in VIEWS]
    shown += [ask("tickets", name="t-1"), ask("sessions", name=arn)]

    assert len(secrets) == 2
    assert not any(secret in json.dumps(shown) for secret in secrets)


def test_long_lists_are_sent_in_parts(bench: Any, ask: Ask) -> None:
    bench.configure()
    for place in range(ROWS + 10):
        bench.start(f"t-{place}", f"player-{place}")

    first, second = ask("tickets"), ask("tickets", start=ROWS)

    assert (first["total"], len(first["rows"]), first["rows"][0]["ticketId"]) == (ROWS + 10, ROWS, f"t-{ROWS + 9}")
    assert [row["ticketId"] for row in second["rows"]] == [f"t-{place}" for place in reversed(range(10))]


def test_a_start_behind_the_end_shows_the_last_part(bench: Any, ask: Ask) -> None:
    bench.configure()
    bench.start("t-1")

    assert [row["ticketId"] for row in ask("tickets", start=100_000)["rows"]] == ["t-1"]


def test_tickets_are_found_by_state_configuration_and_player(bench: Any, ask: Ask) -> None:
    bench.configure("duel")
    bench.configure("other")
    bench.start("t-1", "ann", configuration="duel")
    bench.start("t-2", "bob", configuration="other")
    bench.advance()
    bench.call("StopMatchmaking", TicketId="t-2")

    def found(**question: str) -> list[str]:
        return [row["ticketId"] for row in ask("tickets", **question)["rows"]]

    assert found(status="SEARCHING") == ["t-1"]
    assert found(configuration="other") == ["t-2"]
    assert found(text="BOB") == ["t-2"]
    assert ask("tickets")["statuses"]["CANCELLED"] == 1


def test_pools_have_the_metrics_that_aws_publishes(bench: Any, ask: Ask) -> None:
    placed(bench)

    one = ask("configurations", name="duel")["one"]

    assert {name: count for name, count in one["metrics"].items() if count} == {
        "TicketsStarted": 2,
        "PlayersStarted": 2,
        "MatchesCreated": 1,
        "MatchesPlaced": 1,
    }
    assert one["rules"][0]["name"] == "EvenSkill"
    assert ask("queues")["queues"][0]["metrics"]["PlacementsSucceeded"] == 1


def test_a_rule_set_keeps_its_comments(bench: Any, ask: Ask) -> None:
    body = '// be gentle\n{"ruleLanguageVersion":"1.0","teams":[{"name":"all","minPlayers":1,"maxPlayers":2}]}'
    bench.call("CreateMatchmakingRuleSet", Name="gentle", RuleSetBody=body)

    one = ask("rule-sets", name="gentle")["one"]

    assert one["body"].startswith("// be gentle\n{\n")
    assert one["maxPlayers"] == 2


def test_processes_show_which_of_them_are_free(bench: Any, ask: Ask) -> None:
    placed(bench)
    bench.ready("p-2")

    (fleet,) = ask("fleets")["rows"]

    assert {one["processId"]: one["free"] for one in fleet["processes"]} == {"p-1": False, "p-2": True}


def test_a_session_shows_its_seats_and_tickets(bench: Any, ask: Ask) -> None:
    placed(bench)

    one = ask("sessions", name=bench.session_arn())["one"]

    assert [(seat["playerId"], seat["status"]) for seat in one["players"]] == [("ann", "RESERVED"), ("bob", "RESERVED")]
    assert one["tickets"] == ["t-1", "t-2"]


def test_notices_are_found_by_what_they_name_and_paged_by_number(bench: Any, ask: Ask) -> None:
    bench.configure()
    for place in range(ROWS + 5):
        bench.start(f"t-{place}", f"player-{place}", PlayerAttributes={"skill": {"N": place * 1000}})
    bench.advance()

    newest = ask("notices")

    assert (len(newest["rows"]), newest["last"], newest["older"]) == (ROWS, ROWS + 5, 6)
    assert [row["n"] for row in ask("notices", start=6)["rows"]] == [5, 4, 3, 2, 1]
    assert [row["tickets"] for row in ask("notices", text="player-7")["rows"]] == [["t-7"]]


def test_the_chronicle_forgets_the_oldest(bench: Any) -> None:
    bench.configure()
    told = Chronicle(most=3, most_tickets=2)
    for place in range(5):
        bench.start(f"t-{place}", f"player-{place}", PlayerAttributes={"skill": {"N": place * 1000}})
    bench.advance()
    for notice in bench.recorder.notices:
        told.hand_over(notice)
    region = bench.world.region

    assert [one.number for one in told.latest(region, text="", before=None, most=10)] == [5, 4, 3]
    assert [bool(told.of_ticket(region, f"t-{place}")) for place in range(5)] == [False, False, False, True, True]


def test_the_chronicle_hands_notices_on(bench: Any) -> None:
    bench.configure()
    bench.start("t-1")
    bench.advance()
    (notice,) = bench.recorder.notices

    Chronicle(bench.recorder).hand_over(notice)

    assert bench.recorder.notices == [notice, notice]


@pytest.mark.parametrize("start", ["-1", "x", "1e3", "²", "9999999999", ""])
def test_a_start_that_makes_no_sense_is_none(start: str) -> None:
    assert read({"start": start}, "us-east-1").start == 0


def test_values_of_a_question_are_bounded() -> None:
    assert len(read({"text": "x" * 10_000}, "us-east-1").text) == 1_024
