"""Where every adapter meets every rule."""

from muster_achievements.consumer import reactions
from muster_achievements.handlers import AchievementHandlers
from muster_achievements.routes import routes
from muster_achievements.settings import Settings
from muster_achievements.store import DynamoDefinitionStore, DynamoRecordStore
from muster_runtime.messaging.consumer import Consumer
from muster_runtime.messaging.outbox import Outbox
from muster_runtime.messaging.publisher import Publisher
from muster_runtime.scope import Scope
from muster_runtime.service import Service


async def build(settings: Settings, scope: Scope) -> Service:
    """Wire achievements."""
    dynamodb = await scope.aws("dynamodb")
    publisher = Publisher(await scope.aws("events"), bus=settings.event_bus, clock=scope.clock, metrics=scope.metrics)
    outbox = Outbox(
        dynamodb, table=settings.outbox_table, publisher=publisher, clock=scope.clock, metrics=scope.metrics
    )
    definitions = DynamoDefinitionStore(
        dynamodb, settings.definitions_table, clock=scope.clock, max_age_s=settings.definitions_max_age_s
    )
    records = DynamoRecordStore(dynamodb, settings.progress_table, outbox=outbox, clock=scope.clock)
    handlers = AchievementHandlers(definitions=definitions, records=records, clock=scope.clock)
    scope.use_verifier(issuer_url=settings.issuer_url, jwks_url=settings.jwks_url, audience=settings.audience)
    return Service(
        title="Achievement definitions, players' progress and unlocks",
        routes=routes(handlers, scope.ids),
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
        probes={"definitions": definitions.ping, "records": records.ping},
    )
