from pathlib import Path

import aiohttp
import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    MetadataRetrievalError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.validate import ParamValidationDecorator
from pydantic import BaseModel

from muster_runtime.aws import calling, client_context, code_of, typed
from muster_runtime.errors import Busy, Unavailable
from muster_runtime.settings import ConsumerSettings, ServiceSettings
from muster_runtime.testing import client_error

SERVICES = ["dynamodb", "sqs", "sns", "events", "gamelift", "s3", "secretsmanager"]


class Mixed(ConsumerSettings, ServiceSettings):
    """A service with consumer settings of its own."""


class Nested(ServiceSettings):
    """A service with two consumers, each with settings of its own."""

    notices: ConsumerSettings = ConsumerSettings(consumer_wait_s=3)
    events: ConsumerSettings = ConsumerSettings(consumer_wait_s=20)


@pytest.fixture(autouse=True)
def _region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")


@pytest.mark.parametrize("service", SERVICES)
async def test_every_client_has_the_stated_time_outs_and_tries(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "9")
    settings = ServiceSettings(aws_connect_timeout_s=1.5, aws_read_timeout_s=7, aws_attempts=2)

    async with client_context(service, settings) as client:
        config = client.meta.config

        assert (1.5, 7) == (config.connect_timeout, config.read_timeout)
        assert "standard" == config.retries["mode"]
        assert 2 == config.retries["total_max_attempts"]
        assert "muster" in config.user_agent_extra


async def test_the_user_agent_is_given_and_still_names_who_calls() -> None:
    async with client_context("dynamodb", ServiceSettings()) as client:
        sent = client._user_agent_creator.to_string()

    assert sent.startswith("aiobotocore/")
    assert sent.endswith(" muster")
    # Botocore's own words for each call: building them is what the given ones spare.
    assert "ua/2" not in sent


@pytest.mark.parametrize(
    ("settings", "read_timeout_s"),
    [
        (ServiceSettings(aws_read_timeout_s=5), 5),
        (Mixed(consumer_wait_s=20), 25),
        (Mixed(consumer_wait_s=2, aws_read_timeout_s=9), 9),
        (Nested(), 25),
    ],
)
async def test_an_sqs_client_waits_longer_than_the_longest_poll(
    settings: ServiceSettings, read_timeout_s: float
) -> None:
    async with client_context("sqs", settings) as client:
        assert read_timeout_s == client.meta.config.read_timeout


async def test_other_clients_do_not_wait_as_long_as_a_poll() -> None:
    async with client_context("dynamodb", Mixed(consumer_wait_s=20)) as client:
        assert 5 == client.meta.config.read_timeout


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
async def test_the_region_comes_from_either_variable(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.setenv(variable, "ap-south-1")

    async with client_context("dynamodb", ServiceSettings()) as client:
        assert "ap-south-1" == client.meta.region_name


@pytest.mark.parametrize(("told", "unchecked"), [(None, {"dynamodb"}), ("false", {"dynamodb"}), ("true", set())])
async def test_requests_to_dynamodb_are_checked_where_that_is_asked_for_and_others_always(
    told: str | None, unchecked: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUSTER_CHECK_DYNAMODB", raising=False)
    if told is not None:
        monkeypatch.setenv("MUSTER_CHECK_DYNAMODB", told)
    found = set()

    for service in [*SERVICES, "cognito-idp"]:
        async with client_context(service, ServiceSettings()) as client:
            if not isinstance(client._serializer, ParamValidationDecorator):
                found.add(service)

    assert unchecked == found


async def test_endpoints_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    monkeypatch.setenv("AWS_ENDPOINT_URL_GAMELIFT", "http://127.0.0.1:9080")

    async with (
        client_context("sqs", ServiceSettings()) as sqs,
        client_context("gamelift", ServiceSettings()) as gamelift,
    ):
        assert "http://127.0.0.1:4566" == sqs.meta.endpoint_url
        assert "http://127.0.0.1:9080" == gamelift.meta.endpoint_url


async def test_s3_puts_the_bucket_into_the_path() -> None:
    async with client_context("s3", ServiceSettings()) as client:
        assert "path" == client.meta.config.s3["addressing_style"]


@pytest.mark.parametrize(
    ("error", "family"),
    [
        (client_error("ThrottlingException"), Busy),
        (client_error("TooManyRequestsException", status=429), Busy),
        (client_error("ServiceUnavailable", status=503), Unavailable),
        (client_error("InternalFailure"), Unavailable),
        (client_error("Odd", status=500), Unavailable),
        (ReadTimeoutError(endpoint_url="http://x.test"), Unavailable),
        (ConnectTimeoutError(endpoint_url="http://x.test"), Unavailable),
        (EndpointConnectionError(endpoint_url="http://x.test"), Unavailable),
        (aiohttp.ServerDisconnectedError(), Unavailable),
        (ConnectionResetError(), Unavailable),
        (TimeoutError(), Unavailable),
        (client_error("ExpiredTokenException"), Unavailable),
        (client_error("ExpiredToken", status=403), Unavailable),
        (CredentialRetrievalError(provider="container-role", error_msg="timed out"), Unavailable),
        (MetadataRetrievalError(error_msg="timed out"), Unavailable),
    ],
)
async def test_throttling_and_outages_are_named_and_keep_their_cause(error: Exception, family: type[Exception]) -> None:
    with pytest.raises(family) as caught:
        async with calling(timeout_s=1):
            raise error

    assert error is caught.value.__cause__


@pytest.mark.parametrize(
    "error",
    [client_error("ResourceNotFoundException"), client_error("AccessDenied", status=403), NoCredentialsError()],
)
async def test_what_an_adapter_must_judge_passes_unchanged(error: Exception) -> None:
    assert typed(error) is None
    with pytest.raises(type(error)):
        async with calling(timeout_s=1):
            raise error


async def test_a_fault_of_our_own_is_not_named_an_outage() -> None:
    with pytest.raises(FileNotFoundError):
        async with calling(timeout_s=1):
            Path("/nowhere/at/all").read_text()


def test_an_error_is_told_by_its_code_or_its_class() -> None:
    assert "AccessDenied" == code_of(client_error("AccessDenied"))
    assert "TimeoutError" == code_of(TimeoutError())


def test_settings_of_a_consumer_are_plain_models() -> None:
    # `client_context` looks for wait times in nested models; settings that stop being models would hide them.
    assert issubclass(ConsumerSettings, BaseModel)
