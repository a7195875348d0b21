import pytest
from pydantic import Field, SecretStr

from muster_runtime.healthcheck import url_of
from muster_runtime.main import run
from muster_runtime.scope import Scope
from muster_runtime.serve import version_of
from muster_runtime.service import Service
from muster_runtime.settings import ServiceSettings, settings_config


class Settings(ServiceSettings):
    model_config = settings_config("DEMO_")

    table: str = Field(description="table of the demo")
    word: SecretStr = Field(SecretStr("hunter2"), min_length=5, description="secret of the demo")


async def build(_settings: Settings, _scope: Scope) -> Service:
    return Service()


@pytest.mark.parametrize("argument", ["--help", "-h"])
def test_help_works_without_any_settings_and_names_every_variable(
    argument: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == run("demo", Settings, build, [argument])

    said = capsys.readouterr().out
    assert "python -m muster_demo" in said
    assert "DEMO_TABLE" in said
    assert "DEMO_GRACE_S" in said
    assert "hunter2" not in said


def test_the_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == run("runtime", Settings, build, ["--version"])

    assert f"muster-runtime {version_of('runtime')}" == capsys.readouterr().out.strip()
    assert version_of("runtime") != "0"


def test_bad_settings_are_told_one_a_line_without_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMO_PORT", "eighty")
    monkeypatch.setenv("DEMO_WORD", "hunt")

    assert 2 == run("demo", Settings, build, [])

    said = capsys.readouterr().err.splitlines()
    assert {"DEMO_TABLE", "DEMO_PORT", "DEMO_WORD"} == {line.split(":")[0] for line in said}
    assert "hunt" not in "".join(said)


@pytest.mark.parametrize("arguments", [["--port", "1"], ["start"], ["healthcheck", "metrics"], ["--help", "me"]])
def test_unknown_arguments_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == run("demo", Settings, build, arguments)

    assert "--help" in capsys.readouterr().err


def test_a_health_check_needs_to_know_the_port(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMO_TABLE", "demo")

    assert 2 == run("demo", Settings, build, ["healthcheck"])

    assert "DEMO_PORT" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/livez"),
        ("0.0.0.0", "http://127.0.0.1:80/livez"),  # noqa: S104 - not bound here
        ("::", "http://[::1]:80/livez"),
        ("fd00::7", "http://[fd00::7]:80/livez"),
    ],
)
def test_a_service_reaches_itself_wherever_it_listens(host: str, url: str) -> None:
    assert url == url_of(host, 80, "/livez")
