"""Free ports, and who has a port that is not free."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

_FIRST, _LAST = 15_000, 31_999
"""Below the ports that the kernel hands to outgoing connections, so that none of those can take one meanwhile."""

_LISTEN = "0A"
"""Source: TCP_LISTEN of the kernel's include/net/tcp_states.h, as proc_net_tcp(5) shows it."""


class NoFreePort(Exception):
    """Every port of the range is taken."""


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether a server could listen on *port* now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def holder(port: int) -> str | None:
    """Return the program that listens on *port*, such as `python3 (process 4711)`.

    None where the system does not tell: it is not Linux, or the process is somebody else's.
    """
    try:
        tables = [Path(f"/proc/net/{name}").read_text(encoding="ascii").splitlines()[1:] for name in ("tcp", "tcp6")]
    except OSError:
        return None
    rows = [line.split() for table in tables for line in table]
    sockets = {f"socket:[{row[9]}]" for row in rows if row[3] == _LISTEN and int(row[1].rpartition(":")[2], 16) == port}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(handle.readlink()) in sockets for handle in (process / "fd").iterdir()):
                name = (process / "comm").read_text(encoding="utf-8").strip()
                return f"{name} (process {process.name})"
        except OSError:
            # It ended meanwhile, or is not ours to look into.
            continue
    return None


def free_ports(count: int, host: str = "127.0.0.1", *, consecutive: bool = False) -> tuple[int, ...]:
    """Return *count* ports that nobody listens on, and that nobody else is given within a minute.

    Args:
        count: how many.
        host: the address they are for.
        consecutive: they follow one another.

    Raises:
        NoFreePort: there are not that many.
    """
    found: list[int] = []
    for port in _candidates():
        if not _take(port, host):
            found = [] if consecutive else found
            continue
        if consecutive and found and port != found[-1] + 1:
            found = []
        found.append(port)
        if len(found) == count:
            return tuple(found)
    raise NoFreePort(f"no {count} free ports between {_FIRST} and {_LAST} on {host}")


def _take(port: int, host: str) -> bool:
    """Tell whether nobody has *port*, and let a connection of it rest in TIME_WAIT then.

    Whoever asks here meanwhile finds it taken; whoever listens on it with SO_REUSEADDR, as asyncio does, may.
    """
    with socket.socket() as server, socket.socket() as client:
        try:
            server.bind((host, port))
        except OSError:
            return False
        # Set after binding, which must see what others let rest.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.listen()
        client.connect(server.getsockname())
        # Who closes first waits: it must be this side.
        server.accept()[0].close()
    return True


def _candidates() -> Iterator[int]:
    size = _LAST - _FIRST + 1
    start = int.from_bytes(os.urandom(4)) % size
    for step in range(size):
        yield _FIRST + (start + step) % size
