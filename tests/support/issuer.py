"""An issuer for tests of one service: publishes a mint's keys where the service can fetch them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from aiohttp.test_utils import TestServer

from muster_runtime.testing import TokenMint


@dataclass(frozen=True, slots=True)
class Issuer:
    """Where a service finds the keys of *mint*, in the words of its settings."""

    mint: TokenMint
    jwks_url: str

    @property
    def settings(self) -> dict[str, str]:
        return {"issuer_url": self.mint.issuer, "jwks_url": self.jwks_url}


@asynccontextmanager
async def publishing(mint: TokenMint) -> AsyncIterator[Issuer]:
    """Serve the public keys of *mint* on the loopback interface."""

    async def jwks(request: web.Request) -> web.Response:
        return web.json_response(mint.jwks())

    app = web.Application()
    app.router.add_get("/jwks.json", jwks)
    async with TestServer(app) as server:
        yield Issuer(mint, str(server.make_url("/jwks.json")))
