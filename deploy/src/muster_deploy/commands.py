# ruff: noqa: PLC0415 - each command imports only what it needs, because the time to start is a goal
"""What each command of `python -m muster_deploy` does; imports wait until a command needs them."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable

from muster_deploy.problems import CannotStart
from muster_deploy.settings import Settings
from muster_runtime.clock import SystemClock
from muster_runtime.ids import SystemIds
from muster_runtime.settings import BadSettings, describe, load


def settings_help() -> str:
    """Return the variables that choose what `up` does."""
    return describe(Settings)


def up(arguments: argparse.Namespace) -> int:
    """Start everything."""
    from muster_deploy.report import Report
    from muster_deploy.up import up as run

    settings = _settings(
        aws=arguments.aws,
        processes=arguments.processes or None,
        keep=arguments.keep or None,
        demo=False if arguments.no_demo else None,
    )
    if settings is None:
        return 2
    clock = SystemClock()
    return asyncio.run(run(settings, report=Report(clock), clock=clock, ids=SystemIds()))


def demo(_arguments: argparse.Namespace) -> int:
    """Play one match on the Muster that is up."""
    from muster_deploy.demo import play_again
    from muster_deploy.report import Report

    settings = _settings()
    if settings is None:
        return 2
    chosen, clock = settings, SystemClock()

    def run() -> int:
        return 0 if asyncio.run(play_again(chosen, report=Report(clock), clock=clock)) else 1

    return _told(run)


def env(arguments: argparse.Namespace) -> int:
    """Write the env files of the Muster that is up."""
    from muster_deploy.env import write

    settings = _settings(aws=arguments.aws)
    if settings is None:
        return 2
    chosen = settings

    def run() -> int:
        for path in asyncio.run(write(chosen, ids=SystemIds())):
            _say(str(path))
        _say("Run one by hand: set -a; . .run/env/tickets.env; python -m muster_tickets")
        return 0

    return _told(run)


def apply(arguments: argparse.Namespace) -> int:
    """Bring the templates into AWS."""
    from muster_deploy.env import apply_only

    settings = _settings(aws=arguments.aws)
    if settings is None:
        return 2
    chosen = settings

    def run() -> int:
        outputs = asyncio.run(apply_only(chosen, ids=SystemIds()))
        _say(json.dumps(outputs, indent=2, sort_keys=True))
        return 0

    return _told(run)


def doctor(_arguments: argparse.Namespace) -> int:
    """Examine the machine."""
    from muster_deploy.doctor import examine, healthy, lines

    settings = _settings()
    if settings is None:
        return 2
    findings = examine(settings)
    _say("\n".join(lines(findings)))
    return 0 if healthy(findings) else 1


def documents(arguments: argparse.Namespace) -> int:
    """Write, or check, the generated documents."""
    from muster_deploy.documents import bring_up_to_date

    stale = bring_up_to_date(check=arguments.check)
    for path in stale:
        _say(f"{'stale' if arguments.check else 'wrote'} {path}")
    if stale and arguments.check:
        _say("Run `make generated`.")
        return 1
    return 0


def alone(arguments: argparse.Namespace) -> int:
    """Install and start each service alone."""
    from muster_deploy.alone import prove

    return _told(lambda: prove(arguments.services, say=_say))


def images(arguments: argparse.Namespace) -> int:
    """Build the container images."""
    from muster_deploy.images import build

    settings = _settings()
    if settings is None:
        return 2
    base, work = settings.python_image, settings.run_dir / "images"
    return _told(lambda: build(arguments.services, python_image=base, work=work, say=_say))


def _settings(**given: object) -> Settings | None:
    """Read the settings; options given on the command line win."""
    try:
        read = load(Settings)
    except BadSettings as error:
        for problem in error.problems:
            sys.stderr.write(f"{problem}\n")
        return None
    return read.model_copy(update={name: value for name, value in given.items() if value is not None})


def _told(run: Callable[[], int]) -> int:
    """Run, and tell what is in the way instead of a traceback."""
    code = 1
    try:
        code = run()
    except* CannotStart as problems:
        for problem in problems.exceptions:
            _say(f"Cannot go on: {problem}")
    return code


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
