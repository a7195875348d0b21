"""The committed contract: examples, schemas, owners and pages."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from muster_events import registry, repository
from muster_events.__main__ import main
from muster_events.contracts import DIALECT, SHAPES, Contract, all_contracts
from muster_events.envelope import Event, EventData, event_id
from muster_events.routing import BUS, NOTICE_FEEDS, SUBSCRIPTIONS

ROOT = next(folder for folder in Path(__file__).resolve().parents if (folder / repository.BASELINE).exists())
CONTRACTS = all_contracts()
EXAMPLES = [(contract, path) for contract in CONTRACTS for path in contract.example_paths]
EVENT_EXAMPLES = [(contract, path) for contract, path in EXAMPLES if not contract.kinds]

every_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.name)
every_example = pytest.mark.parametrize(("contract", "path"), EXAMPLES, ids=[path for _, path in EXAMPLES])
every_event_example = pytest.mark.parametrize(
    ("contract", "path"), EVENT_EXAMPLES, ids=[path for _, path in EVENT_EXAMPLES]
)


def load(path: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / repository.SCHEMAS / path).read_text(encoding="utf-8"))
    return document


@every_example
def test_every_example_meets_its_committed_schema(contract: Contract, path: str) -> None:
    schema = load(contract.schema_path)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())

    assert [error.message for error in validator.iter_errors(load(path))] == []


@every_event_example
def test_every_example_of_an_event_round_trips_through_its_producer(contract: Contract, path: str) -> None:
    parsed = registry.parse(load(path))

    assert isinstance(parsed, Event)
    assert (contract.type, contract.version) == (parsed.type, parsed.version)
    written = json.loads(registry.dump(parsed))
    assert parsed == registry.parse(written)
    jsonschema.validate(written, dict(contract.schema), jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("contract", "path"),
    [(contract, path) for contract, path in EXAMPLES if contract.kinds],
    ids=[path for contract, path in EXAMPLES if contract.kinds],
)
def test_every_example_of_a_notice_parses_and_reads_the_same_when_written_again(contract: Contract, path: str) -> None:
    document = load(path)
    parsed = registry.parse(document)

    assert not isinstance(parsed, Event | registry.Unrecognised)
    assert parsed.detail.type == document["detail"]["type"] == Path(path).name.partition(".")[0]
    written = parsed.model_dump(mode="json", by_alias=True)
    again = registry.parse({"source": "aws.gamelift", "detail-type": document["detail-type"], **written})
    assert parsed == again


@every_event_example
def test_the_typical_and_minimal_examples_hold_what_their_names_say(contract: Contract, path: str) -> None:
    document, schema = load(path), contract.schema
    data = schema["$defs"][schema["title"]]
    if path.endswith("typical.json"):
        assert set(document) == set(schema["properties"])
        assert set(document["data"]) == set(data["properties"])
    elif path.endswith("minimal.json"):
        assert set(document) == set(schema["required"])
        assert set(document["data"]) == set(data["required"])
    else:
        assert set(document) - set(schema["properties"])
        assert set(document["data"]) - set(data["properties"])


def test_typical_examples_of_ordered_events_carry_the_id_that_their_producer_would_give() -> None:
    for contract in CONTRACTS:
        if not contract.type.startswith("ticket."):
            continue
        document = load(contract.example_paths[0])
        expected = event_id(contract.type, document["subject"], document["sequence"])
        assert expected == document["id"], contract.name


@every_contract
def test_a_folder_of_examples_holds_nothing_else(contract: Contract) -> None:
    folder = ROOT / repository.SCHEMAS / contract.type
    present = {path.relative_to(ROOT / repository.SCHEMAS).as_posix() for path in folder.rglob("*.json")}
    versions = [each for each in CONTRACTS if each.type == contract.type]

    assert present == {path for each in versions for path in (each.schema_path, *each.example_paths)}
    assert len(contract.example_paths) == len(SHAPES) * max(1, len(contract.kinds))


@every_contract
def test_every_schema_is_a_valid_schema_and_current(contract: Contract) -> None:
    committed = load(contract.schema_path)

    jsonschema.Draft202012Validator.check_schema(committed)
    assert committed == contract.schema
    assert committed["$schema"] == DIALECT


def test_no_event_has_a_field_for_a_player_session_id() -> None:
    text = json.dumps([dict(contract.schema) for contract in CONTRACTS if not contract.kinds])

    assert "session_id" not in text


def test_every_type_has_one_producer_and_one_owner() -> None:
    producers = {(each.TYPE, each.PRODUCER) for each in registry.EVENTS}

    assert len(producers) == len({each.TYPE for each in registry.EVENTS})
    assert set(registry.OWNERS) == {each.TYPE for each in registry.EVENTS}
    assert {kind: f"@muster/{producer}" for kind, producer in producers} == registry.OWNERS


def test_every_event_class_is_registered_once_and_named_as_it_should_be() -> None:
    modules = {each.__module__ for each in registry.EVENTS}
    defined = {
        each
        for each in EventData.__subclasses__()
        if each.__module__.startswith("muster_events.") and "[" not in each.__name__
    }

    assert defined == set(registry.EVENTS)
    assert len(registry.EVENTS) == len({(each.TYPE, each.VERSION) for each in registry.EVENTS})
    assert len(modules) > 1
    for each in registry.EVENTS:
        assert each.__name__ == "".join(word.title() for word in each.TYPE.split("."))


def test_what_is_committed_passes_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(ROOT), "check"]) == 0, capsys.readouterr().err


def test_the_asyncapi_document_sends_each_event_once_and_receives_what_the_table_says() -> None:
    document = yaml.safe_load((ROOT / repository.ASYNCAPI).read_text(encoding="utf-8"))
    operations = document["operations"].values()
    sent = [message["$ref"] for each in operations if each["action"] == "send" for message in each["messages"]]
    received = {
        (each["tags"][0]["name"], message["$ref"].rpartition("/")[2], each["channel"]["$ref"].rpartition("/")[2])
        for each in operations
        if each["action"] == "receive"
        for message in each["messages"]
    }

    assert len(sent) == len(set(sent)) == len(CONTRACTS)
    events = {(each.consumer, f"{each.event_type}.v1", each.queue) for each in SUBSCRIPTIONS}
    kinds = {"GameLift Matchmaking Event": "matchmaking", "GameLift Queue Placement Event": "placement"}
    notices = {(each.consumer, f"gamelift.{kinds[each.detail_type]}.v1", each.queue) for each in NOTICE_FEEDS}
    assert received == events | notices


def test_every_reference_in_the_asyncapi_document_leads_somewhere() -> None:
    document = yaml.safe_load((ROOT / repository.ASYNCAPI).read_text(encoding="utf-8"))

    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for value in node.values() for found in references(value)]
        return [found for value in node for found in references(value)] if isinstance(node, list) else []

    found = references(document)
    assert len(found) > len(CONTRACTS)
    for reference in found:
        if reference.startswith("#/"):
            place = document
            for step in reference.removeprefix("#/").split("/"):
                place = place[step]
        else:
            assert (ROOT / "docs" / reference).is_file(), reference


@every_contract
def test_the_catalogue_names_producer_listeners_and_owner(contract: Contract) -> None:
    page = (ROOT / repository.CATALOGUE).read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith(f"| [`{contract.type}`]"))
    listeners = [each.consumer for each in SUBSCRIPTIONS if each.event_type == contract.type]

    assert f"| {contract.producer} |" in row
    assert contract.owner in row
    assert all(each in row for each in listeners)
    assert f"## {contract.type} version {contract.version}" in page
    assert BUS in page
