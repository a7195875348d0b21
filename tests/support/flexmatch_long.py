"""The properties of the matcher, with many more examples than a test run has.

    python tests/support/flexmatch_long.py 50

makes fifty times as many, in some ten minutes.
"""

import importlib
import sys
import time
from pathlib import Path

import flexmatch_reference

PROPERTIES = "test_matcher_properties"


def run(times: int) -> int:
    """Run every property; return how many there are. A counterexample is raised."""
    flexmatch_reference.TIMES = times
    sys.path.append(str(Path(__file__).parents[1] / "contract" / "flexmatch"))
    found = {name: each for name, each in vars(importlib.import_module(PROPERTIES)).items() if name.startswith("test_")}
    for name, each in found.items():
        begun = time.process_time()
        each()
        sys.stdout.write(f"{time.process_time() - begun:6.0f} CPU-s  {name}\n")
        sys.stdout.flush()
    return len(found)


if __name__ == "__main__":
    sys.stdout.write(f"{run(int(sys.argv[1]))} properties hold\n")
