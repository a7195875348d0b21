"""Asks a service on this machine whether it is well; what a container's health check runs.

Nothing but the standard library is imported, so that `python -m muster_runtime.healthcheck URL` costs next to nothing.
"""

import http.client
import sys
from urllib.parse import urlsplit

TIMEOUT_S = 3.0
"""Longest wait for the answer."""


def check(url: str, *, timeout_s: float = TIMEOUT_S) -> bool:
    """Whether a GET of *url*, plain http, is answered with 200 within *timeout_s*."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=timeout_s)
    try:
        connection.request("GET", parts.path or "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def url_of(host: str, port: int, path: str) -> str:
    """Return the address under which a service that listens on *host* reaches itself."""
    shown = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{shown}]:{port}{path}" if ":" in shown else f"http://{shown}:{port}{path}"


if __name__ == "__main__":
    sys.exit(0 if len(sys.argv) == 2 and check(sys.argv[1]) else 1)
