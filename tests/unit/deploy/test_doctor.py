"""The doctor says what is missing, and what to do about it."""

from pathlib import Path

import pytest

from muster_deploy import doctor
from muster_deploy.settings import Settings


def test_an_old_python_is_refused_with_the_way_out() -> None:
    finding = doctor.python((3, 10, 4))

    assert ("missing", "3.10.4") == (finding.verdict, finding.said)
    assert "PYTHON=" in finding.advice
    assert doctor.python((3, 11, 0)).fine


def test_what_setup_installs_is_looked_for(tmp_path: Path) -> None:
    assert "make setup" == doctor.virtual_environment(tmp_path).advice

    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / ".ready").touch()

    assert doctor.virtual_environment(tmp_path).fine
    assert not doctor.emulator(tmp_path / "ministack").fine


def test_a_taken_port_names_the_setting_that_chooses_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "is_free", lambda port, host: port != 8080)

    taken = doctor.port("MUSTER_PORT", 8080, "127.0.0.1")

    assert "missing" == taken.verdict
    assert "MUSTER_PORT=0" in taken.advice
    assert doctor.port("MUSTER_PORT", 8081, "127.0.0.1").fine
    assert doctor.port("MUSTER_PORT", 0, "127.0.0.1").fine


def test_every_port_of_a_start_is_looked_at() -> None:
    wanted = doctor.wanted_ports(Settings())

    assert {8080, 4566, 9080, 7777, 8081, 8082, 8083, 8084, 8085, 8086, 8087, 8088} == set(wanted.values())
    assert 8083 == wanted["MUSTER_TICKETS_PORT"]


@pytest.mark.parametrize(
    ("version", "verdict"), [(None, "optional"), ("v18.1.0", "optional"), ("v20.20.2", "ok"), ("v24.0.0", "ok")]
)
def test_node_is_never_needed(version: str | None, verdict: str) -> None:
    assert verdict == doctor.node(version).verdict


def test_an_image_builder_is_named_when_there_is_one() -> None:
    assert "podman" == doctor.builder(lambda name: "/usr/bin/podman" if name == "podman" else None).said
    assert "buildah" in doctor.builder(lambda name: None).advice


def test_only_what_is_needed_makes_the_machine_unfit() -> None:
    missing_node = doctor.node(None)
    missing_emulator = doctor.emulator(Path("/nowhere"))

    assert doctor.healthy([missing_node])
    assert not doctor.healthy([missing_node, missing_emulator])


def test_findings_stand_in_columns() -> None:
    lines = doctor.lines([doctor.python((3, 11, 7)), doctor.node(None)])

    assert ["ok        python  3.11.7", "optional  node    not installed; only for make synth"] == lines
