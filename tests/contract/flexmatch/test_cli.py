"""The command line: what it says, and its exit codes."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from muster_flexmatch import RuleSetInvalid, parse_rule_set
from muster_flexmatch.cli import main
from muster_flexmatch.layout import formatted
from muster_flexmatch.schema import rule_set_schema

EXAMPLES = Path(__file__).parents[3] / "shared/flexmatch/examples"
ARENA = str(EXAMPLES / "arena-5v5.json")
DUEL: dict[str, Any] = {
    "name": "duel",
    "ruleLanguageVersion": "1.0",
    "playerAttributes": [{"name": "skill", "type": "number", "default": 1000}],
    "teams": [{"name": "red", "minPlayers": 1, "maxPlayers": 1}, {"name": "blue", "minPlayers": 1, "maxPlayers": 1}],
    "rules": [{"name": "Spread", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 100}],
}
TICKETS = [
    {"TicketId": "t-1", "StartTime": 100, "Players": [{"PlayerId": "ada", "PlayerAttributes": {"skill": {"N": 900}}}]},
    {"ticket_id": "t-2", "started_at_s": 101, "players": [{"player_id": "bob", "attributes": {"skill": 1100}}]},
]
PEOPLE = {"seconds": 60, "arrivals": {"players": 20}, "attributes": {"skill": {"normal": [1000, 99]}}}


def put(folder: Path, name: str, document: object) -> str:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return str(path)


def test_a_valid_rule_set_is_told_so_and_an_invalid_one_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = put(tmp_path, "wrong.json", {**DUEL, "teams": []})

    assert 0 == main(["validate", ARENA])
    assert 1 == main(["validate", ARENA, wrong])
    assert "wrong.json: not valid\n  teams: is missing" in capsys.readouterr().out
    assert 1 == main(["validate", "--json", wrong])
    assert not json.loads(capsys.readouterr().out)[0]["valid"]


def test_the_standard_input_can_be_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    import io  # noqa: PLC0415 - only here

    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(DUEL)))

    assert 0 == main(["validate", "-"])


def test_warnings_are_problems_and_advice_only_with_strict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    advised = put(tmp_path, "duel.json", DUEL)
    warned = put(tmp_path, "alone.json", {**DUEL, "teams": [{"name": "red", "minPlayers": 1, "maxPlayers": 4}]})

    assert 0 == main(["lint", advised])
    assert "distance-never-relaxes: rules[Spread].maxDistance" in capsys.readouterr().out
    assert 1 == main(["lint", advised, "--strict"])
    assert 0 == main(["lint", advised, "--strict", "--ignore", "distance-never-relaxes"])
    assert 1 == main(["lint", warned])
    capsys.readouterr()
    assert 1 == main(["lint", warned, "--json"])
    assert "lone-player-match" in {each["code"] for each in json.loads(capsys.readouterr().out)}


def test_formatting_keeps_comments_and_meaning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = (
        '// first\n{"ruleLanguageVersion":"1.0", // version\n"teams":[ /* the one */ {"name":"a\\"b","minPlayers":1,\n'
    )
    body += '"maxPlayers":2,},\n  // no more\n ],}\n// last'
    path = put(tmp_path, "rules.json", body)

    assert 1 == main(["format", "--check", path])
    assert 0 == main(["format", "--write", path])
    assert 0 == main(["format", "--check", path])
    assert 0 == main(["format", path])
    laid_out = Path(path).read_text()
    assert capsys.readouterr().out.endswith(laid_out)
    assert parse_rule_set(laid_out).teams == parse_rule_set(body).teams
    for comment in ("// first", "// version", "/* the one */", "// no more", "// last"):
        assert comment in laid_out
    assert formatted(laid_out) == laid_out


def test_the_examples_are_laid_out_as_the_formatter_would() -> None:
    assert 0 == main(["format", "--check", *map(str, EXAMPLES.glob("*.json"))])


def test_tickets_are_explained_in_words_and_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules, tickets = put(tmp_path, "duel.json", DUEL), put(tmp_path, "tickets.json", {"TicketList": TICKETS})

    assert 0 == main(["explain", rules, tickets, "t-1", "--now", "110"])
    said = capsys.readouterr().out
    assert "t-1 has waited 10 s" in said
    assert "rules[Spread].maxDistance stops it" in said
    assert 0 == main(["explain", rules, tickets, "--json"])
    assert ["t-1", "t-2"] == [each["ticket_id"] for each in json.loads(capsys.readouterr().out)]


def test_a_simulation_writes_its_report_its_numbers_and_its_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules, people = put(tmp_path, "duel.json", DUEL), put(tmp_path, "people.json", PEOPLE)
    html, numbers, table = (str(tmp_path / name) for name in ("r.html", "r.json", "r.csv"))

    code = main(["simulate", rules, people, "--html", html, "--json", numbers, "--csv", table, "--players", "30"])

    assert 0 == code
    said = capsys.readouterr()
    assert "duel           30" in said.out
    assert "duel: 100 %" in said.err
    assert "<svg" in Path(html).read_text()
    assert 30 == json.loads(Path(numbers).read_text())[0]["tickets"]
    assert {"rule_set": "duel", "metric": "tickets", "of": "", "value": "30.0"} in list(
        csv.DictReader(Path(table).read_text().splitlines())
    )


def test_rule_sets_are_compared_with_recorded_tickets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, tickets = put(tmp_path, "duel.json", DUEL), put(tmp_path, "tickets.json", TICKETS)
    other = put(tmp_path, "loose.json", {**DUEL, "name": "", "rules": []})

    assert 0 == main(["compare", one, other, "--population", tickets, "--quiet", "--why", "0"])

    lines = capsys.readouterr().out.splitlines()
    assert ["duel", "2", "0.0%"] == lines[1].split()[:3]
    assert ["loose", "2", "100.0%"] == lines[2].split()[:3]


def test_a_population_in_yaml_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("yaml")
    people = str(EXAMPLES / "populations/evening.yaml")

    assert 0 == main(["simulate", ARENA, people, "--players", "30", "--quiet", "--why", "0"])
    assert "arena 5v5" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "usage: flexmatch"),
        (["simulate"], 2, "usage: flexmatch simulate"),
        (["validate", "no/such/file"], 2, "No such file"),
        (["explain", "RULES", "TICKETS", "t-9"], 2, "there is no ticket 't-9'"),
        (["explain", "RULES", "RULES"], 1, "must be a list of tickets"),
        (["simulate", "TICKETS", "PEOPLE"], 1, "the rule set is not valid"),
        (["simulate", "RULES", "BROKEN"], 2, "is not JSON"),
        (["simulate", "RULES", "NOBODY"], 1, "the population is not valid"),
        (["simulate", "RULES", "PEOPLE", "--tick", "0"], 2, "--tick must be above 0"),
        (["simulate", "RULES", "PEOPLE", "--quiet", "--html", "/no/such/folder/r.html"], 2, "No such file"),
    ],
)
def test_what_cannot_be_done_is_told_with_its_exit_code(
    words: list[str], code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "RULES": put(tmp_path, "rules.json", DUEL),
        "TICKETS": put(tmp_path, "tickets.json", TICKETS),
        "PEOPLE": put(tmp_path, "people.json", PEOPLE),
        "BROKEN": put(tmp_path, "broken.json", "{"),
        "NOBODY": put(tmp_path, "nobody.json", {"arrivals": {"players": 0}}),
    }

    assert code == main([files.get(word, word) for word in words])
    assert said in capsys.readouterr().err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("validate", "lint", "format", "explain", "simulate", "compare", "schema"):
        assert 0 == main([command, "--help"])
        assert f"examples:\n  flexmatch {command}" in capsys.readouterr().out


def test_the_schema_accepts_what_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["schema"])
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    for path in EXAMPLES.glob("*.json"):
        validator.validate(json.loads(path.read_text()))


@pytest.mark.parametrize(
    "change",
    [
        {"ruleLanguageVersion": "2.0"},
        {"teams": []},
        {"teams": [{"name": "red", "minPlayers": -1, "maxPlayers": 1}]},
        {"teams": [{"name": "a,b", "minPlayers": 1, "maxPlayers": 1}]},
        {"playerAttributes": [{"name": "skill", "type": "text"}]},
        {"playerAttributes": [{"name": "skill", "type": "number", "default": "ten"}]},
        {"algorithm": {"strategy": "fast"}},
        {"rules": [{"name": "a", "type": "near"}]},
        {"rules": [{"name": "a", "type": "compound"}]},
        {"rules": [{"name": "a", "type": "comparison", "measurements": [], "operation": "="}]},
        {"rules": [{"type": "latency", "maxLatency": 9}]},
        {"expansions": [{"target": "maxDistance", "steps": [{"waitTimeSeconds": 1, "value": 2}]}]},
        {"expansions": [{"target": "teams[red].minPlayers", "steps": []}]},
    ],
)  # fmt: skip
def test_the_schema_refuses_what_the_parser_refuses(change: dict[str, Any]) -> None:
    document = {**DUEL, **change}

    assert list(jsonschema.Draft202012Validator(rule_set_schema()).iter_errors(document))
    with pytest.raises(RuleSetInvalid):
        parse_rule_set(json.dumps(document))
