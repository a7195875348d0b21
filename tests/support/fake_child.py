"""A child process for the tests of supervision: `python -m fake_child`, told by FAKE_BEHAVIOUR how to behave."""

import os
import signal
import subprocess
import sys
import time
from types import FrameType


def main() -> None:
    behaviour = os.environ["FAKE_BEHAVIOUR"]  # noqa: TID251 - a test program of its own
    # First, because the test may stop it as soon as it has said that it started.
    signal.signal(signal.SIGTERM, signal.SIG_IGN if behaviour == "deaf" else _stop)
    print("started", flush=True)  # noqa: T201 - its output is the test's window
    match behaviour:
        case "crash":
            sys.exit(3)
        case "refuse":
            sys.exit(2)
        case "deaf":
            sleeper = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
            print(f"grandchild {sleeper.pid}", flush=True)  # noqa: T201 - its output is the test's window
            sleeper.wait()
        case _:
            while True:
                time.sleep(60)  # noqa: TID251 - nothing else runs in this process


def _stop(_number: int, _frame: FrameType | None) -> None:
    print("stopped", flush=True)  # noqa: T201 - its output is the test's window
    sys.exit(0)


if __name__ == "__main__":
    main()
