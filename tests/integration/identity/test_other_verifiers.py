"""Tokens of this service before verifiers that are not ours: API Gateway's rules, and AWS's own library for Node."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from api_gateway import Authorizer, Denied
from identity_fakes import ISSUER
from identity_world import CLIENTS, Identity, claims_of, on_fakes

from muster_runtime.clock import SystemClock
from muster_runtime.testing import FakeClock

PLAYERS = ("guest", "authenticated")
ROOT = Path(__file__).parents[3]
NODE_MODULES = ROOT / ".run" / "npm" / "node_modules"


@pytest.fixture
async def today(http_client: aiohttp.ClientSession) -> AsyncIterator[Identity]:
    """Identity at the real time of day, for verifiers that look at the machine's clock."""
    async with on_fakes(http_client, FakeClock(SystemClock().now())) as service:
        yield service


async def authorizer_of(identity: Identity, audience: str = "gamebackend") -> Authorizer:
    """Return an authorizer that can read the issuer's two files."""
    files = {
        f"{ISSUER}{path}": (await identity.get(path)).text.encode()
        for path in ("/.well-known/openid-configuration", "/.well-known/jwks.json")
    }
    return Authorizer(ISSUER, (audience,), files.__getitem__)


async def machine_token(identity: Identity) -> str:
    form = {"grant_type": "client_credentials", "client_id": "tool", "client_secret": CLIENTS["tool"]["secret"]}
    token: str = (await identity.post("/v1/oauth/token", data=form)).json["access_token"]
    return token


@pytest.mark.parametrize("prefix", ["", "Bearer "])
async def test_api_gateway_lets_our_access_tokens_in(identity: Identity, prefix: str) -> None:
    guest, authorizer, now_s = await identity.guest(), await authorizer_of(identity), identity.clock.epoch_s()
    refreshed = (await identity.get(f"/refresh-access-token?refresh_token={guest['refresh_token']}")).json

    for token in (guest["auth_token"], refreshed["auth_token"]):
        claims = authorizer.admit(prefix + token, scopes=PLAYERS, now_s=now_s)
        assert guest["user_id"] == claims["sub"]
    assert "tool" == authorizer.admit(await machine_token(identity), scopes=("operator",), now_s=now_s)["sub"]


async def test_api_gateway_keeps_out_what_is_not_for_it(identity: Identity) -> None:
    guest, authorizer, now_s = await identity.guest(), await authorizer_of(identity), identity.clock.epoch_s()
    token, refresh = guest["auth_token"], guest["refresh_token"]
    other = await authorizer_of(identity, "another game")

    async def rule(header: str, *, at_s: float = now_s, scopes: tuple[str, ...] = PLAYERS) -> str:
        with pytest.raises(Denied) as denied:
            authorizer.admit(header, scopes=scopes, now_s=at_s)
        return str(denied.value)

    assert "algorithm" == await rule(refresh)
    assert "scope" == await rule(token, scopes=("operator",))
    assert "scope" == await rule(await machine_token(identity))
    assert "exp" == await rule(token, at_s=now_s + 900)
    assert "nbf" == await rule(token, at_s=now_s - 1)
    assert "signature" == await rule(token[:-6] + "AAAAAA")
    with pytest.raises(Denied, match="aud"):
        other.admit(token, scopes=PLAYERS, now_s=now_s)


async def judged_in_node(identity: Identity, cases: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return what aws-jwt-verify says; skipped, with the reason, where it is not installed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    if not (NODE_MODULES / "aws-jwt-verify").is_dir():
        pytest.skip("the npm package aws-jwt-verify is not installed here: make npm-verify")
    asked = {
        "issuer": ISSUER,
        "audience": "gamebackend",
        "jwks": (await identity.get("/.well-known/jwks.json")).json,
        "cases": cases,
    }
    process = await asyncio.create_subprocess_exec(
        node,
        str(ROOT / "tests" / "support" / "aws_jwt_verify.js"),
        env={"PATH": os.defpath, "NODE_PATH": str(NODE_MODULES)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, problem = await asyncio.wait_for(process.communicate(json.dumps(asked).encode()), timeout=60)
    assert 0 == process.returncode, problem.decode()
    answers: list[dict[str, str]] = json.loads(out)
    return answers


async def test_the_verifier_that_aws_offers_for_node_agrees_with_us(today: Identity) -> None:
    guest = await today.guest()
    access, refresh, machine = guest["auth_token"], guest["refresh_token"], await machine_token(today)
    cases = [
        {"token": access, "scope": ["guest", "authenticated"]},
        {"token": machine, "scope": ["operator"]},
        {"token": refresh, "scope": None},
        {"token": access, "scope": ["operator"]},
        {"token": access[:-6] + "AAAAAA", "scope": None},
        {"token": f"Bearer {access}", "scope": None},
    ]

    answers = await judged_in_node(today, cases)

    assert [{"accepted": claims_of(access)["sub"]}, {"accepted": "tool"}] == answers[:2]
    assert ["JwtInvalidSignatureAlgorithmError", "JwtInvalidScopeError", "JwtInvalidSignatureError"] == [
        answer["refused"] for answer in answers[2:5]
    ]
    # It takes no prefix; whoever uses it takes `Bearer ` off first, or lets clients send the token bare as they do.
    assert "refused" in answers[5]
