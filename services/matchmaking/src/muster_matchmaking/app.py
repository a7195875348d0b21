"""Where every adapter meets every rule."""

from muster_matchmaking.consumer import reactions
from muster_matchmaking.gateway import GameLiftFlexMatch
from muster_matchmaking.handlers import MatchmakingHandlers
from muster_matchmaking.routes import routes
from muster_matchmaking.settings import Settings
from muster_matchmaking.store import DynamoClaimStore, DynamoSkillStore
from muster_runtime.messaging.consumer import Consumer
from muster_runtime.messaging.outbox import Outbox
from muster_runtime.messaging.publisher import Publisher
from muster_runtime.scope import Scope
from muster_runtime.service import Service


async def build(settings: Settings, scope: Scope) -> Service:
    """Wire matchmaking."""
    dynamodb = await scope.aws("dynamodb")
    publisher = Publisher(await scope.aws("events"), bus=settings.event_bus, clock=scope.clock, metrics=scope.metrics)
    outbox = Outbox(
        dynamodb, table=settings.outbox_table, publisher=publisher, clock=scope.clock, metrics=scope.metrics
    )
    claims = DynamoClaimStore(dynamodb, settings.table, outbox=outbox, clock=scope.clock)
    flexmatch = GameLiftFlexMatch(await scope.aws("gamelift"), timeout_s=settings.gamelift_timeout_s)
    handlers = MatchmakingHandlers(
        claims=claims,
        skills=DynamoSkillStore(dynamodb, settings.players_table),
        flexmatch=flexmatch,
        clock=scope.clock,
        ids=scope.ids,
    )
    scope.use_verifier(issuer_url=settings.issuer_url, jwks_url=settings.jwks_url, audience=settings.audience)
    return Service(
        title="Takes a player's request for a match and submits it to GameLift FlexMatch",
        routes=routes(handlers, configuration=settings.configuration),
        consumers={
            "events": Consumer(
                await scope.aws("sqs"),
                name="events",
                queue_url=settings.events_queue,
                dead_letter_url=settings.events_dead_letters,
                reactions=reactions(handlers),
                settings=settings,
                clock=scope.clock,
                metrics=scope.metrics,
            )
        },
        relays={"outbox": outbox},
        probes={"table": claims.ping, "gamelift": flexmatch.ping},
    )
