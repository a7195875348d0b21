"""Sign-in, refresh and token check per CPU-second of the server: identity as it is deployed, against the naive stack.

The naive stack is what the same contract costs when every part is used as its first page of documentation shows it:
aiohttp, pydantic, PyJWT with RS256 and the key object kept, stock structlog, a stock aiobotocore client. Per request it
reads, writes and signs exactly as often as identity does, and has no limits, metrics, traces or deadlines. Both keep
their rows in the same stub of DynamoDB, a process of its own; identity's other AWS is the local one.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "support")]

from forged_tokens import AUDIENCE, ISSUER, Forge  # noqa: E402 - found by the path above
from http_edge import cpu_s, request  # noqa: E402 - found by the path above
from tokens import measure as measure_tokens  # noqa: E402 - found by the path above

from muster_runtime.auth.jwks import Jwks  # noqa: E402 - found by the path above
from muster_runtime.auth.tokens import bearer  # noqa: E402 - found by the path above
from muster_runtime.auth.verifier import TokenVerifier  # noqa: E402 - found by the path above
from muster_runtime.aws import client_context  # noqa: E402 - found by the path above
from muster_runtime.errors import Unauthenticated  # noqa: E402 - found by the path above
from muster_runtime.settings import ServiceSettings  # noqa: E402 - found by the path above
from muster_runtime.testing.clock import FakeClock  # noqa: E402 - found by the path above
from muster_runtime.testing.local_aws import Emulator, LocalAWS, find_program  # noqa: E402 - found by the path above

CONNECTIONS = 16
REQUESTS = 1_920
SLICES = 8
WARM_UP = 160
PASSES = 5
ALGORITHMS = ("RS256", "ES256", "EdDSA")
NAIVE = ("RS256", "ES256")
TABLES = ("users", "sessions", "identities", "bans", "resolutions", "audit", "revocations", "outbox")

Next = Callable[[dict[str, Any]], bytes]
"""Makes the next request of a connection from the answer to its last one."""


@contextmanager
def started(*command: str, environment: dict[str, str], wait: Callable[[str], str | None]) -> Iterator[tuple[int, str]]:
    """Start a server; give its process id and where it listens; end it afterwards."""
    process = subprocess.Popen(
        [sys.executable, *command],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath, **environment},
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if (url := wait(line)) is not None:
                break
        else:
            raise RuntimeError(f"{command} did not start")
        # What it writes from now on must be taken, and goes nowhere.
        drain = subprocess.Popen(["/bin/cat"], stdin=process.stdout, stdout=subprocess.DEVNULL)
        yield process.pid, url
    finally:
        process.terminate()
        process.wait(30)
        drain.wait(30)


def from_log(line: str) -> str | None:
    """Return where a service of ours listens, from its line `service_ready`."""
    return str(json.loads(line)["base_url"]) if "service_ready" in line else None


async def resources(aws: LocalAWS, algorithm: str) -> dict[str, str]:
    """Make what an identity that signs with *algorithm* needs besides tables; return its settings."""
    os.environ.update(aws.environment)  # noqa: TID251 - botocore reads nothing else
    settings = ServiceSettings()
    async with client_context("sqs", settings) as sqs:
        queues = [
            (await sqs.create_queue(QueueName=f"{name}-{algorithm}"))["QueueUrl"] for name in ("rotation", "dead")
        ]
    async with client_context("secretsmanager", settings) as secrets:
        await secrets.create_secret(Name=f"keys-{algorithm}")
        await secrets.create_secret(Name=f"clients-{algorithm}", SecretString="{}")
    async with client_context("s3", settings) as s3:
        await s3.create_bucket(Bucket=f"issuer-{algorithm.lower()}")
    async with client_context("events", settings) as events:
        await events.create_event_bus(Name=f"bench-{algorithm}")
    named = {
        **{f"{name}_table": name for name in TABLES},
        "event_bus": f"bench-{algorithm}", "keys_secret": f"keys-{algorithm}", "clients_secret": f"clients-{algorithm}",
        "issuer_bucket": f"issuer-{algorithm.lower()}", "signing_algorithm": algorithm,
        "rotation_queue": queues[0], "rotation_dead_letters": queues[1], "issuer_url": ISSUER, "log_format": "json",
        # The limits stay on and grant everything: what they cost is part of the figure.
        "limit_requests_burst": "100000000", "limit_guests_burst": "100000000", "limit_accounts_burst": "100000000",
    }  # fmt: skip
    return {f"IDENTITY_{name.upper()}": value for name, value in named.items()}


async def load(url: str, requests: list[bytes], following: Next, count: int) -> list[bytes]:
    """Send *count* requests over a connection for each of *requests*; return what each would send next.

    Each connection waits for its answer before it sends again.
    """
    host, port = url.removeprefix("http://").split(":")

    async def connection(sent: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(host, int(port))
        for _ in range(count // len(requests)):
            writer.write(sent)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            if not head.startswith((b"http/1.1 200", b"http/1.1 201")):
                raise RuntimeError(f"{head.decode()} {body.decode()}")
            sent = following(json.loads(body))
        writer.close()
        return sent

    async with asyncio.TaskGroup() as group:
        sending = [group.create_task(connection(sent)) for sent in requests]
    return [task.result() for task in sending]


def asked(path: str, document: dict[str, str]) -> bytes:
    """Return a POST of *document*."""
    return request("POST", path, body=json.dumps(document).encode())


def again(answer: dict[str, Any]) -> bytes:
    """Sign the same guest in."""
    return asked("/v1/guests", {name: answer[name] for name in ("user_id", "guest_secret")})


def fresh(_answer: dict[str, Any]) -> bytes:
    """Make another guest."""
    return asked("/v1/guests", {})


def refreshed(answer: dict[str, Any]) -> bytes:
    """Exchange the refresh token that came last."""
    return asked("/v1/tokens/refresh", {"refresh_token": answer["refresh_token"]})


CASES: dict[str, Next] = {"a guest signs in again": again, "a new guest": fresh, "refresh": refreshed}


def rates(running: dict[str, tuple[int, str]], following: Next) -> dict[str, float]:
    """Return requests per CPU-second of each server.

    They take turns, a slice of the requests at a time, so that a slow second of the machine is a slow one for all.
    """
    used = dict.fromkeys(running, 0.0)
    sending = {
        name: asyncio.run(load(url, [fresh({})] * CONNECTIONS, following, WARM_UP))
        for name, (_, url) in running.items()
    }
    for _ in range(SLICES):
        for name, (pid, url) in running.items():
            before = cpu_s(pid)
            sending[name] = asyncio.run(load(url, sending[name], following, REQUESTS // SLICES))
            used[name] += cpu_s(pid) - before
    return {name: REQUESTS / seconds for name, seconds in used.items()}


def servers() -> None:
    """Measure both servers in turn, several passes; print the median rates and the ratios within each pass."""
    found: dict[str, list[dict[str, float]]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        emulator = Emulator(find_program(HERE.parent, None), folder)
        aws = emulator.start()
        stack.callback(emulator.stop)
        stubbed = stack.enter_context(started(str(HERE / "identity_stub.py"), environment={}, wait=str.strip))[1]
        # As on AWS, which the local one asks for more than.
        environment = aws.environment | {"AWS_ENDPOINT_URL_DYNAMODB": stubbed, "MUSTER_CHECK_DYNAMODB": "false"}
        running = {}
        for algorithm in NAIVE:
            naive = started(str(HERE / "identity_naive.py"), algorithm, environment=environment, wait=str.strip)
            running[f"naive {algorithm}"] = stack.enter_context(naive)
        for algorithm in ALGORITHMS:
            settings = asyncio.run(resources(aws, algorithm))
            ours = started("-m", "muster_identity", environment=environment | settings, wait=from_log)
            running[algorithm] = stack.enter_context(ours)
        for _ in range(PASSES):
            for name, following in CASES.items():
                found.setdefault(name, []).append(rates(running, following))
    for name, passes in found.items():
        print(f"  {name}")
        for server in passes[0]:
            told = [f"{server:<12} {statistics.median(each[server] for each in passes):>6,.0f} per CPU-second"]
            for algorithm in NAIVE:
                ratios = sorted(each[server] / each[f"naive {algorithm}"] for each in passes)
                told.append(
                    f"{statistics.median(ratios):.2f} x naive {algorithm} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
                )
            print("    " + "   ".join(told))


def checks() -> None:
    """Print what a token check costs, and what the most expensive forged token costs."""
    best: dict[str, float] = {}
    for _ in range(PASSES):
        for name, value in asyncio.run(measure_tokens()).items():
            best[name] = min(value, best.get(name, value))
    for name, value in best.items():
        print(f"  {name:<36} {value:>7.1f} us   {best['PyJWT, key object kept'] / value:.1f} x PyJWT")
    cost = sorted(asyncio.run(forged_ms()))
    print(
        f"  {len(cost)} forged tokens, first sight: most {cost[-1]:.2f} ms, p99 {cost[int(len(cost) * 0.99)]:.2f} ms, "
        f"median {statistics.median(cost):.3f} ms of CPU"
    )


async def forged_ms() -> list[float]:
    """Return the CPU milliseconds of refusing each forged token; the least of a few tries, because others run here."""
    clock = FakeClock()
    forge = Forge(int(clock.epoch_s()))

    async def keys() -> bytes:
        return forge.document

    jwks = Jwks(keys, clock=clock, algorithms=("RS256", "ES256", "EdDSA"))
    verifier = TokenVerifier(jwks, issuer=ISSUER, audience=AUDIENCE, clock=clock)
    await verifier.verify(forge.good()["RS256"])
    costs = []
    for token in forge.forged().values():
        tries = []
        for _ in range(3):
            begun = time.process_time()
            try:
                await verifier.verify(bearer([token]))
            except Unauthenticated:
                tries.append((time.process_time() - begun) * 1000)
        costs.append(min(tries))
    return costs


def main() -> None:
    """Measure; `--checks` leaves the servers out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", action="store_true", help="token checks alone")
    only_checks = parser.parse_args().checks
    checks()
    if not only_checks:
        servers()


if __name__ == "__main__":
    main()
