import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from virtual_time import virtual_time

from muster_runtime.messaging.heartbeat import Heartbeat
from muster_runtime.messaging.messages import Message
from muster_runtime.metrics import Metrics
from muster_runtime.testing import eventually
from muster_runtime.testing.faults import client_error

VISIBILITY_S = 30.0


@pytest.fixture(autouse=True)
async def _virtual_time() -> AsyncIterator[None]:
    with virtual_time():
        yield


@pytest.mark.parametrize("trouble", ["hangs", "fails"])
async def test_two_extensions_may_come_to_nothing_before_a_message_is_seen_again(trouble: str) -> None:
    loop, tries = asyncio.get_running_loop(), list[float]()

    class Troubled:
        async def change_message_visibility(self, **_: Any) -> None:
            tries.append(loop.time())
            if len(tries) > 2:
                return
            if trouble == "fails":
                raise client_error("ServiceUnavailable", status=503)
            await asyncio.Event().wait()

    heartbeat = Heartbeat(Troubled(), queue_url="inbox", consumer="inbox", visibility_s=VISIBILITY_S, metrics=Metrics())
    begun_s = loop.time()
    async with asyncio.TaskGroup() as group:
        beat = heartbeat.begin(Message("m-1", "handle", "{}", {}, 1, 0.0), group)
        await eventually(lambda: len(tries) == 3, within_s=2 * VISIBILITY_S)
        await heartbeat.end(beat)

    # With room for its answer: what SQS takes later than that comes too late.
    assert tries[2] - begun_s <= VISIBILITY_S * 5 / 6 + 0.001
