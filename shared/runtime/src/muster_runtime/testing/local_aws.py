"""The local AWS of a test run: one ministack process, or an endpoint that is there already."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from muster_runtime.aws import client_context
from muster_runtime.settings import ServiceSettings

REGION: Final = "us-east-1"
"""The region of all local resources."""
START_S: Final = 90.0
"""Longest start; a busy machine with two cores needs a few seconds."""
STOP_S: Final = 10.0
"""How long it may take over SIGTERM before SIGKILL."""
ANSWER_S: Final = 60.0
"""Longest silence of it: a client of the tests that asked again too early might do the same thing twice."""
PROGRAM: Final = Path(".venv-emulator", "bin", "ministack")
"""Where the emulator lives: it pins another botocore, so it has an environment of its own."""


class EmulatorUnavailable(Exception):
    """There is no emulator, or it does not come up; the message says what to do."""


@dataclass(frozen=True, slots=True)
class LocalAWS:
    """AWS as the tests see it.

    Attributes:
        endpoint: base URL of every service.
    """

    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that lead a program there; the keys are made up."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",  # pragma: allowlist secret
            # More than AWS asks for: it is more lenient than AWS.
            "MUSTER_CHECK_DYNAMODB": "true",
        }

    def client(self, service: str, settings: ServiceSettings | None = None) -> AbstractAsyncContextManager[Any]:
        """Return a client as services get it; the environment must lead to this AWS, as it does in a test."""
        patient = ServiceSettings(aws_connect_timeout_s=ANSWER_S, aws_read_timeout_s=ANSWER_S)
        return client_context(service, settings or patient)


class Emulator:
    """One ministack process."""

    def __init__(self, program: Path, folder: Path, more: Mapping[str, str] | None = None) -> None:
        """Prepare to start *program* with its files in *folder* and *more* in its environment; nothing runs yet."""
        self._program = program
        self._folder = folder
        self._more = more or {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> LocalAWS:
        """Start it on a free port of the loopback interface and wait until it answers.

        Raises:
            EmulatorUnavailable: it ended, or did not answer in time; the message has the end of its log.
        """
        port = free_port()
        log_file = self._folder / "ministack.log"
        with log_file.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the project's own emulator
                [str(self._program)],
                cwd=self._folder,
                env={**_environment(port, self._folder), **self._more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline_s = time.monotonic() + START_S
        while time.monotonic() < deadline_s and self._process.poll() is None:
            if is_ready(f"http://127.0.0.1:{port}"):
                return LocalAWS(f"http://127.0.0.1:{port}")
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.05)
        self.stop()
        raise EmulatorUnavailable(f"ministack did not start:\n{log_file.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """End it: SIGTERM, and SIGKILL after `STOP_S` seconds."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        self._process = None


def find_program(start: Path, given: str | None) -> Path:
    """Return the emulator's program: *given*, or `PROGRAM` in *start* or a folder above it.

    Raises:
        EmulatorUnavailable: there is none.
    """
    if given:
        return Path(given)
    for folder in (start, *start.parents):
        if (found := folder / PROGRAM).is_file():
            return found
    raise EmulatorUnavailable(f"no {PROGRAM} in {start.name} or above it: run `make setup`, or set MUSTER_EMULATOR")


def is_ready(endpoint: str) -> bool:
    """Tell whether the emulator at *endpoint* answers its health route."""
    address = urlsplit(endpoint)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=2)
    try:
        connection.request("GET", "/_ministack/health")
        with connection.getresponse() as answer:
            answer.read()
            return answer.status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _environment(port: int, folder: Path) -> Mapping[str, str]:
    # Built from nothing: an AWS_* variable of the developer would send the emulator's own clients to real AWS.
    return {
        "PATH": os.defpath,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    }


def free_port() -> int:
    """Return a port of the loopback interface for a server that must be told which, and that sets SO_REUSEADDR.

    A connection of it rests in TIME_WAIT, so that for a minute the kernel gives the port to nobody who wants any.
    """
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        # Who closes first waits: it must be this side.
        server.accept()[0].close()
        port: int = server.getsockname()[1]
        return port
