"""Wires the service: the only place where its parts meet."""

import aiohttp

from muster_players.gateway import HTTPPlayers
from muster_players.handlers import RunHandlers
from muster_players.jobs import Runner
from muster_players.routes import routes
from muster_players.settings import Settings
from muster_players.store import MemoryRuns
from muster_runtime.scope import Scope
from muster_runtime.service import Service

_CONNECTIONS_A_RUN = 100


async def build(settings: Settings, scope: Scope) -> Service:
    """Wire the service that sends virtual players on their way."""
    scope.use_verifier(issuer_url=settings.issuer_url, jwks_url=settings.jwks_url, audience=settings.audience)
    # Players wait in long polls, each on a connection of its own, so the shared session's pool does not serve.
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS_A_RUN * settings.runs_at_once)
    http = await scope.enter(aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()))
    handlers = RunHandlers(
        store=MemoryRuns(kept=settings.runs_kept),
        clock=scope.clock,
        ids=scope.ids,
        most_waiting=settings.runs_waiting,
    )
    players = HTTPPlayers(base_url=settings.base_url, http=http, clock=scope.clock, ids=scope.ids)
    return Service(
        title="Virtual players",
        routes=routes(handlers),
        jobs={"runner": Runner(handlers, players, at_once=settings.runs_at_once)},
    )
