"""Wires the arena: where GameLift, the bus and the matches meet."""

import asyncio
from collections.abc import Sequence

from pydantic import BaseModel

from muster_gameserver import Surroundings, Timings, sockets, websocket_dial
from muster_players.arena.guests import GuestRules
from muster_players.arena.match import MatchTimes
from muster_players.arena.registration import Registration
from muster_players.arena.results import Results
from muster_players.arena.settings import ArenaSettings
from muster_players.arena.slot import Slot, SlotPlan
from muster_runtime.http.routes import Answer, Call, Handler, Route
from muster_runtime.messaging.publisher import Publisher
from muster_runtime.scope import Scope
from muster_runtime.service import Service

_LONGEST_REDIAL_S = 8.0
_REDIALS = 40
"""With pauses of at most 8 s these are about five minutes; then the process starts afresh under a new id."""


class Arena:
    """A Runnable: all slots, and the publishing of their results, which outlives them."""

    def __init__(self, slots: Sequence[Slot], results: Results) -> None:
        """Build it from its slots and their common results."""
        self._slots = slots
        self._results = results

    async def run(self, stop: asyncio.Event) -> None:
        """Run every slot until *stop*; return when they have ended and every result is published."""
        async with asyncio.TaskGroup() as publishing:
            publishing.create_task(self._results.run())
            async with asyncio.TaskGroup() as slots:
                for slot in self._slots:
                    slots.create_task(slot.run(stop))
            self._results.close()


class SlotView(BaseModel):
    """A slot, as a watcher wants to know it."""

    port: int
    phase: str
    match_id: str | None
    scores: dict[str, int] | None
    players: int


class ArenaView(BaseModel):
    """All slots: where to point `python -m muster_players.watch`."""

    slots: list[SlotView]


async def build(settings: ArenaSettings, scope: Scope) -> Service:
    """Wire the sample game server."""
    registration = Registration(
        await scope.aws("gamelift"),
        fleet_id=settings.fleet_id,
        compute=settings.compute,
        address=settings.address,
        location=settings.location,
        clock=scope.clock,
    )
    publisher = Publisher(await scope.aws("events"), bus=settings.event_bus, clock=scope.clock, metrics=scope.metrics)
    # Sockets to GameLift live for hours, so the service's shared session with its total time-out does not serve.
    dial = websocket_dial(await scope.enter(sockets()))
    results = Results(publisher)
    plan = SlotPlan(
        host=settings.host,
        compute=settings.compute,
        fleet_id=settings.fleet_id,
        credentials=registration.credentials,
        around=Surroundings(dial=dial, new_id=scope.ids.uuid, epoch_s=scope.clock.epoch_s),
        timings=_timings(settings),
        times=MatchTimes(settings.match_s, settings.gather_s, settings.empty_s, settings.finish_s),
        rules=GuestRules(settings.first_line_s, settings.read_s, settings.rejoin_s, settings.guests),
        report=results.report,
        clock=scope.clock,
        ids=scope.ids,
    )
    first = settings.port_first
    slots = [Slot(plan, first + number if first else 0) for number in range(settings.slots)]
    return Service(
        title="Sample game server: five-a-side football",
        routes=(
            Route(
                "GET",
                "/v1/arena",
                _showing(slots),
                "The matches that are on, and where to watch them",
                answer=ArenaView,
            ),
        ),
        jobs={"arena": Arena(slots, results)},
    )


def _timings(settings: ArenaSettings) -> Timings:
    waits = tuple(min(_LONGEST_REDIAL_S, settings.sdk_redial_s * 2**attempt) for attempt in range(_REDIALS))
    return Timings(request_s=settings.sdk_request_s, dial_waits_s=waits)


def _showing(slots: Sequence[Slot]) -> Handler:
    async def show(call: Call) -> Answer:
        del call
        return Answer(ArenaView(slots=[_view(slot) for slot in slots]))

    return show


def _view(slot: Slot) -> SlotView:
    match = slot.match
    return SlotView(
        port=slot.port,
        phase=slot.phase,
        match_id=match.fixture.match_id if match else None,
        scores=dict(zip(match.fixture.sides, match.game.score, strict=True)) if match else None,
        players=match.present if match else 0,
    )
