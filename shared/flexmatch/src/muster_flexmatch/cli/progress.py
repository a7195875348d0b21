"""Tells on the standard error how far a long command is."""

import sys
from typing import TextIO

from muster_flexmatch.report.scale import seconds


class Progress:
    """A line that is written over on a terminal; elsewhere a line for each tenth."""

    def __init__(self, label: str, *, quiet: bool, out: TextIO | None = None) -> None:
        """Build it for one piece of work."""
        self._label = label
        self._quiet = quiet
        self._out = out or sys.stderr
        self._last = -1

    def __call__(self, done: float, total: float, waiting: int) -> None:
        """Tell that *done* of *total* simulated seconds are over and how many tickets wait."""
        percent = int(done / total * 100) if total else 100
        step = percent if self._out.isatty() else percent // 10
        if self._quiet or step == self._last:
            return
        self._last = step
        said = f"{self._label}: {percent:3d} %, {seconds(done)} of {seconds(total)}, {waiting} waiting"
        self._out.write(f"\r{said:<78}" if self._out.isatty() else f"{said}\n")
        self._out.flush()

    def close(self) -> None:
        """Leave the line."""
        if not self._quiet and self._last >= 0 and self._out.isatty():
            self._out.write("\n")
