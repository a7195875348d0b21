"""What a person at the terminal sees: steps with their time, a table of addresses, short warnings."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TextIO

from muster_runtime.clock import Clock

_ERASE: Final = "\r\x1b[2K"
"""Back to the start of the line, and clear it. Source: ECMA-48, EL."""


class Report:
    """Writes short lines; every line is flushed, so that a program that reads them never waits.

    On a terminal the step that is under way stands in the last line until it has ended.
    """

    def __init__(self, clock: Clock, stream: TextIO | None = None) -> None:
        """Start counting now.

        Args:
            clock: for the times of the steps.
            stream: where lines go; standard output when left out.
        """
        self._clock = clock
        self._stream = stream or sys.stdout
        self._began_s = clock.monotonic_s()
        self._live = self._stream.isatty()
        self._under_way: list[str] = []

    @property
    def elapsed_s(self) -> float:
        """Seconds since this report was made."""
        return self._clock.monotonic_s() - self._began_s

    def line(self, text: str = "") -> None:
        """Write one line."""
        shown = bool(self._live and self._under_way)
        self._stream.write(f"{_ERASE if shown else ''}{text}\n{self._under_way[-1] if shown else ''}")
        self._stream.flush()

    def last(self, text: str) -> None:
        """Write the last line of a program that ends at once, whatever step is under way."""
        erase, self._live = _ERASE if self._live else "", False
        self.line(erase + text)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Write *text* with the seconds that the block took, once it ended well."""
        began_s = self._clock.monotonic_s()
        self._under_way.append(f"  {'...':>8}  {text}")
        if self._live:
            self._stream.write(_ERASE + self._under_way[-1])
            self._stream.flush()
        ended = False
        try:
            yield
            ended = True
        finally:
            self._under_way.pop()
            if self._live:
                self._stream.write(_ERASE)
            if ended:
                self.line(f"  {self._clock.monotonic_s() - began_s:6.2f} s  {text}")

    def table(self, title: str, rows: Sequence[Sequence[str]]) -> None:
        """Write *rows* in columns under *title*."""
        self.line()
        self.line(title)
        widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
            self.line(("  " + "  ".join(cells)).rstrip())
        self.line()
