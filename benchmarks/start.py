"""Seconds from `python -m muster_deploy up` to ready with everything installed: the start that developers wait for."""

import asyncio
import statistics
import sys
import tempfile
from pathlib import Path
from time import monotonic

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from muster_system import System

RUNS = 3


def main() -> None:
    """Start and stop each harness a few times, and print the medians."""
    for harness in ("loop", "processes"):
        starts, stops = [], []
        for run in range(RUNS):
            with tempfile.TemporaryDirectory() as folder:
                muster = System(harness, Path(folder) / str(run))
                begun = monotonic()
                muster.start()
                try:
                    asyncio.run(muster.ready())
                    starts.append(monotonic() - begun)
                finally:
                    stops.append(muster.stop()[1])
        print(
            f"  {harness:<12} ready after {statistics.median(starts):5.1f} s (median of {RUNS}, "
            f"{min(starts):.1f} to {max(starts):.1f}); stopped after {statistics.median(stops):.1f} s"
        )


if __name__ == "__main__":
    main()
