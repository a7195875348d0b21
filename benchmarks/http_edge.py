"""Requests per CPU-second of the server: bare aiohttp, then the same answers through the whole chassis.

The server is a process of its own; the load comes from this one, over kept-alive loopback connections, a fixed number
of requests each. The unit leaves the client's cost out, and a busy neighbour on the machine matters little.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from aiohttp import web
from pydantic import BaseModel

from muster_runtime.auth.principal import PLAYER_SCOPES
from muster_runtime.http.routes import Answer, Call, Route
from muster_runtime.logging import configure
from muster_runtime.scope import Scope
from muster_runtime.serve import serve
from muster_runtime.service import Service
from muster_runtime.settings import ServiceSettings
from muster_runtime.testing import TokenMint

CONNECTIONS = 16
REQUESTS = 24_000
WARM_UP = 3_000
PASSES = 5
BODY = json.dumps({"latencies_ms": {f"region-{n}": 20 + n for n in range(8)}, "note": "n" * 60}).encode()


class Ask(BaseModel):
    """A body about as large as a matchmaking request."""

    latencies_ms: dict[str, int]
    note: str


class Told(BaseModel):
    """A small answer."""

    ticket_id: str
    regions: int


async def bare() -> None:
    """Serve the answer with nothing around it."""

    async def hello(request: web.Request) -> web.Response:  # noqa: ARG001 - every handler takes it
        return web.json_response({"ticket_id": "t", "regions": 8})

    async def post(request: web.Request) -> web.Response:
        ask = Ask.model_validate_json(await request.read())
        told = Told(ticket_id="t", regions=len(ask.latencies_ms))
        return web.Response(body=told.model_dump_json(), content_type="application/json")

    app = web.Application()
    app.router.add_get("/hello", hello)
    app.router.add_post("/post", post)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)  # noqa: SLF001 - aiohttp offers no other way to the port
    await asyncio.Event().wait()


async def chassis() -> None:
    """Serve the same through `serve`: request ids, deadlines, logs, metrics; behind `/post` a token and a body too."""
    mint = TokenMint()

    async def keys() -> bytes:
        return json.dumps(mint.jwks()).encode()

    async def hello(call: Call) -> Answer:  # noqa: ARG001 - every handler takes the call
        return Answer(Told(ticket_id="t", regions=8))

    async def post(call: Call) -> Answer:
        return Answer(Told(ticket_id=call.caller.subject, regions=len(call.body.latencies_ms)))

    async def build(settings: ServiceSettings, scope: Scope) -> Service:  # noqa: ARG001 - the seam
        scope.use_verifier(issuer_url=mint.issuer, jwks_url="http://127.0.0.1/unused", fetch=keys)
        return Service(
            routes=(
                Route("GET", "/hello", hello, "Say hello", answer=Told),
                Route("POST", "/post", post, "Take a body", scopes=PLAYER_SCOPES, body=Ask, answer=Told),
            )
        )

    settings = ServiceSettings(log_format="json", log_level="info")
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123, ASYNC230 - log lines are made, and go nowhere

    configure("json", "info")

    def started(running: object) -> None:
        print(running.base_url.rsplit(":", 1)[1], mint.token(), file=sys.stderr, flush=True)  # type: ignore[attr-defined]

    await serve("bench", settings, build, stop=asyncio.Event(), started=started)


async def load(port: int, request: bytes, count: int) -> None:
    """Send *count* requests over the connections, each waiting for its answer."""

    async def connection(share: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(share):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                raise RuntimeError(head.decode())
            length = next(
                int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
            )
            await reader.readexactly(length)
        writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(connection(count // CONNECTIONS))


def cpu_s(pid: int) -> float:
    """Return the CPU-seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def request(method: str, path: str, token: str = "", body: bytes = b"") -> bytes:
    """Return a request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def start(which: str) -> tuple[subprocess.Popen[str], int, str]:
    """Start a server; return it with its port and a token."""
    process = subprocess.Popen(
        [sys.executable, __file__, which], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    line = (process.stdout if which == "bare" else process.stderr).readline().split()  # type: ignore[union-attr]
    return process, int(line[0]), line[1] if len(line) > 1 else ""


def measure(process: subprocess.Popen[str], port: int, what: bytes) -> float:
    """Return requests per CPU-second of the server."""
    asyncio.run(load(port, what, WARM_UP))
    before = cpu_s(process.pid)
    asyncio.run(load(port, what, REQUESTS))
    return REQUESTS / (cpu_s(process.pid) - before)


def main() -> None:
    """Measure both servers in turn, several passes, and print the best rate of each with the median of the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("which", nargs="?", choices=["bare", "chassis"])
    match parser.parse_args().which:
        case "bare":
            asyncio.run(bare())
        case "chassis":
            asyncio.run(chassis())
        case _:
            compare()


def compare() -> None:
    """Print the comparison."""
    one, one_port, _ = start("bare")
    other, other_port, token = start("chassis")
    try:
        rows: dict[str, list[float]] = {}
        for _ in range(PASSES):
            for name, value in (
                ("bare aiohttp, GET", measure(one, one_port, request("GET", "/hello"))),
                ("bare aiohttp, POST, body validated", measure(one, one_port, request("POST", "/post", "", BODY))),
                ("chassis, GET", measure(other, other_port, request("GET", "/hello"))),
                (
                    "chassis, POST with token and body",
                    measure(other, other_port, request("POST", "/post", token, BODY)),
                ),
            ):
                rows.setdefault(name, []).append(value)
    finally:
        for process in (one, other):
            process.kill()
            process.communicate()
    bases = rows["bare aiohttp, GET"]
    for name, values in rows.items():
        # Each against its neighbour in time: what else runs on the machine changes from one pass to the next.
        ratios = sorted(value / base for value, base in zip(values, bases, strict=True))
        spread = f"{statistics.median(ratios):.2f} of bare GET ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        print(f"  {name:<36} {max(values):>9,.0f} requests per CPU-second   {spread}")


if __name__ == "__main__":
    main()
