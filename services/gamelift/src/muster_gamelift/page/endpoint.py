"""The routes of the page: its files, its views as JSON, and the explanation of a ticket. GET only."""

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.resources import files
from typing import Any, Final

from aiohttp import hdrs, web

from muster_gamelift.engine import Engine
from muster_gamelift.errors import Fault
from muster_gamelift.explain import prepare
from muster_gamelift.page import question
from muster_gamelift.page.chronicle import Chronicle
from muster_gamelift.page.views.source import Source
from muster_gamelift.page.views.table import view
from muster_gamelift.state.world import World
from muster_runtime.http.raw import RawHandler, RawRoute

BASE: Final = "/_page/"
ASSETS: Final = {
    "index.html": "text/html",
    "app.js": "text/javascript",
    "dom.js": "text/javascript",
    "parts.js": "text/javascript",
    "overview.js": "text/javascript",
    "tickets.js": "text/javascript",
    "explain.js": "text/javascript",
    "catalogue.js": "text/javascript",
    "hosting.js": "text/javascript",
    "style.css": "text/css",
    "icon.svg": "image/svg+xml",
}
HEADERS: Final = {
    # Scripts and styles come from this origin's files alone, and no text can become markup.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script';"
        " trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Page:
    """Answers the page's routes; as a job, it ends its thread when the service stops."""

    def __init__(self, engine: Engine, told: Chronicle, *, region: str) -> None:
        """Build the page.

        Args:
            engine: whose state is shown; only read.
            told: what notices said.
            region: shown where the address names none.
        """
        self._engine = engine
        self._told = told
        self._region = region
        # One thread: explaining is heavy on large pools, and requests must not pile it up.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="page-explain")

    def routes(self) -> Sequence[RawRoute]:
        """Return every route of the page; all are GET."""
        folder = files(__package__) / "assets"
        assets = [
            RawRoute("GET", BASE + name, _file((folder / name).read_bytes(), content_type))
            for name, content_type in ASSETS.items()
        ]
        index = _file((folder / "index.html").read_bytes(), "text/html")
        return (
            RawRoute("GET", BASE, index),
            RawRoute("GET", BASE.rstrip("/"), to_page),
            # A page that is open asks every second.
            RawRoute("GET", f"{BASE}view", self.view, quiet=True),
            RawRoute("GET", f"{BASE}explain", self.explain, quiet=True),
            *assets,
        )

    async def view(self, request: web.Request) -> web.StreamResponse:
        """Answer one view as JSON; never more than a page of a list.

        Safe to repeat: it only reads.
        """
        asked = question.read(request.query, self._region)
        world = self._world(asked.region)
        shown = view(Source(world, self._told, asked, self._engine.now_s))
        regions = sorted({self._region, asked.region, *(one.region for one in self._engine.worlds)})
        where = {"region": asked.region, "regions": regions, "home": self._region}
        answer = {"now": self._engine.now_s, **where, "view": shown}
        return _json(answer, status=404 if shown is None else 200)

    async def explain(self, request: web.Request) -> web.StreamResponse:
        """Answer the explanation of one ticket as JSON.

        Safe to repeat: it only reads.
        """
        asked = question.read(request.query, self._region)
        try:
            thought = prepare(self._world(asked.region), asked.name, self._engine.now_s)
        except Fault as fault:
            return _json({"error": fault.detail}, status=404)
        answer = await asyncio.get_running_loop().run_in_executor(self._thread, thought)
        return _json(answer, status=200)

    async def run(self, stop: asyncio.Event) -> None:
        """Wait for the end, and give up explanations that have not begun."""
        await stop.wait()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _world(self, region: str) -> World:
        """Return the state of *region*; looking at a region does not create it."""
        return next((one for one in self._engine.worlds if one.region == region), None) or World(region, "")


async def to_page(request: web.Request) -> web.StreamResponse:
    """Send a browser to the page, under the prefix that it came by."""
    path = request.rel_url.raw_path.rstrip("/").removesuffix(BASE.rstrip("/"))
    return web.Response(status=302, headers={**HEADERS, hdrs.LOCATION: path + BASE})


def wants_page(request: web.Request) -> bool:
    """Tell whether a GET of the API's own address comes from a browser's address line, and not from a game server."""
    upgrades = hdrs.UPGRADE in request.headers
    return not upgrades and "text/html" in request.headers.get(hdrs.ACCEPT, "")


def _file(body: bytes, content_type: str) -> RawHandler:
    return partial(_answer_file, body=body, content_type=content_type)


async def _answer_file(_request: web.Request, *, body: bytes, content_type: str) -> web.StreamResponse:
    return web.Response(body=body, content_type=content_type, charset="utf-8", headers=HEADERS)


def _json(answer: dict[str, Any], *, status: int) -> web.Response:
    body = json.dumps(answer, separators=(",", ":"), allow_nan=False).encode()
    return web.Response(body=body, status=status, content_type="application/json", headers=HEADERS)
