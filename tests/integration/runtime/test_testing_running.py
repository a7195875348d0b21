import asyncio

import aiohttp
import pytest

from muster_runtime.scope import Scope
from muster_runtime.service import Service
from muster_runtime.settings import ServiceSettings
from muster_runtime.testing import running


class Loop:
    """A job that tells when it runs and when it ended."""

    def __init__(self) -> None:
        self.began = False
        self.ended = False

    async def run(self, stop: asyncio.Event) -> None:
        self.began = True
        await stop.wait()
        self.ended = True


async def test_a_service_runs_on_a_free_port_and_drains_at_the_end(http_client: aiohttp.ClientSession) -> None:
    loop = Loop()

    async def build(_settings: ServiceSettings, _scope: Scope) -> Service:
        return Service(jobs={"loop": loop})

    async with running("sample", ServiceSettings(), build) as sample:
        assert loop.began
        async with http_client.get(f"{sample.base_url}/readyz") as answer:
            assert 200 == answer.status

    assert loop.ended


async def test_a_service_that_cannot_be_built_fails_the_test_at_once() -> None:
    async def build(_settings: ServiceSettings, _scope: Scope) -> Service:
        raise LookupError("no such table")

    with pytest.raises(ExceptionGroup) as caught:
        async with running("sample", ServiceSettings(), build):
            pytest.fail("it must not come so far")

    assert caught.group_contains(LookupError, match="no such table")
