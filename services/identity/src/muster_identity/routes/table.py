"""Every route that identity answers; the handlers behind them parse, call and render."""

from dataclasses import dataclass, replace

from muster_identity.domain.discovery import DISCOVERY_PATH, JWKS_PATH, REVOCATIONS_PATH, etag_of, is_unchanged
from muster_identity.errors import KeyringUnreadable
from muster_identity.routes.cognito import cognito_routes
from muster_identity.routes.compatible import compatible_routes
from muster_identity.routes.edge import Handlers
from muster_identity.routes.operators import operator_routes
from muster_identity.routes.players import player_routes
from muster_runtime.http.routes import Answer, Call, Route
from muster_runtime.limits import RateLimited


def routes(handlers: Handlers, *, jwks_max_age_s: int) -> tuple[Route, ...]:
    """Return the route table.

    Args:
        handlers: what the routes call.
        jwks_max_age_s: how long the issuer's files may be kept, seconds.
    """
    limited = (
        *player_routes(handlers),
        *operator_routes(handlers),
        *compatible_routes(handlers),
        *cognito_routes(handlers),
    )
    return (
        *(replace(route, errors=(*route.errors, RateLimited)) for route in limited),
        *_issuer(Edge(handlers, jwks_max_age_s)),
    )


def _issuer(edge: "Edge") -> tuple[Route, ...]:
    """Return the issuer's public files."""
    return (
        Route(
            method="GET",
            path=f"/{JWKS_PATH}",
            handler=edge.jwks,
            summary="The public keys that verify our tokens",
            errors=(KeyringUnreadable,),
        ),
        Route(
            method="GET",
            path=f"/{DISCOVERY_PATH}",
            handler=edge.discovery,
            summary="Where the issuer's keys and endpoints are",
            errors=(KeyringUnreadable,),
        ),
        Route(
            method="GET",
            path=f"/{REVOCATIONS_PATH}",
            handler=edge.revocations,
            summary="The tokens that count no more although their time is not over",
        ),
    )


@dataclass(frozen=True, slots=True)
class Edge:
    """The handlers of the issuer's files."""

    handlers: Handlers
    jwks_max_age_s: int

    async def jwks(self, call: Call) -> Answer:
        """Show the public keys."""
        return self._public_file(call, JWKS_PATH)

    async def discovery(self, call: Call) -> Answer:
        """Show the issuer's configuration."""
        return self._public_file(call, DISCOVERY_PATH)

    async def revocations(self, call: Call) -> Answer:
        """Show what was taken back; marks alone, from which nobody's id follows."""
        document = await self.handlers.revoked.document()
        return _unless_unchanged(call, document, "no-cache")

    def _public_file(self, call: Call, path: str) -> Answer:
        document = self.handlers.keys.documents()[path]
        return _unless_unchanged(call, document, f"public, max-age={self.jwks_max_age_s}")


def _unless_unchanged(call: Call, document: bytes, cache_control: str) -> Answer:
    """Show a document, or say that the caller has it already."""
    etag = etag_of(document)
    headers = {"Cache-Control": cache_control, "ETag": etag, "Access-Control-Allow-Origin": "*"}
    if is_unchanged(call.headers.get("if-none-match", ""), etag):
        return Answer(status=304, headers=headers)
    return Answer(document, headers=headers, content_type="application/json")
