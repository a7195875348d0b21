"""Measure what the README and the documents claim: `make bench`.

Every figure is a ratio or a figure per CPU-second of the measured process, taken in one run on one machine, which is
printed with it. Wall time on a shared machine says little. Nothing here is a test: figures are read, not asserted.
"""

import argparse
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
BENCHMARKS = {
    "http_edge": "HTTP: the whole chassis against bare aiohttp",
    "identity": "Identity: token checks against PyJWT; sign-in and refresh against the naive stack",
    "consumer": "Queue: the consumer against a loop that takes one message at a time",
    "flexmatch": "FlexMatch: matches per CPU-second, all scenarios",
    "gamelift": "GameLift: StartMatchmaking with 10,000 tickets waiting",
    "start": "Start: from the command to ready, second start",
}


def machine() -> str:
    """Return the machine in one line."""
    cpus = [
        line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 1024**2
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{len(cpus)} x {cpus[0]}, {memory} GiB, {system}"


def main() -> None:
    """Run the benchmarks that were asked for, one process each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which; all when left out")
    names = parser.parse_args().names or list(BENCHMARKS)
    print(f"machine: {machine()}")
    for name in names:
        print(f"\n{BENCHMARKS[name]}", flush=True)
        subprocess.run([sys.executable, str(HERE / f"{name}.py")], check=True, timeout=600)


if __name__ == "__main__":
    main()
