"""Ports are settled before anything starts, and free ones are really free."""

import pytest

from muster_deploy import ports, topology
from muster_deploy.services import SERVICES
from muster_deploy.settings import Settings


@pytest.fixture(autouse=True)
def _no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every odd port is taken, as far as these tests know."""
    monkeypatch.setattr(ports, "_take", lambda port, host: port % 2 == 0)


def test_free_ports_are_different_and_free() -> None:
    found = ports.free_ports(20)

    assert 20 == len(set(found))
    assert [] == [port for port in found if port % 2]


def test_ports_that_must_follow_one_another_are_refused_when_there_are_none() -> None:
    with pytest.raises(ports.NoFreePort):
        ports.free_ports(2, consecutive=True)


def test_ports_that_follow_one_another_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_take", lambda port, host: port % 5 != 0)

    first, *rest = ports.free_ports(4, consecutive=True)

    assert [first + 1, first + 2, first + 3] == rest


def test_a_given_port_is_kept_and_a_zero_becomes_a_free_one() -> None:
    settings = Settings(port=8080, emulator_port=0, tickets_port=0, gamelift_port=9080)

    settled = topology.settle(settings, SERVICES, region="us-east-1", localstack=None)

    assert "http://127.0.0.1:8080" == settled.base_url
    assert "http://127.0.0.1:9080" == settled.gamelift_endpoint
    assert settled.emulator_port > 0
    assert settled.ports["tickets"] > 0
    assert f"http://127.0.0.1:{settled.emulator_port}" == settled.aws_endpoint


@pytest.mark.parametrize(
    ("backend", "endpoint"), [("localstack", "http://localhost.localstack.cloud:4566"), ("real", None)]
)
def test_each_backend_has_its_endpoint(backend: str, endpoint: str | None) -> None:
    settings = Settings.model_validate({"aws": backend, "arena_port_first": 7777})

    settled = topology.settle(settings, SERVICES, region="us-east-1", localstack=endpoint)

    assert endpoint == settled.aws_endpoint


def test_without_a_local_gamelift_there_is_no_endpoint_for_it() -> None:
    services = [entry for entry in SERVICES if entry.name != "gamelift"]

    settled = topology.settle(Settings(arena_port_first=7777), services, region="us-east-1", localstack=None)

    assert settled.gamelift_endpoint is None
