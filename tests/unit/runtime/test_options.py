"""Settings on the command line."""

import pytest
from pydantic import Field

from muster_runtime import main as program
from muster_runtime.main import run
from muster_runtime.options import BadOption, split
from muster_runtime.scope import Scope
from muster_runtime.service import Service
from muster_runtime.settings import ServiceSettings, load, settings_config

OFFERED = ("host", "port", "loud", "drain_s")


class Settings(ServiceSettings):
    model_config = settings_config("DEMO_")

    loud: bool = Field(default=False, description="whether the demo is loud")
    drain_s: float = Field(1.0, ge=0, description="how long the demo drains")


async def build(_settings: Settings, _scope: Scope) -> Service:
    return Service()


@pytest.mark.parametrize(
    ("arguments", "given", "command"),
    [
        ([], {}, []),
        (["--port", "9080", "--loud"], {"port": "9080", "loud": "true"}, []),
        (["--port=9080", "--loud=false"], {"port": "9080", "loud": "false"}, []),
        (["--drain-s", "2.5", "healthcheck", "livez"], {"drain_s": "2.5"}, ["healthcheck", "livez"]),
        (["--help"], {}, ["--help"]),
        (["healthcheck", "--port", "1"], {}, ["healthcheck", "--port", "1"]),
        (["--grace-s", "1"], {}, ["--grace-s", "1"]),
    ],
)
def test_options_stand_before_the_command(arguments: list[str], given: dict[str, str], command: list[str]) -> None:
    assert (given, command) == split(Settings, OFFERED, arguments)


@pytest.mark.parametrize("arguments", [["--port"], ["--loud", "--port"], ["--port", "1", "--port=2"]])
def test_options_without_value_or_given_twice_are_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadOption):
        split(Settings, OFFERED, arguments)

    assert 2 == run("demo", Settings, build, arguments, options=OFFERED)
    assert "--help" in capsys.readouterr().err


def test_options_go_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_PORT", "1")
    monkeypatch.setenv("DEMO_HOST", "127.0.0.7")

    settings = load(Settings, {"port": "9080", "loud": "true"})

    assert (9080, "127.0.0.7", True) == (settings.port, settings.host, settings.loud)


def test_the_service_is_started_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Settings] = []
    monkeypatch.setattr(program, "_serve", lambda _name, settings, _build: started.append(settings) or 0)

    assert 0 == run("demo", Settings, build, ["--port", "9080", "--loud"], options=OFFERED)

    assert [(9080, True)] == [(one.port, one.loud) for one in started]


def test_a_bad_value_is_told_by_the_name_of_its_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == run("demo", Settings, build, ["--port", "eighty"], options=OFFERED)

    said = capsys.readouterr().err
    assert said.startswith("--port:")
    assert "DEMO_PORT" not in said


def test_a_health_check_goes_by_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == run("demo", Settings, build, ["--port", "0", "healthcheck"], options=OFFERED)

    assert "DEMO_PORT" in capsys.readouterr().err


def test_the_help_lists_options_with_their_variables(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == run("demo", Settings, build, ["--help"], options=OFFERED)

    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:2] == ["--port", "PORT"] and "(DEMO_PORT)" in line for line in lines)
    assert any(line.split()[0:1] == ["--loud"] and "whether the demo is loud" in line for line in lines)
    assert any(line.split()[:2] == ["--drain-s", "DRAIN_S"] for line in lines)


def test_services_without_options_do_not_speak_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == run("demo", Settings, build, ["--help"])

    assert "OPTIONS" not in capsys.readouterr().out
    assert 2 == run("demo", Settings, build, ["--port", "1"])
