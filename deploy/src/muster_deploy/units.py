"""The two ways a service runs: in this loop, or as a child process."""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from muster_deploy.children import Child, fate, start
from muster_deploy.services import Entry
from muster_deploy.supervise import Ended, Hopeless
from muster_runtime.serve import serve
from muster_runtime.settings import BadSettings, load

BAD_SETTINGS = 2
"""Exit code of a service that cannot make sense of its environment."""


class LoopUnit:
    """A service as tasks in this process's loop; it reads this process's environment."""

    def __init__(self, entry: Entry) -> None:
        """Describe it."""
        self._entry = entry

    @property
    def name(self) -> str:
        """Name of the service."""
        return self._entry.name

    async def run(self, halt: asyncio.Event) -> None:
        """Serve until *halt* is set.

        Raises:
            Hopeless: its settings are bad.
        """
        try:
            settings = load(self._entry.settings())
        except BadSettings as error:
            raise Hopeless("; ".join(error.problems)) from error
        await serve(self._entry.name, settings, self._entry.build(), stop=halt)

    def kill(self) -> None:
        """Do nothing: cancelling its task, which the supervisor does, is all there is."""


class ProcessUnit:
    """A child process that has nothing but its environment."""

    def __init__(  # noqa: PLR0913 - what a process needs
        self,
        name: str,
        module: str,
        *,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        grace_s: float,
        arguments: Sequence[str] = (),
        folder: Path | None = None,
    ) -> None:
        """Describe it.

        Args:
            name: short, for the terminal.
            module: run as `python -m MODULE`.
            environment: its whole environment.
            on_line: gets each line of its output.
            grace_s: from SIGTERM to SIGKILL.
            arguments: after the module.
            folder: its working directory.
        """
        self._name = name
        self._argv = [sys.executable, "-m", module, *arguments]
        self._environment = environment
        self._on_line = on_line
        self._grace_s = grace_s
        self._folder = folder
        self._child: Child | None = None

    @property
    def name(self) -> str:
        """Name of the service."""
        return self._name

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        running = self._child is not None and self._child.exit_code is None
        return self._child.pid if self._child is not None and running else None

    async def run(self, halt: asyncio.Event) -> None:
        """Run the process until *halt* is set.

        Raises:
            Hopeless: its settings are bad.
            Ended: it ended before, for another reason.
        """
        async with asyncio.TaskGroup() as group:
            child = await start(
                self._argv,
                group=group,
                environment=self._environment,
                on_line=self._on_line,
                folder=self._folder,
            )
            self._child = child
            ended = group.create_task(child.wait())
            halted = group.create_task(halt.wait())
            try:
                await asyncio.wait([ended, halted], return_when=asyncio.FIRST_COMPLETED)
            finally:
                halted.cancel()
                if child.exit_code is None:
                    await child.stop(grace_s=self._grace_s)
        if not halt.is_set():
            code = ended.result()
            if code == BAD_SETTINGS:
                raise Hopeless("its settings are bad, as it says above")
            raise Ended(fate(code))

    def kill(self) -> None:
        """Kill the process at once."""
        if self._child is not None:
            self._child.kill()
