"""How a running Muster ends: asked to by a person, asked twice, or because it lost what it cannot do without."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

KILLED = 130
"""Exit code of a program that Ctrl-C ended, as shells know it."""


class Ending:
    """The one stop of a running Muster.

    Attributes:
        stop: set once it is to end.
        problem: why, in a sentence; empty when a person asked for it.
        started: set once everything is up.
    """

    def __init__(self, start: asyncio.Task[object]) -> None:
        """Describe it; *start* is cancelled when the end comes before everything is up."""
        self.stop = asyncio.Event()
        self.started = asyncio.Event()
        self.problem = ""
        self._start = start

    def ask(self) -> None:
        """End in order: what runs is stopped, layer by layer."""
        if not self.stop.is_set():
            self.stop.set()
            if not self.started.is_set():
                self._start.cancel()

    def lose(self, problem: str) -> None:
        """End in order because of *problem*, a sentence."""
        self.problem = self.problem or problem
        self.ask()

    @contextmanager
    def by_signals(self, kill: Callable[[], None]) -> Iterator[None]:
        """Turn the first SIGINT or SIGTERM into a stop, and the second into *kill* and an end at once."""
        loop = asyncio.get_running_loop()

        def asked() -> None:
            if self.stop.is_set():
                kill()
                # Nothing is left to clean up in order: children are dead, and every port goes with this process.
                os._exit(KILLED)
            self.ask()

        numbers = (signal.SIGINT, signal.SIGTERM)
        for number in numbers:
            loop.add_signal_handler(number, asked)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)
