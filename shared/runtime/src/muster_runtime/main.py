"""The command line of every service: `python -m muster_NAME [--help | --version | healthcheck [livez|readyz]]`.

A service may offer some of its settings as options as well, such as `--port 9080`; they go before the environment.

Exit codes: 0 stopped as asked and drained (or healthy), 1 a part of the service died or the drain was cut short (or
unhealthy), 2 bad settings or arguments.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

import structlog

from muster_runtime import logging as runtime_logging
from muster_runtime.healthcheck import check, url_of
from muster_runtime.options import BadOption, described, split
from muster_runtime.serve import Build, serve, version_of
from muster_runtime.settings import BadSettings, ServiceSettings, describe, load, variable_name

if sys.platform == "win32":
    from asyncio import new_event_loop
else:
    from uvloop import new_event_loop

S = TypeVar("S", bound=ServiceSettings)

OK, FAILED, MISUSED = 0, 1, 2
SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""The first asks for a drain, the second skips its wait."""

COLLECT_AFTER: Final = (20_000, 20, 20)
"""Thresholds of the garbage collector: it looks after so many new objects, instead of Python's 700."""

log = structlog.get_logger()


def main(name: str, settings_class: type[S], build: Build[S], *, options: Sequence[str] = ()) -> None:
    """Run a service from its `__main__.py`; never returns.

    Args:
        name: the service's name, such as `tickets`.
        settings_class: what it reads from the environment.
        build: wires it.
        options: fields of *settings_class* that may be given on the command line too.
    """
    sys.exit(run(name, settings_class, build, sys.argv[1:], options=options))


def run(
    name: str, settings_class: type[S], build: Build[S], arguments: Sequence[str], *, options: Sequence[str] = ()
) -> int:
    """Do what *arguments* say and return the exit code."""
    try:
        given, command = split(settings_class, options, arguments)
    except BadOption as error:
        return _misused(name, str(error))
    match command:
        case ["--help" | "-h"]:
            return _say(_help(name, settings_class, options))
        case ["--version"]:
            return _say(f"muster-{name} {version_of(name)}")
        case []:
            return _with_settings(settings_class, given, lambda settings: _serve(name, settings, build))
        case ["healthcheck", *rest] if rest in ([], ["livez"], ["readyz"]):
            which = rest[0] if rest else "readyz"
            return _with_settings(settings_class, given, lambda settings: _healthcheck(settings, f"/{which}"))
        case _:
            return _misused(name, "unknown arguments")


def _with_settings(settings_class: type[S], given: Mapping[str, str], act: Callable[[S], int]) -> int:
    try:
        settings = load(settings_class, given)
    except BadSettings as error:
        _complain(error.problems)
        return MISUSED
    return act(settings)


def _healthcheck(settings: ServiceSettings, path: str) -> int:
    if settings.port == 0:
        _complain([f"{variable_name(type(settings), 'port')}: must name the port to ask; 0 is any free one"])
        return MISUSED
    return OK if check(url_of(settings.host, settings.port, path)) else FAILED


def _serve(name: str, settings: S, build: Build[S]) -> int:
    runtime_logging.configure(settings.log_format, settings.log_level)
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_until_signalled(name, settings, build))
    except Exception:
        log.exception("service_failed", service=name)
        return FAILED
    return OK


async def _until_signalled(name: str, settings: S, build: Build[S]) -> None:
    stop, hurry, begun = asyncio.Event(), asyncio.Event(), asyncio.Event()
    loop, serving = asyncio.get_running_loop(), asyncio.current_task()
    assert serving is not None

    def on_signal(number: int) -> None:
        log.info("signal_received", service=name, signal=signal.Signals(number).name)
        if stop.is_set():
            hurry.set()
            return
        stop.set()
        if not begun.is_set():
            # Nothing is under way yet, so there is nothing to drain: a start that hangs is simply given up.
            serving.cancel()

    # First of all, so that a signal that comes while the service starts is not lost.
    for number in SIGNALS:
        loop.add_signal_handler(number, on_signal, number)
    try:
        await serve(name, settings, build, stop=stop, hurry=hurry, started=lambda _: _begin(begun))
    except asyncio.CancelledError:
        # Only the cancellation that `on_signal` asked for ends here.
        if begun.is_set() or not stop.is_set():
            raise
        log.info("start_abandoned", service=name)


def _begin(begun: asyncio.Event) -> None:
    """Note that the service is ready, and make the garbage collector fit one that runs for long.

    What the start left in memory (modules, models of AWS's services) stays to the end, so that looking at it again is
    in vain; what requests leave behind is in cycles only rarely, so that looking seldom is enough.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    begun.set()


def _help(name: str, settings_class: type[ServiceSettings], options: Sequence[str]) -> str:
    usage = (
        f"usage: python -m muster_{name} {'[OPTIONS] ' if options else ''}"
        "[--help | --version | healthcheck [livez | readyz]]\n\n"
        "Without arguments it runs the service until SIGTERM or SIGINT, then drains it;\n"
        "a second signal skips the wait.\n"
        "healthcheck asks the service that runs on this machine with these settings; exit code 0 means healthy.\n\n"
    )
    return usage + described(settings_class, options) + describe(settings_class)


def _say(text: str) -> int:
    sys.stdout.write(text.rstrip("\n") + "\n")
    return OK


def _misused(name: str, why: str) -> int:
    _complain([f"muster-{name}: {why}; try --help"])
    return MISUSED


def _complain(lines: Sequence[str]) -> None:
    sys.stderr.writelines(f"{line}\n" for line in lines)
