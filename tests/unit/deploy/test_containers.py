"""Dockerfiles differ in nothing but the service, and the compose file gives each what its settings ask for."""

import re

import pytest
import yaml

from muster_deploy.images import UID, dockerfile
from muster_deploy.members import parts_of
from muster_deploy.services import SERVICES, Entry, by_name
from muster_deploy.settings import ROOT
from muster_runtime.settings import variables

COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text())
CONTAINERS = sorted(set(COMPOSE["services"]) - {"localstack"})


def _without_its_own(text: str, entry: Entry) -> str:
    kept = [line for line in text.splitlines() if not line.startswith("COPY shared/")]
    parts = " ".join(f"./{part.relative_to(ROOT)}" for part in parts_of(f"muster-{entry.name}"))
    return "\n".join(kept).replace(parts, "PARTS").replace(entry.prefix, "NAME_").replace(entry.name, "NAME")


def test_every_committed_dockerfile_is_the_one_text() -> None:
    for entry in SERVICES:
        assert dockerfile(entry) == (ROOT / "services" / entry.name / "Dockerfile").read_text(), entry.name

    assert 1 == len({_without_its_own(dockerfile(entry), entry) for entry in SERVICES})


@pytest.mark.parametrize("name", [entry.name for entry in SERVICES])
def test_an_image_runs_as_nobody_from_hashed_packages_and_starts_without_a_shell(name: str) -> None:
    text = dockerfile(by_name()[name])

    assert f"\nUSER {UID}:{UID}\n" in text
    assert 2 == text.count("--require-hashes")
    assert f'\nENTRYPOINT ["python", "-m", "muster_{name}"]\n' in text
    assert f'CMD ["python", "-m", "muster_{name}", "healthcheck"]\n' in text
    assert 2 == len(re.findall(r"^FROM \$\{PYTHON_IMAGE\}", text, re.MULTILINE))


def test_a_service_is_built_from_all_that_it_needs_and_no_more() -> None:
    tickets = [part.name for part in parts_of("muster-tickets")]

    assert ["events", "runtime", "tickets"] == tickets
    assert "flexmatch" in [part.name for part in parts_of("muster-gamelift")]


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_gets_every_variable_that_its_service_needs_and_none_that_it_does_not_know(name: str) -> None:
    rows = list(variables(by_name()[name].settings()))
    given = {key for key in COMPOSE["services"][name]["environment"] if not key.startswith("AWS_")}

    assert {row.name for row in rows if row.default == "required"} <= given
    assert given <= {row.name for row in rows}


def test_whoever_checks_tokens_is_told_which_of_them_were_taken_back() -> None:
    told = {name: {key.partition("_")[2]: value for key, value in container["environment"].items()}
            for name, container in COMPOSE["services"].items() if name != "localstack"}  # fmt: skip
    checkers = {name for name, given in told.items() if "JWKS_URL" in given}

    assert checkers == set(CONTAINERS) - {"gamelift", "identity"}
    for name in checkers:
        assert told[name]["REVOCATIONS_URL"] == f"{told[name]['ISSUER_URL']}/.well-known/revocations.json", name


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_has_no_more_rights_than_it_needs(name: str) -> None:
    container = COMPOSE["services"][name]

    assert container["read_only"] is True
    assert ["ALL"] == container["cap_drop"]
    assert all(port.startswith("127.0.0.1:") for port in container["ports"])
