"""What must be true of the machine before anything is started: each problem in one line, with the way out."""

import socket
import tempfile
from collections.abc import Iterator

from muster_deploy import emulator
from muster_deploy.doctor import wanted_ports
from muster_deploy.ports import holder, is_free
from muster_deploy.problems import CannotStart
from muster_deploy.settings import Settings


def check(settings: Settings) -> None:
    """Look at the run folder, the emulator and every port that the settings name.

    Raises:
        CannotStart: one of them is in the way; nothing was started yet.
    """
    _check_folder(settings)
    _check_host(settings.host)
    if settings.aws == "emulator":
        emulator.check(settings.emulator)
    for name, port in _ports(settings):
        if not is_free(port, settings.host):
            who = holder(port)
            raise CannotStart(
                f"Port {port} on {settings.host} is taken" + (f" by {who}." if who else "."),
                f"Stop that (another `make up`?), or take any free port: {name}=0 make up.",
            )


def _check_folder(settings: Settings) -> None:
    folder = settings.run_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotStart(
            f"The run folder {folder} cannot be written ({error.strerror}).", "Set MUSTER_RUN_DIR to one that can."
        ) from error


def _check_host(host: str) -> None:
    try:
        with socket.create_server((host, 0)):
            pass
    except OSError as error:
        raise CannotStart(
            f"This machine cannot listen on {host} ({error.strerror}).", "Set MUSTER_HOST to an address of its own."
        ) from error


def _ports(settings: Settings) -> Iterator[tuple[str, int]]:
    unused = {"MUSTER_EMULATOR_PORT"} if settings.aws != "emulator" else set[str]()
    unused |= {"MUSTER_GAMELIFT_PORT"} if settings.aws == "real" else set[str]()
    for name, port in wanted_ports(settings).items():
        if port and name not in unused:
            count = settings.arena_slots if name == "MUSTER_ARENA_PORT_FIRST" else 1
            yield from ((name, port + place) for place in range(count))
