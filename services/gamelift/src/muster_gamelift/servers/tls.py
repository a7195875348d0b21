"""The second port: the same WebSocket as `wss://`, for SDKs that speak nothing else."""

import asyncio
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from muster_gamelift.servers.certificate import certificate_in
from muster_gamelift.servers.endpoint import ServersEndpoint
from muster_gamelift.servers.links import CLOSING_S

log = structlog.get_logger()

_NAMELESS: Final = {"", "0.0.0.0", "::"}  # noqa: S104 - compared with, not bound


class TLSPort:
    """A job that listens with TLS while the service runs.

    Attributes:
        port: where it listens; 0 until it does.
        certificate: the PEM file that clients may trust; None until it listens.
    """

    def __init__(self, endpoint: ServersEndpoint, *, host: str, port: int, folder: Path | None) -> None:
        """Build it; nothing is opened yet.

        Args:
            endpoint: answers connections.
            host: address to listen on.
            port: port to listen on; 0 takes any free one.
            folder: keeps the certificate; one that is removed at the end when None.
        """
        self.port = 0
        self.certificate: Path | None = None
        self.listening = asyncio.Event()
        self._endpoint = endpoint
        self._host = host
        self._wanted = port
        self._folder = folder

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until *stop* is set, then close what is still open.

        Raises:
            OSError: the port is taken, or the certificate cannot be written or read.
        """
        with ExitStack() as stack:
            folder = self._folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gamelift-tls-")))
            hosts = () if self._host in _NAMELESS else (self._host,)
            made = await asyncio.to_thread(certificate_in, folder, hosts)
            app = web.Application()
            app.router.add_get("/", self._endpoint.handle)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSING_S)
            await runner.setup()
            try:
                site = web.TCPSite(runner, self._host, self._wanted, ssl_context=made.context())
                await site.start()
                self.port, self.certificate = int(runner.addresses[0][1]), made.certificate
                self.listening.set()
                log.info("server_processes_awaited_with_tls", port=self.port, certificate=str(made.certificate))
                await stop.wait()
            finally:
                await runner.cleanup()
