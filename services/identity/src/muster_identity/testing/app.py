"""The pretend providers as a program of their own."""

from muster_identity.testing.desk import Desk
from muster_identity.testing.providers import Providers
from muster_identity.testing.settings import Settings
from muster_runtime.scope import Scope
from muster_runtime.service import Service


async def build(settings: Settings, scope: Scope) -> Service:
    """Wire them."""
    providers = Providers(scope.clock, scope.ids, settings.url.rstrip("/"))
    routes = (*providers.routes(), *Desk(providers).routes())
    return Service(title="Pretends to be the providers that players sign in with", raw_routes=routes)
