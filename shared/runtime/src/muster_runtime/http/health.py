"""Is the process alive, and is the service ready: two questions, two routes.

`/livez` asks the process alone: an outage of a dependency must not have every task killed. `/readyz` asks the
dependencies, and says no while the service starts or drains.
"""

import asyncio
from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

import structlog
from pydantic import BaseModel, ConfigDict, Field

from muster_runtime.clock import Clock
from muster_runtime.http.routes import Answer, Call, Route
from muster_runtime.metrics import Metrics
from muster_runtime.service import Probe

log = structlog.get_logger()


class Phase(StrEnum):
    """Where a service is in its life."""

    STARTING = "starting"
    RUNNING = "running"
    DRAINING = "draining"


class ProbeState(StrEnum):
    """What a dependency said when it was last asked."""

    OK = "ok"
    FAILING = "failing"
    TIMEOUT = "timeout"


class Liveness(BaseModel):
    """Body of `/livez`."""

    model_config = ConfigDict(frozen=True)

    service: Annotated[str, Field(description="name of the service")]
    status: Annotated[str, Field(description="always `alive`")] = "alive"


class Readiness(BaseModel):
    """Body of `/readyz`."""

    model_config = ConfigDict(frozen=True)

    service: Annotated[str, Field(description="name of the service")]
    status: Annotated[str, Field(description="`ready`, `starting`, `draining` or `failing`")]
    probes: Annotated[Mapping[str, ProbeState], Field(description="each dependency and what it last said")]


class Health:
    """The state that `/livez` and `/readyz` tell.

    Attributes:
        phase: set by `serve`.
    """

    def __init__(  # noqa: PLR0913 - each is needed and named
        self,
        name: str,
        probes: Mapping[str, Probe],
        *,
        clock: Clock,
        metrics: Metrics,
        cache_s: float,
        timeout_s: float,
    ) -> None:
        """Build the state of a service that is starting.

        Args:
            name: the service's name.
            probes: its dependencies by name.
            clock: where the age of a cached answer comes from.
            metrics: where the state of each probe is shown.
            cache_s: how long answers of the probes are reused, in seconds.
            timeout_s: longest one probe may take, in seconds.
        """
        self.name = name
        self.phase = Phase.STARTING
        self._probes = dict(probes)
        self._clock = clock
        self._metrics = metrics
        self._cache_s = cache_s
        self._timeout_s = timeout_s
        self._asking = asyncio.Lock()
        self._states: dict[str, ProbeState] = {}
        self._asked_at_s: float | None = None

    async def readiness(self) -> Readiness:
        """Ask the dependencies, all at once, unless they were asked a moment ago."""
        async with self._asking:
            # Whoever waited for the lock finds the answer fresh: many askers make one round of probes.
            if self._asked_at_s is None or self._clock.monotonic_s() - self._asked_at_s >= self._cache_s:
                await self._ask()
        match self.phase:
            case Phase.RUNNING:
                well = all(state is ProbeState.OK for state in self._states.values())
                status = "ready" if well else "failing"
            case Phase.STARTING | Phase.DRAINING:
                status = self.phase.value
        self._metrics.ready.set(status == "ready")
        return Readiness(service=self.name, status=status, probes=dict(self._states))

    def routes(self) -> tuple[Route, ...]:
        """Return the rows `/livez` and `/readyz`."""
        return (
            Route("GET", "/livez", self._livez, "Is the process alive?", answer=Liveness),
            Route("GET", "/readyz", self._readyz, "Is the service ready?", answer=Readiness),
        )

    async def _livez(self, _call: Call) -> Answer:
        return Answer(Liveness(service=self.name))

    async def _readyz(self, _call: Call) -> Answer:
        readiness = await self.readiness()
        ready = readiness.status == "ready"
        return Answer(readiness, status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)

    async def _ask(self) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = {name: group.create_task(self._ask_one(name, probe)) for name, probe in self._probes.items()}
        self._states = {name: task.result() for name, task in tasks.items()}
        self._asked_at_s = self._clock.monotonic_s()

    async def _ask_one(self, name: str, probe: Probe) -> ProbeState:
        reason = ""
        try:
            async with asyncio.timeout(self._timeout_s):
                await probe()
            state = ProbeState.OK
        except TimeoutError:
            state = ProbeState.TIMEOUT
        except Exception as error:  # noqa: BLE001 - a probe may fail in any way; each way means not ready
            state, reason = ProbeState.FAILING, type(error).__name__
        if state is not self._states.get(name, ProbeState.OK):
            log.warning("probe_changed", probe=name, state=state.value, reason=reason)
        self._metrics.probe_up.labels(probe=name).set(state is ProbeState.OK)
        return state
