"""Where every adapter meets every rule."""

from muster_runtime.dynamo import Table
from muster_runtime.messaging.consumer import Consumer
from muster_runtime.messaging.publisher import Publisher
from muster_runtime.messaging.reactions import Reactions
from muster_runtime.scope import Scope
from muster_runtime.service import Service
from muster_tickets.consumer import event_reactions, notice_reactions
from muster_tickets.gateway import GameLift
from muster_tickets.handlers import TicketHandlers
from muster_tickets.jobs import Reconciler, TicketBell
from muster_tickets.routes import routes
from muster_tickets.settings import Settings
from muster_tickets.store import DynamoTicketStore


async def build(settings: Settings, scope: Scope) -> Service:
    """Wire tickets."""
    sqs, bell = await scope.aws("sqs"), TicketBell()
    store = DynamoTicketStore(
        Table(await scope.aws("dynamodb"), settings.table),
        clock=scope.clock,
        quiet_s=settings.quiet_s,
        keep_open_s=settings.keep_open_s,
        keep_ended_s=settings.keep_ended_s,
    )
    handlers = TicketHandlers(
        store=store,
        publisher=Publisher(
            await scope.aws("events"), bus=settings.event_bus, clock=scope.clock, metrics=scope.metrics
        ),
        matchmaker=GameLift(await scope.aws("gamelift"), clock=scope.clock, timeout_s=settings.gamelift_timeout_s),
        bell=bell,
        clock=scope.clock,
        recheck_after_s=settings.recheck_after_s,
        lost_after_s=settings.lost_after_s,
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
        title="Matchmaking tickets, as their players see them",
        routes=routes(handlers, poll_after_s=settings.poll_after_s),
        consumers={
            "notices": consumer(
                "notices", settings.notices_queue, settings.notices_dead_letters, notice_reactions(handlers)
            ),
            "events": consumer(
                "events", settings.events_queue, settings.events_dead_letters, event_reactions(handlers)
            ),
        },
        jobs={
            "reconciler": Reconciler(handlers, every_s=settings.reconcile_every_s, metrics=scope.metrics),
            "bell": bell,
        },
        probes={"table": store.ping},
    )
