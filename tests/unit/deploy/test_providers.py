"""The pretend providers in a running Muster: identity is led to them, unless a person said otherwise."""

import io

import pytest

from muster_deploy.environment import Facts, service_environment
from muster_deploy.launch import Launcher
from muster_deploy.report import Report
from muster_deploy.services import PROVIDERS, SERVICES, by_name
from muster_deploy.settings import Settings
from muster_deploy.system import entries_for
from muster_deploy.topology import Topology
from muster_deploy.units import ProcessUnit
from muster_identity.settings import Settings as IdentitySettings
from muster_identity.testing import setup
from muster_runtime.clock import SystemClock

FACTS = Facts({"MatchmakingNoticesTopic": "arn:aws:sns:us-east-1:123456789012:t"})


def topology(*, pretend: bool = True) -> Topology:
    entries = [*SERVICES, *([PROVIDERS] if pretend else [])]
    return Topology(
        host="127.0.0.1",
        region="us-east-1",
        backend="emulator",
        edge_port=8080,
        emulator_port=4566,
        ports={entry.name: 8088 if entry is PROVIDERS else 9000 for entry in entries},
        arena_port=8087,
        arena_port_first=7777,
        arena_slots=1,
        aws_endpoint="http://127.0.0.1:4566",
    )


def test_they_run_where_aws_is_local_and_nowhere_else() -> None:
    assert PROVIDERS in entries_for(Settings())
    assert PROVIDERS not in entries_for(Settings(aws="real"))


def test_identity_is_led_to_them_where_they_run() -> None:

    led = service_environment(by_name()["identity"], topology(), FACTS)
    alone = service_environment(by_name()["identity"], topology(pretend=False), FACTS)

    assert setup.environment("http://127.0.0.1:8088").items() <= led.items()
    assert "IDENTITY_STEAM_APP_ID" not in alone


def test_every_setting_that_leads_identity_to_them_is_one_of_its_own() -> None:
    names = {name.removeprefix("IDENTITY_").lower() for name in setup.environment("http://127.0.0.1:1")}

    assert {"aws_endpoint_url_cognito_identity_provider"} == names - IdentitySettings.model_fields.keys()


def test_what_a_person_said_about_a_provider_goes_before_all_of_the_pretend_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IDENTITY_STEAM_APP_ID", "570")
    monkeypatch.setenv("IDENTITY_STEAM_KEY", "a real one")
    launcher = Launcher(Settings(processes=True), topology(), Report(SystemClock(), io.StringIO()))

    unit = launcher.service(by_name()["identity"], FACTS)

    assert isinstance(unit, ProcessUnit)
    told = unit._environment
    assert ("570", "a real one", "") == (
        told["IDENTITY_STEAM_APP_ID"],
        told["IDENTITY_STEAM_KEY"],
        told["IDENTITY_STEAM_URL"],
    )
    assert "http://127.0.0.1:8088/apple" == told["IDENTITY_APPLE_URL"]
