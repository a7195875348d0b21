"""Ports that a test must know before anybody listens on them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_port() -> Iterator[int]:
    """Yield a free port of the loopback interface that nobody else is given meanwhile.

    A socket that is bound and never listens keeps it. A server may listen on it all the same, again and again, because
    both ask for the reuse of addresses, as every server here does.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
        yield keeper.getsockname()[1]
