"""Three things on one address: AWS clients POST, game servers open a WebSocket, browsers are led to the page."""

from collections.abc import Sequence

from aiohttp import web

from muster_gamelift.page.endpoint import Page, to_page, wants_page
from muster_gamelift.servers.endpoint import ServersEndpoint
from muster_gamelift.wire import API, CBOR_PATH
from muster_runtime.http.raw import RawRoute


def raw_routes(api: API, servers: ServersEndpoint, page: Page | None = None) -> Sequence[RawRoute]:
    """Return the table of routes; none is JSON as Muster speaks it, so all are raw.

    Args:
        api: answers AWS clients.
        servers: answers game servers.
        page: the web page; None where it is switched off.
    """

    async def get(request: web.Request) -> web.StreamResponse:
        """Lead a browser to the page; everybody else is a game server."""
        return await (to_page(request) if page and wants_page(request) else servers.handle(request))

    own = (
        # Clients send hundreds of requests a second; those that are refused are told of by name.
        RawRoute("POST", "/", api.handle, quiet=True),
        RawRoute("POST", CBOR_PATH, api.handle_cbor, quiet=True),
        RawRoute("GET", "/", get),
    )
    return (*own, *page.routes()) if page else own
