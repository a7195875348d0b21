"""What a service may not make for itself: clients, time, identifiers, metrics, a token verifier."""

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
from prometheus_client import CollectorRegistry

from muster_runtime import tracing
from muster_runtime.auth.jwks import FetchKeys, Jwks, fetch_over_http
from muster_runtime.auth.revocation_feed import RevocationFeed, fetch_list
from muster_runtime.auth.verifier import TokenVerifier
from muster_runtime.aws import client_context
from muster_runtime.clock import Clock, SystemClock
from muster_runtime.ids import Ids, SystemIds
from muster_runtime.metrics import Metrics
from muster_runtime.service import Runnable
from muster_runtime.settings import AuthSettings, ServiceSettings

T = TypeVar("T")

HTTP_TOTAL_S = 10.0
"""Longest one outbound HTTP call may take, unless the call says otherwise."""
HTTP_CONNECT_S = 3.0
"""Longest wait for an outbound connection."""


class Scope:
    """Hands a service what it needs, and closes it all in reverse order at the end.

    An async context manager; `serve` enters it before `build` runs and leaves it after HTTP has closed.

    Attributes:
        name: the service's name, such as `tickets`.
        settings: the settings it was started with.
        clock: where it gets its time from.
        ids: where it gets identifiers and secrets from.
        metrics: its metrics, in a registry of its own.
        verifier: what checks bearer tokens; None until `use_verifier` was called.
        jobs: loops that `serve` runs beside the service's own, by name: what a part made here needs to stay current.
    """

    def __init__(
        self,
        name: str,
        settings: ServiceSettings,
        *,
        clock: Clock | None = None,
        ids: Ids | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        """Build a scope; nothing is opened yet."""
        self.name = name
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.ids: Ids = ids or SystemIds()
        self.metrics = metrics or Metrics(CollectorRegistry())
        self.verifier: TokenVerifier | None = None
        self.jobs: dict[str, Runnable] = {}
        self._stack = AsyncExitStack()
        self._aws: dict[str, Any] = {}
        self._session: aiohttp.ClientSession | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._stack.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._aws.clear()
        self._session = None
        await self._stack.__aexit__(kind, error, trace)

    async def enter(self, context_manager: AbstractAsyncContextManager[T]) -> T:
        """Enter *context_manager* now, and leave it when the service ends; returns what it gives."""
        return await self._stack.enter_async_context(context_manager)

    async def aws(self, service: str) -> Any:  # noqa: ANN401 - aiobotocore clients have no static type
        """Return the AWS client for *service*, the same one on each call.

        Args:
            service: botocore's name, such as `dynamodb`, `sqs`, `sns`, `events`, `gamelift`, `s3`, `secretsmanager`.
        """
        async with self._opening:
            if service not in self._aws:
                self._aws[service] = await self.enter(client_context(service, self.settings))
            return self._aws[service]

    async def http(self) -> aiohttp.ClientSession:
        """Return the session for outbound HTTP, the same one on each call.

        It keeps no cookies, has time-outs, and passes the present trace context on.
        """
        async with self._opening:
            if self._session is None:
                session = aiohttp.ClientSession(
                    timeout=aiohttp.ClientTimeout(total=HTTP_TOTAL_S, connect=HTTP_CONNECT_S),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    trace_configs=[_traced()],
                )
                self._session = await self.enter(session)
            return self._session

    def use_verifier(
        self, *, issuer_url: str, jwks_url: str, audience: str = "gamebackend", fetch: FetchKeys | None = None
    ) -> TokenVerifier:
        """Let the routes that name scopes in; call it once, in `build`.

        Ages and time-outs of the keys, and the longest life of a token, are those of the service's `AuthSettings`;
        a service without them gets their defaults.

        Args:
            issuer_url: the `iss` that tokens must carry; one trailing slash is ignored.
            jwks_url: where the issuer publishes its keys.
            audience: the `aud` that tokens must carry.
            fetch: gets the raw key document; None asks *jwks_url* over HTTP. The issuer itself passes its own.

        Returns:
            The verifier, for the rare route that checks a token by itself.
        """
        given: object = self.settings
        limits = given if isinstance(given, AuthSettings) else AuthSettings(issuer_url=issuer_url, jwks_url=jwks_url)
        keys = Jwks(
            fetch or fetch_over_http(jwks_url, self.http, timeout_s=limits.jwks_timeout_s),
            clock=self.clock,
            max_age_s=limits.jwks_max_age_s,
            stale_s=limits.jwks_stale_s,
            metrics=self.metrics,
            algorithms=limits.token_algorithms.split(","),
        )
        self.verifier = TokenVerifier(
            keys,
            issuer=issuer_url.removesuffix("/"),
            audience=audience,
            clock=self.clock,
            max_life_s=limits.token_max_life_s,
        )
        if limits.revocations_url is not None:
            self.jobs["revocations"] = RevocationFeed(
                fetch_list(limits.revocations_url, self.http, timeout_s=limits.jwks_timeout_s),
                self.verifier.revocations,
                every_s=limits.revocations_every_s,
                metrics=self.metrics,
            )
        return self.verifier


def _traced() -> aiohttp.TraceConfig:
    config = aiohttp.TraceConfig()

    async def add_context(
        _session: aiohttp.ClientSession, _context: object, params: aiohttp.TraceRequestStartParams
    ) -> None:
        for name, value in tracing.inject().items():
            params.headers.setdefault(name, value)

    config.on_request_start.append(add_context)
    return config
