"""The pretend providers on the loopback interface, and identity's real providers pointed at them."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from muster_identity.domain.doors import ProviderIdentity
from muster_identity.gateway import providers as gateway
from muster_identity.gateway.providers.settings import ProviderSettings
from muster_identity.ports import Provider, UserPool
from muster_identity.testing import setup
from muster_identity.testing.discord import REDIRECT_URI
from muster_identity.testing.providers import Providers
from muster_runtime.ids import SystemIds
from muster_runtime.scope import Scope
from muster_runtime.settings import ServiceSettings, settings_config
from muster_runtime.testing import FakeClock

PATIENT = {
    "provider_timeout_s": 30,
    "provider_connect_s": 30,
    "provider_pause_s": 0,
    "aws_attempts": 1,
    "aws_connect_timeout_s": 30,
    "aws_read_timeout_s": 30,
}
"""Where a provider answers, a busy machine must not turn it into one that does not."""
HASTY = {**PATIENT, "provider_timeout_s": 0.05}
"""Where a provider never answers."""


class DoorSettings(ProviderSettings, ServiceSettings):
    """The part of identity's settings that providers read."""

    model_config = settings_config("IDENTITY_TEST_")


@dataclass
class ProviderWorld:
    """Both sides."""

    pretend: Providers
    doors: Mapping[str, Provider]
    pool: UserPool | None
    scope: Scope
    clock: FakeClock

    async def sign_in(self, door: str, **credential: str) -> ProviderIdentity:
        return await self.doors[door].validate(credential)

    async def good(self, door: str, player: str = "ann") -> ProviderIdentity:
        """Sign *player* in with a credential that is good in every way."""
        return await self.sign_in(door, **self.credential(door, player))

    def credential(self, door: str, player: str = "ann") -> dict[str, str]:
        pretend = self.pretend
        makers: Mapping[str, Callable[[], dict[str, str]]] = {
            "steam": lambda: {"ticket": pretend.steam.ticket(player)},
            "apple": lambda: {"identity_token": pretend.apple.identity_token(player)},
            "google_play": lambda: {"server_auth_code": pretend.google.code(player)},
            "facebook": lambda: {"access_token": pretend.facebook.access_token(player)},
            "epic": lambda: {"id_token": pretend.epic.id_token(player)},
            "discord": lambda: {"code": pretend.discord.code(player), "redirect_uri": REDIRECT_URI},
            "oidc:example": lambda: {"id_token": pretend.oidc.id_token(player)},
        }
        return makers[door]()


def settings_for(url: str, **changes: Any) -> DoorSettings:
    """Return the settings that lead to pretend providers at *url*."""
    told = {
        name.removeprefix("IDENTITY_").lower(): value
        for name, value in setup.environment(url).items()
        if name.startswith("IDENTITY_")
    }
    return DoorSettings(**{**told, "oidc": json.loads(told["oidc"]), **PATIENT, **changes})


@asynccontextmanager
async def serving(clock: FakeClock) -> AsyncIterator[Providers]:
    """Run the pretend providers alone."""
    pretend = Providers(clock, SystemIds())
    app = web.Application()
    for route in pretend.routes():
        app.router.add_route(route.method, route.path, route.handler)
    async with TestServer(app) as server:
        pretend.move(str(server.make_url("")).rstrip("/"))
        try:
            yield pretend
        finally:
            # Whoever hangs would hold the server up.
            pretend.switchboard.clear()


@asynccontextmanager
async def provider_world(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch | None = None, **changes: Any
) -> AsyncIterator[ProviderWorld]:
    """Run both sides; *changes* are settings. Cognito needs *monkeypatch*, because botocore reads the environment."""
    async with serving(clock) as pretend:
        settings = settings_for(pretend.url, **changes)
        if monkeypatch is not None:
            monkeypatch.setenv("AWS_REGION", "us-east-1")
            endpoint = "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"
            monkeypatch.setenv(endpoint, setup.environment(pretend.url)[endpoint])
        async with Scope("identity", settings, clock=clock) as scope:
            doors = gateway.build(settings, scope)
            yield ProviderWorld(pretend, doors, gateway.build_pool(settings, scope), scope, clock)
