"""Canaries in every field of every route, taken from the route table, so that a new route is covered when it is added.

What a client sends, and every secret that it is answered, must not turn up in the log (at debug), in metrics, traces,
events or errors.
"""

import io
import itertools
import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, get_args

import aiohttp
import pytest
import structlog
from identity_world import CLIENTS, Resources
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel

from muster_identity.app import build
from muster_identity.settings import Settings
from muster_runtime import logging as runtime_logging
from muster_runtime.http.routes import Route
from muster_runtime.scope import Scope
from muster_runtime.service import Service
from muster_runtime.testing import running

SECRET_NAME = re.compile(r"token|secret|password|ticket|(^|_)code")
PROFILE = frozenset({"display_name", "reason", "label", "device_label"})
"""What people write to be read by others: events may carry it, logs may not."""
KNOWN_ROUTES = 8
"""Routes there were when this test was written; fewer mean that the table was not found."""


@dataclass
class Canaries:
    """What was sent, what was answered, and what to look for afterwards.

    Attributes:
        values: everything sent as a value, with the name of its field.
        names: everything sent as a name that no model has.
        secrets: what the service answered and must keep for the one who asked.
        refusals: bodies and headers of all errors.
    """

    values: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    refusals: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def value(self, name: str) -> str:
        canary = f"canary{next(self.numbers):05d}v"
        self.values[canary] = name
        return canary

    def name(self) -> str:
        self.names.append(f"canary{next(self.numbers):05d}n")
        return self.names[-1]

    def fill(self, model: type[BaseModel] | None, known: Mapping[str, Any]) -> dict[str, Any]:
        """Return every field of *model*: the known good ones as they are, a canary in all others."""
        fields = model.model_fields if model is not None else {}
        return {
            (given.alias or name): known.get(name, self._of(given.annotation, name, known))
            for name, given in fields.items()
        }

    def _of(self, annotation: Any, name: str, known: Mapping[str, Any]) -> Any:
        for kind in (annotation, *get_args(annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                return self.fill(kind, known)
        text = str(annotation)
        if "Mapping" in text or "dict" in text:
            return {self.value(name): self.value(name)}
        if "list" in text or "tuple" in text:
            return [self.value(name)]
        return self.value(name)

    def learn(self, answer: Any) -> None:
        """Remember what in an answer is secret, wherever it stands."""
        match answer:
            case dict():
                for name, value in answer.items():
                    if isinstance(value, str) and SECRET_NAME.search(name) and len(value) > 20:
                        self.secrets.add(value)
                    self.learn(value)
            case list():
                for value in answer:
                    self.learn(value)


@dataclass
class Caller:
    """Sends to one service and remembers."""

    url: str
    http: aiohttp.ClientSession
    canaries: Canaries

    async def send(self, method: str, path: str, **more: Any) -> Any:
        async with self.http.request(method, f"{self.url}{path}", allow_redirects=False, **more) as answer:
            text = await answer.text()
        if answer.status >= 400:
            self.canaries.refusals.append(f"{text} {dict(answer.headers)}")
        try:
            read = json.loads(text)
        except ValueError:
            return {}
        if answer.status < 400 and ".well-known" not in path and path != "/openapi.json":
            self.canaries.learn(read)
        return read

    async def every_way(self, route: Route, known: Mapping[str, Any], bearers: tuple[str, ...]) -> None:
        """Call one route: all canaries, known values among them, wrong kinds, broken text, with each caller's token."""
        canaries = self.canaries
        for bearer in (*bearers, canaries.value("bearer")):
            headers = {
                "Authorization": f"Bearer {bearer}",
                "Cookie": f"session={canaries.value('cookie')}",
                "User-Agent": canaries.value("agent"),
                "Referer": f"https://game.test/?token={canaries.value('referer')}",
                "X-Forwarded-For": canaries.value("forwarded"),
            }
            for values in ({}, known):
                path = re.sub(r"\{(\w+)[^}]*\}", partial(self._segment, values), route.path)
                query = canaries.fill(route.query, values) | {canaries.name(): canaries.value("extra")}
                body = canaries.fill(route.body, values)
                bodies = [{"json": body}] if route.body else [{}]
                if route.body:
                    bodies += [
                        {"json": body | {canaries.name(): canaries.value("extra")}},
                        {"json": {name: [canaries.value(name)] for name in body}},
                        {"data": f'{{"{canaries.name()}": {canaries.value("broken")}', "headers": JSON},
                    ]
                for more in bodies:
                    given = {**more, "headers": {**headers, **more.get("headers", {})}}
                    await self.send(route.method, path, params=query, **given)

    def _segment(self, known: Mapping[str, Any], found: re.Match[str]) -> str:
        return str(known.get(found[1]) or self.canaries.value("path"))


JSON = {"Content-Type": "application/json"}


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Return what the service logs, as it would be written, at debug."""
    root, before, stream = logging.getLogger(), structlog.get_config(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    runtime_logging.configure("json", "debug", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.configure(**before)


@pytest.mark.timeout(600)
async def test_no_field_of_any_route_shows_up_anywhere(
    resources: Resources, http_client: aiohttp.ClientSession, written: io.StringIO, spans: InMemorySpanExporter
) -> None:
    services: list[Service] = []

    async def build_and_keep(settings: Settings, scope: Scope) -> Service:
        services.append(await build(settings, scope))
        return services[-1]

    canaries = Canaries()
    async with running("identity", resources.settings, build_and_keep) as service:
        caller = Caller(service.base_url, http_client, canaries)
        routes = services[0].routes
        for route in routes:
            guest = await caller.send("POST", "/v1/guests")
            operator = await _machine(caller, "tool")
            known = {
                **{name: guest[name] for name in ("user_id", "guest_secret", "refresh_token")},
                "auth_token": guest["access_token"],
            }
            await caller.every_way(route, known, (guest["access_token"], operator))
        await _raw(caller, services[0])
        await caller.send("GET", f"/v1/{canaries.value('path')}?token={canaries.value('query')}")
        metrics = str(await _text(caller, "/metrics"))
    told = str(await resources.sandbox.take(resources.told.url))
    traces = "".join(f"{span.to_json()}" for span in spans.get_finished_spans())
    log = written.getvalue()

    assert len(routes) >= KNOWN_ROUTES
    assert log.count("request_answered") > 12 * len(routes)
    assert len(canaries.secrets) > 3 * len(routes)
    assert "POST /v1/guests" in traces
    ring = (await resources.keyring())["keys"]
    private = [line for key in ring for line in key["private_pem"].splitlines()[1:-1]]
    # Of a token the signature alone is enough to make it good again.
    pieces = {piece for secret in canaries.secrets for piece in secret.split(".") if len(piece) > 40}
    kept = [*canaries.secrets, *pieces, *private, *(client["secret"] for client in CLIENTS.values())]
    quiet = [canary for canary, name in canaries.values.items() if name not in PROFILE]
    places = {
        "log": (log, [*canaries.values, *canaries.names, *kept]),
        "metrics": (metrics, [*canaries.values, *canaries.names, *kept]),
        "traces": (traces, [*canaries.values, *canaries.names, *kept]),
        "events": (told, [*quiet, *canaries.names, *kept]),
        "errors": ("\n".join(canaries.refusals), [*canaries.values, *kept]),
    }
    shown = {
        place: sorted({canaries.values.get(one, one[:12]) for one in sought if one in text})
        for place, (text, sought) in places.items()
    }
    assert {place: [] for place in places} == shown


async def _machine(caller: Caller, client: str) -> str:
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": CLIENTS[client]["secret"]}
    token: str = (await caller.send("POST", "/v1/oauth/token", data=form))["access_token"]
    return token


async def _raw(caller: Caller, service: Service) -> None:
    """Send what raw routes may read: forms, JSON, Basic and nonsense."""
    value = caller.canaries.value
    for route in service.raw_routes:
        path = re.sub(r"\{(\w+)[^}]*\}", lambda _: value("path"), route.path)
        for grant in ("client_credentials", value("grant_type")):
            form = {name: value(name) for name in ("client_id", "client_secret", "scope", "token", "username")}
            form["grant_type"] = grant
            for more in ({"data": form}, {"json": form}, {"json": {"body": form}}, {"data": value("broken")}):
                await caller.send(route.method, path, params={"x": value("query")}, **more)
            basic = aiohttp.encode_basic_auth("tool", value("client_secret"))
            await caller.send(route.method, path, data={"grant_type": grant}, headers={"Authorization": basic})


async def _text(caller: Caller, path: str) -> str:
    async with caller.http.get(f"{caller.url}{path}") as answer:
        return await answer.text()
