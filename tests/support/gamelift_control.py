"""A local GameLift under control, without protocols: `/_control` as a call of its handlers."""

import json
from typing import Any

import pytest
from gamelift_bench import Bench

from muster_gamelift.control.wiring import Control, Patience
from muster_gamelift.engine import Engine
from muster_gamelift.state.world import Notice
from muster_gamelift.validation import gamelift_model
from muster_runtime.errors import MusterError
from muster_runtime.http import inputs
from muster_runtime.http.routes import Call
from muster_runtime.testing.ids import SequentialIds


class ControlledBench(Bench):
    """A bench whose time, notices and server processes go through the control interface."""

    def __init__(self, **patience: Any) -> None:
        super().__init__()
        self.dropped: list[Notice] = []
        self.hung_up = 0
        self.unpublished = 0
        self.control = Control(
            clock=self.clock,
            sink=self.recorder,
            links=self.recorder,
            model=gamelift_model(),
            patience=Patience(**{"servers_s": 0.0, "delivery_s": 0.05, **patience}),
            dropped=self.dropped.append,
        )
        self.engine = Engine(
            account="000000000000",
            limits=self.limits,
            model=gamelift_model(),
            clock=self.control.clock,
            ids=SequentialIds(),
            sink=self.control.sink,
            links=self.control.links,
            gate=self.control.gate,
        )
        routes = self.control.serve(self.engine, waiting=lambda: self.unpublished, hang_up=self._hang_up)
        self._routes = {(route.method, route.path): route for route in routes}

    @property
    def now_s(self) -> float:
        return self.engine.now_s

    async def get(self, path: str, query: str = "", **values: str) -> dict[str, Any]:
        route = self._routes["GET", path]
        parsed = inputs.parse_query(route.query, query) if route.query else None
        return _document(await route.handler(Call(path=values, query=parsed)))

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        route = self._routes["POST", path]
        assert route.body is not None
        return _document(
            await route.handler(Call(path={}, body=inputs.parse_body(route.body, json.dumps(body).encode())))
        )

    async def post_refused(self, path: str, **body: Any) -> str:
        """Return the stable code of the error that *body* is answered with."""
        with pytest.raises(MusterError) as caught:
            await self.post(path, **body)
        return caught.value.code

    async def freeze(self) -> float:
        now: float = (await self.post("/_control/clock", frozen=True))["now"]
        return now

    async def pass_time(self, seconds: float) -> None:
        await self.post("/_control/clock/advance", seconds=seconds)

    async def recorded(self, after: int = 0) -> list[dict[str, Any]]:
        """Return the envelopes that the record holds."""
        answer = await self.get("/_control/notices", f"after={after}")
        return [one["notice"] for one in answer["notices"]]

    async def recorded_types(self) -> list[str]:
        return [envelope["detail"]["type"] for envelope in await self.recorded()]

    async def processes(self, count: int, location: str = "custom-laptop") -> None:
        await self.post("/_control/processes", fleetId=self.fleet_id, location=location, count=count)

    def _hang_up(self) -> None:
        self.hung_up += 1


def _document(answer: Any) -> dict[str, Any]:
    body = answer.body
    text = body if isinstance(body, str) else body.model_dump_json(by_alias=True)
    document: dict[str, Any] = json.loads(text)
    return document
