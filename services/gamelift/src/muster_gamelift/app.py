"""Where every adapter meets every rule."""

from collections.abc import Callable

from muster_gamelift.control.wiring import Control, Patience
from muster_gamelift.engine import Engine
from muster_gamelift.jobs import Ticker
from muster_gamelift.page.chronicle import Chronicle
from muster_gamelift.page.endpoint import Page
from muster_gamelift.ports import AdmitsAll, Gate, NoticeSink, ServerLinks
from muster_gamelift.publishing import Publishing
from muster_gamelift.rates import Rates
from muster_gamelift.routes import raw_routes
from muster_gamelift.servers import admission
from muster_gamelift.servers.endpoint import ServersEndpoint
from muster_gamelift.servers.links import Links
from muster_gamelift.servers.tls import TLSPort
from muster_gamelift.settings import Settings
from muster_gamelift.state.world import Notice
from muster_gamelift.storage.database import Remembered
from muster_gamelift.storage.store import Store, opened
from muster_gamelift.validation import gamelift_model
from muster_gamelift.wire import API
from muster_runtime.scope import Scope
from muster_runtime.service import Runnable, Service


async def build(settings: Settings, scope: Scope) -> Service:
    """Wire the local GameLift."""
    links = Links()
    store, remembered = await _opened(settings, scope)
    finished = store.published if store else _forget
    sink = Publishing(scope.aws, settings.outlets(), clock=scope.clock, finished=finished)
    control = _control(settings, scope, sink, links, finished) if settings.control else None
    outlet = control.sink if control else sink
    gate: Gate = control.gate if control else AdmitsAll()
    told = Chronicle(outlet)
    engine = Engine(
        account=settings.account,
        limits=settings.limits(),
        model=gamelift_model(),
        clock=control.clock if control else scope.clock,
        ids=scope.ids,
        sink=told if settings.page else outlet,
        links=control.links if control else links,
        gate=Rates(gate) if settings.enforce_rates else gate,
        keeper=store,
        worlds=remembered.worlds,
    )
    engine.resume(admission.await_all, remembered.notices)
    api = API(
        engine,
        ids=scope.ids,
        region=settings.region,
        servers_url=settings.servers_url,
        body_deadline_s=settings.body_deadline_s,
    )
    ticker = Ticker(engine, every_s=settings.tick_s, runs=control.clock.runs if control else None)
    jobs: dict[str, Runnable] = {"passes": ticker, "notices": sink, "servers": links}
    servers = ServersEndpoint(engine, links, servers_url=settings.servers_url)
    if settings.servers_tls_port is not None:
        port, folder = settings.servers_tls_port, settings.servers_tls_folder
        jobs["servers_tls"] = TLSPort(servers, host=settings.host, port=port, folder=folder)
    if store:
        jobs["store"] = store
    page = Page(engine, told, region=settings.region) if settings.page else None
    if page:
        jobs["page"] = page

    def hang_up() -> None:
        links.hang_up()
        told.clear()

    return Service(
        title="A local Amazon GameLift with FlexMatch",
        routes=control.serve(engine, waiting=lambda: sink.waiting, hang_up=hang_up) if control else (),
        raw_routes=raw_routes(api, servers, page),
        jobs=jobs | {"control": control} if control else jobs,
    )


async def _opened(settings: Settings, scope: Scope) -> tuple[Store | None, Remembered]:
    if not settings.store:
        return None, Remembered({}, ())
    return await scope.enter(opened(settings.store, settings.account, settings.outlets().publishes))


def _forget(_notice: Notice) -> None:
    """Do nothing: without a store, a notice that is published is nowhere any more."""


def _control(
    settings: Settings, scope: Scope, sink: NoticeSink, links: ServerLinks, dropped: Callable[[Notice], None]
) -> Control:
    patience = Patience(settings.control_patience_s, settings.control_delivery_s, settings.control_notices)
    return Control(
        clock=scope.clock, sink=sink, links=links, model=gamelift_model(), patience=patience, dropped=dropped
    )
