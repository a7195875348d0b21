"""The embedded AWS emulator: ministack as a child process in a virtual environment of its own."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import aiohttp

from muster_deploy.children import Child, fate, start
from muster_deploy.ports import is_free
from muster_deploy.problems import CannotStart
from muster_deploy.readiness import answers
from muster_deploy.settings import ROOT

HEALTH_PATH = "/_ministack/health"
READY_TIMEOUT_S = 60.0
KEEP_GRACE_S = 15.0
"""It writes its state only while it stops: 50,000 items took 4.2 s on a machine with 2 cores (measured 2026-11)."""
GRACE_S = 2.0
_POLL_S = 0.02
_SCRATCH = "emulator-"
"""Begins the name of a folder for one run; the process that made it follows."""


def check(program: Path) -> None:
    """Look whether *program* is there.

    Raises:
        CannotStart: it is not.
    """
    if not (program.is_file() and os.access(program, os.X_OK)):
        raise CannotStart(f"The AWS emulator is not installed ({_short(program)}).", "Run `make setup`.")


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def variables(*, host: str, port: int, folder: Path, keep: bool) -> dict[str, str]:
    """Return the emulator's environment.

    Args:
        host: the address it binds and puts into queue URLs; never every interface.
        port: its gateway.
        folder: for its process id file and, with *keep*, its data.
        keep: data survives a restart.
    """
    environment = {
        "BIND_HOST": host,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "ERROR",
        "MINISTACK_HOST": host,
        "SFTP_ENABLED": "0",
        "TMPDIR": str(folder / "tmp"),
    }
    if keep:
        environment |= {
            "PERSIST_STATE": "1",
            "S3_DATA_DIR": str(folder / "s3"),
            "S3_PERSIST": "1",
            "STATE_DIR": str(folder / "state"),
        }
    return environment


def _remove_orphans(folder: Path) -> None:
    """Remove what the emulators of killed processes left in *folder*."""
    for left in folder.glob(f"{_SCRATCH}*-*"):
        owner = left.name.removeprefix(_SCRATCH).split("-")[0]
        if owner.isdigit() and not _is_alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


class Emulator:
    """One emulator process."""

    def __init__(  # noqa: PLR0913 - what one process needs
        self, program: Path, *, host: str, port: int, run_dir: Path, keep: bool, auth: bool = False
    ) -> None:
        """Describe it; nothing starts yet.

        Args:
            program: where it is installed.
            host: the address it binds.
            port: its gateway; it must be free.
            run_dir: where its folders are made.
            keep: data survives a restart.
            auth: it enforces signatures, IAM and resource policies.
        """
        self.endpoint = f"http://{host}:{port}"
        self._program = program
        self._host, self._port = host, port
        self._run_dir, self._keep, self._auth = run_dir, keep, auth
        self._asked = False
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._child: Child | None = None

    async def start(self, group: asyncio.TaskGroup, on_line: Callable[[str], None]) -> None:
        """Start the process; `wait_ready` waits for it.

        Args:
            group: outlives the process; reads its output.
            on_line: gets each line that it prints.

        Raises:
            CannotStart: it is not installed, or something else listens on its port.
        """
        check(self._program)
        if not is_free(self._port, self._host):
            raise CannotStart(
                f"Something already listens on {self._host}:{self._port}, the port of the AWS emulator.",
                "Stop it (another `make up`, perhaps), or set MUSTER_EMULATOR_PORT=0 for any free port.",
            )
        if self._keep:
            folder = self._run_dir / "emulator"
        else:
            self._run_dir.mkdir(parents=True, exist_ok=True)
            _remove_orphans(self._run_dir)
            self._scratch = tempfile.TemporaryDirectory(
                prefix=f"{_SCRATCH}{os.getpid()}-", dir=self._run_dir, ignore_cleanup_errors=True
            )
            folder = Path(self._scratch.name)
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        environment = variables(host=self._host, port=self._port, folder=folder, keep=self._keep)
        if self._auth:
            environment["AUTH"] = "true"
        argv = [str(self._program)]
        try:
            self._child = await start(argv, group=group, environment=environment, on_line=on_line, folder=folder)
        except OSError as error:
            self._sweep()
            raise CannotStart(f"The AWS emulator does not run ({error.strerror}).", "Run `make setup`.") from error

    async def wait_ready(self) -> None:
        """Wait until it answers.

        Raises:
            CannotStart: it ended, or did not answer within 60 s.
        """
        timeout = aiohttp.ClientTimeout(total=1.0)
        try:
            async with asyncio.timeout(READY_TIMEOUT_S), aiohttp.ClientSession(timeout=timeout) as http:
                while not await answers(http, self.endpoint + HEALTH_PATH):
                    if self._child is None or self._child.exit_code is not None:
                        raise CannotStart("The AWS emulator ended while it started.", "Its words are above.")
                    await asyncio.sleep(_POLL_S)
        except TimeoutError as error:
            raise CannotStart(
                f"The AWS emulator did not answer within {READY_TIMEOUT_S:.0f} s.", "Try again."
            ) from error

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._child is not None and self._child.exit_code is None

    async def death(self) -> str:
        """Wait until the process ends without having been asked to; return how it ended, in words.

        After a stop that was asked for this never returns: it is there to be cancelled.
        """
        if self._child is None:
            raise RuntimeError("the emulator was not started")
        code = await self._child.wait()
        if self._asked:
            await asyncio.Event().wait()
        return fate(code)

    async def stop(self) -> None:
        """Stop it; with data to keep it gets 15 s to write them. Safe to repeat: it does nothing then."""
        self._asked = True
        if self._child is not None:
            await self._child.stop(grace_s=KEEP_GRACE_S if self._keep else GRACE_S)
        self._sweep()

    def kill(self) -> None:
        """Kill it at once."""
        self._asked = True
        if self._child is not None:
            self._child.kill()
        self._sweep()

    def _sweep(self) -> None:
        if self._scratch is not None:
            # A process that was killed this moment may still write; what it leaves is not worth an error.
            self._scratch.cleanup()
            self._scratch = None
