"""The HTTP edge of identity: `table` lists its routes, `oauth` speaks RFC 6749, `limits` says how often."""

from muster_identity.routes.edge import Handlers
from muster_identity.routes.limits import Guards, guarded
from muster_identity.routes.oauth import oauth_routes
from muster_identity.routes.table import routes

__all__ = ["Guards", "Handlers", "guarded", "oauth_routes", "routes"]
