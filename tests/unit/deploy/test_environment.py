"""Stack outputs become environment variables, and files that give them to a person's shell."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster_deploy.envfiles import dotenv, read_dotenv, write_files
from muster_deploy.environment import (
    Credentials,
    Facts,
    all_files,
    arena_environment,
    relocated,
    service_environment,
    shared_environment,
    variable,
)
from muster_deploy.services import SERVICES, by_name
from muster_deploy.topology import Topology

FACTS = Facts(
    outputs={
        "EventBusName": "muster",
        "MatchmakingNoticesTopic": "arn:aws:sns:eu-west-1:123456789012:muster-matchmaking-notices",
        "TicketsTable": "muster-tickets",
        "TicketsNoticesQueue": "http://127.0.0.1:4566/123456789012/muster-tickets-notices",
        "ListenerTable": "muster-listener",
    },
    fleet_id="fleet-1",
    operator=Credentials("operator", "s3cret"),
)


def a_topology(**changes: object) -> Topology:
    fields: dict[str, object] = {
        "host": "127.0.0.1",
        "region": "eu-west-1",
        "backend": "emulator",
        "edge_port": 8080,
        "emulator_port": 4566,
        "ports": {entry.name: 9000 + number for number, entry in enumerate(SERVICES)},
        "arena_port": 8087,
        "arena_port_first": 7777,
        "arena_slots": 2,
        "aws_endpoint": "http://127.0.0.1:4566",
    }
    return Topology(**(fields | changes))  # type: ignore[arg-type]  # the fields are of many types


@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("TicketsTable", "TICKETS_TABLE"),
        ("IdentityIssuerBucket", "IDENTITY_ISSUER_BUCKET"),
        ("TicketsNoticesDeadLetters", "TICKETS_NOTICES_DEAD_LETTERS"),
    ],
)
def test_an_output_is_a_variable_in_another_spelling(output: str, name: str) -> None:
    assert name == variable(output)


def test_queue_urls_of_an_earlier_start_are_led_to_where_the_emulator_is_now() -> None:
    outputs = {"TicketsEventsQueue": "http://127.0.0.1:1/000000000000/muster-tickets-events", "TicketsTable": "t"}

    moved = relocated(outputs, "http://127.0.0.1:2")

    assert {
        "TicketsEventsQueue": "http://127.0.0.1:2/000000000000/muster-tickets-events",
        "TicketsTable": "t",
    } == moved


def test_a_service_is_told_its_own_resources_and_nobody_elses() -> None:
    told = service_environment(by_name()["tickets"], a_topology(), FACTS)

    assert "muster-tickets" == told["TICKETS_TABLE"]
    assert FACTS.outputs["TicketsNoticesQueue"] == told["TICKETS_NOTICES_QUEUE"]
    assert "muster" == told["TICKETS_EVENT_BUS"]
    assert "http://127.0.0.1:8080" == told["TICKETS_ISSUER_URL"]
    assert "http://127.0.0.1:8080/.well-known/jwks.json" == told["TICKETS_JWKS_URL"]
    assert ["MUSTER_CHECK_DYNAMODB"] == [name for name in told if not name.startswith(("TICKETS_", "AWS_"))]


def test_services_find_an_emulator_by_its_endpoint_and_real_aws_by_none() -> None:
    emulated = service_environment(by_name()["tickets"], a_topology(), FACTS)
    ports = {"tickets": 1}
    real = service_environment(by_name()["tickets"], a_topology(aws_endpoint=None, ports=ports), FACTS)

    assert "http://127.0.0.1:4566" == emulated["AWS_ENDPOINT_URL"]
    assert "http://127.0.0.1:9000" == emulated["AWS_ENDPOINT_URL_GAMELIFT"]
    assert {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"} == {
        name: value for name, value in real.items() if not name.startswith("TICKETS_")
    }


@pytest.mark.parametrize(("backend", "endpoint"), [("emulator", "http://127.0.0.1:4566"), ("real", None)])
def test_only_on_a_laptop_may_one_address_bring_thousands_of_guests(backend: str, endpoint: str | None) -> None:
    told = service_environment(by_name()["identity"], a_topology(backend=backend, aws_endpoint=endpoint), FACTS)

    assert (endpoint is not None) == ("IDENTITY_LIMIT_GUESTS_BURST" in told)
    assert "IDENTITY_LIMITS" not in told


def test_the_local_gamelift_speaks_for_the_account_that_aws_names() -> None:
    told = service_environment(by_name()["gamelift"], a_topology(), FACTS)

    assert "123456789012" == told["GAMELIFT_ACCOUNT"]


def test_the_game_server_is_told_its_fleet_and_its_ports() -> None:
    told = arena_environment(a_topology(), FACTS)

    assert ("fleet-1", "custom-laptop", "7777", "2") == (
        told["ARENA_FLEET_ID"],
        told["ARENA_LOCATION"],
        told["ARENA_PORT_FIRST"],
        told["ARENA_SLOTS"],
    )


def test_outsiders_are_told_every_address_and_the_operators_client() -> None:
    told = shared_environment(a_topology(), FACTS)

    assert "http://127.0.0.1:8080" == told["MUSTER_BASE_URL"]
    assert {f"MUSTER_{entry.name.upper()}_URL" for entry in SERVICES} <= told.keys()
    assert ("operator", "s3cret") == (told["MUSTER_OPERATOR_CLIENT_ID"], told["MUSTER_OPERATOR_CLIENT_SECRET"])


def test_there_is_one_file_for_each_service_the_arena_and_outsiders() -> None:
    assert {*by_name(), "arena", "muster"} == set(all_files(SERVICES, a_topology(), FACTS))


def test_a_secret_is_not_part_of_what_is_printed() -> None:
    assert "s3cret" not in repr(FACTS)


@given(st.dictionaries(st.from_regex("[A-Z][A-Z_]{0,8}", fullmatch=True), st.text("aZ9 '\"$\\`#=*é/", max_size=12)))
def test_what_is_written_to_an_env_file_is_read_back(variables: dict[str, str]) -> None:
    assert variables == read_dotenv(dotenv(variables))


def test_a_shell_reads_the_file_as_it_was_meant(tmp_path: Path) -> None:
    (file,) = write_files(tmp_path, {"odd": {"VALUE": 'it\'s $HOME; `ls` "x"'}})

    script = f'set -a; . {file}; printf %s "$VALUE"'
    printed = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True, timeout=60)

    assert 'it\'s $HOME; `ls` "x"' == printed.stdout


def test_env_files_are_for_their_owner_and_old_ones_go(tmp_path: Path) -> None:
    write_files(tmp_path, {"old": {"A": "1"}, "kept": {"A": "1"}})

    write_files(tmp_path, {"kept": {"A": "2"}})

    assert ["kept.env"] == [path.name for path in tmp_path.iterdir()]
    assert 0o600 == (tmp_path / "kept.env").stat().st_mode & 0o777
    assert {"A": "2"} == read_dotenv((tmp_path / "kept.env").read_text())
