"""Server processes without a game: they take every session that they are given, and open it at once.

They live in this process and need no connection. What they do goes through the actions of the Server SDK protocol, so
that the rest of GameLift sees no difference to game servers.
"""

from dataclasses import dataclass, field
from typing import Final

from muster_gamelift.control.errors import FleetUnknown, LocationUnknown
from muster_gamelift.engine import Engine
from muster_gamelift.errors import Fault
from muster_gamelift.ports import ServerLinks
from muster_gamelift.servers import actions
from muster_gamelift.state.arns import name_of
from muster_gamelift.state.catalogue import Compute
from muster_gamelift.state.processes import ProcessStatus, ServerProcess
from muster_gamelift.state.world import Change, Push

COMPUTE: Final = "built-in-"
"""Begins the name of the compute that the built-in processes of a location run on; the location follows."""
ADDRESS: Final = "127.0.0.1"
FIRST_PORT: Final = 50_000
"""Sessions on built-in processes show ports from here on; nobody listens there."""


@dataclass(slots=True)
class _Place:
    region: str
    fleet_id: str
    location: str
    wanted: int = 0
    running: list[str] = field(default_factory=list)


class BuiltIns:
    """A `ServerLinks` that answers for the built-in processes, and leaves all others to the real connections."""

    def __init__(self, others: ServerLinks) -> None:
        """Start without processes.

        Args:
            others: the connections of real game servers.
        """
        self._others = others
        self._engine: Engine | None = None
        self._places: dict[tuple[str, str], _Place] = {}
        self._of: dict[str, _Place] = {}

    def serve(self, engine: Engine) -> None:
        """Run processes in *engine*; called once, before anything else."""
        self._engine = engine

    def push(self, push: Push) -> None:
        """Do what GameLift asks of a built-in process; never waits."""
        place = self._of.get(push.process_id)
        if place is None:
            self._others.push(push)
            return
        match push.message["Action"]:
            case "CreateGameSession":
                self._act(place, push.process_id, "ActivateGameSession", GameSessionId=push.message["GameSessionId"])
            case "TerminateProcess":
                self._act(place, push.process_id, "TerminateServerProcess")
                self._forget(place, push.process_id)
                # As on a fleet: where a process has ended, a new one is started.
                self._fill(place)

    def keep(self, fleet: str, location: str, count: int) -> str:
        """Keep *count* processes at a location of a fleet; with fewer than before, those without a session go first.

        Args:
            fleet: id or ARN.
            location: one of the fleet's.
            count: 0 or more; 0 ends all of them, with the game sessions that they run.

        Returns:
            The fleet's id.

        Raises:
            FleetUnknown: no region has this fleet.
            LocationUnknown: the fleet does not have this location.
        """
        engine, fleet_id = self._serving, name_of(fleet)
        region = engine.region_of_fleet(fleet_id)
        if region is None:
            raise FleetUnknown
        if location not in engine.world(region).fleets[fleet_id].locations:
            raise LocationUnknown
        place = self._places.setdefault((fleet_id, location), _Place(region, fleet_id, location))
        place.wanted = count
        engine.apply(region, lambda change: _register(change, place))
        self._thin_out(place)
        self._fill(place)
        return fleet_id

    def clear(self) -> None:
        """Forget all processes; the state that they were part of is gone already."""
        self._places.clear()
        self._of.clear()

    @property
    def _serving(self) -> Engine:
        assert self._engine is not None, "`serve` comes first"
        return self._engine

    def _act(self, place: _Place, process_id: str, action: str, **fields: object) -> None:
        message = {"Action": action, **fields}
        try:
            self._serving.apply(place.region, lambda change: actions.answer(change, process_id, message))
        except Fault:
            # The session or the process has ended meanwhile; there is nothing left to do for it.
            return

    def _fill(self, place: _Place) -> None:
        while len(place.running) < place.wanted:
            started = self._serving.apply(place.region, lambda change: _started(change, place))
            if started is None:
                place.wanted = 0
                return
            place.running.append(started)
            self._of[started] = place

    def _thin_out(self, place: _Place) -> None:
        processes = self._serving.world(place.region).processes
        # Those without a session first, and among equals the newest.
        newest = place.running[::-1]
        order = sorted(newest, key=lambda one: bool(_runs(processes.get(one))))
        for process_id in order[: max(0, len(order) - place.wanted)]:
            self._forget(place, process_id)
            self._act(place, process_id, "TerminateServerProcess")

    def _forget(self, place: _Place, process_id: str) -> None:
        place.running.remove(process_id)
        del self._of[process_id]


def _runs(process: ServerProcess | None) -> str | None:
    return process.session_arn if process else None


def _register(change: Change, place: _Place) -> None:
    compute = Compute(
        fleet_id=place.fleet_id,
        name=COMPUTE + place.location,
        location=place.location,
        created_at_s=change.now_s,
        ip_address=ADDRESS,
    )
    if compute.key not in change.world.computes:
        change.world.computes.put(compute.key, compute)


def _started(change: Change, place: _Place) -> str | None:
    """Start one process; None when its compute is gone, and with it the place."""
    world, name = change.world, COMPUTE + place.location
    if f"{place.fleet_id}/{name}" not in world.computes:
        return None
    taken = {one.port for one in world.processes.find("compute", (place.fleet_id, name))}
    process = ServerProcess(
        process_id=f"{COMPUTE}{change.ids.uuid()}",
        fleet_id=place.fleet_id,
        compute_name=name,
        location=place.location,
        token_digest="",
        heard_at_s=change.now_s,
        status=ProcessStatus.READY,
        port=next(port for port in range(FIRST_PORT, FIRST_PORT + len(taken) + 1) if port not in taken),
        built_in=True,
    )
    world.processes.put(process.process_id, process)
    change.wants_pass = True
    return process.process_id
