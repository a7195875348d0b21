from collections.abc import AsyncIterator

import aiohttp
import pytest
from identity_world import Identity, Resources, instance, on_fakes

from muster_runtime.testing import FakeClock, Sandbox


@pytest.fixture
async def identity(http_client: aiohttp.ClientSession, clock: FakeClock) -> AsyncIterator[Identity]:
    """The HTTP edge on fakes."""
    async with on_fakes(http_client, clock) as service:
        yield service


@pytest.fixture
async def resources(sandbox: Sandbox) -> Resources:
    """What the data stack makes."""
    return await Resources.make(sandbox)


@pytest.fixture
async def deployed(
    resources: Resources, http_client: aiohttp.ClientSession, clock: FakeClock
) -> AsyncIterator[Identity]:
    """The whole service on the local AWS."""
    async with instance(resources, http_client, clock) as service:
        yield service
