import pytest
from pydantic import Field, SecretStr, field_validator

from muster_runtime.settings import (
    AuthSettings,
    BadSettings,
    ConsumerSettings,
    ServiceSettings,
    describe,
    load,
    settings_config,
    variables,
)


class Settings(ConsumerSettings, AuthSettings, ServiceSettings):
    model_config = settings_config("DEMO_")

    table: str = Field(description="DynamoDB table of the demo")
    client_secret: SecretStr = Field(SecretStr("hunter2-default"), description="secret of the demo", min_length=3)
    labels: list[str] = Field([], description="labels of the demo")
    base_url: str = Field("", validation_alias="MUSTER_BASE_URL", description="shared address")

    @field_validator("client_secret")
    @classmethod
    def _no_spaces(cls, secret: SecretStr) -> SecretStr:
        if " " in secret.get_secret_value():
            raise ValueError(f"{secret.get_secret_value()} has spaces")
        return secret


REQUIRED = {
    "DEMO_TABLE": "demo",
    "DEMO_ISSUER_URL": "http://localhost:1/issuer",
    "DEMO_JWKS_URL": "http://localhost:1/keys",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_settings_come_from_prefixed_variables(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DEMO_PORT", "8083")
    environment.setenv("DEMO_CONSUMER_WAIT_S", "7")
    environment.setenv("PORT", "1")
    environment.setenv("MUSTER_BASE_URL", "http://localhost:8080")

    settings = load(Settings)

    assert (8083, 7, "demo", "http://localhost:8080") == (
        settings.port,
        settings.consumer_wait_s,
        settings.table,
        settings.base_url,
    )


def test_an_empty_variable_is_as_good_as_none(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DEMO_PORT", "")

    assert 0 == load(Settings).port


def test_settings_cannot_be_changed(environment: pytest.MonkeyPatch) -> None:
    settings = load(Settings)

    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1  # type: ignore[misc] # the point of the test


def test_every_problem_is_told_at_once_one_line_each(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("DEMO_TABLE")
    environment.setenv("DEMO_PORT", "70000")
    environment.setenv("DEMO_LOG_LEVEL", "loud")
    environment.setenv("DEMO_JWKS_URL", "ftp://keys")

    with pytest.raises(BadSettings) as refusal:
        load(Settings)

    problems = refusal.value.problems
    assert {"DEMO_TABLE", "DEMO_PORT", "DEMO_LOG_LEVEL", "DEMO_JWKS_URL"} == {line.split(":")[0] for line in problems}
    assert all("\n" not in line for line in problems)


@pytest.mark.parametrize("secret", ["hunter2 with spaces", "h2"])
def test_a_bad_secret_is_named_and_not_shown(secret: str, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DEMO_CLIENT_SECRET", secret)

    with pytest.raises(BadSettings) as refusal:
        load(Settings)

    assert ("DEMO_CLIENT_SECRET: is not valid",) == refusal.value.problems
    assert secret not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_value_that_should_be_json_is_named_and_not_shown(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DEMO_LABELS", "hunter2")

    with pytest.raises(BadSettings) as refusal:
        load(Settings)

    assert "labels" in refusal.value.problems[0]
    assert "hunter2" not in str(refusal.value)


def test_help_names_every_variable_with_type_unit_default_and_meaning() -> None:
    text = describe(Settings)

    rows = {row.name: row for row in variables(Settings)}
    assert all(row.help for row in rows.values())
    assert all(name in text and row.help in text for name, row in rows.items())
    assert ("number (seconds)", "default: 10.0") == (rows["DEMO_GRACE_S"].kind, rows["DEMO_GRACE_S"].default)
    assert ("text", "required") == (rows["DEMO_TABLE"].kind, rows["DEMO_TABLE"].default)
    assert "auto | json | columns" == rows["DEMO_LOG_FORMAT"].kind
    assert "MUSTER_BASE_URL" in rows


def test_help_shows_no_secret() -> None:
    assert "hunter2" not in describe(Settings)
    assert "default: (secret)" in describe(Settings)


def test_every_setting_of_the_runtime_is_described_and_names_its_unit() -> None:
    for kind in (ServiceSettings, AuthSettings, ConsumerSettings):
        for name, field in kind.model_fields.items():
            assert field.description, name
            if field.annotation is float:
                assert name.endswith(("_s", "_ms", "_share")), name
