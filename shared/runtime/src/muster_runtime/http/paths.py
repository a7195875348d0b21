"""Finding the route for a path, tolerant of what gateways and clients put around it.

A stage prefix (`/prod`) and repeated slashes are forgiven, but only when the path as sent matches nothing: a service
deployed behind API Gateway, and clients that join `https://host/prod/` and `/login-as-guest`, arrive all the same.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aiohttp import web
from yarl import URL

from muster_runtime.http.edge_errors import MethodNotAllowed, RouteUnknown
from muster_runtime.http.raw import RawRoute
from muster_runtime.http.routes import Route

MAX_PREFIX = 4
"""Most leading segments taken for a stage prefix."""

_SLASHES = re.compile(r"/{2,}")
_LITERAL = re.compile(r"[A-Za-z0-9/._~-]+")
"""Paths that are spelt in one way only, percent-encoded or not."""


@dataclass(frozen=True, slots=True)
class Found:
    """A route and the values of the `{names}` in its path, percent-decoded."""

    route: Route | RawRoute
    template: str
    values: dict[str, str]


class Table:
    """The routes of one service, ready to be looked up."""

    def __init__(self, routes: Sequence[Route | RawRoute]) -> None:
        """Index *routes*; GET routes answer HEAD as well, unless they have effects.

        Raises:
            RuntimeError: two routes have the same method and path.
        """
        self._dispatcher = web.UrlDispatcher()
        self._routes: dict[web.AbstractRoute, Route | RawRoute] = {}
        self._exact: dict[tuple[str, str], Found] = {}
        self._plain_names = tuple(
            {route.path.rpartition("/")[2] for route in routes if isinstance(route, Route) and route.plain_errors}
        )
        heads = {route.path for route in routes if route.method == "HEAD"}
        for route in routes:
            self._add(route.method, route)
            if isinstance(route, Route) and route.method == "GET" and not (route.has_effects or route.path in heads):
                self._add("HEAD", route)

    def _add(self, method: str, route: Route | RawRoute) -> None:
        self._routes[self._dispatcher.add_route(method, route.path, _never_called)] = route
        if _LITERAL.fullmatch(route.path):
            # The dispatcher, too, takes a whole path before any pattern; this only gets there sooner.
            self._exact[method, route.path] = Found(route, route.path, {})

    def means_plain(self, request: web.Request) -> bool:
        """Tell whether *request*, which no route takes, was meant for one with plain errors.

        So is one that ends with such a route's name: with another method, too many segments in front, or the slash
        before it forgotten (`/prodlogin-as-guest`). Its client reads an answer in JSON as a success, or not at all.
        Below `/v1/` everybody reads JSON.
        """
        path = request.rel_url.raw_path
        return path.rstrip("/").endswith(self._plain_names) and "/v1/" not in path

    async def find(self, request: web.Request) -> Found:
        """Return the route for *request*.

        Raises:
            RouteUnknown: no route has that path, with or without leading segments.
            MethodNotAllowed: the path exists with other methods.
        """
        path = request.rel_url.raw_path
        if (found := self._exact.get((request.method, path))) is not None:
            return found
        allowed: set[str] = set()
        for candidate in candidates(path):
            asked = request
            if candidate != path:
                asked = request.clone(rel_url=URL.build(path=candidate, encoded=True))
            match = await self._dispatcher.resolve(asked)
            if match.http_exception is None and (route := self._routes.get(match.route)) is not None:
                return Found(route, route.path, dict(match))
            if isinstance(match.http_exception, web.HTTPMethodNotAllowed):
                allowed = allowed or set(match.http_exception.allowed_methods)
        if allowed:
            raise MethodNotAllowed(tuple(sorted(allowed)))
        raise RouteUnknown


def candidates(raw_path: str) -> Iterator[str]:
    """Yield the paths that *raw_path*, percent-encoded, may stand for: itself first, then less and less of it."""
    yield raw_path
    path = _SLASHES.sub("/", raw_path)
    if path != raw_path:
        yield path
    for _ in range(MAX_PREFIX):
        cut = path.find("/", 1)
        # What remains must name something: an unknown path is never taken for the root.
        if cut < 0 or len(path) == cut + 1:
            return
        path = path[cut:]
        yield path


async def _never_called(_request: web.Request) -> web.StreamResponse:
    """Stand in for a handler: the dispatcher only looks routes up, and never calls them."""
    raise NotImplementedError
