"""Microseconds of CPU to judge an access token: never seen before, seen before, and by PyJWT alone.

All in one process and one thread, without a server: the cost of the check itself. The server adds what every request
costs anyway; see `http_edge`.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import jwt

from muster_runtime.auth.jwks import Jwks
from muster_runtime.auth.tokens import bearer
from muster_runtime.auth.verifier import TokenVerifier
from muster_runtime.clock import SystemClock
from muster_runtime.testing import TokenMint

TOKENS = 300
REPEATS = 20_000
PASSES = 5


def verifier_of(mint: TokenMint) -> TokenVerifier:
    """Return a verifier that believes *mint* and remembers nothing yet."""

    async def keys() -> bytes:
        return json.dumps(mint.jwks()).encode()

    clock = SystemClock()
    return TokenVerifier(Jwks(keys, clock=clock), issuer=mint.issuer, audience="gamebackend", clock=clock)


async def cost_us(check: Callable[[str], Awaitable[object]], tokens: list[str]) -> float:
    """Return CPU microseconds for one check."""
    begun = time.process_time()
    for token in tokens:
        await check(token)
    return (time.process_time() - begun) / len(tokens) * 1e6


async def measure() -> dict[str, float]:
    """Measure each way once."""
    mint = TokenMint()
    tokens = [mint.token(f"player-{number}") for number in range(TOKENS)]
    key = jwt.PyJWK(mint.jwks()["keys"][0]).key

    async def by_pyjwt(token: str) -> object:
        return jwt.decode(token, key, algorithms=["RS256"], audience="gamebackend", issuer=mint.issuer)

    verifier = verifier_of(mint)

    async def by_us(token: str) -> object:
        return await verifier.verify(bearer([f"Bearer {token}"]))

    await by_us(mint.token("somebody"))
    rows = {"PyJWT, key object kept": await cost_us(by_pyjwt, tokens), "first check": await cost_us(by_us, tokens)}
    rows["repeat, header included"] = await cost_us(by_us, (tokens * (REPEATS // TOKENS))[:REPEATS])
    return rows


def main() -> None:
    """Measure a few times and print the best of each."""
    best: dict[str, float] = {}
    for _ in range(PASSES):
        for name, value in asyncio.run(measure()).items():
            best[name] = min(value, best.get(name, value))
    for name, value in best.items():
        print(f"  {name:<36} {value:>9.1f} us of CPU   {best['PyJWT, key object kept'] / value:.1f} x PyJWT")


if __name__ == "__main__":
    main()
