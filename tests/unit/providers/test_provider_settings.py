"""Settings of the providers: whole or not at all, and safe."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from muster_identity.gateway.providers.fields import display_name
from muster_identity.gateway.providers.settings import ProviderSettings, listed
from muster_runtime.settings import BadSettings, ServiceSettings, load, settings_config


class Doors(ProviderSettings, ServiceSettings):
    """Settings as a service has them."""

    model_config = settings_config("DOORS_")


@pytest.mark.parametrize(
    "half",
    [
        {"steam_app_id": 480},
        {"steam_key": "k"},
        {"google_play_app_id": "1", "google_play_client_id": "c"},
        {"facebook_app_id": "1"},
        {"discord_client_secret": "s"},
        {"cognito_pool_id": "us-east-1_Abc"},
        {"apple_client_ids": "a", "apple_team_id": "t"},
        {"apple_team_id": "t", "apple_key_id": "k", "apple_private_key": "p"},
    ],
    ids=str,
)
def test_half_a_provider_is_refused(half: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ProviderSettings(**half)


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example",
        "ftp://127.0.0.1",
        "https://",
        "https://u:p@steam.example",
        "https://steam.example?x=1",
        "https://steam.example#x",
        "http://127.0.0.1.evil.example",
        "steam",
    ],
)
def test_addresses_that_are_not_safe_are_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        ProviderSettings(steam_url=url)
    with pytest.raises(ValidationError):
        ProviderSettings(oidc={"example": {"issuer": url, "client_ids": ["a"]}})


@pytest.mark.parametrize("url", ["https://steam.example/", "http://127.0.0.1:8088/steam/", "http://localhost:1"])
def test_a_slash_at_the_end_is_dropped(url: str) -> None:
    assert url.rstrip("/") == ProviderSettings(steam_url=url).steam_url


def test_an_issuer_keeps_its_spelling() -> None:
    issuer = {"issuer": "https://tenant.example/", "client_ids": ["a"]}

    assert "https://tenant.example/" == ProviderSettings(oidc={"x": issuer}).oidc["x"].issuer


@pytest.mark.parametrize("name", ["", "A", "a b", "a:b", "x" * 33])
def test_a_name_of_an_issuer_is_short_and_plain(name: str) -> None:
    with pytest.raises(ValidationError):
        ProviderSettings(oidc={name: {"issuer": "https://tenant.example", "client_ids": ["a"]}})


def test_symmetric_algorithms_cannot_be_allowed() -> None:
    with pytest.raises(ValidationError):
        ProviderSettings(oidc={"x": {"issuer": "https://tenant.example", "client_ids": ["a"], "algorithms": ["HS256"]}})


def test_issuers_come_from_the_environment_as_json_and_secrets_stay_in_no_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    issuers = {"okta": {"issuer": "https://tenant.example", "client_ids": ["a"]}}
    monkeypatch.setenv("DOORS_OIDC", json.dumps(issuers))
    monkeypatch.setenv("DOORS_DISCORD_CLIENT_SECRET", "canary-77")

    with pytest.raises(BadSettings) as caught:
        load(Doors)
    assert "canary-77" not in str(caught.value)
    assert "discord_client_id" in str(caught.value)

    monkeypatch.setenv("DOORS_DISCORD_CLIENT_ID", "900000000000000001")
    settings = load(Doors)
    assert ("a",) == settings.oidc["okta"].client_ids
    assert "canary-77" not in repr(settings)


def test_a_list_has_commas() -> None:
    assert {"a", "b"} == listed(" a, b,,")
    assert frozenset() == listed("")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Ann", "Ann"),
        ("  Ann\n B ", "Ann B"),
        ("\u202eAnn\x00", "Ann"),
        ("", None),
        ("\u200b", None),
        (7, None),
        (None, None),
        ("x" * 99, "x" * 64),
    ],
)
def test_a_display_name_is_one_short_line(given: object, shown: str | None) -> None:
    assert shown == display_name(given)
