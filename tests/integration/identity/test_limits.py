"""The limits as the service wires them, alone and counted together in DynamoDB."""

from collections import Counter

import aiohttp
from identity_world import Resources, instance

from muster_runtime.testing import FakeClock, Sandbox


async def test_instances_count_new_guests_together_and_each_its_own_requests(
    resources: Resources, sandbox: Sandbox, http_client: aiohttp.ClientSession, clock: FakeClock
) -> None:
    table = await sandbox.table("bucket")
    settings = resources.settings.model_copy(
        update={"limits": True, "limit_guests_burst": 4, "limit_guests_per_s": 0.01, "limits_table": table}
    )
    limited = Resources(sandbox, settings, resources.rotation, resources.told)

    async with instance(limited, http_client, clock) as one, instance(limited, http_client, clock) as two:
        replies = [await (one, two)[number % 2].get("/login-as-guest") for number in range(8)]
        other = await one.post("/v1/guests", json={"user_id": "nobody", "guest_secret": "x"})

    assert Counter({200: 4, 429: 4}) == Counter(reply.status for reply in replies)
    refused = replies[-1]
    assert "Error: Wait as long as Retry-After says." == refused.text
    assert 1 <= int(refused.headers["Retry-After"]) <= 400
    assert "rate_limited" == refused.headers["X-Error-Code"]
    assert 401 == other.status, "signing in is no new guest"
    assert all(row["taken"] >= 1 and row["expires_at"] for row in await resources.rows(table))
