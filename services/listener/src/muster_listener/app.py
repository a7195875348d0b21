"""Where every adapter meets every rule."""

from muster_listener.consumer import event_reactions, notice_reactions
from muster_listener.handlers import ListenerHandlers
from muster_listener.routes import routes
from muster_listener.settings import Settings
from muster_listener.store import DynamoRecordStore
from muster_runtime.dynamo import Table
from muster_runtime.messaging.consumer import Consumer
from muster_runtime.messaging.publisher import Publisher
from muster_runtime.messaging.reactions import Reactions
from muster_runtime.scope import Scope
from muster_runtime.service import Service


async def build(settings: Settings, scope: Scope) -> Service:
    """Wire the listener."""
    sqs = await scope.aws("sqs")
    store = DynamoRecordStore(
        Table(await scope.aws("dynamodb"), settings.table), clock=scope.clock, keep_s=settings.keep_s
    )
    handlers = ListenerHandlers(
        store=store,
        publisher=Publisher(
            await scope.aws("events"), bus=settings.event_bus, clock=scope.clock, metrics=scope.metrics
        ),
    )
    scope.use_verifier(issuer_url=settings.issuer_url, jwks_url=settings.jwks_url, audience=settings.audience)

    def consumer(name: str, queue_url: str, dead_letter_url: str, reactions: Reactions) -> Consumer:
        return Consumer(
            sqs,
            name=name,
            queue_url=queue_url,
            dead_letter_url=dead_letter_url,
            reactions=reactions,
            settings=settings,
            clock=scope.clock,
            metrics=scope.metrics,
        )

    return Service(
        title="Placements, game sessions and matches, as GameLift and game servers report them",
        routes=routes(handlers),
        consumers={
            "notices": consumer(
                "notices", settings.notices_queue, settings.notices_dead_letters, notice_reactions(handlers)
            ),
            "events": consumer(
                "events", settings.events_queue, settings.events_dead_letters, event_reactions(handlers)
            ),
        },
        probes={"table": store.ping},
    )
