"""The naive stack, kept as the denominator: guests and refreshes with every library used as its first page shows it.

The same contract as identity's: a guest has a hashed secret, a session is stored, tokens are RS256 pairs with the same
claims (ES256 where the command line says so), a refresh checks session and user and rotates. Nothing else: no limits,
metrics, traces, deadlines, events.
"""

import asyncio
import hashlib
import hmac
import sys
import time
import uuid
from typing import Any

import jwt
import structlog
from aiobotocore.session import get_session
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from pydantic import BaseModel

ISSUER = "https://identity.test"
ALGORITHM = sys.argv[1] if len(sys.argv) > 1 else "RS256"
KEY: Any = generate_private_key(65537, 2048) if ALGORITHM == "RS256" else ec.generate_private_key(ec.SECP256R1())
log = structlog.get_logger()


class SignIn(BaseModel):
    """A guest, new or known."""

    user_id: str | None = None
    guest_secret: str | None = None


class Refresh(BaseModel):
    """A refresh token to exchange."""

    refresh_token: str


class Pair(BaseModel):
    """What both answer."""

    user_id: str
    access_token: str
    refresh_token: str
    expires_in: int = 900
    guest_secret: str | None = None


def hashed(text: str) -> str:
    """Return what is stored of a secret."""
    return hashlib.sha256(text.encode()).hexdigest()


def fresh_id() -> str:
    """Return a random id."""
    return str(uuid.uuid4())  # noqa: TID251 - naive on purpose


def signed(user_id: str, session_id: str, audience: str, *, scope: str, life_s: int, token_id: str) -> str:  # noqa: PLR0913 - claims
    """Return a token, as PyJWT's first example makes one."""
    now_s = int(time.time())  # noqa: TID251 - naive on purpose
    claims = {
        "sub": user_id, "iss": ISSUER, "aud": audience, "scope": scope, "kid": "key-1", "iat": now_s, "nbf": now_s,
        "exp": now_s + life_s, "jti": token_id, "sid": session_id, "auth_time": now_s,
    }  # fmt: skip
    return jwt.encode(claims, KEY, algorithm=ALGORITHM, headers={"kid": "key-1"})


class Naive:
    """The handlers."""

    def __init__(self, dynamodb: Any) -> None:  # noqa: ANN401 - an aiobotocore client
        """Take a stock client."""
        self.dynamodb = dynamodb

    async def pair(self, user_id: str, session_id: str) -> Pair:
        """Store a session's present generation and return its tokens."""
        token_id = fresh_id()
        row = {"session_id": session_id, "user_id": user_id, "current": hashed(token_id), "scope": "guest"}
        tokens = Pair(
            user_id=user_id,
            access_token=signed(user_id, session_id, "gamebackend", scope="guest", life_s=900, token_id=fresh_id()),
            refresh_token=signed(user_id, session_id, "refresh", scope="refresh", life_s=518_400, token_id=token_id),
        )
        await self.dynamodb.put_item(
            TableName="naive_sessions", Item={name: {"S": value} for name, value in row.items()}
        )
        return tokens

    async def sign_in(self, request: web.Request) -> web.Response:
        """Make a guest, or sign one in."""
        asked = SignIn.model_validate(await request.json())
        user_id, secret = asked.user_id or fresh_id(), asked.guest_secret or f"{fresh_id()}-{fresh_id()}"
        if asked.user_id is None:
            user = {"user_id": {"S": user_id}, "secret": {"S": hashed(secret)}}
            await self.dynamodb.put_item(
                TableName="naive_users", Item=user, ConditionExpression="attribute_not_exists(user_id)"
            )
        else:
            found = await self.dynamodb.get_item(TableName="naive_users", Key={"user_id": {"S": user_id}})
            if not hmac.compare_digest(found["Item"]["secret"]["S"], hashed(secret)):
                raise web.HTTPUnauthorized
        tokens = await self.pair(user_id, fresh_id())
        log.info("guest_signed_in", user_id=user_id)
        return web.json_response({**tokens.model_dump(), "guest_secret": secret})

    async def refresh(self, request: web.Request) -> web.Response:
        """Exchange a refresh token."""
        asked = Refresh.model_validate(await request.json())
        claims = jwt.decode(
            asked.refresh_token, KEY.public_key(), algorithms=[ALGORITHM], audience="refresh", issuer=ISSUER
        )
        session = await self.dynamodb.get_item(TableName="naive_sessions", Key={"session_id": {"S": claims["sid"]}})
        user = await self.dynamodb.get_item(TableName="naive_users", Key={"user_id": {"S": claims["sub"]}})
        if session["Item"]["current"]["S"] != hashed(claims["jti"]) or "Item" not in user:
            raise web.HTTPUnauthorized
        tokens = await self.pair(claims["sub"], claims["sid"])
        log.info("refreshed", user_id=claims["sub"])
        return web.json_response(tokens.model_dump())


async def naive() -> None:
    """Serve, and say where."""
    async with get_session().create_client("dynamodb") as dynamodb:
        handlers = Naive(dynamodb)
        app = web.Application()
        app.router.add_post("/v1/guests", handlers.sign_in)
        app.router.add_post("/v1/tokens/refresh", handlers.refresh)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        structlog.configure(
            processors=[structlog.processors.TimeStamper(fmt="iso"), structlog.processors.JSONRenderer()]
        )
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(naive())
