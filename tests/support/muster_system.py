"""A whole Muster as its users start it: a child process, found through the files it writes."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

from muster_runtime.testing import eventually

ROOT = Path(__file__).parents[2]
SERVICES = ("identity", "matchmaking", "tickets", "achievements", "listener")
START_WITHIN_S = 200.0
STOP_WITHIN_S = 60.0
"""Seconds on a busy machine; `benchmarks/start.py` says what an idle one takes."""


def clean_environment(**more: str) -> dict[str, str]:
    """Return what a child needs of our environment, and nothing that could point it at somebody's AWS."""
    ours = os.environ  # noqa: TID251 - a child gets a part of it
    kept = {name: ours[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in ours}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", **more}


def read_dotenv(path: Path) -> dict[str, str]:
    """Return the variables of an environment file as `make env` writes it."""
    lines = [line.split("=", 1) for line in path.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return {name: value.strip("'") for name, value in lines}


def children_of(pid: int) -> dict[int, str]:
    """Return every living descendant of *pid* with its command line."""
    parents: dict[int, int] = {}
    commands: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            commands[int(folder.name)] = (folder / "cmdline").read_text(errors="replace").replace("\0", " ").strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if status[0] != "Z":
            parents[int(folder.name)] = int(status[1])
    found: dict[int, str] = {}
    ring = {pid}
    while ring:
        ring = {child for child, parent in parents.items() if parent in ring and child not in found}
        found |= {child: commands[child] for child in ring}
    return found


def is_open(host: str, port: int) -> bool:
    """Tell whether something listens there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


@dataclass
class System:
    """A Muster that is starting, up, or stopped."""

    harness: str
    folder: Path
    more: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "up.log"

    def start(self) -> None:
        """Start it on free ports, without waiting."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ports = ("PORT", "EMULATOR_PORT", "GAMELIFT_PORT", "ARENA_PORT", "ARENA_PORT_FIRST")
        ports += tuple(f"{name.upper()}_PORT" for name in (*SERVICES, "players", "providers"))
        settings = {f"MUSTER_{name}": "0" for name in ports}
        # What only makes a test wait: how long a dead consumer's messages stay hidden, a stalled body is awaited. Not
        # shorter: a living consumer that a busy machine holds up must not lose its messages to another meanwhile.
        for name in SERVICES:
            settings |= {f"{name.upper()}_CONSUMER_VISIBILITY_S": "12", f"{name.upper()}_BODY_DEADLINE_S": "5"}
        # Nothing here is about starting without a player who is late, or about a start that takes too long.
        settings |= {"ARENA_GATHER_S": "60", "MUSTER_START_TIMEOUT_S": "180"}
        # A match that a test leaves, or never joins, is held for a minute: others must find a server all the same.
        settings |= {"MUSTER_ARENA_SLOTS": "8"}
        settings |= {"MUSTER_RUN_DIR": str(self.folder / "run"), "MUSTER_DEMO": "false", **self.more}
        command = [sys.executable, "-m", "muster_deploy", "up"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command + (["--processes"] if self.harness == "processes" else []),
                cwd=ROOT,
                env=clean_environment(**settings),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def ready(self) -> None:
        """Wait until it says that it is ready."""

        def up() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()
            return re.search(r"^ready", self.log.read_text(), re.MULTILINE | re.IGNORECASE) is not None

        await eventually(up, within_s=START_WITHIN_S)

    @property
    def environment(self) -> dict[str, str]:
        """What it tells outsiders: the variables of `muster.env`."""
        return read_dotenv(self.folder / "run" / "env" / "muster.env")

    def environment_of(self, service: str) -> dict[str, str]:
        """What it tells one service: the variables of its file."""
        return read_dotenv(self.folder / "run" / "env" / f"{service}.env")

    @property
    def base_url(self) -> str:
        return self.environment["MUSTER_BASE_URL"]

    def url(self, service: str) -> str:
        """Where one service listens itself."""
        return self.environment[f"MUSTER_{service.upper()}_URL"]

    def ports(self) -> dict[str, int]:
        """Return every port that it told anybody about."""
        urls = {name: value for name, value in self.environment.items() if value.startswith("http://")}
        return {name: port for name, value in urls.items() if (port := urlsplit(value).port) is not None}

    def pid_of(self, service: str) -> int | None:
        """Return the process that runs *service* under the processes harness; None when there is none."""
        assert self.process is not None
        running = children_of(self.process.pid)
        return next((pid for pid, command in running.items() if re.search(rf"muster_{service}(\s|$)", command)), None)

    def descendants(self) -> dict[int, str]:
        assert self.process is not None
        return children_of(self.process.pid)

    def stop(self, how: signal.Signals = signal.SIGINT) -> tuple[int, float]:
        """Stop it as Ctrl-C does; return its exit code and how many seconds that took."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        begun = monotonic()
        try:
            code = self.process.wait(timeout=100)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not stop within 100 s:\n{self.log.read_text()}") from None
        return code, monotonic() - begun
