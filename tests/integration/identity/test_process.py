"""Identity as a program of its own, and what it writes while secrets pass through it."""

import asyncio
import itertools
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from identity_world import CLIENTS, Identity, Resources

from muster_runtime.testing import FakeClock, eventually

START_S = 90.0


@dataclass
class Program:
    """A started `python -m muster_identity`."""

    process: asyncio.subprocess.Process
    url: str = ""
    output: list[str] = field(default_factory=list)

    async def read(self) -> None:
        """Read its output to the end."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.output.append(line.decode())
            if not self.url and "service_ready" in self.output[-1]:
                self.url = json.loads(self.output[-1])["base_url"]

    async def stop(self) -> int:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await self.process.wait()


@asynccontextmanager
async def program(resources: Resources, **more: str) -> AsyncIterator[Program]:
    """Start it, wait until it is ready, and stop it at the end."""
    given = resources.settings.model_dump(include=set(resources.settings.model_fields_set))
    environment = {
        "PATH": os.defpath,
        **resources.sandbox.local_aws.environment,
        **{f"IDENTITY_{name.upper()}": str(value) for name, value in given.items()},
        "IDENTITY_LOG_LEVEL": "debug",
        "IDENTITY_LOG_FORMAT": "json",
        **more,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "muster_identity", env=environment, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    started = Program(process)
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(started.read())
        try:
            # Not before all is read: why a program did not start is the last that it says.
            await eventually(lambda: started.url or reading.done(), within_s=START_S)
            assert started.url, "".join(started.output)
            yield started
        finally:
            with suppress(ProcessLookupError):
                await started.stop()


async def all_routes_with(identity: Identity, canary: Any) -> list[str]:
    """Send a new canary in every field of every route, good and bad; return the secrets that were answered."""
    answered = []
    guest = (await identity.post("/v1/guests")).json
    legacy = await identity.guest()
    answered += [guest[name] for name in ("guest_secret", "access_token", "refresh_token")]
    answered += [legacy[name] for name in ("guest_secret", "auth_token", "refresh_token")]
    user, secret = guest["user_id"], guest["guest_secret"]
    bearer = {"Authorization": f"Bearer {guest['access_token']}"}
    await identity.get("/login-as-guest", params={"user_id": user, "guest_secret": secret}, headers=bearer)
    for path in ("/login-as-guest", "/refresh-access-token"):
        fields = {"user_id": canary(), "guest_secret": canary(), "refresh_token": canary(), canary(): canary()}
        await identity.get(path, params=fields, headers={"Cookie": f"a={canary()}", "X-Request-Id": "given"})
        await identity.post(path, json=fields)
        await identity.post(path, data=f'{{"{canary()}": ', headers={"Content-Type": "application/json"})
    for path, name in (("/v1/guests", "guest_secret"), ("/v1/tokens/refresh", "refresh_token")):
        await identity.post(path, json={name: canary(), "user_id": canary()})
        await identity.post(path, json={name: [canary()], canary(): 1})
        await identity.post(path, json={name: canary() * 300}, headers={"Authorization": f"Bearer {canary()}"})
    # Used twice, and shown with a changed end: neither may show up.
    for token in (guest["refresh_token"], guest["refresh_token"], guest["refresh_token"][:-8] + canary()):
        reply = await identity.post("/v1/tokens/refresh", json={"refresh_token": token})
        answered += [value for key, value in reply.json.items() if key.endswith("_token")]
    tool = CLIENTS["tool"]["secret"]
    for given in (tool, canary()):
        fields = {"grant_type": "client_credentials", "client_id": "tool", "client_secret": given}
        reply = await identity.post("/v1/oauth/token", data=fields)
        answered += [value for key, value in reply.json.items() if key == "access_token"]
        await identity.post("/v1/oauth/token", json={**fields, "client_id": canary(), "scope": canary()})
    await identity.post("/v1/oauth/token", data="x", headers={"Authorization": f"Basic {canary()}"})
    await identity.get(f"/v1/{canary()}?token={canary()}")
    return [*answered, tool]


async def test_no_secret_shows_up_in_what_the_program_writes(
    resources: Resources, http_client: aiohttp.ClientSession
) -> None:
    numbers = itertools.count()
    sent: list[str] = []

    def canary() -> str:
        sent.append(f"canary{next(numbers):04d}x")
        return sent[-1]

    async with program(resources) as started:
        identity = Identity(started.url, http_client, FakeClock())
        secrets = await all_routes_with(identity, canary)
        metrics = (await identity.get("/metrics")).text
        told = str(await resources.sandbox.take(resources.told.url))
        code = await started.stop()
    written = "".join(started.output)

    assert code == 0
    assert written.count("request_answered") > 20
    pem = (await resources.keyring())["keys"][0]["private_pem"]
    private = ["PRIVATE KEY", *(line for line in pem.splitlines()[1:-1])]
    # The signature alone is enough to make a token good again.
    pieces = [piece for secret in secrets for piece in secret.split(".") if len(piece) > 20]
    for place, text in {"log": written, "metrics": metrics, "events": told}.items():
        shown = [piece for piece in (*sent, *secrets, *pieces, *private) if piece in text]
        assert shown == [], place


async def test_the_program_ends_well_when_told_to(resources: Resources) -> None:
    async with program(resources) as started:
        code = await started.stop()

    assert code == 0
    events = [json.loads(line)["event"] for line in started.output]
    assert events[-1] == "service_stopped"


@pytest.mark.parametrize("missing", ["IDENTITY_KEYS_SECRET", "IDENTITY_ISSUER_URL"])
async def test_a_missing_setting_is_named(resources: Resources, missing: str) -> None:
    with pytest.raises(BaseExceptionGroup) as raised:
        async with program(resources, **{missing: ""}):
            pass

    assert re.search(missing, str(raised.value.exceptions[0]))
