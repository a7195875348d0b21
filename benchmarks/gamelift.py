"""StartMatchmaking requests per CPU-second of the local GameLift, while ten thousand tickets wait and are matched.

The server is `python -m muster_gamelift`, a process of its own; the load comes from this one, over kept-alive loopback
connections, each waiting for its answer. Everything the server does in that time counts: requests, searches, matches.
Where there are two cores, each side is kept on its own. Told are the median and the best of the passes: of a machine
that others use too, the best says more about the program.

Skills are spread so wide that about ten thousand tickets wait at any moment: 5v5, ten skills within 200, team means
within 50, one region at 120 ms for all. One arrival in ten completes a match.
"""

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0))
CONNECTIONS = 16
FILLING = 25_000
REQUESTS = 10_000
PASSES = 5
HIGHEST_SKILL = 560_000
HEAD = (
    "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-amz-json-1.1\r\n"
    "X-Amz-Target: GameLift.{operation}\r\nX-Amz-Date: 20261120T120000Z\r\n"
    "User-Agent: Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux lang/python#3.11.7\r\n"
    "Authorization: AWS4-HMAC-SHA256 Credential=benchmark/20261120/us-east-1/gamelift/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
    "Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n"
    "Content-Length: {length}\r\n\r\n"
)
RULES = {
    "name": "five against five",
    "ruleLanguageVersion": "1.0",
    "playerAttributes": [{"name": "skill", "type": "number"}],
    "teams": [{"name": name, "minPlayers": 5, "maxPlayers": 5} for name in ("red", "blue")],
    "rules": [
        {"name": "Near", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 200},
        {
            "name": "Even",
            "type": "distance",
            "measurements": ["avg(teams[red].players.attributes[skill])"],
            "referenceValue": "avg(teams[blue].players.attributes[skill])",
            "maxDistance": 50,
        },
        {"name": "Fast", "type": "latency", "maxLatency": 120},
    ],
}


def request(operation: str, **given: object) -> bytes:
    """Return a request as an AWS client sends it."""
    body = json.dumps(given).encode()
    return HEAD.format(operation=operation, length=len(body)).encode() + body


def start_matchmaking(number: int, chance: random.Random) -> bytes:
    """Return a request of one player."""
    player = {
        "PlayerId": f"player-{number}",
        "PlayerAttributes": {"skill": {"N": float(chance.randrange(HIGHEST_SKILL))}},
        "LatencyInMs": {region: chance.randrange(10, 110) for region in ("us-east-1", "eu-central-1", "ap-south-1")},
    }
    return request("StartMatchmaking", TicketId=f"ticket-{number}", ConfigurationName="bench", Players=[player])


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Wrap an open connection."""
        self._reader, self._writer = reader, writer

    async def ask(self, what: bytes) -> bytes:
        """Send a request and return the body of its answer, which must be a success."""
        self._writer.write(what)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line)
        body = await self._reader.readexactly(length)
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(body.decode())
        return body

    def close(self) -> None:
        """End the connection."""
        self._writer.close()


async def ask_all(port: int, requests: list[bytes]) -> list[bytes]:
    """Send *requests* over the connections; return the answers, in no particular order."""
    left, answers = iter(requests), []

    async def connection() -> None:
        client = Client(*await asyncio.open_connection("127.0.0.1", port))
        for one in left:
            answers.append(await client.ask(one))  # noqa: PERF401 - every connection takes the next of the same iterator
        client.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(connection())
    return answers


def waiting(port: int, tickets: int) -> int:
    """Return how many of the first so many tickets wait; those long ended are forgotten."""
    ids = [f"ticket-{number}" for number in range(tickets)]
    tens = [request("DescribeMatchmaking", TicketIds=ids[start : start + 10]) for start in range(0, tickets, 10)]
    answers = asyncio.run(ask_all(port, tens))
    return sum(ticket["Status"] == "SEARCHING" for one in answers for ticket in json.loads(one)["TicketList"])


def cpu_s(pid: int) -> float:
    """Return the CPU-seconds that a process has used, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def serve(port: int) -> subprocess.Popen[bytes]:
    """Start the server and wait until it answers."""
    command = [sys.executable, "-m", "muster_gamelift", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    asyncio.run(answers(port))
    keep_apart(process.pid)
    return process


def keep_apart(server: int) -> None:
    """Keep the server on the first core and this process on another, where there are two."""
    if len(CORES) > 1:
        for task in Path(f"/proc/{server}/task").iterdir():
            os.sched_setaffinity(int(task.name), {CORES[0]})
        os.sched_setaffinity(0, set(CORES[1:]))


async def answers(port: int) -> None:
    """Wait until the server takes connections."""
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def bare() -> float:
    """Return what bare aiohttp answers on the same machine at the same time, in GET requests per CPU-second."""
    command = [sys.executable, str(Path(__file__).with_name("http_edge.py")), "bare"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            port = int((process.stdout or sys.stdin).readline())
            keep_apart(process.pid)
            get = b"GET /hello HTTP/1.1\r\nHost: bench\r\n\r\n"
            before_s = cpu_s(process.pid)
            asyncio.run(ask_all(port, [get] * REQUESTS))
            return REQUESTS / (cpu_s(process.pid) - before_s)
        finally:
            process.kill()


def main() -> None:
    """Fill the pool, measure several passes, and print the rates with the size of the pool around them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attach", type=int, nargs=2, metavar=("PORT", "PID"), help="measure a server that runs")
    attached = parser.parse_args().attach
    port = attached[0] if attached else free_port()
    process = None if attached else serve(port)
    pid = attached[1] if attached else process.pid  # type: ignore[union-attr] - one of the two is there
    try:
        measure(port, pid)
    finally:
        if process:
            process.kill()
            process.wait()


def measure(port: int, pid: int) -> None:
    """Print what one server does."""
    chance = random.Random(7)  # noqa: S311 - the same load each time, no secret
    numbers = iter(range(10**9))
    body = json.dumps(RULES)
    configuration = {"AcceptanceRequired": False, "RequestTimeoutSeconds": 43_200, "FlexMatchMode": "STANDALONE"}
    setting_up = [
        request("CreateMatchmakingRuleSet", Name="bench", RuleSetBody=body),
        request("CreateMatchmakingConfiguration", Name="bench", RuleSetName="bench", **configuration),
    ]
    for one in setting_up:
        asyncio.run(ask_all(port, [one]))
    started = 0
    rates, pools = [], []
    edges = []
    for count in (FILLING, *[REQUESTS] * PASSES):
        edges.append(bare())
        load = [start_matchmaking(next(numbers), chance) for _ in range(count)]
        before_s = cpu_s(pid)
        asyncio.run(ask_all(port, load))
        rates.append(count / (cpu_s(pid) - before_s))
        started += count
        pools.append(waiting(port, started))
    rates, pools = rates[1:], pools[1:]
    told = f"{statistics.median(rates):>12,.0f} requests per CPU-second"
    print(f"  StartMatchmaking {told} (median of {PASSES}; best {max(rates):,.0f}, worst {min(rates):,.0f})")
    shares = [rate / edge for rate, edge in zip(rates, edges[1:], strict=True)]
    print(f"  bare aiohttp, GET  {statistics.median(edges):>9,.0f} requests per CPU-second, just before each pass")
    print(f"  share of bare GET  {statistics.median(shares):>9.3f} ({min(shares):.3f} to {max(shares):.3f})")
    print(f"  waiting meanwhile {min(pools):>11,} to {max(pools):,} tickets")


if __name__ == "__main__":
    main()
