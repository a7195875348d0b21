"""`python -m muster_deploy`: bring Muster up, and everything around that."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence

from muster_deploy import commands

_COMMANDS: Mapping[str, tuple[str, Callable[[argparse.Namespace], int]]] = {
    "up": ("start everything, play one verified match, stay up", commands.up),
    "demo": ("play one more verified match on the Muster that is up", commands.demo),
    "env": ("write the env files of the Muster that is up", commands.env),
    "apply": ("bring the templates into AWS, and print what they give out", commands.apply),
    "doctor": ("say what this machine lacks", commands.doctor),
    "documents": ("write API documents and the settings page anew", commands.documents),
    "alone": ("install each service alone from its own lock, and start it", commands.alone),
    "images": ("build the container images", commands.images),
}
_WITH_AWS = frozenset({"up", "env", "apply"})
_WITH_NAMES = frozenset({"alone", "images"})


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    top = argparse.ArgumentParser(
        prog="muster_deploy",
        description="Bring Muster up. Every option is also an environment variable: MUSTER_AWS, MUSTER_PORT, ...",
    )
    top.add_argument("--settings", action="version", version=commands.settings_help(), help="list the variables")
    subparsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (text, run) in _COMMANDS.items():
        command = subparsers.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        command.set_defaults(run=run)
        if name in _WITH_AWS:
            command.add_argument("--aws", choices=["emulator", "localstack", "real"], help="which AWS")
        if name == "up":
            command.add_argument("--processes", action="store_true", help="one process for each service")
            command.add_argument("--keep", action="store_true", help="the emulator's data survives a restart")
            command.add_argument("--no-demo", action="store_true", help="play no match")
        if name == "documents":
            command.add_argument("--check", action="store_true", help="write nothing; fail when stale")
        if name in _WITH_NAMES:
            command.add_argument("services", nargs="*", help="all of them when left out")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    parsed = parser().parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
