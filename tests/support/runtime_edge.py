"""The HTTP edge without a socket: requests made by hand, answers as they would be sent."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from unittest.mock import Mock

from aiohttp import HttpVersion, HttpVersion11, StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict
from pydantic import BaseModel, Field

from muster_runtime.auth.verifier import TokenVerifier
from muster_runtime.clock import Clock
from muster_runtime.http.application import application
from muster_runtime.http.health import Phase
from muster_runtime.http.raw import RawRoute
from muster_runtime.http.routes import Answer, Call, Route
from muster_runtime.metrics import Metrics
from muster_runtime.service import Gate, Probe, Service
from muster_runtime.settings import ServiceSettings
from muster_runtime.testing.ids import SequentialIds


class Ticket(BaseModel):
    """A body model."""

    name: str
    seats: int = Field(1, ge=1, le=10)
    secret_word: str = Field("", max_length=5)


class Page(BaseModel):
    """A query model."""

    limit: int = Field(10, ge=1, le=50)
    tags: list[str] = []


def settings(**changes: Any) -> ServiceSettings:
    return ServiceSettings(**{"grace_s": 60.0, **changes})


async def echo(call: Call) -> Answer:
    """Tell what arrived."""
    told = {
        "path": dict(call.path),
        "query": call.query.model_dump() if call.query else None,
        "body": call.body.model_dump() if call.body else None,
        "headers": dict(call.headers),
        "subject": call.principal.subject if call.principal else None,
        "client": call.client,
    }
    return Answer(json.dumps(told), content_type="application/json")


class EdgeUnderTest:
    """One service's edge and what it counted."""

    def __init__(
        self,
        *routes: Route,
        raw: tuple[RawRoute, ...] = (),
        probes: Mapping[str, Probe] | None = None,
        verifier: TokenVerifier | None = None,
        gate: Gate | None = None,
        clock: Clock | None = None,
        **changes: Any,
    ) -> None:
        self.metrics = Metrics()
        self.app = application(
            Service(routes=routes, raw_routes=raw, probes=probes or {}, title="Test", gate=gate),
            settings(**changes),
            name="demo",
            clock=clock,
            ids=SequentialIds(),
            metrics=self.metrics,
            verifier=verifier,
        )
        self.health = self.app.health
        self.health.phase = Phase.RUNNING

    async def ask(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
        version: HttpVersion = HttpVersion11,
        complete: bool = True,
    ) -> web.Response:
        """Ask the edge as if *target* had come over the wire; *complete* false leaves the body unfinished."""
        pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers or [])
        loop = asyncio.get_running_loop()
        protocol = BaseProtocol(loop)
        protocol.transport = Mock(spec=asyncio.Transport)
        stream = EMPTY_PAYLOAD
        if body is not None:
            stream = StreamReader(protocol, 2**16, loop=loop)
            if not any(name.lower() == "content-type" for name, _ in pairs):
                pairs.append(("Content-Type", "application/json"))
            pairs.append(("Content-Length", str(len(body) if complete else len(body) + 1)))
            stream.feed_data(body)
            if complete:
                stream.feed_eof()
        request = make_mocked_request(method, target, CIMultiDict(pairs), version=version, payload=stream, loop=loop)
        response = await self.app.edge.handle(request)
        assert isinstance(response, web.Response)
        return response

    def sample(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


def told(response: web.Response) -> dict[str, Any]:
    """Return the JSON body."""
    assert isinstance(response.body, bytes)
    value: dict[str, Any] = json.loads(response.body)
    return value


def code_of(response: web.Response) -> str:
    """Return the stable code of a problem, after a look at its form."""
    assert response.content_type == "application/problem+json", response.body
    body = told(response)
    assert body["status"] == response.status
    assert body["code"] == response.headers["X-Error-Code"]
    assert body["request_id"] == response.headers["X-Request-Id"]
    code: str = body["code"]
    return code
