"""The HTTP edge of identity: `table` lists its routes, `oauth` speaks RFC 6749, `limits` says how often."""

from muster_identity.routes.edge import Handlers
from muster_identity.routes.limits import Guards, guarded, guarded_raw
from muster_identity.routes.oauth import oauth_routes
from muster_identity.routes.table import routes

__all__ = ["Guards", "Handlers", "guarded", "guarded_raw", "oauth_routes", "routes"]
