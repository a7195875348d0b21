"""What each route of the control interface does."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from muster_gamelift.control import bodies
from muster_gamelift.control.clock import VirtualClock
from muster_gamelift.control.errors import TicketUnknown
from muster_gamelift.control.faults import OperationFaults
from muster_gamelift.control.noticefaults import NoticeFault, NoticeFaults
from muster_gamelift.control.processes import BuiltIns
from muster_gamelift.control.record import NoticeRecord
from muster_gamelift.control.timeline import Timeline
from muster_gamelift.engine import Engine
from muster_gamelift.explain import prepare
from muster_runtime.http.routes import Answer, Call

log = structlog.get_logger()


class Handlers:
    """Answers the routes; every answer waits until what it tells cannot be lost."""

    def __init__(  # noqa: PLR0913 - each is a different need, and named
        self,
        *,
        engine: Engine,
        clock: VirtualClock,
        timeline: Timeline,
        record: NoticeRecord,
        operation_faults: OperationFaults,
        notice_faults: NoticeFaults,
        built_ins: BuiltIns,
        hang_up: Callable[[], None],
    ) -> None:
        """Build the handlers from the parts that they show and move.

        Args:
            engine: the local GameLift.
            clock: its time.
            timeline: moves the clock.
            record: the notices so far.
            operation_faults: operations that fail.
            notice_faults: notices that go astray.
            built_ins: server processes without a game.
            hang_up: closes the connections of all game servers.
        """
        self._engine = engine
        self._clock = clock
        self._timeline = timeline
        self._record = record
        self._operation_faults = operation_faults
        self._notice_faults = notice_faults
        self._built_ins = built_ins
        self._hang_up = hang_up

    async def reset(self, _call: Call) -> Answer:
        """Begin again: no resources, no tickets, no faults, no notices, and real time.

        Safe to repeat: yes.
        """
        async with self._timeline.alone():
            self._built_ins.clear()
            self._engine.forget()
            self._hang_up()
            # Waited for before the record is emptied, so that no notice from before comes after.
            await self._engine.settled()
            self._notice_faults.clear()
            self._record.clear()
            self._timeline.clear()
            self._clock.reset()
        log.info("state_reset")
        return Answer(bodies.Nothing())

    async def clock(self, _call: Call) -> Answer:
        """Tell where time stands."""
        return self._stands()

    async def freeze(self, call: Call) -> Answer:
        """Stop time, or let it go on from where it stands.

        Safe to repeat: yes.
        """
        async with self._timeline.alone():
            if call.body.frozen:
                self._clock.freeze()
            else:
                self._clock.unfreeze()
        return self._stands()

    async def advance(self, call: Call) -> Answer:
        """Let virtual time pass, and tell where it stands then.

        Safe to repeat: no; time passes twice.
        """
        await self._timeline.advance(call.body.seconds)
        return self._stands()

    async def notices(self, call: Call) -> Answer:
        """Return the notices after a number."""
        await self._engine.settled()
        found = tuple(
            bodies.NumberedNotice(n=one.number, notice=dict(one.envelope))
            for one in self._record.after(call.query.after)
        )
        return Answer(bodies.NoticesAnswer(notices=found, last=self._record.last))

    async def faults(self, _call: Call) -> Answer:
        """Return the failures that are ordered, those of operations first."""
        return self._orders()

    async def order(self, call: Call) -> Answer:
        """Order a failure, and return all orders.

        Safe to repeat: no; it is ordered twice.
        """
        new: bodies.NewFault = call.body
        if new.notices is not None:
            self._notice_faults.add(
                NoticeFault(new.notices, new.rate, new.seed, delay_s=new.seconds or 0.0, type=new.type)
            )
        else:
            self._operation_faults.add(new.operation or "", new.error or "", new.times)
        return self._orders()

    async def processes(self, call: Call) -> Answer:
        """Keep so many built-in server processes at a location.

        Safe to repeat: yes.
        """
        wanted: bodies.Places = call.body
        fleet_id = self._built_ins.keep(wanted.fleet_id, wanted.location, wanted.count)
        await self._engine.settled()
        return Answer(bodies.PlacesAnswer(fleet_id=fleet_id, location=wanted.location, count=wanted.count))

    async def explain(self, call: Call) -> Answer:
        """Tell why a ticket is where it is."""
        ticket_id = call.path["ticket_id"]
        world = next((one for one in self._engine.worlds if ticket_id in one.tickets), None)
        if world is None:
            raise TicketUnknown
        # Large pools take a while to think about, and the loop has other work.
        return _json(await asyncio.to_thread(prepare(world, ticket_id, self._engine.now_s)))

    def _stands(self) -> Answer:
        return Answer(bodies.ClockAnswer(now=self._clock.epoch_s(), frozen=self._clock.frozen))

    def _orders(self) -> Answer:
        of_operations = [
            {"operation": one.operation, "error": one.error, "times": one.times}
            for one in self._operation_faults.pending
        ]
        return _json({"faults": [*of_operations, *map(_shown, self._notice_faults.orders)]})


def _shown(fault: NoticeFault) -> Mapping[str, Any]:
    members = {"notices": fault.kind, "rate": fault.rate, "seed": fault.seed, "struck": fault.struck}
    optional = {"seconds": fault.delay_s, "type": fault.type}
    return members | {name: value for name, value in optional.items() if value}


def _json(document: Mapping[str, Any]) -> Answer:
    return Answer(json.dumps(document), content_type="application/json")
