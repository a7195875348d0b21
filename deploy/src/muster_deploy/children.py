"""Child processes that never outlive their parent, not even when it is killed."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
"""Source: prctl(2)."""
_LINE_LIMIT_BYTES = 1 << 20

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class Child:
    """One running child process whose output goes to a function, line by line."""

    def __init__(self, process: asyncio.subprocess.Process, pump: asyncio.Task[None]) -> None:
        """Keep what `start` made."""
        self._process = process
        self._pump = pump

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Its exit code, negative for a signal, None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait until it ended and its last line was passed on; return the exit code."""
        code = await self._process.wait()
        # A grandchild may hold the pipe open for ever; what it says is not ours to wait for.
        await asyncio.wait([self._pump], timeout=1.0)
        self._pump.cancel()
        return code

    async def stop(self, *, grace_s: float) -> int:
        """Ask it to end with SIGTERM, and kill it and its whole process group after *grace_s* seconds.

        Safe to repeat: a child that ended already is left alone.
        """
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace_s):
                return await self.wait()
        except TimeoutError:
            self.kill()
            return await self.wait()

    def kill(self) -> None:
        """Kill it and everything in its process group at once."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)


async def start(
    argv: Sequence[str],
    *,
    group: asyncio.TaskGroup,
    environment: Mapping[str, str],
    on_line: Callable[[str], None],
    folder: Path | None = None,
) -> Child:
    """Start a child in a session of its own, so that Ctrl-C on the terminal reaches only its parent.

    Args:
        argv: program and arguments.
        group: outlives the child; reads its output.
        environment: the child's whole environment.
        on_line: gets each line of its output and errors, without the line end.
        folder: its working directory.
    """
    parent = os.getpid()
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=dict(environment),
        cwd=folder,
        start_new_session=True,
        limit=_LINE_LIMIT_BYTES,
        preexec_fn=lambda: _die_with(parent),
    )
    if process.stdout is None:
        raise RuntimeError("the child has no output pipe")
    return Child(process, group.create_task(_pump(process.stdout, on_line)))


def fate(code: int) -> str:
    """Return how a process with this exit code ended, in words."""
    return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies; runs in the child, before the program."""
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        # It died between the fork and the call.
        os._exit(1)


async def _pump(stream: asyncio.StreamReader, on_line: Callable[[str], None]) -> None:
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            on_line("(a line of more than 1 MiB was left out)")
            continue
        if not line:
            return
        on_line(line.decode(errors="replace").rstrip())
