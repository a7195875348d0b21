"""The one place that makes AWS clients, and the one that gives their failures a name.

Endpoints come from `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>`, credentials from the usual chain: both are
read by botocore itself, so the same program runs on an emulator and on AWS.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    MetadataRetrievalError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.loaders import Loader
from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from muster_runtime.errors import Busy, MusterError, Unavailable

RECEIVE_MARGIN_S: Final = 5.0
"""A receive may take its whole wait time; the answer must still have time to arrive."""

THROTTLES: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    }
)
"""Error codes that mean: slower. Source: botocore's standard retry mode, and the services' references."""

OUTAGES: Final = frozenset(
    {
        # Credentials that ran out before their successors came: the next call has new ones.
        "ExpiredToken",
        "ExpiredTokenException",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServiceException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    }
)
"""Error codes that mean: not now, whatever HTTP status they came with."""


class ClientLimits(Protocol):
    """The part of a service's settings that says how long AWS may take."""

    @property
    def aws_connect_timeout_s(self) -> float:
        """Seconds to open a connection."""

    @property
    def aws_read_timeout_s(self) -> float:
        """Seconds between two pieces of an answer."""

    @property
    def aws_attempts(self) -> int:
        """Tries for each call, the first included."""


class _Environment(BaseSettings):
    """What holds for every client of a process, whichever service it is.

    Attributes:
        region: botocore itself reads only `AWS_DEFAULT_REGION`, while ECS and Lambda set `AWS_REGION`.
        check_dynamodb: have botocore check each request to DynamoDB against the service's model before it is sent. That
            finds what a local AWS lets pass, and costs a tenth of a request. AWS checks for itself.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    region: str | None = Field(default=None, validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION"))
    check_dynamodb: bool = Field(default=False, validation_alias="MUSTER_CHECK_DYNAMODB")


# One session for a loop, and so for a process: concurrent sessions race for their credential providers.
_sessions: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, AioSession]] = WeakKeyDictionary()


@cache
def _loader() -> Loader:
    """Return what parses service models: one for the process, which would else parse them again for each loop.

    A service has one loop; its tests have thousands.
    """
    loader: Loader = get_session().get_component("data_loader")
    return loader


def client_context(service: str, settings: ClientLimits) -> AbstractAsyncContextManager[Any]:
    """Return a client of *service*, made on entering and closed on leaving; call it inside a running loop.

    Every client has connect and read time-outs and a stated number of tries (retry mode `standard`, so that a
    different default of a later botocore, or `AWS_RETRY_MODE`, changes nothing). The read time-out of SQS covers the
    longest wait time among *settings*, because a receive that times out at our end is as bad as one cancelled.

    Args:
        service: botocore's name, such as `dynamodb`, `sqs`, `events`, `gamelift`.
        settings: the service's settings.
    """
    loop = asyncio.get_running_loop()
    if (session := _sessions.get(loop)) is None:
        session = _sessions[loop] = get_session()
        session.register_component("data_loader", _loader())
    # The stubs overload this by literal names; ours comes from a caller.
    create: Callable[..., AbstractAsyncContextManager[Any]] = session.create_client
    environment = _Environment()
    config = _config(
        service, settings, user_agent=session.user_agent(), checked=service != "dynamodb" or environment.check_dynamodb
    )
    return create(service, region_name=environment.region, config=config)


def typed(error: Exception) -> MusterError | None:
    """Return what *error* of an AWS call means to a service: `Busy`, `Unavailable`, or None when it is neither.

    None leaves it to the adapter, which knows what `ResourceNotFoundException` means for its operation.
    """
    match error:
        case ClientError(response={"Error": {"Code": str(code)}}) if code in THROTTLES:
            return Busy(f"AWS asks for fewer calls ({code}).")
        case ClientError(response={"Error": {"Code": str(code)}}) if code in OUTAGES:
            return Unavailable(f"AWS does not answer ({code}).")
        case ClientError(response={"ResponseMetadata": {"HTTPStatusCode": int(status)}}) if status >= 500:
            return Unavailable(f"AWS does not answer (status {status}).")
        case HTTPClientError() | BotoConnectionError() | aiohttp.ClientError() | TimeoutError() | ConnectionError():
            return Unavailable(f"AWS does not answer ({type(error).__name__}).")
        case CredentialRetrievalError() | MetadataRetrievalError():
            # Who hands out credentials is a dependency like any other. That there are none at all is another matter.
            return Unavailable(f"AWS credentials cannot be had ({type(error).__name__}).")
        case _:
            return None


def code_of(error: Exception) -> str:
    """Return the AWS error code of *error*, or its class name when AWS never answered."""
    match error:
        case ClientError(response={"Error": {"Code": str(code)}}):
            return code
        case _:
            return type(error).__name__


@asynccontextmanager
async def calling(*, timeout_s: float) -> AsyncIterator[None]:
    """Bound one AWS call, its retries included, and name its failure.

    Raises:
        Busy: AWS throttled it.
        Unavailable: it took longer than *timeout_s* seconds, or AWS failed, or could not be reached. A write may
            have happened nevertheless.
        botocore.exceptions.ClientError: AWS refused it for another reason; the adapter knows which matter.
    """
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except (ClientError, BotoCoreError, aiohttp.ClientError, OSError) as error:
        # TimeoutError and ConnectionError are kinds of OSError.
        if (known := typed(error)) is not None:
            raise known from error
        raise


def _config(service: str, settings: ClientLimits, *, user_agent: str, checked: bool) -> AioConfig:
    read_timeout_s = settings.aws_read_timeout_s
    if service == "sqs":
        read_timeout_s = max([read_timeout_s, *(wait_s + RECEIVE_MARGIN_S for wait_s in _waits_s(settings))])
    return AioConfig(
        connect_timeout=settings.aws_connect_timeout_s,
        read_timeout=read_timeout_s,
        retries={"mode": "standard", "total_max_attempts": settings.aws_attempts},
        s3={"addressing_style": "path"},
        # Room for every consumer slot, heartbeat and request at once; waiting for a connection looks like an outage.
        max_pool_connections=64,
        # Given, so that botocore does not put the same words together for every call: a sixth of what a call costs.
        user_agent=user_agent,
        user_agent_extra="muster",
        # Elsewhere a request may hold what a player typed, which is refused here, and not in AWS's words.
        parameter_validation=checked,
        # Service models are parsed while starting, in threads, and not on the loop at the first call.
        warm_up_loader_caches=True,
    )


def _waits_s(settings: object) -> Iterator[float]:
    """Find each `consumer_wait_s` in *settings* and in the settings nested in it."""
    for name in getattr(type(settings), "model_fields", ()):
        value = getattr(settings, name)
        if name == "consumer_wait_s":
            yield float(value)
        elif hasattr(type(value), "model_fields"):
            yield from _waits_s(value)
