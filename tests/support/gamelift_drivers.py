"""Four unmodified AWS clients behind one call, so that a journey is written once: `await driver.call(operation, ...)`.

| Driver | Client | Protocol |
|---|---|---|
| boto3 | boto3, synchronous, in a thread | AWS JSON 1.1 |
| aiobotocore | aiobotocore | AWS JSON 1.1 |
| cli | the AWS CLI, its own botocore, one process for many commands | AWS JSON 1.1 |
| cbor | botocore with a model that knows no other protocol; hosting operations through boto3 | RPC v2 CBOR |

Answers come back alike: without `ResponseMetadata`, times as seconds since the epoch.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol, Self

import boto3
import botocore.session
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

NAMES: Final = ("boto3", "aiobotocore", "cli", "cbor")
REGION: Final = "us-east-1"
KEYS: Final = {"aws_access_key_id": "any", "aws_secret_access_key": "any", "region_name": REGION}
CBOR_PATH: Final = "/service/GameLift/operation/"
MATCHMAKING: Final = frozenset(
    {
        "AcceptMatch",
        "CreateMatchmakingConfiguration",
        "CreateMatchmakingRuleSet",
        "DeleteMatchmakingConfiguration",
        "DeleteMatchmakingRuleSet",
        "DescribeMatchmaking",
        "DescribeMatchmakingConfigurations",
        "DescribeMatchmakingRuleSets",
        "StartMatchBackfill",
        "StartMatchmaking",
        "StopMatchmaking",
        "UpdateMatchmakingConfiguration",
        "ValidateMatchmakingRuleSet",
    }
)
"""The operations that the CBOR driver sends in CBOR. Source: API reference, matchmaking actions."""


class Refused(Exception):
    """AWS's answer was an error.

    Attributes:
        code: its name, such as `NotFoundException`.
        words: its message.
    """

    def __init__(self, code: str, words: str) -> None:
        """Keep both."""
        super().__init__(f"{code}: {words}")
        self.code = code
        self.words = words


class Driver(Protocol):
    """An AWS client."""

    async def call(self, operation: str, /, **given: Any) -> dict[str, Any]:
        """Return the answer of an operation.

        Raises:
            Refused: it is an error.
        """


class Boto3:
    """A synchronous client, as most back ends have, in threads."""

    def __init__(self, client: Any) -> None:
        """Drive *client*."""
        self._client = client

    async def call(self, operation: str, /, **given: Any) -> dict[str, Any]:
        try:
            return answered(await asyncio.to_thread(getattr(self._client, xform_name(operation)), **given))
        except ClientError as error:
            raise refusal(error) from error


class Aiobotocore:
    """An asynchronous client."""

    def __init__(self, client: Any) -> None:
        """Drive *client*."""
        self._client = client

    async def call(self, operation: str, /, **given: Any) -> dict[str, Any]:
        try:
            return answered(await getattr(self._client, xform_name(operation))(**given))
        except ClientError as error:
            raise refusal(error) from error


class Cbor:
    """Matchmaking in CBOR, hosting in JSON; counts what went each way."""

    def __init__(self, cbor: Any, json_driver: Driver) -> None:
        """Drive *cbor*, a client that knows no other protocol."""
        self._cbor, self._json = Boto3(cbor), json_driver
        self.sent: list[str] = []
        cbor.meta.events.register("before-send.gamelift", lambda request, **_: self.sent.append(request.url))

    async def call(self, operation: str, /, **given: Any) -> dict[str, Any]:
        if operation not in MATCHMAKING:
            return await self._json.call(operation, **given)
        answer = await self._cbor.call(operation, **given)
        assert self.sent[-1].endswith(CBOR_PATH + operation)
        return answer


class AwsCli:
    """The AWS CLI in a process of its own; enter it once for many tests."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the process if there is none; it loads while others work."""
        if self._process:
            return
        environment = {
            "PATH": os.defpath,
            "HOME": os.devnull,
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("gamelift_cli_worker.py"))],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        """Return it; the process starts when it is needed."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process, even in the middle of a command."""
        if self._process:
            self._process.kill()
            self._process.communicate()

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Return exit code, output and complaints of `aws` with these arguments."""
        assert self._process
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(arguments) + "\n")
        self._process.stdin.flush()
        code, printed, complaints = json.loads(self._process.stdout.readline())
        return code, printed, complaints


class Cli:
    """What somebody types."""

    def __init__(self, aws: AwsCli, endpoint: str) -> None:
        """Drive *aws* towards *endpoint*."""
        aws.start()
        self._aws = aws
        self._options = ("--endpoint-url", endpoint, "--output", "json", "--cli-read-timeout", "30")

    async def call(self, operation: str, /, **given: Any) -> dict[str, Any]:
        command = ("gamelift", xform_name(operation, "-"), "--cli-input-json", json.dumps(given))
        code, printed, complaints = await asyncio.to_thread(self._aws.run, *self._options, *command)
        if code:
            found = _COMPLAINT.search(complaints)
            assert found, complaints
            raise Refused(found["code"], found["words"].rstrip("\n"))
        answer: dict[str, Any] = json.loads(printed or "{}")
        return answer


_COMPLAINT = re.compile(r"An error occurred \((?P<code>\w+)\) when calling the \w+ operation: (?P<words>.*)", re.DOTALL)


@asynccontextmanager
async def driving(name: str, endpoint: str, aws: AwsCli) -> AsyncIterator[Driver]:
    """Make the driver *name*, one of `NAMES`, for a local GameLift at *endpoint*."""
    options = {"endpoint_url": endpoint, **KEYS}
    match name:
        case "aiobotocore":
            config = AioConfig(connect_timeout=10, read_timeout=30)
            async with _aio_session().create_client("gamelift", config=config, **options) as client:
                yield Aiobotocore(client)
        case "cli":
            yield Cli(aws, endpoint)
        case "boto3":
            with closing(_json_client(options)) as client:
                yield Boto3(client)
        case _:
            with closing(_json_client(options)) as hosting, closing(_cbor_client(options)) as client:
                yield Cbor(client, Boto3(hosting))


def _json_client(options: dict[str, Any]) -> Any:
    session = boto3.Session(botocore_session=_session(only_cbor=False))
    return session.client("gamelift", config=_CONFIG, **options)


def _cbor_client(options: dict[str, Any]) -> Any:
    return _session(only_cbor=True).create_client("gamelift", config=_CONFIG, **options)


@cache
def _aio_session() -> AioSession:
    """Return a session of aiobotocore, which loads its model once; clients belong to their loop, sessions do not."""
    return get_session()


@cache
def _session(*, only_cbor: bool) -> Any:
    """Return a session of botocore, which loads its model once."""
    session = botocore.session.get_session()
    if only_cbor:
        _forget_json(session.get_component("data_loader"))
    return session


def _forget_json(loader: Any) -> None:
    """Take JSON out of the model, which lists CBOR first but botocore prefers the other."""
    load = loader.load_service_model

    def load_without_json(name: str, kind: str, *rest: Any, **given: Any) -> Any:
        model = load(name, kind, *rest, **given)
        if (name, kind) != ("gamelift", "service-2"):
            return model
        assert "smithy-rpc-v2-cbor" in model["metadata"]["protocols"]
        return {**model, "metadata": {**model["metadata"], "protocols": ["smithy-rpc-v2-cbor"]}}

    loader.load_service_model = load_without_json


_CONFIG: Final = Config(connect_timeout=10, read_timeout=30)


def answered(answer: dict[str, Any]) -> dict[str, Any]:
    """Return *answer* without its metadata, which must name the request."""
    metadata = answer.pop("ResponseMetadata")
    assert 200 == metadata["HTTPStatusCode"]
    assert metadata["RequestId"]
    return {name: plain(one) for name, one in answer.items()}


def plain(answer: Any) -> Any:
    """Return *answer* with times as seconds since the epoch."""
    match answer:
        case dict():
            return {name: plain(one) for name, one in answer.items()}
        case list():
            return [plain(one) for one in answer]
        case datetime():
            return answer.timestamp()
        case _:
            return answer


def refusal(error: ClientError) -> Refused:
    """Return what *error* says; the service model must know it."""
    told = error.response["Error"]
    assert type(error).__name__ == told["Code"], "not an exception of the service model"
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert error.response["ResponseMetadata"]["RequestId"]
    return Refused(told["Code"], told["Message"])
